//! Text to figures, through every floor.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::coverage::state::Risk;
use pgtap_cov::database::reader::{Answer, Filter, Page, Query, Row};
use pgtap_cov::limits::{DEFAULT_ARENA_BYTES, MIN_ARENA_BYTES};
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::scan::fact::ObjectKind;
use support::{ALL, ask, build, count, database, many_columns, scan, spelled};

const SCHEMA: &[u8] = br"
CREATE SCHEMA app;
SET search_path = app, public;
CREATE TYPE status AS ENUM ('open', 'closed');
CREATE TABLE rooms (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    size int CHECK (size > 0),
    CONSTRAINT rooms_pair UNIQUE (name, size)
);
CREATE TABLE bookings (
    id int GENERATED ALWAYS AS IDENTITY,
    room_id int REFERENCES rooms,
    status status DEFAULT 'open'
);
CREATE INDEX ON bookings (room_id, lower(status::text));
CREATE VIEW open_bookings AS SELECT * FROM bookings;
CREATE FUNCTION free(room int, since timestamptz DEFAULT now(), OUT ok boolean) AS $$ SELECT true $$ LANGUAGE sql;
CREATE FUNCTION free(s status) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER rooms_touch BEFORE UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE rooms ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON rooms FOR SELECT USING (true);
ALTER TABLE bookings ADD COLUMN note text;
ALTER TABLE bookings RENAME COLUMN note TO remark;
ALTER TABLE app.rooms RENAME TO spaces;
DROP VIEW open_bookings;
DO $$ BEGIN IF true THEN CREATE TABLE extra (a int); END IF; END $$;
";

const TESTS: &[u8] = br"
BEGIN;
SELECT plan(8);
SET search_path = app;
SELECT has_table('spaces');
SELECT columns_are('app', 'bookings', ARRAY['id', 'room_id', 'status', 'remark']);
SELECT has_function('app', 'free', ARRAY['app.status']);
SELECT function_returns('free', 'boolean');
SELECT has_table('rooms');
SELECT policies_are('app', 'spaces', ARRAY['everyone']);
SELECT trigger_is('app', 'spaces', 'rooms_touch', 'app', 'touch');
SELECT has_table('app', 'spaces');
SELECT has_view(x);
SELECT * FROM finish();
ROLLBACK;
";

fn sources() -> [support::Source<'static>; 2] {
    [("schema.sql", Schema, SCHEMA), ("tests/a.sql", Tests, TESTS)]
}

#[test]
fn definitions_and_assertions_become_states() {
    let database = database(&sources(), 4096, DEFAULT_ARENA_BYTES).unwrap();
    assert_eq!(
        spelled(&database),
        [
            "schema app gap",
            "table app.bookings asserted",
            "table app.extra gap",
            "table app.spaces asserted",
            "sequence app.bookings_id_seq gap",
            "sequence app.rooms_id_seq gap",
            "column app.bookings.id declared",
            "column app.bookings.remark declared",
            "column app.bookings.room_id declared",
            "column app.bookings.status declared",
            "column app.extra.a gap",
            "column app.spaces.id gap",
            "column app.spaces.name gap",
            "column app.spaces.size gap",
            "index app.bookings.bookings_room_id_lower_idx gap",
            "index app.spaces.rooms_name_key gap",
            "index app.spaces.rooms_pair gap",
            "index app.spaces.rooms_pkey gap",
            "primary-key app.spaces.rooms_pkey gap",
            "unique-constraint app.spaces.rooms_name_key gap",
            "unique-constraint app.spaces.rooms_pair gap",
            "foreign-key app.bookings.bookings_room_id_fkey gap",
            "check-constraint app.spaces.rooms_size_check gap",
            "trigger app.spaces.rooms_touch asserted",
            "policy app.spaces.everyone declared",
            "function app.free(app.status) asserted",
            "function app.free(integer, timestamp with time zone) asserted",
            "function app.touch() gap",
            "enum app.status gap",
        ]
    );
}

