//! Answers queries on a database and asks for the bytes it needs, sans-IO.
//!
//! Opening reads the last 16 KiB; a query reads the blocks that it touches, and the parts of the index that list them, one
//! at a time.

pub use super::filter::Filter;
use super::filter::Matcher;
use super::index::Index;
pub use super::rows::{CellRow, DiagnosticRow, EvidenceRow, FileRow, ObjectKey, ObjectRow, Row, StaleRow, TallyRow};
use super::rows::{
    Context, StoredObject, cell_row, diagnostic_row, evidence_of, evidence_row, file_row, read_file, split_key,
    stale_row, unknown,
};
use super::tally::Tally;
use super::writer::object_key;
use super::{IDENTITY, Summary, kind};
use crate::error::{Code, Error};
use crate::limits::to_u32;
use crate::record::unspell;
use crate::segment::block::{BlockRef, open_block};
use crate::segment::codec::Bytes;
use crate::segment::{END_MAGIC, FOOTER_BYTES, FileKind, Footer, HEADER_BYTES, parse_footer, parse_header};
use std::cell::Cell;

/// What is read to open a database.
const TAIL_BYTES: u64 = 16 * 1024;
/// Most rows of one page.
pub const PAGE_ROWS: u32 = 10_000;
/// Most relations and routines that are counted at a time.
pub const TALLY_ROWS: u32 = 100_000;
/// Text that ends a page, however few its rows: a few bytes of a file may repeat a long key.
const PAGE_BYTES: usize = 16 * 1024 * 1024;
/// Largest index that is read.
const INDEX_BYTES: u32 = 256 * 1024 * 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub enum Query {
    /// The figures.
    Summary,
    /// Objects in order of their keys.
    Objects(Filter, Page),
    /// Objects by state, counted for each relation or routine. A page ends where it has as many of these as it may have:
    /// what follows of one of them is counted anew on the next page.
    Tally(Filter, Page),
    /// Evidence of one object, by place.
    Evidence {
        /// The object.
        key: ObjectKey,
        /// Which page.
        page: Page,
    },
    /// Evidence of all objects, in the order of the objects.
    AllEvidence(Page),
    /// The part of it that the source of this path has, with the objects.
    FileEvidence(String, Page),
    /// Sources in manifest order.
    Files(Page),
    /// Diagnostics by place.
    Diagnostics(Page),
    /// Stale names by place.
    Stale(Page),
    /// Cells of the access matrix by object.
    Matrix(Page),
}

/// A page: where it starts and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Rows to pass over: the cursor of the page before.
    pub after: u32,
    /// Most rows.
    pub limit: u32,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The figures.
    Summary(Box<Summary>),
    /// A page of rows, and the cursor of the next one.
    Rows(Vec<Row>, Option<u32>),
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadStep {
    /// Supply these bytes: offset and length.
    Read(u64, u32),
    /// The answer.
    Answer(Answer),
}

/// A database that is open, or being opened.
#[derive(Debug)]
pub struct Reader {
    size: u64,
    opening: Opening,
    /// The end of the file, which was read to open it.
    tail: Vec<u8>,
    index: Index,
    summary: Option<Summary>,
    /// Paths of files by their numbers, as far as they were read.
    paths: Vec<Option<String>>,
    /// The blocks read last, of files and of other rows: number, payload and rows.
    loaded: [Option<(usize, Vec<u8>, u32)>; 2],
    wanted: Wanted,
    query: Option<Running>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Tail,
    /// The end is none of a database: the header tells what else it is.
    Header,
    Index(Footer),
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Opening,
    Need(Need),
}

/// What a query cannot go on without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A part of the index.
    Part(usize),
    /// A block, by its number.
    Block(usize),
}

/// A query under way.
#[derive(Debug)]
struct Running {
    query: Query,
    matcher: Matcher,
    rows: Vec<Row>,
    /// Length of their texts.
    bytes: usize,
    /// Number of the next row to look at.
    at: u32,
    /// First row of the object's evidence and the one behind its last, once it is found.
    bounds: Option<(u32, u32)>,
    tally: Tally,
    /// Numbers of the sources whose evidence is asked for.
    files: Vec<u32>,
    /// The search for the objects of the evidence that was found.
    objects: Option<Box<Running>>,
}

