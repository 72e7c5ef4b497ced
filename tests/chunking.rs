//! Tokens at the limits are cut the same way, however the input is split.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

mod support;

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::limits::MIN_STATEMENT_BYTES;
use pgtap_cov::scan::Settings;
use pgtap_cov::scan::SourceRole::{self, Schema, Tests};
use support::{build, diagnostics, scan_split, small, spelled, summary, with};

fn same_however_split(role: SourceRole, sql: &[u8]) {
    let one = with(small(), role, sql, usize::MAX);
    let bytewise = with(small(), role, sql, 1);
    let told = |d: &[u8]| (spelled(d), diagnostics(d), summary(d).assertions, summary(d).unresolved);
    assert_eq!(told(&one), told(&bytewise), "left: one push; right: byte by byte");
}

/// `emit` caps the carried text *with* its closing delimiter, the direct path without.
#[test]
fn chunking_of_a_body_just_under_the_limit() {
    let mut sql = b"DO $body$ CREATE TABLE a (x int);".to_vec();
    sql.resize(3 + 6 + MIN_STATEMENT_BYTES - 3, b' ');
    sql.extend(b"$body$;");
    same_however_split(Schema, &sql);
}

/// A tag over the limit is a delimiter when it lies in one window.
#[test]
fn chunking_of_a_dollar_tag_over_the_limit() {
    let tag = "a".repeat(MIN_STATEMENT_BYTES + 10);
    let sql = format!("SELECT ${tag}$ ; SELECT has_table(x); ${tag}$ ; SELECT has_table(y);");
    same_however_split(Tests, sql.as_bytes());
}

/// `carry.last()` is not the byte before once the carry is full.
#[test]
fn chunking_of_an_operator_over_the_limit() {
    let plus = "+".repeat(MIN_STATEMENT_BYTES + 5);
    let sql = format!("SELECT 1 {plus}-- a comment; SELECT has_table(x);\n2; SELECT has_table(y);");
    same_however_split(Tests, sql.as_bytes());
}

/// What an abandoned source was read of depends on the split, and is in the database.
#[test]
fn chunking_of_a_source_with_a_nul_byte() {
    let sql = b"SELECT has_table('a');\nSELECT has_table('b');\n\0";
    let read = |chunk: usize| {
        let mut analyzer = Analyzer::new([1; 16], Settings::default()).unwrap();
        analyzer.begin(b"x.sql", Tests).unwrap();
        for part in sql.chunks(chunk) {
            if analyzer.push(part).is_err() {
                break;
            }
        }
        assert_eq!(analyzer.abandon("NUL").unwrap(), Step::Done);
        let entry = analyzer.entry().cloned().unwrap();
        assert_eq!(analyzer.finish().unwrap(), Step::SegmentReady);
        let mut segments = Vec::new();
        support::keep(&mut analyzer, &mut segments).unwrap();
        let database = build(&segments, vec![entry.clone()]).unwrap();
        (entry.bytes, entry.hash, summary(&database).assertions)
    };
    assert_eq!(read(usize::MAX), read(1), "left: one push; right: byte by byte");
}

/// Every construct that the seeds of the fuzz targets hold, in two pieces, cut at every byte.
#[test]
fn chunking_of_every_seed_at_every_byte() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut read = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        let path = seed.unwrap().path();
        let sql = std::fs::read(&path).unwrap();
        let sources = [("s.sql", Schema, sql.as_slice()), ("t.sql", Tests, sql.as_slice())];
        let split_at = |at: usize| {
            let mut pieces = [at, usize::MAX].into_iter().cycle();
            let scanned = scan_split([7; 16], &sources, || pieces.next().unwrap(), small()).unwrap();
            build(&scanned.segments, scanned.manifest).unwrap()
        };
        let whole = split_at(sql.len());
        for at in 1..sql.len() {
            let split = split_at(at);
            if split != whole {
                assert_eq!(spelled(&split), spelled(&whole), "{} cut at {at}", path.display());
                assert_eq!(diagnostics(&split), diagnostics(&whole), "{} cut at {at}", path.display());
                panic!("{} cut at {at}", path.display());
            }
        }
        read += 1;
    }
    assert!(read > 20, "{read} seeds");
}
