//! Rows that a query writes out and that feed its calls: `FROM (VALUES ('a'), ('b')) AS v (name)`,
//! `FROM unnest(ARRAY['a', 'b']) AS name`.

use super::expression::{self, Rows, Scope, Typed, Value};
use crate::limits::{SOURCE_BYTES, SOURCE_ROWS};
use crate::pgtap::Type;
use crate::sql::cursor::{Cursor, parts};
use crate::sql::statement::Tok;
use std::cell::Cell;

/// How far behind a call its FROM is looked for.
const FROM_TOKENS: usize = 512;

/// The rows that feed the SELECT in which the call with the arguments `inside` stands; none where its FROM is missing,
/// names anything else, or has more rows than are read. Linear in the tokens of the FROM.
pub fn read(query: Cursor<'_>, inside: Cursor<'_>, scope: Scope<'_>) -> Option<Rows> {
    let mut cursor = query;
    cursor.skip(inside.position() - query.position() + inside.len() + 1);
    let mut passed = 0;
    loop {
        let item = cursor.peek().filter(|_| passed < FROM_TOKENS)?;
        passed += 1;
        match item.tok {
            // the call stands inside of a subquery or of other parentheses
            Tok::Punct(b')' | b']') => {}
            Tok::Punct(b'(' | b'[') => {
                cursor.group();
                continue;
            }
            Tok::Word if cursor.text(item) == b"from" => break,
            Tok::Punct(b';') => return None,
            _ => {}
        }
        cursor.skip(1);
    }
    cursor.skip(1);
    cursor.take_word("lateral");
    let rows = source(&mut cursor, scope)?;
    // a join or a condition may leave rows out
    let plain = cursor.is_empty()
        || cursor.is_punct(b')')
        || cursor.is_punct(b';')
        || ["order", "union"].iter().any(|word| cursor.is_word(word));
    plain.then_some(rows)
}

/// The rows of a query that is nothing but rows: `SELECT * FROM (VALUES ('a')) AS v (name)`, `SELECT unnest(ARRAY['a'])`,
/// `VALUES ('a')`.
pub fn selected(mut query: Cursor<'_>, scope: Scope<'_>) -> Option<Rows> {
    if query.is_word("values") {
        return Some(Rows { rows: listed(query, scope)?, ..Rows::default() });
    }
    query.take_word("select").then_some(())?;
    let mut columns = query;
    if query.find_word("from") {
        columns = columns.to(query.position());
        query.skip(1);
    } else {
        (columns, query) = (query, columns);
    }
    let source = source(&mut query, scope).filter(|_| query.is_empty())?;
    let is_all = columns.peek().is_none_or(|item| {
        let text = columns.text(item);
        text == b"*" || source.columns.len() == 1 && source.columns[0] == text
    });
    (is_all && columns.len() < 2).then_some(source)
}

/// Takes what may stand behind FROM.
fn source(cursor: &mut Cursor<'_>, scope: Scope<'_>) -> Option<Rows> {
    let values = if cursor.is_word("unnest") && cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) {
        cursor.skip(1);
        unnested(cursor.group()?, scope)?
    } else if cursor.is_punct(b'(') {
        listed(cursor.group()?, scope)?
    } else {
        return None;
    };
    let width = values.first()?.len();
    cursor.take_word("as");
    let alias = if cursor.is_empty() { b"unnest".to_vec() } else { cursor.name()?.to_vec() };
    let mut columns = Vec::new();
    if let Some(names) = cursor.group() {
        for mut part in parts(Some(names)) {
            columns.push(part.name().unwrap_or_default().to_vec());
        }
    } else if width == 1 {
        // a function's one column is called as its alias
        columns.push(alias.clone());
    }
    let left = Cell::new(SOURCE_BYTES);
    (columns.len() <= width).then_some(Rows { alias, columns, rows: values, left, ..Rows::default() })
}

/// The elements of an array, one a row.
pub fn of_array(array: Cursor<'_>, scope: Scope<'_>) -> Option<Rows> {
    Some(Rows { rows: unnested(array, scope)?, ..Rows::default() })
}

fn unnested(inside: Cursor<'_>, scope: Scope<'_>) -> Option<Vec<Vec<Typed>>> {
    let array = expression::read(inside, scope);
    let (ty, line) = (array.ty.element(), array.line);
    let elements = array.elements().filter(|elements| elements.len() <= SOURCE_ROWS)?;
    let mut rows = Vec::new();
    for element in elements {
        let value = element.map_or(Value::Unknown, Value::Text);
        rows.push(vec![Typed { ty, value, line }]);
    }
    Some(rows)
}

fn listed(mut inside: Cursor<'_>, scope: Scope<'_>) -> Option<Vec<Vec<Typed>>> {
    inside.take_word("values").then_some(())?;
    let mut rows = Vec::new();
    for mut part in parts(Some(inside)) {
        let columns = part.group().filter(|_| part.is_empty())?;
        let row: Vec<Typed> =
            parts(Some(columns)).iter().map(|column| typed(expression::read(*column, scope))).collect();
        if rows.len() == SOURCE_ROWS || rows.first().is_some_and(|first: &Vec<Typed>| first.len() != row.len()) {
            return None;
        }
        rows.push(row);
    }
    Some(rows)
}

/// A column of untyped literals is text.
fn typed(value: Typed) -> Typed {
    if value.ty == Type::Unknown { Typed { ty: Type::Text, ..value } } else { value }
}