impl Running {
    fn new(query: Query, matcher: Matcher, at: u32) -> Self {
        Running {
            query,
            matcher,
            rows: Vec::new(),
            bytes: 0,
            at,
            bounds: None,
            tally: Tally::default(),
            files: Vec::new(),
            objects: None,
        }
    }

    fn is_full(&self, limit: usize) -> bool {
        self.rows.len() >= limit || self.bytes >= PAGE_BYTES
    }
}

impl Reader {
    /// A reader of a database of `size` bytes.
    pub fn new(size: u64) -> Self {
        Reader {
            size,
            opening: Opening::Tail,
            tail: Vec::new(),
            index: Index::default(),
            summary: None,
            paths: Vec::new(),
            loaded: [None, None],
            wanted: Wanted::Nothing,
            query: None,
        }
    }

    /// Starts a query.
    ///
    /// # Errors
    /// `CONFIG` for a page without rows or a filter that is no regular expression.
    pub fn query(&mut self, query: Query) -> Result<(), Error> {
        let none = Filter::default();
        let (page, most, filter) = match &query {
            Query::Summary => (Page { after: 0, limit: 1 }, PAGE_ROWS, &none),
            Query::Objects(filter, page) => (*page, PAGE_ROWS, filter),
            Query::Tally(filter, page) => (*page, TALLY_ROWS, filter),
            Query::Evidence { page, .. } | Query::FileEvidence(_, page) => (*page, PAGE_ROWS, &none),
            Query::AllEvidence(page) | Query::Files(page) => (*page, PAGE_ROWS, &none),
            Query::Diagnostics(page) | Query::Stale(page) | Query::Matrix(page) => (*page, PAGE_ROWS, &none),
        };
        if page.limit == 0 || page.limit > most {
            return Err(Error::new(Code::Config, format!("limit is {}; give a value from 1 to {most}", page.limit)));
        }
        let matcher = Matcher::new(filter)?;
        self.query = Some(Running::new(query, matcher, page.after));
        Ok(())
    }

    /// What comes next.
    ///
    /// # Errors
    /// `CORRUPT`, `VERSION`; `STATE` without a query.
    pub fn next_step(&mut self) -> Result<ReadStep, Error> {
        if let Some((offset, length)) = self.opens_with()? {
            self.wanted = Wanted::Opening;
            return Ok(ReadStep::Read(offset, length));
        }
        let Some(mut running) = self.query.take() else {
            return Err(Error::new(Code::State, "no query was started"));
        };
        while let Some(need) = self.run(&mut running)? {
            let (offset, length) = self.range(need);
            let tail = self.size - self.tail.len() as u64;
            let inside = offset.checked_sub(tail).and_then(|from| usize::try_from(from).ok());
            let known = inside.and_then(|from| self.tail.get(from..from + length as usize)).map(<[u8]>::to_vec);
            match known {
                Some(bytes) => self.take(need, &bytes)?,
                None => {
                    self.query = Some(running);
                    self.wanted = Wanted::Need(need);
                    return Ok(ReadStep::Read(offset, length));
                }
            }
        }
        Ok(ReadStep::Answer(self.answer(running)))
    }

    /// Where what is needed lies. The first block comes with the header before it, which is checked along with it.
    fn range(&self, need: Need) -> (u64, u32) {
        match need {
            Need::Part(part) => self.index.range(part),
            Need::Block(number) => {
                let (offset, length) = self.index.block(number).map_or((0, 0), |block| (block.offset, block.length));
                if number == 0 { (0, length + to_u32(HEADER_BYTES)) } else { (offset, length) }
            }
        }
    }

