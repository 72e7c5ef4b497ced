//! Calls of pgTAP's functions in a statement, resolved to the overload that PostgreSQL runs, as evidence.

use super::argument::{self, Argument};
use super::fact::{ANY_ARGS, Aspect, Code, Fact, Facts, Full, Key, ObjectKind, Scope, Strength};
use super::reference::{self, Reference};
use super::session::Session;
use crate::limits::{ARGS_BYTES, NAME_BYTES};
use crate::pgtap::{self, Choice, Class, Overload, Role, Type, choose, overloads};
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;

/// What was counted in a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that yield a test result.
    pub assertions: u32,
    /// Calls that could not be understood.
    pub unresolved: u32,
    /// The number that `plan` was called with.
    pub plan: Option<u32>,
}

/// Emits what the pgTAP calls in the tokens of `cursor` test. Linear in the tokens. `limit` bounds the statements in its
/// arguments, in bytes.
///
/// # Errors
/// [`Full`] as soon as a fact finds no room; nothing is remembered, the call is simply made again.
pub fn read(
    mut cursor: Cursor<'_>,
    session: &Session,
    limit: usize,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    let query = cursor;
    let mut under = None;
    while let Some(item) = cursor.peek() {
        let is_call = matches!(item.tok, Tok::Word | Tok::Quoted)
            && cursor.ahead(1).is_some_and(|next| next.tok == Tok::Punct(b'('));
        if is_call && !names_something_else(&cursor) && belongs_to_pgtap(&cursor, session) {
            let (first, found) = overloads(cursor.text(item));
            if !found.is_empty() {
                let mut arguments = cursor;
                arguments.skip(1);
                let arguments = arguments.group().map(|inside| read_arguments(inside, session)).unwrap_or_default();
                let call = Call { first, overloads: found, arguments: &arguments, line: item.line, session, limit };
                let assertion = call.emit(counts, facts)?;
                under = under.or(assertion);
            }
        }
        cursor.skip(1);
    }
    match under {
        // the whole query that holds an assertion runs under it
        Some(via) => uses(&reference::read(query, session), via, facts),
        None => Ok(()),
    }
}

fn uses(references: &[Reference], via: u16, facts: &mut dyn Facts) -> Result<(), Full> {
    for reference in references {
        let (key, aspect, line) = (reference.key(), reference.aspect, reference.line);
        facts.fact(Fact::Evidence { key, via, aspect, strength: Strength::Behavior, line })?;
    }
    Ok(())
}

/// Counts the pgTAP calls of a part of a statement that is over the limit, as blind spots.
///
/// # Errors
/// [`Full`]
pub fn over_limit(
    mut cursor: Cursor<'_>,
    session: &Session,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    while let Some(item) = cursor.peek() {
        let is_call = matches!(item.tok, Tok::Word | Tok::Quoted)
            && cursor.ahead(1).is_some_and(|next| next.tok == Tok::Punct(b'('));
        if is_call && belongs_to_pgtap(&cursor, session) {
            let found = overloads(cursor.text(item)).1;
            if found.first().is_some_and(|o| !matches!(o.class, Class::Control | Class::Other)) {
                counts.assertions += 1;
                counts.unresolved += 1;
                facts.fact(Fact::Diagnostic { code: Code::OverLimit, detail: cursor.text(item), line: item.line })?;
            }
        }
        cursor.skip(1);
    }
    Ok(())
}

fn read_arguments(inside: Cursor<'_>, session: &Session) -> Vec<Argument> {
    inside.split(b',').map(|part| argument::read(part, session)).collect()
}

/// `CREATE FUNCTION is(…)`, `INSERT INTO plan (…)`: a name before parentheses that is not called.
fn names_something_else(cursor: &Cursor<'_>) -> bool {
    let mut back = 1;
    while cursor.behind(back).is_some_and(|i| i.tok == Tok::Punct(b'.')) {
        back += 2;
    }
    cursor.behind(back).is_some_and(|item| {
        item.tok == Tok::Word
            && matches!(
                cursor.text(item),
                b"function"
                    | b"procedure"
                    | b"aggregate"
                    | b"routine"
                    | b"into"
                    | b"table"
                    | b"references"
                    | b"update"
                    | b"on"
                    | b"exists"
                    | b"index"
                    | b"with"
            )
    })
}

