//! Files with right checksums and wrong contents, calls out of order: typed errors, no panic, no flood.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

mod support;

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::database::build::{Build, BuildStep};
use pgtap_cov::database::reader::{Answer, Filter, Page, Query, ReadStep, Reader};
use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::scan::Settings;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::segment::block::FileWriter;
use pgtap_cov::segment::codec::put_u64;
use pgtap_cov::segment::{FileKind, Identity};
use support::{ask, build, database, scan, scan_with, small, spelled, summary, tests_only};

/// `argument::primary` calls itself for each parenthesis, without a limit.
#[test]
fn no_stack_overflow_by_parentheses_in_an_argument() {
    let n = 20_000;
    let sql = format!("SELECT has_table({}'a'{});", "(".repeat(n), ")".repeat(n));
    tests_only(sql.as_bytes());
}

#[test]
fn no_stack_overflow_by_arrays_in_an_argument() {
    let n = 20_000;
    let sql = format!("SELECT has_table({}'a'{});", "ARRAY[".repeat(n), "]".repeat(n));
    tests_only(sql.as_bytes());
}

/// The sum of `entry.bytes` overflows: a panic with checks, a wrong number without.
#[test]
fn no_overflow_of_bytes_in_a_manifest() {
    let entry = |n: u8| ManifestEntry {
        path: format!("{n}.sql"),
        role: Tests,
        bytes: u64::MAX,
        hash: "0".repeat(32),
        complete: false,
    };
    let database = build(&[], vec![entry(1), entry(2)]);
    assert!(database.is_err() || summary(&database.unwrap()).bytes == u64::MAX);
}

/// A database whose blocks say 2^32-1 rows each.
#[test]
fn no_overflow_of_row_counts_in_a_database() {
    let none = Identity { run: [0; 16], seq: 0 };
    let mut file = FileWriter::new(FileKind::Database, none);
    let mut row = Vec::new();
    row.push(1);
    row.push(b'p');
    row.extend([0, 1, 5, 0, 0, 0, 0]);
    file.block(4, u32::MAX, &row, b"");
    file.block(4, u32::MAX, &row, b"");
    let bytes = file.finish();
    let result = ask(&bytes, Query::Files(Page { after: 0, limit: 1 }));
    assert!(result.is_err() || matches!(result, Ok(Answer::Rows(_, Some(_)))));
}

/// A host that answers with more bytes than the file has.
#[test]
fn no_overflow_of_an_answer_that_is_too_long() {
    let bytes = database(&[("s.sql", Schema, b"CREATE TABLE t (a int);")], 99, DEFAULT_ARENA_BYTES).unwrap();
    let mut reader = Reader::new(bytes.len() as u64);
    reader.query(Query::Summary).unwrap();
    loop {
        match reader.next_step().unwrap() {
            ReadStep::Read(0, 64) => reader.supply(&bytes[..64]).unwrap(),
            ReadStep::Read(..) => {
                let longer = [vec![0; 1000], bytes.clone()].concat();
                assert!(reader.supply(&longer).is_err());
                return;
            }
            ReadStep::Answer(_) => return,
        }
    }
}

const RUN: Identity = Identity { run: [5; 16], seq: 0 };

fn seal_row(out: &mut Vec<u8>, records: u32) -> ManifestEntry {
    let hash = "a".repeat(32);
    out.push(0b0000_1011);
    for text in [&b"h.sql"[..], hash.as_bytes()] {
        put_u64(out, 0);
        put_u64(out, text.len() as u64);
        out.extend(text);
    }
    let mut numbers = [0u8; 36];
    numbers[..8].copy_from_slice(&10u64.to_le_bytes());
    numbers[12..16].copy_from_slice(&records.to_le_bytes());
    put_u64(out, 0);
    put_u64(out, 36);
    out.extend(numbers);
    put_u64(out, 0);
    put_u64(out, u64::from(records) << 1);
    ManifestEntry { path: "h.sql".to_owned(), role: Schema, bytes: 10, hash, complete: true }
}

/// A definition row with `name` and `schema`, then `more` rows that repeat it at the cost of 3 bytes each.
fn hostile(
    kind: u8,
    scope: u8,
    op: u8,
    name: &[u8],
    schema: &[u8],
    more: u32,
) -> (support::Segments, Vec<ManifestEntry>) {
    let mut file = FileWriter::new(FileKind::Segment, RUN);
    let mut rows = vec![0b0010_0011];
    for text in [name, schema] {
        put_u64(&mut rows, 0);
        put_u64(&mut rows, text.len() as u64);
        rows.extend(text);
    }
    rows.extend([kind, scope, op, 0, 0]);
    rows.extend([2, 0]);
    for _ in 0..more {
        rows.extend([0, 0, 2]);
    }
    file.block(0, more + 1, &rows, b"");
    let mut seal = Vec::new();
    let entry = seal_row(&mut seal, more + 1);
    file.block(3, 1, &seal, b"");
    (vec![(RUN.id(), file.finish())], vec![entry])
}

