//! Records as rows of a block: what equals the row before is left out, texts share its prefix, numbers are differences.

use super::codec::{Bytes, put_delta, put_prefixed, put_u64};
use crate::error::{Code, Error};
use crate::limits::{ARGS_BYTES, DETAIL_BYTES, NAME_BYTES, PATH_BYTES, SEARCH_PATH_SCHEMAS};
use crate::record::{OwnedRecord, Record, Tag};

const TEXTS: usize = 5;
const HEAD: u8 = 1 << TEXTS;
const SOURCE: u8 = 1 << (TEXTS + 1);

/// The row before the first one of a block.
fn blank() -> OwnedRecord {
    Record {
        tag: 0,
        kind: 0,
        scope: 0,
        a: 0,
        b: 0,
        via: 0,
        name: Vec::new(),
        schema: Vec::new(),
        sub: Vec::new(),
        args: Vec::new(),
        detail: Vec::new(),
        source: 0,
        line: 0,
        seq: 0,
    }
}

/// Encodes rows one after the other.
#[derive(Debug)]
pub struct RowWriter {
    before: OwnedRecord,
}

impl Default for RowWriter {
    fn default() -> Self {
        RowWriter { before: blank() }
    }
}

impl RowWriter {
    /// Appends one row.
    pub fn put(&mut self, out: &mut Vec<u8>, record: &Record<&[u8]>) {
        let before = &mut self.before;
        let texts = [record.name, record.schema, record.sub, record.args, record.detail];
        let olds = [&mut before.name, &mut before.schema, &mut before.sub, &mut before.args, &mut before.detail];
        let mut flags = 0;
        for (n, (text, old)) in texts.iter().zip(&olds).enumerate() {
            if *text != old.as_slice() {
                flags |= 1 << n;
            }
        }
        let head = |kind, scope, a, b, via| (kind, scope, a, b, via);
        let new_head = head(record.kind, record.scope, record.a, record.b, record.via);
        if new_head != head(before.kind, before.scope, before.a, before.b, before.via) {
            flags |= HEAD;
        }
        if record.source != before.source {
            flags |= SOURCE;
        }
        out.push(flags);
        for (n, (text, old)) in texts.into_iter().zip(olds).enumerate() {
            if flags & 1 << n != 0 {
                put_prefixed(out, old, text);
                old.clear();
                old.extend_from_slice(text);
            }
        }
        if flags & HEAD != 0 {
            out.extend_from_slice(&[record.kind, record.scope, record.a, record.b]);
            put_u64(out, u64::from(record.via));
            (before.kind, before.scope, before.a, before.b, before.via) = new_head;
        }
        if flags & SOURCE != 0 {
            put_delta(out, before.source, record.source);
        }
        put_delta(out, before.line, record.line);
        put_delta(out, before.seq, record.seq);
        (before.source, before.line, before.seq) = (record.source, record.line, record.seq);
    }
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
}

impl<'a> Rows<'a> {
    /// The rows of a payload, all with this tag.
    pub fn new(payload: &'a [u8], count: u32, tag: Tag) -> Self {
        Rows { bytes: Bytes::new(payload), left: count, row: Record { tag: tag as u8, ..blank() } }
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
            if flags & 1 << n != 0 {
                bytes.prefixed(text, limit)?;
            }
        }
        if !is_seal && (row.name.contains(&0) || row.sub.contains(&0)) {
            return Err(Error::new(Code::Corrupt, "a name holds a NUL byte"));
        }
        if flags & HEAD != 0 {
            (row.kind, row.scope, row.a, row.b) = (bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?);
            row.via = bytes.u16()?;
        }
        if flags & SOURCE != 0 {
            row.source = bytes.delta(row.source)?;
        }
        row.line = bytes.delta(row.line)?;
        row.seq = bytes.delta(row.seq)?;
        Ok(Some(row))
    }
}
