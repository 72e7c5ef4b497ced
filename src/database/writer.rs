//! Lays out the blocks of a database and hands them on in chunks: evidence first, which tells what the objects are.

use super::{IDENTITY, Summary, kind};
use crate::coverage::pile::{Evidence, Next, RunRange, Sorted};
use crate::coverage::{Folded, spell_via};
use crate::error::Error;
use crate::limits::{BLOCK_BYTES, to_u32};
use crate::merge::Source;
use crate::record::spell;
use crate::scan::fact::Code;
use crate::segment::FileKind;
use crate::segment::block::FileWriter;
use crate::segment::codec::{put_bytes, put_prefixed, put_u64};

/// Bytes that are gathered before they are handed on.
const CHUNK_BYTES: usize = 256 * 1024;

/// Writes a database piece by piece, so that neither side holds the whole file.
#[derive(Debug)]
pub struct DatabaseWriter {
    folded: Folded,
    evidence: Sorted,
    /// The block of evidence that is being filled, and its rows.
    payload: Vec<u8>,
    rows: u32,
    sources: Vec<Source>,
    summary: Option<Summary>,
    file: Option<FileWriter>,
    section: Section,
    at: usize,
}

/// What a writer wants or has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteStep {
    /// Supply these bytes of the scratch store.
    Read(RunRange),
    /// The next bytes of the file.
    Chunk(Vec<u8>),
    /// The file is complete.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Evidence,
    Objects,
    Files,
    Diagnostics,
    Stale,
    Matrix,
    Summary,
}

impl DatabaseWriter {
    /// A writer of what was folded, and of its evidence.
    pub fn new((folded, evidence): (Folded, Sorted), sources: Vec<Source>) -> Self {
        DatabaseWriter {
            folded,
            evidence,
            payload: Vec::new(),
            rows: 0,
            sources,
            summary: None,
            file: Some(FileWriter::new(FileKind::Database, IDENTITY)),
            section: Section::Evidence,
            at: 0,
        }
    }

    /// The figures, once all evidence was read.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// What comes next.
    pub fn next_step(&mut self) -> WriteStep {
        loop {
            let Some(mut file) = self.file.take() else { return WriteStep::Done };
            if self.section == Section::Evidence {
                let needed = self.put_evidence(&mut file);
                if let Some(range) = needed {
                    self.file = Some(file);
                    return WriteStep::Read(range);
                }
            } else if !self.next_block(&mut file) {
                return WriteStep::Chunk(file.finish());
            }
            let chunk = (file.buffered() >= CHUNK_BYTES).then(|| file.drain());
            self.file = Some(file);
            if let Some(chunk) = chunk {
                return WriteStep::Chunk(chunk);
            }
        }
    }

