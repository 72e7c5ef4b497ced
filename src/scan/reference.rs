//! What a statement that runs uses: the relations it reads and writes, the routines it calls.
//!
//! A name counts as what its place in the grammar makes of it; whether there is such an object is decided where the
//! inventory is known. Names of common table expressions are no relations.

use super::fact::{Aspect, Key, ObjectKind, Scope};
use super::session::Session;
use crate::pgtap::overloads;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::lexer::{Dialect, Flow, Lexer};
use crate::sql::statement::{End, Statement, Tok};
use std::collections::HashSet;

/// A use of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Names the object.
    pub key: Key<'a>,
    /// read, insert, update, delete or called.
    pub aspect: Aspect,
    /// 1-based line.
    pub line: u32,
}

/// How the key of a call spells its number of arguments: no list of types starts so.
pub fn arity(count: usize) -> Vec<u8> {
    format!("#{count}").into_bytes()
}

/// The number of arguments that [`arity`] spelled.
pub fn arity_of(args: &[u8]) -> Option<usize> {
    std::str::from_utf8(args.strip_prefix(b"#")?).ok()?.parse().ok()
}

/// Hands what the statement at `cursor` uses to `each`. Linear in its tokens; nothing is collected.
///
/// # Errors
/// What `each` returns.
pub fn read<E>(
    cursor: Cursor<'_>,
    session: &Session,
    each: &mut dyn FnMut(Reference<'_>) -> Result<(), E>,
) -> Result<(), E> {
    Reader { session, ctes: ctes(cursor), each }.statement(cursor)
}

/// Walks the statements in `text`, which is run as SQL. `line` is that of its first byte; `limit` bounds a statement.
///
/// # Errors
/// What `each` returns.
pub fn statements<E>(
    text: &[u8],
    line: u32,
    limit: usize,
    each: &mut dyn FnMut(Cursor<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = Statement::new(limit, limit / 4);
    let mut lexer = Lexer::new(Dialect::Server, limit, line);
    let mut rest = text;
    loop {
        rest = &rest[lexer.feed(rest, &mut statement)..];
        if statement.end == End::Open {
            while lexer.finish(&mut statement) != Flow::Continue && statement.end == End::Open {}
            if statement.end == End::Open && !statement.close() {
                return Ok(());
            }
        }
        each(Cursor::new(&statement))?;
        statement.clear();
    }
}

struct Reader<'s, 'e, E> {
    session: &'s Session,
    ctes: HashSet<&'s [u8]>,
    each: &'e mut dyn FnMut(Reference<'_>) -> Result<(), E>,
}

impl<E> Reader<'_, '_, E> {
    fn statement(&mut self, mut cursor: Cursor<'_>) -> Result<(), E> {
        while let Some(item) = cursor.peek() {
            if item.tok == Tok::Word
                && let Some(aspect) = relation_aspect(&cursor)
            {
                cursor.skip(1);
                self.relations(&mut cursor, aspect)?;
                continue;
            }
            self.call(&cursor)?;
            cursor.skip(1);
        }
        Ok(())
    }

    /// The relations behind FROM, JOIN, INTO, UPDATE and the like; in a FROM list one behind each comma.
    fn relations(&mut self, cursor: &mut Cursor<'_>, aspect: Aspect) -> Result<(), E> {
        loop {
            cursor.take_word("lateral");
            cursor.take_word("only");
            let mut ahead = *cursor;
            let Some(name) = ahead.qualified() else { return Ok(()) };
            // FROM f(x) calls a function; INTO t (a, b) lists columns
            let is_call = ahead.is_punct(b'(') && aspect == READ;
            let keyword = name.schema.is_none() && NO_RELATION.contains(&name.name);
            if is_call || keyword {
                return Ok(());
            }
            if !self.is_cte(&name) {
                self.push(ObjectKind::Relation, name, b"", aspect)?;
            }
            *cursor = ahead;
            // FROM a [AS] x, b
            let mut alias = *cursor;
            alias.take_word("as");
            let _ = alias.name();
            match (cursor.is_punct(b','), alias.is_punct(b',')) {
                (true, _) => cursor.skip(1),
                (false, true) => {
                    *cursor = alias;
                    cursor.skip(1);
                }
                (false, false) => return Ok(()),
            }
            if aspect != READ {
                return Ok(());
            }
        }
    }

    fn call(&mut self, cursor: &Cursor<'_>) -> Result<(), E> {
        // most tokens are no name, or the last part of one
        let goes_on = cursor.ahead(1).is_some_and(|next| matches!(next.tok, Tok::Punct(b'(' | b'.')));
        if !goes_on {
            return Ok(());
        }
        let before = cursor.behind(1);
        // the name behind a dot was taken with its schema, a type behind :: is no call
        if before.is_some_and(|i| matches!(i.tok, Tok::Punct(b'.') | Tok::Cast)) {
            return Ok(());
        }
        let mut ahead = *cursor;
        let is_word = cursor.peek().is_some_and(|i| i.tok == Tok::Word);
        let Some(name) = ahead.qualified() else { return Ok(()) };
        if !ahead.is_punct(b'(') {
            return Ok(());
        }
        let plain = name.schema.is_none() && is_word;
        let of_pgtap = name.schema.is_none_or(|schema| self.session.is_pgtap_schema(schema));
        if plain && NO_ROUTINE.binary_search(&name.name).is_ok() || of_pgtap && !overloads(name.name).1.is_empty() {
            return Ok(());
        }
        if name.schema.is_some_and(|s| s == b"pg_catalog") || self.is_cte(&name) {
            return Ok(());
        }
        let into =
            before.is_some_and(|i| i.tok == Tok::Word && matches!(cursor.text(i), b"into" | b"as" | b"table" | b"on"));
        if into {
            return Ok(());
        }
        let count = ahead.group().map_or(0, |inside| inside.split(b',').count());
        self.push(ObjectKind::Routine, name, &arity(count), Aspect::CALLED)
    }

    fn is_cte(&self, name: &Name<'_>) -> bool {
        name.schema.is_none() && self.ctes.contains(name.name)
    }

    fn push(&mut self, kind: ObjectKind, name: Name<'_>, args: &[u8], aspect: Aspect) -> Result<(), E> {
        let (scope, schema) = match name.schema {
            Some(schema) => (Scope::Named, schema),
            None => (Scope::Path, self.session.search_path()),
        };
        let key = Key { kind, scope, schema, name: name.name, sub: b"", args };
        (self.each)(Reference { key, aspect, line: name.line })
    }
}

const READ: Aspect = Aspect(6);
const INSERT: Aspect = Aspect(7);
const UPDATE: Aspect = Aspect(8);
const DELETE: Aspect = Aspect(9);

/// What the relation behind this keyword is used for; none where no relation follows.
fn relation_aspect(cursor: &Cursor<'_>) -> Option<Aspect> {
    let before = || cursor.behind(1).filter(|i| i.tok == Tok::Word).map(|i| cursor.text(i)).unwrap_or_default();
    let text = cursor.peek().map(|i| cursor.text(i)).unwrap_or_default();
    match text {
        b"from" if before() == b"delete" => Some(DELETE),
        // IS DISTINCT FROM x
        b"from" if before() == b"distinct" => None,
        b"from" | b"join" => Some(READ),
        b"using" if !cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) => Some(READ),
        b"into" if before() == b"insert" => Some(INSERT),
        b"into" if before() == b"merge" => Some(UPDATE),
        // FOR UPDATE, ON UPDATE, DO UPDATE SET
        b"update" if !matches!(before(), b"for" | b"on" | b"do" | b"key" | b"or" | b"before" | b"after") => {
            Some(UPDATE)
        }
        b"truncate" => Some(DELETE),
        b"view" if before() == b"materialized" => Some(READ),
        _ => None,
    }
}

