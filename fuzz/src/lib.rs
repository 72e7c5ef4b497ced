//! What each target does with its input. `tests/fuzzing.rs` does it with the seeds and with inputs that once failed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

#[path = "../../tests/support/counting.rs"]
mod counting;
#[path = "../../tests/support/mod.rs"]
mod support;

use pgtap_cov::coverage::state::{Risk, State};
use pgtap_cov::database::reader::{Answer, Filter, ObjectKey, PAGE_ROWS, Page, Query, Row};
use pgtap_cov::error::{Code, Error};
use pgtap_cov::limits::{Limits, MIN_ARENA_BYTES, MIN_STATEMENT_BYTES};
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::record::{Seal, Tag};
use pgtap_cov::scan::fact::ObjectKind;
use pgtap_cov::scan::{Settings, SourceRole};
use pgtap_cov::segment::block::{BLOCK_HEADER_BYTES, FileWriter};
use pgtap_cov::segment::codec::{Bytes, u32_at};
use pgtap_cov::segment::rows::{RowWriter, Rows};
use pgtap_cov::segment::{FOOTER_BYTES, FileKind, HEADER_BYTES, Identity, SegmentReader};
use support::{Source, build, scan_split};
use xxhash_rust::xxh3::xxh3_64;

/// What a hostile file may cost: blocks, an index, and a page of rows with the longest keys.
const FILE_MEMORY: usize = 64 << 20;

/// The first bytes of an input choose roles, limits and split; the rest is SQL. As `-- xxxx\n` they are a comment.
const HEAD: usize = 8;
/// In SQL, followed by a number and a byte: that byte, about as often as the smallest limit is long.
const REPEAT: u8 = 1;

/// Any split and any arena give the same database, in the memory of the formula; only a NUL byte is an error.
pub fn scan(input: &[u8]) {
    let (head, text) = input.split_at(HEAD.min(input.len()));
    let choice = |n: usize| usize::from(head.get(n).copied().unwrap_or(0));
    let text = expand(text);
    let sources: [Source<'_>; 2] = [("s.sql", SourceRole::Schema, &text), ("t.sql", SourceRole::Tests, &text)];
    let sources = match choice(3) % 4 {
        0 => &sources[..1],
        1 => &sources[1..],
        _ => &sources[..],
    };
    let settings = |arena_bytes: usize| Settings {
        limits: Limits { arena_bytes, statement_bytes: MIN_STATEMENT_BYTES + choice(4) },
        ..Settings::default()
    };
    let whole = scanned(sources, || usize::MAX, settings(4 * MIN_ARENA_BYTES));
    let mut random = (choice(5) << 8 | choice(6)) as u32 | 1;
    let chunk = || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        1 + random as usize % (1 + choice(6))
    };
    let split = scanned(sources, chunk, settings(MIN_ARENA_BYTES + 64 * choice(5)));
    match (whole, split) {
        (Ok(whole), Ok(split)) => {
            assert!(!text.contains(&0), "a NUL byte was read");
            if whole != split {
                let spell = |database: &[u8]| (support::spelled(database), support::diagnostics(database));
                assert_eq!(spell(&whole), spell(&split), "left: one push; right: split");
                panic!("two databases that look equal");
            }
            answers(&whole).unwrap();
        }
        (Err(whole), Err(split)) => {
            assert!(text.contains(&0), "{whole}");
            assert_eq!((whole.code, split.code), (Code::Input, Code::Input));
            assert_eq!((whole.line, whole.offset), (split.line, split.offset));
        }
        (whole, split) => panic!("one push: {:?}; split: {:?}", whole.err(), split.err()),
    }
}

fn expand(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut left = 4;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (&REPEAT, [number, filling, after @ ..]) if left > 0 => {
                out.resize(out.len() + MIN_STATEMENT_BYTES - 128 + usize::from(*number), *filling);
                (rest, left) = (after, left - 1);
            }
            _ => out.push(*byte),
        }
    }
    out
}

