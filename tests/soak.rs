//! Hostile text for a while: any split of it and any arena give one database. `make soak` runs it; SEED and SOAK_SECONDS choose.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

mod support;

use pgtap_cov::limits::{DEFAULT_STATEMENT_BYTES, Limits, MIN_ARENA_BYTES, MIN_STATEMENT_BYTES};
use pgtap_cov::scan::Settings;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::scan::fact::ObjectKind;
use std::time::{Duration, Instant};
use support::{build, count, database, many_columns, scan_with};

/// What texts are made of: statements, and the edges of tokens.
const PIECES: [&str; 123] = [
    "SELECT has_table('t');",
    "SELECT has_table('app', 't', $$a table$$);",
    "SELECT columns_are('t', ARRAY['a', 'b']);",
    "SELECT is(count(*), 1::bigint) FROM t;",
    "SELECT has_view(v) FROM unnest(ARRAY['a', 'b']) AS v;",
    "SELECT ok(true), 'outside';",
    "SELECT has_tabel('t');",
    "CREATE FUNCTION r(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF f(n) THEN RAISE EXCEPTION 'no % here', n; END IF; INSERT INTO t VALUES (1); RETURN g(); END $$;",
    "SELECT throws_ok('SELECT r(-1)', 'P0001', 'no -1 here');",
    "CREATE POLICY p ON t FOR SELECT TO a USING (f(1) > 0);",
    "ALTER POLICY p ON t TO b USING (true);",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY, ALTER a SET DEFAULT f(1);",
    "ALTER TABLE IF EXISTS t ADD UNIQUE (b), DROP a, ALTER b TYPE int;",
    "CREATE RULE r AS ON UPDATE TO t WHERE true DO ALSO (INSERT INTO t SELECT 1; DELETE FROM v);",
    "SELECT tests.authenticate_as('x');",
    "CREATE FUNCTION login(who text, n int) RETURNS void LANGUAGE plpgsql AS $$ DECLARE c text := who; BEGIN IF n > 1 THEN SET LOCAL ROLE a; END IF; EXECUTE format('SET ROLE %I', c); PERFORM set_config('request.jwt.claims', json_build_object('sub', c)::text, true); END $$;",
    "SELECT login('ann', 1), app.login('x', 2);",
    "SELECT throws_ok('SELECT * FROM app.t', '42501', 'permission denied for schema app');",
    "SELECT isnt_empty('UPDATE t SET a = 1 WHERE b = 2 RETURNING a'); ALTER TABLE t OWNER TO a;",
    "SELECT tests.rls_enabled('app', 't');",
    "SELECT tests.create_supabase_user('x');",
    "SELECT ok(EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('t', 'u') AND (true OR false)));",
    "SELECT ok(has_table_privilege('public.t', 'select'), to_regprocedure('f(int)') IS NULL);",
    "SELECT lives_ok('DELETE FROM t'), hasnt_table('t'), policies_are('t', ARRAY['p']);",
    "SELECT is(f('a'::text, 1, cast(x AS app.kind)), 1);",
    "CREATE TABLE t (a int PRIMARY KEY, b text UNIQUE CHECK (b <> ''));",
    "CREATE TABLE IF NOT EXISTS t (a int, UNIQUE (a) INCLUDE (b));",
    "CREATE TABLE app.\"T t\" (\"a\"\"b\" int REFERENCES t, c serial);",
    "CREATE INDEX ON t (lower(a), (b + 1));",
    "CREATE FUNCTION f(a int, OUT b text) AS $body$ BEGIN RETURN; END; $body$ LANGUAGE plpgsql;",
    "CREATE FUNCTION g() RETURNS SETOF text AS $$ BEGIN RETURN NEXT has_view('v'); END $$ LANGUAGE plpgsql;",
    "CREATE FUNCTION h() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
    "ALTER TABLE t RENAME COLUMN a TO z;",
    "DROP TABLE IF EXISTS app.\"T t\" CASCADE;",
    "DO $$ BEGIN IF x THEN CREATE TYPE e AS ENUM ('a'); END IF; EXECUTE 'SELECT pass()'; END $$;",
    "DO $$ DECLARE t text; r record; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP FOR r IN SELECT * FROM (VALUES ('t', 'p')) AS v (x, y) LOOP EXECUTE format('CREATE TABLE %I (%I int)', t || r.x, r.y); EXECUTE f(t); CONTINUE WHEN x; END LOOP; END LOOP; END $$;",
    "SET search_path = app, public;",
    "BEGIN;",
    "SAVEPOINT s;",
    "ROLLBACK TO s;",
    "ROLLBACK;",
    "\\set v 'app'\n",
    "\\ir other.sql\n",
    "\\pset pager off \\\\ ",
    "SELECT has_table(:'v');",
    "SELECT 1 \\gset\n",
    "\\gexec\n",
    "\\copy t from stdin\n",
    "COPY t FROM stdin;\n1\t'x;\n\\.\n",
    "COPY t FROM STDIN",
    "\n\\.\n",
    "\\.\r\n",
    "/* a /* b */ c */",
    "-- comment's\n",
    "--",
    "/",
    "*",
    "*/",
    "/*/",
    "'it''s' ",
    "E'\\''",
    "E'\\u0041\\x",
    "U&'\\0041'",
    "'a'\n'b'",
    "\n",
    "\r\n",
    "\r",
    "$x$ $y$ $x$",
    "$x$",
    "$$",
    "$",
    "$1",
    "$a",
    "1..2 ",
    "1.",
    "1.5e-3",
    "1e",
    "0x1F",
    "a[1:2]",
    "::int",
    ":=",
    "=>",
    "@-",
    "-",
    "+",
    "|",
    "~",
    "U&\"d\\0061t\" UESCAPE '!'",
    "U&",
    "u&'",
    "u&\"",
    "UESCAPE",
    "E",
    "e'",
    "N'",
    "b'01'",
    "'!'",
    "; ",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "..",
    "\u{feff}",
    "é\u{1F600}",
    "'",
    "\"",
    "\\",
    "\\;",
    "\\:",
    ":'",
    ":v ",
    "has_table",
    "('a')",
    "is(",
    "select ",
    "PREPARE p AS SELECT * FROM t;",
    "SELECT results_eq('p', 'select f(1)');",
    "CREATE",
    "BEGIN",
    "END",
];

