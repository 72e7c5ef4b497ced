//! The promises of the design, one test each, named after them.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::database::reader::{Answer, Query};
use pgtap_cov::error::Code;
use pgtap_cov::limits::{DEFAULT_ARENA_BYTES, Limits, MIN_ARENA_BYTES, MIN_STATEMENT_BYTES};
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::scan::{Settings, SourceRole};
use proptest::prelude::*;
use proptest::sample::select;
use support::{ALL, ask, build, build_holding, database, keep, scan, scan_with, settings};

/// Pieces of SQL that put the lexer, the splitter and the scanner into every one of their states.
fn piece() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "SELECT has_table('t');",
        "SELECT has_table('app', 't', $$a table$$);",
        "SELECT columns_are('t', ARRAY['a', \"b\"]);",
        "SELECT is(count(*), 1::bigint) FROM t;",
        "CREATE TABLE t (a int PRIMARY KEY, b text UNIQUE CHECK (b <> ''));",
        "CREATE TABLE app.\"T t\" (\"a\"\"b\" int REFERENCES t, c serial);",
        "CREATE FUNCTION f(a int, OUT b text) AS $body$ BEGIN RETURN; END; $body$ LANGUAGE plpgsql;",
        "CREATE FUNCTION g() RETURNS SETOF text AS $$ BEGIN RETURN NEXT has_view('v'); END $$ LANGUAGE plpgsql;",
        "CREATE FUNCTION h() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
        "ALTER TABLE t RENAME COLUMN a TO z;",
        "DROP TABLE IF EXISTS app.\"T t\" CASCADE;",
        "DO $$ BEGIN IF x THEN CREATE TYPE e AS ENUM ('a'); END IF; END $$;",
        "DO $$ DECLARE t text; l text[] := ARRAY['a', 'b']; BEGIN FOREACH t IN ARRAY l LOOP EXECUTE format('CREATE TABLE %I (a int)', t); EXECUTE f(t); END LOOP; END $$;",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM (VALUES ('t', 'p'), ('u', 'q')) AS v (x, y) LOOP IF NOT EXISTS (SELECT FROM pg_policies) THEN EXECUTE format('CREATE POLICY %I ON %I USING (true)', r.y, r.x); END IF; END LOOP; END $$;",
        "CREATE FUNCTION r() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % here', f(); END $$;",
        "SELECT throws_ok('SELECT r()', 'no 1 here'), hasnt_table('t');",
        "CREATE POLICY p ON t TO a USING (f(1) > 0); ALTER POLICY p ON t TO b;",
        "CREATE FUNCTION login(who text, n int) RETURNS void LANGUAGE plpgsql AS $$ DECLARE c text := who; BEGIN IF n > 1 THEN SET LOCAL ROLE a; END IF; EXECUTE format('SET ROLE %I', c); PERFORM set_config('request.jwt.claims', json_build_object('sub', c)::text, true); END $$;",
        "SELECT login('ann', 1), app.login('x', 2);",
        "SELECT throws_ok('SELECT * FROM app.t', '42501', 'permission denied for schema app');",
        "SELECT isnt_empty('UPDATE t SET a = 1 WHERE b = 2 RETURNING a'); ALTER TABLE t OWNER TO a;",
        "SELECT tests.authenticate_as('x'), tests.rls_enabled('app', 't'), tests.create_supabase_user('x');",
        "SELECT ok(EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'app' AND tablename IN ('t', 'u')));",
        "SELECT ok(has_table_privilege('app.t', 'select'), 't'::regclass IS NULL), is(f('a'::text, 1), 1);",
        "SET search_path = app, public;",
        "BEGIN;",
        "ROLLBACK;",
        "\\set v 'app'\n",
        "\\ir other.sql\n",
        "SELECT has_table(:'v');",
        "SELECT 1 \\gset\n",
        "COPY t FROM stdin;\n1\t'x;\n\\.\n",
        "/* a /* b */ c */",
        "-- comment's\n",
        "'it''s' E'\\'' U&'\\0041' 'a'\n'b'",
        "$x$ $y$ $x$",
        "1..2 1.5e-3 a[1:2] ::int := => <= @- ",
        "U&\"d\\0061t\" UESCAPE '!'",
        "; ( ) [ ] , .",
        "\u{feff}",
        "\r\n",
        "é\u{1F600}",
        "'",
        "$",
        "$$",
        "\"",
        "/*",
        "\\",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => "[ -~]{0,12}"]
}

