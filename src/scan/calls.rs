//! Calls of pgTAP's functions in a statement, resolved to the overload that PostgreSQL runs.

use super::circumstance::{Circumstance, Outcome};
use super::conditions::Todo;
use super::evidence::Assertion;
use super::expression::{self, Typed, Value};
use super::fact::{
    ANY_ARGS, Aspect, Called, Code, Context, Fact, Facts, Flags, Full, Key, MORE, ObjectKind, Op, Scope, Strength,
    VIA_RULE, VIA_STATEMENT,
};
use super::lints;
use super::reference::{self, Reference};
use super::rows;
use super::rules::{Asserts, Value as RuleValue};
use super::session::Session;
use crate::limits::{DETAIL_BYTES, NAME_BYTES, ROW_CALLS};
use crate::pgtap::{Choice, Class, Given, Overload, Role, Type, choose, overloads, parameters};
use crate::sql::cursor::{Cursor, parts};
use crate::sql::literal::clip;
use crate::sql::statement::Tok;
use crate::sql::types;
use memchr::memchr;

/// What was counted in a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that yield a test result.
    pub assertions: u32,
    /// Those that stand in the script itself and so print their result.
    pub printed: u32,
    /// Calls that could not be understood.
    pub unresolved: u32,
    /// The number that `plan` was called with.
    pub plan: Option<u32>,
    /// Line of that call.
    pub plan_line: u32,
    /// What is said of the tests that follow.
    pub todo: Todo,
    /// Statements were read that no assertion followed yet.
    pub pending: bool,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The session that runs it.
    pub session: &'a Session,
    /// What it is a part of.
    pub context: Context,
    /// Bounds the statements in its strings, in bytes.
    pub limit: usize,
}

/// Emits what the pgTAP calls in the tokens of `cursor` test. Linear in the tokens, times the rows that feed them where
/// these are written out.
///
/// # Errors
/// [`Full`] as soon as a fact finds no room; nothing is remembered, the call is simply made again.
pub fn read(mut cursor: Cursor<'_>, place: Place<'_>, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
    let query = cursor;
    let mut under = None;
    let mut rows_left = ROW_CALLS;
    // assertions inside of check_test(…, false) are meant to fail
    let mut meant_to_fail = 0;
    let mut effects = Vec::new();
    while let Some(item) = cursor.peek() {
        if matches!(place.context, Context::Routine | Context::Do) && cursor.is_word("execute") {
            execute(cursor, place, counts, facts)?;
        }
        if cursor.is_call()
            && let Some(found) = Found::at(&cursor, place.session)
        {
            if item.tok == Tok::Word && cursor.text(item) == b"check_test" && expects_failure(&found, place.session) {
                meant_to_fail = meant_to_fail.max(found.after.position());
            }
            let muted = cursor.position() < meant_to_fail;
            let assertion = found.emit(query, place, muted, &mut rows_left, counts, facts)?;
            under = under.or_else(|| assertion.map(|via| (via, outcome_of_query(&found, place.session))));
        } else if cursor.is_call()
            && !names_something_else(&cursor)
            && let Some(rule) = place.session.rule(&cursor)
        {
            if let Some(asserts) = &rule.asserts {
                helped(asserts, cursor, place, counts, facts)?;
                under = under.or(Some((VIA_RULE, Outcome::Unknown)));
            }
            effects.extend(rule.effects.iter().map(|effect| (effect, item.line)));
        }
        cursor.skip(1);
    }
    match under {
        // the whole query that holds an assertion runs under it
        Some((via, outcome)) => {
            let circumstance = Circumstance { outcome, ..place.session.circumstance() }.encode();
            let by = By { via, strength: Strength::Behavior, circumstance: &circumstance };
            uses(query, by, place, counts, facts)?;
            affect(&effects, by, facts)?;
            mark(Op::Asserted, place.context, counts, facts)
        }
        // the assertion that runs it was credited
        None if place.context == Context::String => Ok(()),
        None => {
            let strength = if place.context == Context::Routine { Strength::Body } else { Strength::Act };
            let circumstance = place.session.circumstance().encode();
            let by = By { via: VIA_STATEMENT, strength, circumstance: &circumstance };
            let mut query = query;
            // a cursor of PL/pgSQL is declared like any other variable
            if matches!(place.context, Context::Routine | Context::Do) {
                query.take_word("declare");
            }
            reference::read(query, place.session, &mut |reference| {
                counts.pending = true;
                used(reference, by, facts)
            })?;
            counts.pending |= !effects.is_empty();
            affect(&effects, by, facts)
        }
    }
}

