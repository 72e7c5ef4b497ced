//! What the text tells of an expression: its type, and its value where it is constant.
//!
//! Types follow the server's rules for literals and casts ([`constants`]), operators ([`operators`]) and PostgreSQL's own
//! functions ([`functions`]); all else is [`Type::Dynamic`]. Operators bind as in the manual's table of precedence.

mod constants;
mod functions;
mod operators;

pub use constants::refuses;
pub use functions::is_known as is_built_in_function;

use super::session::Session;
use crate::limits::EXPRESSION_NESTING;
use crate::pgtap::Type;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::{array, types};
use constants::{cast, number};
use operators::{binary, common_type, operator_precedence, precedence, word_precedence};
use std::cell::Cell;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
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
    /// The server refuses it, whatever it is used for.
    Error,
}

impl Typed {
    fn new(ty: Type, value: Value, line: u32) -> Self {
        Typed { ty, value, line }
    }

    fn of(ty: Type, line: u32) -> Self {
        Typed { ty, value: Value::Unknown, line }
    }

    /// The text, if it is constant.
    pub fn text(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        match &self.value {
            Value::Text(text) => text.len(),
            Value::Array(elements) => elements.iter().flatten().map(|text| text.len() + size_of::<Vec<u8>>()).sum(),
            _ => 0,
        }
    }

    /// The elements of a constant array; `'{a,b}'` is one where an array is wanted.
    pub fn elements(&self) -> Option<Vec<Option<Vec<u8>>>> {
        match &self.value {
            Value::Array(elements) => Some(elements.clone()),
            Value::Text(text) => array::parse(text),
            _ => None,
        }
    }
}

/// Columns of the rows that feed a query, as far as they are constant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Name of the row source, or of the variable of a loop.
    pub alias: Vec<u8>,
    /// Names of its columns.
    pub columns: Vec<Vec<u8>>,
    /// Values, row by row.
    pub rows: Vec<Vec<Typed>>,
    /// They are of a loop, whose variable is a record or has the only column.
    pub is_loop: bool,
    /// The row at hand.
    pub at: usize,
    /// Bytes of values that expressions may still take from here.
    pub left: Cell<usize>,
}

/// What names stand for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// psql's variables.
    pub session: &'a Session,
    /// The query's source, or what a block names, the innermost last.
    pub rows: &'a [Rows],
}

impl Scope<'_> {
    fn column(&self, qualifier: Option<&[u8]>, name: &[u8]) -> Option<&Typed> {
        let found = self.rows.iter().rev().find_map(|rows| {
            let row = rows.rows.get(rows.at)?;
            let is_variable = rows.is_loop && qualifier.is_none();
            if is_variable && (rows.alias != name || row.len() > 1) || qualifier.is_some_and(|q| q != rows.alias) {
                return None;
            }
            let column = if is_variable { 0 } else { rows.columns.iter().position(|c| c == name)? };
            // what another type makes of a text is not known
            let found = row.get(column).filter(|found| !rows.is_loop || found.ty.is_string())?;
            Some((found, &rows.left))
        });
        let (found, left) = found?;
        left.set(left.get().checked_sub(found.bytes())?);
        Some(found)
    }
}

/// Reads the expression that the tokens of `cursor` are. Linear in them; what is nested too deep is dynamic.
pub fn read(mut cursor: Cursor<'_>, scope: Scope<'_>) -> Typed {
    let line = cursor.line();
    let parser = Parser { scope, depth: EXPRESSION_NESTING };
    match parser.expression(&mut cursor, 0) {
        Some(found) if cursor.is_empty() => found,
        _ => Typed::of(Type::Dynamic, line),
    }
}

