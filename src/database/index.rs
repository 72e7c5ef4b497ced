//! Where the blocks of a database lie: the root is read when it is opened, and of a long index only the parts that
//! queries touch.

use super::IDENTITY;
use crate::error::{Code, Error};
use crate::limits::to_u32;
use crate::segment::block::{self, BlockRef, INDEX_PART, PartRef, open_block};
use crate::segment::codec::Bytes;
use crate::segment::{Footer, HEADER_BYTES};

/// The index, as far as it is read.
#[derive(Debug, Default)]
pub(super) struct Index {
    parts: Vec<Part>,
    /// The last block and its number, where it lies behind the parts.
    last: Option<(BlockRef, usize)>,
}

#[derive(Debug)]
struct Part {
    place: PartRef,
    /// Number of its first block.
    number: usize,
    /// Where its last block ends.
    end: u64,
    blocks: Option<Vec<BlockRef>>,
}

fn mismatch() -> Error {
    Error::new(Code::Corrupt, "the index does not match the blocks of the file")
}

impl Index {
    /// Reads the root.
    ///
    /// # Errors
    /// `CORRUPT` where it is damaged or speaks of blocks outside of the file.
    pub(super) fn open(bytes: &[u8], footer: &Footer) -> Result<Index, Error> {
        if bytes.first() != Some(&block::ROOT) {
            let blocks = block::open_index(bytes, IDENTITY, footer)?;
            let mut rows: Vec<(u8, u32)> = Vec::new();
            for block in &blocks {
                match rows.last_mut() {
                    Some((kind, count)) if *kind == block.kind => *count += block.count,
                    _ => rows.push((block.kind, block.count)),
                }
            }
            let first = blocks.first().map_or((0, Vec::new()), |block| (block.kind, block.first.clone()));
            let place = PartRef { offset: 0, length: 0, blocks: to_u32(blocks.len()), start: 0, first, rows };
            return Ok(Index { parts: vec![Part { place, number: 0, end: 0, blocks: Some(blocks) }], last: None });
        }
        let (places, last) = block::open_root(bytes, IDENTITY, footer)?;
        let mut parts: Vec<Part> = Vec::with_capacity(places.len());
        let mut number = 0;
        for place in places {
            if let Some(before) = parts.last_mut() {
                before.end = place.start;
            }
            let blocks = place.blocks as usize;
            parts.push(Part { place, number, end: 0, blocks: None });
            number += blocks;
        }
        let end = parts.first().map_or(HEADER_BYTES as u64, |first| first.place.offset);
        if let Some(last) = parts.last_mut() {
            last.end = end;
        }
        let number = number + parts.len();
        Ok(Index { parts, last: Some((last, number)) })
    }

    /// Number of parts.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Bytes of a part: offset and length.
    pub(super) fn range(&self, part: usize) -> (u64, u32) {
        self.parts.get(part).map_or((0, 0), |part| (part.place.offset, part.place.length))
    }

    /// Takes the bytes of a part.
    ///
    /// # Errors
    /// `CORRUPT` where it is damaged or does not fit the root.
    pub(super) fn load(&mut self, part: usize, bytes: &[u8]) -> Result<(), Error> {
        let data = self.parts.last().map_or(0, |last| last.number + last.place.blocks as usize);
        let Some(of) = self.parts.get_mut(part) else { return Err(mismatch()) };
        let (payload, count) = open_block(bytes, IDENTITY, to_u32(data + part), INDEX_PART)?;
        let blocks = block::read_blocks(&mut Bytes::new(payload), count, of.place.start, of.end)?;
        let fits = |kind: u8, rows: u32| {
            blocks.iter().filter(|b| b.kind == kind).map(|b| u64::from(b.count)).sum::<u64>() == u64::from(rows)
        };
        let first = blocks.first().map(|b| (b.kind, b.first.as_slice()));
        let known = (of.place.first.0, of.place.first.1.as_slice());
        if count != of.place.blocks
            || first != Some(known)
            || !of.place.rows.iter().all(|(kind, rows)| fits(*kind, *rows))
        {
            return Err(mismatch());
        }
        of.blocks = Some(blocks);
        Ok(())
    }

    /// Number of the part's first block, and its blocks; none where it was not read.
    pub(super) fn blocks(&self, part: usize) -> Option<(usize, &[BlockRef])> {
        let part = self.parts.get(part)?;
        part.blocks.as_ref().map(|blocks| (part.number, blocks.as_slice()))
    }

    /// A block by its number, if its part was read.
    pub(super) fn block(&self, number: usize) -> Option<&BlockRef> {
        if let Some((last, own)) = &self.last
            && *own == number
        {
            return Some(last);
        }
        let part = self.parts.partition_point(|part| part.number <= number).checked_sub(1)?;
        let (first, blocks) = self.blocks(part)?;
        blocks.get(number - first)
    }

    /// Number of the last block, if it is of this kind.
    pub(super) fn last(&self, kind: u8) -> Option<usize> {
        match &self.last {
            Some((last, number)) => (last.kind == kind).then_some(*number),
            None => {
                let (first, blocks) = self.blocks(self.parts.len().checked_sub(1)?)?;
                blocks.last().filter(|block| block.kind == kind).map(|_| first + blocks.len() - 1)
            }
        }
    }

    /// Rows of a kind in a part.
    pub(super) fn rows_in(&self, part: usize, kind: u8) -> u32 {
        let rows = self.parts.get(part).into_iter().flat_map(|part| &part.place.rows);
        rows.filter(|(of, _)| *of == kind).map(|(_, rows)| *rows).sum()
    }

    /// Rows of a kind.
    pub(super) fn rows(&self, kind: u8) -> u32 {
        (0..self.parts.len()).map(|part| self.rows_in(part, kind)).sum()
    }

    /// Key of the first row of a part, if that is of this kind.
    pub(super) fn first(&self, part: usize, kind: u8) -> Option<&[u8]> {
        let place = &self.parts.get(part)?.place;
        (place.first.0 == kind).then_some(place.first.1.as_slice())
    }
}