fn scanned(sources: &[Source<'_>], chunk: impl FnMut() -> usize, settings: Settings) -> Result<Vec<u8>, Error> {
    let formula = settings.limits.memory_bytes();
    let (scanned, peak) = counting::peak(|| scan_split([7; 16], sources, chunk, settings));
    let scanned = scanned?;
    let kept: usize = scanned.segments.iter().map(|(_, bytes)| bytes.len() + 1024).sum();
    assert!(peak <= formula + kept, "{peak} bytes, the formula says {formula}, the host keeps {kept}");
    Ok(build(&scanned.segments, scanned.manifest).unwrap())
}

/// A segment gives a database that can be read, or a typed error that names the segment or the source.
pub fn segment(input: &[u8]) {
    let Some((form, input)) = input.split_first() else { return };
    let (result, peak) = counting::peak(|| match form % 3 {
        0 => merged(input.to_vec()),
        1 => merged(repaired(input)),
        _ => {
            let (file, manifest) = composed(input);
            build(&[(RUN.id(), file)], manifest)
        }
    });
    assert!(peak <= FILE_MEMORY, "{peak} bytes");
    match result {
        Ok(database) => answers(&database).unwrap(),
        Err(error) => {
            assert!(matches!(error.code, Code::Corrupt | Code::Version | Code::Incomplete | Code::Config), "{error}");
            assert!(error.file.is_some(), "{error}");
        }
    }
}

/// Any bytes as a database: typed errors or answers, in bounded memory.
pub fn database(input: &[u8]) {
    let Some((form, input)) = input.split_first() else { return };
    let file = match form % 3 {
        0 => input.to_vec(),
        1 => repaired(input),
        _ => {
            let mut file = FileWriter::new(FileKind::Database, Identity { run: [0; 16], seq: 0 });
            for (kind, count, payload) in blocks(input) {
                let mut first = Vec::new();
                if kind == 2 {
                    let _ = Bytes::new(payload).prefixed(&mut first, usize::MAX);
                }
                file.block(kind, count, payload, &first);
            }
            file.finish()
        }
    };
    let (result, peak) = counting::peak(|| answers(&file));
    assert!(peak <= FILE_MEMORY, "{peak} bytes");
    if let Err(error) = result {
        assert!(matches!(error.code, Code::Corrupt | Code::Version), "{error}");
    }
}

/// Asks a database all there is to ask; the last error.
fn answers(database: &[u8]) -> Result<(), Error> {
    let objects = |page| Query::Objects(Filter::default(), page);
    let filter = Filter {
        kinds: vec![ObjectKind::Table, ObjectKind::Function],
        schema: Some("public".to_owned()),
        matching: Some("a|b".to_owned()),
        states: vec![State::Gap, State::Exercised],
        risk: Some(Risk::RowSecurityOff),
    };
    let chosen = |page| Query::Objects(filter.clone(), page);
    let tallied = |page| Query::Tally(Filter::default(), page);
    let of_file = |page| Query::FileEvidence("t.sql".to_owned(), page);
    let mut keys = vec![ObjectKey {
        kind: ObjectKind::Table,
        schema: "public".to_owned(),
        name: "t".to_owned(),
        sub: String::new(),
        args: String::new(),
    }];
    let mut result = support::ask(database, Query::Summary).map(drop);
    result = rows(database, objects, 50, |row| {
        if let Row::Object(object) = row
            && keys.len() < 4
        {
            keys.push(object.key);
        }
    })
    .and(result);
    result = rows(database, chosen, 3, drop).and(result);
    result = rows(database, tallied, 3, drop).and(result);
    result = rows(database, of_file, 3, drop).and(result);
    for key in keys {
        result = rows(database, |page| Query::Evidence { key: key.clone(), page }, 50, drop).and(result);
    }
    for query in [Query::Files, Query::Diagnostics, Query::Stale] {
        result = rows(database, query, 50, drop).and(result);
    }
    result
}

/// Two pages of a few rows, then longer ones to the end.
fn rows(database: &[u8], query: impl Fn(Page) -> Query, limit: u32, mut take: impl FnMut(Row)) -> Result<(), Error> {
    let mut page = Page { after: 0, limit: 2 };
    for number in 0.. {
        let Answer::Rows(rows, next) = support::ask(database, query(page))? else { panic!("no rows") };
        assert!(rows.len() <= page.limit as usize);
        rows.into_iter().for_each(&mut take);
        let Some(after) = next else { break };
        assert!(after > page.after, "a page that leads nowhere");
        page = Page { after, limit: if number < 2 { 2 } else { limit.saturating_mul(number).min(PAGE_ROWS) } };
    }
    Ok(())
}

const RUN: Identity = Identity { run: [5; 16], seq: 0 };

/// Blocks as a row of kind (1), rows (1), length (2), payload: what a mutation may stretch without breaking the rest.
fn blocks(mut input: &[u8]) -> Vec<(u8, u32, &[u8])> {
    let mut blocks = Vec::new();
    while let [kind, count, low, high, rest @ ..] = input {
        let (payload, rest) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()));
        blocks.push((*kind, u32::from(*count), payload));
        input = rest;
    }
    blocks
}