/// Emits what helpers do.
fn affect(effects: &[(&(Aspect, String, String), u32)], by: By<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    effects.iter().try_for_each(|((aspect, schema, name), line)| {
        let (schema, name) = (schema.as_bytes(), name.as_bytes());
        let key = Key { kind: ObjectKind::Relation, scope: Scope::Named, schema, name, sub: b"", args: b"" };
        used(Reference { key, aspect: *aspect, line: *line, reads: false }, by, facts)
    })
}

/// Emits what the call of a helper at `cursor` asserts.
fn helped(
    asserts: &Asserts,
    mut cursor: Cursor<'_>,
    place: Place<'_>,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    counts.assertions += 1;
    counts.printed += u32::from(place.context == Context::Script);
    let Some(kind) = asserts.kind else { return Ok(()) };
    let (name_of_call, line) = (cursor.peek().map_or(&b""[..], |item| cursor.text(item)), cursor.line());
    cursor.skip(1);
    let scope = expression::Scope { session: place.session, rows: &[] };
    let given: Vec<Typed> = parts(cursor.group()).iter().map(|part| expression::read(*part, scope)).collect();
    // what the call leaves out is empty
    let text = |value: &Option<RuleValue>| match value {
        None => Some(Vec::new()),
        Some(RuleValue::Text(text)) => Some(text.clone().into_bytes()),
        Some(RuleValue::Argument(at)) => match at.checked_sub(1).and_then(|at| given.get(at)) {
            Some(argument) => argument.text().map(|text| clip(text, NAME_BYTES).to_vec()),
            None => Some(Vec::new()),
        },
    };
    let (Some(schema), Some(name), Some(sub)) = (text(&asserts.schema), text(&asserts.name), text(&asserts.sub)) else {
        counts.unresolved += 1;
        return facts.fact(Fact::Diagnostic { code: Code::Dynamic, detail: clip(name_of_call, NAME_BYTES), line });
    };
    if schema.is_empty() && name.is_empty() {
        return Ok(());
    }
    let path = place.session.search_path();
    let (scope, schema) = if schema.is_empty() { (Scope::Path, path) } else { (Scope::Named, schema.as_slice()) };
    // without the object it is about the schema
    let (kind, scope, schema, name) = match name.is_empty() {
        true => (ObjectKind::Schema, Scope::Named, &b""[..], schema),
        false => (kind, scope, schema, name.as_slice()),
    };
    let args = if kind.is_routine() { ANY_ARGS } else { b"" };
    let key = Key { kind, scope, schema, name, sub: &sub, args };
    let (via, strength, flags) = (VIA_RULE, Strength::Structure, Flags::NONE);
    facts.fact(Fact::Evidence { key, via, aspect: asserts.aspect, strength, line, flags, circumstance: b"" })
}

/// Says of the statements before whether an assertion follows them.
///
/// # Errors
/// [`Full`]
pub fn mark(op: Op, context: Context, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
    if !std::mem::take(&mut counts.pending) {
        return Ok(());
    }
    let kind = if context == Context::Routine { ObjectKind::Routine } else { ObjectKind::Schema };
    let key = Key { kind, scope: Scope::Named, schema: b"", name: b"", sub: b"", args: b"" };
    facts.fact(Fact::Definition { key, op, detail: b"", line: 0 })
}