fn belongs_to_pgtap(cursor: &Cursor<'_>, session: &Session) -> bool {
    if cursor.behind(1).is_none_or(|i| i.tok != Tok::Punct(b'.')) {
        return true;
    }
    cursor.behind(2).is_some_and(|schema| session.is_pgtap_schema(cursor.text(schema)))
}

struct Call<'a> {
    first: u16,
    overloads: &'static [Overload],
    arguments: &'a [Argument],
    line: u32,
    session: &'a Session,
    limit: usize,
}

impl Call<'_> {
    /// Emits what the call tests; returns the overload's number where it is an assertion.
    fn emit(&self, counts: &mut Counts, facts: &mut dyn Facts) -> Result<Option<u16>, Full> {
        let types: Vec<Type> = self.arguments.iter().map(|a| a.ty).collect();
        let class = self.overloads.first().map_or(Class::Other, |o| o.class);
        let chosen = choose(self.overloads, &types);
        if matches!(class, Class::Control | Class::Other) {
            if self.overloads.first().is_some_and(|o| o.name == "plan") {
                counts.plan = self.arguments.first().and_then(Argument::text).and_then(number);
            }
            return Ok(None);
        }
        counts.assertions += 1;
        let code = match chosen {
            Choice::One(index) => {
                let overload = &self.overloads[index];
                let via = self.first + u16::try_from(index).unwrap_or(0);
                match overload.class {
                    Class::Behavior => self.behavior(overload, via, counts, facts)?,
                    _ => self.evidence(overload, via, counts, facts)?,
                }
                return Ok(Some(via));
            }
            Choice::Ambiguous => Code::Ambiguous,
            Choice::Mismatch => Code::Mismatch,
            Choice::Undefined => Code::Undefined,
            Choice::Dynamic => Code::Dynamic,
        };
        self.blind(code, counts, facts)?;
        Ok(Some(self.first))
    }

    /// The statements that the assertion runs: its SQL arguments, or the prepared statements that they name.
    fn behavior(&self, overload: &Overload, via: u16, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
        let statements = overload.roles.iter().zip(self.arguments).filter(|(role, _)| **role == Role::Sql);
        let mut unknown = false;
        for (_, argument) in statements {
            let Some(sql) = argument.text() else {
                unknown = true;
                continue;
            };
            // _query of pgTAP: what has white space is a statement, all else the name of a prepared one
            if sql.iter().any(u8::is_ascii_whitespace) && !sql.starts_with(b"\"") {
                uses(&reference::read_text(sql, argument.line, self.session, self.limit), via, facts)?;
                continue;
            }
            let name = types::unquote_ident(&String::from_utf8_lossy(sql));
            let folded = if sql.starts_with(b"\"") { name } else { name.to_ascii_lowercase() };
            match self.session.prepared(folded.as_bytes()) {
                Some(references) => uses(references, via, facts)?,
                None => unknown = true,
            }
        }
        if unknown { self.blind(Code::Dynamic, counts, facts) } else { Ok(()) }
    }

    fn blind(&self, code: Code, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
        counts.unresolved += 1;
        let name = self.overloads.first().map_or("", |o| o.name);
        facts.fact(Fact::Diagnostic { code, detail: name.as_bytes(), line: self.line })
    }

    fn evidence(&self, overload: &Overload, via: u16, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
        let Some(subject) = Subject::of(overload) else { return Ok(()) };
        let text = |role| overload.position(role).map(|at| self.arguments.get(at).and_then(Argument::text).map(name));
        let elements = |role| overload.position(role).map(|at| self.arguments.get(at).and_then(Argument::elements));
        let (Some(schema), Some(object), Some(sub)) =
            (known(text(Role::Schema)), known(text(Role::Object)), known(text(Role::Sub)))
        else {
            return self.blind(Code::Dynamic, counts, facts);
        };
        let (scope, schema) = match schema {
            Some(schema) => (Scope::Named, schema),
            None => match overload.scope {
                pgtap::Scope::Explicit if subject.kind == ObjectKind::Extension => (Scope::Any, &b""[..]),
                pgtap::Scope::Explicit => (Scope::Named, &b""[..]),
                pgtap::Scope::Path => (Scope::Path, self.session.search_path()),
                pgtap::Scope::Any => (Scope::Any, &b""[..]),
                pgtap::Scope::User => (Scope::User, &b""[..]),
            },
        };
        self.description_that_names(overload, facts)?;
        let mut emit = |key: Key<'_>, aspect: Aspect| {
            facts.fact(Fact::Evidence { key, via, aspect, strength: Strength::Structure, line: self.line })
        };
        let base = Key { kind: subject.kind, scope, schema, name: object.unwrap_or_default(), sub: &[], args: &[] };
        if overload.class == Class::Set {
            let Some(Some(listed)) = elements(Role::List) else { return self.blind(Code::Dynamic, counts, facts) };
            let Some(listed) = listed.into_iter().collect::<Option<Vec<Vec<u8>>>>() else {
                return self.blind(Code::Dynamic, counts, facts);
            };
            for name in listed.iter().map(|n| name(n)) {
                if subject.kind == ObjectKind::Partition {
                    // the server compares with regclass::text, which is qualified outside of the search path
                    let (scope, schema, name) = self.qualified(name);
                    emit(Key { scope, schema: &schema, name: &name, ..base }, Aspect::LISTED)?;
                    continue;
                }
                if subject.kind.is_sub() {
                    emit(Key { sub: name, ..base }, Aspect::LISTED)?;
                } else {
                    let args = if subject.kind.is_routine() { ANY_ARGS } else { b"" };
                    emit(Key { name, args, ..base }, Aspect::LISTED)?;
                }
            }
            if subject.kind.is_sub() && object.is_some() {
                emit(Key { kind: ObjectKind::Relation, ..base }, Aspect::MEMBERS)?;
            } else if scope == Scope::Named && !schema.is_empty() {
                emit(schema_key(schema), Aspect::MEMBERS)?;
            }
            return Ok(());
        }
        if overload.negated && overload.aspect == "not-exists" && !subject.on_relation {
            return Ok(());
        }
        if subject.on_relation {
            let aspect = subject.aspect;
            let columns = match elements(Role::Columns) {
                Some(None) => return self.blind(Code::Dynamic, counts, facts),
                Some(Some(columns)) => columns,
                None => sub.map(|s| vec![Some(s.to_vec())]).unwrap_or_default(),
            };
            emit(Key { kind: ObjectKind::Relation, ..base }, aspect)?;
            for column in columns.iter().flatten() {
                emit(Key { kind: ObjectKind::Column, sub: name(column), ..base }, aspect)?;
            }
            return Ok(());
        }
        let aspect = Aspect::of(overload);
        if subject.kind == ObjectKind::Index && overload.name == "has_index" && is_dispatched(overload) {
            // the server asks at run time whether the first argument is a schema
            let path = self.session.search_path();
            return emit(Key { scope: Scope::IfSchema, sub: sub.unwrap_or_default(), args: path, ..base }, aspect);
        }
        if subject.kind.is_sub() {
            emit(Key { sub: sub.unwrap_or_default(), ..base }, aspect)?;
            if object.is_some() {
                emit(Key { kind: ObjectKind::Relation, ..base }, Aspect::MEMBER)?;
            }
            return Ok(());
        }
        if subject.kind.is_routine() {
            let args = match elements(Role::ArgTypes) {
                None => String::from_utf8_lossy(ANY_ARGS).into_owned(),
                Some(Some(types)) if types.iter().all(Option::is_some) => {
                    let spelled: Vec<String> = types.iter().flatten().map(|t| types::normalize(t)).collect();
                    spelled.join(", ")
                }
                Some(_) => return self.blind(Code::Dynamic, counts, facts),
            };
            if args.len() > ARGS_BYTES {
                return self.blind(Code::OverLimit, counts, facts);
            }
            return emit(Key { args: args.as_bytes(), ..base }, aspect);
        }
        if subject.kind == ObjectKind::Schema {
            let name = object.or(overload.position(Role::Schema).map(|_| schema)).unwrap_or_default();
            return emit(schema_key(name), aspect);
        }
        emit(base, aspect)
    }

    /// `schema.name` in one text.
    fn qualified(&self, text: &[u8]) -> (Scope, Vec<u8>, Vec<u8>) {
        let text = String::from_utf8_lossy(text);
        match text.split_once('.') {
            Some((schema, name)) => {
                let bytes = |part: &str| types::unquote_ident(part).into_bytes();
                (Scope::Named, bytes(schema), bytes(name))
            }
            None => (Scope::Path, self.session.search_path().to_vec(), types::unquote_ident(&text).into_bytes()),
        }
    }

    /// `has_table('app', 'rooms')` tests table app; where a schema is called so, somebody meant it. The merge knows.
    fn description_that_names(&self, overload: &Overload, facts: &mut dyn Facts) -> Result<(), Full> {
        let at = |role| overload.position(role).and_then(|at| self.arguments.get(at)).and_then(Argument::text);
        let (None, Some(object), Some(description)) = (at(Role::Schema), at(Role::Object), at(Role::Description))
        else {
            return Ok(());
        };
        let is_name = !description.is_empty() && description.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if !is_name || object.contains(&b' ') {
            return Ok(());
        }
        let detail = [name(object), name(description), overload.name.as_bytes()].join(&0);
        facts.fact(Fact::Diagnostic { code: Code::DescriptionLooksLikeName, detail: &detail, line: self.line })
    }
}

