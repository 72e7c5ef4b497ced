//! Records as rows of a block: what equals the row before is left out, texts share its prefix or are numbers of those that
//! came before, numbers are differences from the row before of the same source.

use super::codec::{Bytes, corrupt, put_bytes, put_delta, put_prefixed, put_u64};
use crate::error::{Code, Error};
use crate::limits::{ARGS_BYTES, DETAIL_BYTES, NAME_BYTES, PATH_BYTES, SEARCH_PATH_SCHEMAS, to_u32};
use crate::record::{OwnedRecord, Record, Tag};
use std::collections::HashMap;

const TEXTS: usize = 5;
const HEAD: u8 = 1 << TEXTS;
const SOURCE: u8 = 1 << (TEXTS + 1);
/// Line and ordinal go on by little.
const NEAR: u8 = 1 << (TEXTS + 2);
/// Its texts are name, schema or search path, sub-object, arguments, detail.
const SCHEMA: usize = 1;
/// From this text on a text that came before in the block is a number.
const REPEATED: usize = 3;

/// The row before the first one of a block.
fn blank<T: Default>() -> Record<T> {
    Record {
        tag: 0,
        kind: 0,
        scope: 0,
        a: 0,
        b: 0,
        via: 0,
        name: T::default(),
        schema: T::default(),
        sub: T::default(),
        args: T::default(),
        detail: T::default(),
        source: 0,
        line: 0,
        seq: 0,
    }
}

/// What encoder and decoder of a block know alike of the rows before.
#[derive(Debug)]
struct Known {
    /// Kind, scope, a, b and via of rows, in order of their first use.
    heads: Vec<Head>,
    /// Source, line and ordinal of the row before of some sources, at the source's number modulo their count.
    places: Vec<(u32, u32, u32)>,
}

/// Kind, scope, a, b and via as one number: a block has few, and most rows look for theirs.
type Head = u64;

fn head_of<T>(row: &Record<T>) -> Head {
    let [low, high] = row.via.to_le_bytes();
    Head::from_le_bytes([row.kind, row.scope, row.a, row.b, low, high, 0, 0])
}

/// Heads that are known by number; others are written out each time.
const HEADS: usize = 255;
/// Sources of which the last place is known.
const PLACES: usize = 256;

impl Known {
    fn new() -> Self {
        Known { heads: Vec::new(), places: vec![(0, 0, 0); PLACES] }
    }

    fn keep_head(&mut self, head: Head) {
        if self.heads.len() < HEADS {
            self.heads.push(head);
        }
    }

    /// Line and ordinal of the row before of this source; zero where they are not known.
    fn place(&self, source: u32) -> (u32, u32) {
        match self.places[source as usize % PLACES] {
            (known, line, seq) if known == source => (line, seq),
            _ => (0, 0),
        }
    }

    fn keep_place(&mut self, source: u32, line: u32, seq: u32) {
        self.places[source as usize % PLACES] = (source, line, seq);
    }
}

/// Encodes rows one after the other. `T` stands for a text: equal ones for equal texts, and its default for the empty one.
#[derive(Debug)]
pub struct RowWriter<T> {
    before: Record<T>,
    known: Known,
    /// Numbers of arguments and details by their text.
    repeated: [HashMap<Vec<u8>, u32>; 2],
}

impl<T: Default> Default for RowWriter<T> {
    fn default() -> Self {
        RowWriter { before: blank(), known: Known::new(), repeated: [HashMap::new(), HashMap::new()] }
    }
}

impl<T: Copy + PartialEq> RowWriter<T> {
    /// Appends one row, whose texts `text_of` knows.
    // not inlined: a block that is full calls it again
    #[inline(never)]
    pub fn put<'a>(&mut self, out: &mut Vec<u8>, record: &Record<T>, text_of: impl Fn(T) -> &'a [u8]) {
        let before = &self.before;
        let texts = record.texts();
        let olds = before.texts();
        let mut flags = 0;
        for (n, (text, old)) in texts.into_iter().zip(olds).enumerate() {
            if text != old {
                flags |= 1 << n;
            }
        }
        let head = head_of(record);
        if head != head_of(before) {
            flags |= HEAD;
        }
        if record.source != before.source {
            flags |= SOURCE;
        }
        let (line, seq) = self.known.place(record.source);
        let step = near(line, record.line, 0).zip(near(seq, record.seq, 1));
        if step.is_some() {
            flags |= NEAR;
        }
        out.push(flags);
        for (n, (text, old)) in texts.into_iter().zip(olds).enumerate() {
            if flags & 1 << n == 0 {
                continue;
            }
            let text = text_of(*text);
            if let Some(numbers) = n.checked_sub(REPEATED).and_then(|at| self.repeated.get_mut(at)) {
                let next = to_u32(numbers.len());
                let number = numbers.get(text).copied().unwrap_or(next);
                put_u64(out, u64::from(number));
                if number == next {
                    put_bytes(out, text);
                    numbers.insert(text.to_vec(), next);
                }
            } else {
                put_prefixed(out, text_of(*old), text);
            }
        }
        if flags & HEAD != 0 {
            let known = self.known.heads.iter().position(|known| *known == head);
            put_u64(out, known.unwrap_or(self.known.heads.len()) as u64);
            if known.is_none() {
                out.extend_from_slice(&[record.kind, record.scope, record.a, record.b]);
                put_u64(out, u64::from(record.via));
                self.known.keep_head(head);
            }
        }
        if flags & SOURCE != 0 {
            put_delta(out, before.source, record.source);
        }
        match step {
            Some((line, seq)) => out.push(line << 4 | seq),
            None => {
                put_delta(out, line, record.line);
                put_delta(out, seq, record.seq);
            }
        }
        self.known.keep_place(record.source, record.line, record.seq);
        self.before = *record;
    }
}

