//! Blocks: a header with a checksum, then at most 64 KiB of payload; and the index that lists them.

use super::codec::{Bytes, put_bytes, put_u64, u32_at};
use super::{FOOTER_BYTES, FileKind, Footer, HEADER_BYTES, Identity, footer, header};
use crate::error::{Code, Error};
use crate::limits::{BLOCK_BYTES, to_u32};

/// Bytes of a block's header: kind, count, payload length, checksum.
pub const BLOCK_HEADER_BYTES: usize = 16;

/// Kind of the index block.
pub const INDEX: u8 = 255;

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
    identity: Identity,
    out: Vec<u8>,
    /// Bytes taken out of `out` already.
    drained: u64,
    blocks: Vec<BlockRef>,
    records: u64,
}

impl FileWriter {
    /// Starts a file.
    pub fn new(kind: FileKind, identity: Identity) -> Self {
        FileWriter { identity, out: header(kind, identity).to_vec(), drained: 0, blocks: Vec::new(), records: 0 }
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
        for block in &self.blocks {
            payload.push(block.kind);
            put_u64(&mut payload, block.offset);
            put_u64(&mut payload, u64::from(block.length));
            put_u64(&mut payload, u64::from(block.count));
            put_bytes(&mut payload, &block.first);
        }
        let count = self.next_block();
        let index_offset = self.drained + self.out.len() as u64;
        put_block(&mut self.out, self.identity, count, INDEX, count, &payload);
        let index_length = to_u32(BLOCK_HEADER_BYTES + payload.len());
        let length = index_offset + u64::from(index_length) + FOOTER_BYTES as u64;
        let end = Footer { index_offset, index_length, blocks: count, records: self.records, length };
        self.out.extend_from_slice(&footer(end, self.identity));
        self.out
    }
}

fn put_block(out: &mut Vec<u8>, identity: Identity, ordinal: u32, kind: u8, count: u32, payload: &[u8]) {
    let length = to_u32(payload.len());
    let sum = checksum(identity, ordinal, kind, count, payload);
    out.extend_from_slice(&[kind, 0, 0, 0]);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(payload);
}

fn checksum(identity: Identity, ordinal: u32, kind: u8, count: u32, payload: &[u8]) -> u32 {
    let mut sum = identity.seed();
    sum.update(&ordinal.to_le_bytes());
    sum.update(&[kind, 0, 0, 0]);
    sum.update(&count.to_le_bytes());
    sum.update(&to_u32(payload.len()).to_le_bytes());
    sum.update(payload);
    sum.finalize()
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
    if bytes[..4] != [kind, 0, 0, 0] || u32_at(bytes, 12)? != checksum(identity, ordinal, bytes[0], count, payload) {
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
    let mut rows = Bytes::new(payload);
    let mut blocks = Vec::new();
    let mut expected = HEADER_BYTES as u64;
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
        let Some(sum) = sum.filter(|_| block.offset == expected && fits) else {
            return Err(Error::new(Code::Corrupt, "the index does not match the blocks of the file"));
        };
        all = sum;
        expected += u64::from(block.length);
        blocks.push(block);
    }
    if !rows.is_empty() || expected != footer.index_offset {
        return Err(Error::new(Code::Corrupt, "the index does not match the blocks of the file"));
    }
    Ok(blocks)
}
