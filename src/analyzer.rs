//! The machine that hosts drive: sources in as chunks, segments out. No clock, no file, no callback in it.
//!
//! ```text
//! begin → push* → end | abandon → begin → … → finish
//! ```
//! On [`Step::Include`] the host calls [`Analyzer::include`], pushes that file, and ends it; or it calls
//! [`Analyzer::refuse_include`]. Then it goes on with the source.
//! Every call that can fill the arena returns a [`Step`]. On [`Step::SegmentReady`] the host takes [`Analyzer::pending`],
//! keeps it, calls [`Analyzer::ack`], and goes on with what was not consumed; until then the same bytes are offered.

use crate::error::{Code as ErrorCode, Error};
use crate::limits::{DETAIL_BYTES, DIAGNOSTICS_PER_CODE, PATH_BYTES};
use crate::merge::ManifestEntry;
use crate::pgtap::catalogue;
use crate::record::seal::{Include, Seal};
use crate::record::{Arena, Record, spell};
use crate::scan::calls::Counts;
use crate::scan::fact::{Code, Fact, Facts, Full};
use crate::scan::{Pause, Scanner, Settings, SourceRole};
use crate::segment::{self, Identity};
use xxhash_rust::xxh3::Xxh3;

/// What the host has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Push the next chunk, or end the source.
    NeedInput,
    /// Keep the pending segment, acknowledge it, and repeat the call with what was not consumed.
    SegmentReady,
    /// The source includes a file, see [`Analyzer::wanted`].
    Include,
    /// The source is sealed, or the run is finished.
    Done,
}

/// A file that the source at hand includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its path as it is written.
    pub path: Vec<u8>,
    /// It is relative to the file that includes it, rather than to psql's working directory.
    pub relative: bool,
    /// The file that includes it.
    pub from: Vec<u8>,
}

/// What a push did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that need not be pushed again.
    pub consumed: usize,
    /// What comes next.
    pub step: Step,
}

/// A segment that waits to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSegment<'a> {
    /// Run and number: the name to keep it under.
    pub id: String,
    /// Its number in the run.
    pub seq: u64,
    /// Records in it.
    pub records: usize,
    /// Its bytes, piece by piece.
    pub pieces: &'a [Vec<u8>],
}

impl PendingSegment<'_> {
    /// Its bytes in one.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

/// Figures of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Bytes read.
    pub bytes: u64,
    /// Records made.
    pub records: u64,
    /// Segments acknowledged.
    pub segments: u64,
    /// Sources sealed.
    pub sources: u32,
}

/// Reads sources one after the other into segments, in memory bounded by [`crate::limits::Limits::memory_bytes`].
pub struct Analyzer {
    settings: Settings,
    fingerprint: u32,
    arena: Arena,
    identity: Identity,
    pending: Option<Vec<Vec<u8>>>,
    attempt: Option<Attempt>,
    sources: u32,
    sealed: Option<ManifestEntry>,
    stats: RunStats,
    finished: bool,
}

impl Analyzer {
    /// An analyzer for one run; `run` should be random.
    ///
    /// # Errors
    /// `CONFIG` for limits out of range.
    pub fn new(run: [u8; 16], settings: Settings) -> Result<Self, Error> {
        let limits = settings.limits.check()?;
        Ok(Analyzer {
            fingerprint: fingerprint(&settings),
            settings,
            arena: Arena::new(limits.arena_bytes),
            identity: Identity { run, seq: 0 },
            pending: None,
            attempt: None,
            sources: 0,
            sealed: None,
            stats: RunStats::default(),
            finished: false,
        })
    }

    /// Starts a source.
    ///
    /// # Errors
    /// `STATE` while another one is open or after `finish`, `INPUT` for an empty path or one over 4 KiB.
    pub fn begin(&mut self, path: &[u8], role: SourceRole) -> Result<(), Error> {
        if self.finished {
            return Err(Error::new(ErrorCode::State, "the run is finished; start another analyzer"));
        }
        if let Some(open) = &self.attempt {
            let message = format!("{} is still open: end or abandon it first", spell(&open.path));
            return Err(Error::new(ErrorCode::State, message));
        }
        check_path(path)?;
        self.attempt = Some(Attempt {
            source: self.sources,
            path: path.to_vec(),
            role,
            includes: Vec::new(),
            included_bytes: 0,
            scanner: Scanner::new(role, &self.settings),
            hash: Box::new(Xxh3::new()),
            bytes: 0,
            records: 0,
            diagnostics: [0; Code::ALL.len()],
            suppressed: 0,
            failed: false,
            ending: false,
        });
        self.sources += 1;
        Ok(())
    }

