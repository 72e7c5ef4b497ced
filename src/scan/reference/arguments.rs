//! The types of a call's arguments, as far as they stand there: what tells overloads of as many arguments apart.

use super::arity;
use crate::limits::NAME_BYTES;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;
use std::borrow::Cow;

/// A literal whose type is open.
pub const OPEN: &str = "-";
/// What only the server knows the type of.
pub const UNTOLD: &str = "?";
/// Arguments whose types are kept.
const MOST: usize = 16;

/// The number of arguments in `inside`, and where one of them tells it, a space and their types joined by `, `: as
/// `format_type` spells them, [`OPEN`] or [`UNTOLD`].
pub fn spell(inside: Cursor<'_>) -> Vec<u8> {
    let mut count = 0;
    let mut types = String::new();
    let mut told = false;
    for argument in inside.split(b',') {
        count += 1;
        if count <= MOST {
            let ty = type_of(argument);
            told |= ty != OPEN && ty != UNTOLD;
            if count > 1 {
                types += ", ";
            }
            types += &ty;
        }
    }
    let mut spelled = arity(count);
    if told && count <= MOST {
        spelled.push(b' ');
        spelled.extend_from_slice(types.as_bytes());
    }
    spelled
}

fn type_of(argument: Cursor<'_>) -> Cow<'static, str> {
    let untold = Cow::Borrowed(UNTOLD);
    let Some(first) = argument.peek() else { return untold };
    // the last cast decides
    let mut rest = argument;
    let mut cast = None;
    while !rest.is_empty() {
        if rest.group().is_some() {
            continue;
        }
        if rest.next_item().is_some_and(|item| item.tok == Tok::Cast) {
            cast = Some(rest);
        }
    }
    if let Some(mut behind) = cast {
        return whole_type(&mut behind).unwrap_or(untold);
    }
    let mut inside = argument;
    if argument.is_word("cast") && argument.is_call() {
        inside.skip(1);
        let group = inside.group();
        if let (Some(mut inside), true) = (group, inside.is_empty())
            && inside.find_word("as")
        {
            inside.skip(1);
            return whole_type(&mut inside).unwrap_or(untold);
        }
        return untold;
    }
    let sign = usize::from(first.tok == Tok::Operator && matches!(argument.text(first), b"-" | b"+"));
    let Some(item) = argument.ahead(sign) else { return untold };
    let is_alone = argument.len() == sign + 1;
    match item.tok {
        Tok::String if is_alone && sign == 0 => Cow::Borrowed(OPEN),
        Tok::Number if is_alone => Cow::Borrowed(number(argument.text(item))),
        Tok::Word if is_alone => match argument.text(item) {
            b"true" | b"false" => Cow::Borrowed("boolean"),
            b"null" => Cow::Borrowed(OPEN),
            _ => untold,
        },
        // date '2024-01-01'
        Tok::Word if argument.len() == 2 && argument.ahead(1).is_some_and(|item| item.tok == Tok::String) => {
            let mut named = argument.to(argument.position() + 1);
            whole_type(&mut named).unwrap_or(untold)
        }
        _ => untold,
    }
}

/// A type up to the end of the cursor.
fn whole_type(cursor: &mut Cursor<'_>) -> Option<Cow<'static, str>> {
    let ty = types::parse(cursor)?;
    (cursor.is_empty() && ty.spelled.len() <= 2 * NAME_BYTES).then_some(ty.spelled)
}

/// `make_const`
fn number(digits: &[u8]) -> &'static str {
    let value: Option<i64> = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    match value {
        Some(value) if i32::try_from(value).is_ok() => "integer",
        Some(_) => "bigint",
        None => "numeric",
    }
}
