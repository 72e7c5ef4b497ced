//! Size and memory: `pgtap-cov-scale [EVIDENCE] [OBJECTS] [ARENA_BYTES]`.
//!
//! Made-up sources are scanned, kept as segments and merged into a database; the same facts go into SQLite. Locality: a
//! file of tests is about 40 tables that lie side by side, and each twentieth assertion reads a table from anywhere.
//! Schema and tests are made piece by piece, so that what is measured is the scan's memory and not theirs.

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::database::build::{Build, BuildStep};
use pgtap_cov::database::reader::{Answer, Filter, Page, Query, ReadStep, Reader};
use pgtap_cov::limits::Limits;
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::record::{Arena, Record};
use pgtap_cov::scan::{Settings, SourceRole};
use pgtap_cov::segment::block::INDEX_PART;
use pgtap_cov::segment::{self, Identity, SegmentReader};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

#[path = "../../tests/support/counting.rs"]
mod counting;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Objects of a table: itself, its columns, two keys and their indexes, a check.
const COLUMNS: usize = 12;
const PER_TABLE: usize = 1 + COLUMNS + 5;
const TABLES_PER_FILE: usize = 40;

struct Scanned {
    segments: Vec<(String, Vec<u8>)>,
    manifest: Vec<ManifestEntry>,
    records: u64,
    bytes: u64,
    time: Duration,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.replace('_', "").parse::<usize>());
    let evidence = arguments.next().unwrap_or(Ok(10_000_000))?;
    let objects = arguments.next().unwrap_or(Ok(1_000_000))?;
    let arena = arguments.next().unwrap_or(Ok(16 << 20))?;
    let limits = Limits { arena_bytes: arena, ..Limits::default() };
    let heap = |evidence, objects| counting::peak(|| scan(evidence, objects, arena, false)).1;
    let (small, large) = (heap(evidence / 100, objects / 100), heap(evidence, objects));
    let scanned = scan(evidence, objects, arena, true)?;
    let segments: usize = scanned.segments.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} records of {objects} objects, an arena of {} MiB", scanned.records, arena >> 20);
    println!("  scan: {:.1} MB of SQL in {:.2} s", scanned.bytes as f64 / 1e6, scanned.time.as_secs_f64());
    println!(
        "  scan: {:.2} MB heap; {:.2} MB for a hundredth of it; the formula allows {:.2} MB",
        mb(large),
        mb(small),
        mb(limits.memory_bytes())
    );
    println!(
        "  segments: {} with {:.2} bytes a record",
        scanned.segments.len(),
        segments as f64 / scanned.records as f64
    );

    let write = rewrite(&scanned, arena)?;
    let start = Instant::now();
    let mut database = 0;
    let (runs, heap) = counting::peak(|| build(&scanned, |bytes| database += bytes.len()));
    let (merge, runs) = (start.elapsed(), runs?);
    let ours = write + merge;
    println!("  write: {:.2} s; merge: {:.2} s", write.as_secs_f64(), merge.as_secs_f64());
    println!("  merge: {:.1} MB heap, beside {:.1} MB in the scratch store", mb(heap - runs), mb(runs));
    println!("  segments: {:.1} MB; database: {:.1} MB", mb(segments), mb(database));
    let mut bytes = Vec::with_capacity(database);
    build(&scanned, |chunk| bytes.extend(chunk))?;
    println!("  a page of 100 objects: {} blocks at most, beside those of the index", most_blocks(&bytes)?);

    let (time, size) = sqlite(&scanned)?;
    println!("SQLite, one table, one index, one transaction: {:.2} s, {:.1} MB", time.as_secs_f64(), mb(size));
    println!("  time: {:.2} x ours", time.as_secs_f64() / ours.as_secs_f64());
    println!(
        "  size: {:.2} x our segments, {:.2} x our database",
        size as f64 / segments as f64,
        size as f64 / database as f64
    );
    Ok(())
}

fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn name(table: usize) -> String {
    format!("s{:04}.table_{table}", table / 250)
}

fn schema_of(table: usize) -> String {
    let mut text = String::new();
    if table % 250 == 0 {
        let _ = writeln!(text, "CREATE SCHEMA s{:04};", table / 250);
    }
    let _ = write!(text, "CREATE TABLE {} (id bigint PRIMARY KEY, code text UNIQUE", name(table));
    for column in 2..COLUMNS {
        let _ = write!(text, ", column_{column} integer");
    }
    text.push_str(", CHECK (column_2 > 0));\n");
    text
}

fn column(number: usize) -> String {
    match number {
        0 => "id".to_owned(),
        1 => "code".to_owned(),
        number => format!("column_{number}"),
    }
}

