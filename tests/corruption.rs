//! Damaged segments and databases: a typed error, never a panic, a hang or another number.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::database::reader::{Filter, ObjectKey, Query};
use pgtap_cov::error::Code;
use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::scan::fact::ObjectKind;
use support::{ALL, ask, build, scan};

fn scanned() -> (Vec<(String, Vec<u8>)>, Vec<ManifestEntry>) {
    let sources = [
        ("s.sql", Schema, &b"CREATE TABLE t (a int PRIMARY KEY); CREATE VIEW v AS SELECT 1;"[..]),
        (
            "t.sql",
            Tests,
            b"SELECT has_table('t'); SELECT has_column('t', 'a'); SELECT has_view(x); SELECT has_table('u');\
              SET ROLE a; SELECT isnt_empty('SELECT a FROM t');",
        ),
    ];
    let scanned = scan(&sources, 99, DEFAULT_ARENA_BYTES).unwrap();
    (scanned.segments, scanned.manifest)
}

fn everything(database: &[u8]) -> Result<String, pgtap_cov::error::Error> {
    let mut all = String::new();
    let objects = Query::Objects(Filter::default(), ALL);
    let key = |kind, name: &str, sub: &str| ObjectKey {
        kind,
        schema: "public".to_owned(),
        name: name.to_owned(),
        sub: sub.to_owned(),
        args: String::new(),
    };
    let evidence = |key| Query::Evidence { key, page: ALL };
    let table = evidence(key(ObjectKind::Table, "t", ""));
    let column = evidence(key(ObjectKind::Column, "t", "a"));
    for query in [
        Query::Summary,
        objects,
        Query::Files(ALL),
        Query::Diagnostics(ALL),
        Query::Stale(ALL),
        Query::Matrix(ALL),
        Query::Tally(Filter::default(), ALL),
        Query::FileEvidence("t.sql".to_owned(), ALL),
        table,
        column,
    ] {
        all.push_str(&format!("{:?}", ask(database, query)?));
    }
    Ok(all)
}

#[test]
fn every_flipped_byte_of_a_segment_is_found_out() {
    let (segments, manifest) = scanned();
    let (id, bytes) = &segments[0];
    for at in 0..bytes.len() {
        for bit in [0x01, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            let error = build(&[(id.clone(), damaged)], manifest.clone()).unwrap_err();
            assert!(matches!(error.code, Code::Corrupt | Code::Version | Code::Incomplete), "byte {at}: {error}");
            assert!(error.file.is_some(), "byte {at}: {error}");
        }
    }
}

#[test]
fn every_truncation_of_a_segment_is_found_out() {
    let (segments, manifest) = scanned();
    let (id, bytes) = &segments[0];
    for length in 0..bytes.len() {
        let error = build(&[(id.clone(), bytes[..length].to_vec())], manifest.clone()).unwrap_err();
        assert_eq!(error.code, Code::Corrupt, "{length} bytes: {error}");
    }
}

#[test]
fn every_flipped_byte_of_a_database_is_found_out() {
    let (segments, manifest) = scanned();
    let bytes = build(&segments, manifest).unwrap();
    let expected = everything(&bytes).unwrap();
    assert!(expected.contains("has_table"), "{expected}");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        match everything(&damaged) {
            // what no query reads may be damaged without anybody noticing
            Ok(found) => assert_eq!(found, expected, "byte {at}"),
            Err(error) => assert!(matches!(error.code, Code::Corrupt | Code::Version), "byte {at}: {error}"),
        }
    }
}

#[test]
fn every_truncation_of_a_database_is_found_out() {
    let (segments, manifest) = scanned();
    let bytes = build(&segments, manifest).unwrap();
    for length in 0..bytes.len() {
        let error = everything(&bytes[..length]).unwrap_err();
        assert_eq!(error.code, Code::Corrupt, "{length} bytes: {error}");
    }
}

#[test]
fn another_major_version_is_refused_as_such() {
    let (segments, manifest) = scanned();
    let (id, mut bytes) = segments[0].clone();
    bytes[8] = 2;
    assert_eq!(build(&[(id, bytes)], manifest).unwrap_err().code, Code::Version);
}
