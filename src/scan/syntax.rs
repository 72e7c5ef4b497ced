//! Statements that PostgreSQL certainly refuses, as far as their beginnings and parentheses tell. Each costs only itself.

use super::fact::{Code, Fact, Facts, Full};
use crate::sql::cursor::Cursor;
use crate::sql::statement::{Statement, Tok};

/// Words that a command begins with (SQL Commands of the manual).
const COMMANDS: [&str; 63] = [
    "abort",
    "alter",
    "analyse",
    "analyze",
    "begin",
    "call",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "declare",
    "delete",
    "discard",
    "do",
    "drop",
    "end",
    "execute",
    "explain",
    "fetch",
    "grant",
    "import",
    "insert",
    "listen",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "repack",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "select",
    "set",
    "show",
    "start",
    "table",
    "truncate",
    "unlisten",
    "update",
    "vacuum",
    "values",
    "wait",
    "with",
    // what other servers of PostgreSQL's kind and its tools add
    "backup",
    "configure",
    "detach",
    "export",
    "inherit",
    "pause",
    "restore",
    "resume",
];

/// Words behind CREATE, ALTER and DROP.
const OBJECTS: [&str; 52] = [
    "access",
    "aggregate",
    "cast",
    "collation",
    "constraint",
    "conversion",
    "database",
    "default",
    "domain",
    "event",
    "extension",
    "external",
    "foreign",
    "function",
    "global",
    "group",
    "index",
    "language",
    "large",
    "local",
    "materialized",
    "operator",
    "or",
    "owned",
    "policy",
    "procedural",
    "procedure",
    "property",
    "publication",
    "recursive",
    "role",
    "routine",
    "rule",
    "schema",
    "sequence",
    "server",
    "statistics",
    "subscription",
    "system",
    "table",
    "tablespace",
    "temp",
    "temporary",
    "text",
    "transform",
    "trigger",
    "trusted",
    "type",
    "unique",
    "unlogged",
    "user",
    "view",
];

/// Emits what is wrong with a statement of a script.
///
/// # Errors
/// [`Full`]
pub fn read(statement: &Statement, facts: &mut dyn Facts) -> Result<(), Full> {
    let cursor = Cursor::new(statement);
    if let Some(line) = statement.unclosed {
        facts.fact(Fact::Diagnostic { code: Code::Broken, detail: b"(", line })?;
    }
    let Some(item) = cursor.peek() else { return Ok(()) };
    let word = |n: usize| cursor.ahead(n).filter(|item| item.tok == Tok::Word).map(|item| cursor.text(item));
    let unknown = match item.tok {
        Tok::Word => {
            let first = cursor.text(item);
            let of_objects = matches!(first, b"create" | b"alter" | b"drop");
            if !is_one_of(&COMMANDS, first) {
                Some(first)
            } else if of_objects {
                word(1).filter(|second| !is_one_of(&OBJECTS, second))
            } else {
                None
            }
        }
        Tok::Quoted | Tok::String | Tok::Number => Some(cursor.text(item)),
        _ => None,
    };
    match unknown {
        Some(text) => {
            let detail = crate::sql::literal::clip(text, crate::limits::NAME_BYTES);
            facts.fact(Fact::Diagnostic { code: Code::Broken, detail, line: item.line })
        }
        None => Ok(()),
    }
}

fn is_one_of(words: &[&str], word: &[u8]) -> bool {
    words.iter().any(|known| known.as_bytes() == word)
}
