//! Words that tell what a name is.

use crate::sql::cursor::Cursor;
use crate::sql::keywords;
use crate::sql::statement::Tok;

/// Begins a statement that reads or writes.
pub(super) fn is_query(word: &[u8]) -> bool {
    matches!(word, b"delete" | b"insert" | b"merge" | b"perform" | b"select" | b"update" | b"values" | b"with")
}

/// Ends a FROM clause, a join's condition, or the list before it.
pub(super) fn is_clause(word: &[u8]) -> bool {
    matches!(
        word,
        b"cross"
            | b"except"
            | b"fetch"
            | b"for"
            | b"full"
            | b"group"
            | b"having"
            | b"inner"
            | b"intersect"
            | b"join"
            | b"left"
            | b"limit"
            | b"loop"
            | b"natural"
            | b"offset"
            | b"order"
            | b"returning"
            | b"right"
            | b"set"
            | b"union"
            | b"where"
            | b"window"
    )
}

/// What stands before a statement inside of PL/pgSQL.
pub(super) const BEFORE_QUERIES: [&[u8]; 7] = [b"begin", b"else", b"for", b"in", b"loop", b"query", b"then"];

/// Begin statements that use nothing when they run, or whose parts are read elsewhere.
pub(super) const USE_NOTHING: [&[u8]; 12] = [
    b"alter", b"analyze", b"cluster", b"comment", b"create", b"do", b"drop", b"grant", b"lock", b"prepare", b"revoke",
    b"set",
];

/// The next token, if it is an unquoted word.
pub(super) fn word<'a>(cursor: &Cursor<'a>) -> &'a [u8] {
    cursor.peek().filter(|item| item.tok == Tok::Word).map_or(&[], |item| cursor.text(item))
}

/// A keyword that names no column and no alias.
pub(super) fn is_reserved(word: &[u8]) -> bool {
    keywords::is_quoted(word)
}

/// Keywords that yield a value.
pub(super) fn is_value(word: &[u8]) -> bool {
    matches!(word, b"null" | b"true" | b"false" | b"end" | b"default" | b"user") || word.starts_with(b"current_")
}

/// Keywords that may stand before parentheses and that a column, too, may be called.
pub(super) const NO_ROUTINE: [&[u8]; 12] =
    [b"by", b"cube", b"filter", b"if", b"key", b"over", b"partition", b"return", b"rollup", b"set", b"sets", b"within"];

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_in_order() {
        use super::{BEFORE_QUERIES, NO_ROUTINE, USE_NOTHING};
        for words in [&BEFORE_QUERIES[..], &USE_NOTHING, &NO_ROUTINE] {
            assert!(words.is_sorted(), "looked up by binary search: {words:?}");
        }
    }
}