fn schema_key(name: &[u8]) -> Key<'_> {
    Key { kind: ObjectKind::Schema, scope: Scope::Named, schema: b"", name, sub: b"", args: b"" }
}

/// An argument that the overload has must be constant: none for one that is not.
#[allow(clippy::option_option)] // outer: the overload has such an argument; inner: its text is known
fn known(argument: Option<Option<&[u8]>>) -> Option<Option<&[u8]>> {
    match argument {
        None => Some(None),
        Some(None) => None,
        Some(Some(text)) => Some(Some(text)),
    }
}

/// A text as `name`: the server cuts it to 63 bytes.
fn name(text: &[u8]) -> &[u8] {
    let mut end = text.len().min(NAME_BYTES);
    while end < text.len() && end > 0 && text[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    &text[..end]
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `has_index(name, name, name)` and `has_index(name, name, name, text)`
fn is_dispatched(overload: &Overload) -> bool {
    matches!(overload.types, "name, name, name" | "name, name, name, text")
}

/// The object that an overload speaks of.
struct Subject {
    kind: ObjectKind,
    /// The assertion is about a constraint, which has no name in it: evidence goes to the relation and its columns.
    on_relation: bool,
    aspect: Aspect,
}

impl Subject {
    /// None for what belongs to no schema (tablespaces, databases).
    fn of(overload: &Overload) -> Option<Subject> {
        let constraint = |word: &str, not: &str| Subject {
            kind: ObjectKind::Column,
            on_relation: true,
            aspect: Aspect::from_word(if overload.negated { not } else { word }).unwrap_or(Aspect::EXISTS),
        };
        Some(match overload.kind {
            "primary-key" => constraint("primary-key", "not-primary-key"),
            "foreign-key" => constraint("foreign-key", "not-foreign-key"),
            "unique-constraint" => constraint("unique-constraint", "unique-constraint"),
            "check-constraint" => constraint("check-constraint", "check-constraint"),
            _ if overload.aspect == "columns-indexed" => constraint("columns-indexed", "columns-indexed"),
            kind => {
                let kind = match kind {
                    "function" | "procedure" | "aggregate" | "window-function" => ObjectKind::Routine,
                    "table" if overload.aspect != "exists" && overload.class == Class::Structure => {
                        ObjectKind::Relation
                    }
                    "user" | "group" => ObjectKind::Role,
                    _ => ObjectKind::from_word(kind)?,
                };
                Subject { kind, on_relation: false, aspect: Aspect::EXISTS }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;
    use crate::sql::lexer::{Dialect, Lexer};
    use crate::sql::statement::Statement;

    #[derive(Default)]
    struct Spelled(Vec<String>);

    impl Facts for Spelled {
        fn fact(&mut self, fact: Fact<'_>) -> Result<(), Full> {
            let s = |b: &[u8]| String::from_utf8_lossy(b).replace('\0', "|");
            self.0.push(match fact {
                Fact::Evidence { key, aspect, .. } => format!(
                    "{} {}:{}.{}.{}({}) {}",
                    key.kind.as_str(),
                    key.scope.as_str(),
                    s(key.schema),
                    s(key.name),
                    s(key.sub),
                    s(key.args),
                    aspect.as_str()
                ),
                Fact::Definition { .. } => unreachable!("calls define nothing"),
                Fact::Diagnostic { code, detail, .. } => format!("!{} {}", code.as_str(), s(detail)),
            });
            Ok(())
        }
    }

    fn found(sql: &str) -> (Vec<String>, Counts) {
        let mut statement = Statement::new(1 << 16, 1 << 14);
        let mut lexer = Lexer::new(Dialect::Psql, 1 << 16, 1);
        lexer.feed(sql.as_bytes(), &mut statement);
        lexer.finish(&mut statement);
        statement.close();
        let mut spelled = Spelled::default();
        let mut counts = Counts::default();
        let search_path = vec!["app".to_owned(), "public".to_owned()];
        let session = Session::new(&Settings { search_path, ..Settings::default() });
        let done = read(Cursor::new(&statement), &session, 1 << 16, &mut counts, &mut spelled);
        assert_eq!(done, Ok(()));
        (spelled.0, counts)
    }

    #[test]
    fn assertions_are_evidence_about_the_object_that_postgresql_would_look_at() {
        for (sql, expected) in [
            ("SELECT has_table('rooms')", &["table path:app|public.rooms.() exists"][..]),
            ("SELECT has_table('a'::name, 'b'::name)", &["table named:a.b.() exists"]),
            ("SELECT has_table('a', 'b', 'there')", &["table named:a.b.() exists"]),
            (
                "SELECT has_table('a', 'b')",
                &["!description-looks-like-name a|b|has_table", "table path:app|public.a.() exists"],
            ),
            ("SELECT has_table('A b', 'c d e')", &["table path:app|public.A b.() exists"]),
            ("SELECT tap.has_table('t')", &["table path:app|public.t.() exists"]),
            ("SELECT other.has_table('t')", &[]),
            ("SELECT \"has_table\"('t')", &["table path:app|public.t.() exists"]),
            ("SELECT hasnt_table('t')", &[]),
            (
                "SELECT col_type_is('s', 't', 'c', 'integer', 'd')",
                &["column named:s.t.c() type", "relation named:s.t.() member"],
            ),
            (
                "SELECT columns_are('s', 't', ARRAY['a', 'b'])",
                &["column named:s.t.a() listed", "column named:s.t.b() listed", "relation named:s.t.() members"],
            ),
            ("SELECT tables_are('s', ARRAY['a'], 'd')", &["table named:s.a.() listed", "schema named:.s.() members"]),
            ("SELECT has_function('s', 'f', ARRAY['int', 'text'])", &["routine named:s.f.(integer, text) exists"]),
            ("SELECT has_function('s', 'f', '{}'::name[])", &["routine named:s.f.() exists"]),
            ("SELECT function_returns('s', 'f', 'void', 'd')", &["routine named:s.f.(*) returns"]),
            (
                "SELECT policies_are('s', 't', ARRAY['p'])",
                &["policy named:s.t.p() listed", "relation named:s.t.() members"],
            ),
            ("SELECT has_pk('s', 't', 'd')", &["relation named:s.t.() primary-key"]),
            (
                "SELECT fk_ok('s', 't', ARRAY['a'], 's', 'u', ARRAY['b'])",
                &["relation named:s.t.() foreign-key", "column named:s.t.a() foreign-key"],
            ),
            ("SELECT has_index('t', 'i', 'c'::name)", &["index if-schema:t.i.c(app|public) exists"]),
            ("SELECT has_schema('s')", &["schema named:.s.() exists"]),
            ("SELECT has_table(format('%I', x)::name)", &["!dynamic has_table"]),
            ("SELECT can('a', 'b')", &["!ambiguous can"]),
            ("SELECT is('a', 'b')", &["!mismatch is"]),
            ("SELECT is(count(*), 1)", &["!undefined is"]),
            ("CREATE FUNCTION has_table(a int)", &[]),
            ("INSERT INTO plan (a) VALUES (1)", &[]),
            ("SELECT has_view(:'v')", &["!dynamic has_view"]),
        ] {
            assert_eq!(found(sql).0, expected, "{sql}");
        }
    }

    #[test]
    fn every_assertion_is_counted_and_a_plan_is_none() {
        let (_, counts) =
            found("SELECT plan(3), has_table('a'), CASE WHEN x THEN pass() ELSE has_view(f()) END, diag('x')");
        assert_eq!(counts, Counts { assertions: 3, unresolved: 1, plan: Some(3) });
    }
}
