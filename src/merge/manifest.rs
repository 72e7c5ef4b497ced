//! What a run read: the host's list of the sources that count.

use crate::scan::SourceRole;

/// A source that was read. The order of schema sources in a manifest is the order of their definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Its path, spelled as text.
    pub path: String,
    /// Its role.
    pub role: SourceRole,
    /// Its length in bytes.
    pub bytes: u64,
    /// Hash of its content (XXH3, 128 bits), in hexadecimal.
    pub hash: String,
    /// False where it was abandoned.
    pub complete: bool,
}