    /// Takes the bytes of the last [`WriteStep::Read`].
    ///
    /// # Errors
    /// `CORRUPT`, `STATE`: see [`Sorted::supply`].
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.evidence.supply(bytes)
    }

    /// Appends a block of evidence, unless bytes are needed first. Behind the last one all else is known.
    fn put_evidence(&mut self, file: &mut FileWriter) -> Option<RunRange> {
        loop {
            match self.evidence.next_piece() {
                Next::Read(range) => return Some(range),
                Next::Piece(evidence) => {
                    self.folded.add(&evidence);
                    let before = self.payload.len();
                    put_piece(&mut self.payload, &evidence);
                    if self.payload.len() > BLOCK_BYTES {
                        let row = self.payload.split_off(before);
                        self.flush(file);
                        self.payload.extend_from_slice(&row);
                        self.rows = 1;
                        return None;
                    }
                    self.rows += 1;
                }
                Next::End => {
                    self.flush(file);
                    self.folded.conclude();
                    self.summary = Some(summarize(&self.folded, &self.sources));
                    self.section = Section::Objects;
                    return None;
                }
            }
        }
    }

    fn flush(&mut self, file: &mut FileWriter) {
        if self.rows > 0 {
            file.block(kind::EVIDENCE, self.rows, &self.payload, b"");
        }
        self.payload.clear();
        self.rows = 0;
    }

    /// Appends one block; false behind the last one.
    fn next_block(&mut self, file: &mut FileWriter) -> bool {
        let mut payload = Vec::new();
        let mut first = Vec::new();
        let mut keys = [Vec::new(), Vec::new()];
        let mut row = Vec::new();
        let (start, rows) = (self.at, self.rows());
        while self.at < rows {
            row.clear();
            self.put_row(self.at, &mut keys, &mut row);
            if !payload.is_empty() && payload.len() + row.len() > BLOCK_BYTES {
                break;
            }
            if self.at == start {
                first.clone_from(&keys[0]);
            }
            payload.extend_from_slice(&row);
            self.at += 1;
        }
        let (kind, next) = match self.section {
            Section::Evidence => return true,
            Section::Objects => (kind::OBJECTS, Section::Files),
            Section::Files => (kind::FILES, Section::Diagnostics),
            Section::Diagnostics => (kind::DIAGNOSTICS, Section::Stale),
            Section::Stale => (kind::STALE, Section::Matrix),
            Section::Matrix => (kind::MATRIX, Section::Summary),
            Section::Summary => (kind::SUMMARY, Section::Summary),
        };
        let count = self.at - start;
        if kind == kind::SUMMARY && count > 0 {
            file.last_block(kind, to_u32(count), payload);
        } else if count > 0 {
            file.block(kind, to_u32(count), &payload, &first);
        }
        if self.at == rows {
            if self.section == Section::Summary && count == 0 {
                return false;
            }
            if self.section != Section::Summary {
                self.section = next;
                self.at = 0;
            }
        }
        true
    }

    fn rows(&self) -> usize {
        match self.section {
            Section::Evidence => 0,
            Section::Objects => self.folded.objects.len(),
            Section::Files => self.sources.len(),
            Section::Diagnostics => self.folded.diagnostics.len(),
            Section::Stale => self.folded.stale.len(),
            Section::Matrix => self.folded.matrix.len(),
            Section::Summary => 1,
        }
    }

    /// Encodes a row; the first of `keys` is that of the row before it in the block, and becomes this one's.
    fn put_row(&self, at: usize, keys: &mut [Vec<u8>; 2], out: &mut Vec<u8>) {
        let number = |out: &mut Vec<u8>, value: u32| put_u64(out, u64::from(value));
        match self.section {
            Section::Objects => {
                let covered = &self.folded.objects[at];
                let object = self.folded.inventory.object(covered.id);
                let [before, key] = keys;
                key.clear();
                put_key(key, object.kind as u8, [&object.schema, &object.name, &object.sub, &object.args]);
                put_prefixed(out, before, key);
                std::mem::swap(before, key);
                let tally = &covered.tally;
                out.push(covered.state as u8);
                out.push(covered.risk.map_or(0, |risk| risk as u8 + 1));
                for value in [object.file, object.line, tally.structure, tally.behavior, tally.act, tally.fixture] {
                    number(out, value);
                }
                let aspects = tally.aspects.to_le_bytes();
                let (low, high) = aspects.split_at(8);
                for half in [low, high] {
                    put_u64(out, u64::from_le_bytes(half.try_into().unwrap_or_default()));
                }
                number(out, covered.evidence_start);
                number(out, covered.evidence_count);
                let reason = self.folded.reason(covered);
                out.push(reason.near as u8);
                let (file, line) = reason.place.unwrap_or_default();
                number(out, file);
                number(out, line);
                number(out, to_u32(reason.path.len()));
                for id in &reason.path {
                    let object = self.folded.inventory.object(*id);
                    out.push(object.kind as u8);
                    let parts = [&*object.schema, &object.name, &object.sub];
                    let names = parts.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
                    put_bytes(out, &names.join(&b'.'));
                }
            }
            Section::Evidence => {}
            Section::Files => {
                let source = &self.sources[at];
                let entry = &source.entry;
                put_bytes(out, entry.path.as_bytes());
                out.push(entry.role as u8);
                out.push(u8::from(entry.complete));
                // of a source: its own, without what it includes
                let seal = source.seal.clone().unwrap_or_default();
                put_u64(out, entry.bytes.saturating_sub(seal.included_bytes));
                put_bytes(out, entry.hash.as_bytes());
                let include = source.include.as_ref();
                let counts = include.map_or((seal.assertions, seal.unresolved), |i| (i.assertions, i.unresolved));
                number(out, seal.plan.map_or(0, |p| p.saturating_add(1)));
                number(out, counts.0);
                number(out, counts.1);
            }
            Section::Diagnostics => {
                let diagnostic = &self.folded.diagnostics[at];
                number(out, diagnostic.file);
                number(out, diagnostic.line);
                out.push(diagnostic.code as u8);
                put_bytes(out, diagnostic.message.as_bytes());
            }
            Section::Stale => {
                let stale = &self.folded.stale[at];
                number(out, stale.file);
                number(out, stale.line);
                let key = object_key(stale.kind as u8, [&stale.schema, &stale.name, &stale.sub, &stale.args]);
                put_bytes(out, &key);
                put_bytes(out, spell_via(stale.via).as_bytes());
            }
            Section::Matrix => {
                let cell = &self.folded.matrix[at];
                let object = self.folded.inventory.object(cell.object);
                put_bytes(
                    out,
                    &object_key(object.kind as u8, [&object.schema, &object.name, &object.sub, &object.args]),
                );
                put_bytes(out, &cell.role);
                put_bytes(out, &cell.persona);
                out.extend_from_slice(&[cell.command.0, cell.verdict as u8, cell.causes]);
                number(out, cell.count);
                number(out, to_u32(cell.places.len()));
                for (file, line) in &cell.places {
                    number(out, *file);
                    number(out, *line);
                }
            }
            Section::Summary => {
                if let Some(summary) = &self.summary {
                    summary.put(out);
                }
            }
        }
    }
}

