//! What statements before say about the tests that follow.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::database::reader::{Answer, Query, Row};
use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use support::{ALL, ask, database, objects, said, summary};

const SCHEMA: &[u8] = b"create table a (x int); create table b (x int);";

/// `table line [flags]` of the evidence of tables, in order of lines.
fn evidence(tests: &str) -> Vec<String> {
    let sources = [("schema.sql", Schema, SCHEMA), ("t.sql", Tests, tests.as_bytes())];
    let database = database(&sources, usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    for chunk in [1, 7] {
        assert_eq!(support::database(&sources, chunk, DEFAULT_ARENA_BYTES).unwrap(), database, "chunks of {chunk}");
    }
    let mut found = Vec::new();
    for object in objects(&database).into_iter().filter(|o| o.key.kind.as_str() == "table") {
        let counted = u32::from(object.state.as_str() != "gap");
        let Answer::Rows(rows, _) = ask(&database, Query::Evidence { key: object.key.clone(), page: ALL }).unwrap()
        else {
            panic!()
        };
        let mut certain = 0;
        for row in rows {
            let Row::Evidence(e) = row else { panic!() };
            certain += u32::from(e.flags.words().is_empty());
            found.push((e.line, format!("{} {} {}", object.key.name, e.line, e.flags.words().join(" "))));
        }
        assert_eq!(counted, certain.min(1), "what is flagged does not count, all else does");
    }
    found.sort();
    found.into_iter().map(|(_, text)| text.trim_end().to_owned()).collect()
}

#[test]
fn tests_that_are_to_do_do_not_count() {
    let a = "select has_table('a');\n";
    for (tests, expected) in [
        (format!("select todo('later', 2);\n{a}{a}{a}"), &["a 2 todo", "a 3 todo", "a 4"][..]),
        (format!("select todo('later');\n{a}{a}"), &["a 2 todo", "a 3"]),
        (format!("select todo(2, 'later');\n{a}{a}{a}"), &["a 2 todo", "a 3 todo", "a 4"]),
        (format!("select todo_start('x');\n{a}{a}select todo_end();\n{a}"), &["a 2 todo", "a 3 todo", "a 5"]),
        (format!("select todo_end();\n{a}"), &["a 2"]),
        (
            format!(
                "do $$ begin\nperform todo('x', 1);\nperform has_table('a');\nperform has_table('b'); end $$;\n{a}"
            ),
            &["a 3 todo", "b 4", "a 5"],
        ),
        (format!("select skip('no', 1);\n{a}"), &["a 2"]),
    ] {
        assert_eq!(evidence(&tests), expected, "{tests}");
    }
}

#[test]
fn branches_of_psql_count_where_they_certainly_run() {
    let (a, b) = ("select has_table('a');\n", "select has_table('b');\n");
    for (tests, expected) in [
        (format!("\\if true\n{a}\\else\n{b}\\endif\n"), &["a 2"][..]),
        (format!("\\if false\n{a}\\else\n{b}\\endif\n"), &["b 4"]),
        (format!("\\if :ci\n{a}\\else\n{b}\\endif\n{b}"), &["a 2 branch", "b 4 branch", "b 6"]),
        (format!("\\set ci off\n\\if :ci\n{a}\\elif 1\n{b}\\endif\n"), &["b 5"]),
        (format!("\\if 0\n\\set t b\n\\if 1\n{a}\\endif\n\\endif\nselect has_table(:'t');\n{b}"), &["b 8"]),
        (format!("\\if :x\nselect todo('y');\n{a}\\endif\n"), &["a 3 todo branch"]),
    ] {
        assert_eq!(evidence(&tests), expected, "{tests}");
    }
}

#[test]
fn cursors_run_their_query_under_the_assertion() {
    for (tests, expected) in [
        (
            "declare c cursor for select * from a;\nselect results_eq('c'::refcursor, 'select * from b');",
            &["a 1", "b 2"][..],
        ),
        (
            "declare C no scroll cursor with hold for select * from a;\ncommit;\nselect results_eq('c'::refcursor, array[1]);",
            &["a 1"],
        ),
        ("declare c cursor for select * from a;\ncommit;\nselect results_eq('c'::refcursor, array[1]);", &[]),
        ("declare c cursor for select * from a;\nclose c;\nselect results_eq('c'::refcursor, array[1]);", &[]),
        ("prepare p as select * from a;\nselect lives_ok('p');\nselect lives_ok('p(1)');", &["a 1", "a 1"]),
        ("prepare p as select * from a;\nrollback;\nselect lives_ok('P');", &["a 1"]),
        ("declare p cursor for select * from a;\nselect lives_ok('p');", &[]),
    ] {
        assert_eq!(evidence(tests), expected, "{tests}");
    }
}

#[test]
fn definitions_in_a_branch_that_may_not_run_replace_nothing() {
    let schema = b"create table a ();\n\\if :new\ncreate table a ();\ncreate table c ();\n\\endif\n\\if 0\ncreate table d ();\n\\endif";
    let database = database(&[("s.sql", Schema, schema)], 5, DEFAULT_ARENA_BYTES).unwrap();
    assert_eq!(support::spelled(&database), ["table public.a gap", "table public.c gap"]);
    assert_eq!(said(&database), [] as [&str; 0]);
    assert!(summary(&database).complete);
}