/// Delimiters of what may be as long as a limit.
const LONG: [(&str, &str); 11] = [
    ("'", "'"),
    ("$$", "$$"),
    ("$abc$", "$abc$"),
    ("DO $body$", "$body$"),
    ("\"", "\""),
    ("E'", "'"),
    ("", ""),
    ("$", "$"),
    ("U&'", "'"),
    (":'", "'"),
    ("\\set x ", "\n"),
];

/// xorshift: the same texts for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn text(&mut self, long: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..=self.below(25) {
            match self.below(40) {
                0 => (0..=self.below(6)).for_each(|_| out.push(1 + self.below(255) as u8)),
                1 => out.extend(vec![b'x'; 50 + self.below(30)]),
                2 | 3 if long => {
                    let length = MIN_STATEMENT_BYTES + 12 - self.below(24);
                    let filling = b"a+/1 (,-*."[self.below(10)];
                    let (open, close) = LONG[self.below(LONG.len())];
                    out.extend(open.bytes());
                    out.extend(vec![filling; length]);
                    out.extend(close.bytes());
                }
                _ => out.extend(PIECES[self.below(PIECES.len())].bytes()),
            }
        }
        out
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn soak(statement_bytes: usize, long: bool) {
    let mut random = Random(number("SEED", 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let end = Instant::now() + Duration::from_secs(number("SOAK_SECONDS", 60));
    let mut cases = 0;
    while Instant::now() < end {
        let (a, b) = (random.text(long), random.text(long));
        let sources = [("a.sql", Schema, a.as_slice()), ("b.sql", Tests, b.as_slice()), ("c.sql", Tests, a.as_slice())];
        let database = |chunk: usize, arena_bytes: usize| {
            let settings = Settings { limits: Limits { arena_bytes, statement_bytes }, ..Settings::default() };
            let scanned = scan_with([7; 16], &sources, chunk, settings).unwrap();
            build(&scanned.segments, scanned.manifest).unwrap()
        };
        let expected = database(usize::MAX, 4 * MIN_ARENA_BYTES);
        for chunk in [1, 1 + random.below(9), 1 + random.below(5000)] {
            let found = database(chunk, MIN_ARENA_BYTES);
            assert!(
                found == expected,
                "chunks of {chunk} bytes of\n{:?}\nand\n{:?}",
                a.escape_ascii(),
                b.escape_ascii()
            );
        }
        cases += 1;
    }
    println!("{cases} cases");
}

#[test]
#[ignore = "takes a minute: make soak"]
fn any_split_of_hostile_text_gives_the_same_database() {
    soak(DEFAULT_STATEMENT_BYTES, false);
}

#[test]
#[ignore = "takes a minute: make soak"]
fn any_split_of_tokens_at_the_limits_gives_the_same_database() {
    soak(MIN_STATEMENT_BYTES, true);
}

#[test]
#[ignore = "takes a minute: make soak"]
fn a_million_columns_are_the_same_in_four_and_in_256_mebibytes() {
    let (sql, [tables, columns]) = many_columns(1000);
    let sources = [("many.sql", Schema, sql.as_slice())];
    let scanned = scan_with([7; 16], &sources, 65_536, support::settings(4 << 20)).unwrap();
    println!("{} bytes, {} records, {} segments", sql.len(), scanned.stats.records, scanned.segments.len());
    let small = build(&scanned.segments, scanned.manifest).unwrap();
    assert_eq!(count(&small, ObjectKind::Table), tables);
    assert_eq!(count(&small, ObjectKind::Column), columns);
    assert!(database(&sources, usize::MAX, 256 << 20).unwrap() == small);
}
