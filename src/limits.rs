//! Every limit of the analyzer, and the one formula for its memory.

use crate::error::{Code, Error};

/// Bytes that a rule's regular expression may take when compiled.
pub const RULE_BYTES: usize = 256 * 1024;
/// Rules of a run.
pub const RULES: usize = 256;
/// Bytes of an identifier that PostgreSQL keeps (NAMEDATALEN - 1).
pub const NAME_BYTES: usize = 63;
/// Longest spelling of a routine's argument types: FUNC_MAX_ARGS (100) qualified, quoted names.
pub const ARGS_BYTES: usize = 16 * 1024;
/// Longest detail of a definition (renames, trigger functions, policy roles).
pub const DETAIL_BYTES: usize = 4 * 1024;
/// Longest path of a source.
pub const PATH_BYTES: usize = 4 * 1024;
/// Schemas kept of a search_path.
pub const SEARCH_PATH_SCHEMAS: usize = 16;
/// Smallest arena; the largest record fits it.
pub const MIN_ARENA_BYTES: usize = 64 * 1024;
/// Arena when the host says nothing.
pub const DEFAULT_ARENA_BYTES: usize = 4 * 1024 * 1024;
/// Largest arena.
pub const MAX_ARENA_BYTES: usize = 256 * 1024 * 1024;
/// Smallest statement buffer.
pub const MIN_STATEMENT_BYTES: usize = 4 * 1024;
/// Statement buffer when the host says nothing.
pub const DEFAULT_STATEMENT_BYTES: usize = 1024 * 1024;
/// Largest statement buffer.
pub const MAX_STATEMENT_BYTES: usize = 256 * 1024 * 1024;
/// How deep files include one another.
pub const INCLUDES: usize = 16;
/// How deep bodies and strings that run are read inside each other.
pub const NESTING: usize = 3;
/// How deep an expression is read; what is nested deeper is dynamic.
pub const EXPRESSION_NESTING: usize = 48;
/// Rows of a written-out source (VALUES, unnest of an array) that one call is read for.
pub const SOURCE_ROWS: usize = 1024;
/// Bytes that expressions take of a written-out source, and that one `format` makes; what is more is dynamic.
pub const SOURCE_BYTES: usize = 4 * 1024 * 1024;
/// Times that calls of one statement are read for rows; what is more is dynamic.
pub const ROW_CALLS: usize = 8 * SOURCE_ROWS;
/// Diagnostics kept per source and code; the rest is counted.
pub const DIAGNOSTICS_PER_CODE: u32 = 100;
/// Largest payload of a block in a segment or a database.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// The limits that a host may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the arena in bytes; never changes during a run.
    pub arena_bytes: usize,
    /// Text of one statement, and of one token, that is kept for analysis, in bytes.
    pub statement_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { arena_bytes: DEFAULT_ARENA_BYTES, statement_bytes: DEFAULT_STATEMENT_BYTES }
    }
}

impl Limits {
    /// Checks the values against their ranges.
    ///
    /// # Errors
    /// `CONFIG` that names the limit and its range.
    pub fn check(self) -> Result<Self, Error> {
        within("arenaBytes", self.arena_bytes, MIN_ARENA_BYTES, MAX_ARENA_BYTES)?;
        within("statementBytes", self.statement_bytes, MIN_STATEMENT_BYTES, MAX_STATEMENT_BYTES)?;
        Ok(self)
    }

    /// Tokens kept of one statement.
    pub fn statement_tokens(self) -> usize {
        self.statement_bytes / 4
    }

    /// Upper bound of the heap that an analyzer holds, in bytes.
    ///
    /// The arena and the segment made of it (at most 1.6 times as large, beside its records' order); for each nesting
    /// level a token buffer, a statement's text and its tokens (20 bytes, and 4 for an open parenthesis), twice for a
    /// growing vector; and a fixed part.
    pub fn memory_bytes(self) -> usize {
        let level = 2 * (2 * self.statement_bytes + 24 * self.statement_tokens());
        3 * self.arena_bytes + (NESTING + 1) * level + 1024 * 1024
    }
}

fn within(name: &str, value: usize, low: usize, high: usize) -> Result<(), Error> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::new(Code::Config, format!("limits.{name} is {value}; give a value from {low} to {high}")))
}

/// A length as `u32`. Lengths here are bounded far below `u32::MAX` by the limits above; saturates otherwise.
pub fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