/// `EXECUTE expression` of PL/pgSQL: the calls in its text, or a blind spot where the text is made at run time and names
/// an assertion.
fn execute(cursor: Cursor<'_>, place: Place<'_>, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
    let text = executed(cursor);
    let typed = expression::read(text, expression::Scope { session: place.session, rows: &[] });
    if let Some(sql) = typed.text() {
        return reference::statements(sql, typed.line, place.limit, &mut |inner| {
            read(inner, Place { context: Context::String, ..place }, counts, facts)
        });
    }
    let mut rest = text;
    while let Some(item) = rest.next_item() {
        if let Some(name) = (item.tok == Tok::String).then(|| named_assertion(text.text(item))).flatten() {
            counts.assertions += 1;
            counts.unresolved += 1;
            return facts.fact(Fact::Diagnostic { code: Code::Dynamic, detail: name.as_bytes(), line: item.line });
        }
    }
    Ok(())
}

/// The expression behind EXECUTE.
pub(super) fn executed(mut cursor: Cursor<'_>) -> Cursor<'_> {
    cursor.skip(1);
    let whole = cursor;
    while cursor.peek().is_some_and(|item| item.tok != Tok::Punct(b';'))
        && !["into", "using", "loop"].iter().any(|word| cursor.is_word(word))
    {
        if cursor.group().is_none() {
            cursor.skip(1);
        }
    }
    whole.to(cursor.position())
}

/// How a text begins that is put together: its first literal, with [`MORE`] where more may follow.
pub(super) fn beginning(mut cursor: Cursor<'_>) -> Vec<u8> {
    let mut is_format = false;
    while let Some(item) = cursor.peek() {
        if item.tok == Tok::String {
            let text = cursor.text(item);
            let kept = &text[..text.len().min(BEGINNING_BYTES)];
            let is_all = is_format && kept.len() == text.len();
            return if is_all { kept.to_vec() } else { [kept, b" ", MORE].concat() };
        }
        is_format = match item.tok {
            Tok::Punct(b'.' | b'(') => is_format,
            Tok::Word => cursor.is_word("format") || cursor.is_word("pg_catalog"),
            _ => break,
        };
        cursor.skip(1);
    }
    MORE.to_vec()
}

/// Bytes of a statement that say what it is.
const BEGINNING_BYTES: usize = 100;

/// The name behind EXECUTE, where an argument list may follow.
fn prepared_name(text: &[u8]) -> Vec<u8> {
    if text.starts_with(b"\"") {
        return types::unquote_ident(&String::from_utf8_lossy(text)).into_bytes();
    }
    text[..memchr(b'(', text).unwrap_or(text.len())].to_ascii_lowercase()
}

/// An assertion whose name stands before a parenthesis in this text.
fn named_assertion(text: &[u8]) -> Option<&'static str> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    text.split_inclusive(|b| *b == b'(').find_map(|part| {
        let before = part.strip_suffix(b"(")?.trim_ascii_end();
        let start = before.iter().rposition(|b| !is_word(b)).map_or(0, |at| at + 1);
        let overload = overloads(&before[start..].to_ascii_lowercase()).1.first()?;
        is_assertion(overload).then_some(overload.name)
    })
}

/// Emits what the statements in `text`, which an assertion runs, use and test.
fn read_text(
    text: &[u8],
    line: u32,
    by: By<'_>,
    place: Place<'_>,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    reference::statements(text, line, place.limit, &mut |cursor| {
        uses(cursor, by, place, counts, facts)?;
        // the body of a DO block runs, too
        for body in super::bodies(cursor).filter(|body| cursor.is_word("do") && !body.cut) {
            reference::statements(cursor.text(body), body.line, place.limit, &mut |inner| {
                uses(inner, by, place, counts, facts)
            })?;
        }
        if place.context == Context::String {
            return Ok(());
        }
        read(cursor, Place { context: Context::String, ..place }, counts, facts)
    })
}

