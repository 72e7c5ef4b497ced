//! What is read by other rules than plain SQL is found, or said to be unread.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

mod support;

use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use support::{database, diagnostics, small, spelled, summary, tests_only, with};

/// `\;` puts a semicolon into the query buffer (psqlscan.l); what follows is SQL.
#[test]
fn nothing_is_lost_behind_backslash_semicolon() {
    let (figures, said) = tests_only(b"SELECT 1\\; SELECT has_table('a');\n");
    assert_eq!(figures.assertions, 1, "{said:?}");
}

/// `\\` ends a backslash command; what follows on the line is SQL.
#[test]
fn nothing_is_lost_behind_two_backslashes() {
    let (figures, said) = tests_only(b"\\pset pager off \\\\ SELECT has_table('a');\n");
    assert_eq!(figures.assertions, 1, "{said:?}");
}

/// Data of `\copy … from stdin` stands in the script, up to `\.`.
#[test]
fn nothing_is_lost_behind_data_of_backslash_copy() {
    let (figures, said) =
        tests_only(b"\\copy t from stdin\n1\tit's\n\\.\nSELECT has_table('a');\n\\copy t from stdin\n1\tit's\n\\.\nSELECT has_table('b');\n");
    assert_eq!(figures.assertions, 2, "{said:?}");
}

/// The rest of the file is a comment, and nobody says so.
#[test]
fn nothing_is_lost_in_a_comment_that_does_not_end() {
    let (figures, said) = tests_only(b"SELECT has_table('a'); /* oops\nSELECT has_table('b');\n");
    assert!(figures.assertions == 2 || !said.is_empty());
}

/// COPY data without `\.` swallows the rest of the file.
#[test]
fn nothing_is_lost_in_copy_data_that_does_not_end() {
    let (figures, said) = tests_only(b"COPY t FROM stdin;\n1\t2\nSELECT has_table('b');\n");
    assert!(figures.assertions == 1 || !said.is_empty());
}

/// A part ends between the name and its parenthesis.
#[test]
fn nothing_is_lost_between_two_parts_of_a_statement() {
    let mut lost = Vec::new();
    for pad in 0..8 {
        let sql = format!("SELECT {}{}1;", "1,".repeat(500 + pad), "has_table('x'),".repeat(300));
        let database = with(small(), Tests, sql.as_bytes(), usize::MAX);
        lost.push(300 - summary(&database).assertions);
    }
    assert!(lost.iter().all(|n| *n == 0), "assertions lost: {lost:?}");
}

/// A body over the limit in a test source: no assertion, no blind spot, no diagnostic.
#[test]
fn nothing_is_lost_in_a_body_over_the_limit() {
    let body = "PERFORM has_table('x');\n".repeat(400);
    for sql in [
        format!("DO $$ BEGIN {body} END $$;"),
        format!("CREATE FUNCTION t() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$;"),
    ] {
        let database = with(small(), Tests, sql.as_bytes(), usize::MAX);
        let said = diagnostics(&database);
        assert!(!said.is_empty() || summary(&database).assertions > 0, "400 assertions, no word");
    }
}

/// DROP over the limit: the tables stay, nobody says so.
#[test]
fn nothing_is_lost_drops_over_the_limit() {
    let tables: Vec<String> = (0..600).map(|n| format!("table_number_{n}")).collect();
    let creates: String = tables.iter().map(|t| format!("CREATE TABLE {t} (a int);")).collect();
    let sql = format!("{creates} DROP TABLE {};", tables.join(", "));
    let database = with(small(), Schema, sql.as_bytes(), usize::MAX);
    assert!(spelled(&database).is_empty() || !diagnostics(&database).is_empty(), "{} left", spelled(&database).len());
}

