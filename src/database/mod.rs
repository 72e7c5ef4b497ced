//! The coverage database: one file of sorted blocks, read by range.
//!
//! [`build`] makes one of segments and a manifest; [`writer`] lays out the blocks; [`reader`] answers queries and asks
//! for the bytes it needs.

pub mod build;
mod filter;
mod index;
pub mod reader;
mod rows;
mod tally;
pub mod writer;

use crate::coverage::Count;
use crate::error::Error;
use crate::scan::fact::ObjectKind;
use crate::segment::Identity;
use crate::segment::codec::{Bytes, put_bytes, put_u64};

/// Kinds of blocks.
pub(crate) mod kind {
    /// The summary, one row.
    pub const SUMMARY: u8 = 1;
    /// Objects by key.
    pub const OBJECTS: u8 = 2;
    /// Evidence in order of the objects.
    pub const EVIDENCE: u8 = 3;
    /// Sources in manifest order.
    pub const FILES: u8 = 4;
    /// Diagnostics by place.
    pub const DIAGNOSTICS: u8 = 5;
    /// Stale names by place.
    pub const STALE: u8 = 6;
    /// Cells of the access matrix by object.
    pub const MATRIX: u8 = 7;
}

/// A database belongs to no run: equal contents are equal bytes.
pub(crate) const IDENTITY: Identity = Identity { run: [0; 16], seq: 0 };

/// Figures of a whole database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Every source that the manifest lists was read to its end.
    pub complete: bool,
    /// What is missing or uncertain, in words.
    pub problems: Vec<String>,
    /// Figures over the headline kinds.
    pub totals: Count,
    /// Figures by kind.
    pub kinds: Vec<(ObjectKind, Count)>,
    /// Sources.
    pub files: u32,
    /// Pieces of evidence.
    pub evidence: u32,
    /// Stale names.
    pub stale: u32,
    /// Cells of the access matrix.
    pub matrix: u32,
    /// Diagnostics: errors, warnings, infos.
    pub diagnostics: [u32; 3],
    /// Bytes read.
    pub bytes: u64,
    /// Assertions found.
    pub assertions: u64,
    /// Assertions that could not be understood.
    pub unresolved: u64,
}

impl Summary {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.complete));
        put_u64(out, self.problems.len() as u64);
        for problem in &self.problems {
            put_bytes(out, problem.as_bytes());
        }
        put_count(out, &self.totals);
        put_u64(out, self.kinds.len() as u64);
        for (kind, count) in &self.kinds {
            out.push(*kind as u8);
            put_count(out, count);
        }
        for number in [self.files, self.evidence, self.stale, self.matrix].into_iter().chain(self.diagnostics) {
            put_u64(out, u64::from(number));
        }
        for number in [self.bytes, self.assertions, self.unresolved] {
            put_u64(out, number);
        }
    }

    fn read(payload: &[u8]) -> Result<Summary, Error> {
        let mut bytes = Bytes::new(payload);
        let mut summary = Summary { complete: bytes.u8()? == 1, ..Summary::default() };
        for _ in 0..bytes.u32()? {
            summary.problems.push(bytes.string()?);
        }
        summary.totals = read_count(&mut bytes)?;
        for _ in 0..bytes.u32()? {
            let kind = read_kind(bytes.u8()?)?;
            summary.kinds.push((kind, read_count(&mut bytes)?));
        }
        summary.files = bytes.u32()?;
        summary.evidence = bytes.u32()?;
        summary.stale = bytes.u32()?;
        summary.matrix = bytes.u32()?;
        summary.diagnostics = [bytes.u32()?, bytes.u32()?, bytes.u32()?];
        summary.bytes = bytes.u64()?;
        summary.assertions = bytes.u64()?;
        summary.unresolved = bytes.u64()?;
        Ok(summary)
    }
}

fn put_count(out: &mut Vec<u8>, count: &Count) {
    for number in [count.objects, count.exercised, count.asserted, count.declared, count.gap] {
        put_u64(out, u64::from(number));
    }
}

fn read_count(bytes: &mut Bytes<'_>) -> Result<Count, Error> {
    Ok(Count {
        objects: bytes.u32()?,
        exercised: bytes.u32()?,
        asserted: bytes.u32()?,
        declared: bytes.u32()?,
        gap: bytes.u32()?,
    })
}

pub(crate) fn read_kind(number: u8) -> Result<ObjectKind, Error> {
    ObjectKind::from_number(number)
        .ok_or_else(|| Error::new(crate::error::Code::Corrupt, format!("an object of the kind {number}")))
}