/// A file of tests of tables from `first` on, and how much evidence is in it.
fn tests_of(file: usize, first: usize, tables: usize, random: &mut u64) -> (String, usize) {
    let mut text = "BEGIN;\nSELECT no_plan();\n".to_owned();
    let mut evidence = 0;
    for table in (first..first + TABLES_PER_FILE).map(|table| table % tables) {
        let (schema, table_name) = (format!("s{:04}", table / 250), format!("table_{table}"));
        let _ = writeln!(text, "SELECT has_table('{schema}', '{table_name}', 'it is there');");
        evidence += 1;
        for number in 0..COLUMNS {
            let column = column(number);
            let (function, expected) = match (file + number) % 3 {
                0 => ("has_column", ""),
                1 => ("col_type_is", ", 'integer'"),
                _ => ("col_not_null", ""),
            };
            let _ = writeln!(text, "SELECT {function}('{schema}', '{table_name}', '{column}'{expected}, 'is so');");
            evidence += 2;
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if number == 5 {
                let other = (*random >> 33) as usize % tables;
                let _ = writeln!(text, "SELECT lives_ok('SELECT id FROM {}');", name(other));
                evidence += 2;
            }
        }
    }
    text.push_str("SELECT * FROM finish();\nROLLBACK;\n");
    (text, evidence)
}

/// Scans generated sources in windows; each is made when its turn comes. Without `keeps` the segments are thrown away.
fn scan(evidence: usize, objects: usize, arena_bytes: usize, keeps: bool) -> Result<Scanned> {
    let tables = (objects / PER_TABLE).max(TABLES_PER_FILE);
    let settings = Settings { limits: Limits { arena_bytes, ..Limits::default() }, ..Settings::default() };
    let mut analyzer = Analyzer::new([7; 16], settings)?;
    let mut scanned =
        Scanned { segments: Vec::new(), manifest: Vec::new(), records: 0, bytes: 0, time: Duration::ZERO };
    let mut read = |name: String, role: SourceRole, text: &str| -> Result<()> {
        let start = Instant::now();
        analyzer.begin(name.as_bytes(), role)?;
        for window in text.as_bytes().chunks(64 * 1024) {
            let mut rest = window;
            loop {
                let progress = analyzer.push(rest)?;
                rest = &rest[progress.consumed..];
                if progress.step != Step::SegmentReady {
                    break;
                }
                keep(&mut analyzer, &mut scanned, keeps)?;
            }
        }
        while analyzer.end()? == Step::SegmentReady {
            keep(&mut analyzer, &mut scanned, keeps)?;
        }
        if keeps {
            scanned.manifest.extend(analyzer.entry().cloned());
        }
        scanned.bytes += text.len() as u64;
        scanned.time += start.elapsed();
        Ok(())
    };
    for first in (0..tables).step_by(250) {
        let text: String = (first..(first + 250).min(tables)).map(schema_of).collect();
        read(format!("schema/{first:07}.sql"), SourceRole::Schema, &text)?;
    }
    let (mut random, mut file, mut found) = (1, 0, 0);
    while found < evidence {
        let (text, more) = tests_of(file, file * TABLES_PER_FILE % tables, tables, &mut random);
        read(format!("tests/{file:07}.sql"), SourceRole::Tests, &text)?;
        found += more;
        file += 1;
    }
    while analyzer.finish()? == Step::SegmentReady {
        keep(&mut analyzer, &mut scanned, keeps)?;
    }
    scanned.records = analyzer.stats().records;
    Ok(scanned)
}

fn keep(analyzer: &mut Analyzer, scanned: &mut Scanned, keeps: bool) -> Result<()> {
    let Some(pending) = analyzer.pending() else { return Ok(()) };
    let seq = pending.seq;
    if keeps {
        scanned.segments.push((pending.id.clone(), pending.bytes()));
    }
    analyzer.ack(seq)?;
    Ok(())
}

/// Hands the rows of each segment to `each`, in the order in which the scan found them and as close to each other as it
/// leaves them; the time that `each` takes.
fn facts(scanned: &Scanned, mut each: impl FnMut(&[Record<&[u8]>]) -> Result<()>) -> Result<Duration> {
    let mut time = Duration::ZERO;
    for (id, bytes) in &scanned.segments {
        let mut reader = SegmentReader::new(id.clone(), bytes.len() as u64);
        let range = |offset: u64, length: u32| &bytes[offset as usize..offset as usize + length as usize];
        while let Some((offset, length)) = reader.opens_with()? {
            reader.supply(range(offset, length))?;
        }
        let mut found = Vec::new();
        for block in 0..reader.blocks() {
            let Some((_, (offset, length))) = reader.block(block) else { continue };
            reader.rows(block, range(offset, length), |row| {
                found.push(row.clone());
                Ok(())
            })?;
        }
        found.sort_by_key(|row| (row.source, row.seq));
        let texts: Vec<u8> = found.iter().flat_map(Record::texts).flatten().copied().collect();
        let mut rest = texts.as_slice();
        let mut take = |text: &Vec<u8>| rest.split_off(..text.len()).unwrap_or_default();
        let rows: Vec<Record<&[u8]>> = found.iter().map(|row| row.with(row.texts().map(&mut take))).collect();
        let start = Instant::now();
        each(&rows)?;
        time += start.elapsed();
    }
    Ok(time)
}

