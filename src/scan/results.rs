//! What a run of the tests came to: statements `not_passed 'source' 'file' 3 9;`, which a host makes of TAP. They say that
//! what lines 3 to 9 of a file assert, read as a part of a source, did not pass or did not run.

use super::fact::{Code, Fact, Facts, Full, Key, ObjectKind, Op, Scope};
use crate::limits::DETAIL_BYTES;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;

/// Lines of a file that assert nothing that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPassed<'a> {
    /// Path of the source.
    pub source: &'a [u8],
    /// Path of the file: the source, or one that it includes; empty for all of them.
    pub file: &'a [u8],
    /// First line, from 1.
    pub from: u32,
    /// Last line.
    pub to: u32,
}

impl<'a> NotPassed<'a> {
    fn encode(self) -> Vec<u8> {
        let lines = [self.from.to_le_bytes(), self.to.to_le_bytes()].concat();
        [&lines, self.source, b"\0", self.file].concat()
    }

    /// Of the detail of an [`Op::NotPassed`].
    pub fn decode(detail: &'a [u8]) -> Option<Self> {
        let (from, rest) = detail.split_first_chunk()?;
        let (to, rest) = rest.split_first_chunk()?;
        let mut paths = rest.splitn(2, |b| *b == 0);
        let (from, to) = (u32::from_le_bytes(*from), u32::from_le_bytes(*to));
        Some(NotPassed { source: paths.next()?, file: paths.next()?, from, to })
    }
}

/// Reads one statement. What is none of these is a diagnostic.
///
/// # Errors
/// [`Full`]
pub fn read(mut cursor: Cursor<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    if cursor.is_empty() {
        return Ok(());
    }
    let line = cursor.line();
    let detail = lines(&mut cursor).map(NotPassed::encode).filter(|detail| detail.len() <= DETAIL_BYTES);
    let Some(detail) = detail else {
        return facts.fact(Fact::Diagnostic { code: Code::NotRead, detail: b"a result of a test", line });
    };
    let key = Key { kind: ObjectKind::Schema, scope: Scope::Named, schema: b"", name: b"", sub: b"", args: b"" };
    facts.fact(Fact::Definition { key, op: Op::NotPassed, detail: &detail, line })
}

fn lines<'a>(cursor: &mut Cursor<'a>) -> Option<NotPassed<'a>> {
    if !cursor.take_word("not_passed") {
        return None;
    }
    let mut next = |tok: Tok| {
        let item = cursor.peek().filter(|item| item.tok == tok && !item.cut)?;
        let text = cursor.text(item);
        cursor.skip(1);
        Some(text)
    };
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    Some(NotPassed {
        source: next(Tok::String)?,
        file: next(Tok::String)?,
        from: number(next(Tok::Number)?)?,
        to: number(next(Tok::Number)?)?,
    })
}
