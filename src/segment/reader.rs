//! Reads a segment by range, sans-IO: it says which bytes it needs next.

use super::block::{BlockRef, open_block, open_index};
use super::rows::Rows;
use super::{FOOTER_BYTES, FileKind, Footer, HEADER_BYTES, Identity, parse_footer, parse_header};
use crate::error::{Code, Error};
use crate::record::{OwnedRecord, Tag};

/// Bytes that are needed: offset and length.
pub type Range = (u64, u32);

/// Largest index that is read; a segment of the largest arena has a smaller one.
const INDEX_BYTES: u32 = 64 * 1024 * 1024;

/// The state of one segment's reading.
#[derive(Debug)]
pub struct SegmentReader {
    id: String,
    length: u64,
    opening: Opening,
}

#[derive(Debug)]
enum Opening {
    Header,
    Footer(Identity),
    Index(Identity, Footer),
    Open(Identity, Vec<BlockRef>),
}

impl SegmentReader {
    /// A segment that the host calls `id`, of `length` bytes.
    pub fn new(id: String, length: u64) -> Self {
        SegmentReader { id, length, opening: Opening::Header }
    }

    /// The host's name for it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The bytes to supply before it is open.
    ///
    /// # Errors
    /// `CORRUPT` where the file is too short for a segment.
    pub fn opens_with(&self) -> Result<Option<Range>, Error> {
        if self.length < (HEADER_BYTES + FOOTER_BYTES) as u64 {
            let message = format!("{} bytes are too few for a segment: it is truncated", self.length);
            return Err(Error::new(Code::Corrupt, message).in_file(&self.id));
        }
        Ok(match &self.opening {
            Opening::Header => Some((0, crate::limits::to_u32(HEADER_BYTES))),
            Opening::Footer(_) => Some((self.length - FOOTER_BYTES as u64, crate::limits::to_u32(FOOTER_BYTES))),
            Opening::Index(_, footer) => Some((footer.index_offset, footer.index_length)),
            Opening::Open(..) => None,
        })
    }

    /// Takes the bytes that `opens_with` asked for.
    ///
    /// # Errors
    /// `CORRUPT`, `VERSION`, with the segment's id.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.opening = self.opened(bytes).map_err(|e| e.in_file(&self.id))?;
        Ok(())
    }

    fn opened(&self, bytes: &[u8]) -> Result<Opening, Error> {
        match &self.opening {
            Opening::Header => {
                let identity = parse_header(bytes, FileKind::Segment)?;
                if identity.id() != self.id {
                    let message = format!("the segment calls itself {}: it was renamed or swapped", identity.id());
                    return Err(Error::new(Code::Corrupt, message));
                }
                Ok(Opening::Footer(identity))
            }
            Opening::Footer(identity) => {
                let footer = parse_footer(bytes, FileKind::Segment, *identity, self.length)?;
                if footer.index_length > INDEX_BYTES {
                    return Err(Error::new(Code::Corrupt, "the index is longer than any segment's"));
                }
                Ok(Opening::Index(*identity, footer))
            }
            Opening::Index(identity, footer) => Ok(Opening::Open(*identity, open_index(bytes, *identity, footer)?)),
            Opening::Open(..) => Err(Error::new(Code::State, "the segment is open already")),
        }
    }

    /// The run that wrote it, once open.
    pub fn run(&self) -> Option<[u8; 16]> {
        match &self.opening {
            Opening::Open(identity, _) => Some(identity.run),
            _ => None,
        }
    }

    /// Where block `ordinal` lies, and its tag; none behind the last one.
    pub fn block(&self, ordinal: usize) -> Option<(Tag, Range)> {
        let Opening::Open(_, blocks) = &self.opening else { return None };
        let block = blocks.get(ordinal)?;
        Some((Tag::from_number(block.kind)?, (block.offset, block.length)))
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        match &self.opening {
            Opening::Open(_, blocks) => blocks.len(),
            _ => 0,
        }
    }

    /// Rows of a tag, as the index counts them.
    pub fn rows_of(&self, tag: Tag) -> usize {
        let Opening::Open(_, blocks) = &self.opening else { return 0 };
        blocks.iter().filter(|block| block.kind == tag as u8).map(|block| block.count as usize).sum()
    }

    /// Calls `take` with each row of block `ordinal`, whose bytes these are.
    ///
    /// # Errors
    /// `CORRUPT` with the segment's id, and whatever `take` returns.
    pub fn rows(
        &self,
        ordinal: usize,
        bytes: &[u8],
        mut take: impl FnMut(&OwnedRecord) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut read = || -> Result<(), Error> {
            let Opening::Open(identity, blocks) = &self.opening else {
                return Err(Error::new(Code::State, "the segment is not open"));
            };
            let block = blocks.get(ordinal).ok_or_else(|| Error::new(Code::State, "there is no such block"))?;
            let tag = Tag::from_number(block.kind)
                .ok_or_else(|| Error::new(Code::Corrupt, "a block of a kind that no version knows"))?;
            let (payload, count) = open_block(bytes, *identity, crate::limits::to_u32(ordinal), block.kind)?;
            if count != block.count {
                return Err(Error::new(Code::Corrupt, "the index does not match the blocks of the file"));
            }
            let mut rows = Rows::new(payload, count, tag);
            while let Some(row) = rows.next_row()? {
                take(row)?;
            }
            Ok(())
        };
        read().map_err(|e| if e.file.is_none() { e.in_file(&self.id) } else { e })
    }
}