#[derive(Clone, Copy)]
struct Parser<'a> {
    scope: Scope<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn inside(self) -> Option<Self> {
        Some(Parser { depth: self.depth.checked_sub(1)?, ..self })
    }

    /// An expression whose operators bind tighter than `least`. None where it is not understood.
    fn expression(self, cursor: &mut Cursor<'_>, least: u8) -> Option<Typed> {
        let this = self.inside()?;
        let mut left = this.prefix(cursor)?;
        while let Some(item) = cursor.peek() {
            let text = cursor.text(item);
            let infix = match item.tok {
                Tok::Operator => operator_precedence(text),
                Tok::Word => word_precedence(cursor, text)?,
                _ => return Some(left),
            };
            if infix <= least {
                return Some(left);
            }
            cursor.skip(1);
            left = match item.tok {
                Tok::Operator => {
                    if cursor.is_word("any") || cursor.is_word("some") || cursor.is_word("all") {
                        cursor.skip(1);
                        cursor.group()?;
                        Typed::of(Type::Boolean, left.line)
                    } else {
                        binary(left, text, this.expression(cursor, infix)?)
                    }
                }
                _ => this.infix_word(cursor, left, text, infix)?,
            };
        }
        Some(left)
    }

    fn infix_word(self, cursor: &mut Cursor<'_>, left: Typed, word: &[u8], infix: u8) -> Option<Typed> {
        let line = left.line;
        let negated = word == b"not";
        let word = if negated { cursor.next_item().map(|item| cursor.text(item))? } else { word };
        match word {
            b"collate" => {
                cursor.qualified()?;
                // an untyped literal stays one
                return Some(left);
            }
            b"at" => {
                if !cursor.take_word("local") {
                    cursor.take_words(&["time", "zone"]).then_some(())?;
                    self.expression(cursor, infix)?;
                }
                let (zoned, plain) =
                    (Type::named("timestamp with time zone"), Type::named("timestamp without time zone"));
                let ty = match left.ty {
                    ty if ty == zoned => plain,
                    ty if ty == plain => zoned,
                    _ => Type::Dynamic,
                };
                return Some(Typed::of(ty, line));
            }
            b"and" | b"or" => {
                self.expression(cursor, infix)?;
            }
            b"is" => {
                cursor.take_word("not");
                if cursor.take_words(&["distinct", "from"]) {
                    self.expression(cursor, infix)?;
                } else {
                    // NULL, TRUE, FALSE, UNKNOWN, DOCUMENT, JSON …
                    cursor.next_item()?;
                    cursor.take_word("normalized");
                }
            }
            b"in" => {
                cursor.group()?;
            }
            b"between" => {
                cursor.take_word("symmetric");
                self.expression(cursor, precedence::LIKE)?;
                cursor.take_word("and").then_some(())?;
                self.expression(cursor, precedence::LIKE)?;
            }
            b"like" | b"ilike" | b"similar" => {
                if word == b"similar" {
                    cursor.take_word("to").then_some(())?;
                }
                self.expression(cursor, precedence::LIKE)?;
                if cursor.take_word("escape") {
                    self.expression(cursor, precedence::LIKE)?;
                }
            }
            b"isnull" | b"notnull" => {}
            _ => return None,
        }
        Some(Typed::of(Type::Boolean, line))
    }

    fn prefix(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        let item = cursor.peek()?;
        let text = cursor.text(item);
        let mut found = match item.tok {
            Tok::Operator if matches!(text, b"-" | b"+") => {
                cursor.skip(1);
                let operand = self.expression(cursor, precedence::UNARY)?;
                let ty = if operand.ty.is_number() { operand.ty } else { Type::Dynamic };
                let value = match operand.value {
                    Value::Text(mut digits) if text == b"-" => {
                        digits.insert(0, b'-');
                        Value::Text(digits)
                    }
                    value => value,
                };
                Typed::new(ty, value, line)
            }
            Tok::Operator => {
                cursor.skip(1);
                self.expression(cursor, precedence::OTHER)?;
                Typed::of(Type::Dynamic, line)
            }
            Tok::Word if text == b"not" => {
                cursor.skip(1);
                self.expression(cursor, precedence::NOT)?;
                Typed::of(Type::Boolean, line)
            }
            _ => self.primary(cursor)?,
        };
        loop {
            if cursor.is_punct(b'[') {
                let slice = cursor.group()?.split(b':').count() > 1;
                let ty = if slice { found.ty } else { found.ty.element() };
                found = Typed::of(if found.ty.is_array() { ty } else { Type::Dynamic }, line);
            } else if cursor.peek().is_some_and(|i| i.tok == Tok::Cast) {
                cursor.skip(1);
                let name = types::parse(cursor)?;
                found = cast(found, &name);
            } else if cursor.is_punct(b'.') {
                // (row).column
                cursor.skip(2);
                found = Typed::of(Type::Dynamic, line);
            } else {
                return Some(found);
            }
        }
    }

    fn primary(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        let item = cursor.peek()?;
        let text = cursor.text(item);
        match item.tok {
            Tok::String => {
                cursor.skip(1);
                let value = if item.cut { Value::Unknown } else { Value::Text(text.to_vec()) };
                Some(Typed::new(Type::Unknown, value, line))
            }
            Tok::Variable(quote) => {
                cursor.skip(1);
                let value = self.scope.session.variable(text);
                Some(match (quote, value) {
                    (b'\'', Some(value)) => Typed::new(Type::Unknown, Value::Text(value.to_vec()), line),
                    (b'\'', None) => Typed::of(Type::Unknown, line),
                    (0, Some(value)) if value.iter().all(u8::is_ascii_digit) && !value.is_empty() => {
                        number(value, line)
                    }
                    _ => Typed::of(Type::Dynamic, line),
                })
            }
            Tok::Number => {
                cursor.skip(1);
                Some(number(text, line))
            }
            Tok::Bits => {
                cursor.skip(1);
                Some(Typed::of(Type::named("bit"), line))
            }
            Tok::Param => {
                cursor.skip(1);
                Some(Typed::of(Type::Dynamic, line))
            }
            Tok::Punct(b'(') => self.parenthesized(cursor),
            Tok::Word => self.word(cursor, text),
            Tok::Quoted => self.literal_or_name(cursor),
            _ => None,
        }
    }

    fn parenthesized(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        let mut inside = cursor.group()?;
        if is_query(&inside) {
            return Some(self.subquery(inside, line));
        }
        let found = self.expression(&mut inside, 0)?;
        if inside.is_empty() {
            return Some(found);
        }
        // (a, b) is a row
        let row = inside.is_punct(b',');
        row.then(|| Typed::of(Type::named("record"), line))
    }

    /// `(SELECT expression …)`: its one column; an untyped literal in it is text.
    fn subquery(self, inside: Cursor<'_>, line: u32) -> Typed {
        let column = || {
            let mut inside = inside;
            inside.take_word("select").then_some(())?;
            let mut found = self.expression(&mut inside, 0)?;
            let from = inside.is_word("from");
            let alias = inside.is_word("as") || inside.peek().is_some_and(|i| i.tok == Tok::Quoted);
            let end = inside.is_empty();
            if !(from || alias || end || inside.is_word("where") || inside.is_word("limit")) {
                return None;
            }
            if found.ty == Type::Unknown {
                found.ty = Type::Text;
            }
            if !end && !alias {
                found.value = Value::Unknown;
            }
            Some(found)
        };
        column().unwrap_or(Typed::of(Type::Dynamic, line))
    }

    fn word(self, cursor: &mut Cursor<'_>, text: &[u8]) -> Option<Typed> {
        let line = cursor.line();
        let opens = |n: usize, byte: u8| cursor.ahead(n).is_some_and(|i| i.tok == Tok::Punct(byte));
        match text {
            b"null" => {
                cursor.skip(1);
                return Some(Typed::new(Type::Unknown, Value::Null, line));
            }
            b"true" | b"false" => {
                cursor.skip(1);
                return Some(Typed::new(Type::Boolean, Value::Text(text.to_vec()), line));
            }
            b"array" if opens(1, b'[') => {
                cursor.skip(1);
                return self.array(cursor.group()?, line);
            }
            b"array" if opens(1, b'(') => {
                cursor.skip(1);
                let element = self.subquery(cursor.group()?, line);
                return Some(Typed::of(element.ty.array(), line));
            }
            b"cast" if opens(1, b'(') => {
                cursor.skip(1);
                let mut inside = cursor.group()?;
                let operand = self.expression(&mut inside, 0)?;
                inside.take_word("as").then_some(())?;
                let name = types::parse(&mut inside)?;
                return inside.is_empty().then(|| cast(operand, &name));
            }
            b"exists" if opens(1, b'(') => {
                cursor.skip(1);
                cursor.group()?;
                return Some(Typed::of(Type::Boolean, line));
            }
            b"row" if opens(1, b'(') => {
                cursor.skip(1);
                cursor.group()?;
                return Some(Typed::of(Type::named("record"), line));
            }
            b"case" => return self.case(cursor),
            b"interval" if cursor.ahead(1).is_some_and(|i| i.tok == Tok::String) => {
                types::parse(cursor)?;
                cursor.skip(1);
                types::interval_fields(cursor);
                return Some(Typed::of(Type::named("interval"), line));
            }
            b"current_catalog" | b"current_role" | b"current_user" | b"session_user" | b"user" => {
                cursor.skip(1);
                return Some(Typed::of(Type::Name, line));
            }
            b"current_schema" => {
                cursor.skip(1);
                cursor.group();
                return Some(Typed::of(Type::Name, line));
            }
            b"current_date" | b"current_time" | b"current_timestamp" | b"localtime" | b"localtimestamp" => {
                cursor.skip(1);
                cursor.group();
                let name = match text {
                    b"current_date" => "date",
                    b"current_time" => "time with time zone",
                    b"current_timestamp" => "timestamp with time zone",
                    b"localtime" => "time without time zone",
                    _ => "timestamp without time zone",
                };
                return Some(Typed::of(Type::named(name), line));
            }
            b"select" | b"values" | b"with" | b"from" | b"where" | b"as" => return None,
            _ => {}
        }
        self.literal_or_name(cursor)
    }

    /// `name 'x'`, or a name.
    fn literal_or_name(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        let mut ahead = *cursor;
        if let Some(name) = types::parse(&mut ahead)
            && let Some(item) = ahead.peek()
            && item.tok == Tok::String
        {
            let value = Value::Text(ahead.text(item).to_vec());
            ahead.skip(1);
            *cursor = ahead;
            return Some(cast(Typed::new(Type::Unknown, value, line), &name));
        }
        self.named(cursor)
    }

    /// A column, or a call.
    fn named(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        let name = cursor.qualified()?;
        if !cursor.is_punct(b'(') {
            if cursor.is_punct(b'.') {
                // t.*
                return None;
            }
            let column = self.scope.column(name.schema, name.name);
            return Some(column.map_or(Typed::of(Type::Dynamic, line), |found| Typed { line, ..found.clone() }));
        }
        let inside = cursor.group()?;
        let windowed = self.decorations(cursor)?;
        if name.schema.is_some_and(|schema| schema != b"pg_catalog") {
            return Some(Typed::of(Type::Dynamic, line));
        }
        let found = self.call(name.name, inside, line);
        Some(if windowed { Typed::of(found.ty, line) } else { found })
    }

    /// What may follow a call: WITHIN GROUP, FILTER, OVER. True where something does.
    fn decorations(self, cursor: &mut Cursor<'_>) -> Option<bool> {
        let mut found = false;
        if cursor.take_words(&["within", "group"]) {
            cursor.group()?;
            found = true;
        }
        if cursor.is_word("filter") && cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) {
            cursor.skip(1);
            cursor.group()?;
            found = true;
        }
        if cursor.take_word("over") {
            if cursor.group().is_none() {
                cursor.name()?;
            }
            found = true;
        }
        Some(found)
    }

    fn call(self, name: &[u8], inside: Cursor<'_>, line: u32) -> Typed {
        if !functions::is_known(name) {
            return Typed::of(Type::Dynamic, line);
        }
        functions::result(name, || self.arguments(inside), line)
    }

    fn arguments(self, mut inside: Cursor<'_>) -> Vec<Typed> {
        inside.take_word("distinct");
        let read = |mut part: Cursor<'_>| {
            let line = part.line();
            let found = self.inside().and_then(|this| this.expression(&mut part, 0));
            // ORDER BY of an aggregate
            let complete = part.is_empty() || part.is_word("order");
            found.filter(|_| complete).unwrap_or(Typed::of(Type::Dynamic, line))
        };
        inside.split(b',').map(read).collect()
    }

    fn array(self, inside: Cursor<'_>, line: u32) -> Option<Typed> {
        let mut elements = Vec::new();
        let mut types = Vec::new();
        for mut part in inside.split(b',') {
            let element = if part.is_punct(b'[') {
                self.inside()?.array(part.group()?, line)?
            } else {
                self.expression(&mut part, 0).unwrap_or(Typed::of(Type::Dynamic, line))
            };
            types.push(element.ty);
            elements.push(match element.value {
                Value::Text(text) if part.is_empty() => Some(text),
                _ => None,
            });
        }
        if elements.is_empty() {
            // 42P18 unless a cast follows
            return Some(Typed::new(Type::Unknown, Value::Error, line));
        }
        Some(Typed::new(common_type(&types).array(), Value::Array(elements), line))
    }

    fn case(self, cursor: &mut Cursor<'_>) -> Option<Typed> {
        let line = cursor.line();
        cursor.skip(1);
        if !cursor.is_word("when") {
            self.expression(cursor, 0)?;
        }
        let mut types = Vec::new();
        while cursor.take_word("when") {
            self.expression(cursor, 0)?;
            cursor.take_word("then").then_some(())?;
            types.push(self.expression(cursor, 0)?.ty);
        }
        if cursor.take_word("else") {
            types.push(self.expression(cursor, 0)?.ty);
        }
        cursor.take_word("end").then_some(())?;
        Some(Typed::of(common_type(&types), line))
    }
}

