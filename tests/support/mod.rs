//! Drives the machines as a host would.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)] // each test binary uses a part of it

use pgtap_cov::analyzer::{Analyzer, RunStats, Step};
use pgtap_cov::database::Summary;
use pgtap_cov::database::build::{Build, BuildStep};
use pgtap_cov::database::reader::{Answer, Filter, ObjectRow, Page, Query, ReadStep, Reader, Row};
use pgtap_cov::error::Error;
use pgtap_cov::limits::{DEFAULT_ARENA_BYTES, Limits, MIN_ARENA_BYTES, MIN_STATEMENT_BYTES};
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::scan::fact::ObjectKind;
use pgtap_cov::scan::{Settings, SourceRole};
use std::collections::HashMap;

pub type Segments = Vec<(String, Vec<u8>)>;

/// A source: path, role, text.
pub type Source<'a> = (&'a str, SourceRole, &'a [u8]);

pub struct Scanned {
    pub segments: Segments,
    pub manifest: Vec<ManifestEntry>,
    pub stats: RunStats,
}

pub fn settings(arena_bytes: usize) -> Settings {
    Settings { limits: Limits { arena_bytes, ..Limits::default() }, ..Settings::default() }
}

/// Reads sources in chunks of `chunk` bytes through an arena of `arena` bytes.
pub fn scan(sources: &[Source<'_>], chunk: usize, arena: usize) -> Result<Scanned, Error> {
    scan_with([7; 16], sources, chunk, settings(arena))
}

pub fn scan_with(run: [u8; 16], sources: &[Source<'_>], chunk: usize, settings: Settings) -> Result<Scanned, Error> {
    scan_split(run, sources, || chunk, settings)
}

/// The same, where `chunk` says how long the next chunk is.
pub fn scan_split(
    run: [u8; 16],
    sources: &[Source<'_>],
    mut chunk: impl FnMut() -> usize,
    settings: Settings,
) -> Result<Scanned, Error> {
    let mut analyzer = Analyzer::new(run, settings)?;
    let mut segments = Segments::new();
    let mut manifest = Vec::new();
    for (path, role, text) in sources {
        analyzer.begin(path.as_bytes(), *role)?;
        let mut text = *text;
        while !text.is_empty() {
            let mut rest;
            (rest, text) = text.split_at(chunk().min(text.len()));
            loop {
                let progress = analyzer.push(rest)?;
                rest = &rest[progress.consumed..];
                match progress.step {
                    Step::SegmentReady => keep(&mut analyzer, &mut segments)?,
                    _ => break,
                }
            }
            assert!(rest.is_empty(), "a push that asks for input has taken all of it");
        }
        while analyzer.end()? == Step::SegmentReady {
            keep(&mut analyzer, &mut segments)?;
        }
        manifest.extend(analyzer.entry().cloned());
    }
    while analyzer.finish()? == Step::SegmentReady {
        keep(&mut analyzer, &mut segments)?;
    }
    Ok(Scanned { segments, manifest, stats: analyzer.stats() })
}

pub fn keep(analyzer: &mut Analyzer, segments: &mut Segments) -> Result<(), Error> {
    let Some(pending) = analyzer.pending() else { return Ok(()) };
    let seq = pending.seq;
    segments.push((pending.id.clone(), pending.bytes()));
    analyzer.ack(seq)
}

/// Merges segments into a database.
pub fn build(segments: &[(String, Vec<u8>)], manifest: Vec<ManifestEntry>) -> Result<Vec<u8>, Error> {
    drive(Build::new(manifest)?, segments).map(|(database, _)| database)
}

/// The same with a scratch store, where so many pieces of evidence are held at once; and how many runs were kept.
pub fn build_holding(
    segments: &[(String, Vec<u8>)],
    manifest: Vec<ManifestEntry>,
    evidence: usize,
) -> Result<(Vec<u8>, usize), Error> {
    drive(Build::new(manifest)?.holding(evidence), segments)
}

fn drive(mut build: Build, segments: &[(String, Vec<u8>)]) -> Result<(Vec<u8>, usize), Error> {
    for (id, bytes) in segments {
        build.add_segment(id, bytes.len() as u64)?;
    }
    let range = |bytes: &[u8], offset: u64, length: u32| {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        bytes.get(from..from + length as usize).unwrap_or_default().to_vec()
    };
    let mut database = Vec::new();
    let mut kept: HashMap<u32, Vec<u8>> = HashMap::new();
    loop {
        match build.next_step()? {
            BuildStep::Read(at) => build.supply(&range(&segments[at.segment].1, at.offset, at.length))?,
            BuildStep::Keep(run) => assert!(kept.insert(run.number, run.bytes).is_none(), "each run has its number"),
            BuildStep::ReadRun(at) => build.supply(&range(&kept[&at.run], at.offset, at.length))?,
            BuildStep::Write(bytes) => database.extend(bytes),
            BuildStep::Done => return Ok((database, kept.len())),
        }
    }
}

/// Scans and merges in one go.
pub fn database(sources: &[Source<'_>], chunk: usize, arena: usize) -> Result<Vec<u8>, Error> {
    let scanned = scan(sources, chunk, arena)?;
    build(&scanned.segments, scanned.manifest)
}

/// Asks a database.
pub fn ask(database: &[u8], query: Query) -> Result<Answer, Error> {
    let mut reader = Reader::new(database.len() as u64);
    reader.query(query)?;
    loop {
        match reader.next_step()? {
            ReadStep::Read(offset, length) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let bytes = from.checked_add(length as usize).and_then(|to| database.get(from..to));
                reader.supply(bytes.unwrap_or_default())?;
            }
            ReadStep::Answer(answer) => return Ok(answer),
        }
    }
}

pub const ALL: Page = Page { after: 0, limit: 10_000 };

/// Every object of a database.
pub fn objects(database: &[u8]) -> Vec<ObjectRow> {
    let mut objects = Vec::new();
    let mut page = ALL;
    loop {
        let query = Query::Objects(Filter::default(), page);
        let Ok(Answer::Rows(rows, next)) = ask(database, query) else { panic!("no page of objects") };
        objects.extend(rows.into_iter().map(|row| match row {
            Row::Object(object) => object,
            other => panic!("{other:?}"),
        }));
        match next {
            Some(after) => page.after = after,
            None => return objects,
        }
    }
}

/// `kind schema.name.sub(args) state` of each object.
pub fn spelled(database: &[u8]) -> Vec<String> {
    let spell = |o: ObjectRow| {
        let k = &o.key;
        let args = if k.kind.is_routine() { format!("({})", k.args) } else { String::new() };
        let parts: Vec<&str> =
            [&k.schema, &k.name, &k.sub].into_iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
        format!("{} {}{args} {}", k.kind.as_str(), parts.join("."), o.state.as_str())
    };
    objects(database).into_iter().map(spell).collect()
}

/// The smallest limits.
pub fn small() -> Settings {
    let limits = Limits { arena_bytes: MIN_ARENA_BYTES, statement_bytes: MIN_STATEMENT_BYTES };
    Settings { limits, ..Settings::default() }
}

/// The figures of a database.
pub fn summary(database: &[u8]) -> Summary {
    let Answer::Summary(summary) = ask(database, Query::Summary).unwrap() else { panic!() };
    *summary
}

/// Its messages: `file:line code text`.
pub fn diagnostics(database: &[u8]) -> Vec<String> {
    let Answer::Rows(rows, _) = ask(database, Query::Diagnostics(ALL)).unwrap() else { panic!() };
    let spell = |row| match row {
        Row::Diagnostic(d) => format!("{}:{} {} {}", d.file, d.line, d.code.as_str(), d.message),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(spell).collect()
}

/// What a test source alone gives.
pub fn tests_only(sql: &[u8]) -> (Summary, Vec<String>) {
    let database = database(&[("t.sql", SourceRole::Tests, sql)], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    (summary(&database), diagnostics(&database))
}

/// The database of one source, read with these settings in chunks of this size.
pub fn with(settings: Settings, role: SourceRole, sql: &[u8], chunk: usize) -> Vec<u8> {
    let scanned = scan_with([7; 16], &[("x.sql", role, sql)], chunk, settings).unwrap();
    build(&scanned.segments, scanned.manifest).unwrap()
}

/// Scans sources that include `files`, which are found by their path as it is written, or beside the file that includes
/// them.
pub fn scan_including(
    sources: &[Source<'_>],
    files: &[(&str, &[u8])],
    chunk: usize,
    settings: Settings,
) -> Result<Scanned, Error> {
    let mut analyzer = Analyzer::new([7; 16], Settings { includes: true, ..settings })?;
    let mut segments = Segments::new();
    let mut manifest = Vec::new();
    for (path, role, text) in sources {
        analyzer.begin(path.as_bytes(), *role)?;
        read_file(&mut analyzer, text, files, chunk, &mut segments)?;
        manifest.extend(analyzer.entry().cloned());
    }
    while analyzer.finish()? == Step::SegmentReady {
        keep(&mut analyzer, &mut segments)?;
    }
    Ok(Scanned { segments, manifest, stats: analyzer.stats() })
}

fn read_file(
    analyzer: &mut Analyzer,
    text: &[u8],
    files: &[(&str, &[u8])],
    chunk: usize,
    segments: &mut Segments,
) -> Result<(), Error> {
    let mut left = text;
    loop {
        let ending = left.is_empty();
        let step = if ending {
            analyzer.end()?
        } else {
            let progress = analyzer.push(&left[..chunk.min(left.len())])?;
            left = &left[progress.consumed..];
            progress.step
        };
        match step {
            Step::SegmentReady => keep(analyzer, segments)?,
            Step::Include => {
                let wanted = analyzer.wanted().unwrap();
                let mut path = String::from_utf8(wanted.path).unwrap();
                if wanted.relative {
                    let from = String::from_utf8(wanted.from).unwrap();
                    path = from.rsplit_once('/').map_or(path.clone(), |(folder, _)| format!("{folder}/{path}"));
                }
                match files.iter().find(|(name, _)| *name == path) {
                    Some((_, text)) => {
                        analyzer.include(path.as_bytes())?;
                        read_file(analyzer, text, files, chunk, segments)?;
                    }
                    None => {
                        if analyzer.refuse_include()? == Step::SegmentReady {
                            keep(analyzer, segments)?;
                        }
                    }
                }
            }
            // an included file has ended
            Step::NeedInput if ending => return Ok(()),
            Step::NeedInput => {}
            Step::Done => return Ok(()),
        }
    }
}

/// The same in one go.
pub fn database_including(sources: &[Source<'_>], files: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    let scanned = scan_including(sources, files, usize::MAX, Settings::default())?;
    build(&scanned.segments, scanned.manifest)
}

/// `file:line code` of each diagnostic.
pub fn said(database: &[u8]) -> Vec<String> {
    let Ok(Answer::Rows(rows, _)) = ask(database, Query::Diagnostics(ALL)) else { panic!("no diagnostics") };
    rows.iter()
        .map(|row| match row {
            Row::Diagnostic(d) => format!("{}:{} {}", d.file, d.line, d.code.as_str()),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Migrations of `tables` tables of 1,000 columns each, with renames, moves and drops far behind the definitions, and the
/// number of tables and columns that are left.
pub fn many_columns(tables: usize) -> (Vec<u8>, [usize; 2]) {
    let columns = (0..1000).map(|n| format!("c{n} int")).collect::<Vec<_>>().join(", ");
    let mut sql = "CREATE SCHEMA moved;\n".to_owned();
    (0..tables).for_each(|n| sql += &format!("CREATE TABLE t{n} ({columns});\n"));
    let mut left = [tables, tables * 1000];
    for n in 0..tables {
        match n % 4 {
            0 => sql += &format!("ALTER TABLE t{n} RENAME COLUMN c7 TO renamed; ALTER TABLE t{n} RENAME TO r{n};\n"),
            1 => sql += &format!("ALTER TABLE t{n} SET SCHEMA moved; ALTER TABLE moved.t{n} DROP COLUMN c999;\n"),
            2 => sql += &format!("ALTER TABLE t{n} DROP COLUMN c0, ADD COLUMN c0 text, ADD late int;\n"),
            _ => sql += &format!("DROP TABLE t{n};\n"),
        }
        match n % 4 {
            1 => left[1] -= 1,
            2 => left[1] += 1,
            3 => left = [left[0] - 1, left[1] - 1000],
            _ => {}
        }
    }
    (sql.into_bytes(), left)
}

/// Number of live objects of a kind that the figures count.
pub fn count(database: &[u8], kind: ObjectKind) -> usize {
    let Ok(Answer::Summary(summary)) = ask(database, Query::Summary) else { panic!("no summary") };
    summary.kinds.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| count.objects as usize)
}
