//! PostgreSQL's own functions: their result types, and the values of some for constants.

use super::operators::common_type;
use super::{Typed, Value};
use crate::limits::SOURCE_BYTES;
use crate::pgtap::Type;
use crate::sql::types;
use std::sync::OnceLock;

/// A function of PostgreSQL's own of which something is known. Most words are turned away by their length and first
/// letter.
pub fn is_known(name: &[u8]) -> bool {
    static LENGTHS: OnceLock<[u32; 256]> = OnceLock::new();
    let lengths = LENGTHS.get_or_init(|| {
        let mut lengths = [0; 256];
        let names = results().iter().map(|(name, _)| name.as_bytes()).chain(OF_ARGUMENTS.iter().map(|(name, _)| *name));
        for name in names {
            lengths[usize::from(name[0])] |= 1 << (name.len() % 32);
        }
        lengths
    });
    let Some(first) = name.first() else { return false };
    lengths[usize::from(*first)] & 1 << (name.len() % 32) != 0 && (result_of(name).is_some() || rule_of(name).is_some())
}

/// What a call yields. The arguments are read only where they matter.
pub(super) fn result(name: &[u8], arguments: impl FnOnce() -> Vec<Typed>, line: u32) -> Typed {
    let folded = FOLDED.contains(&name);
    if let Some(ty) = result_of(name) {
        return Typed::new(ty, if folded { fold(name, &arguments()) } else { Value::Unknown }, line);
    }
    let arguments = arguments();
    let (Some(rule), Some(first)) = (rule_of(name), arguments.first()) else {
        return Typed::of(Type::Dynamic, line);
    };
    let is_string = first.ty.is_string();
    let ty = match rule {
        Rule::Common => return common(arguments, name == b"coalesce", line),
        Rule::First | Rule::Text if is_string => Type::Text,
        Rule::First => first.ty,
        Rule::Sum => match first.ty {
            Type::Int2 | Type::Int4 => Type::Int8,
            Type::Int8 => Type::Numeric,
            ty if ty.is_number() => ty,
            _ => Type::Dynamic,
        },
        Rule::Average => match first.ty {
            Type::Int2 | Type::Int4 | Type::Int8 | Type::Numeric => Type::Numeric,
            Type::Float4 | Type::Float8 => Type::Float8,
            _ => Type::Dynamic,
        },
        Rule::Array => first.ty.array(),
        Rule::Element => first.ty.element(),
        Rule::Length if is_string => Type::Int4,
        Rule::Text | Rule::Length => Type::Dynamic,
    };
    Typed::new(ty, if folded && ty == Type::Text { fold(name, &arguments) } else { Value::Unknown }, line)
}

fn common(arguments: Vec<Typed>, is_coalesce: bool, line: u32) -> Typed {
    let types: Vec<Type> = arguments.iter().map(|a| a.ty).collect();
    let first = arguments.into_iter().find(|a| a.value != Value::Null);
    let value = first.filter(|_| is_coalesce).map_or(Value::Unknown, |found| found.value);
    Typed::new(common_type(&types), value, line)
}

/// How a function's result type follows from its arguments.
#[derive(Clone, Copy)]
enum Rule {
    /// The common type of all.
    Common,
    /// That of the first; text for a string.
    First,
    /// Text if the first is a string.
    Text,
    /// An integer if the first is a string.
    Length,
    /// `sum`
    Sum,
    /// `avg`
    Average,
    /// An array of the first.
    Array,
    /// An element of the first.
    Element,
}