/// Emits what the statement at `cursor` uses.
fn uses(
    cursor: Cursor<'_>,
    by: By<'_>,
    place: Place<'_>,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    // the error, or the lack of rows, is said of the relation that the statement is about, or of the only routine
    let known = Circumstance::decode(by.circumstance);
    let outcome = if known.outcome == Outcome::Empty { Outcome::Unknown } else { known.outcome };
    let beside = Circumstance { outcome, state: b"", message: b"", ..known }.encode();
    let mut is_taken = false;
    // a query that looks at nothing but the catalogue
    let (mut of_catalog, mut of_schema) = (None, false);
    reference::read(cursor, place.session, &mut |reference| {
        let is_subject = matches!(reference.key.kind, ObjectKind::Relation | ObjectKind::Routine);
        let circumstance = if is_subject && is_taken { beside.as_slice() } else { by.circumstance };
        is_taken |= is_subject;
        let is_catalog = reference.key.kind == ObjectKind::Relation && is_of_catalog(&reference.key);
        if is_catalog {
            of_catalog.get_or_insert_with(|| (spell_key(&reference.key), reference.line));
        }
        let is_named = reference.aspect == Aspect::NAMED;
        of_schema |= !is_catalog && (is_named || reference.key.kind != ObjectKind::Column);
        used(reference, By { circumstance, ..by }, facts)
    })?;
    match of_catalog {
        Some((detail, line)) if !of_schema => {
            counts.unresolved += 1;
            facts.fact(Fact::Diagnostic { code: Code::Catalog, detail: &detail, line })
        }
        _ => Ok(()),
    }
}

fn is_of_catalog(key: &Key<'_>) -> bool {
    match key.scope {
        Scope::Named => matches!(key.schema, b"pg_catalog" | b"information_schema"),
        _ => key.name.starts_with(b"pg_"),
    }
}

fn spell_key(key: &Key<'_>) -> Vec<u8> {
    if key.scope == Scope::Named { [key.schema, key.name].join(&b'.') } else { key.name.to_vec() }
}

/// Emits a use.
///
/// # Errors
/// [`Full`]
pub fn used(reference: Reference<'_>, by: By<'_>, facts: &mut dyn Facts) -> Result<(), Full> {
    let Reference { key, aspect, line, reads } = reference;
    let By { via, strength, circumstance } = by;
    let is_named = matches!(aspect, Aspect::NAMED | Aspect::PRIVILEGES);
    let (strength, circumstance) = match strength {
        Strength::Behavior if is_named => (Strength::Structure, &b""[..]),
        _ if is_named => return Ok(()),
        _ => (strength, circumstance),
    };
    let reading = if reads { Circumstance::reading(circumstance) } else { Vec::new() };
    let circumstance = if reading.is_empty() { circumstance } else { &reading };
    facts.fact(Fact::Evidence { key, via, aspect, strength, line, flags: Flags::NONE, circumstance })
}

/// Who uses something.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Number of the overload in the catalogue, or [`VIA_STATEMENT`].
    pub via: u16,
    /// How strong that is.
    pub strength: Strength,
    /// See [`Circumstance`].
    pub circumstance: &'a [u8],
}

/// Counts the pgTAP calls of a part of a statement that is over the limit, as blind spots.
///
/// # Errors
/// [`Full`]
pub fn over_limit(
    mut cursor: Cursor<'_>,
    place: Place<'_>,
    counts: &mut Counts,
    facts: &mut dyn Facts,
) -> Result<(), Full> {
    while let Some(item) = cursor.peek() {
        if let Some(found) = Found::at(&cursor, place.session)
            && found.overloads.first().is_some_and(is_assertion)
        {
            counts.assertions += 1;
            counts.unresolved += 1;
            found.tell(None, &[], Some(Code::OverLimit), place, facts)?;
            facts.fact(Fact::Diagnostic { code: Code::OverLimit, detail: cursor.text(item), line: item.line })?;
        }
        cursor.skip(1);
    }
    Ok(())
}

fn is_assertion(overload: &Overload) -> bool {
    !matches!(overload.class, Class::Control | Class::Other)
}

/// `check_test(assertion, false, …)`
fn expects_failure(found: &Found<'_>, session: &Session) -> bool {
    let mut parts = found.inside.split(b',');
    let second = parts.nth(1).map(|part| expression::read(part, expression::Scope { session, rows: &[] }));
    second.is_some_and(|argument| argument.text() == Some(b"false"))
}

