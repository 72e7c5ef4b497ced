//! Constants: numbers, casts, and what input functions refuse.

use super::{Typed, Value};
use crate::pgtap::Type;
use crate::sql::{array, types};

/// `123`, `1.5`, `1e3`, `0x1F`: integer, bigint or numeric (`make_const`).
pub(super) fn number(text: &[u8], line: u32) -> Typed {
    let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'_').collect();
    let spelled = std::str::from_utf8(&digits).unwrap_or_default().to_ascii_lowercase();
    let whole = match spelled.get(..2) {
        Some("0x") => i64::from_str_radix(&spelled[2..], 16).ok(),
        Some("0o") => i64::from_str_radix(&spelled[2..], 8).ok(),
        Some("0b") => i64::from_str_radix(&spelled[2..], 2).ok(),
        _ => spelled.parse::<i64>().ok(),
    };
    let ty = match whole {
        Some(number) if i32::try_from(number).is_ok() => Type::Int4,
        Some(_) => Type::Int8,
        None => Type::Numeric,
    };
    Typed::new(ty, Value::Text(text.to_vec()), line)
}

pub(super) fn cast(operand: Typed, name: &types::TypeName) -> Typed {
    // a domain, or a type of the schema: the text does not tell what it casts to
    if name.spelled == "unknown" {
        return Typed { ty: Type::Unknown, ..operand };
    }
    let ty = if name.built_in { Type::named(&name.spelled) } else { well_known(&name.spelled) };
    let is_array = name.spelled.ends_with("[]");
    let value = match operand.value {
        Value::Text(text) if is_array && array::is_malformed(&text) => Value::Error,
        Value::Text(text) if is_array => array::parse(&text).map_or(Value::Unknown, Value::Array),
        Value::Array(_) if !is_array => Value::Unknown,
        // ARRAY[]::text[]
        Value::Error if is_array && operand.ty == Type::Unknown => Value::Array(Vec::new()),
        Value::Text(text) if name.built_in && refuses(ty, &text) => Value::Error,
        // a cast cuts without a word
        Value::Text(text) if matches!(ty, Type::Varchar | Type::Bpchar) => Value::Text(first(text, name.length)),
        value => value,
    };
    Typed::new(ty, value, operand.line)
}

/// So many characters of a text.
fn first(mut text: Vec<u8>, characters: Option<u32>) -> Vec<u8> {
    let mut starts = (0..text.len()).filter(|at| text[*at] & 0xC0 != 0x80);
    if let Some(end) = characters.and_then(|n| starts.nth(n as usize)) {
        text.truncate(end);
    }
    text
}

/// The domains of information_schema, and citext, which casts to text alone.
fn well_known(spelled: &str) -> Type {
    match spelled {
        "information_schema.sql_identifier" => Type::Name,
        "information_schema.character_data" | "information_schema.yes_or_no" => Type::Varchar,
        "information_schema.cardinal_number" => Type::Int4,
        "citext" | "public.citext" | "extensions.citext" => Type::Char,
        _ => Type::Dynamic,
    }
}

/// The server's input function of the type refuses this text (22P02).
pub fn refuses(ty: Type, text: &[u8]) -> bool {
    let text = text.trim_ascii();
    match ty {
        Type::Int2 | Type::Int4 | Type::Int8 => {
            let text = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
            text.is_empty() || !text[0].is_ascii_digit()
        }
        Type::Numeric | Type::Float4 | Type::Float8 => {
            let digits = text.iter().any(u8::is_ascii_digit);
            let named = [&b"nan"[..], b"infinity", b"inf"].iter().any(|name| text.to_ascii_lowercase().ends_with(name));
            !digits && !named
        }
        Type::Boolean => {
            let word = text.to_ascii_lowercase();
            let begins = |whole: &[u8]| !word.is_empty() && whole.starts_with(&word);
            !(begins(b"true")
                || begins(b"false")
                || begins(b"yes")
                || begins(b"no")
                || begins(b"off") && word.len() > 1
                || word == b"on"
                || word == b"1"
                || word == b"0")
        }
        ty if ty == Type::named("json") || ty == Type::named("jsonb") => {
            !text.first().is_some_and(|b| b.is_ascii_digit() || b"{[\"-tfn".contains(b))
        }
        ty if ty == Type::named("uuid") => text.iter().filter(|b| b.is_ascii_hexdigit()).count() != 32,
        ty if ty.is_array() => array::is_malformed(text),
        _ => false,
    }
}
