//! Blocks: a header with a checksum, then at most 64 KiB of payload; and the index that lists them.

use super::codec::{Bytes, put_bytes, put_u64, u32_at};
use super::{FOOTER_BYTES, FileKind, Footer, HEADER_BYTES, Identity, SUM_BYTES, footer, header};
use crate::error::{Code, Error};
use crate::limits::{BLOCK_BYTES, to_u32};

/// Bytes of a block's header: kind, count, payload length, checksum.
pub const BLOCK_HEADER_BYTES: usize = SUMMED_BYTES + SUM_BYTES;
/// Those before the checksum.
const SUMMED_BYTES: usize = 12;

/// Kind of the index block.
pub const INDEX: u8 = 255;
/// Kind of an index block that lists parts of a long index.
pub const ROOT: u8 = 254;
/// Kind of a part of a long index.
pub const INDEX_PART: u8 = 253;
/// An index of at most this many bytes is one block.
const SHORT_INDEX_BYTES: usize = 8 * 1024;
/// Blocks that a part of an index lists, at most.
const PART_BLOCKS: usize = 512;
/// A part that lists one block may be this much longer than others: keys of routines with many arguments.
const LONG_KEY_BYTES: usize = 64 * 1024;

/// Where a part of a long index lies, and what it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRef {
    /// Offset of its header.
    pub offset: u64,
    /// Length, header included.
    pub length: u32,
    /// Blocks that it lists.
    pub blocks: u32,
    /// Offset of the first of them.
    pub start: u64,
    /// Kind of the first of them, and key of its first row.
    pub first: (u8, Vec<u8>),
    /// Rows of each kind in them.
    pub rows: Vec<(u8, u32)>,
}

/// Where a block lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRef {
    /// Meaning of its rows.
    pub kind: u8,
    /// Offset of its header.
    pub offset: u64,
    /// Length, header included.
    pub length: u32,
    /// Rows in it.
    pub count: u32,
    /// Key of its first row, where rows are looked up by key.
    pub first: Vec<u8>,
}

/// Writes a file block by block.
#[derive(Debug)]
pub struct FileWriter {
    kind: FileKind,
    identity: Identity,
    out: Vec<u8>,
    /// Bytes taken out of `out` already.
    drained: u64,
    blocks: Vec<BlockRef>,
    records: u64,
    /// Kind, rows and payload of a block that is to lie near the end.
    last: Option<(u8, u32, Vec<u8>)>,
}

impl FileWriter {
    /// Starts a file.
    pub fn new(kind: FileKind, identity: Identity) -> Self {
        FileWriter {
            kind,
            identity,
            out: header(kind, identity).to_vec(),
            drained: 0,
            blocks: Vec::new(),
            records: 0,
            last: None,
        }
    }

    /// Makes room for this many bytes at once, so that growing takes no more.
    pub fn reserve(&mut self, bytes: usize) {
        self.out.reserve_exact(bytes);
    }

    /// Number that the next block gets.
    pub fn next_block(&self) -> u32 {
        to_u32(self.blocks.len())
    }

    /// Appends a block.
    pub fn block(&mut self, kind: u8, count: u32, payload: &[u8], first: &[u8]) {
        let ordinal = self.next_block();
        let offset = self.drained + self.out.len() as u64;
        let length = to_u32(BLOCK_HEADER_BYTES + payload.len());
        put_block(&mut self.out, self.identity, ordinal, kind, count, payload);
        self.blocks.push(BlockRef { kind, offset, length, count, first: first.to_vec() });
        self.records += u64::from(count);
    }

    /// Keeps a block to be the last one, behind the parts of the index if that is long.
    pub fn last_block(&mut self, kind: u8, count: u32, payload: Vec<u8>) {
        self.last = Some((kind, count, payload));
    }

    /// Takes what is written so far.
    pub fn drain(&mut self) -> Vec<u8> {
        self.drained += self.out.len() as u64;
        std::mem::take(&mut self.out)
    }

    /// Bytes that `drain` would take.
    pub fn buffered(&self) -> usize {
        self.out.len()
    }