    /// Reads a chunk of the open source. Costs time linear in it.
    ///
    /// # Errors
    /// `STATE` without an open source, or when it is being ended; `INPUT` with line and offset for a NUL byte, which no SQL text holds: the source
    /// can then only be abandoned.
    pub fn push(&mut self, input: &[u8]) -> Result<Progress, Error> {
        let Analyzer { attempt, arena, pending, stats, .. } = self;
        let attempt = readable(attempt)?;
        if pending.is_some() {
            return Ok(Progress { consumed: 0, step: Step::SegmentReady });
        }
        if attempt.is_ending() && !input.is_empty() {
            return Err(Error::new(ErrorCode::State, "the source is being ended: call end again"));
        }
        if let Err(error) = attempt.scanner.check(input, attempt.offset()) {
            attempt.failed = true;
            return Err(error.in_file(spell(attempt.file())));
        }
        let (scanner, mut out) = attempt.split(arena);
        let (consumed, read) = scanner.push(input, &mut out);
        attempt.hash.update(&input[..consumed]);
        attempt.bytes += consumed as u64;
        if let Some(include) = attempt.includes.last_mut() {
            include.bytes += consumed as u64;
        }
        stats.bytes += consumed as u64;
        Ok(match read {
            Ok(()) => Progress { consumed, step: Step::NeedInput },
            Err(pause) => Progress { consumed, step: self.paused(pause) },
        })
    }

    /// The file that a [`Step::Include`] asks for.
    pub fn wanted(&self) -> Option<Wanted> {
        let attempt = self.attempt.as_ref()?;
        let include = attempt.scanner.wanted()?;
        Some(Wanted { path: include.path.clone(), relative: include.relative, from: attempt.file().to_vec() })
    }

    /// What is pushed now is the file that is wanted, read in the session of its includer; `path` names it in reports.
    /// [`Analyzer::end`] ends it with [`Step::NeedInput`].
    ///
    /// # Errors
    /// `STATE` where no file is wanted, `INPUT` for an empty path or one over 4 KiB.
    pub fn include(&mut self, path: &[u8]) -> Result<(), Error> {
        let attempt = readable(&mut self.attempt)?;
        let Some(wanted) = attempt.scanner.wanted() else {
            return Err(Error::new(ErrorCode::State, "no file is to be included"));
        };
        check_path(path)?;
        // NUL stands in no text: where a file begins and ends in the other cannot be mistaken
        for part in [b"\0", path, b"\0"] {
            attempt.hash.update(part);
        }
        let include = OpenInclude {
            seal: Include {
                source: self.sources,
                path: path.to_vec(),
                root: attempt.source,
                line: wanted.line,
                ..Include::default()
            },
            bytes: 0,
            before: attempt.scanner.counts(),
            ending: false,
        };
        attempt.includes.push(include);
        attempt.scanner.enter();
        self.sources += 1;
        Ok(())
    }

    /// The file that is wanted is not to be had: a diagnostic says so, and the source goes on.
    ///
    /// # Errors
    /// `STATE` where no file is wanted.
    pub fn refuse_include(&mut self) -> Result<Step, Error> {
        let Analyzer { attempt, arena, pending, .. } = self;
        let attempt = readable(attempt)?;
        if pending.is_some() {
            return Ok(Step::SegmentReady);
        }
        if attempt.scanner.wanted().is_none() {
            return Err(Error::new(ErrorCode::State, "no file is to be included"));
        }
        let (scanner, mut out) = attempt.split(arena);
        Ok(match scanner.refuse(&mut out) {
            Ok(()) => Step::NeedInput,
            Err(Full) => self.paused(Pause::Full),
        })
    }

    fn paused(&mut self, pause: Pause) -> Step {
        match pause {
            Pause::Include => Step::Include,
            Pause::Full => {
                self.flush();
                Step::SegmentReady
            }
        }
    }