/// A segment of the rows that can be read in `input`, of a schema and a test source, with their seals.
fn composed(input: &[u8]) -> (Vec<u8>, Vec<ManifestEntry>) {
    let mut file = FileWriter::new(FileKind::Segment, RUN);
    let mut counts = [0; 2];
    for (kind, count, payload) in blocks(input) {
        let Some(tag) = Tag::from_number(kind % 3) else { continue };
        let (mut rows, mut out) = (Rows::new(payload, count, tag), Vec::new());
        let mut found = Vec::new();
        while let Ok(Some(row)) = rows.next_row() {
            found.push(row.clone());
        }
        let mut writer = RowWriter::default();
        for row in &found {
            let mut row = row.borrowed();
            row.source %= 2;
            writer.put(&mut out, &row, |text| text);
            counts[row.source as usize] += 1;
        }
        file.block(tag as u8, found.len() as u32, &out, b"");
    }
    let mut manifest = Vec::new();
    let mut seals = Vec::new();
    for (source, role) in [SourceRole::Schema, SourceRole::Tests].into_iter().enumerate() {
        let path = format!("{source}.sql");
        let seal = Seal {
            source: source as u32,
            path: path.clone().into_bytes(),
            role: role as u8,
            bytes: 10,
            hash: "a".repeat(32),
            records: counts[source],
            ..Seal::default()
        };
        manifest.push(ManifestEntry { path, role, bytes: seal.bytes, hash: seal.hash.clone(), complete: true });
        let numbers = seal.numbers();
        seals.push((seal, numbers));
    }
    let (mut out, mut writer) = (Vec::new(), RowWriter::default());
    seals.iter().for_each(|(seal, numbers)| writer.put(&mut out, &seal.record(numbers), |text| text));
    file.block(Tag::Seal as u8, 2, &out, b"");
    (file.finish(), manifest)
}

/// Merges a segment with a manifest of what it says that it holds.
fn merged(file: Vec<u8>) -> Result<Vec<u8>, Error> {
    let id = identity(&file).id();
    let manifest = sealed(&id, &file)?;
    build(&[(id, file)], manifest)
}

fn sealed(id: &str, file: &[u8]) -> Result<Vec<ManifestEntry>, Error> {
    let mut reader = SegmentReader::new(id.to_owned(), file.len() as u64);
    let range = |(offset, length): (u64, u32)| file.get(offset as usize..offset as usize + length as usize);
    while let Some(wanted) = reader.opens_with()? {
        reader.supply(range(wanted).unwrap_or_default())?;
    }
    let mut manifest: Vec<ManifestEntry> = Vec::new();
    for number in 0..reader.blocks() {
        let Some((Tag::Seal, wanted)) = reader.block(number) else { continue };
        reader.rows(number, range(wanted).unwrap_or_default(), |row| {
            let seal = Seal::of(row).map_err(|error| error.in_file(id))?;
            manifest.push(ManifestEntry {
                path: pgtap_cov::record::spell(&seal.path),
                role: if seal.role == 0 { SourceRole::Schema } else { SourceRole::Tests },
                bytes: seal.bytes,
                hash: seal.hash,
                complete: seal.abandoned.is_empty(),
            });
            Ok(())
        })?;
    }
    Ok(manifest)
}

