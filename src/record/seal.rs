//! The records that close an attempt and the files it includes.

use super::{OwnedRecord, Record, Tag};
use crate::error::{Code, Error};

/// What was read of a source, and how much was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seal {
    /// Ordinal of the attempt in its run.
    pub source: u32,
    /// The source's path.
    pub path: Vec<u8>,
    /// Number of its role.
    pub role: u8,
    /// Why it was abandoned; empty for a complete attempt.
    pub abandoned: Vec<u8>,
    /// Bytes read of the source and of the files that it includes.
    pub bytes: u64,
    /// Bytes of those files.
    pub included_bytes: u64,
    /// Hash of its content (XXH3, 128 bits), in hexadecimal.
    pub hash: String,
    /// Changes with the options, the catalogue and the analyzer's version.
    pub fingerprint: u32,
    /// Records of the attempt, this one aside.
    pub records: u32,
    /// The plan of a test source.
    pub plan: Option<u32>,
    /// Assertions found.
    pub assertions: u32,
    /// Assertions that could not be understood.
    pub unresolved: u32,
    /// Diagnostics beyond those that were kept.
    pub suppressed: u32,
}

/// Bytes of [`Seal::numbers`].
pub const NUMBERS_BYTES: usize = 44;

impl Seal {
    /// The numbers as a fixed layout, the `args` of the record.
    pub fn numbers(&self) -> [u8; NUMBERS_BYTES] {
        let mut out = [0; NUMBERS_BYTES];
        out[..8].copy_from_slice(&self.bytes.to_le_bytes());
        let plan = self.plan.map_or(u32::MAX, |p| p.min(u32::MAX - 1));
        let words = [
            self.fingerprint,
            self.records,
            plan,
            self.assertions,
            self.unresolved,
            self.suppressed,
            u32::from(self.role),
        ];
        for (n, word) in words.into_iter().enumerate() {
            out[8 + n * 4..12 + n * 4].copy_from_slice(&word.to_le_bytes());
        }
        out[36..].copy_from_slice(&self.included_bytes.to_le_bytes());
        out
    }

    /// The seal as a record; `numbers` are its own.
    pub fn record<'a>(&'a self, numbers: &'a [u8; NUMBERS_BYTES]) -> Record<&'a [u8]> {
        Record {
            tag: Tag::Seal as u8,
            kind: 0,
            scope: 0,
            a: 0,
            b: 0,
            via: 0,
            name: &self.path,
            schema: self.hash.as_bytes(),
            sub: &self.abandoned,
            args: numbers,
            detail: b"",
            source: self.source,
            line: 0,
            seq: self.records,
        }
    }

    /// The seal that a record holds.
    ///
    /// # Errors
    /// `CORRUPT` where it holds none.
    pub fn of(record: &OwnedRecord) -> Result<Seal, Error> {
        let numbers: &[u8; NUMBERS_BYTES] = record
            .args
            .as_slice()
            .try_into()
            .map_err(|_| Error::new(Code::Corrupt, "a seal of another length than this version's"))?;
        let word = |n: usize| {
            let at = 8 + n * 4;
            u32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]])
        };
        let long = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&numbers[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        Ok(Seal {
            source: record.source,
            path: record.name.clone(),
            role: word(6).to_le_bytes()[0],
            abandoned: record.sub.clone(),
            bytes: long(0),
            included_bytes: long(36),
            hash: String::from_utf8_lossy(&record.schema).into_owned(),
            fingerprint: word(0),
            records: word(1),
            plan: Some(word(2)).filter(|p| *p != u32::MAX),
            assertions: word(3),
            unresolved: word(4),
            suppressed: word(5),
        })
    }
}

/// A file that was read in the session of the source that includes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Include {
    /// Ordinal of this reading in its run, among those of the sources.
    pub source: u32,
    /// The file's path.
    pub path: Vec<u8>,
    /// Ordinal of the source whose session it is.
    pub root: u32,
    /// Line of the command in the file that includes it.
    pub line: u32,
    /// Its length in bytes, without what it includes itself.
    pub bytes: u64,
    /// Assertions found in it.
    pub assertions: u32,
    /// Assertions that could not be understood.
    pub unresolved: u32,
}

/// Bytes of [`Include::numbers`].
pub const INCLUDE_BYTES: usize = 20;

impl Include {
    /// The numbers as a fixed layout, the `args` of the record.
    pub fn numbers(&self) -> [u8; INCLUDE_BYTES] {
        let mut out = [0; INCLUDE_BYTES];
        out[..8].copy_from_slice(&self.bytes.to_le_bytes());
        for (n, word) in [self.root, self.assertions, self.unresolved].into_iter().enumerate() {
            out[8 + n * 4..12 + n * 4].copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// The record of it, `seq` among those of its source.
    pub fn record<'a>(&'a self, numbers: &'a [u8; INCLUDE_BYTES], seq: u32) -> Record<&'a [u8]> {
        Record {
            tag: Tag::Include as u8,
            kind: 0,
            scope: 0,
            a: 0,
            b: 0,
            via: 0,
            name: &self.path,
            schema: b"",
            sub: b"",
            args: numbers,
            detail: b"",
            source: self.source,
            line: self.line,
            seq,
        }
    }

    /// The file that a record speaks of.
    ///
    /// # Errors
    /// `CORRUPT` where it speaks of none.
    pub fn of(record: &OwnedRecord) -> Result<Include, Error> {
        let numbers: &[u8; INCLUDE_BYTES] = record
            .args
            .as_slice()
            .try_into()
            .map_err(|_| Error::new(Code::Corrupt, "an included file of another length than this version's"))?;
        let word = |at: usize| u32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        Ok(Include {
            source: record.source,
            path: record.name.clone(),
            root: word(8),
            line: record.line,
            bytes: u64::from(word(0)) | u64::from(word(4)) << 32,
            assertions: word(12),
            unresolved: word(16),
        })
    }
}