    /// Ends the included file, or the open source. [`Step::NeedInput`]: the file that includes it goes on.
    /// [`Step::Done`]: the source is sealed, see [`Analyzer::entry`].
    ///
    /// # Errors
    /// `STATE` without an open source, or where it can only be abandoned.
    pub fn end(&mut self) -> Result<Step, Error> {
        let Analyzer { attempt, arena, pending, .. } = self;
        let attempt = readable(attempt)?;
        if pending.is_some() {
            return Ok(Step::SegmentReady);
        }
        match attempt.includes.last_mut() {
            Some(include) => include.ending = true,
            None => attempt.ending = true,
        }
        let (scanner, mut out) = attempt.split(arena);
        if let Err(pause) = scanner.end(&mut out) {
            return Ok(self.paused(pause));
        }
        let Some(include) = attempt.includes.last_mut() else { return Ok(self.seal(b"")) };
        let counts = attempt.scanner.counts();
        include.seal.bytes = include.bytes;
        include.seal.assertions = counts.assertions - include.before.assertions;
        include.seal.unresolved = counts.unresolved - include.before.unresolved;
        if !arena.push(&include.seal.record(&include.seal.numbers(), attempt.records)) {
            return Ok(self.paused(Pause::Full));
        }
        attempt.records += 1;
        attempt.included_bytes += include.bytes;
        attempt.includes.pop();
        attempt.hash.update(b"\0");
        attempt.scanner.leave();
        Ok(Step::NeedInput)
    }

    /// Gives the open source up: it does not count, and the run is incomplete.
    ///
    /// # Errors
    /// `STATE` without an open source.
    pub fn abandon(&mut self, reason: &str) -> Result<Step, Error> {
        if self.attempt.is_none() {
            return Err(no_source());
        }
        if self.pending.is_some() {
            return Ok(Step::SegmentReady);
        }
        let mut end = reason.len().min(DETAIL_BYTES);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Ok(self.seal(if end == 0 { b"abandoned" } else { &reason.as_bytes()[..end] }))
    }

    /// Flushes what the arena still holds.
    ///
    /// # Errors
    /// `STATE` while a source is open.
    pub fn finish(&mut self) -> Result<Step, Error> {
        if let Some(open) = &self.attempt {
            let message = format!("{} is still open: end or abandon it first", spell(&open.path));
            return Err(Error::new(ErrorCode::State, message));
        }
        self.finished = true;
        if self.pending.is_none() && !self.arena.is_empty() {
            self.flush();
        }
        Ok(if self.pending.is_some() { Step::SegmentReady } else { Step::Done })
    }

    /// The segment that waits, the same bytes until it is acknowledged.
    pub fn pending(&self) -> Option<PendingSegment<'_>> {
        let pieces = self.pending.as_deref()?;
        Some(PendingSegment { id: self.identity.id(), seq: self.identity.seq, records: self.arena.len(), pieces })
    }

    /// The host has kept segment `seq`; only now is the arena reused. Repeating it does nothing.
    ///
    /// # Errors
    /// `STATE` for a number that was not offered yet.
    pub fn ack(&mut self, seq: u64) -> Result<(), Error> {
        if seq < self.identity.seq {
            return Ok(());
        }
        if seq > self.identity.seq || self.pending.is_none() {
            return Err(Error::new(ErrorCode::State, format!("segment {seq} was not offered yet")));
        }
        self.pending = None;
        self.stats.records += self.arena.len() as u64;
        self.arena.clear();
        self.identity.seq += 1;
        self.stats.segments += 1;
        Ok(())
    }

    /// The source that was sealed last.
    pub fn entry(&self) -> Option<&ManifestEntry> {
        self.sealed.as_ref()
    }

    /// Figures so far.
    pub fn stats(&self) -> RunStats {
        RunStats { records: self.stats.records + self.arena.len() as u64, ..self.stats }
    }

    /// Size of the arena, and bytes of it in use.
    pub fn arena(&self) -> (usize, usize) {
        (self.arena.bytes(), self.arena.used_bytes())
    }

    fn flush(&mut self) {
        self.pending = Some(segment::write(&mut self.arena, self.identity));
    }

    fn seal(&mut self, abandoned: &[u8]) -> Step {
        let Some(attempt) = &self.attempt else { return Step::Done };
        let (mut bytes, mut hash) = (attempt.bytes, attempt.hash.digest128());
        let mut counts = attempt.scanner.counts();
        let mut included_bytes = attempt.included_bytes;
        if !abandoned.is_empty() {
            // how far it was read depends on the host's chunks, and counts for nothing
            (bytes, hash, counts) = (0, Xxh3::new().digest128(), Counts::default());
            included_bytes = 0;
        }
        let seal = Seal {
            source: attempt.source,
            path: attempt.path.clone(),
            role: attempt.role as u8,
            abandoned: abandoned.to_vec(),
            bytes,
            included_bytes,
            hash: format!("{hash:032x}"),
            fingerprint: self.fingerprint,
            records: attempt.records,
            plan: counts.plan,
            assertions: counts.assertions,
            unresolved: counts.unresolved,
            suppressed: attempt.suppressed,
        };
        if !self.arena.push(&seal.record(&seal.numbers())) {
            self.flush();
            return Step::SegmentReady;
        }
        self.sealed = Some(ManifestEntry {
            path: spell(&seal.path),
            role: attempt.role,
            bytes: seal.bytes,
            hash: seal.hash,
            complete: abandoned.is_empty(),
        });
        self.stats.sources += 1;
        self.attempt = None;
        Step::Done
    }
}

