//! An arena as a segment: definitions in order, evidence sorted by object key, then diagnostics and seals.

use super::block::FileWriter;
use super::rows::RowWriter;
use super::{FileKind, Identity};
use crate::limits::BLOCK_BYTES;
use crate::record::{Arena, Record};

/// Writes the records of `arena`. Costs n log n in their number; the result is at most 1.6 times as large as the
/// arena.
pub fn write(arena: &mut Arena, identity: Identity) -> Vec<u8> {
    let order = arena.sorted();
    let arena = &*arena;
    let mut file = FileWriter::new(FileKind::Segment, identity);
    let blocks = arena.written_bytes() / BLOCK_BYTES + 8;
    file.reserve(arena.written_bytes() + blocks * 64);
    let mut block = Block::default();
    for number in order {
        block.add(&mut file, &arena.record(number as usize));
    }
    block.flush(&mut file);
    file.finish()
}

#[derive(Default)]
struct Block<'a> {
    tag: u8,
    payload: Vec<u8>,
    count: u32,
    rows: RowWriter<'a>,
}

impl<'a> Block<'a> {
    fn add(&mut self, file: &mut FileWriter, record: &Record<&'a [u8]>) {
        if self.count > 0 && record.tag != self.tag {
            self.flush(file);
        }
        self.tag = record.tag;
        let before = self.payload.len();
        self.rows.put(&mut self.payload, record);
        if self.payload.len() > BLOCK_BYTES {
            self.payload.truncate(before);
            self.flush(file);
            self.rows.put(&mut self.payload, record);
        }
        self.count += 1;
    }

    fn flush(&mut self, file: &mut FileWriter) {
        if self.count > 0 {
            file.block(self.tag, self.count, &self.payload, b"");
        }
        self.payload.clear();
        self.count = 0;
        self.rows = RowWriter::default();
    }
}