fn is_query(inside: &Cursor<'_>) -> bool {
    ["select", "values", "with", "table"].iter().any(|word| inside.is_word(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::lexer::{Dialect, Lexer};
    use crate::sql::statement::Statement;

    fn typed(sql: &str) -> Typed {
        let mut statement = Statement::new(4096, 1024);
        let mut lexer = Lexer::new(Dialect::Psql, 4096, 1);
        lexer.feed(sql.as_bytes(), &mut statement);
        lexer.finish(&mut statement);
        statement.close();
        let mut session = Session::new(&super::super::Settings::default());
        session.set_variable(b"v", b"app");
        read(Cursor::new(&statement), Scope { session: &session, rows: &[] })
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
            ("NULL", Type::Unknown, Value::Null),
            ("12", Type::Int4, text("12")),
            ("-12", Type::Int4, text("-12")),
            ("3000000000", Type::Int8, text("3000000000")),
            ("1.5", Type::Numeric, text("1.5")),
            ("TRUE", Type::Boolean, text("true")),
            (":'v'", Type::Unknown, text("app")),
            ("format('%I.%s %L %%', 'Odd', 'b', 'it''s')", Type::Text, text("\"Odd\".b 'it''s' %")),
            ("quote_ident('user')", Type::Text, text("\"user\"")),
            ("concat('a', 'b')", Type::Text, text("ab")),
            ("coalesce(NULL, 'b')", Type::Text, text("b")),
            ("lower('ABC')", Type::Text, text("abc")),
            ("'x'::int", Type::Int4, Value::Error),
            ("'b'::text[]", Type::TextArray, Value::Error),
        ] {
            assert_eq!(typed(sql), Typed { ty, value, line: 1 }, "{sql}");
        }
    }

    #[test]
    fn an_expression_has_the_type_that_the_server_gives_it() {
        for (sql, ty) in [
            ("'a' || x", Type::Dynamic),
            ("format('%I', x)", Type::Text),
            ("f(x)", Type::Dynamic),
            ("app.f(x)::text", Type::Text),
            ("x::app.mood", Type::Dynamic),
            ("tableoid::regclass", Type::Regclass),
            ("NOT x", Type::Boolean),
            ("a.b", Type::Dynamic),
            ("a = b AND c IS NOT NULL", Type::Boolean),
            ("x IN (1, 2) OR y BETWEEN 1 AND 2", Type::Boolean),
            ("x NOT LIKE 'a%' ESCAPE '!'", Type::Boolean),
            ("x IS NOT DISTINCT FROM y", Type::Boolean),
            ("EXISTS (SELECT 1)", Type::Boolean),
            ("x = ANY (ARRAY['a'])", Type::Boolean),
            ("(SELECT 1)", Type::Int4),
            ("(SELECT 'b')", Type::Text),
            ("(SELECT count(*) FROM t)", Type::Int8),
            ("(SELECT x FROM t)", Type::Dynamic),
            ("ARRAY(SELECT 'a'::name)", Type::NameArray),
            ("ARRAY(SELECT x FROM t)", Type::DynamicArray),
            ("array_agg(x)", Type::DynamicArray),
            ("array_agg('a'::name ORDER BY x)", Type::NameArray),
            ("CASE WHEN x THEN 'a' ELSE 'b' END", Type::Text),
            ("CASE x WHEN 1 THEN 1 ELSE 2 END", Type::Int4),
            ("coalesce(x, 1)", Type::Dynamic),
            ("current_schema()", Type::Name),
            ("current_user", Type::Name),
            ("count(*) FILTER (WHERE x > 1)", Type::Int8),
            ("row_number() OVER (ORDER BY x)", Type::Int8),
            ("1 + 2 * 3", Type::Int4),
            ("1 + 2.5", Type::Numeric),
            ("count(*) - 1", Type::Int8),
            ("sum(1::bigint)", Type::Numeric),
            ("now() - interval '1 day'", Type::named("timestamp with time zone")),
            ("current_date - 1", Type::named("date")),
            ("'{}'::jsonb -> 'a' ->> 'b'", Type::Text),
            ("x COLLATE \"C\"", Type::Dynamic),
            ("'a' COLLATE \"C\"", Type::Unknown),
            ("(ARRAY[1, 2])[1]", Type::Int4),
            ("ROW(1, 'a')", Type::named("record")),
            ("max('a'::name)", Type::Text),
            ("\"char\" 'x'", Type::Char),
        ] {
            assert_eq!(typed(sql).ty, ty, "{sql}");
        }
    }

    #[test]
    fn arrays_keep_their_elements() {
        let some = |s: &str| Some(s.as_bytes().to_vec());
        for (sql, ty, elements) in [
            ("ARRAY['a', 'b']", Type::TextArray, vec![some("a"), some("b")]),
            ("ARRAY['a'::name]", Type::NameArray, vec![some("a")]),
            ("ARRAY['a', x]", Type::DynamicArray, vec![some("a"), None]),
            ("ARRAY[]::name[]", Type::NameArray, vec![]),
            ("'{a, \"b,c\",NULL}'::text[]", Type::TextArray, vec![some("a"), some("b,c"), None]),
            ("'{a,b}'", Type::Unknown, vec![some("a"), some("b")]),
        ] {
            let found = typed(sql);
            assert_eq!((found.ty, found.elements()), (ty, Some(elements)), "{sql}");
        }
        assert_eq!(typed("ARRAY[]").value, Value::Error, "42P18");
    }

    #[test]
    fn what_is_nested_too_deep_is_dynamic() {
        let sql = format!("{}1{}", "(".repeat(500), ")".repeat(500));
        assert_eq!(typed(&sql).ty, Type::Dynamic);
    }
}
