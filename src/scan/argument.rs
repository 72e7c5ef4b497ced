//! What the text tells of an argument: its type, and its value where it is constant.

use super::session::Session;
use crate::pgtap::Type;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its type.
    pub ty: Type,
    /// Its value.
    pub value: Value,
    /// 1-based line.
    pub line: u32,
}

/// A constant, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Only running it can tell.
    Unknown,
    /// NULL
    Null,
    /// Text.
    Text(Vec<u8>),
    /// An array of text; an element that is not constant is none.
    Array(Vec<Option<Vec<u8>>>),
}

impl Argument {
    fn new(ty: Type, value: Value, line: u32) -> Self {
        Argument { ty, value, line }
    }

    /// The text, if it is constant.
    pub fn text(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a constant array; `'{a,b}'` is one where an array is wanted.
    pub fn elements(&self) -> Option<Vec<Option<Vec<u8>>>> {
        match &self.value {
            Value::Array(elements) => Some(elements.clone()),
            Value::Text(text) => array_literal(text),
            _ => None,
        }
    }
}

/// Reads one argument of a call from the tokens between its commas.
pub fn read(mut cursor: Cursor<'_>, session: &Session) -> Argument {
    let line = cursor.line();
    let Some(argument) = concatenation(&mut cursor, session) else {
        return Argument::new(Type::Dynamic, Value::Unknown, line);
    };
    if cursor.is_empty() { argument } else { Argument::new(Type::Dynamic, Value::Unknown, line) }
}

/// `a || b || …`
fn concatenation(cursor: &mut Cursor<'_>, session: &Session) -> Option<Argument> {
    let mut left = operand(cursor, session)?;
    while cursor.peek().is_some_and(|i| i.tok == Tok::Operator && cursor.text(i) == b"||") {
        cursor.skip(1);
        let right = operand(cursor, session)?;
        let is_text = |a: &Argument| matches!(a.ty, Type::Unknown | Type::Text | Type::Name | Type::Varchar);
        if !is_text(&left) || !is_text(&right) {
            return Some(Argument::new(Type::Dynamic, Value::Unknown, left.line));
        }
        let value = match (left.value, right.value) {
            (Value::Text(mut a), Value::Text(b)) => {
                a.extend_from_slice(&b);
                Value::Text(a)
            }
            _ => Value::Unknown,
        };
        left = Argument::new(Type::Text, value, left.line);
    }
    Some(left)
}

/// A primary expression with its casts.
fn operand(cursor: &mut Cursor<'_>, session: &Session) -> Option<Argument> {
    let mut argument = primary(cursor, session)?;
    while cursor.peek().is_some_and(|i| i.tok == Tok::Cast) {
        cursor.skip(1);
        let name = types::parse(cursor)?;
        argument = cast(argument, &name.spelled);
    }
    Some(argument)
}

fn primary(cursor: &mut Cursor<'_>, session: &Session) -> Option<Argument> {
    let line = cursor.line();
    let item = cursor.peek()?;
    let text = cursor.text(item);
    match item.tok {
        Tok::String if item.cut => {
            cursor.skip(1);
            Some(Argument::new(Type::Unknown, Value::Unknown, line))
        }
        Tok::String => {
            cursor.skip(1);
            Some(Argument::new(Type::Unknown, Value::Text(text.to_vec()), line))
        }
        Tok::Variable(quote) => {
            cursor.skip(1);
            let value = session.variable(text);
            Some(match (quote, value) {
                (b'\'', Some(value)) => Argument::new(Type::Unknown, Value::Text(value.to_vec()), line),
                (b'\'', None) => Argument::new(Type::Unknown, Value::Unknown, line),
                (0, Some(value)) if value.iter().all(u8::is_ascii_digit) && !value.is_empty() => number(value, line),
                _ => Argument::new(Type::Dynamic, Value::Unknown, line),
            })
        }
        Tok::Number => {
            cursor.skip(1);
            Some(number(text, line))
        }
        Tok::Operator if matches!(text, b"-" | b"+") && cursor.ahead(1).is_some_and(|i| i.tok == Tok::Number) => {
            let argument = number(cursor.text(cursor.ahead(1)?), line);
            cursor.skip(2);
            Some(argument)
        }
        Tok::Punct(b'(') => {
            let mut inside = cursor.group()?;
            if inside.is_word("select") || inside.is_word("values") || inside.is_word("with") {
                return Some(Argument::new(Type::Dynamic, Value::Unknown, line));
            }
            let argument = concatenation(&mut inside, session)?;
            inside.is_empty().then_some(argument)
        }
        Tok::Word => word(cursor, session, text, line),
        _ => None,
    }
}

fn word(cursor: &mut Cursor<'_>, session: &Session, text: &[u8], line: u32) -> Option<Argument> {
    match text {
        b"null" => {
            cursor.skip(1);
            return Some(Argument::new(Type::Unknown, Value::Null, line));
        }
        b"true" | b"false" => {
            cursor.skip(1);
            return Some(Argument::new(Type::Boolean, Value::Text(text.to_vec()), line));
        }
        b"array" if cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'[')) => {
            cursor.skip(1);
            return array(cursor.group()?, session, line);
        }
        b"cast" if cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) => {
            cursor.skip(1);
            let mut inside = cursor.group()?;
            let argument = concatenation(&mut inside, session)?;
            if !inside.take_word("as") {
                return None;
            }
            let name = types::parse(&mut inside)?;
            return inside.is_empty().then(|| cast(argument, &name.spelled));
        }
        b"current_schema" | b"current_user" | b"session_user" | b"current_role" | b"user" | b"current_catalog" => {
            cursor.skip(1);
            if cursor.is_punct(b'(') {
                cursor.group();
            }
            return Some(Argument::new(Type::Name, Value::Unknown, line));
        }
        _ => {}
    }
    // a typed literal: name 'x'
    let mut ahead = *cursor;
    if let Some(name) = types::parse(&mut ahead)
        && name.built_in
        && let Some(item) = ahead.peek()
        && item.tok == Tok::String
    {
        let value = Value::Text(ahead.text(item).to_vec());
        ahead.skip(1);
        *cursor = ahead;
        return Some(cast(Argument::new(Type::Unknown, value, line), &name.spelled));
    }
    call(cursor, line)
}