/// The same records into an arena and out as segments again: what writing costs beside reading SQL.
fn rewrite(scanned: &Scanned, arena_bytes: usize) -> Result<Duration> {
    let mut arena = Arena::new(arena_bytes);
    let mut seq = 0;
    let mut flush = |arena: &mut Arena| {
        let written = segment::write(arena, Identity { run: [8; 16], seq });
        seq += 1;
        arena.clear();
        written.iter().map(Vec::len).sum::<usize>()
    };
    let mut written = 0;
    let time = facts(scanned, |rows| {
        for record in rows {
            if !arena.push(record) {
                written += flush(&mut arena);
                arena.push(record);
            }
        }
        Ok(())
    })?;
    let start = Instant::now();
    written += flush(&mut arena);
    let time = time + start.elapsed();
    if written == 0 { Err("nothing was written".into()) } else { Ok(time) }
}

/// Pieces of evidence that a merge holds at once, as the package asks for where it has a scratch store.
const HOLDING: usize = 1 << 19;

/// Hands the database to `write`; the bytes that were kept for the merge.
fn build(scanned: &Scanned, mut write: impl FnMut(Vec<u8>)) -> Result<usize> {
    let mut build = Build::new(scanned.manifest.clone())?.holding(HOLDING);
    for (id, bytes) in &scanned.segments {
        build.add_segment(id, bytes.len() as u64)?;
    }
    let (mut kept, mut runs) = (HashMap::new(), 0);
    loop {
        match build.next_step()? {
            BuildStep::Read(at) => {
                let from = usize::try_from(at.offset)?;
                build.supply(&scanned.segments[at.segment].1[from..from + at.length as usize])?;
            }
            BuildStep::Keep(run) => {
                runs += run.bytes.len();
                kept.insert(run.number, run.bytes);
            }
            BuildStep::ReadRun(at) => {
                let from = usize::try_from(at.offset)?;
                build.supply(&kept[&at.run][from..from + at.length as usize])?;
            }
            BuildStep::Write(bytes) => write(bytes),
            BuildStep::Done => return Ok(runs),
        }
    }
}

/// The most blocks that a page of 100 objects reads, of a thousand pages from one end to the other; each is asked of a
/// reader that has read the summary and nothing else.
fn most_blocks(database: &[u8]) -> Result<usize> {
    let Answer::Summary(summary) = ask(&mut Reader::new(database.len() as u64), database, Query::Summary)?.0 else {
        return Err("no summary".into());
    };
    let all: u32 = summary.kinds.iter().map(|(_, count)| count.objects).sum();
    let mut most = 0;
    for after in (0..all).step_by(all as usize / 1000 + 1) {
        let mut reader = Reader::new(database.len() as u64);
        ask(&mut reader, database, Query::Summary)?;
        let page = Query::Objects(Filter::default(), Page { after, limit: 100 });
        let (_, mut reads) = ask(&mut reader, database, page)?;
        reads.retain(|offset| database[*offset] != INDEX_PART);
        reads.sort_unstable();
        reads.dedup();
        most = most.max(reads.len());
    }
    Ok(most)
}

/// The answer, and the offsets of what was read for it.
fn ask(reader: &mut Reader, database: &[u8], query: Query) -> Result<(Answer, Vec<usize>)> {
    reader.query(query)?;
    let mut reads = Vec::new();
    loop {
        match reader.next_step()? {
            ReadStep::Read(offset, length) => {
                let from = usize::try_from(offset)?;
                reads.push(from);
                reader.supply(&database[from..from + length as usize])?;
            }
            ReadStep::Answer(answer) => return Ok((answer, reads)),
        }
    }
}

/// What SQLite takes for the facts, and the size of its file.
fn sqlite(scanned: &Scanned) -> Result<(Duration, usize)> {
    let folder = std::env::temp_dir().join(format!("pgtap-cov-scale-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("facts.db");
    let _ = std::fs::remove_file(&path);
    let mut database = Connection::open(&path)?;
    database.pragma_update(None, "journal_mode", "OFF")?;
    database.pragma_update(None, "synchronous", "OFF")?;
    database.execute_batch(
        "CREATE TABLE fact (tag INT, kind INT, scope INT, schema BLOB, name BLOB, sub BLOB, args BLOB, detail BLOB,
           aspect INT, strength INT, via INT, source INT, line INT, seq INT);
         CREATE INDEX by_key ON fact (kind, schema, name, sub, args);",
    )?;
    let transaction = database.transaction()?;
    let mut insert = transaction.prepare("INSERT INTO fact VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)")?;
    let mut time = facts(scanned, |rows| {
        for row in rows {
            insert.execute(params![
                row.tag, row.kind, row.scope, row.schema, row.name, row.sub, row.args, row.detail, row.a, row.b,
                row.via, row.source, row.line, row.seq
            ])?;
        }
        Ok(())
    })?;
    drop(insert);
    let start = Instant::now();
    transaction.commit()?;
    drop(database);
    time += start.elapsed();
    let size = usize::try_from(std::fs::metadata(&path)?.len())?;
    std::fs::remove_dir_all(&folder)?;
    Ok((time, size))
}