fn sql() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..20).prop_map(|pieces| pieces.join(" "))
}

/// Migrations of a few names, some of which collide as a server would not let them.
fn definitions() -> impl Strategy<Value = String> {
    let name = || select(vec!["a", "b", "tests.a", "app.a", "app.b"]);
    let column = || select(vec!["id", "x", "y"]);
    let statement = prop_oneof![
        4 => (name(), column()).prop_map(|(t, c)| format!("CREATE TABLE {t} (id int PRIMARY KEY, {c} int);")),
        1 => name().prop_map(|t| format!("CREATE VIEW {t} AS SELECT 1 AS id, 2 AS x;")),
        1 => name().prop_map(|t| format!("CREATE SEQUENCE {t};")),
        1 => name().prop_map(|t| format!("CREATE TABLE {t} PARTITION OF app.b FOR VALUES IN (1);")),
        1 => (name(), name()).prop_map(|(t, other)| format!("CREATE TABLE {t} () INHERITS ({other});")),
        2 => (name(), select(vec!["a", "b"])).prop_map(|(t, to)| format!("ALTER TABLE {t} RENAME TO {to};")),
        1 => name().prop_map(|t| format!("ALTER TABLE {t} SET SCHEMA app;")),
        2 => (name(), column(), column()).prop_map(|(t, c, to)| format!("ALTER TABLE {t} RENAME {c} TO {to};")),
        1 => name().prop_map(|t| format!("DROP TABLE {t};")),
    ];
    let head = "CREATE SCHEMA app; CREATE SCHEMA tests; CREATE TABLE app.b (id int, x int) PARTITION BY LIST (id);";
    prop::collection::vec(statement, 0..12).prop_map(move |all| format!("{head}\n{}", all.join("\n")))
}

/// Assertions about them.
fn assertions() -> impl Strategy<Value = Vec<String>> {
    let schema = || select(vec!["public", "app", "tests"]);
    let (name, column) = (|| select(vec!["a", "b"]), || select(vec!["id", "x", "y"]));
    let kind = select(vec!["table", "view", "sequence", "relation"]);
    let assertion = prop_oneof![
        (schema(), name(), kind).prop_map(|(s, t, kind)| format!("SELECT has_{kind}('{s}', '{t}', 'x');")),
        (schema(), name(), column()).prop_map(|(s, t, c)| format!("SELECT has_column('{s}', '{t}', '{c}', 'x');")),
        (name(), column()).prop_map(|(t, c)| format!("SELECT col_not_null('{t}', '{c}');")),
        (name(), column()).prop_map(|(t, c)| format!("SELECT lives_ok('SELECT {c} FROM {t}');")),
        (schema(), name(), column()).prop_map(|(s, t, c)| format!("SELECT is((SELECT {c} FROM {s}.{t}), 1);")),
    ];
    prop::collection::vec(assertion, 1..24)
}