/// Names of common table expressions: `WITH a AS (`, `, b (x) AS MATERIALIZED (`.
fn ctes(mut cursor: Cursor<'_>) -> HashSet<&[u8]> {
    let mut names = HashSet::new();
    let mut inside = false;
    while let Some(item) = cursor.peek() {
        let starts = item.tok == Tok::Word && cursor.text(item) == b"with" || inside && item.tok == Tok::Punct(b',');
        cursor.skip(1);
        if !starts {
            continue;
        }
        let mut ahead = cursor;
        ahead.take_word("recursive");
        let Some(name) = ahead.name() else { continue };
        if ahead.is_punct(b'(') {
            ahead.group();
        }
        if ahead.take_word("as") {
            ahead.take_word("not");
            ahead.take_word("materialized");
            if ahead.is_punct(b'(') {
                names.insert(name);
                inside = true;
            }
        }
    }
    names
}

/// Words that may stand behind FROM and its like and name no relation.
const NO_RELATION: [&[u8]; 6] = [b"select", b"values", b"set", b"table", b"rows", b"unnest"];

/// Keywords and PostgreSQL's own functions that stand before parentheses, of which suites are full.
const NO_ROUTINE: [&[u8]; 60] = [
    b"all",
    b"and",
    b"any",
    b"array",
    b"array_agg",
    b"array_length",
    b"as",
    b"between",
    b"by",
    b"cast",
    b"check",
    b"coalesce",
    b"concat",
    b"count",
    b"current_setting",
    b"exists",
    b"extract",
    b"filter",
    b"format",
    b"from",
    b"gen_random_uuid",
    b"generate_series",
    b"greatest",
    b"grouping",
    b"if",
    b"in",
    b"interval",
    b"into",
    b"json_build_object",
    b"jsonb_build_object",
    b"least",
    b"length",
    b"like",
    b"lower",
    b"max",
    b"min",
    b"not",
    b"now",
    b"nullif",
    b"numeric",
    b"on",
    b"or",
    b"over",
    b"quote_ident",
    b"quote_literal",
    b"replace",
    b"row",
    b"select",
    b"set_config",
    b"some",
    b"string_agg",
    b"substring",
    b"sum",
    b"then",
    b"to_char",
    b"upper",
    b"using",
    b"values",
    b"varchar",
    b"when",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sql: &str) -> Vec<String> {
        let settings = super::super::Settings { search_path: vec!["app".to_owned()], ..Default::default() };
        let session = Session::new(&settings);
        let spell = |r: Reference<'_>| {
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            let schema = if r.key.scope == Scope::Named { format!("{}.", text(r.key.schema)) } else { String::new() };
            format!("{schema}{}{} {}", text(r.key.name), text(r.key.args), r.aspect.as_str())
        };
        let mut found = Vec::new();
        let mut keep = |r: Reference<'_>| {
            found.push(spell(r));
            Ok(())
        };
        let mut each = |cursor: Cursor<'_>| -> Result<(), ()> { read(cursor, &session, &mut keep) };
        assert_eq!(statements(sql.as_bytes(), 1, 1 << 16, &mut each), Ok(()));
        found
    }

    #[test]
    fn a_statement_uses_what_its_grammar_says() {
        assert!(NO_ROUTINE.is_sorted(), "looked up by binary search");
        for (sql, expected) in [
            ("SELECT a FROM t", &["t read"][..]),
            ("SELECT * FROM app.t AS x, u y, LATERAL f(x.a)", &["app.t read", "u read", "f#1 called"]),
            (
                "SELECT * FROM t JOIN app.u USING (id) WHERE app.ok(t.a, 1)",
                &["t read", "app.u read", "app.ok#2 called"],
            ),
            ("INSERT INTO t (a, b) SELECT a, g() FROM u", &["t insert", "g#0 called", "u read"]),
            ("UPDATE ONLY t SET a = f(1) FROM u", &["t update", "f#1 called", "u read"]),
            ("DELETE FROM t USING u WHERE true", &["t delete", "u read"]),
            ("WITH x AS (SELECT 1 FROM t), y (a) AS (SELECT 2) SELECT * FROM x, y", &["t read"]),
            ("CALL billing.close_month('2024-01-01'); SELECT 1", &["billing.close_month#1 called"]),
            ("SELECT count(*), now(), pg_catalog.lower('a') FROM (SELECT 1 FROM t) AS s", &["t read"]),
            ("SELECT extract(epoch FROM a) FROM t", &["a read", "t read"]),
            ("SELECT a IS DISTINCT FROM b FROM t FOR UPDATE", &["t read"]),
            ("SELECT is(f(1), 2), 'x'::numeric(3)", &["f#1 called"]),
            ("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1", &["t insert"]),
            ("TRUNCATE t", &["t delete"]),
            ("REFRESH MATERIALIZED VIEW app.v", &["app.v read"]),
            ("SELECT 'FROM t', $$ g() $$ -- FROM t", &[]),
        ] {
            assert_eq!(found(sql), expected, "{sql}");
        }
    }
}