/// 64 KiB of segment make ten thousand rows of 30 KiB: 300 MB.
#[test]
fn a_segment_whose_texts_exceed_the_limits_is_refused() {
    let (segments, manifest) = hostile(1, 0, 0, &vec![b'n'; 32_000], b"public", 10_000);
    let result = build(&segments, manifest).map(|d| d.len());
    assert!(result.is_err(), "{} bytes of segment became {result:?} bytes of database", segments[0].1.len());
}

/// 64 KiB of segment with a search_path of 10,000 schemas take minutes.
#[test]
fn a_segment_with_an_endless_search_path_is_refused() {
    let path = b"a\0".repeat(10_000);
    let (segments, manifest) = hostile(1, 1, 4, b"t", &path, 1000);
    assert!(build(&segments, manifest).is_err());
}

/// NUL in a name moves the parts of an object key.
#[test]
fn a_segment_with_a_nul_in_a_name_is_refused() {
    let (segments, manifest) = hostile(1, 0, 0, b"t\0sub", b"public", 0);
    assert!(build(&segments, manifest).is_err());
}

/// The error tells neither the segment nor the source.
#[test]
fn errors_of_definitions_name_their_place() {
    let (segments, manifest) = hostile(1, 0, 99, b"t", b"public", 0);
    let error = build(&segments, manifest).unwrap_err();
    assert!(error.file.is_some(), "{error}");
}

#[test]
fn a_push_after_end_has_started_is_refused_or_read() {
    let mut analyzer = Analyzer::new([1; 16], small()).unwrap();
    analyzer.begin(b"x.sql", Tests).unwrap();
    let names: Vec<String> = (0..255).map(|n| format!("'{n}'")).collect();
    // statements that leave room for less than the last one
    let mut step = Step::NeedInput;
    for _ in 0..40 {
        let sql = format!("SELECT tables_are('s', ARRAY[{}]);", names.join(","));
        let mut rest = sql.as_bytes();
        while !rest.is_empty() {
            let progress = analyzer.push(rest).unwrap();
            rest = &rest[progress.consumed..];
            if progress.step == Step::SegmentReady {
                let seq = analyzer.pending().unwrap().seq;
                analyzer.ack(seq).unwrap();
            }
        }
        let mut tail = Vec::new();
        tail.extend(format!("SELECT tables_are('s', ARRAY[{}])", names.join(",")).bytes());
        analyzer.push(&tail).unwrap();
        step = analyzer.end().unwrap();
        if step == Step::SegmentReady {
            break;
        }
        analyzer.begin(b"x.sql", Tests).unwrap();
    }
    assert_eq!(step, Step::SegmentReady);
    let seq = analyzer.pending().unwrap().seq;
    analyzer.ack(seq).unwrap();
    match analyzer.push(b"; SELECT ok(true), has_table('lost')") {
        Err(error) => assert_eq!(error.code.as_str(), "STATE"),
        Ok(progress) => {
            assert_eq!(progress.consumed, 36);
            while analyzer.end().unwrap() == Step::SegmentReady {
                let seq = analyzer.pending().unwrap().seq;
                analyzer.ack(seq).unwrap();
            }
            let records = analyzer.stats().records;
            panic!("the bytes were taken and never read as a statement ({records} records)");
        }
    }
}

/// Which of two attempts counts is left to the run id: equal inputs, other figures.
#[test]
fn attempts_with_different_options_do_not_stand_in_for_one_another() {
    let schema: support::Source<'_> = ("s.sql", Schema, b"CREATE SCHEMA app; CREATE TABLE app.t (a int);");
    let test: support::Source<'_> = ("t.sql", Tests, b"SELECT has_table('t');");
    let path = |name: &str| Settings { search_path: vec![name.to_owned()], ..Settings::default() };
    let merged = |run_app: u8, run_public: u8| {
        let app = scan_with([run_app; 16], &[schema, test], 99, path("app")).unwrap();
        let public = scan_with([run_public; 16], &[schema, test], 99, path("public")).unwrap();
        build(&[app.segments, public.segments].concat(), app.manifest).map(|d| spelled(&d))
    };
    assert_eq!(merged(1, 2), merged(2, 1));
}

/// Bytes that nobody asked for are a wrong call, not a damaged segment.
#[test]
fn a_supply_that_was_not_asked_for_is_a_state_error() {
    let scanned = scan(&[("s.sql", Schema, b"CREATE TABLE t (a int);")], 99, DEFAULT_ARENA_BYTES).unwrap();
    let (id, bytes) = &scanned.segments[0];
    let mut build = Build::new(scanned.manifest).unwrap();
    build.add_segment(id, bytes.len() as u64).unwrap();
    for n in 0.. {
        let BuildStep::Read(r) = build.next_step().unwrap() else { panic!() };
        let part = &bytes[r.offset as usize..r.offset as usize + r.length as usize];
        build.supply(part).unwrap();
        if n == 3 {
            assert_eq!(build.supply(part).unwrap_err().code.as_str(), "STATE");
            return;
        }
    }
}

