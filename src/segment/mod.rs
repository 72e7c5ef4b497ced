//! The file format: checksummed blocks between a header and a footer. Segments are written and read here; the coverage
//! database uses the same blocks.
//!
//! `docs/FORMAT.md` is the law of the bytes.

pub mod block;
pub mod codec;
pub mod reader;
pub mod rows;
pub mod writer;

pub use reader::SegmentReader;
pub use writer::write;

use crate::error::{Code, Error};
use crate::hash::xxh3_64;

/// First bytes of every file. Like PNG's: a transfer that mangles line ends or strips bit 7 is found out.
pub const MAGIC: [u8; 8] = [0x89, b'P', b'T', b'C', 0x0D, 0x0A, 0x1A, 0x0A];
/// Last bytes of every file.
pub const END_MAGIC: [u8; 8] = *b"PTC.end\n";
/// Readers refuse another major version.
pub const MAJOR: u16 = 1;
/// Readers accept a newer minor version.
pub const MINOR: u16 = 0;
/// Bytes of a header.
pub const HEADER_BYTES: usize = 64;
/// Bytes of a footer.
pub const FOOTER_BYTES: usize = 64;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A segment.
    Segment = 1,
    /// A coverage database.
    Database = 2,
}

/// Whose file it is; every checksum in it starts from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The run that wrote it; zero for a database.
    pub run: [u8; 16],
    /// Its number in the run.
    pub seq: u64,
}

impl Identity {
    /// `<run in hexadecimal>-<number>`, the segment's id.
    pub fn id(&self) -> String {
        let hex: String = self.run.iter().map(|b| format!("{b:02x}")).collect();
        format!("{hex}-{:08}", self.seq)
    }

    /// Checksum of bytes of this file: of `head`, and of `body` where that is long.
    fn checksum(&self, head: &[u8], body: &[u8]) -> [u8; SUM_BYTES] {
        let mut bytes = [0; 128];
        let mut length = 0;
        for part in [&self.run, &self.seq.to_le_bytes()[..], head, &xxh3_64(body).to_le_bytes()] {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        xxh3_64(&bytes[..length]).to_le_bytes()
    }
}

/// Bytes of a checksum.
const SUM_BYTES: usize = 8;

/// The header's bytes.
pub fn header(kind: FileKind, identity: Identity) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&MAJOR.to_le_bytes());
    bytes[10..12].copy_from_slice(&MINOR.to_le_bytes());
    bytes[12] = kind as u8;
    bytes[16..32].copy_from_slice(&identity.run);
    bytes[32..40].copy_from_slice(&identity.seq.to_le_bytes());
    let sum = identity.checksum(&bytes[..56], b"");
    bytes[56..].copy_from_slice(&sum);
    bytes
}

/// Checks a header and tells whose file it is.
///
/// # Errors
/// `CORRUPT` for anything but a header of this kind, `VERSION` for one of another major version.
pub fn parse_header(bytes: &[u8], kind: FileKind) -> Result<Identity, Error> {
    let name = if kind == FileKind::Segment { "segment" } else { "coverage database" };
    if bytes.len() < HEADER_BYTES || bytes[..8] != MAGIC {
        return Err(Error::new(Code::Corrupt, format!("this is no {name} of pgtap-cov: its first bytes are others")));
    }
    known_version(u16::from_le_bytes([bytes[8], bytes[9]]))?;
    let mut run = [0; 16];
    run.copy_from_slice(&bytes[16..32]);
    let identity = Identity { run, seq: codec::u64_at(bytes, 32)? };
    if bytes[56..64] != identity.checksum(&bytes[..56], b"") {
        return Err(Error::new(Code::Corrupt, "the header's checksum does not match"));
    }
    if bytes[12] != kind as u8 {
        return Err(Error::new(Code::Corrupt, format!("this file of pgtap-cov is no {name}")));
    }
    Ok(identity)
}

fn known_version(major: u16) -> Result<(), Error> {
    if major == MAJOR {
        return Ok(());
    }
    let message = format!("written in format version {major}; this reader knows version {MAJOR}");
    Err(Error::new(Code::Version, message))
}

/// What the footer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Where the index block starts.
    pub index_offset: u64,
    /// Its length, block header included.
    pub index_length: u32,
    /// Blocks before it.
    pub blocks: u32,
    /// Records in them.
    pub records: u64,
    /// Length of the whole file.
    pub length: u64,
}

/// The footer's bytes. It repeats what the header says of version and kind, so that a file opens from its end.
pub fn footer(kind: FileKind, footer: Footer, identity: Identity) -> [u8; FOOTER_BYTES] {
    let mut bytes = [0; FOOTER_BYTES];
    bytes[..8].copy_from_slice(&footer.index_offset.to_le_bytes());
    bytes[8..12].copy_from_slice(&footer.index_length.to_le_bytes());
    bytes[12..16].copy_from_slice(&footer.blocks.to_le_bytes());
    bytes[16..24].copy_from_slice(&footer.records.to_le_bytes());
    bytes[24..32].copy_from_slice(&footer.length.to_le_bytes());
    bytes[32..34].copy_from_slice(&MAJOR.to_le_bytes());
    bytes[34..36].copy_from_slice(&MINOR.to_le_bytes());
    bytes[36] = kind as u8;
    let sum = identity.checksum(&bytes[..48], b"");
    bytes[48..56].copy_from_slice(&sum);
    bytes[56..].copy_from_slice(&END_MAGIC);
    bytes
}

/// Checks a footer against the file's length.
///
/// # Errors
/// `CORRUPT` where it is none, is another file's, or does not fit the length: the file is truncated or was added to;
/// `VERSION` where it is one of another major version.
pub fn parse_footer(bytes: &[u8], kind: FileKind, identity: Identity, length: u64) -> Result<Footer, Error> {
    let truncated =
        || Error::new(Code::Corrupt, "the file does not end in a footer: it is truncated or still being written");
    if bytes.len() < FOOTER_BYTES || bytes[56..64] != END_MAGIC {
        return Err(truncated());
    }
    known_version(u16::from_le_bytes([bytes[32], bytes[33]]))?;
    if bytes[48..56] != identity.checksum(&bytes[..48], b"") || bytes[36] != kind as u8 {
        return Err(Error::new(Code::Corrupt, "the footer's checksum does not match its header"));
    }
    let footer = Footer {
        index_offset: codec::u64_at(bytes, 0)?,
        index_length: codec::u32_at(bytes, 8)?,
        blocks: codec::u32_at(bytes, 12)?,
        records: codec::u64_at(bytes, 16)?,
        length: codec::u64_at(bytes, 24)?,
    };
    let end = footer.index_offset.checked_add(u64::from(footer.index_length) + FOOTER_BYTES as u64);
    if footer.length != length || end != Some(length) {
        let message = format!("the footer speaks of {} bytes, the file has {length}", footer.length);
        return Err(Error::new(Code::Corrupt, message));
    }
    Ok(footer)
}