/// The difference behind `least`, if it fits half a byte.
fn near(from: u32, to: u32, least: u32) -> Option<u8> {
    let step = to.checked_sub(from)?.checked_sub(least)?;
    u8::try_from(step).ok().filter(|step| *step < 16)
}

/// Longest texts of a row: name, schema or search path, sub-object, arguments, detail.
const TEXT_BYTES: [usize; 5] =
    [NAME_BYTES, SEARCH_PATH_SCHEMAS * (NAME_BYTES + 1), NAME_BYTES, ARGS_BYTES, DETAIL_BYTES];
/// The same of a seal, which has a path, a hash, a reason and numbers in their places, and of an included file.
const SEAL_BYTES: [usize; 5] = [PATH_BYTES, NAME_BYTES, DETAIL_BYTES, NAME_BYTES, 0];

/// Decodes the rows of a block.
#[derive(Debug)]
pub struct Rows<'a> {
    bytes: Bytes<'a>,
    left: u32,
    row: OwnedRecord,
    known: Known,
    /// Arguments and details in order of their first use.
    repeated: [Vec<&'a [u8]>; 2],
}

impl<'a> Rows<'a> {
    /// The rows of a payload, all with this tag.
    pub fn new(payload: &'a [u8], count: u32, tag: Tag) -> Self {
        let row = Record { tag: tag as u8, ..blank() };
        Rows { bytes: Bytes::new(payload), left: count, row, known: Known::new(), repeated: [Vec::new(), Vec::new()] }
    }

    /// The next row; it lives until the one after it is read.
    ///
    /// # Errors
    /// `CORRUPT` where the payload holds more or less than the count says, or no rows.
    pub fn next_row(&mut self) -> Result<Option<&OwnedRecord>, Error> {
        if self.left == 0 {
            if !self.bytes.is_empty() {
                return Err(Error::new(Code::Corrupt, "a block holds more than its rows"));
            }
            return Ok(None);
        }
        self.left -= 1;
        let (bytes, row) = (&mut self.bytes, &mut self.row);
        let flags = bytes.u8()?;
        let texts = [&mut row.name, &mut row.schema, &mut row.sub, &mut row.args, &mut row.detail];
        let is_seal = row.tag == Tag::Seal as u8 || row.tag == Tag::Include as u8;
        let limits = if is_seal { SEAL_BYTES } else { TEXT_BYTES };
        for (n, (text, limit)) in texts.into_iter().zip(limits).enumerate() {
            if flags & 1 << n == 0 {
                continue;
            }
            let Some(before) = n.checked_sub(REPEATED).and_then(|at| self.repeated.get_mut(at)) else {
                let new = bytes.prefixed(text, limit)?;
                if n != SCHEMA && !is_seal && new.contains(&0) {
                    return Err(Error::new(Code::Corrupt, "a name holds a NUL byte"));
                }
                continue;
            };
            let number = bytes.u32()? as usize;
            if number == before.len() {
                let new = bytes.bytes()?;
                // a few bytes that repeat a long text must not become a large file
                if new.len() > limit {
                    return Err(corrupt("a text"));
                }
                before.push(new);
            }
            let repeated = before.get(number).ok_or_else(|| corrupt("a text"))?;
            text.clear();
            text.extend_from_slice(repeated);
        }
        if flags & HEAD != 0 {
            let number = bytes.u32()? as usize;
            if let Some(head) = self.known.heads.get(number) {
                let [kind, scope, a, b, low, high, ..] = head.to_le_bytes();
                (row.kind, row.scope, row.a, row.b, row.via) = (kind, scope, a, b, u16::from_le_bytes([low, high]));
            } else if number == self.known.heads.len() {
                (row.kind, row.scope, row.a, row.b) = (bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?);
                row.via = bytes.u16()?;
                self.known.keep_head(head_of(row));
            } else {
                return Err(corrupt("a head"));
            }
        }
        if flags & SOURCE != 0 {
            row.source = bytes.delta(row.source)?;
        }
        let (line, seq) = self.known.place(row.source);
        (row.line, row.seq) = if flags & NEAR != 0 {
            let step = u32::from(bytes.u8()?);
            let next = line.checked_add(step >> 4).zip(seq.checked_add((step & 15) + 1));
            next.ok_or_else(|| corrupt("a difference"))?
        } else {
            (bytes.delta(line)?, bytes.delta(seq)?)
        };
        self.known.keep_place(row.source, row.line, row.seq);
        Ok(Some(row))
    }
}
