//! Segments and a manifest to the rows that count, sans-IO.
//!
//! Order of reading: headers, footers and indexes of all segments; seals, which tell for each source of the manifest
//! which attempt counts; included files, which are numbered behind the manifest's; definitions, which are read a second time in manifest order, and handed on; evidence; diagnostics. At the end the rows
//! of each attempt are counted against its seal, so that a lost or doubled segment is an error and never a smaller
//! number. In memory: the manifest, a number per attempt, where the definitions of each source lie, and one block.

pub mod manifest;

pub use manifest::ManifestEntry;

use crate::error::{Code, Error};
use crate::limits::to_u32;
use crate::order;
use crate::record::seal::{Include, Seal};
use crate::record::{OwnedRecord, Tag, spell, unspell};
use crate::scan::SourceRole;
use crate::segment::SegmentReader;
use std::collections::HashMap;

/// A source of the manifest, with what its seal says, or a file that sources include.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As the manifest lists it.
    pub entry: ManifestEntry,
    /// None for a source that was abandoned without a trace, and for an included file.
    pub seal: Option<Seal>,
    /// What was first read of an included file.
    pub include: Option<Include>,
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The file that holds it: place in [`Merge::sources`].
    pub file: u32,
    /// The source in whose session it was read: place in the manifest.
    pub source: u32,
}

/// Bytes that are needed next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Number of the segment, in order of `add_segment`.
    pub segment: usize,
    /// Offset in it.
    pub offset: u64,
    /// Number of bytes.
    pub length: u32,
}

