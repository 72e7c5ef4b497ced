//! One block of fixed size: interned names grow from its start, records from its end; in front of them a hash table.
//!
//! ```text
//! | slots: u32 each | names: length u16, bytes … →      free      ← … records, RECORD_BYTES each |
//! ```
//! Nothing is allocated after `new`. Offsets are 32-bit, so an arena is at most 4 GiB; the limits keep it below.

use super::{Record, Tag};
use crate::limits::to_u32;
use std::cmp::Ordering;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a record in the arena.
pub const RECORD_BYTES: usize = 40;

/// Most bytes of a row in a segment, texts aside.
const ROW_BYTES: usize = 40;
/// A segment is at most this many fifths of the arena: a few long texts in many records would make it many times as
/// large, because there each record has its own.
const WRITTEN_FIFTHS: usize = 8;

/// Bytes of a name that sorting looks at first.
const BEGINNING: usize = 12;

/// Places of the words behind the first eight bytes of a record.
const NAME: usize = 0;
const SCHEMA: usize = 1;
const SUB: usize = 2;
const ARGS: usize = 3;
const DETAIL: usize = 4;
const SOURCE: usize = 5;
const LINE: usize = 6;
const SEQ: usize = 7;

/// Number of an interned name: its offset in the names. 0 is the empty name.
pub type Text = u32;

/// The block.
#[derive(Debug)]
pub struct Arena {
    block: Vec<u8>,
    slots: usize,
    names_end: usize,
    records: usize,
    names: usize,
    /// Most bytes that the records take in a segment, where texts are not kept once.
    written: usize,
}