    /// Takes the bytes of the last [`ReadStep::Read`].
    ///
    /// # Errors
    /// `CORRUPT`, `VERSION`; `STATE` where nothing was asked for.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match std::mem::replace(&mut self.wanted, Wanted::Nothing) {
            Wanted::Nothing => Err(Error::new(Code::State, "no bytes were asked for")),
            Wanted::Opening => self.open(bytes),
            Wanted::Need(need) => self.take(need, bytes),
        }
    }

    fn take(&mut self, need: Need, bytes: &[u8]) -> Result<(), Error> {
        let number = match need {
            Need::Part(part) => return self.index.load(part, bytes),
            Need::Block(number) => number,
        };
        let mismatch = || Error::new(Code::Corrupt, "the index does not match the blocks of the file");
        let (kind, rows) = self.index.block(number).map(|block| (block.kind, block.count)).ok_or_else(mismatch)?;
        let bytes = if number == 0 {
            parse_header(bytes, FileKind::Database)?;
            &bytes[HEADER_BYTES..]
        } else {
            bytes
        };
        let (payload, count) = open_block(bytes, IDENTITY, to_u32(number), kind)?;
        if count != rows {
            return Err(mismatch());
        }
        match kind {
            kind::SUMMARY => self.summary = Some(Summary::read(payload)?),
            kind::FILES => {
                let mut files = Bytes::new(payload);
                let start = self.first_row(number)? as usize;
                for at in start..start + count as usize {
                    let path = read_file(&mut files)?.path;
                    if let Some(known) = self.paths.get_mut(at) {
                        *known = Some(path);
                    }
                }
                self.loaded[0] = Some((number, payload.to_vec(), count));
            }
            _ => self.loaded[1] = Some((number, payload.to_vec(), count)),
        }
        Ok(())
    }

    /// Number of the first row of a block among the rows of its kind.
    fn first_row(&self, number: usize) -> Result<u32, Error> {
        let mut start = 0;
        let Some(kind) = self.index.block(number).map(|block| block.kind) else { return Ok(0) };
        for part in 0..self.index.parts() {
            match self.index.blocks(part) {
                Some((first, blocks)) if number < first + blocks.len() => {
                    let before = blocks.iter().take(number - first).filter(|block| block.kind == kind);
                    return Ok(start + before.map(|block| block.count).sum::<u32>());
                }
                _ => start += self.index.rows_in(part, kind),
            }
        }
        Ok(start)
    }

    fn opens_with(&self) -> Result<Option<(u64, u32)>, Error> {
        if self.size < (HEADER_BYTES + FOOTER_BYTES) as u64 {
            let message = format!("{} bytes are too few for a coverage database: it is truncated", self.size);
            return Err(Error::new(Code::Corrupt, message));
        }
        Ok(match self.opening {
            Opening::Header => Some((0, to_u32(HEADER_BYTES))),
            Opening::Tail => {
                let length = self.size.min(TAIL_BYTES);
                Some((self.size - length, u32::try_from(length).unwrap_or(u32::MAX)))
            }
            Opening::Index(footer) => Some((footer.index_offset, footer.index_length)),
            Opening::Open => None,
        })
    }

    fn open(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self.opening {
            Opening::Header => {
                parse_header(bytes, FileKind::Database)?;
                parse_footer(&self.tail[self.tail.len() - FOOTER_BYTES..], FileKind::Database, IDENTITY, self.size)?;
            }
            Opening::Tail => {
                self.tail = bytes.to_vec();
                let end = bytes.len().saturating_sub(FOOTER_BYTES);
                if !bytes.ends_with(&END_MAGIC) {
                    self.opening = Opening::Header;
                    return Ok(());
                }
                let footer = parse_footer(&bytes[end..], FileKind::Database, IDENTITY, self.size)?;
                if footer.index_length > INDEX_BYTES {
                    return Err(Error::new(Code::Corrupt, "the index is longer than any database's"));
                }
                // the index is mostly in the bytes that were read for the footer
                let tail = self.size.saturating_sub(bytes.len() as u64);
                let index = footer
                    .index_offset
                    .checked_sub(tail)
                    .and_then(|from| usize::try_from(from).ok())
                    .and_then(|from| bytes.get(from..from + footer.index_length as usize));
                match index {
                    Some(index) => self.open_index(index, footer)?,
                    None => self.opening = Opening::Index(footer),
                }
            }
            Opening::Index(footer) => self.open_index(bytes, footer)?,
            Opening::Open => {}
        }
        Ok(())
    }

    fn open_index(&mut self, bytes: &[u8], footer: Footer) -> Result<(), Error> {
        self.index = Index::open(bytes, &footer)?;
        // a row takes a byte at least: there are no more of them than the file has bytes
        let files = u64::from(self.index.rows(kind::FILES));
        if files > self.size {
            return Err(Error::new(Code::Corrupt, "the index speaks of more files than there is room for"));
        }
        self.paths = vec![None; self.index.rows(kind::FILES) as usize];
        self.opening = Opening::Open;
        Ok(())
    }

    /// Goes on with a query; what it needs, or none when it is answered.
    fn run(&mut self, running: &mut Running) -> Result<Option<Need>, Error> {
        match running.query.clone() {
            Query::Summary => {
                if self.summary.is_some() {
                    Ok(None)
                } else {
                    self.need_summary()
                }
            }
            Query::Objects(_, page) | Query::Tally(_, page) => self.run_objects(running, page.limit),
            Query::Evidence { key, page } => self.run_evidence(running, &key, page),
            Query::AllEvidence(page) => self.scan(running, kind::EVIDENCE, page.limit, &never, &mut evidence_row),
            Query::FileEvidence(path, page) => self.run_file(running, &path, page),
            Query::Files(page) => self.scan(running, kind::FILES, page.limit, &never, &mut file_row),
            Query::Diagnostics(page) => self.scan(running, kind::DIAGNOSTICS, page.limit, &never, &mut diagnostic_row),
            Query::Stale(page) => self.scan(running, kind::STALE, page.limit, &never, &mut stale_row),
            Query::Matrix(page) => self.scan(running, kind::MATRIX, page.limit, &never, &mut cell_row),
        }
    }

    fn run_objects(&mut self, running: &mut Running, limit: u32) -> Result<Option<Need>, Error> {
        let counts = matches!(running.query, Query::Tally(..));
        let (matcher, mut tally) = (std::mem::take(&mut running.matcher), std::mem::take(&mut running.tally));
        let mut spelled = Vec::new();
        let skip = |first: &[u8], next: Option<&[u8]>| matcher.skips(first, next);
        let need = self.scan(running, kind::OBJECTS, limit, &skip, &mut |bytes, key, context| {
            let stored = StoredObject::read(bytes, key)?;
            if !context.wanted || !matcher.wants(key, &stored, &mut spelled) {
                return Ok(None);
            }
            if counts {
                return tally.add(key, stored.state);
            }
            stored.row(key, context).map(|row| Some(Row::Object(row)))
        });
        (running.matcher, running.tally) = (matcher, tally);
        need
    }

    fn run_file(&mut self, running: &mut Running, path: &str, page: Page) -> Result<Option<Need>, Error> {
        if running.files.is_empty() {
            if let Some(unread) = self.paths.iter().position(Option::is_none) {
                return self.need_path(to_u32(unread)).map(Some);
            }
            let named = (0..).zip(&self.paths).filter(|(_, of)| of.as_deref() == Some(path));
            running.files = named.map(|(file, _)| file).collect();
            if running.files.is_empty() {
                return Ok(None);
            }
        }
        let mut objects = match running.objects.take() {
            Some(objects) => objects,
            None => {
                let need = self.scan(running, kind::EVIDENCE, page.limit, &never, &mut evidence_row)?;
                if need.is_some() {
                    return Ok(need);
                }
                Box::new(Running::new(Query::Summary, Matcher::default(), 0))
            }
        };
        // both are in the order of the objects
        let is_found = |row: &Row| matches!(row, Row::Evidence(row) if row.object.is_some());
        let mut found = running.rows.iter().take_while(|row| is_found(row)).count();
        if found == running.rows.len() {
            return Ok(None);
        }
        let need = self.scan(&mut objects, kind::OBJECTS, 1, &never, &mut |bytes, key, _| {
            let (start, count) = StoredObject::read(bytes, key)?.evidence;
            while let Some(Row::Evidence(row)) = running.rows.get_mut(found)
                && row.number < start.saturating_add(count)
            {
                row.object = Some(split_key(key)?);
                found += 1;
                running.bytes += key.len();
                if running.bytes >= PAGE_BYTES {
                    running.at = row.number + 1;
                    running.rows.truncate(found);
                }
            }
            // the last one ends the search
            Ok(if found == running.rows.len() { running.rows.pop() } else { None })
        })?;
        running.rows.append(&mut objects.rows);
        running.objects = Some(objects);
        if need.is_none() && !running.rows.iter().all(is_found) {
            return Err(unknown("key"));
        }
        Ok(need)
    }

    fn run_evidence(&mut self, running: &mut Running, key: &ObjectKey, page: Page) -> Result<Option<Need>, Error> {
        if running.bounds.is_none() {
            let parts = [&key.schema, &key.name, &key.sub, &key.args].map(|part| unspell(part));
            let wanted = object_key(key.kind as u8, [&parts[0], &parts[1], &parts[2], &parts[3]]);
            // the part with the first of them begins with another kind, mostly
            let may_hold =
                |part: &usize| self.index.first(*part, kind::OBJECTS).is_none_or(|first| first <= wanted.as_slice());
            let has_objects = |part: &usize| self.index.rows_in(*part, kind::OBJECTS) > 0;
            let part = (0..self.index.parts()).filter(has_objects).take_while(may_hold).last();
            let Some(part) = part else {
                running.bounds = Some((0, 0));
                return Ok(None);
            };
            let Some((first, blocks)) = self.index.blocks(part) else { return Ok(Some(Need::Part(part))) };
            let holds = |block: &BlockRef| block.kind == kind::OBJECTS && block.first <= wanted;
            let Some(number) = blocks.iter().rposition(holds).map(|at| first + at) else {
                running.bounds = Some((0, 0));
                return Ok(None);
            };
            let Some((payload, count)) = self.loaded(number) else { return Ok(Some(Need::Block(number))) };
            let (mut bytes, mut before) = (Bytes::new(payload), Vec::new());
            let mut found = None;
            for _ in 0..count {
                let stored = StoredObject::read(&mut bytes, &mut before)?;
                if before == wanted {
                    found = Some(stored.evidence);
                    break;
                }
            }
            let (start, count) = found.unwrap_or_default();
            running.bounds = Some((start, start.saturating_add(count)));
            running.at = start.saturating_add(running.at.min(count));
        }
        let (_, until) = running.bounds.unwrap_or_default();
        let limit = page.limit.min(until.saturating_sub(running.at).saturating_add(to_u32(running.rows.len())));
        self.scan(running, kind::EVIDENCE, limit, &never, &mut evidence_row)
    }

    /// Looks at the rows of the blocks of one kind from `running.at` on, until the page is full.
    fn scan(
        &mut self,
        running: &mut Running,
        kind: u8,
        limit: u32,
        skip: &Skip<'_>,
        decode: &mut Decode<'_>,
    ) -> Result<Option<Need>, Error> {
        let limit = limit as usize;
        let mut start = 0u32;
        for part in 0..self.index.parts() {
            let end = start.saturating_add(self.index.rows_in(part, kind));
            if running.at >= end || running.is_full(limit) {
                start = end;
                continue;
            }
            let next_part = self.index.first(part + 1, kind);
            if self.index.first(part, kind).is_some_and(|first| skip(first, next_part)) {
                running.at = end;
                start = end;
                continue;
            }
            let Some((number, blocks)) = self.index.blocks(part) else { return Ok(Some(Need::Part(part))) };
            for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.kind == kind) {
                let end = start.saturating_add(block.count);
                let next = blocks.get(at + 1).map_or(next_part, |b| (b.kind == kind).then_some(b.first.as_slice()));
                if running.at < end && !running.is_full(limit) {
                    if skip(&block.first, next) {
                        running.at = end;
                    } else if let Some(need) = self.rows(running, (number + at, start), limit, decode)? {
                        return Ok(Some(need));
                    }
                }
                start = end;
            }
        }
        Ok(None)
    }

    /// Looks at the rows of a block, whose first has that number, from `running.at` on.
    fn rows(
        &self,
        running: &mut Running,
        (number, start): (usize, u32),
        limit: usize,
        decode: &mut Decode<'_>,
    ) -> Result<Option<Need>, Error> {
        let Some((payload, count)) = self.loaded(number) else { return Ok(Some(Need::Block(number))) };
        let mut context = Context { paths: &self.paths, missing: Cell::new(None), row: start, wanted: true };
        if !running.files.is_empty() {
            for (row, at) in evidence_of(&running.files, payload, count) {
                context.row = start.saturating_add(row);
                if context.row >= running.at && !running.is_full(limit) {
                    let decoded = decode(&mut Bytes::new(&payload[at..]), &mut Vec::new(), &context)?;
                    running.bytes += decoded.as_ref().map_or(0, Row::text_bytes);
                    running.rows.extend(decoded);
                    running.at = context.row + 1;
                }
            }
            if !running.is_full(limit) {
                running.at = start.saturating_add(count);
            }
            return Ok(None);
        }
        let (mut bytes, mut before) = (Bytes::new(payload), Vec::new());
        for row in start..start.saturating_add(count) {
            if running.rows.len() >= limit || running.bytes >= PAGE_BYTES {
                break;
            }
            context.row = row;
            context.wanted = row >= running.at;
            let decoded = decode(&mut bytes, &mut before, &context)?;
            if let Some(file) = context.missing.get() {
                return self.need_path(file).map(Some);
            }
            if let Some(made) = decoded
                && context.wanted
            {
                running.bytes += made.text_bytes();
                running.rows.push(made);
            }
            running.at = running.at.max(row + 1);
        }
        Ok(None)
    }

    /// What holds the path of a file.
    fn need_path(&self, file: u32) -> Result<Need, Error> {
        let mut start = 0u32;
        for part in 0..self.index.parts() {
            let end = start.saturating_add(self.index.rows_in(part, kind::FILES));
            if file < end {
                let Some((number, blocks)) = self.index.blocks(part) else { return Ok(Need::Part(part)) };
                for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.kind == kind::FILES) {
                    start = start.saturating_add(block.count);
                    if file < start {
                        return Ok(Need::Block(number + at));
                    }
                }
            }
            start = end;
        }
        Err(unknown("file"))
    }

    /// The block of the summary is the last one.
    fn need_summary(&self) -> Result<Option<Need>, Error> {
        let last = self.index.last(kind::SUMMARY);
        last.map(|number| Some(Need::Block(number)))
            .ok_or_else(|| Error::new(Code::Corrupt, "the database has no summary"))
    }

    fn loaded(&self, number: usize) -> Option<(&[u8], u32)> {
        let mut loaded = self.loaded.iter().flatten();
        loaded.find(|(n, ..)| *n == number).map(|(_, payload, count)| (payload.as_slice(), *count))
    }

    fn answer(&self, mut running: Running) -> Answer {
        running.tally.conclude(&mut running.rows);
        if let Query::Summary = running.query {
            return Answer::Summary(Box::new(self.summary.clone().unwrap_or_default()));
        }
        let (kind, limit) = match &running.query {
            Query::Objects(_, page) | Query::Tally(_, page) => (kind::OBJECTS, page.limit),
            Query::Evidence { page, .. } => (kind::EVIDENCE, page.limit),
            Query::AllEvidence(page) | Query::FileEvidence(_, page) => (kind::EVIDENCE, page.limit),
            Query::Files(page) => (kind::FILES, page.limit),
            Query::Diagnostics(page) => (kind::DIAGNOSTICS, page.limit),
            Query::Stale(page) => (kind::STALE, page.limit),
            Query::Matrix(page) => (kind::MATRIX, page.limit),
            Query::Summary => (kind::SUMMARY, 1),
        };
        let (base, end) = running.bounds.unwrap_or_else(|| (0, self.index.rows(kind)));
        let more = running.is_full(limit as usize) && running.at < end;
        Answer::Rows(running.rows, more.then_some(running.at - base))
    }
}

/// Whether no row of a block is wanted: its first key, and that of the block behind it.
type Skip<'f> = dyn Fn(&[u8], Option<&[u8]>) -> bool + 'f;
/// A row, where it is wanted; the second argument is the key of the row before.
type Decode<'f> = dyn FnMut(&mut Bytes<'_>, &mut Vec<u8>, &Context<'_>) -> Result<Option<Row>, Error> + 'f;

fn never(_: &[u8], _: Option<&[u8]>) -> bool {
    false
}
