//! Files that others include with `\i` and `\ir`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::database::reader::{Answer, Query, Row};
use pgtap_cov::limits::MIN_ARENA_BYTES;
use pgtap_cov::scan::Settings;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use support::{ALL, ask, build, database_including, said, scan_including, settings, spelled, summary};

const SCHEMA: &[u8] = b"create schema app; create table app.a (x int); create table app.b (x int);";

/// `path bytes assertions` of each file.
fn files(database: &[u8]) -> Vec<String> {
    let Answer::Rows(rows, _) = ask(database, Query::Files(ALL)).unwrap() else { panic!() };
    rows.iter()
        .map(|row| match row {
            Row::File(f) => format!("{} {} {}", f.path, f.bytes, f.assertions),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// `file:line` of the evidence of tables.
fn places(database: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for object in support::objects(database).into_iter().filter(|o| o.key.kind.as_str() == "table") {
        let Answer::Rows(rows, _) = ask(database, Query::Evidence { key: object.key.clone(), page: ALL }).unwrap()
        else {
            panic!()
        };
        for row in rows {
            let Row::Evidence(e) = row else { panic!() };
            found.push(format!("{} {}:{}", object.key.name, e.file, e.line));
        }
    }
    found
}

#[test]
fn an_included_file_is_read_in_the_session_of_its_includer() {
    let test = b"\\set what a\n\\i lib/setup.sql\nselect plan(2);\nselect has_table('a');\n\\ir more.sql\n";
    let files_ = [
        ("lib/setup.sql", &b"set search_path = app;\n\\ir deeper.sql"[..]),
        ("lib/deeper.sql", b"-- a comment\n\\set table b"),
        ("tests/more.sql", b"\n\nselect has_table(:'table')"),
    ];
    let database =
        database_including(&[("schema.sql", Schema, SCHEMA), ("tests/a.sql", Tests, test)], &files_).unwrap();
    assert_eq!(places(&database), ["a tests/a.sql:4", "b tests/more.sql:3"]);
    assert_eq!(said(&database), [] as [&str; 0], "the plan of two is met");
    assert_eq!(
        files(&database),
        [
            "schema.sql 74 0",
            &format!("tests/a.sql {} 2", test.len()),
            "lib/deeper.sql 25 0",
            "lib/setup.sql 37 0",
            "tests/more.sql 28 1"
        ]
    );
    let total: usize = SCHEMA.len() + test.len() + files_.iter().map(|(_, text)| text.len()).sum::<usize>();
    let summary = summary(&database);
    assert_eq!((summary.files, summary.bytes, summary.assertions), (5, total as u64, 2));
    assert!(summary.complete && summary.problems.is_empty());
}

#[test]
fn any_split_and_any_arena_give_the_same_database() {
    let many: String = (0..400).map(|n| format!("select has_table('table_{n}_of_many_more');\n")).collect();
    let test =
        [b"\\i many.sql\n", many.as_bytes(), b"\\i many.sql \\\\ select has_table('a');\n\\i gone.sql\n\\i many.sql"];
    let test = test.concat();
    let files = [("many.sql", many.as_bytes())];
    let sources = [("schema.sql", Schema, SCHEMA), ("t.sql", Tests, test.as_slice())];
    let whole = scan_including(&sources, &files, usize::MAX, Settings::default()).unwrap();
    let expected = build(&whole.segments, whole.manifest.clone()).unwrap();
    assert_eq!(summary(&expected).assertions, 1601);
    for chunk in [1, 2, 3, 64, 1000, 4096] {
        let scanned = scan_including(&sources, &files, chunk, settings(MIN_ARENA_BYTES)).unwrap();
        assert!(scanned.segments.len() > 1);
        assert_eq!(scanned.manifest, whole.manifest, "chunks of {chunk}");
        assert_eq!(build(&scanned.segments, scanned.manifest).unwrap(), expected, "chunks of {chunk}");
    }
}

#[test]
fn definitions_of_included_files_come_where_they_are_included() {
    let sources = [
        ("all.sql", Schema, &b"create table a (x int);\n\\ir tables.sql\nalter table b rename to c;"[..]),
        ("tables.sql", Schema, b"alter table a rename to first; create table b (y int);"),
    ];
    let files = [("tables.sql", sources[1].2)];
    let database = database_including(&sources, &files).unwrap();
    assert_eq!(
        spelled(&database),
        ["table public.c gap", "table public.first gap", "column public.c.y gap", "column public.first.x gap"]
    );
    assert_eq!(said(&database), [] as [&str; 0], "tables.sql does not run a second time");
}

#[test]
fn schema_files_that_include_each_other_count() {
    let (one, two) = (&b"create table one (a int);\n\\i two.sql"[..], &b"create table two (a int);\n\\i one.sql"[..]);
    let database = database_including(
        &[("one.sql", Schema, one), ("two.sql", Schema, two)],
        &[("one.sql", one), ("two.sql", two)],
    )
    .unwrap();
    let tables: Vec<String> = spelled(&database).into_iter().filter(|o| o.starts_with("table")).collect();
    assert_eq!(tables, ["table public.one gap", "table public.two gap"]);
    assert!(said(&database).contains(&"one.sql:2 include-not-read".to_owned()), "16 levels deep it ends");
}

#[test]
fn a_schema_file_that_a_test_includes_makes_no_test_objects() {
    let test = b"\\i schema.sql\nselect has_table('app', 'c', 'x');";
    let sources = [("schema.sql", Schema, SCHEMA), ("t.sql", Tests, &test[..])];
    let stale = |database: &[u8]| summary(database).stale;
    assert_eq!(stale(&database_including(&sources, &[("schema.sql", SCHEMA)]).unwrap()), 1);
    let more = b"create table app.c (x int);";
    let sources =
        [("schema.sql", Schema, SCHEMA), ("t.sql", Tests, &b"\\i more.sql\nselect has_table('app', 'c', 'x');"[..])];
    assert_eq!(stale(&database_including(&sources, &[("more.sql", more)]).unwrap()), 0, "the test made it");
}

#[test]
fn what_cannot_be_included_is_told_once() {
    let test = b"\\i gone.sql\n\\i :unset/x.sql\n\\i `date`\n\\i\nselect has_table('a');";
    let database = database_including(&[("t.sql", Tests, test)], &[]).unwrap();
    assert_eq!(said(&database), (1..=4).map(|line| format!("t.sql:{line} include-not-read")).collect::<Vec<_>>());
    assert_eq!(summary(&database).problems.len(), 1);
    let helper = b"select has_tabel('a');";
    let sources = [("a.sql", Tests, &b"\\i h.sql\n"[..]), ("b.sql", Tests, b"\\i h.sql\n")];
    let database = database_including(&sources, &[("h.sql", helper)]).unwrap();
    assert_eq!(said(&database), ["h.sql:1 unknown-function"]);
}

#[test]
fn a_source_is_abandoned_with_what_it_includes() {
    let settings = Settings { includes: true, ..Settings::default() };
    let mut analyzer = Analyzer::new([7; 16], settings).unwrap();
    assert!(analyzer.include(b"x").is_err() && analyzer.refuse_include().is_err());
    analyzer.begin(b"t.sql", Tests).unwrap();
    assert_eq!(analyzer.push(b"select has_table('a');\n\\i x.sql\n").unwrap().step, Step::Include);
    assert_eq!(analyzer.push(b"").unwrap().step, Step::Include, "until it is answered");
    assert!(analyzer.include(b"").is_err());
    analyzer.include(b"x.sql").unwrap();
    let error = analyzer.push(b"select 1;\n\0").unwrap_err();
    assert_eq!((error.file.as_deref(), error.line, error.offset), (Some("x.sql"), Some(2), Some(10)));
    assert_eq!(analyzer.abandon("no text").unwrap(), Step::Done);
    let entry = analyzer.entry().unwrap().clone();
    assert_eq!((entry.path.as_str(), entry.bytes, entry.complete), ("t.sql", 0, false));
}