    /// Ends the file with its index and footer; returns what was not drained.
    pub fn finish(mut self) -> Vec<u8> {
        let mut payload = Vec::new();
        self.blocks.iter().for_each(|block| put_ref(&mut payload, block));
        let last = self.last.take();
        // a segment has no such block: its index is read whole
        let is_short = last.is_none() || payload.len() <= SHORT_INDEX_BYTES;
        let mut rows = 0;
        if !is_short {
            payload.clear();
            (rows, self.blocks) = self.put_parts(&mut payload);
        }
        let before = self.blocks.len();
        if let Some((kind, count, payload)) = last {
            self.block(kind, count, &payload, b"");
        }
        self.blocks.iter().skip(before).for_each(|block| put_ref(&mut payload, block));
        let count = self.next_block();
        let (kind, rows) = if is_short { (INDEX, count) } else { (ROOT, rows) };
        let index_offset = self.drained + self.out.len() as u64;
        put_block(&mut self.out, self.identity, count, kind, rows, &payload);
        let index_length = to_u32(BLOCK_HEADER_BYTES + payload.len());
        let length = index_offset + u64::from(index_length) + FOOTER_BYTES as u64;
        let end = Footer { index_offset, index_length, blocks: count, records: self.records, length };
        self.out.extend_from_slice(&footer(self.kind, end, self.identity));
        self.out
    }

    /// Appends the parts of a long index, and to `root` a row for each; their number, and all blocks up to here.
    fn put_parts(&mut self, root: &mut Vec<u8>) -> (u32, Vec<BlockRef>) {
        let mut blocks = std::mem::take(&mut self.blocks);
        let mut ordinal = to_u32(blocks.len());
        let mut parts = 0;
        let mut rest = blocks.as_slice();
        let mut payload = Vec::new();
        let mut places = Vec::new();
        while let Some(first) = rest.first() {
            payload.clear();
            let mut listed = 0;
            let mut rows: Vec<(u8, u32)> = Vec::new();
            for block in rest.iter().take(PART_BLOCKS) {
                let before = payload.len();
                put_ref(&mut payload, block);
                if payload.len() > BLOCK_BYTES && listed > 0 {
                    payload.truncate(before);
                    break;
                }
                listed += 1;
                match rows.last_mut() {
                    Some((kind, count)) if *kind == block.kind => *count += block.count,
                    _ => rows.push((block.kind, block.count)),
                }
            }
            let offset = self.drained + self.out.len() as u64;
            put_block(&mut self.out, self.identity, ordinal, INDEX_PART, to_u32(listed), &payload);
            let length = to_u32(BLOCK_HEADER_BYTES + payload.len());
            places.push(BlockRef { kind: INDEX_PART, offset, length, count: to_u32(listed), first: Vec::new() });
            for number in [offset, (BLOCK_HEADER_BYTES + payload.len()) as u64, listed as u64, first.offset] {
                put_u64(root, number);
            }
            root.push(first.kind);
            put_bytes(root, &first.first);
            put_u64(root, rows.len() as u64);
            for (kind, count) in rows {
                root.push(kind);
                put_u64(root, u64::from(count));
            }
            ordinal += 1;
            parts += 1;
            rest = &rest[listed..];
        }
        blocks.extend(places);
        (parts, blocks)
    }
}

fn put_ref(out: &mut Vec<u8>, block: &BlockRef) {
    out.push(block.kind);
    put_u64(out, block.offset);
    put_u64(out, u64::from(block.length));
    put_u64(out, u64::from(block.count));
    put_bytes(out, &block.first);
}