/// Endless recursion in `Inventory::resolve_type` ⇄ `column_type`: aborts the merge.
#[test]
fn no_stack_overflow_by_percent_type_of_itself() {
    let sql = b"CREATE TABLE t (a t.a%TYPE); CREATE FUNCTION f(x t.a%TYPE) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;";
    database(&[("s.sql", Schema, sql)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
}

/// A partition has the indexes of its parent already; without that, each of these doubles them.
#[test]
fn no_flood_of_objects_by_partitions_that_come_and_go() {
    let turns = [
        "ALTER TABLE t ATTACH PARTITION u DEFAULT; ALTER TABLE t DETACH PARTITION u;",
        "ALTER TABLE t DETACH PARTITION t;",
        "ALTER TABLE t DETACH PARTITION u; ALTER TABLE u DETACH PARTITION t;",
    ];
    for turn in turns {
        let objects = |turns: usize| {
            let tables = "CREATE TABLE t (a int UNIQUE, b int); CREATE INDEX ON t (b); CREATE INDEX ON t (b);
                CREATE TABLE u (a int UNIQUE, b int); CREATE INDEX ON u (b);";
            let sql = format!("{tables}{}", turn.repeat(turns));
            let database = database(&[("s.sql", Schema, sql.as_bytes())], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
            spelled(&database)
        };
        assert_eq!(objects(8), objects(1), "{turn}");
    }
}

/// The server refuses a column that is there already; without that, each row of tables multiplies its indexes.
#[test]
fn no_flood_of_objects_by_tables_like_tables() {
    let mut sql = "CREATE TABLE t0 (a int UNIQUE);".to_owned();
    for n in 1..5 {
        let like = format!("LIKE t{} INCLUDING ALL", n - 1);
        sql += &format!("CREATE TABLE t{n} ({});", [like.as_str(); 8].join(", "));
    }
    let database = database(&[("s.sql", Schema, sql.as_bytes())], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    // table, column, constraint and its index
    assert_eq!(support::objects(&database).len(), 5 * 4);
}

/// 64 KiB of database make thousands of keys of 30 KiB each: 300 MB for a page of them.
#[test]
fn a_page_of_a_database_with_long_keys_is_bounded() {
    let mut file = FileWriter::new(FileKind::Database, Identity { run: [0; 16], seq: 0 });
    file.block(4, 1, &[1, b'p', 0, 1, 5, 0, 0, 0, 0], b"");
    let key = [&b"\x01s\0n\0\0"[..], &vec![b'a'; 30_000]].concat();
    let mut rows = vec![0];
    put_u64(&mut rows, key.len() as u64);
    rows.extend(&key);
    rows.extend([0; 16]);
    for _ in 1..1700 {
        put_u64(&mut rows, key.len() as u64);
        rows.extend([0; 17]);
    }
    file.block(2, 1700, &rows, &key);
    let bytes = file.finish();
    let (mut found, mut page) = (0, Page { after: 0, limit: 1700 });
    loop {
        let query = Query::Objects(Filter::default(), page);
        let Answer::Rows(rows, next) = ask(&bytes, query).unwrap() else { panic!() };
        assert!(rows.len() * key.len() < 20 << 20, "{} rows in a page", rows.len());
        found += rows.len();
        match next {
            Some(after) => page.after = after,
            None => break,
        }
    }
    assert_eq!(found, 1700, "no row is lost");
}

/// Partitions of each other, which the server refuses, go round in circles.
#[test]
fn no_endless_loop_by_partitions_of_each_other() {
    for turn in [
        "ALTER TABLE t ATTACH PARTITION u DEFAULT; ALTER TABLE u ATTACH PARTITION t DEFAULT;",
        "CREATE TABLE t PARTITION OF t DEFAULT; ALTER TABLE t ATTACH PARTITION t DEFAULT;",
        "ALTER INDEX i ATTACH PARTITION j; ALTER INDEX j ATTACH PARTITION i;",
    ] {
        let sql = format!(
            "CREATE TABLE t (a int UNIQUE, b int REFERENCES t (a)) PARTITION BY LIST (a);
             CREATE TABLE u (a int UNIQUE, b int REFERENCES t (a)) PARTITION BY LIST (a);
             CREATE INDEX i ON t (b); CREATE INDEX j ON u (b); {turn} CREATE INDEX ON t (a); CREATE INDEX ON u (a);
             ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a), ADD FOREIGN KEY (a) REFERENCES t (a);
             ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t (a); DROP TABLE t CASCADE;"
        );
        database(&[("s.sql", Schema, sql.as_bytes())], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    }
}