fn identity(file: &[u8]) -> Identity {
    let mut identity = Identity { run: [0; 16], seq: 0 };
    if let Some(bytes) = file.get(16..40) {
        identity.run.copy_from_slice(&bytes[..16]);
        identity.seq = u64::from_le_bytes(bytes[16..].try_into().unwrap());
    }
    identity
}

/// The file with right checksums, and a footer that fits its length.
fn repaired(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if file.len() < HEADER_BYTES + FOOTER_BYTES {
        return file;
    }
    let Identity { run, seq } = identity(&file);
    let seal = |file: &mut [u8], at: usize, head: &[u8], body: &[u8]| {
        let parts = [&run, &seq.to_le_bytes()[..], head, &xxh3_64(body).to_le_bytes()];
        file[at..at + 8].copy_from_slice(&xxh3_64(&parts.concat()).to_le_bytes());
    };
    let set = |file: &mut [u8], at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    let head = file[..56].to_vec();
    seal(&mut file, 56, &head, b"");
    let (mut at, end) = (HEADER_BYTES, file.len() - FOOTER_BYTES);
    let (mut ordinal, mut index) = (0, at);
    while at + BLOCK_HEADER_BYTES <= end {
        let (payload, length) = (at + BLOCK_HEADER_BYTES, u32_at(&file, at + 8).unwrap() as usize);
        let last = file[at] == 255;
        let next = if last { end } else { (payload + length).min(end) };
        set(&mut file, at + 8, (next - payload) as u32);
        let head = [&u32::to_le_bytes(ordinal), &file[at..at + 12]].concat();
        let body = file[payload..next].to_vec();
        seal(&mut file, at + 12, &head, &body);
        index = at;
        if last {
            break;
        }
        (at, ordinal) = (next, ordinal + 1);
    }
    let footer = end;
    file[footer..footer + 8].copy_from_slice(&(index as u64).to_le_bytes());
    set(&mut file, footer + 8, (end - index) as u32);
    set(&mut file, footer + 12, ordinal);
    let length = file.len() as u64;
    file[footer + 24..footer + 32].copy_from_slice(&length.to_le_bytes());
    let head = file[footer..footer + 48].to_vec();
    seal(&mut file, footer + 48, &head, b"");
    file[footer + 56..].copy_from_slice(b"PTC.end\n");
    file
}

/// What SQL gives as inputs of `segment` and `database`, once as a file and once as blocks.
#[allow(dead_code)] // only tests/fuzzing.rs writes seeds
pub fn seeds_of(sql: &[u8]) -> ([Vec<u8>; 2], [Vec<u8>; 2]) {
    let text = expand(sql.get(HEAD..).unwrap_or_default());
    let sources: [Source<'_>; 2] = [("s.sql", SourceRole::Schema, &text), ("t.sql", SourceRole::Tests, &text)];
    let scanned = scan_split([7; 16], &sources, || usize::MAX, support::small()).unwrap();
    let segment = scanned.segments[0].1.clone();
    let database = build(&scanned.segments, scanned.manifest).unwrap();
    let forms = |file: Vec<u8>| [[&[1], file.as_slice()].concat(), [&[2], unframed(&file).as_slice()].concat()];
    (forms(segment), forms(database))
}

/// The blocks of a file as [`blocks`] reads them.
#[allow(dead_code)]
fn unframed(file: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), HEADER_BYTES);
    while file[at] != 255 {
        let (count, length) = (u32_at(file, at + 4).unwrap(), u32_at(file, at + 8).unwrap());
        let payload = at + BLOCK_HEADER_BYTES;
        let next = payload + length as usize;
        if let (Ok(count), Ok(length)) = (u8::try_from(count), u16::try_from(length)) {
            out.extend([file[at], count]);
            out.extend(length.to_le_bytes());
            out.extend(&file[payload..next]);
        }
        at = next;
    }
    out
}
