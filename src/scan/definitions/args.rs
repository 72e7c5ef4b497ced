//! The arguments of a routine.

use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;

/// Types of a routine's input arguments, as `oidvectortypes(proargtypes)` lists them.
pub(super) fn routine_args(inside: Cursor<'_>) -> Vec<String> {
    let args = parameters(inside).into_iter();
    args.filter_map(|(ty, input)| input.then_some(ty)).collect()
}

/// Types of a routine's parameters, and whether they are arguments.
pub(super) fn parameters(inside: Cursor<'_>) -> Vec<(String, bool)> {
    let mut args = Vec::new();
    if let Some(ty) = base_type(inside) {
        return ty.into_iter().map(|ty| (ty, true)).collect();
    }
    for mut part in inside.split(b',').flat_map(ordered) {
        let mut input = take_modes(&mut part);
        if part.is_punct(b'*') || part.is_empty() {
            continue;
        }
        if has_argument_name(&part) {
            part.skip(1);
            // the mode may stand behind the name as well
            input &= take_modes(&mut part);
        }
        if let Some(ty) = types::parse(&mut part) {
            args.push((ty.spelled.into_owned(), input));
        }
    }
    args
}

/// Names of a routine's arguments, in their order; none where one has no name.
pub(super) fn parameter_names(inside: Cursor<'_>) -> Vec<Option<&[u8]>> {
    let mut names = Vec::new();
    for mut part in inside.split(b',') {
        let mut input = take_modes(&mut part);
        let name = if has_argument_name(&part) { part.name() } else { None };
        input &= take_modes(&mut part);
        if input {
            names.push(name);
        }
    }
    names
}

/// CREATE AGGREGATE of the old kind, `(basetype = int, …)`: its argument, none for `"ANY"`.
#[allow(clippy::option_option)] // outer: it is of that kind; inner: it has an argument
fn base_type(inside: Cursor<'_>) -> Option<Option<String>> {
    let is_setting = |part: &Cursor<'_>| part.ahead(1).is_some_and(|i| i.tok == Tok::Operator && part.text(i) == b"=");
    let mut parts = inside.split(b',').filter(is_setting);
    let mut part = parts.find(|part| part.is_word("basetype"))?;
    part.skip(2);
    let ty = types::parse(&mut part).map(|ty| ty.spelled.into_owned());
    Some(ty.filter(|ty| !matches!(ty.as_str(), "any" | "\"any\"" | "ANY" | "\"ANY\"")))
}

/// `a ORDER BY b` of an ordered-set aggregate has both arguments.
fn ordered(part: Cursor<'_>) -> impl Iterator<Item = Cursor<'_>> {
    let mut rest = part;
    if !rest.find_word("order") {
        return [Some(part), None].into_iter().flatten();
    }
    let direct = part.to(rest.position());
    rest.skip(2);
    [(!direct.is_empty()).then_some(direct), Some(rest)].into_iter().flatten()
}

/// Takes IN, OUT, INOUT, VARIADIC; false for an argument that is only an output.
fn take_modes(part: &mut Cursor<'_>) -> bool {
    let mut input = true;
    loop {
        let is_mode = |word: &str| part.is_word(word) && part.ahead(1).is_some();
        if is_mode("in") || is_mode("inout") || is_mode("variadic") {
            part.skip(1);
        } else if is_mode("out") {
            // INOUT may be written IN OUT
            input = part.behind(1).is_some_and(|i| i.tok == Tok::Word && part.text(i) == b"in");
            part.skip(1);
        } else {
            return input;
        }
    }
}

/// Whether the first of two words is the argument's name rather than a part of its type.
fn has_argument_name(part: &Cursor<'_>) -> bool {
    let Some(next) = part.ahead(1) else { return false };
    let first = part.peek().map(|i| part.text(i)).unwrap_or_default();
    let second = part.text(next);
    match next.tok {
        Tok::Quoted => true,
        Tok::Word => {
            let two_words = matches!(
                (first, second),
                (b"double", b"precision")
                    | (b"character" | b"char" | b"bit" | b"nchar", b"varying")
                    | (b"national", b"character" | b"char")
                    | (b"timestamp" | b"time", b"with" | b"without")
                    | (b"interval", b"year" | b"month" | b"day" | b"hour" | b"minute" | b"second")
                    | (_, b"default" | b"array" | b"order")
                    | (b"setof", _)
            );
            !two_words
        }
        _ => false,
    }
}