/// Takes the rows that count.
pub trait Joined {
    /// All sources are known, and come with their roles before all rows. `includes` tells for each included file its
    /// source and the file, by place.
    fn sources(&mut self, sources: &[Source], includes: &[Place]);
    /// At most so many pieces of evidence will come.
    fn expect(&mut self, evidence: usize);
    /// A definition event; in manifest order, then in order of the source.
    ///
    /// # Errors
    /// Whatever the row holds that cannot be.
    fn definition(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error>;
    /// A piece of evidence, after all definitions; in any order.
    ///
    /// # Errors
    /// As above.
    fn evidence(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error>;
    /// A diagnostic, after all definitions; in any order.
    ///
    /// # Errors
    /// As above.
    fn diagnostic(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error>;
}

/// A run, and an ordinal of a source in it.
type Attempt = ([u8; 16], u32);

/// Definitions of one source that follow one another in a block.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    /// Place of the source in the manifest.
    source: u32,
    /// Ordinals of the first and the last of them in the source.
    seqs: (u32, u32),
    /// Segment and block.
    block: (usize, usize),
    /// Rows of the block.
    rows: (usize, usize),
}

/// The machine.
#[derive(Debug)]
pub struct Merge {
    sources: Vec<Source>,
    segments: Vec<SegmentReader>,
    // one kind of map, as each brings its code
    ids: HashMap<Vec<u8>, u32>,
    /// A request is out.
    asked: bool,
    opened: usize,
    planned: bool,
    seals: Vec<([u8; 16], Seal)>,
    includes: Vec<([u8; 16], u32, Include)>,
    /// What an ordinal of a run that counts is a reading of; sorted.
    attempts: Vec<(Attempt, Place)>,
    /// Rows of each source of the manifest.
    seen: Vec<u32>,
    definitions: Vec<Stretch>,
    /// Definitions to hand on, the next ones last.
    replay: Vec<Stretch>,
    /// The block that they are taken from.
    rows: Vec<OwnedRecord>,
    rows_of: Option<(usize, usize)>,
    /// Blocks to read, the next one last.
    queue: Vec<(Tag, usize, usize)>,
    tag: Option<Tag>,
}

impl Merge {
    /// A merge of what `manifest` lists; a source that it lists twice counts once.
    ///
    /// # Errors
    /// `CONFIG` where a path is listed with two contents.
    pub fn new(manifest: Vec<ManifestEntry>) -> Result<Self, Error> {
        let mut listed: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut sources: Vec<Source> = Vec::new();
        for entry in manifest {
            let key = [&[entry.role as u8], entry.path.as_bytes()].concat();
            match listed.get(&key) {
                Some(before) if sources[*before as usize].entry == entry => continue,
                Some(_) => {
                    let message = "the manifest lists this source twice, with different contents";
                    return Err(Error::new(Code::Config, message).in_file(entry.path));
                }
                None => {}
            }
            listed.insert(key, to_u32(sources.len()));
            sources.push(Source { entry, seal: None, include: None });
        }
        Ok(Merge {
            seen: vec![0; sources.len()],
            sources,
            segments: Vec::new(),
            ids: HashMap::new(),
            asked: false,
            opened: 0,
            planned: false,
            seals: Vec::new(),
            includes: Vec::new(),
            attempts: Vec::new(),
            definitions: Vec::new(),
            replay: Vec::new(),
            rows: Vec::new(),
            rows_of: None,
            queue: Vec::new(),
            tag: None,
        })
    }

    /// Adds a segment that the host keeps as `id`; returns its number.
    ///
    /// # Errors
    /// `STATE` after the first `next`, `CORRUPT` where `id` was added already.
    pub fn add_segment(&mut self, id: &str, length: u64) -> Result<usize, Error> {
        if self.opened > 0 || self.planned {
            return Err(Error::new(Code::State, "segments are added before the merge starts"));
        }
        if self.ids.insert(id.as_bytes().to_vec(), 0).is_some() {
            return Err(Error::new(Code::Corrupt, "the segment is listed twice").in_file(id));
        }
        self.segments.push(SegmentReader::new(id.to_owned(), length));
        Ok(self.segments.len() - 1)
    }

    /// The bytes to supply next; none when the merge is complete.
    ///
    /// # Errors
    /// `CORRUPT`, `INCOMPLETE`: see `supply`.
    pub fn next_request(&mut self, joined: &mut impl Joined) -> Result<Option<Request>, Error> {
        while let Some(reader) = self.segments.get(self.opened) {
            match reader.opens_with()? {
                Some((offset, length)) => {
                    self.asked = true;
                    return Ok(Some(Request { segment: self.opened, offset, length }));
                }
                None => self.opened += 1,
            }
        }
        if !self.planned {
            self.plan_blocks();
        }
        let next = self.queue.last().map(|(tag, ..)| *tag);
        if next != self.tag {
            self.turn(self.tag, joined)?;
            self.tag = next;
        }
        let Some((segment, block)) = self.next_block(joined)? else {
            return Ok(None);
        };
        let range = self.segments[segment].block(block).map(|(_, range)| range);
        let (offset, length) = range.ok_or_else(|| Error::new(Code::Internal, "a block that is not there"))?;
        self.asked = true;
        Ok(Some(Request { segment, offset, length }))
    }

    /// Hands on the definitions of the block at hand; the block to read then.
    fn next_block(&mut self, joined: &mut impl Joined) -> Result<Option<(usize, usize)>, Error> {
        while let Some(stretch) = self.replay.last().copied() {
            if self.rows_of != Some(stretch.block) {
                return Ok(Some(stretch.block));
            }
            let reader = &self.segments[stretch.block.0];
            let run = reader.run().unwrap_or_default();
            for row in self.rows.get(stretch.rows.0..stretch.rows.1).unwrap_or_default() {
                if let Some(place) = place_of(&self.attempts, (run, row.source)) {
                    joined.definition(place, row).map_err(|e| e.in_file(reader.id()))?;
                }
            }
            self.replay.pop();
        }
        self.rows = Vec::new();
        Ok(self.queue.last().map(|(_, segment, block)| (*segment, *block)))
    }

    /// Takes the bytes of the last request.
    ///
    /// # Errors
    /// `STATE` where nothing was asked for; `CORRUPT` or `VERSION` that names the segment.
    pub fn supply(&mut self, bytes: &[u8], joined: &mut impl Joined) -> Result<(), Error> {
        if !std::mem::take(&mut self.asked) {
            return Err(Error::new(Code::State, "no bytes were asked for"));
        }
        if let Some(reader) = self.segments.get_mut(self.opened) {
            return reader.supply(bytes);
        }
        if let Some(Stretch { block: (segment, block), .. }) = self.replay.last().copied() {
            self.rows_of = Some((segment, block));
            let (rows, mut count) = (&mut self.rows, 0);
            self.segments[segment].rows(block, bytes, |row| {
                match rows.get_mut(count) {
                    Some(kept) => kept.copy(row),
                    None => rows.push(row.clone()),
                }
                count += 1;
                Ok(())
            })?;
            rows.truncate(count);
            return Ok(());
        }
        let Some((tag, segment, block)) = self.queue.pop() else {
            return Err(Error::new(Code::State, "no bytes were asked for"));
        };
        let Merge { segments, attempts, seen, seals, includes, definitions, .. } = self;
        let reader = &segments[segment];
        let run = reader.run().unwrap_or_default();
        // of the row before: its source, where that stands among the attempts, and its place
        let (mut source, mut stands, mut place) = (None, 0usize, None);
        let mut number = 0;
        reader.rows(block, bytes, |row| {
            let at = number;
            number += 1;
            if tag == Tag::Seal {
                seals.push((run, Seal::of(row)?));
                return Ok(());
            }
            if tag == Tag::Include {
                includes.push((run, row.seq, Include::of(row)?));
                return Ok(());
            }
            if source != Some(row.source) {
                // mostly all attempts of a run are chosen: as far from the one before as their numbers
                let guess = stands.wrapping_add(row.source as usize).wrapping_sub(source.unwrap_or(0) as usize);
                let found = index_of(attempts, (run, row.source), guess);
                (source, stands) = (Some(row.source), found.unwrap_or(stands));
                place = found.map(|at| attempts[at].1);
            }
            let Some(place) = place else { return Ok(()) };
            if let Some(seen) = seen.get_mut(place.source as usize) {
                *seen = seen.saturating_add(1);
            }
            match tag {
                Tag::Definition => {
                    // checked here, where the segment is known
                    row.object_kind()?;
                    row.op()?;
                    match definitions.last_mut() {
                        Some(last)
                            if last.source == place.source
                                && last.block == (segment, block)
                                && last.rows.1 == at
                                && last.seqs.1 < row.seq =>
                        {
                            (last.seqs.1, last.rows.1) = (row.seq, at + 1);
                        }
                        _ => definitions.push(Stretch {
                            source: place.source,
                            seqs: (row.seq, row.seq),
                            block: (segment, block),
                            rows: (at, at + 1),
                        }),
                    }
                }
                Tag::Evidence => joined.evidence(place, row)?,
                Tag::Diagnostic => joined.diagnostic(place, row)?,
                Tag::Seal | Tag::Include => {}
            }
            Ok(())
        })
    }

    /// The sources, in manifest order, with their seals once the merge is complete.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Ends the merge; its sources with their seals.
    pub fn into_sources(self) -> Vec<Source> {
        self.sources
    }

    fn plan_blocks(&mut self) {
        self.planned = true;
        for wanted in [Tag::Diagnostic, Tag::Evidence, Tag::Definition, Tag::Include, Tag::Seal] {
            for segment in (0..self.segments.len()).rev() {
                for block in (0..self.segments[segment].blocks()).rev() {
                    if self.segments[segment].block(block).is_some_and(|(tag, _)| tag == wanted) {
                        self.queue.push((wanted, segment, block));
                    }
                }
            }
        }
        // seals come first even where there is none
        self.tag = Some(Tag::Seal);
    }

    /// All blocks of `tag` were read.
    fn turn(&mut self, tag: Option<Tag>, joined: &mut impl Joined) -> Result<(), Error> {
        let next = self.queue.last().map(|(tag, ..)| *tag);
        if tag == Some(Tag::Seal) {
            self.choose_attempts()?;
        }
        if matches!(tag, Some(Tag::Seal | Tag::Include)) && next != Some(Tag::Include) {
            let places = self.place_includes()?;
            joined.sources(&self.sources, &places);
            joined.expect(self.segments.iter().map(|segment| segment.rows_of(Tag::Evidence)).sum());
        }
        if tag == Some(Tag::Definition) {
            let mut stretches = std::mem::take(&mut self.definitions);
            order::sort(&mut stretches, |a, b| (a.source, a.seqs).cmp(&(b.source, b.seqs)));
            if let Some([of, _]) =
                stretches.windows(2).find(|pair| matches!(pair, [a, b] if a.source == b.source && a.seqs.1 >= b.seqs.0))
            {
                let message = "two records have the same number in this source: a segment is foreign; scan it again";
                let path = self.sources[of.source as usize].entry.path.clone();
                return Err(Error::new(Code::Corrupt, message).in_file(path));
            }
            stretches.reverse();
            self.replay = stretches;
        }
        if self.queue.is_empty() {
            self.check_counts()?;
        }
        Ok(())
    }

    fn choose_attempts(&mut self) -> Result<(), Error> {
        order::sort(&mut self.seals, |(run_a, a), (run_b, b)| (run_a, a.source).cmp(&(run_b, b.source)));
        for pair in self.seals.windows(2) {
            let [(run, seal), (next_run, next)] = pair else { continue };
            if (run, seal.source) == (next_run, next.source) {
                let message = "two segments hold the seal of this source: one of them does not belong here";
                return Err(Error::new(Code::Corrupt, message).in_file(spell(&next.path)));
            }
        }
        let mut by_path: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut of_path: Vec<Vec<&([u8; 16], Seal)>> = Vec::new();
        for sealed in &self.seals {
            let at = *by_path.entry(sealed.1.path.clone()).or_insert(to_u32(of_path.len())) as usize;
            if at == of_path.len() {
                of_path.push(Vec::new());
            }
            of_path[at].push(sealed);
        }
        for (file, source) in self.sources.iter_mut().enumerate() {
            let entry = &source.entry;
            let path = unspell(&entry.path);
            let same = by_path.get(&path).and_then(|at| of_path.get(*at as usize));
            let mut equal = same.into_iter().flatten().filter(|(_, seal)| {
                seal.role == entry.role as u8
                    && seal.hash == entry.hash
                    && seal.bytes == entry.bytes
                    && seal.abandoned.is_empty() == entry.complete
            });
            let first = equal.next();
            if entry.complete
                && let Some((_, seal)) = first
                && equal.any(|(_, other)| other.fingerprint != seal.fingerprint)
            {
                let message = "it was scanned twice, with different options or versions: merge runs of one kind only";
                return Err(Error::new(Code::Config, message).in_file(entry.path.clone()));
            }
            match first {
                Some((run, seal)) => {
                    source.seal = Some(seal.clone());
                    if entry.complete {
                        let file = to_u32(file);
                        self.attempts.push(((*run, seal.source), Place { file, source: file }));
                    }
                }
                None if entry.complete => {
                    let message = "no segment holds the seal of this source: a segment is missing, or the source changed; scan it again";
                    return Err(Error::new(Code::Incomplete, message).in_file(entry.path.clone()));
                }
                None => {}
            }
        }
        order::sort(&mut self.attempts, |a, b| a.0.cmp(&b.0));
        Ok(())
    }

    /// Numbers the files that the sources include: as the manifest's where it lists the path, a schema source before a
    /// test, else behind them in order of reading.
    fn place_includes(&mut self) -> Result<Vec<Place>, Error> {
        let mut readings: Vec<(u32, u32, [u8; 16], Include)> = std::mem::take(&mut self.includes)
            .into_iter()
            .filter_map(|(run, seq, include)| {
                let root = place_of(&self.attempts, (run, include.root))?;
                Some((root.source, seq, run, include))
            })
            .collect();
        order::sort(&mut readings, |a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let mut files: HashMap<Vec<u8>, u32> = HashMap::new();
        for role in [SourceRole::Tests, SourceRole::Inventory, SourceRole::Schema] {
            for (file, source) in self.sources.iter().enumerate().filter(|(_, source)| source.entry.role == role) {
                files.insert(unspell(&source.entry.path), to_u32(file));
            }
        }
        let mut places = Vec::with_capacity(readings.len());
        for (source, _, run, include) in readings {
            let next = to_u32(self.sources.len());
            let file = *files.entry(include.path.clone()).or_insert(next);
            let place = Place { file, source };
            self.attempts.push(((run, include.source), place));
            places.push(place);
            if let Some(seen) = self.seen.get_mut(source as usize) {
                *seen = seen.saturating_add(1);
            }
            if file == next {
                let entry = ManifestEntry {
                    path: spell(&include.path),
                    role: self.sources[source as usize].entry.role,
                    bytes: include.bytes,
                    hash: String::new(),
                    complete: true,
                };
                self.sources.push(Source { entry, seal: None, include: Some(include) });
            }
        }
        order::sort(&mut self.attempts, |a, b| a.0.cmp(&b.0));
        let twice = self.attempts.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some([_, (_, place)]) = twice {
            let message = "two records end the reading of this file: one of them does not belong here";
            let path = self.sources[place.file as usize].entry.path.clone();
            return Err(Error::new(Code::Corrupt, message).in_file(path));
        }
        Ok(places)
    }

    fn check_counts(&self) -> Result<(), Error> {
        let chosen = self.sources.iter().zip(&self.seen).filter(|(source, _)| source.entry.complete);
        for (source, seen) in chosen {
            let sealed = source.seal.as_ref().map_or(0, |s| s.records);
            if *seen != sealed {
                let message = format!(
                    "its seal speaks of {sealed} records, the segments hold {seen}: a segment is missing or foreign; scan it again"
                );
                return Err(Error::new(Code::Incomplete, message).in_file(source.entry.path.clone()));
            }
        }
        Ok(())
    }
}

fn place_of(attempts: &[(Attempt, Place)], attempt: Attempt) -> Option<Place> {
    attempts.get(index_of(attempts, attempt, usize::MAX)?).map(|(_, place)| *place)
}

/// Where an attempt stands among these, which are in order; looked for at `guess` first.
fn index_of(attempts: &[(Attempt, Place)], attempt: Attempt, guess: usize) -> Option<usize> {
    match attempts.get(guess) {
        Some((known, _)) if *known == attempt => Some(guess),
        _ => attempts.binary_search_by(|(known, _)| known.cmp(&attempt)).ok(),
    }
}