/// Appends a block with its checksum.
pub fn put_block(out: &mut Vec<u8>, identity: Identity, ordinal: u32, kind: u8, count: u32, payload: &[u8]) {
    let mut head = [0; SUMMED_BYTES];
    head[0] = kind;
    head[4..8].copy_from_slice(&count.to_le_bytes());
    head[8..].copy_from_slice(&to_u32(payload.len()).to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(&checksum(identity, ordinal, &head, payload));
    out.extend_from_slice(payload);
}

fn checksum(identity: Identity, ordinal: u32, head: &[u8], payload: &[u8]) -> [u8; SUM_BYTES] {
    let mut bytes = [0; 4 + SUMMED_BYTES];
    bytes[..4].copy_from_slice(&ordinal.to_le_bytes());
    bytes[4..].copy_from_slice(head);
    identity.checksum(&bytes, payload)
}

/// Checks a block's bytes and returns its payload and its number of rows.
///
/// # Errors
/// `CORRUPT` where the checksum, the kind or the length does not match: the block is damaged or another's.
pub fn open_block(bytes: &[u8], identity: Identity, ordinal: u32, kind: u8) -> Result<(&[u8], u32), Error> {
    let damaged = |why: &str| Error::new(Code::Corrupt, format!("block {ordinal} {why}"));
    let count = u32_at(bytes, 4)?;
    let length = u32_at(bytes, 8)? as usize;
    let payload = bytes.get(BLOCK_HEADER_BYTES..).filter(|p| p.len() == length);
    let payload = payload.ok_or_else(|| damaged("has another length than the index says"))?;
    let (head, sum) = bytes[..BLOCK_HEADER_BYTES].split_at(SUMMED_BYTES);
    if head[..4] != [kind, 0, 0, 0] || sum != checksum(identity, ordinal, head, payload) {
        return Err(damaged("does not match its checksum"));
    }
    Ok((payload, count))
}

/// Reads the index block.
///
/// # Errors
/// `CORRUPT` where it is damaged or speaks of blocks outside of the file.
pub fn open_index(bytes: &[u8], identity: Identity, footer: &Footer) -> Result<Vec<BlockRef>, Error> {
    let (payload, count) = open_block(bytes, identity, footer.blocks, INDEX)?;
    if count != footer.blocks {
        return Err(mismatch());
    }
    read_blocks(&mut Bytes::new(payload), count, HEADER_BYTES as u64, footer.index_offset)
}

/// Reads what an index, or a part of one, lists: `count` blocks that follow one another from `start` to `end`.
///
/// # Errors
/// `CORRUPT` where they do not.
pub fn read_blocks(rows: &mut Bytes<'_>, count: u32, start: u64, end: u64) -> Result<Vec<BlockRef>, Error> {
    let mut blocks = Vec::new();
    let mut expected = start;
    let mut all = 0u32;
    for _ in 0..count {
        let block = BlockRef {
            kind: rows.u8()?,
            offset: rows.u64()?,
            length: rows.u32()?,
            count: rows.u32()?,
            first: rows.bytes()?.to_vec(),
        };
        let fits = (BLOCK_HEADER_BYTES..=BLOCK_HEADER_BYTES + BLOCK_BYTES).contains(&(block.length as usize));
        // a row takes a byte at least, and numbers of rows fit 32 bits
        let sum = all.checked_add(block.count).filter(|_| block.count <= block.length);
        let Some(sum) = sum.filter(|_| block.offset == expected && fits) else { return Err(mismatch()) };
        all = sum;
        expected += u64::from(block.length);
        blocks.push(block);
    }
    if !rows.is_empty() || expected != end {
        return Err(mismatch());
    }
    Ok(blocks)
}

/// Reads the root of a long index: its parts, and the block behind them.
///
/// # Errors
/// `CORRUPT` where it is damaged or speaks of parts outside of the file.
pub fn open_root(bytes: &[u8], identity: Identity, footer: &Footer) -> Result<(Vec<PartRef>, BlockRef), Error> {
    let (payload, count) = open_block(bytes, identity, footer.blocks, ROOT)?;
    let mut rows = Bytes::new(payload);
    let mut parts: Vec<PartRef> = Vec::new();
    let (mut blocks, mut all) = (0u32, 0u32);
    for _ in 0..count {
        let mut part = PartRef {
            offset: rows.u64()?,
            length: rows.u32()?,
            blocks: rows.u32()?,
            start: rows.u64()?,
            first: (rows.u8()?, rows.bytes()?.to_vec()),
            rows: Vec::new(),
        };
        for _ in 0..rows.u32()? {
            let kind = rows.u8()?;
            let count = rows.u32()?;
            all = all.checked_add(count).ok_or_else(mismatch)?;
            part.rows.push((kind, count));
        }
        let follows = match parts.last() {
            Some(before) => {
                part.start > before.start && Some(part.offset) == before.offset.checked_add(u64::from(before.length))
            }
            None => part.start == HEADER_BYTES as u64 && part.offset > part.start,
        };
        let fits =
            (BLOCK_HEADER_BYTES..=BLOCK_HEADER_BYTES + BLOCK_BYTES + LONG_KEY_BYTES).contains(&(part.length as usize));
        blocks = blocks.checked_add(part.blocks).ok_or_else(mismatch)?;
        // a block takes some bytes
        if !follows || !fits || part.blocks == 0 || part.blocks > part.length {
            return Err(mismatch());
        }
        parts.push(part);
    }
    let behind = parts.last().and_then(|last| last.offset.checked_add(u64::from(last.length))).ok_or_else(mismatch)?;
    let mut last = read_blocks(&mut rows, 1, behind, footer.index_offset)?;
    let inside = parts.iter().all(|part| parts.first().is_some_and(|first| part.start < first.offset));
    let ordinals = blocks.checked_add(count).and_then(|sum| sum.checked_add(1));
    let last = last.pop().filter(|_| inside && ordinals == Some(footer.blocks));
    Ok((parts, last.ok_or_else(mismatch)?))
}

fn mismatch() -> Error {
    Error::new(Code::Corrupt, "the index does not match the blocks of the file")
}