/// Functions whose result type follows from their arguments.
const OF_ARGUMENTS: [(&[u8], Rule); 27] = [
    (b"array_agg", Rule::Array),
    (b"avg", Rule::Average),
    (b"btrim", Rule::Text),
    (b"coalesce", Rule::Common),
    (b"greatest", Rule::Common),
    (b"least", Rule::Common),
    (b"left", Rule::Text),
    (b"length", Rule::Length),
    (b"lower", Rule::Text),
    (b"ltrim", Rule::Text),
    (b"max", Rule::First),
    (b"min", Rule::First),
    (b"nullif", Rule::First),
    (b"overlay", Rule::Text),
    (b"replace", Rule::Text),
    (b"reverse", Rule::Text),
    (b"right", Rule::Text),
    (b"rtrim", Rule::Text),
    (b"string_agg", Rule::Text),
    (b"substr", Rule::Text),
    (b"substring", Rule::Text),
    (b"sum", Rule::Sum),
    (b"translate", Rule::Text),
    (b"trim", Rule::Text),
    (b"unnest", Rule::Element),
    (b"upper", Rule::Text),
    (b"xmlagg", Rule::First),
];

/// Functions of constants that are folded.
const FOLDED: [&[u8]; 7] =
    [b"concat", b"format", b"lower", b"quote_ident", b"quote_literal", b"quote_nullable", b"upper"];

fn rule_of(name: &[u8]) -> Option<Rule> {
    let at = OF_ARGUMENTS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(OF_ARGUMENTS[at].1)
}

const RESULTS: &str = include_str!("results.tsv");

/// The result type of PostgreSQL's own functions of this name, where all of them have the same.
fn result_of(name: &[u8]) -> Option<Type> {
    let table = results();
    let at = table.binary_search_by(|(known, _)| known.as_bytes().cmp(name)).ok()?;
    Some(table[at].1)
}

fn results() -> &'static [(&'static str, Type)] {
    static TABLE: OnceLock<Vec<(&str, Type)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lines = RESULTS.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_once('\t')).map(|(name, ty)| (name, Type::named(ty))).collect()
    })
}

fn fold(name: &[u8], arguments: &[Typed]) -> Value {
    let texts: Option<Vec<&[u8]>> = arguments.iter().map(Typed::text).collect();
    let Some(texts) = texts else { return Value::Unknown };
    let folded = match (name, texts.as_slice()) {
        (b"concat", texts) => Some(texts.concat()),
        (b"lower", [text]) if text.is_ascii() => Some(text.to_ascii_lowercase()),
        (b"upper", [text]) if text.is_ascii() => Some(text.to_ascii_uppercase()),
        (b"quote_ident", [text]) => quoted_ident(text),
        (b"quote_literal" | b"quote_nullable", [text]) => Some(quoted_literal(text)),
        (b"format", [template, values @ ..]) => format(template, values),
        _ => None,
    };
    folded.map_or(Value::Unknown, Value::Text)
}

fn quoted_ident(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    Some(types::quote_ident(text).into_bytes())
}

fn quoted_literal(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    if text.contains(&b'\\') {
        quoted.push(b'E');
    }
    quoted.push(b'\'');
    for byte in text {
        if matches!(byte, b'\'' | b'\\') {
            quoted.push(*byte);
        }
        quoted.push(*byte);
    }
    quoted.push(b'\'');
    quoted
}

/// `format(template, …)` with `%s`, `%I`, `%L`, `%%` and positions; none for widths, which no name needs.
fn format(template: &[u8], values: &[&[u8]]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut next = 0;
    let mut bytes = template.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if out.len() > SOURCE_BYTES {
            return None;
        }
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut position = 0usize;
        while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
            position = position.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        }
        if position > 0 {
            bytes.next_if_eq(&b'$')?;
            next = position - 1;
        }
        let kind = bytes.next()?;
        if kind == b'%' {
            out.push(b'%');
            continue;
        }
        let value = values.get(next)?;
        next += 1;
        match kind {
            b's' => out.extend_from_slice(value),
            b'I' => out.extend(quoted_ident(value)?),
            b'L' => out.extend(quoted_literal(value)),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(OF_ARGUMENTS.is_sorted_by_key(|(name, _)| *name), "looked up by binary search");
        let names = RESULTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
        assert!(names.is_sorted(), "looked up by binary search");
    }
}
