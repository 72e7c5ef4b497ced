//! The one error type. Its codes are stable: hosts and exit statuses are built on them.

use std::fmt;

/// What kind of failure this is; the spelling is part of the public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The input cannot be read as what it claims to be.
    Input,
    /// A limit that the caller set, or a fixed one, does not admit this.
    Limit,
    /// Stored data contradicts its own checksums or structure.
    Corrupt,
    /// Data that the manifest lists is missing.
    Incomplete,
    /// Written by a format version that this reader does not know.
    Version,
    /// The call is not allowed in this state.
    State,
    /// The options are wrong.
    Config,
    /// A defect of this crate.
    Internal,
}

impl Code {
    /// The stable spelling, as JavaScript's `CoverageError.code` carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Input => "INPUT",
            Code::Limit => "LIMIT",
            Code::Corrupt => "CORRUPT",
            Code::Incomplete => "INCOMPLETE",
            Code::Version => "VERSION",
            Code::State => "STATE",
            Code::Config => "CONFIG",
            Code::Internal => "INTERNAL",
        }
    }
}

/// A failure with its code, what was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One sentence: what was expected, what was found, what to do.
    pub message: String,
    /// The source or segment concerned.
    pub file: Option<String>,
    /// 1-based line in `file`.
    pub line: Option<u32>,
    /// Byte offset in `file`.
    pub offset: Option<u64>,
}

impl Error {
    /// An error without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into(), file: None, line: None, offset: None }
    }

    /// Names the source or segment.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Adds a 1-based line.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// Adds a byte offset.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code.as_str())?;
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
