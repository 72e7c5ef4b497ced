//! The formats stay what they are: files of version 1.0, written once, are read, and are written again byte for byte.
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes them anew, which a change of the format needs, and its version.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::limits::DEFAULT_ARENA_BYTES;
use pgtap_cov::limits::to_u32;
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use pgtap_cov::segment::block::FileWriter;
use pgtap_cov::segment::rows::RowWriter;
use pgtap_cov::segment::{FileKind, Identity, SegmentReader};
use std::path::PathBuf;
use support::{Source, build, scan_with, settings, spelled};

const RUN: [u8; 16] = *b"pgtap-cov golden";

const SOURCES: [Source<'static>; 3] = [
    (
        "schema.sql",
        Schema,
        b"CREATE SCHEMA app; CREATE ROLE reader;\n\
          CREATE TABLE app.notes (id bigint PRIMARY KEY, body text NOT NULL CHECK (body <> ''), who name);\n\
          ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY; GRANT ALL ON app.notes TO reader;\n\
          CREATE POLICY own ON app.notes TO reader USING (who = current_user);\n\
          CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no %', 1; END $$;\n\
          CREATE TRIGGER touch BEFORE UPDATE ON app.notes FOR EACH ROW EXECUTE FUNCTION app.touch();\n\
          CREATE VIEW app.\"B\xc3\xbccher\" AS SELECT id FROM app.notes;\n",
    ),
    (
        "tests/one.sql",
        Tests,
        b"BEGIN; SELECT plan(5);\n\
          SELECT has_table('app', 'notes', 'there'), col_type_is('app', 'notes', 'id', 'bigint', 'type');\n\
          SET LOCAL ROLE reader;\n\
          SELECT isnt_empty('SELECT body FROM app.notes');\n\
          SELECT throws_ok('UPDATE app.notes SET body = NULL', '23502');\n\
          SELECT has_view('app', 'gone', 'stale'), has_table(x);\n\
          ROLLBACK;\n",
    ),
    ("tests/two.sql", Tests, b"SELECT throws_ok('UPDATE app.notes SET id = 1', 'no 1');\n"),
];

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The bytes of a golden file; `now` takes their place where they are to be updated.
fn golden(name: &str, now: &[u8]) -> Vec<u8> {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file(name), now).unwrap();
    }
    std::fs::read(file(name)).unwrap()
}

fn segment_now() -> (String, Vec<u8>) {
    let scanned = scan_with(RUN, &SOURCES, 1000, settings(DEFAULT_ARENA_BYTES)).unwrap();
    scanned.segments.into_iter().next().unwrap()
}

#[test]
fn a_segment_is_written_as_it_was() {
    let (id, now) = segment_now();
    let bytes = golden("segment.ptc", &now);
    let mut reader = SegmentReader::new(id, bytes.len() as u64);
    let range = |offset: u64, length: u32| {
        let from = usize::try_from(offset).unwrap();
        &bytes[from..from + length as usize]
    };
    while let Some((offset, length)) = reader.opens_with().unwrap() {
        reader.supply(range(offset, length)).unwrap();
    }
    let mut again = FileWriter::new(FileKind::Segment, Identity { run: RUN, seq: 0 });
    let mut records = 0;
    for block in 0..reader.blocks() {
        let (tag, (offset, length)) = reader.block(block).unwrap();
        let mut rows = Vec::new();
        let read = reader.rows(block, range(offset, length), |row| {
            rows.push(row.clone());
            Ok(())
        });
        read.unwrap();
        let (mut writer, mut payload, count) = (RowWriter::default(), Vec::new(), to_u32(rows.len()));
        rows.iter().for_each(|row| writer.put(&mut payload, &row.borrowed(), |text| text));
        again.block(tag as u8, count, &payload, b"");
        records += count;
    }
    assert!(records > 30, "{records} records");
    assert_eq!(again.finish(), bytes);
}

#[test]
fn a_database_is_written_as_it_was() {
    let (id, now) = segment_now();
    let manifest = scan_with(RUN, &SOURCES, 1000, settings(DEFAULT_ARENA_BYTES)).unwrap().manifest;
    let segment = golden("segment.ptc", &now);
    let built = build(&[(id, segment)], manifest).unwrap();
    let bytes = golden("database.ptc", &built);
    assert!(built == bytes, "other bytes: see the head of this file where that is meant");
    let objects = spelled(&bytes);
    assert!(objects.contains(&"table app.notes exercised".to_owned()), "{objects:?}");
    assert!(objects.contains(&"view app.B\u{fc}cher gap".to_owned()), "{objects:?}");
}
