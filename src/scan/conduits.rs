//! What tests create and later use: functions, views, triggers, tables made AS a query. They are no part of the schema;
//! what they use counts with the strength of the places that use them.

use super::calls::{self, By, Counts, Place};
use super::definitions::assumption;
use super::fact::{Fact, Facts, Full, Key, ObjectKind, Op, Scope, Strength, VIA_STATEMENT};
use super::reference;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;

/// Emits the conduit that the statement at `cursor` creates, and what it uses unless that stands in a body of its own.
/// Linear in its tokens.
///
/// # Errors
/// [`Full`]
pub fn read(mut cursor: Cursor<'_>, place: Place<'_>, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
    let query = cursor;
    if cursor.take_word("select") || cursor.is_word("with") {
        if cursor.find_word("into") && cursor.behind(1).is_none_or(|i| query.text(i) != b"insert") {
            cursor.skip(1);
            let is_temporary = cursor.take_one_of(&["temp", "temporary"]).is_some();
            cursor.take_one_of(&["unlogged", "table"]);
            cursor.take_word("table");
            return relation(&mut cursor, is_temporary, query, place, facts);
        }
        return Ok(());
    }
    if cursor.take_words(&["set", "constraints"]) && cursor.find_word("immediate") {
        let key = Key { kind: ObjectKind::Trigger, scope: Scope::Named, schema: b"", name: b"", sub: b"", args: b"" };
        return facts.fact(Fact::Definition { key, op: Op::Asserted, detail: b"", line: 0 });
    }
    if !cursor.take_word("create") {
        return Ok(());
    }
    cursor.take_words(&["or", "replace"]);
    cursor.take_one_of(&["global", "local"]);
    let is_temporary = cursor.take_one_of(&["temp", "temporary"]).is_some();
    cursor.take_one_of(&["unlogged", "recursive", "materialized", "constraint"]);
    if cursor.take_one_of(&["function", "procedure"]).is_some() {
        return routine(cursor, place, facts);
    }
    if cursor.take_word("trigger") {
        return trigger(cursor, place, facts);
    }
    let is_table = cursor.is_word("table");
    if cursor.take_one_of(&["view", "table"]).is_none() {
        return Ok(());
    }
    cursor.take_words(&["if", "not", "exists"]);
    let mut made = cursor;
    let is_query = made.find_word("as");
    made.skip(1);
    if !is_query {
        made.skip(made.len());
    }
    if is_table {
        // making it runs the query
        reference::read_expression(made, place.session, &mut |used| {
            counts.pending = true;
            calls::used(used, By { via: VIA_STATEMENT, strength: Strength::Act, circumstance: b"" }, facts)
        })?;
    }
    relation(&mut cursor, is_temporary, made, place, facts)
}

/// A relation by the name at `cursor`, made of a query.
fn relation(
    cursor: &mut Cursor<'_>,
    is_temporary: bool,
    query: Cursor<'_>,
    place: Place<'_>,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    let Some(name) = cursor.qualified() else { return Ok(()) };
    let name = if is_temporary { Name { schema: Some(b"pg_temp"), ..name } } else { name };
    conduit(ObjectKind::Relation, name, b"", place, facts)?;
    uses(query, place, facts)
}

fn routine(mut cursor: Cursor<'_>, place: Place<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    let Some(name) = cursor.qualified() else { return Ok(()) };
    let parameters = cursor.group();
    let inputs = parameters.map_or(0, |inside| {
        let is_input = |part: &Cursor<'_>| !part.is_word("out") && !part.is_word("table");
        inside.split(b',').filter(is_input).count()
    });
    let assumption = parameters.and_then(|inside| assumption::of(inside, cursor, place.session));
    let assumed = assumption.map(|assumption| assumption.encode()).unwrap_or_default();
    made(ObjectKind::Routine, name, &reference::arity(inputs), &assumed, place, facts)?;
    let mut rest = cursor;
    if rest.find_word("atomic") {
        rest.skip(1);
        return rest.split(b';').try_for_each(|part| uses(part, place, facts));
    }
    // RETURN expression
    cursor.find_word("return");
    cursor.skip(1);
    uses(cursor, place, facts)
}

/// `name BEFORE … ON table … EXECUTE FUNCTION f()`: the table runs the function.
fn trigger(mut cursor: Cursor<'_>, place: Place<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    cursor.find_word("on");
    cursor.skip(1);
    let Some(table) = cursor.qualified() else { return Ok(()) };
    conduit(ObjectKind::Trigger, table, b"", place, facts)?;
    cursor.find_word("execute");
    cursor.skip(2);
    uses(cursor, place, facts)
}

fn conduit(kind: ObjectKind, name: Name<'_>, args: &[u8], place: Place<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    made(kind, name, args, b"", place, facts)
}

fn made(
    kind: ObjectKind,
    name: Name<'_>,
    args: &[u8],
    detail: &[u8],
    place: Place<'_>,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    let (scope, schema) = match name.schema {
        Some(schema) => (Scope::Named, schema),
        None => (Scope::Path, place.session.search_path()),
    };
    let key = Key { kind, scope, schema, name: name.name, sub: b"", args };
    facts.fact(Fact::Definition { key, op: Op::Conduit, detail, line: name.line })
}

fn uses(cursor: Cursor<'_>, place: Place<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    if cursor.peek().is_none_or(|item| item.tok == Tok::Punct(b';')) {
        return Ok(());
    }
    reference::read_expression(cursor, place.session, &mut |used| {
        calls::used(used, By { via: VIA_STATEMENT, strength: Strength::Body, circumstance: b"" }, facts)
    })
}