impl Arena {
    /// An arena of exactly `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        // one slot for each 64 bytes or less: a record takes 40, so one new name a record finds its slot
        let slots = (bytes / 32).next_power_of_two() / 2;
        let mut arena = Arena { block: vec![0; bytes], slots, names_end: 0, records: 0, names: 0, written: 0 };
        arena.clear();
        arena
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        self.block.len()
    }

    /// Bytes in use, the hash table included.
    pub fn used_bytes(&self) -> usize {
        self.names_end + self.records * RECORD_BYTES
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records
    }

    /// It holds no record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Forgets all records and names.
    pub fn clear(&mut self) {
        let table = self.slots * 4;
        self.block[..table].fill(0);
        self.names_end = table;
        self.records = 0;
        self.names = 0;
        self.written = 0;
    }

    /// Most bytes that a segment of the records takes, blocks and index aside.
    pub fn written_bytes(&self) -> usize {
        self.written
    }

    /// Adds a record and interns its texts. False, and nothing changed, where there is no room.
    pub fn push(&mut self, record: &Record<&[u8]>) -> bool {
        let texts = [record.name, record.schema, record.sub, record.args, record.detail];
        let longest: usize = texts.iter().map(|t| t.len() + 2).sum();
        let written = self.written + longest + ROW_BYTES;
        if self.records > 0 && written > self.block.len() / 5 * WRITTEN_FIFTHS
            || self.names_end + longest + (self.records + 1) * RECORD_BYTES > self.block.len()
            || self.names + texts.len() > self.slots * 3 / 4
        {
            return false;
        }
        self.written = written;
        let [name, schema, sub, args, detail] = self.intern_all(texts);
        let stored = Record {
            tag: record.tag,
            kind: record.kind,
            scope: record.scope,
            a: record.a,
            b: record.b,
            via: record.via,
            name,
            schema,
            sub,
            args,
            detail,
            source: record.source,
            line: record.line,
            seq: record.seq,
        };
        self.records += 1;
        let at = self.block.len() - self.records * RECORD_BYTES;
        self.block[at..at + RECORD_BYTES].copy_from_slice(&encode(&stored));
        true
    }

    /// The record with this number, in order of arrival.
    pub fn record(&self, number: usize) -> Record<&[u8]> {
        let at = self.block.len() - (number + 1) * RECORD_BYTES;
        let r = decode(&self.block[at..at + RECORD_BYTES]);
        Record {
            tag: r.tag,
            kind: r.kind,
            scope: r.scope,
            a: r.a,
            b: r.b,
            via: r.via,
            name: self.text(r.name),
            schema: self.text(r.schema),
            sub: self.text(r.sub),
            args: self.text(r.args),
            detail: self.text(r.detail),
            source: r.source,
            line: r.line,
            seq: r.seq,
        }
    }

    /// The numbers of all records in the order of a segment: by tag; evidence by object key, then, as all else, by source
    /// and ordinal, which is the order of their arrival.
    pub fn sorted(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.records);
        for tag in Tag::ALL {
            let from = order.len();
            let has_tag = |number: &u32| self.bytes_of(*number)[0] == tag as u8;
            order.extend((0..to_u32(self.records)).filter(has_tag).map(|number| self.place(number)));
            if tag == Tag::Evidence {
                order[from..].sort_unstable_by(|a, b| {
                    let alike = a >> u32::BITS == b >> u32::BITS;
                    if alike { self.compare(number_of(*a), number_of(*b)) } else { a.cmp(b) }
                });
            }
        }
        order.into_iter().map(number_of).collect()
    }

    fn bytes_of(&self, number: u32) -> &[u8] {
        let at = self.block.len() - (number as usize + 1) * RECORD_BYTES;
        &self.block[at..at + RECORD_BYTES]
    }

    /// What two pieces of evidence differ in, mostly, as a number in their order: how the name begins. The record's
    /// number, which is its arrival, comes last.
    fn place(&self, number: u32) -> u128 {
        let name = self.text(u32_at(self.bytes_of(number), 8 + NAME * 4));
        let length = name.len().min(BEGINNING);
        let mut place = [0; 16];
        place[..length].copy_from_slice(&name[..length]);
        place[BEGINNING..].copy_from_slice(&number.to_be_bytes());
        u128::from_be_bytes(place)
    }

    /// The order of two pieces of evidence.
    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (x, y) = (self.bytes_of(a), self.bytes_of(b));
        // texts are interned, so that equal numbers need no look at the bytes
        let text = |n: usize| {
            let (x, y) = (u32_at(x, 8 + n * 4), u32_at(y, 8 + n * 4));
            if x == y { Ordering::Equal } else { self.text(x).cmp(self.text(y)) }
        };
        text(NAME)
            .then_with(|| text(SCHEMA))
            .then_with(|| (x[1], x[2]).cmp(&(y[1], y[2])))
            .then_with(|| text(SUB))
            .then_with(|| text(ARGS))
            .then_with(|| a.cmp(&b))
    }

    fn text(&self, number: Text) -> &[u8] {
        if number == 0 {
            return b"";
        }
        let at = number as usize;
        let length = usize::from(u16::from_le_bytes([self.block[at], self.block[at + 1]]));
        &self.block[at + 2..at + 2 + length]
    }

    /// Numbers of a record's texts. Neighbours share most of theirs, so the record before is asked first.
    fn intern_all(&mut self, texts: [&[u8]; 5]) -> [Text; 5] {
        let mut numbers = [0; 5];
        if let Some(last) = self.records.checked_sub(1) {
            let last = self.bytes_of(to_u32(last));
            numbers = std::array::from_fn(|n| u32_at(last, 8 + n * 4));
        }
        for (number, text) in numbers.iter_mut().zip(texts) {
            if self.text(*number) != text {
                *number = self.intern(text);
            }
        }
        numbers
    }

    fn intern(&mut self, text: &[u8]) -> Text {
        if text.is_empty() {
            return 0;
        }
        let mask = self.slots - 1;
        #[allow(clippy::cast_possible_truncation)] // any bits of a hash will do
        let mut slot = xxh3_64(text) as usize & mask;
        loop {
            let number = u32_at(&self.block, slot * 4);
            if number == 0 {
                break;
            }
            if self.text(number) == text {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let at = self.names_end;
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let text = &text[..usize::from(length)];
        self.block[at..at + 2].copy_from_slice(&length.to_le_bytes());
        self.block[at + 2..at + 2 + text.len()].copy_from_slice(text);
        self.names_end += 2 + text.len();
        self.names += 1;
        let number = to_u32(at);
        self.block[slot * 4..slot * 4 + 4].copy_from_slice(&number.to_le_bytes());
        number
    }
}

fn number_of(place: u128) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // its last four bytes
    let number = place as u32;
    number
}