struct Attempt {
    source: u32,
    path: Vec<u8>,
    role: SourceRole,
    /// Files that include one another, the innermost last.
    includes: Vec<OpenInclude>,
    /// Bytes of included files.
    included_bytes: u64,
    scanner: Scanner,
    hash: Box<Xxh3>,
    bytes: u64,
    records: u32,
    diagnostics: [u32; Code::ALL.len()],
    suppressed: u32,
    failed: bool,
    ending: bool,
}

struct OpenInclude {
    seal: Include,
    bytes: u64,
    before: Counts,
    ending: bool,
}

impl Attempt {
    /// The file that is being read.
    fn file(&self) -> &[u8] {
        self.includes.last().map_or(&self.path, |include| &include.seal.path)
    }

    /// Bytes read of that file.
    fn offset(&self) -> u64 {
        let here = self.includes.iter().map(|include| include.bytes).sum::<u64>();
        self.includes.last().map_or(self.bytes - self.included_bytes - here, |include| include.bytes)
    }

    fn is_ending(&self) -> bool {
        self.includes.last().map_or(self.ending, |include| include.ending)
    }

    fn split<'a>(&'a mut self, arena: &'a mut Arena) -> (&'a mut Scanner, Out<'a>) {
        let out = Out {
            arena,
            source: self.includes.last().map_or(self.source, |include| include.seal.source),
            records: &mut self.records,
            diagnostics: &mut self.diagnostics,
            suppressed: &mut self.suppressed,
        };
        (&mut self.scanner, out)
    }
}

/// Facts of one source on their way into the arena.
struct Out<'a> {
    arena: &'a mut Arena,
    source: u32,
    records: &'a mut u32,
    diagnostics: &'a mut [u32; Code::ALL.len()],
    suppressed: &'a mut u32,
}

impl Facts for Out<'_> {
    fn fact(&mut self, fact: Fact<'_>) -> Result<(), Full> {
        if let Fact::Diagnostic { code, .. } = fact
            && self.diagnostics[code as usize] == DIAGNOSTICS_PER_CODE
        {
            *self.suppressed += 1;
            return Ok(());
        }
        if !self.arena.push(&Record::of(&fact, self.source, *self.records)) {
            return Err(Full);
        }
        if let Fact::Diagnostic { code, .. } = fact {
            self.diagnostics[code as usize] += 1;
        }
        *self.records += 1;
        Ok(())
    }
}

fn readable(attempt: &mut Option<Attempt>) -> Result<&mut Attempt, Error> {
    match attempt {
        None => Err(no_source()),
        Some(attempt) if attempt.failed => {
            let message = "the source cannot be read on: abandon it";
            Err(Error::new(ErrorCode::State, message).in_file(spell(&attempt.path)))
        }
        Some(attempt) => Ok(attempt),
    }
}

fn check_path(path: &[u8]) -> Result<(), Error> {
    if (1..=PATH_BYTES).contains(&path.len()) {
        return Ok(());
    }
    let message = format!("a path has 1 to {PATH_BYTES} bytes, this one has {}", path.len());
    Err(Error::new(ErrorCode::Input, message))
}

fn no_source() -> Error {
    Error::new(ErrorCode::State, "no source is open: call begin first")
}

/// Equal fingerprints and equal contents give equal records.
fn fingerprint(settings: &Settings) -> u32 {
    let mut sum = Xxh3::new();
    sum.update(env!("CARGO_PKG_VERSION").as_bytes());
    sum.update(&catalogue::fingerprint().to_le_bytes());
    sum.update(&(settings.limits.statement_bytes as u64).to_le_bytes());
    for list in [&settings.search_path, &settings.pgtap_schemas] {
        sum.update(&(list.len() as u64).to_le_bytes());
        for name in list {
            sum.update(name.as_bytes());
            sum.update(&[0]);
        }
    }
    sum.update(&settings.rules.fingerprint);
    let [a, b, c, d, ..] = sum.digest().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