proptest! {
    /// Segments hold evidence in the order of its names, and what stands side by side is found a short way.
    #[test]
    fn what_a_name_means_does_not_depend_on_the_one_before(schema in definitions(), all in assertions()) {
        let paths: Vec<String> = (0..all.len()).map(|n| format!("{n}.sql")).collect();
        let mut sources = vec![("s.sql", Schema, schema.as_bytes())];
        sources.extend(paths.iter().zip(&all).map(|(path, text)| (path.as_str(), Tests, text.as_bytes())));
        let together = scan(&sources, 1 << 16, DEFAULT_ARENA_BYTES).unwrap();
        let mut alone = Vec::new();
        for (run, source) in (0..).zip(&sources) {
            alone.extend(scan_with([run; 16], &[*source], 1 << 16, settings(MIN_ARENA_BYTES)).unwrap().segments);
        }
        let expected = build(&alone, together.manifest.clone()).unwrap();
        prop_assert_eq!(&build(&together.segments, together.manifest.clone()).unwrap(), &expected);
        alone.reverse();
        prop_assert_eq!(&build(&alone, together.manifest).unwrap(), &expected);
    }

    #[test]
    fn chunking(schema in sql(), tests in sql(), sizes in prop::collection::vec(1usize..40, 1..4)) {
        let sources = [("s.sql", Schema, schema.as_bytes()), ("t.sql", Tests, tests.as_bytes())];
        let expected = database(&sources, usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
        for size in std::iter::once(1).chain(sizes) {
            prop_assert_eq!(&database(&sources, size, DEFAULT_ARENA_BYTES).unwrap(), &expected, "chunks of {} bytes", size);
        }
    }

    #[test]
    fn hostile_input(bytes in prop::collection::vec(any::<u8>(), 0..400), schema in any::<bool>()) {
        let role = if schema { Schema } else { Tests };
        match database(&[("x", role, bytes.as_slice())], 7, MIN_ARENA_BYTES) {
            Ok(_) => prop_assert!(!bytes.contains(&0)),
            Err(error) => prop_assert_eq!(error.code, Code::Input),
        }
    }
}

/// A suite with more records than the smallest arena holds.
fn large() -> (String, String) {
    let tables: Vec<String> =
        (0..800).map(|n| format!("CREATE TABLE app.table_{n} (id int PRIMARY KEY, note text);")).collect();
    let tests: Vec<String> = (0..800)
        .map(|n| {
            format!(
                "SELECT has_table('app'::name, 'table_{n}'::name); SELECT has_column('app', 'table_{n}', 'id', 'x');"
            )
        })
        .collect();
    (format!("CREATE SCHEMA app;\n{}", tables.join("\n")), tests.join("\n"))
}

#[test]
fn capacity() {
    let (schema, tests) = large();
    let sources = [("s.sql", Schema, schema.as_bytes()), ("t.sql", Tests, tests.as_bytes())];
    let expected = database(&sources, 1 << 16, DEFAULT_ARENA_BYTES).unwrap();
    for arena in [MIN_ARENA_BYTES, MIN_ARENA_BYTES + 1, 100_000, 1 << 20, 64 << 20] {
        assert_eq!(database(&sources, 1 << 16, arena).unwrap(), expected, "arena of {arena} bytes");
    }
    assert!(scan(&sources, 1 << 16, MIN_ARENA_BYTES).unwrap().segments.len() > 3);
}

#[test]
fn a_merge_that_holds_little_gives_the_same_database() {
    let (schema, tests) = large();
    let sources = [("s.sql", Schema, schema.as_bytes()), ("t.sql", Tests, tests.as_bytes())];
    let scanned = scan(&sources, 1 << 16, MIN_ARENA_BYTES).unwrap();
    let expected = build(&scanned.segments, scanned.manifest.clone()).unwrap();
    for (evidence, least) in [(1, 2000), (7, 300), (1000, 2), (1_000_000, 0)] {
        let (database, runs) = build_holding(&scanned.segments, scanned.manifest.clone(), evidence).unwrap();
        assert_eq!(database, expected, "{evidence} pieces at once");
        assert!(runs >= least, "{runs} runs of {evidence} pieces");
    }
}

#[test]
fn nothing_lost() {
    let (schema, tests) = large();
    let sources = [("s.sql", Schema, schema.as_bytes()), ("t.sql", Tests, tests.as_bytes())];
    let scanned = scan(&sources, 1 << 16, MIN_ARENA_BYTES).unwrap();
    let expected = build(&scanned.segments, scanned.manifest.clone()).unwrap();
    for missing in 0..scanned.segments.len() {
        let mut segments = scanned.segments.clone();
        segments.remove(missing);
        let error = build(&segments, scanned.manifest.clone()).unwrap_err();
        assert_eq!(error.code, Code::Incomplete, "segment {missing} is missing");
        assert!(error.file.is_some(), "the source is named");
    }
    let mut doubled = scanned.segments.clone();
    doubled.push(doubled[0].clone());
    assert_eq!(build(&doubled, scanned.manifest.clone()).unwrap_err().code, Code::Corrupt);
    // another run's segments do no harm, and cannot stand in for one that is missing
    let other = scan_with([9; 16], &sources[..1], 1 << 16, settings(MIN_ARENA_BYTES)).unwrap();
    let mut foreign = scanned.segments.clone();
    foreign.extend(other.segments.clone());
    assert_eq!(build(&foreign, scanned.manifest.clone()).unwrap(), expected);
    let mut swapped = scanned.segments.clone();
    swapped[0] = (swapped[0].0.clone(), other.segments[0].1.clone());
    assert_eq!(build(&swapped, scanned.manifest).unwrap_err().code, Code::Corrupt);
}

#[test]
fn a_pending_segment_is_offered_unchanged_until_it_is_acknowledged() {
    let (schema, _) = large();
    let mut analyzer = Analyzer::new([1; 16], settings(MIN_ARENA_BYTES)).unwrap();
    analyzer.begin(b"s.sql", Schema).unwrap();
    let progress = analyzer.push(schema.as_bytes()).unwrap();
    assert_eq!(progress.step, Step::SegmentReady);
    let offered = analyzer.pending().unwrap();
    let (id, seq, bytes) = (offered.id.clone(), offered.seq, offered.bytes());
    let rest = &schema.as_bytes()[progress.consumed..];
    for _ in 0..3 {
        let again = analyzer.push(rest).unwrap();
        assert_eq!((again.consumed, again.step), (0, Step::SegmentReady));
        assert_eq!(analyzer.end().unwrap(), Step::SegmentReady);
        let offered = analyzer.pending().unwrap();
        assert_eq!((offered.bytes(), offered.id), (bytes.clone(), id.clone()));
    }
    assert_eq!(analyzer.ack(seq + 1).unwrap_err().code, Code::State);
    analyzer.ack(seq).unwrap();
    analyzer.ack(seq).unwrap();
    assert!(analyzer.pending().is_none());
    assert!(analyzer.push(rest).unwrap().consumed > 0);
}

#[test]
fn order() {
    let (schema, tests) = large();
    let sources = [("s.sql", Schema, schema.as_bytes()), ("t.sql", Tests, tests.as_bytes())];
    let scanned = scan(&sources, 1 << 16, MIN_ARENA_BYTES).unwrap();
    let expected = build(&scanned.segments, scanned.manifest.clone()).unwrap();
    let mut reversed = scanned.segments.clone();
    reversed.reverse();
    assert_eq!(build(&reversed, scanned.manifest.clone()).unwrap(), expected);
    // sharded: each source in a run of its own, read in any order
    let second = scan_with([2; 16], &sources[1..], 99, settings(1 << 20)).unwrap();
    let first = scan_with([3; 16], &sources[..1], 9999, settings(1 << 17)).unwrap();
    let segments: Vec<_> = second.segments.into_iter().chain(first.segments).collect();
    assert_eq!(build(&segments, scanned.manifest).unwrap(), expected);
}

#[test]
fn the_order_of_definitions_is_the_manifests() {
    let sources =
        [("a.sql", Schema, &b"CREATE TABLE t (a int);"[..]), ("b.sql", Schema, b"ALTER TABLE t RENAME TO u;")];
    let scanned = scan(&sources, 99, DEFAULT_ARENA_BYTES).unwrap();
    let reversed = scan(&[sources[1], sources[0]], 99, DEFAULT_ARENA_BYTES).unwrap();
    let database = build(&reversed.segments, scanned.manifest).unwrap();
    assert_eq!(support::spelled(&database), ["table public.u gap", "column public.u.a gap"]);
}

#[test]
fn an_abandoned_source_does_not_count_and_marks_the_result() {
    let mut analyzer = Analyzer::new([1; 16], settings(DEFAULT_ARENA_BYTES)).unwrap();
    let (mut segments, mut manifest) = (Vec::new(), Vec::new());
    for (path, text) in
        [("a.sql", &b"CREATE TABLE a (x int);"[..]), ("b.sql", b"CREATE TABLE b (x int); CREATE TABLE c")]
    {
        analyzer.begin(path.as_bytes(), Schema).unwrap();
        analyzer.push(text).unwrap();
        let step = if path == "a.sql" { analyzer.end() } else { analyzer.abandon("the disk is gone") };
        assert_eq!(step.unwrap(), Step::Done);
        manifest.extend(analyzer.entry().cloned());
    }
    while analyzer.finish().unwrap() == Step::SegmentReady {
        keep(&mut analyzer, &mut segments).unwrap();
    }
    let database = build(&segments, manifest).unwrap();
    assert_eq!(support::spelled(&database), ["table public.a gap", "column public.a.x gap"]);
    let Answer::Summary(summary) = ask(&database, Query::Summary).unwrap() else { panic!() };
    assert!(!summary.complete);
    assert_eq!(summary.problems, ["b.sql: the disk is gone"]);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let mut analyzer = Analyzer::new([1; 16], settings(DEFAULT_ARENA_BYTES)).unwrap();
    analyzer.begin(b"picture.sql", Tests).unwrap();
    analyzer.push(b"SELECT 1;\n").unwrap();
    let error = analyzer.push(b"SELECT\n\0").unwrap_err();
    assert_eq!((error.code, error.file.as_deref()), (Code::Input, Some("picture.sql")));
    assert_eq!((error.line, error.offset), (Some(3), Some(17)));
    assert_eq!(analyzer.push(b"").unwrap_err().code, Code::State);
    assert_eq!(analyzer.end().unwrap_err().code, Code::State);
    assert_eq!(analyzer.abandon("no text").unwrap(), Step::Done);
    analyzer.begin(b"next.sql", Tests).unwrap();
}

/// What follows what is over a limit is read as usual.
fn survives(text: &[u8], role: SourceRole) {
    let limits = Limits { arena_bytes: MIN_ARENA_BYTES, statement_bytes: MIN_STATEMENT_BYTES };
    let settings = Settings { limits, ..Settings::default() };
    let after: &[u8] = match role {
        Schema | SourceRole::Inventory => b"\n;CREATE TABLE after (a int);",
        Tests => b"\n;SELECT has_table('after');",
        SourceRole::Tap => unreachable!("its text is the host's"),
    };
    let schema = [("s.sql", Schema, &b"CREATE TABLE after (a int);"[..]), ("x.sql", role, &[text, after].concat())];
    let sources = if role == Schema { &schema[1..] } else { &schema };
    let scanned = scan_with([1; 16], sources, 1 << 16, settings).unwrap();
    let database = build(&scanned.segments, scanned.manifest).unwrap();
    let table = support::objects(&database).into_iter().find(|o| o.key.name == "after").unwrap();
    let expected = if role == Schema { 0 } else { 1 };
    assert_eq!(table.counts[0], expected);
}

#[test]
fn text_over_a_limit_costs_no_more_than_its_statement() {
    let million = vec![b'x'; 1_000_000];
    for role in [Schema, Tests] {
        survives(&[b"SELECT '", million.as_slice(), b"'"].concat(), role);
        survives(&[b"SELECT $$", million.as_slice(), b"$$"].concat(), role);
        survives(&[b"SELECT ", million.as_slice()].concat(), role);
        survives(&[b"SELECT \"", million.as_slice(), b"\""].concat(), role);
        survives(&[b"/* ", million.as_slice(), b"*/"].concat(), role);
        survives(&b"SELECT (1), ".repeat(100_000), role);
        survives(&[b"(".repeat(100_000), b")".repeat(100_000)].concat(), role);
        survives(&[b"/*".repeat(100_000), b"*/".repeat(100_000)].concat(), role);
        survives(&[b"DO $a$", million.as_slice(), b"$a$"].concat(), role);
    }
}

#[test]
fn calls_in_what_is_over_a_limit_are_blind_spots() {
    let settings = Settings {
        limits: Limits { statement_bytes: MIN_STATEMENT_BYTES, ..Limits::default() },
        ..Settings::default()
    };
    let text =
        format!("SELECT has_table('a'), '{}', has_table('b') , {} has_view('c');", "x".repeat(5000), "1,".repeat(3000));
    let scanned = scan_with([1; 16], &[("t.sql", Tests, text.as_bytes())], 999, settings).unwrap();
    let database = build(&scanned.segments, scanned.manifest).unwrap();
    let Answer::Summary(summary) = ask(&database, Query::Summary).unwrap() else { panic!() };
    assert_eq!((summary.assertions, summary.unresolved), (3, 3));
    let Answer::Rows(said, _) = ask(&database, Query::Diagnostics(ALL)).unwrap() else { panic!() };
    assert_eq!(said.len(), 3);
}