#[test]
fn what_is_stale_or_not_understood_is_told_with_its_place() {
    let database = database(&sources(), 4096, DEFAULT_ARENA_BYTES).unwrap();
    let Answer::Rows(stale, _) = ask(&database, Query::Stale(ALL)).unwrap() else { panic!() };
    let stale: Vec<String> = stale
        .iter()
        .map(|row| match row {
            Row::Stale(s) => format!("{}:{} {}.{} {}", s.file, s.line, s.key.schema, s.key.name, s.via),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stale, ["tests/a.sql:9 app.rooms has_table(name)", "tests/a.sql:12 app.app has_table(name, text)"]);
    let Answer::Rows(said, _) = ask(&database, Query::Diagnostics(ALL)).unwrap() else { panic!() };
    let said: Vec<String> = said
        .iter()
        .map(|row| match row {
            Row::Diagnostic(d) => format!("{}:{} {}", d.file, d.line, d.code.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(said, ["tests/a.sql:3 plan", "tests/a.sql:12 description-looks-like-name", "tests/a.sql:13 dynamic"]);
    let Answer::Summary(summary) = ask(&database, Query::Summary).unwrap() else { panic!() };
    assert_eq!((summary.assertions, summary.unresolved, summary.stale), (9, 1, 2));
    assert!(summary.complete);
}

#[test]
fn any_chunking_and_any_arena_give_the_same_database() {
    let expected = database(&sources(), usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    for chunk in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(database(&sources(), chunk, DEFAULT_ARENA_BYTES).unwrap(), expected, "chunks of {chunk} bytes");
        assert_eq!(
            database(&sources(), chunk, MIN_ARENA_BYTES).unwrap(),
            expected,
            "chunks of {chunk}, smallest arena"
        );
    }
}

/// A schema whose one statement makes more records than the smallest arena holds.
fn wide() -> Vec<u8> {
    let columns: Vec<String> = (0..5000).map(|n| format!("column_{n} int REFERENCES other_{n}")).collect();
    format!("CREATE TABLE wide (\n{}\n); CREATE TABLE after (a int);", columns.join(",\n")).into_bytes()
}

#[test]
fn a_statement_with_more_records_than_the_arena_holds_loses_none() {
    let wide = wide();
    let sources = [("wide.sql", Schema, wide.as_slice())];
    let expected = database(&sources, usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    let scanned = scan(&sources, 1000, MIN_ARENA_BYTES).unwrap();
    assert!(scanned.segments.len() > 5, "{} segments", scanned.segments.len());
    // a column, its foreign key, and what that needs
    assert_eq!(scanned.stats.records, 3 * 5_000 + 3 + 1);
    assert_eq!(build(&scanned.segments, scanned.manifest).unwrap(), expected);
    let Answer::Summary(summary) = ask(&expected, Query::Summary).unwrap() else { panic!() };
    assert_eq!((summary.totals.objects, summary.kinds.len()), (2, 3));
}

/// What is renamed, moved and dropped was flushed to a segment long ago.
#[test]
fn an_inventory_of_many_columns_is_the_same_in_any_arena() {
    let (sql, [tables, columns]) = many_columns(24);
    let sources = [("many.sql", Schema, sql.as_slice())];
    let expected = database(&sources, usize::MAX, 64 << 20).unwrap();
    assert_eq!(count(&expected, ObjectKind::Table), tables);
    assert_eq!(count(&expected, ObjectKind::Column), columns);
    assert!(database(&sources, 65_536, MIN_ARENA_BYTES).unwrap() == expected);
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    let wide = wide();
    let database = database(&[("wide.sql", Schema, wide.as_slice())], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    let mut seen = Vec::new();
    let mut page = Page { after: 0, limit: 777 };
    loop {
        let query = Query::Objects(Filter::default(), page);
        let Answer::Rows(rows, next) = ask(&database, query).unwrap() else { panic!() };
        seen.extend(rows.into_iter().map(|row| match row {
            Row::Object(o) => o.key,
            other => panic!("{other:?}"),
        }));
        match next {
            Some(after) => page.after = after,
            None => break,
        }
    }
    assert_eq!(seen, support::objects(&database).into_iter().map(|o| o.key).collect::<Vec<_>>());
}

#[test]
fn a_trigger_of_several_columns_fires_once_at_a_place() {
    let schema = b"CREATE TABLE t (a int, b int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'x';
        CREATE TRIGGER g BEFORE UPDATE OF a, b ON t FOR EACH ROW EXECUTE FUNCTION f();";
    let tests = b"SELECT lives_ok('UPDATE t SET a = 1, b = 2'); SELECT lives_ok('UPDATE t SET b = 2');";
    let database =
        database(&[("s.sql", Schema, schema), ("t.sql", Tests, tests)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    for row in support::objects(&database) {
        match row.key.kind {
            ObjectKind::Trigger | ObjectKind::Function => assert_eq!(row.counts, [0, 1, 0, 0], "{:?}", row.key),
            _ => {}
        }
    }
}

/// What the server knows: `pg_class.relrowsecurity` beside that of the schema's other tables, and `pg_proc.prosecdef`.
#[test]
fn risks_are_open_tables_beside_secured_ones_and_routines_with_the_rights_of_their_owner() {
    let schema = b"CREATE TABLE a (); CREATE TABLE b (); CREATE SCHEMA s; CREATE TABLE s.c ();
        ALTER TABLE a ENABLE ROW LEVEL SECURITY;
        CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1' EXTERNAL SECURITY DEFINER;
        CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1 -- security definer';
        CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 2';
        CREATE PROCEDURE p(int) LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p(text) LANGUAGE sql AS 'SELECT 1';
        ALTER PROCEDURE p(int) SECURITY DEFINER;
        CREATE FUNCTION i() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1';
        ALTER FUNCTION i STABLE SECURITY INVOKER;";
    let database = database(&[("s.sql", Schema, schema)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    let risks: Vec<String> = support::objects(&database)
        .into_iter()
        .filter_map(|o| Some(format!("{}({}) {}", o.key.name, o.key.args, o.risk?.as_str())))
        .collect();
    assert_eq!(risks, ["b() row-security-off", "f() security-definer", "p(integer) security-definer"]);

    let page = Page { after: 0, limit: 10 };
    let risk = Some(Risk::SecurityDefiner);
    let query = Query::Objects(Filter { risk, ..Filter::default() }, page);
    let Answer::Rows(rows, _) = ask(&database, query).unwrap() else { panic!() };
    assert_eq!(rows.len(), 2, "{rows:?}");
}
