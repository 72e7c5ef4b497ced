//! An arena as a segment: definitions in order, evidence sorted by object key, then diagnostics and seals.

use super::block::FileWriter;
use super::rows::RowWriter;
use super::{FileKind, Identity};
use crate::limits::BLOCK_BYTES;
use crate::record::{Arena, Record, Text};

/// Room for a piece of a segment. A segment is mostly a small part of what it may be: room is made as it is needed, and
/// nothing is copied to grow.
const PIECE_BYTES: usize = 320 * 1024;

/// Writes the records of `arena`; the segment is the pieces one after the other. Costs n log n in their number; the
/// result is at most 1.6 times as large as the arena.
pub fn write(arena: &mut Arena, identity: Identity) -> Vec<Vec<u8>> {
    let order = arena.sorted();
    let arena = &*arena;
    let mut pieces = Vec::new();
    let mut file = FileWriter::new(FileKind::Segment, identity);
    let blocks = arena.written_bytes() / BLOCK_BYTES + 8;
    let room = PIECE_BYTES.min(arena.written_bytes() + blocks * 64);
    file.reserve(room);
    let mut block = Block::default();
    for number in order {
        block.add(&mut file, arena, &arena.record(number));
        if file.buffered() + 2 * BLOCK_BYTES > PIECE_BYTES {
            let mut piece = file.drain();
            piece.shrink_to_fit();
            pieces.push(piece);
            file.reserve(room);
        }
    }
    block.flush(&mut file);
    pieces.push(file.finish());
    pieces
}

#[derive(Default)]
struct Block {
    tag: u8,
    payload: Vec<u8>,
    count: u32,
    rows: RowWriter<Text>,
}

impl Block {
    fn add(&mut self, file: &mut FileWriter, arena: &Arena, record: &Record<Text>) {
        if self.count > 0 && record.tag != self.tag {
            self.flush(file);
        }
        self.tag = record.tag;
        let before = self.payload.len();
        self.rows.put(&mut self.payload, record, |text| arena.text(text));
        if self.payload.len() > BLOCK_BYTES {
            self.payload.truncate(before);
            self.flush(file);
            self.rows.put(&mut self.payload, record, |text| arena.text(text));
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