/// A name with a NUL (which the server rejects) becomes another object's key.
#[test]
fn a_nul_from_an_escape_is_no_part_of_a_name() {
    let sql = b"CREATE TABLE U&\"a\\0000b\" (x int);";
    let database = database(&[("s.sql", Schema, sql)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    let found = spelled(&database);
    assert!(!found.contains(&"table public.a.b gap".to_owned()), "{found:?}");
}

/// `\gset` sets variables: what `\set` said before is no longer known.
#[test]
fn gset_makes_a_variable_unknown() {
    let schema: support::Source<'_> = ("s.sql", Schema, b"CREATE TABLE a (x int); CREATE TABLE b (x int);");
    let sql = b"\\set v 'a'\nSELECT 'b' AS v \\gset\nSELECT has_table(:'v'::name);\n";
    let database = database(&[schema, ("t.sql", Tests, sql)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    assert!(spelled(&database).contains(&"table public.a gap".to_owned()), "{:?}", spelled(&database));
}

/// A function of that name in a schema that is not on the search path runs no unqualified call. (Since 2c6a8bf.)
#[test]
fn nothing_is_lost_behind_a_function_in_another_schema() {
    let sql = b"CREATE FUNCTION helpers.has_table(name) RETURNS boolean LANGUAGE sql AS 'SELECT true';\nSELECT has_table('a');\n";
    let (figures, said) = tests_only(sql);
    assert_eq!(figures.assertions, 1, "{said:?}");
}

/// What is rolled back or dropped shadows nothing. (Since 2c6a8bf.)
#[test]
fn nothing_is_lost_behind_a_function_that_is_gone() {
    let sql = b"BEGIN; CREATE FUNCTION public.has_table(name) RETURNS boolean LANGUAGE sql AS 'SELECT true'; DROP FUNCTION public.has_table(name); SELECT has_table('a'); ROLLBACK;\nSELECT has_table('b');\n";
    let (figures, said) = tests_only(sql);
    assert_eq!(figures.assertions, 2, "{said:?}");
}

/// Strings that EXECUTE runs: no assertion, no blind spot.
#[test]
fn nothing_is_lost_in_execute() {
    for sql in [
        "DO $$ BEGIN EXECUTE 'SELECT has_table(''a'')'; END $$;",
        "CREATE FUNCTION t() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT has_table(''a'')'; END $$;",
        "DO $$ BEGIN EXECUTE format('SELECT has_table(%L)', x); END $$;",
    ] {
        let (figures, said) = tests_only(sql.as_bytes());
        assert!(figures.assertions == 1 || !said.is_empty(), "{sql}");
    }
}

/// `coverage/mod.rs` says "the diagnostics, which are capped per source"; those that the merge makes are not.
#[test]
fn diagnostics_of_the_merge_are_capped() {
    let schema = b"CREATE FUNCTION f(a int) RETURNS int AS ''; CREATE FUNCTION f(a text) RETURNS int AS '';";
    let doubled = b"CREATE TABLE t (a int);".repeat(1000);
    let calls = b"SELECT ok(f(1) = 1);".repeat(1000);
    let sources = [("s.sql", Schema, &schema[..]), ("d.sql", Schema, &doubled), ("t.sql", Tests, &calls)];
    let database = database(&sources, 1 << 16, DEFAULT_ARENA_BYTES).unwrap();
    let figures = summary(&database);
    assert!(figures.diagnostics.iter().all(|n| *n <= 300), "{:?}", figures.diagnostics);
}

/// Raising the limit does not help where bodies are nested too deep.
#[test]
fn the_remedy_fits_the_limit() {
    let (_, said) = tests_only(b"DO $a$ DO $b$ DO $c$ DO $d$ SELECT has_table('x') $d$ $c$ $b$ $a$;");
    assert!(!said.is_empty() && said.iter().all(|s| !s.contains("raise limits.statementBytes")), "{said:?}");
}

/// Diagnostics of a test source, one for each oddity, and none for what is right.
#[test]
fn what_is_odd_about_a_test_is_told() {
    for (sql, expected) in [
        ("SELECT pass(), policy_exists('a', 'b');", "unknown-function policy_exists: neither pgTAP nor"),
        (
            "SELECT pass(), has_tabel('a');",
            "unknown-function has_tabel: pgTAP has no such function; did you mean has_table?",
        ),
        ("CREATE FUNCTION has_tabel(text) RETURNS text LANGUAGE sql AS ''; SELECT pass(), has_tabel('a');", ""),
        ("DO $$ BEGIN ASSERT 1 = 1; END $$;", "no-assertion"),
        ("-- nothing\n", "no-assertion"),
        ("", ""),
        ("SELECT throws_ok('SELECT 1');", "throws-any-error"),
        ("SELECT throws_ok('SELECT 1', '42501');", ""),
        ("SELECT throws_ok('SELECT 1', NULL, NULL, 'x');", "throws-any-error"),
        ("SELECT ok(true), 'it works';", "description-outside 'it works'"),
        ("SELECT ok(true, 'it works'), 'x';", ""),
        ("SELECT plan(2); SELECT pass();", "plan the plan is 2, but 1 assertions run"),
        ("SELECT plan(1); SELECT pass();", ""),
        ("SELECT plan(2); SELECT pass() FROM t;", ""),
        ("CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT pass()'; SELECT plan(1); SELECT pass();", ""),
        ("CREATE TABLE t (LIKE u); SELECT pass();", ""),
        ("SELECT plan(2); SELECT check_all(); SELECT pass();", ""),
        ("SELECT plan(2); DO $$ BEGIN PERFORM 1; END $$; SELECT pass();", ""),
        ("{% if x %} SELECT pass(); {% endif %}", "template"),
        ("SELECT has_table('{{ schema }}', 't', 'x');", "dynamic has_table"),
        ("#include <x>\nSELECT pass();", "template"),
    ] {
        let (_, said) = tests_only(sql.as_bytes());
        match expected {
            "" => assert_eq!(said, [""; 0], "{sql}"),
            _ => assert!(!said.is_empty() && said.iter().all(|told| told.contains(expected)), "{sql}: {said:?}"),
        }
    }
}

/// Definitions that make neither an object nor a diagnostic.
#[test]
fn nothing_is_lost_of_definitions() {
    let mut lost = Vec::new();
    for sql in [
        "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = f);",
        "CREATE CAST (a AS b) WITHOUT FUNCTION;",
        "CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <;",
        "IMPORT FOREIGN SCHEMA remote FROM SERVER s INTO local;",
        "SELECT format('CREATE TABLE %I (a int)', x) FROM y \\gexec\n",
        "\\copy t from stdin\n1\tit's\n\\.\nCREATE TABLE a (x int);\n",
        "SELECT 1\\; CREATE TABLE a (x int);\n",
        "CREATE TABLE a (x int, /* oops y int);\n",
    ] {
        let database = database(&[("s.sql", Schema, sql.as_bytes())], 99, DEFAULT_ARENA_BYTES).unwrap();
        let made = spelled(&database).into_iter().filter(|o| !o.starts_with("column public.a.x")).count();
        if made == 0 && diagnostics(&database).is_empty() {
            lost.push(sql);
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

/// The second CREATE TABLE IF NOT EXISTS does nothing on the server.
#[test]
fn create_if_not_exists_twice_adds_nothing() {
    let one = b"CREATE TABLE IF NOT EXISTS t (id serial PRIMARY KEY, a int UNIQUE CHECK (a > 0) REFERENCES t);";
    let once = database(&[("s.sql", Schema, one)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    let twice = database(&[("s.sql", Schema, &one.repeat(2))], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    assert_eq!(spelled(&twice), spelled(&once));
}
