//! What a statement that runs uses: the relations and columns that it reads and writes, the routines it calls, the types
//! that it names.
//!
//! A name counts as what its place in the grammar makes of it; whether there is such an object is decided where the
//! inventory is known. Names of common table expressions and aliases are no relations.

pub mod arguments;
mod catalog;
mod reader;
mod words;

use super::fact::{Aspect, Full, Key};
use super::session::Session;
use crate::sql::cursor::Cursor;
use crate::sql::lexer::{Dialect, Flow, Lexer};
use crate::sql::statement::{End, Statement};
use reader::Reader;

/// A use of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Names the object.
    pub key: Key<'a>,
    /// read, insert, update, delete, called or used; privileges or named where a text names it.
    pub aspect: Aspect,
    /// 1-based line.
    pub line: u32,
    /// The UPDATE or DELETE reads the rows that it changes: WHERE, RETURNING.
    pub reads: bool,
}

/// A keyword that names no column and no alias.
pub fn is_keyword(word: &[u8]) -> bool {
    words::is_reserved(word)
}

/// How the key of a call spells its number of arguments: no list of types starts so.
pub fn arity(count: usize) -> Vec<u8> {
    format!("#{count}").into_bytes()
}

/// The number of arguments that [`arity`] spelled, or [`arguments::spell`].
pub fn arity_of(args: &[u8]) -> Option<usize> {
    let count = args.strip_prefix(b"#")?.split(|byte| *byte == b' ').next()?;
    std::str::from_utf8(count).ok()?.parse().ok()
}

/// The types of arguments that [`arguments::spell`] spelled: see there.
pub fn types_of(args: &[u8]) -> Option<&str> {
    let at = args.iter().position(|byte| *byte == b' ').filter(|_| args.starts_with(b"#"))?;
    std::str::from_utf8(&args[at + 1..]).ok()
}

