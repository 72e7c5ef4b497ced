//! Rows that a query writes out and that feed its calls: `FROM (VALUES ('a'), ('b')) AS v (name)`,
//! `FROM unnest(ARRAY['a', 'b']) AS name`.

use super::expression::{self, Rows, Scope, Typed, Value};
use crate::limits::SOURCE_ROWS;
use crate::pgtap::Type;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;

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
    let alias = cursor.name()?.to_vec();
    let mut columns = Vec::new();
    if let Some(names) = cursor.group() {
        columns.extend(names.split(b',').map(|mut part| part.name().unwrap_or_default().to_vec()));
    } else if width == 1 {
        // a function's one column is called as its alias
        columns.push(alias.clone());
    }
    // a join or a condition may leave rows out
    let plain = cursor.is_empty()
        || cursor.is_punct(b')')
        || cursor.is_punct(b';')
        || ["order", "union"].iter().any(|word| cursor.is_word(word));
    (plain && columns.len() <= width).then_some(Rows { alias, columns, rows: values })
}

fn unnested(inside: Cursor<'_>, scope: Scope<'_>) -> Option<Vec<Vec<Typed>>> {
    let array = expression::read(inside, scope);
    let (ty, line) = (array.ty.element(), array.line);
    let elements = array.elements().filter(|elements| elements.len() <= SOURCE_ROWS)?;
    let row = |element: Option<Vec<u8>>| {
        let value = element.map_or(Value::Unknown, Value::Text);
        vec![Typed { ty, value, line }]
    };
    Some(elements.into_iter().map(row).collect())
}

fn listed(mut inside: Cursor<'_>, scope: Scope<'_>) -> Option<Vec<Vec<Typed>>> {
    inside.take_word("values").then_some(())?;
    let mut rows = Vec::new();
    for mut part in inside.split(b',') {
        let columns = part.group().filter(|_| part.is_empty())?;
        let row: Vec<Typed> = columns.split(b',').map(|column| typed(expression::read(column, scope))).collect();
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