/// A column, or a call of a function, whose result type is known for some.
fn call(cursor: &mut Cursor<'_>, line: u32) -> Option<Argument> {
    const NO_OPERAND: [&[u8]; 6] = [b"case", b"exists", b"not", b"row", b"select", b"interval"];
    if cursor.peek().is_some_and(|i| NO_OPERAND.contains(&cursor.text(i))) {
        return None;
    }
    let name = cursor.qualified()?;
    if !cursor.is_punct(b'(') {
        // a column or a variable: a cast may tell its type
        return Some(Argument::new(Type::Dynamic, Value::Unknown, line));
    }
    if name.schema.is_some_and(|s| s != b"pg_catalog") {
        cursor.group();
        return Some(Argument::new(Type::Dynamic, Value::Unknown, line));
    }
    cursor.group();
    let ty = match name.name {
        b"format" | b"concat" | b"concat_ws" | b"quote_ident" | b"quote_literal" | b"quote_nullable" | b"lower"
        | b"upper" | b"current_setting" | b"repeat" | b"replace" | b"to_char" | b"md5" => Type::Text,
        b"count" => Type::Int8,
        b"exists" => Type::Boolean,
        _ => Type::Dynamic,
    };
    Some(Argument::new(ty, Value::Unknown, line))
}

fn array(inside: Cursor<'_>, session: &Session, line: u32) -> Option<Argument> {
    let mut elements = Vec::new();
    let mut element_type = Type::Unknown;
    for part in inside.split(b',') {
        let element = read(part, session);
        if element.ty != Type::Unknown {
            element_type = element.ty;
        }
        elements.push(match element.value {
            Value::Text(text) => Some(text),
            _ => None,
        });
    }
    Some(Argument::new(element_type.array(), Value::Array(elements), line))
}

fn number(text: &[u8], line: u32) -> Argument {
    let digits = text.len();
    let whole = text.iter().all(u8::is_ascii_digit);
    let ty = match (whole, digits) {
        (true, 0..=9) => Type::Int4,
        (true, 10) if text <= b"2147483647".as_slice() => Type::Int4,
        (true, 10..=18) => Type::Int8,
        _ => Type::Numeric,
    };
    Argument::new(ty, Value::Text(text.to_vec()), line)
}