/// A call by the name of a pgTAP function.
struct Found<'a> {
    first: u16,
    overloads: &'static [Overload],
    inside: Cursor<'a>,
    /// Behind the call.
    after: Cursor<'a>,
    line: u32,
}

/// An argument and how it is passed.
struct Passed<'a> {
    typed: Typed,
    name: Option<&'a [u8]>,
    variadic: bool,
}

impl<'a> Found<'a> {
    fn at(cursor: &Cursor<'a>, session: &Session) -> Option<Found<'a>> {
        let item = cursor.peek()?;
        if !cursor.is_call() || names_something_else(cursor) {
            return None;
        }
        let (first, found) = overloads(cursor.text(item));
        if found.is_empty() {
            return None;
        }
        let mut behind = *cursor;
        behind.skip(1);
        let inside = behind.group()?;
        let qualified = cursor.behind(1).is_some_and(|i| i.tok == Tok::Punct(b'.'));
        let schema = cursor.behind(2).filter(|_| qualified).map(|item| cursor.text(item));
        let is_pgtap = schema.is_none_or(|schema| session.is_pgtap_schema(schema));
        let count = || inside.split(b',').count();
        if !is_pgtap || session.shadows(schema, cursor.text(item), count) {
            return None;
        }
        Some(Found { first, overloads: found, inside, after: behind, line: item.line })
    }

    fn arguments(&self, scope: expression::Scope<'_>) -> Vec<Passed<'a>> {
        let read = |mut part: Cursor<'a>| {
            let variadic = part.take_word("variadic");
            let arrow = part
                .ahead(1)
                .is_some_and(|i| i.tok == Tok::Assign || (i.tok == Tok::Operator && part.text(i) == b"=>"));
            let name = if arrow { part.name() } else { None };
            if name.is_some() {
                part.skip(1);
            }
            Passed { typed: expression::read(part, scope), name, variadic }
        };
        self.inside.split(b',').map(read).collect()
    }

    /// Emits what the call tests, once for each row that feeds it; returns the overload's number where it is an
    /// assertion.
    fn emit(
        &self,
        query: Cursor<'_>,
        place: Place<'_>,
        muted: bool,
        rows_left: &mut usize,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<Option<u16>, Full> {
        let scope = expression::Scope { session: place.session, rows: &[] };
        let arguments = self.arguments(scope);
        let is_unknown = |a: &Passed<'_>| a.typed.ty == Type::Dynamic || a.typed.value == Value::Unknown;
        if self.overloads.first().is_some_and(is_assertion)
            && arguments.iter().any(is_unknown)
            && let Some(mut source) = rows::read(query, self.inside, scope)
            && let Some(left) = rows_left.checked_sub(source.rows.len())
        {
            *rows_left = left;
            let mut via = None;
            while source.at < source.rows.len() {
                let rows = std::slice::from_ref(&source);
                let arguments = self.arguments(expression::Scope { rows, ..scope });
                source.at += 1;
                via = self.call(&arguments, place, muted, counts, facts)?;
            }
            return Ok(via);
        }
        self.call(&arguments, place, muted, counts, facts)
    }

    fn call(
        &self,
        arguments: &[Passed<'_>],
        place: Place<'_>,
        muted: bool,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<Option<u16>, Full> {
        let types: Vec<Type> = arguments.iter().map(|a| a.typed.ty).collect();
        let names: Vec<&[u8]> = arguments.iter().filter_map(|a| a.name).collect();
        let variadic = arguments.last().is_some_and(|a| a.variadic);
        let given = Given { types: &types, names: &names, variadic };
        let mut choice = choose(self.overloads, &given);
        // VARIADIC stands before the last argument only (42601)
        let misplaced = arguments.iter().rev().skip(1).any(|a| a.variadic);
        if misplaced || arguments.iter().any(|a| a.typed.value == Value::Error) {
            choice = Choice::Mismatch;
        }
        let mut by_parameter: Vec<Option<&Typed>> = Vec::new();
        let certain = match &choice {
            Choice::One(index) => Some(*index),
            // which of them runs does not matter where all read the arguments alike
            Choice::Dynamic(indices) => indices
                .first()
                .copied()
                .filter(|first| indices.iter().all(|index| alike(&self.overloads[*index], &self.overloads[*first]))),
            _ => None,
        };
        if let Some(index) = certain {
            let overload = &self.overloads[index];
            let places = parameters(overload, &given).unwrap_or_default();
            by_parameter.resize(overload.params.len().max(arguments.len()), None);
            for (place, argument) in places.iter().zip(arguments) {
                by_parameter[*place] = Some(&argument.typed);
            }
            if refused(overload, &given, &by_parameter) {
                choice = Choice::Mismatch;
            }
        }
        let problem = match &choice {
            Choice::One(_) => None,
            Choice::Ambiguous => Some(Code::Ambiguous),
            Choice::Mismatch => Some(Code::Mismatch),
            Choice::Undefined => Some(Code::Undefined),
            Choice::Dynamic(_) => Some(Code::Dynamic),
        };
        let overload = certain.map(|index| &self.overloads[index]);
        self.tell(overload, &by_parameter, problem, place, facts)?;
        if !self.overloads.first().is_some_and(is_assertion) {
            self.control(arguments, counts);
            return Ok(None);
        }
        counts.assertions += 1;
        counts.printed += u32::from(place.context == Context::Script);
        let Some((index, overload)) = certain.zip(overload).filter(|_| choice != Choice::Mismatch) else {
            self.blind(problem.unwrap_or(Code::Dynamic), counts, facts)?;
            return Ok(Some(self.first));
        };
        let via = self.first + u16::try_from(index).unwrap_or(0);
        self.lints(overload, &by_parameter, facts)?;
        if muted {
            return Ok(None);
        }
        let understood = match overload.class {
            Class::Behavior => self.behavior(overload, &by_parameter, via, place, counts, facts)?,
            _ => {
                let line = self.line;
                Assertion { overload, arguments: &by_parameter, via, line, session: place.session }.emit(facts)?
            }
        };
        if let Err(code) = understood {
            self.blind(code, counts, facts)?;
        }
        Ok(Some(via))
    }

    /// What a function says of other tests.
    fn control(&self, arguments: &[Passed<'_>], counts: &mut Counts) {
        let mut numbers = arguments.iter().filter_map(|a| number(a.typed.text()?));
        match self.overloads.first().map_or("", |overload| overload.name) {
            "plan" => {
                counts.plan = numbers.next();
                counts.plan_line = self.line;
            }
            "todo" => counts.todo.next = counts.todo.next.saturating_add(numbers.next().unwrap_or(1)),
            "todo_start" => counts.todo.open = counts.todo.open.saturating_add(1),
            "todo_end" => counts.todo.ended = counts.todo.ended.saturating_add(1),
            _ => {}
        }
    }

    fn lints(&self, overload: &Overload, arguments: &[Option<&Typed>], facts: &mut dyn Facts) -> Result<(), Full> {
        let line = self.line;
        let expects = |a: &Option<&Typed>| a.is_some_and(|a| a.value != Value::Null);
        let wanted = overload.roles.iter().zip(arguments).skip(1).filter(|(role, _)| **role != Role::Description);
        if overload.name == "throws_ok" && !wanted.map(|(_, a)| a).any(expects) {
            facts.fact(Fact::Diagnostic { code: Code::AnyError, detail: b"", line })?;
        }
        let described =
            overload.position(Role::Description).is_some_and(|at| expects(&arguments.get(at).copied().flatten()));
        if !described && let Some(text) = lints::description_outside(self.after) {
            let detail = [overload.name.as_bytes(), &text[..text.len().min(DETAIL_BYTES / 2)]].join(&0);
            facts.fact(Fact::Diagnostic { code: Code::DescriptionOutside, detail: &detail, line })?;
        }
        Ok(())
    }

    fn tell(
        &self,
        overload: Option<&Overload>,
        arguments: &[Option<&Typed>],
        problem: Option<Code>,
        place: Place<'_>,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        facts.call(Called {
            name: self.overloads.first().map_or(&[], |o| o.name.as_bytes()),
            overloads: self.overloads,
            overload,
            arguments,
            problem,
            context: place.context,
            line: self.line,
        })
    }

    /// The statements that the assertion runs: its SQL arguments, or the prepared statements that they name. The code is
    /// why not all of them are known.
    fn behavior(
        &self,
        overload: &Overload,
        arguments: &[Option<&Typed>],
        via: u16,
        place: Place<'_>,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<Result<(), Code>, Full> {
        let circumstance = expected(overload, arguments, place.session).encode();
        let by = By { via, strength: Strength::Behavior, circumstance: &circumstance };
        let mut understood = Ok(());
        for ((role, ty), argument) in overload.roles.iter().zip(overload.types.split(", ")).zip(arguments) {
            let is_cursor = ty == "refcursor";
            if *role != Role::Sql && !is_cursor {
                continue;
            }
            let Some((argument, sql)) = argument.and_then(|a| Some((a, a.text()?))) else {
                understood = Err(Code::Dynamic);
                continue;
            };
            // _query of pgTAP: what has white space is a statement, all else the name of a prepared one
            if !is_cursor && sql.iter().any(u8::is_ascii_whitespace) && !sql.starts_with(b"\"") {
                read_text(sql, argument.line, by, place, counts, facts)?;
                continue;
            }
            let name = if is_cursor { sql.to_vec() } else { prepared_name(sql) };
            match place.session.prepared(&name, is_cursor) {
                Some(prepared) => prepared.uses().try_for_each(|reference| used(reference, by, facts))?,
                None => understood = Err(Code::Dynamic),
            }
        }
        Ok(understood)
    }

    fn blind(&self, code: Code, counts: &mut Counts, facts: &mut dyn Facts) -> Result<(), Full> {
        counts.unresolved += 1;
        let name = self.overloads.first().map_or("", |o| o.name);
        facts.fact(Fact::Diagnostic { code, detail: name.as_bytes(), line: self.line })
    }
}

/// What the assertion says of the statements that it runs.
fn expected<'a>(overload: &Overload, arguments: &'a [Option<&'a Typed>], session: &'a Session) -> Circumstance<'a> {
    let text = |at: usize| arguments.get(at).copied().flatten().and_then(Typed::text).unwrap_or_default();
    let known = session.circumstance();
    let outcome = match overload.aspect {
        "throws" => Outcome::Fails,
        "lives" | "performance" => Outcome::Lives,
        "empty" => Outcome::Empty,
        "not-empty" => Outcome::Rows,
        "results-eq" | "set" | "bag" | "row" if overload.negated => Outcome::Unknown,
        "results-eq" | "set" | "bag" | "row" => match arguments.get(1).copied().flatten() {
            // rows that are written out, or none
            Some(given) => match (given.elements().map(|elements| elements.len()), given.text()) {
                (Some(0), _) => Outcome::Empty,
                (Some(_), _) => Outcome::Rows,
                (None, Some(sql)) if begins_with_values(sql) => Outcome::Rows,
                _ => Outcome::Unknown,
            },
            None => Outcome::Unknown,
        },
        _ => Outcome::Unknown,
    };
    if outcome != Outcome::Fails {
        return Circumstance { outcome, ..known };
    }
    // throws_ok takes what has five bytes for an SQLSTATE
    let is_state = overload.name == "throws_ok" && text(1).len() == 5;
    let of_state = is_state || overload.types.starts_with("text, integer") || overload.types.starts_with("text, char");
    let null_state = arguments.get(1).copied().flatten().is_some_and(|a| a.value == Value::Null);
    let message = if of_state || null_state { text(2) } else { text(1) };
    Circumstance { outcome, state: if of_state { text(1) } else { b"" }, message, ..known }
}

fn begins_with_values(sql: &[u8]) -> bool {
    let start = sql.trim_ascii_start();
    start.len() > 6 && start[..6].eq_ignore_ascii_case(b"values")
}

/// Whether the query around an assertion yields rows, where its arguments tell: `is(count(*), 0)`, `ok(exists(…))`.
fn outcome_of_query(found: &Found<'_>, session: &Session) -> Outcome {
    let name = found.overloads.first().map_or("", |overload| overload.name);
    let has = |mut part: Cursor<'_>, word: &str| {
        while let Some(item) = part.next_item() {
            if item.tok == Tok::Word && part.text(item) == word.as_bytes() {
                return true;
            }
        }
        false
    };
    let rows = |some: bool| if some { Outcome::Rows } else { Outcome::Empty };
    let mut parts = found.inside.split(b',');
    let Some(first) = parts.next() else { return Outcome::Unknown };
    match name {
        "ok" if has(first, "exists") => rows(!first.is_word("not")),
        "is" => {
            let Some(second) = parts.next() else { return Outcome::Unknown };
            let wanted = expression::read(second, expression::Scope { session, rows: &[] });
            match wanted.text().and_then(number) {
                Some(count) if has(first, "count") => rows(count > 0),
                _ if wanted.value == Value::Null || wanted.text().is_none() => Outcome::Unknown,
                // a row has that value
                _ if has(first, "select") && !has(first, "count") => Outcome::Rows,
                _ => Outcome::Unknown,
            }
        }
        _ => Outcome::Unknown,
    }
}

/// Both read their arguments in the same way.
fn alike(a: &Overload, b: &Overload) -> bool {
    a.roles == b.roles || (a.class == b.class && matches!(a.class, Class::Behavior | Class::Control))
}

/// An untyped literal that the input function of its parameter's type refuses (22P02). A polymorphic parameter has the
/// type of the other arguments.
fn refused(overload: &Overload, given: &Given<'_>, arguments: &[Option<&Typed>]) -> bool {
    let spread = overload.variadic && !given.variadic;
    let last = overload.params.len().saturating_sub(1);
    let declared = |at: usize| {
        let param = overload.params.get(at.min(last)).copied()?;
        Some(if spread && at >= last { param.element() } else { param })
    };
    let is_known = |(at, argument): &(usize, &Option<&Typed>)| {
        declared(*at) == Some(Type::AnyElement) && argument.is_some_and(|a| a.ty != Type::Unknown)
    };
    let known = arguments.iter().enumerate().find(is_known);
    let element = known.and_then(|(_, argument)| *argument).map_or(Type::Unknown, |a| a.ty);
    arguments.iter().enumerate().any(|(at, argument)| {
        let literal = argument.filter(|a| a.ty == Type::Unknown).and_then(Typed::text);
        let (Some(text), Some(param)) = (literal, declared(at)) else { return false };
        expression::refuses(if param == Type::AnyElement { element } else { param }, text)
    })
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

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
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
        let place = Place { session: &session, context: Context::Script, limit: 1 << 16 };
        let done = read(Cursor::new(&statement), place, &mut counts, &mut spelled);
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
            ("SELECT has_table('räume'::varchar(3)::name)", &["table path:app|public.räu.() exists"]),
            ("SELECT tap.has_table('t')", &["table path:app|public.t.() exists"]),
            ("SELECT other.has_table('t')", &["routine named:other.has_table.(#1) called"]),
            ("SELECT \"has_table\"('t')", &["table path:app|public.t.() exists"]),
            ("SELECT hasnt_table('t')", &["table path:app|public.t.() not-exists"]),
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
            (
                "INSERT INTO plan (a) VALUES (1)",
                &["relation path:app|public.plan.() insert", "column path:app|public.plan.a() insert"],
            ),
            ("SELECT has_view(:'v')", &["!dynamic has_view"]),
        ] {
            assert_eq!(found(sql).0, expected, "{sql}");
        }
    }

    #[test]
    fn every_assertion_is_counted_and_a_plan_is_none() {
        let (_, counts) =
            found("SELECT plan(3), has_table('a'), CASE WHEN x THEN pass() ELSE has_view(f()) END, diag('x')");
        assert_eq!(
            counts,
            Counts { assertions: 3, printed: 3, unresolved: 1, plan: Some(3), plan_line: 1, ..Counts::default() }
        );
    }
}