fn put_piece(out: &mut Vec<u8>, evidence: &Evidence) {
    for value in [evidence.file, evidence.line, u32::from(evidence.via)] {
        put_u64(out, u64::from(value));
    }
    out.extend_from_slice(&[evidence.aspect.0, evidence.strength as u8 | evidence.flags.0 << 3]);
}

/// An object key as bytes that sort like (kind, schema, name, sub, args): no name holds a NUL.
pub(crate) fn object_key(kind: u8, parts: [&[u8]; 4]) -> Vec<u8> {
    let mut key = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    put_key(&mut key, kind, parts);
    key
}

fn put_key(out: &mut Vec<u8>, kind: u8, parts: [&[u8]; 4]) {
    for (before, part) in [kind, 0, 0, 0].into_iter().zip(parts) {
        out.push(before);
        out.extend_from_slice(part);
    }
}

fn summarize(folded: &Folded, sources: &[Source]) -> Summary {
    let mut diagnostics = [0; 3];
    for diagnostic in &folded.diagnostics {
        let level = match diagnostic.code.severity() {
            "error" => 0,
            "warning" => 1,
            _ => 2,
        };
        diagnostics[level] += 1;
    }
    let sealed = |of: fn(&crate::record::Seal) -> u32| {
        sources.iter().filter_map(|s| s.seal.as_ref()).map(|seal| u64::from(of(seal))).sum()
    };
    Summary {
        complete: sources.iter().all(|s| s.entry.complete),
        problems: problems(folded, sources),
        totals: folded.totals,
        kinds: folded.kinds.clone(),
        files: to_u32(sources.len()),
        evidence: folded.evidence,
        stale: to_u32(folded.stale.len()),
        matrix: to_u32(folded.matrix.len()),
        diagnostics,
        bytes: sources.iter().filter(|s| s.include.is_none()).fold(0, |sum, s| sum.saturating_add(s.entry.bytes)),
        assertions: sealed(|s| s.assertions),
        unresolved: sealed(|s| s.unresolved),
    }
}

fn problems(folded: &Folded, sources: &[Source]) -> Vec<String> {
    let mut problems: Vec<String> = sources
        .iter()
        .filter(|s| !s.entry.complete)
        .map(|s| {
            let reason = s.seal.as_ref().map_or_else(|| "it was not read".to_owned(), |seal| spell(&seal.abandoned));
            format!("{}: {reason}", s.entry.path)
        })
        .collect();
    let dynamic =
        folded.diagnostics.iter().filter(|d| matches!(d.code, Code::DynamicDefinition | Code::NotRead)).count();
    if dynamic > 0 {
        problems.push(format!("definitions that the text does not tell: {dynamic}; objects may be missing"));
    }
    let includes = folded.diagnostics.iter().filter(|d| d.code == Code::Include).count();
    if includes > 0 {
        problems.push(format!("included files not read: {includes}; what they hold is missing"));
    }
    let suppressed: u64 = sources.iter().filter_map(|s| s.seal.as_ref()).map(|seal| u64::from(seal.suppressed)).sum();
    if suppressed > 0 {
        problems.push(format!("further diagnostics of the same kinds, which are not listed: {suppressed}"));
    }
    problems
}
