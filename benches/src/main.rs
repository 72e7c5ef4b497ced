//! Times pgtap-cov and its peers on the corpus: `pgtap-cov-bench CORPUS [ROUNDS]`.
//!
//! The contenders take turns within a round, so that what else the machine does hits all of them. Printed are medians of
//! the rounds, and medians of the ratios within a round, which are steadier than the speeds.

use pgtap_cov::analyzer::{Analyzer, Step};
use pgtap_cov::database::build::{Build, BuildStep};
use pgtap_cov::merge::ManifestEntry;
use pgtap_cov::scan::{Settings, SourceRole};
use pgtap_cov::sql::lexer::{Dialect, Flow, Lexer, Sink, Token};
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const WINDOW_BYTES: usize = 64 * 1024;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct File {
    name: String,
    text: String,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let corpus = arguments.next().unwrap_or_else(|| "build/bench/corpus".to_owned());
    let rounds = arguments.next().map_or(Ok(11), |rounds| rounds.parse())?;
    let corpus = Path::new(&corpus);
    let tests = read(&corpus.join("tests"))?;
    let schema = read(&corpus.join("schema"))?;
    let one = vec![File { name: "one.sql".to_owned(), text: fs::read_to_string(corpus.join("one.sql"))? }];
    let split = read(&corpus.join("split"))?;

    println!("native, MB/s: medians of {rounds} rounds; higher is faster");
    for (name, files, role) in [("tests", &tests, SourceRole::Tests), ("schema", &schema, SourceRole::Schema)] {
        let contenders: Vec<(&str, Work)> = vec![
            ("squawk-lexer: tokens", Box::new(|| files.iter().map(|file| peers::lex(&file.text)).sum())),
            ("squawk-syntax: tree", Box::new(|| files.iter().map(|file| peers::parse(&file.text)).sum())),
            ("pgtap-cov: tokens", Box::new(|| files.iter().map(|file| lex(&file.text)).sum())),
            ("pgtap-cov: scan", Box::new(|| scan(&[(files, role)]).segments.len())),
        ];
        table(&format!("{name}, {}", size(files)), &contenders, bytes(files), rounds);
    }

    let all = bytes(&tests) + bytes(&schema);
    let sources = [(&schema, SourceRole::Schema), (&tests, SourceRole::Tests)];
    let contenders: Vec<(&str, Work)> = vec![
        ("pgtap-cov: scan of both", Box::new(|| scan(&sources).segments.len())),
        ("pgtap-cov: and database", Box::new(|| build(scan(&sources)))),
    ];
    table(&format!("schema and tests together, {} MB", mb(all)), &contenders, all, rounds);

    let contenders: Vec<(&str, Work)> = vec![
        ("pgtap-cov: one file", Box::new(|| scan(&[(&one, SourceRole::Tests)]).segments.len())),
        ("pgtap-cov: split", Box::new(|| scan(&[(&split, SourceRole::Tests)]).segments.len())),
    ];
    table(&format!("{} as one file, and as {} files", size(&one), split.len()), &contenders, bytes(&one), rounds);
    Ok(())
}

type Work<'a> = Box<dyn Fn() -> usize + 'a>;

/// A line for each contender: its speed, and how it compares with the first.
fn table(title: &str, contenders: &[(&str, Work<'_>)], bytes: usize, rounds: usize) {
    let mut seconds = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for (n, (_, work)) in contenders.iter().enumerate() {
            let start = Instant::now();
            black_box(work());
            // the first round warms up
            if round > 0 {
                seconds[n].push(start.elapsed().as_secs_f64());
            }
        }
    }
    println!("\n  {title:<44} {:>8}   to {}", "MB/s", contenders[0].0);
    for ((name, _), times) in contenders.iter().zip(&seconds) {
        let speeds = times.iter().map(|time| bytes as f64 / time / 1e6).collect();
        let ratios = seconds[0].iter().zip(times).map(|(first, time)| first / time).collect();
        println!("  {name:<44} {:>8.1}   {:.2} x", median(speeds), median(ratios));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn read(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push(File { text: fs::read_to_string(entry.path())?, name });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn bytes(files: &[File]) -> usize {
    files.iter().map(|file| file.text.len()).sum()
}

fn mb(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

fn size(files: &[File]) -> String {
    match files.len() {
        1 => format!("{} MB", mb(bytes(files))),
        count => format!("{} MB in {count} files", mb(bytes(files))),
    }
}

struct Counter(usize);

impl Sink for Counter {
    fn token(&mut self, token: Token<'_>) -> Flow {
        black_box(token.text);
        self.0 += 1;
        Flow::Continue
    }
}

fn lex(text: &str) -> usize {
    let mut counter = Counter(0);
    let mut lexer = Lexer::new(Dialect::Psql, Settings::default().limits.statement_bytes, 1);
    for window in text.as_bytes().chunks(WINDOW_BYTES) {
        let mut rest = window;
        while !rest.is_empty() {
            rest = &rest[lexer.feed(rest, &mut counter)..];
        }
    }
    while lexer.finish(&mut counter) != Flow::Continue {}
    counter.0
}

struct Scanned {
    segments: Vec<(String, Vec<u8>)>,
    manifest: Vec<ManifestEntry>,
}

fn scan(sources: &[(&Vec<File>, SourceRole)]) -> Scanned {
    let mut scanned = Scanned { segments: Vec::new(), manifest: Vec::new() };
    let mut analyzer = Analyzer::new([7; 16], Settings::default()).expect("default limits");
    for (files, role) in sources {
        for file in *files {
            analyzer.begin(file.name.as_bytes(), *role).expect("no source is open");
            for window in file.text.as_bytes().chunks(WINDOW_BYTES) {
                let mut rest = window;
                loop {
                    let progress = analyzer.push(rest).expect("the corpus is text");
                    rest = &rest[progress.consumed..];
                    if progress.step != Step::SegmentReady {
                        break;
                    }
                    keep(&mut analyzer, &mut scanned);
                }
            }
            while analyzer.end().expect("a source is open") == Step::SegmentReady {
                keep(&mut analyzer, &mut scanned);
            }
            scanned.manifest.extend(analyzer.entry().cloned());
        }
    }
    while analyzer.finish().expect("no source is open") == Step::SegmentReady {
        keep(&mut analyzer, &mut scanned);
    }
    scanned
}

fn keep(analyzer: &mut Analyzer, scanned: &mut Scanned) {
    let Some(pending) = analyzer.pending() else { return };
    let seq = pending.seq;
    scanned.segments.push((pending.id.clone(), pending.bytes()));
    analyzer.ack(seq).expect("it was offered");
}

/// Length of the database of what was scanned.
fn build(scanned: Scanned) -> usize {
    let mut build = Build::new(scanned.manifest).expect("paths differ");
    for (id, bytes) in &scanned.segments {
        build.add_segment(id, bytes.len() as u64).expect("the merge has not started");
    }
    let mut length = 0;
    loop {
        match build.next_step().expect("whole segments") {
            BuildStep::Read(request) => {
                let from = usize::try_from(request.offset).expect("segments are in memory");
                let bytes = &scanned.segments[request.segment].1[from..from + request.length as usize];
                build.supply(bytes).expect("whole segments");
            }
            // nothing is kept where all is held
            BuildStep::Keep(_) | BuildStep::ReadRun(_) => {}
            BuildStep::Write(bytes) => length += bytes.len(),
            BuildStep::Done => return length,
        }
    }
}