/// Hands what the statement at `cursor`, or the part of PL/pgSQL, uses when it runs to `each`. Linear in its tokens.
///
/// # Errors
/// What `each` returns.
pub fn read(
    cursor: Cursor<'_>,
    session: &Session,
    each: &mut dyn FnMut(Reference<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    Reader::new(session, each).statement(cursor)
}

/// The same of an expression or a query, wherever it stands.
///
/// # Errors
/// What `each` returns.
pub fn read_expression(
    cursor: Cursor<'_>,
    session: &Session,
    each: &mut dyn FnMut(Reference<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    Reader::new(session, each).fragment(cursor)
}

/// Walks the statements in `text`, which is run as SQL. `line` is that of its first byte; `limit` bounds a statement.
///
/// # Errors
/// What `each` returns.
pub fn statements(
    text: &[u8],
    line: u32,
    limit: usize,
    each: &mut dyn FnMut(Cursor<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
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

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::super::fact::{ObjectKind, Scope};
    use super::*;

    fn found(sql: &str) -> Vec<String> {
        let settings = Settings { search_path: vec!["app".to_owned()], ..Default::default() };
        let session = Session::new(&settings);
        let spell = |r: Reference<'_>| {
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            let schema = if r.key.scope == Scope::Named { format!("{}.", text(r.key.schema)) } else { String::new() };
            let sub = if r.key.kind == ObjectKind::Column { format!(":{}", text(r.key.sub)) } else { String::new() };
            // the types of arguments have a test of their own
            let arity = text(r.key.args).split(' ').next().unwrap_or_default().to_owned();
            format!("{schema}{}{sub}{arity} {}", text(r.key.name), r.aspect.as_str())
        };
        let mut found = Vec::new();
        let mut keep = |r: Reference<'_>| {
            found.push(spell(r));
            Ok(())
        };
        let mut each = |cursor: Cursor<'_>| -> Result<(), Full> { read(cursor, &session, &mut keep) };
        assert_eq!(statements(sql.as_bytes(), 1, 1 << 16, &mut each), Ok(()));
        found
    }

    #[test]
    fn a_call_tells_the_types_of_its_arguments_as_far_as_they_stand_there() {
        let session = Session::new(&Settings::default());
        for (call, expected) in [
            ("f()", "#0"),
            ("f('a', x, g(1))", "#3"),
            ("f(1, -2, 3000000000, 1.5, 1e3)", "#5 integer, integer, bigint, numeric, numeric"),
            ("f(true, null, 'x')", "#3 boolean, -, -"),
            ("f('a'::uuid, x::app.kind, (y)::int[])", "#3 uuid, app.kind, integer[]"),
            ("f(x::text::varchar(3), x::int + 1)", "#2 character varying, ?"),
            ("f(cast(x AS timestamptz), date '2024-01-01')", "#2 timestamp with time zone, date"),
            ("f(n => 1, 2)", "#2 ?, integer"),
            ("f(CASE WHEN a THEN 1::int END, 2)", "#2 ?, integer"),
        ] {
            let mut found = Vec::new();
            let sql = format!("SELECT {call}");
            let mut each = |cursor: Cursor<'_>| {
                read(cursor, &session, &mut |r| {
                    if r.key.name == b"f" {
                        found.push(String::from_utf8_lossy(r.key.args).into_owned());
                    }
                    Ok(())
                })
            };
            assert_eq!(statements(sql.as_bytes(), 1, 1 << 16, &mut each), Ok(()));
            assert_eq!(found, [expected], "{call}");
        }
    }

    #[test]
    fn a_statement_uses_what_its_grammar_says() {
        for (sql, expected) in [
            ("SELECT a FROM t", &["t read", "t:a read"][..]),
            ("SELECT * FROM app.t AS x, u y, LATERAL f(x.a)", &["app.t read", "u read", "f#1 called", "app.t:a read"]),
            (
                "SELECT * FROM t JOIN app.u USING (id) WHERE app.ok(t.a, 1)",
                &["t read", "app.u read", "t:id read", "app.u:id read", "app.ok#2 called", "t:a read"],
            ),
            (
                "INSERT INTO t (a, b) SELECT a, g() FROM u",
                &["t insert", "t:a insert", "t:b insert", "u read", "u:a read", "g#0 called"],
            ),
            ("UPDATE ONLY t SET a = f(1) FROM u", &["t update", "u read", "t:a update", "f#1 called"]),
            (
                "UPDATE t x SET (a, b) = (1, x.c), d[1] = 2",
                &["t update", "t:a update", "t:b update", "t:c read", "t:d update"],
            ),
            ("DELETE FROM t USING u WHERE t.a = u.b", &["t delete", "u read", "t:a read", "u:b read"]),
            ("WITH x AS (SELECT 1 FROM t), y (a) AS (SELECT 2) SELECT * FROM x, y", &["t read"]),
            ("WITH t AS (SELECT 1 FROM t) SELECT * FROM t", &["t read"]),
            ("WITH RECURSIVE t AS (SELECT 1 UNION SELECT 1 FROM t) SELECT * FROM t", &[]),
            ("WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x", &["t insert", "t:a read"]),
            ("SELECT (WITH x AS (SELECT 1) SELECT 1 FROM x) FROM x", &["x read"]),
            ("CALL billing.close_month('2024-01-01'); SELECT 1", &["billing.close_month#1 called"]),
            ("SELECT count(*), now(), pg_catalog.lower('a') FROM (SELECT 1 FROM t) AS s", &["t read"]),
            ("SELECT extract(epoch FROM a) FROM t", &["t read", "t:a read"]),
            (
                "SELECT substring(x FROM 2), trim(both from y), overlay(z placing 'a' from 1) FROM t, u",
                &["t read", "u read"],
            ),
            ("SELECT a IS DISTINCT FROM b FROM t FOR UPDATE", &["t read", "t:a read", "t:b read"]),
            (
                "SELECT is(f(1), 2), 'x'::numeric(3), NULL::mood, CAST('a' AS app.size)",
                &["f#1 called", "mood used", "app.size used"],
            ),
            ("SELECT mood 'happy', date '2024-01-01'", &["mood used"]),
            (
                "INSERT INTO t AS n VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.b WHERE n.c",
                &["t insert", "t update", "t:id read", "t:a update", "t:b read", "t:c read"],
            ),
            ("TRUNCATE t, app.u", &["t truncate", "app.u truncate"]),
            ("REFRESH MATERIALIZED VIEW app.v", &["app.v read"]),
            ("COPY t (a) FROM 'f'; COPY (SELECT 1 FROM u) TO stdout", &["t insert", "t:a insert", "u read"]),
            ("TABLE t; VALUES (f())", &["t read", "f#0 called"]),
            (
                "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (u.a)",
                &["t update", "t insert", "u read", "t:a read", "u:a read", "t:b update", "t:a insert", "u:a read"],
            ),
            ("SELECT a total, b AS c FROM t ORDER BY d DESC", &["t read", "t:a read", "t:b read", "t:d read"]),
            (
                "SELECT EXISTS (SELECT 1 FROM t WHERE t.a = o.b) FROM orders o",
                &["orders read", "t read", "t:a read", "orders:b read"],
            ),
            ("(SELECT a FROM t) UNION ALL SELECT b FROM u", &["t read", "t:a read", "u read", "u:b read"]),
            (
                "SELECT * FROM (t JOIN u ON t.a = u.a) JOIN ROWS FROM (f(1), g()) AS x ON true",
                &["t read", "u read", "t:a read", "u:a read", "f#1 called", "g#0 called"],
            ),
            (
                "SELECT * FROM t LEFT JOIN u ON left(t.a, 1) = u.b WHERE true",
                &["t read", "u read", "t:a read", "u:b read"],
            ),
            ("SELECT 'FROM t', $$ g() $$ -- FROM t", &[]),
            ("CREATE TABLE x (a int DEFAULT f()); ALTER TABLE t ADD CHECK (g(a)); GRANT SELECT ON t TO x", &[]),
            ("EXPLAIN SELECT 1 FROM t; EXPLAIN (ANALYZE) SELECT 1 FROM u", &["u read"]),
        ] {
            assert_eq!(found(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_part_of_plpgsql_uses_what_its_statements_do() {
        for (sql, expected) in [
            ("BEGIN INSERT INTO t VALUES (1)", &["t insert"][..]),
            ("IF f(1) THEN PERFORM g() FROM u", &["f#1 called", "u read", "g#0 called"]),
            ("ELSE DELETE FROM t", &["t delete"]),
            ("FOR r IN SELECT * FROM t LOOP UPDATE u SET a = 1", &["t read", "u update", "u:a update"]),
            ("RETURN QUERY SELECT 1 FROM t", &["t read"]),
            ("RETURN NEXT f(a)", &["f#1 called"]),
            ("RETURN NEXT is(count(*), 1) FROM t WHERE a", &["t read", "t:a read"]),
            ("BEGIN RETURN f(1)", &["f#1 called"]),
            ("RETURN (SELECT a FROM t)", &["t read", "t:a read"]),
            ("x := (SELECT max(a) FROM t)", &["t read", "t:a read"]),
            ("SELECT a INTO STRICT x, y FROM t", &["t read", "t:a read"]),
            ("DECLARE x app.mood := f()", &["app.mood used", "f#0 called"]),
            ("x t.a%TYPE", &[]),
            ("EXECUTE 'DELETE FROM t'", &["t delete"]),
            ("EXECUTE format('INSERT INTO %I VALUES (1)', 't') USING f()", &["t insert", "f#0 called"]),
            ("OPEN c FOR SELECT 1 FROM t", &["t read"]),
        ] {
            assert_eq!(found(sql), expected, "{sql}");
        }
    }
}