fn cast(argument: Argument, spelled: &str) -> Argument {
    let ty = Type::named(spelled);
    let value = match (ty, argument.value) {
        (Type::NameArray | Type::TextArray | Type::VarcharArray | Type::OtherArray, Value::Text(text)) => {
            array_literal(&text).map_or(Value::Unknown, Value::Array)
        }
        (_, value) => value,
    };
    Argument::new(ty, value, argument.line)
}

/// `{a,"b c",NULL}`, one dimension (`array_in`).
fn array_literal(text: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    let text = text.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut elements = Vec::new();
    if text.trim_ascii().is_empty() {
        return Some(elements);
    }
    let mut bytes = text.iter().copied().peekable();
    loop {
        let mut element = Vec::new();
        let mut quoted = false;
        while bytes.peek().is_some_and(u8::is_ascii_whitespace) {
            bytes.next();
        }
        let mut inside = false;
        let more = loop {
            match bytes.next() {
                None => break false,
                Some(b'"') => {
                    quoted = true;
                    inside = !inside;
                }
                Some(b'\\') => element.extend(bytes.next()),
                Some(b',') if !inside => break true,
                Some(b'{' | b'}') if !inside => return None,
                Some(byte) => element.push(byte),
            }
        };
        if !quoted {
            element.truncate(element.trim_ascii_end().len());
        }
        let null = !quoted && element.eq_ignore_ascii_case(b"null");
        elements.push((!null).then_some(element));
        if !more {
            return Some(elements);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::lexer::{Dialect, Lexer};
    use crate::sql::statement::Statement;

    fn argument(sql: &str) -> Argument {
        let mut statement = Statement::new(4096, 1024);
        let mut lexer = Lexer::new(Dialect::Psql, 4096, 1);
        lexer.feed(sql.as_bytes(), &mut statement);
        lexer.finish(&mut statement);
        statement.close();
        let mut session = Session::new(&super::super::Settings::default());
        session.set_variable(b"v", b"app");
        read(Cursor::new(&statement), &session)
    }

    #[test]
    fn constants_have_a_type_and_a_value() {
        let text = |s: &str| Value::Text(s.as_bytes().to_vec());
        for (sql, ty, value) in [
            ("'a'", Type::Unknown, text("a")),
            ("name 'a'", Type::Name, text("a")),
            ("'a'::name", Type::Name, text("a")),
            ("CAST('a' AS name)", Type::Name, text("a")),
            ("('a')::text", Type::Text, text("a")),
            ("'a' || 'b'", Type::Text, text("ab")),
            ("'a' || x", Type::Dynamic, Value::Unknown),
            ("NULL", Type::Unknown, Value::Null),
            ("12", Type::Int4, text("12")),
            ("1.5", Type::Numeric, text("1.5")),
            ("TRUE", Type::Boolean, text("true")),
            ("format('%I', x)", Type::Text, Value::Unknown),
            ("f(x)", Type::Dynamic, Value::Unknown),
            ("app.f(x)::text", Type::Text, Value::Unknown),
            ("tableoid::regclass", Type::Regclass, Value::Unknown),
            ("NOT x", Type::Dynamic, Value::Unknown),
            ("a.b", Type::Dynamic, Value::Unknown),
            ("(SELECT 1)", Type::Dynamic, Value::Unknown),
            (":'v'", Type::Unknown, text("app")),
            ("current_schema()", Type::Name, Value::Unknown),
        ] {
            assert_eq!(argument(sql), Argument { ty, value, line: 1 }, "{sql}");
        }
    }

    #[test]
    fn arrays_keep_their_elements() {
        let some = |s: &str| Some(s.as_bytes().to_vec());
        for (sql, ty, elements) in [
            ("ARRAY['a', 'b']", Type::TextArray, vec![some("a"), some("b")]),
            ("ARRAY['a'::name]", Type::NameArray, vec![some("a")]),
            ("ARRAY['a', x]", Type::Dynamic, vec![some("a"), None]),
            ("ARRAY[]::name[]", Type::NameArray, vec![]),
            ("'{a, \"b,c\",NULL}'::text[]", Type::TextArray, vec![some("a"), some("b,c"), None]),
            ("'{a,b}'", Type::Unknown, vec![some("a"), some("b")]),
        ] {
            let found = argument(sql);
            assert_eq!((found.ty, found.elements()), (ty, Some(elements)), "{sql}");
        }
    }
}
