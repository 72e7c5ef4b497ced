//! What deserves a word beside the evidence: names that look like pgTAP's, descriptions that are none, templates.

use super::calls::Place;
use super::expression::is_built_in_function;
use super::fact::{Called, Code, Fact, Facts, Full};
use crate::pgtap::overloads;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;

/// Emits what is odd about a statement of a test source. Linear in its tokens.
///
/// # Errors
/// [`Full`]
pub fn read(mut cursor: Cursor<'_>, place: Place<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    let mut template = false;
    while let Some(item) = cursor.peek() {
        if !template && is_template(&cursor) {
            template = true;
            facts.fact(Fact::Diagnostic { code: Code::Template, detail: b"", line: item.line })?;
        }
        if let Some(name) = unknown_function(&cursor, place) {
            let line = item.line;
            let problem = Some(Code::UnknownFunction);
            let call =
                Called { name, overloads: &[], overload: None, arguments: &[], problem, context: place.context, line };
            facts.call(call)?;
            facts.fact(Fact::Diagnostic { code: Code::UnknownFunction, detail: name, line })?;
        }
        cursor.skip(1);
    }
    Ok(())
}

/// `{{ … }}`, `{% … %}`, `<% … %>`, `#include`
fn is_template(cursor: &Cursor<'_>) -> bool {
    let Some(item) = cursor.peek() else { return false };
    let next = cursor.ahead(1);
    let operator = |text: &[u8]| next.is_some_and(|i| i.tok == Tok::Operator && cursor.text(i) == text);
    match item.tok {
        Tok::Punct(b'{') => next.is_some_and(|i| i.tok == Tok::Punct(b'{')) || operator(b"%"),
        Tok::Operator if cursor.text(item) == b"<%" => true,
        Tok::Operator if cursor.text(item) == b"#" => cursor.is_word_at(1, "include"),
        _ => false,
    }
}

/// An item of a select list, or what is returned or performed, by a name that pgTAP might have, but has not.
fn unknown_function<'a>(cursor: &Cursor<'a>, place: Place<'_>) -> Option<&'a [u8]> {
    let item = cursor.peek().filter(|_| cursor.is_call())?;
    let name = cursor.text(item);
    if !looks_like_pgtap(name) || !overloads(name).1.is_empty() || is_built_in_function(name) {
        return None;
    }
    let qualified = cursor.behind(1).is_some_and(|i| i.tok == Tok::Punct(b'.'));
    if qualified && !cursor.behind(2).is_some_and(|schema| place.session.is_pgtap_schema(cursor.text(schema))) {
        return None;
    }
    let before = cursor.behind(if qualified { 3 } else { 1 })?;
    let starts = match before.tok {
        Tok::Word => matches!(cursor.text(before), b"select" | b"perform" | b"next" | b"query"),
        Tok::Punct(b',') => cursor.ahead(2).is_some_and(|i| i.tok == Tok::String),
        _ => false,
    };
    starts.then_some(name)
}

/// How pgTAP's assertions are called.
fn looks_like_pgtap(name: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 6] = [b"has_", b"hasnt_", b"col_", b"throws_", b"lives_", b"performs_"];
    const ENDS: [&[u8]; 9] = [b"_is", b"_are", b"_ok", b"_eq", b"_ne", b"_isnt", b"_exists", b"_not_exists", b"_isa"];
    BEGINNINGS.iter().any(|part| name.starts_with(part)) || ENDS.iter().any(|part| name.ends_with(part))
}

/// The text behind an assertion that has no description of its own: `ok(x), 'text'`. `after` stands behind the call.
pub fn description_outside<'a>(mut after: Cursor<'a>) -> Option<&'a [u8]> {
    after.take_punct(b',').then_some(())?;
    let item = after.next_item().filter(|item| item.tok == Tok::String)?;
    let ends = after.is_empty() || after.is_punct(b';') || after.is_punct(b')') || after.is_word("from");
    ends.then_some(after.text(item))
}

/// A name that a template makes is not known before.
pub fn is_made_by_template(text: &[u8]) -> bool {
    text.windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"<%"))
}

/// Whether the number of test results of a statement can be read off its text: assertions are called once each, and
/// nothing else is called that could print one.
pub fn is_fixed(mut cursor: Cursor<'_>, assertions: u32) -> bool {
    let first = cursor.peek().filter(|item| item.tok == Tok::Word).map(|item| cursor.text(item)).unwrap_or_default();
    if matches!(first, b"do" | b"execute" | b"call" | b"fetch" | b"explain") {
        return false;
    }
    if assertions == 0 && !matches!(first, b"select" | b"with" | b"values" | b"table") {
        // what it prints is no test result
        return true;
    }
    while let Some(item) = cursor.next_item() {
        if item.tok != Tok::Word && item.tok != Tok::Quoted {
            continue;
        }
        let text = cursor.text(item);
        if item.tok == Tok::Word
            && matches!(
                text,
                b"from" | b"where" | b"union" | b"case" | b"limit" | b"having" | b"filter" | b"coalesce" | b"with"
            )
            && assertions > 0
        {
            return false;
        }
        let called = cursor.is_punct(b'(');
        let known = is_built_in_function(text) || !overloads(text).1.is_empty();
        if assertions == 0 && called && !known {
            return false;
        }
    }
    true
}