fn encode(r: &Record<Text>) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[..5].copy_from_slice(&[r.tag, r.kind, r.scope, r.a, r.b]);
    bytes[6..8].copy_from_slice(&r.via.to_le_bytes());
    for (n, word) in [r.name, r.schema, r.sub, r.args, r.detail, r.source, r.line, r.seq].into_iter().enumerate() {
        bytes[8 + n * 4..12 + n * 4].copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Record<Text> {
    let word = |n: usize| u32_at(bytes, 8 + n * 4);
    Record {
        tag: bytes[0],
        kind: bytes[1],
        scope: bytes[2],
        a: bytes[3],
        b: bytes[4],
        via: u16::from_le_bytes([bytes[6], bytes[7]]),
        name: word(NAME),
        schema: word(SCHEMA),
        sub: word(SUB),
        args: word(ARGS),
        detail: word(DETAIL),
        source: word(SOURCE),
        line: word(LINE),
        seq: word(SEQ),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{ARGS_BYTES, DETAIL_BYTES, MIN_ARENA_BYTES, NAME_BYTES};

    fn record<'a>(name: &'a [u8], args: &'a [u8], seq: u32) -> Record<&'a [u8]> {
        Record {
            tag: 1,
            kind: 2,
            scope: 3,
            a: 4,
            b: 5,
            via: 600,
            name,
            schema: b"app",
            sub: b"",
            args,
            detail: b"",
            source: 7,
            line: 8,
            seq,
        }
    }

    #[test]
    fn records_come_back_and_names_are_kept_once() {
        let mut arena = Arena::new(MIN_ARENA_BYTES);
        let empty = arena.used_bytes();
        assert!(arena.push(&record(b"rooms", b"", 0)));
        let one = arena.used_bytes();
        assert!(arena.push(&record(b"rooms", b"", 1)));
        assert_eq!(arena.used_bytes() - one, RECORD_BYTES, "the second record adds no name");
        assert!(one > empty + RECORD_BYTES);
        assert_eq!(arena.record(0), record(b"rooms", b"", 0));
        assert_eq!(arena.record(1), record(b"rooms", b"", 1));
    }

    #[test]
    fn the_largest_record_fits_the_smallest_arena() {
        let mut arena = Arena::new(MIN_ARENA_BYTES);
        let name = vec![b'n'; NAME_BYTES];
        let args = vec![b'a'; ARGS_BYTES];
        let detail = vec![b'd'; DETAIL_BYTES];
        assert!(arena.push(&Record { detail: &detail, ..record(&name, &args, 0) }));
    }

    #[test]
    fn a_full_arena_refuses_and_keeps_what_it_has() {
        let mut arena = Arena::new(MIN_ARENA_BYTES);
        let mut count = 0;
        loop {
            let name = format!("name_{count}");
            if !arena.push(&record(name.as_bytes(), b"", count)) {
                break;
            }
            count += 1;
        }
        assert!(count > 500, "{count} records in 64 KiB");
        assert_eq!(arena.bytes(), MIN_ARENA_BYTES);
        for seq in 0..count {
            assert_eq!(arena.record(seq as usize).name, format!("name_{seq}").as_bytes());
        }
        arena.clear();
        assert!(arena.push(&record(b"x", b"", 0)));
    }
}
