//! One block of fixed size: interned names grow from its start, records from its end; in front of them a hash table.
//!
//! ```text
//! | slots: u32 each | names: length u16, rank u32, bytes … →      free      ← … records, RECORD_BYTES each |
//! ```
//! Nothing is allocated after `new`, but for the order of the records while they are sorted: see [`Arena::sorted`].

use super::{Record, Tag};
use crate::hash::xxh3_64;
use crate::limits::{MAX_ARENA_BYTES, to_u32};
use crate::{order, text};

/// Bytes of a record in the arena.
pub const RECORD_BYTES: usize = 40;

/// Most bytes of a row in a segment, texts aside.
const ROW_BYTES: usize = 40;
/// A segment is at most this many fifths of the arena: a few long texts in many records would make it many times as
/// large, because there each record has its own.
const WRITTEN_FIFTHS: usize = 8;

/// Bytes before a name: its length, and its rank among all names once they are sorted.
const NAME_HEAD: usize = 6;

/// Bits of the parts of a record's place in a segment, in their order: tag, schema, name, kind, scope, sub-object,
/// arguments, and the record's number, which is its arrival.
const TAG_BITS: u32 = 3;
const RANK_BITS: u32 = bits(slots_of(MAX_ARENA_BYTES) / 4 * 3);
const KIND_BITS: u32 = u8::BITS;
const SCOPE_BITS: u32 = 3;
const NUMBER_BITS: u32 = bits(MAX_ARENA_BYTES / RECORD_BYTES);
const _: () = assert!(TAG_BITS + 4 * RANK_BITS + KIND_BITS + SCOPE_BITS + NUMBER_BITS <= u128::BITS);

const fn bits(most: usize) -> u32 {
    usize::BITS - most.leading_zeros()
}

/// One slot for each 64 bytes or less: a record takes 40, so one new name a record finds its slot.
const fn slots_of(bytes: usize) -> usize {
    (bytes / 32).next_power_of_two() / 2
}

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
        let slots = slots_of(bytes);
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
        let texts = record.texts().map(|text| *text);
        let longest: usize = texts.iter().map(|t| t.len() + NAME_HEAD).sum();
        let written = self.written + longest + ROW_BYTES;
        if self.records > 0 && written > self.block.len() / 5 * WRITTEN_FIFTHS
            || self.names_end + longest + (self.records + 1) * RECORD_BYTES > self.block.len()
            || self.names + texts.len() > self.slots * 3 / 4
        {
            return false;
        }
        self.written = written;
        let stored = record.with(self.intern_all(texts));
        self.records += 1;
        let at = self.block.len() - self.records * RECORD_BYTES;
        self.block[at..at + RECORD_BYTES].copy_from_slice(&encode(&stored));
        true
    }

    /// The record with this number, in order of arrival.
    pub fn record(&self, number: u32) -> Record<Text> {
        decode(self.bytes_of(number))
    }

    /// The numbers of all records in the order of a segment: by tag; evidence by object key, then, as all else, by source
    /// and ordinal, which is the order of their arrival. Costs n log n, and 16 bytes a record.
    pub fn sorted(&mut self) -> impl Iterator<Item = u32> + use<> {
        self.rank_names();
        let mut known = [(0, 0); 4];
        let mut order: Vec<u128> = (0..to_u32(self.records)).map(|number| self.place(number, &mut known)).collect();
        order.sort_unstable();
        order.into_iter().map(number_of)
    }

    fn bytes_of(&self, number: u32) -> &[u8] {
        let at = self.block.len() - (number as usize + 1) * RECORD_BYTES;
        &self.block[at..at + RECORD_BYTES]
    }

    /// The place of a record among all as a number. `known` has the last names of each part with their ranks: neighbours
    /// share them.
    fn place(&self, number: u32, known: &mut [(Text, u32); 4]) -> u128 {
        let record = self.bytes_of(number);
        let mut place = u128::from(record[0]);
        let mut then = |bits: u32, part: u32| place = place << bits | u128::from(part);
        let mut rank = |part: usize| {
            let text = u32_at(record, 8 + part * 4);
            if text != known[part].0 {
                known[part] = (text, if text == 0 { 0 } else { u32_at(&self.block, text as usize + 2) });
            }
            known[part].1
        };
        if record[0] == Tag::Evidence as u8 {
            then(RANK_BITS, rank(SCHEMA));
            then(RANK_BITS, rank(NAME));
            then(KIND_BITS, u32::from(record[1]));
            then(SCOPE_BITS, u32::from(record[2]));
            then(RANK_BITS, rank(SUB));
            then(RANK_BITS, rank(ARGS));
        } else {
            then(4 * RANK_BITS + KIND_BITS + SCOPE_BITS, 0);
        }
        then(NUMBER_BITS, number);
        place
    }

    /// Notes at each name its place among all, from 1; the empty one has none. Equal order of ranks and of bytes.
    fn rank_names(&mut self) {
        let mut names = Vec::with_capacity(self.names);
        let mut at = self.slots * 4;
        while at < self.names_end {
            names.push(to_u32(at));
            at += NAME_HEAD + self.text(to_u32(at)).len();
        }
        order::sort(&mut names, |a, b| self.text(*a).cmp(self.text(*b)));
        for (place, name) in names.into_iter().enumerate() {
            let at = name as usize + 2;
            self.block[at..at + 4].copy_from_slice(&to_u32(place + 1).to_le_bytes());
        }
    }

    /// The name with this number.
    pub fn text(&self, number: Text) -> &[u8] {
        if number == 0 {
            return b"";
        }
        let at = number as usize;
        let length = usize::from(u16::from_le_bytes([self.block[at], self.block[at + 1]]));
        &self.block[at + NAME_HEAD..at + NAME_HEAD + length]
    }

    /// Numbers of a record's texts. Neighbours share most of theirs, so the record before is asked first.
    fn intern_all(&mut self, texts: [&[u8]; 5]) -> [Text; 5] {
        let mut numbers = [0; 5];
        if let Some(last) = self.records.checked_sub(1) {
            let last = self.bytes_of(to_u32(last));
            numbers = std::array::from_fn(|n| u32_at(last, 8 + n * 4));
        }
        for (number, text) in numbers.iter_mut().zip(texts) {
            if !text::is_same(self.text(*number), text) {
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
            if text::is_same(self.text(number), text) {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let at = self.names_end;
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let text = &text[..usize::from(length)];
        self.block[at..at + 2].copy_from_slice(&length.to_le_bytes());
        self.block[at + NAME_HEAD..at + NAME_HEAD + text.len()].copy_from_slice(text);
        self.names_end += NAME_HEAD + text.len();
        self.names += 1;
        let number = to_u32(at);
        self.block[slot * 4..slot * 4 + 4].copy_from_slice(&number.to_le_bytes());
        number
    }
}

fn number_of(place: u128) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // its last bits
    let number = place as u32 & ((1 << NUMBER_BITS) - 1);
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
        for number in [0, 1] {
            let kept = arena.record(number);
            let texts = kept.texts().map(|text| arena.text(*text));
            assert_eq!(kept.with(texts), record(b"rooms", b"", number));
        }
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
            assert_eq!(arena.text(arena.record(seq).name), format!("name_{seq}").as_bytes());
        }
        arena.clear();
        assert!(arena.push(&record(b"x", b"", 0)));
    }
}
