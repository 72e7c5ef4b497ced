//! The evidence of several segments in the order of its keys, so that a key is looked up once for all of them. Holds a
//! block of each.

use crate::error::Error;
use crate::limits::to_u32;
use crate::order;
use crate::record::OwnedRecord;
use crate::segment::rows::Rows;

/// Segments that are read side by side.
const LANES: usize = 64;

/// What is left of a segment's evidence.
#[derive(Debug)]
struct Lane {
    segment: usize,
    /// Numbers of its blocks, and how many of them were read.
    blocks: Vec<usize>,
    read: usize,
    payload: Vec<u8>,
    rows: Rows,
}

/// The segments that are read.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Lanes with a row: a heap, that of the least key first.
    heads: Vec<u32>,
    /// Lanes whose next block is needed.
    waiting: Vec<u32>,
    /// The first row of the heap was handed on.
    is_taken: bool,
}

impl Lanes {
    /// No other segment is to be added.
    pub(super) fn is_full(&self) -> bool {
        self.lanes.len() == LANES
    }

    /// Adds a block by its number, before the first `supply`; those of a segment one after the other.
    pub(super) fn add(&mut self, segment: usize, block: usize) {
        match self.lanes.last_mut() {
            Some(lane) if lane.segment == segment => lane.blocks.push(block),
            _ => {
                self.waiting.push(to_u32(self.lanes.len()));
                let (blocks, payload, rows) = (vec![block], Vec::new(), Rows::default());
                self.lanes.push(Lane { segment, blocks, read: 0, payload, rows });
            }
        }
    }

    /// Segment and number of the block to supply; none where all rows were handed on.
    pub(super) fn wanted(&self) -> Option<(usize, usize)> {
        let lane = &self.lanes[*self.waiting.last()? as usize];
        Some((lane.segment, *lane.blocks.get(lane.read)?))
    }

    /// Takes the block that was wanted.
    ///
    /// # Errors
    /// `CORRUPT` where its first row is none.
    pub(super) fn supply(&mut self, rows: Rows, payload: &[u8]) -> Result<(), Error> {
        let Some(number) = self.waiting.pop() else { return Ok(()) };
        let lane = &mut self.lanes[number as usize];
        lane.read += 1;
        lane.payload.clear();
        lane.payload.extend_from_slice(payload);
        lane.rows = rows;
        if lane.rows.advance(&lane.payload)? {
            self.heads.push(number);
            let lanes = &self.lanes;
            order::rise(&mut self.heads, &|a, b| is_less(lanes, a, b));
        } else {
            self.end(number);
        }
        Ok(())
    }

    /// The next row and its segment; none where a block is wanted first.
    ///
    /// # Errors
    /// `CORRUPT` with the segment whose row is none.
    pub(super) fn next_row(&mut self) -> Result<Option<(usize, &OwnedRecord)>, (usize, Error)> {
        if std::mem::take(&mut self.is_taken)
            && let Some(first) = self.heads.first().copied()
        {
            let lane = &mut self.lanes[first as usize];
            let is_there = lane.rows.advance(&lane.payload).map_err(|error| (lane.segment, error))?;
            let goes_on = is_there && lane.rows.goes_on();
            if !is_there {
                self.heads.swap_remove(0);
                self.end(first);
            }
            if !goes_on {
                let lanes = &self.lanes;
                order::sink(&mut self.heads, &|a, b| is_less(lanes, a, b));
            }
        }
        let first = self.heads.first().filter(|_| self.waiting.is_empty());
        self.is_taken = first.is_some();
        Ok(first.map(|first| {
            let lane = &self.lanes[*first as usize];
            (lane.segment, lane.rows.row())
        }))
    }

    /// A block is at its end.
    fn end(&mut self, number: u32) {
        let lane = &mut self.lanes[number as usize];
        if lane.read == lane.blocks.len() {
            lane.payload = Vec::new();
        } else {
            self.waiting.push(number);
        }
    }
}

/// Of equal keys, the rows of the segment that was added first come first.
#[inline(never)]
fn is_less(lanes: &[Lane], a: u32, b: u32) -> bool {
    let key = |number: u32| {
        let row = lanes[number as usize].rows.row();
        (&row.name, &row.schema, row.kind, row.scope, &row.sub, &row.args, number)
    };
    key(a) < key(b)
}
