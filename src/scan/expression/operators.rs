//! Operators: how they bind, and what they yield.

use super::{Typed, Value};
use crate::pgtap::Type;
use crate::sql::array;
use crate::sql::cursor::Cursor;

/// How tightly operators bind; one that is left out of the table binds as [`OTHER`].
pub(super) mod precedence {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARE: u8 = 5;
    pub const LIKE: u8 = 6;
    pub const OTHER: u8 = 7;
    pub const ADD: u8 = 8;
    pub const MULTIPLY: u8 = 9;
    pub const POWER: u8 = 10;
    pub const AT: u8 = 11;
    pub const COLLATE: u8 = 12;
    pub const UNARY: u8 = 13;
}

pub(super) fn operator_precedence(text: &[u8]) -> u8 {
    match text {
        b"^" => precedence::POWER,
        b"*" | b"/" | b"%" => precedence::MULTIPLY,
        b"+" | b"-" => precedence::ADD,
        b"=" | b"<" | b">" | b"<=" | b">=" | b"<>" | b"!=" => precedence::COMPARE,
        _ => precedence::OTHER,
    }
}

/// None for a word that cannot follow an operand inside of an expression; 0 for one that ends it.
pub(super) fn word_precedence(cursor: &Cursor<'_>, text: &[u8]) -> Option<u8> {
    let second = |words: &[&str]| words.iter().any(|word| cursor.is_word_at(1, word));
    Some(match text {
        b"or" => precedence::OR,
        b"and" => precedence::AND,
        b"is" | b"isnull" | b"notnull" => precedence::IS,
        b"in" | b"between" | b"like" | b"ilike" | b"similar" => precedence::LIKE,
        b"not" if second(&["in", "between", "like", "ilike", "similar"]) => precedence::LIKE,
        b"at" => precedence::AT,
        b"collate" => precedence::COLLATE,
        _ => 0,
    })
}

pub(super) fn binary(left: Typed, operator: &[u8], right: Typed) -> Typed {
    let line = left.line;
    let dynamic = left.ty == Type::Dynamic || right.ty == Type::Dynamic;
    let text_like = |ty: Type| ty.is_string() && ty != Type::Dynamic;
    let json = |ty: Type| ty == Type::named("json") || ty == Type::named("jsonb");
    match operator {
        b"=" | b"<" | b">" | b"<=" | b">=" | b"<>" | b"!=" | b"~" | b"~*" | b"!~" | b"!~*" | b"~~" | b"~~*"
        | b"!~~" | b"!~~*" | b"@>" | b"<@" | b"&&" | b"?" | b"?|" | b"?&" | b"@?" | b"@@" => {
            Typed::of(Type::Boolean, line)
        }
        b"->>" | b"#>>" => Typed::of(Type::Text, line),
        b"->" | b"#>" if json(left.ty) => Typed::of(left.ty, line),
        b"||" if text_like(left.ty) && text_like(right.ty) => {
            let value = match (left.value, right.value) {
                (Value::Text(mut a), Value::Text(b)) => {
                    a.extend_from_slice(&b);
                    Value::Text(a)
                }
                _ => Value::Unknown,
            };
            Typed::new(Type::Text, value, line)
        }
        // anynonarray || text
        b"||" if !dynamic && (text_like(left.ty) && scalar(right.ty) || scalar(left.ty) && text_like(right.ty)) => {
            Typed::of(Type::Text, line)
        }
        b"||" if left.ty.is_array() && !dynamic => {
            let value = match (left.value, right.value) {
                (Value::Array(mut a), Value::Array(b)) => {
                    a.extend(b);
                    Value::Array(a)
                }
                (Value::Array(mut a), Value::Text(b)) if right.ty != Type::Unknown => {
                    a.push(Some(b));
                    Value::Array(a)
                }
                // an untyped literal beside an array is one
                (_, Value::Text(b)) if array::is_malformed(&b) => Value::Error,
                (Value::Array(mut a), Value::Text(b)) => array::parse(&b).map_or(Value::Unknown, |b| {
                    a.extend(b);
                    Value::Array(a)
                }),
                _ => Value::Unknown,
            };
            Typed::new(left.ty, value, line)
        }
        b"+" | b"-" | b"*" | b"/" | b"%" | b"^" => Typed::of(arithmetic(left.ty, right.ty, operator), line),
        _ => Typed::of(Type::Dynamic, line),
    }
}

/// A built-in type that `||` makes text of.
fn scalar(ty: Type) -> bool {
    ty.is_number() || ty == Type::Boolean || ty == Type::named("uuid") || ty == Type::named("date")
}

fn arithmetic(left: Type, right: Type, operator: &[u8]) -> Type {
    let (date, interval) = (Type::named("date"), Type::named("interval"));
    match (left, right) {
        _ if operator == b"^" => match common_type(&[left, right]) {
            Type::Numeric => Type::Numeric,
            ty if ty.is_number() => Type::Float8,
            _ => Type::Dynamic,
        },
        (left, right) if left.is_number() && right.is_number() => common_type(&[left, right]),
        (ty, Type::Unknown) | (Type::Unknown, ty) if ty.is_number() => ty,
        (ty, Type::Int4 | Type::Int2) if ty == date && matches!(operator, b"+" | b"-") => date,
        (a, b) if a == date && b == date && operator == b"-" => Type::Int4,
        (a, b) if a == date && b == interval => Type::named("timestamp without time zone"),
        (a, b) if b == interval && is_timestamp(a) => a,
        (a, b) if a == b && is_timestamp(a) && operator == b"-" => interval,
        _ => Type::Dynamic,
    }
}

fn is_timestamp(ty: Type) -> bool {
    ty == Type::named("timestamp with time zone") || ty == Type::named("timestamp without time zone")
}

/// `select_common_type`: of CASE, COALESCE, ARRAY[…] and the like.
pub(super) fn common_type(types: &[Type]) -> Type {
    if types.iter().any(|ty| ty.is_dynamic()) {
        return if types.contains(&Type::Dynamic) { Type::Dynamic } else { Type::DynamicArray };
    }
    let mut found = Type::Unknown;
    for ty in types.iter().copied().filter(|ty| *ty != Type::Unknown) {
        found = match found {
            Type::Unknown => ty,
            found if found == ty => found,
            found if found.category() != ty.category() => return Type::Dynamic,
            found if !found.is_preferred() && found.coerces_to(ty) && !ty.coerces_to(found) => ty,
            // text and name coerce to each other; the preferred one wins
            found if ty.is_preferred() && found.coerces_to(ty) => ty,
            found => found,
        };
    }
    if found == Type::Unknown { Type::Text } else { found }
}
