//! The state of one source's session, as far as statements before tell it: search_path, psql variables, prepared
//! statements. Bounded.

use super::Settings;
use super::circumstance::{Calls, Circumstance};
use super::expression;
use super::fact::{Aspect, Full, Key, ObjectKind, Scope};
use super::reference::{self, Reference};
use super::rules::{Rule, Rules, Value};
use crate::limits::{NAME_BYTES, SEARCH_PATH_SCHEMAS};
use crate::pgtap::overloads;
use crate::sql::cursor::Cursor;
use crate::sql::literal::clip;
use crate::sql::statement::Tok;
use crate::sql::types;

/// Variables kept of one source, and the bytes of one.
const VARIABLES: usize = 256;
const VARIABLE_BYTES: usize = 1024;
/// Prepared statements kept of one source, and the bytes that they take together.
const PREPARED: usize = 256;
const PREPARED_BYTES: usize = 128 * 1024;
/// Savepoints kept of one transaction.
const SAVEPOINTS: usize = 32;

/// Functions under pgTAP's names kept of one source.
const SHADOWS: usize = 64;

/// Schemas that pgTAP is installed in where nobody says otherwise.
const USUAL_PGTAP_SCHEMAS: [&str; 4] = ["public", "extensions", "pgtap", "tap"];

/// Starts fresh with each source.
#[derive(Debug, Clone)]
pub struct Session {
    default_path: Vec<u8>,
    now: Transactional,
    /// What a ROLLBACK brings back: the state at BEGIN, under no name, and at each savepoint.
    saved: Vec<(Vec<u8>, Transactional)>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    prepared: Vec<Prepared>,
    pgtap_schemas: Vec<Vec<u8>>,
    rules: Rules,
}

/// What follows a ROLLBACK.
#[derive(Debug, Clone, Default)]
struct Transactional {
    path: Vec<u8>,
    shadows: Vec<Shadow>,
    /// Who runs the statements, where a statement said so.
    role: Vec<u8>,
    persona: Vec<u8>,
    /// SET LOCAL: it ends with the transaction.
    is_local: bool,
    /// A statement turned triggers off.
    is_still: bool,
    /// Calls since, whose bodies may say who runs what follows.
    calls: Calls,
}

/// A prepared statement, or a cursor. Unqualified names in it are those of the search path at PREPARE or DECLARE.
#[derive(Debug, Clone)]
pub struct Prepared {
    name: Vec<u8>,
    is_cursor: bool,
    /// WITH HOLD: it outlives its transaction.
    is_held: bool,
    path: Vec<u8>,
    uses: Vec<Use>,
}

#[derive(Debug, Clone)]
struct Use {
    kind: ObjectKind,
    schema: Option<Vec<u8>>,
    name: Vec<u8>,
    sub: Vec<u8>,
    args: Vec<u8>,
    aspect: Aspect,
    line: u32,
    reads: bool,
}

impl Use {
    fn bytes(&self) -> usize {
        size_of::<Use>() + self.schema.as_ref().map_or(0, Vec::len) + self.name.len() + self.sub.len() + self.args.len()
    }
}

impl Prepared {
    /// What the statement uses.
    pub fn uses(&self) -> impl Iterator<Item = Reference<'_>> {
        self.uses.iter().map(|used| {
            let scope = if used.schema.is_some() { Scope::Named } else { Scope::Path };
            let schema = used.schema.as_deref().unwrap_or(&self.path);
            let key = Key { kind: used.kind, scope, schema, name: &used.name, sub: &used.sub, args: &used.args };
            Reference { key, aspect: used.aspect, line: used.line, reads: used.reads }
        })
    }

    fn bytes(&self) -> usize {
        size_of::<Prepared>() + self.name.len() + self.path.len() + self.uses.iter().map(Use::bytes).sum::<usize>()
    }
}

/// A function that the source created under the name of one of pgTAP's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shadow {
    schema: Option<Vec<u8>>,
    name: Vec<u8>,
    arguments: usize,
}

impl Session {
    /// A session with the search_path and the pgTAP schemas of `settings`.
    pub fn new(settings: &Settings) -> Self {
        let bytes = |names: &[String]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        let given = |names: &[String], usual: &[&str]| {
            if names.is_empty() { usual.iter().map(|name| name.as_bytes().to_vec()).collect() } else { bytes(names) }
        };
        let path = join(given(&settings.search_path, &["public"]).into_iter());
        Session {
            now: Transactional { path: path.clone(), ..Transactional::default() },
            default_path: path,
            saved: Vec::new(),
            variables: Vec::new(),
            prepared: Vec::new(),
            pgtap_schemas: given(&settings.pgtap_schemas, &USUAL_PGTAP_SCHEMAS),
            rules: settings.rules.clone(),
        }
    }

    /// pgTAP is installed in this schema.
    pub fn is_pgtap_schema(&self, schema: &[u8]) -> bool {
        self.pgtap_schemas.iter().any(|s| s == schema)
    }

    /// The source created a function of its own that such a call runs. `count` counts the call's arguments.
    pub fn shadows(&self, schema: Option<&[u8]>, name: &[u8], count: impl FnOnce() -> usize) -> bool {
        let in_path = |wanted: &[u8]| self.now.path.split(|b| *b == 0).any(|schema| schema == wanted);
        let is_meant = |shadow: &&Shadow| {
            shadow.name == name
                && match (schema, shadow.schema.as_deref()) {
                    (None, Some(of)) => in_path(of),
                    (schema, of) => schema.is_none() || schema == of,
                }
        };
        let mut candidates = self.now.shadows.iter().filter(is_meant).peekable();
        if candidates.peek().is_none() {
            return false;
        }
        let count = count();
        candidates.any(|s| s.arguments == count)
    }

    /// `CREATE FUNCTION` under one of pgTAP's names: the source's own, unless it has pgTAP's argument types and returns
    /// text, which is a copy of pgTAP.
    fn created(&mut self, mut cursor: Cursor<'_>) {
        cursor.take_words(&["or", "replace"]);
        if !cursor.take_word("function") {
            return;
        }
        let Some(name) = cursor.qualified() else { return };
        let (_, known) = overloads(name.name);
        let Some(inside) = cursor.group().filter(|_| !known.is_empty()) else { return };
        let written: Vec<String> = inside.split(b',').map(parameter_type).collect();
        let returns_text = cursor.take_word("returns") && {
            cursor.take_word("setof");
            cursor.is_word("text")
        };
        let spelled = written.join(", ");
        if returns_text && known.iter().any(|o| o.types == spelled) || self.now.shadows.len() == SHADOWS {
            return;
        }
        let schema = name.schema.map(<[u8]>::to_vec);
        self.now.shadows.push(Shadow { schema, name: name.name.to_vec(), arguments: written.len() });
    }

    /// `DROP FUNCTION [IF EXISTS] name [(types)] [, …]`
    fn dropped(&mut self, mut cursor: Cursor<'_>) {
        if self.now.shadows.is_empty() || !(cursor.take_word("function") || cursor.take_word("routine")) {
            return;
        }
        cursor.take_words(&["if", "exists"]);
        for mut part in cursor.split(b',') {
            let Some(name) = part.qualified() else { continue };
            let count = part.group().map(|types| types.split(b',').count());
            self.now.shadows.retain(|s| {
                s.name != name.name
                    || s.schema.as_deref() != name.schema
                    || count.is_some_and(|count| count != s.arguments)
            });
        }
    }

    /// The transaction of this statement ends with it: it stands in none, or ends the one it stands in.
    pub fn ends_transaction(&self, cursor: Cursor<'_>) -> bool {
        let first = |words: &[&str]| words.iter().any(|word| cursor.is_word(word));
        let back_to = cursor.is_word_at(1, "to") || cursor.is_word_at(2, "to");
        match self.saved.is_empty() {
            true => !first(&["begin", "start"]),
            false => first(&["abort", "commit", "end", "rollback"]) && !back_to,
        }
    }

    /// Who runs a statement now.
    pub fn circumstance(&self) -> Circumstance<'_> {
        let Transactional { role, persona, is_still, calls, .. } = &self.now;
        Circumstance { role, persona, is_still: *is_still, calls: calls.as_bytes(), ..Circumstance::NONE }
    }

    /// Schemas of the search path, NUL-joined; empty where there are none.
    pub fn search_path(&self) -> &[u8] {
        &self.now.path
    }

    /// The value of a psql variable.
    pub fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    /// `\set name value`. What exceeds the bounds becomes unknown.
    pub fn set_variable(&mut self, name: &[u8], value: &[u8]) {
        self.variables.retain(|(n, _)| n != name);
        if self.variables.len() < VARIABLES && name.len() <= NAME_BYTES && value.len() <= VARIABLE_BYTES {
            self.variables.push((name.to_vec(), value.to_vec()));
        }
    }

    /// A backslash command: `\set` and `\unset` change variables.
    pub fn meta(&mut self, command: &[u8]) {
        let command = command.trim_ascii();
        if let Some(rest) = command.strip_prefix(b"set ") {
            let rest = rest.trim_ascii();
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            let value = rest[end..].trim_ascii();
            match self.joined(value) {
                Some(text) => self.set_variable(&rest[..end], &text),
                None => self.variables.retain(|(n, _)| n != &rest[..end]),
            }
        } else if let Some(name) = command.strip_prefix(b"unset ") {
            let name = name.trim_ascii();
            self.variables.retain(|(n, _)| n != name);
        } else if let Some(prefix) = command.strip_prefix(b"gset") {
            // the columns of a result, which only running it can tell
            let prefix = prefix.trim_ascii();
            self.variables.retain(|(n, _)| !n.starts_with(prefix));
        } else if command.starts_with(b"getenv ") || command.starts_with(b"prompt ") {
            let mut words = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let name = if command.starts_with(b"getenv") { words.nth(1) } else { words.next_back() };
            self.variables.retain(|(n, _)| Some(n.as_slice()) != name);
        }
    }

    /// The first argument of a backslash command; none where there is none, or where it is not known.
    pub fn argument(&self, arguments: &[u8]) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        self.take_argument(arguments.trim_ascii_start(), &mut value)?;
        Some(value)
    }

    /// All arguments of a backslash command without the white space between them, as `\set` joins them.
    fn joined(&self, mut arguments: &[u8]) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        loop {
            arguments = arguments.trim_ascii_start();
            if arguments.is_empty() {
                return Some(value);
            }
            arguments = self.take_argument(arguments, &mut value)?;
        }
    }

    /// Appends an argument, quotes removed and variables replaced (psqlscanslash.l); what follows it. None where only
    /// running it can tell.
    fn take_argument<'t>(&self, text: &'t [u8], value: &mut Vec<u8>) -> Option<&'t [u8]> {
        let mut at = 0;
        while let Some(byte) = text.get(at).filter(|byte| !byte.is_ascii_whitespace()) {
            at += 1;
            match byte {
                b'\'' => loop {
                    let byte = *text.get(at)?;
                    at += 1;
                    match byte {
                        b'\'' if text.get(at) == Some(&b'\'') => {
                            at += 1;
                            value.push(b'\'');
                        }
                        b'\'' => break,
                        b'\\' => {
                            match text.get(at)? {
                                b'n' => value.push(b'\n'),
                                b't' => value.push(b'\t'),
                                // the others that psql knows stand in no path or name
                                b'b' | b'r' | b'f' | b'x' | b'0'..=b'7' => return None,
                                byte => value.push(*byte),
                            }
                            at += 1;
                        }
                        byte => value.push(byte),
                    }
                },
                // what a command gives is not known here
                b'`' => return None,
                // the quotes stay
                b'"' => {
                    let length = text[at..].iter().position(|byte| *byte == b'"')? + 1;
                    value.extend_from_slice(&text[at - 1..at + length]);
                    at += length;
                }
                b':' => {
                    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80;
                    let length = text[at..].iter().take_while(is_name).count();
                    if length == 0 {
                        match text.get(at) {
                            // the quoted forms, and tests whether a variable is set
                            Some(b'\'' | b'"' | b'{') => return None,
                            _ => value.push(b':'),
                        }
                    } else {
                        value.extend_from_slice(self.variable(&text[at..at + length])?);
                        at += length;
                    }
                }
                byte => value.push(*byte),
            }
        }
        Some(&text[at..])
    }

    /// The session of a body, which always runs in a transaction.
    pub fn of_body(&self) -> Session {
        let mut inside = self.clone();
        if inside.saved.is_empty() {
            inside.saved.push((Vec::new(), self.now.clone()));
        }
        inside
    }

    /// The statement of a body changes who runs those after it, or where they look for names.
    pub fn is_changed_by(&self, cursor: Cursor<'_>) -> bool {
        let sets = |mut cursor: Cursor<'_>| {
            while !cursor.is_empty() {
                let assumes = || self.rule(&cursor).is_some_and(Rule::assumes) || self.may_assume(&cursor);
                if cursor.is_call() && (cursor.is_word("set_config") || assumes()) {
                    return true;
                }
                cursor.skip(1);
            }
            false
        };
        match cursor.peek().map(|item| cursor.text(item)) {
            Some(b"set" | b"reset") => true,
            Some(b"select" | b"perform" | b"call") => sets(cursor),
            _ => false,
        }
    }

    /// Follows a statement that changes the session.
    pub fn statement(&mut self, mut cursor: Cursor<'_>) {
        if cursor.take_word("set") {
            let local = cursor.take_word("local");
            if !local {
                cursor.take_word("session");
            }
            if cursor.take_word("search_path") {
                cursor.skip(1);
                self.set_path(cursor);
            } else {
                self.set(cursor, local);
            }
        } else if cursor.take_word("reset") {
            if cursor.is_word("search_path") || cursor.is_word("all") {
                self.now.path = self.default_path.clone();
            }
            if cursor.is_word("role") || cursor.is_word("session") || cursor.is_word("all") {
                self.now.role.clear();
                self.now.calls.role_is_told();
            }
        } else if cursor.is_word("begin") || cursor.is_word("start") {
            if self.saved.is_empty() {
                self.saved.push((Vec::new(), self.now.clone()));
            }
        } else if cursor.take_word("savepoint") {
            if let Some(name) = cursor.name().filter(|_| (1..=SAVEPOINTS).contains(&self.saved.len())) {
                self.saved.push((name.to_vec(), self.now.clone()));
            }
        } else if cursor.take_word("release") {
            cursor.take_word("savepoint");
            if let Some(at) = cursor.name().and_then(|name| self.savepoint(name)) {
                self.saved.truncate(at);
            }
        } else if cursor.take_word("rollback") || cursor.take_word("abort") {
            self.rollback(cursor);
        } else if cursor.is_word("commit") || cursor.is_word("end") {
            let before = self.saved.drain(..).next().filter(|_| self.now.is_local);
            if let Some((_, Transactional { role, persona, .. })) = before {
                (self.now.role, self.now.persona, self.now.is_local) = (role, persona, false);
            }
            self.prepared.retain(|p| p.is_held);
        } else if cursor.take_one_of(&["select", "perform", "call"]).is_some() {
            self.set_config(cursor);
        } else if cursor.take_words(&["alter", "table"]) {
            if cursor.find_word("trigger") {
                self.now.is_still = cursor.behind(1).is_some_and(|item| cursor.text(item) == b"disable");
            }
        } else if cursor.take_word("create") {
            self.created(cursor);
        } else if cursor.take_word("drop") {
            self.dropped(cursor);
        } else if cursor.take_word("prepare") {
            self.prepare(cursor);
        } else if cursor.take_word("deallocate") {
            cursor.take_word("prepare");
            self.release(cursor, false);
        } else if cursor.take_word("declare") {
            self.declare(cursor);
        } else if cursor.take_word("close") {
            self.release(cursor, true);
        }
    }

    /// `DEALLOCATE` and `CLOSE`, `name` or `ALL`
    fn release(&mut self, mut cursor: Cursor<'_>, is_cursor: bool) {
        let is_all = cursor.is_word("all");
        let name = cursor.name().unwrap_or_default();
        self.prepared.retain(|p| p.is_cursor != is_cursor || p.name != name && !is_all);
    }

    /// `ROLLBACK [WORK | TRANSACTION] [TO [SAVEPOINT] name]`
    fn rollback(&mut self, mut cursor: Cursor<'_>) {
        let _ = cursor.take_word("work") || cursor.take_word("transaction");
        if !cursor.take_word("to") {
            if let Some((_, before)) = self.saved.drain(..).next() {
                self.now = before;
            }
            self.prepared.retain(|p| p.is_held);
            return;
        }
        cursor.take_word("savepoint");
        if let Some(at) = cursor.name().and_then(|name| self.savepoint(name)) {
            self.now = self.saved[at].1.clone();
            self.saved.truncate(at + 1);
        }
    }

    fn savepoint(&self, name: &[u8]) -> Option<usize> {
        (1..self.saved.len()).rev().find(|at| self.saved[*at].0 == name)
    }

    /// The prepared statement, or the cursor, of this name.
    pub fn prepared(&self, name: &[u8], is_cursor: bool) -> Option<&Prepared> {
        self.prepared.iter().find(|p| p.name == name && p.is_cursor == is_cursor)
    }

    /// `PREPARE name [(types)] AS statement`
    fn prepare(&mut self, mut cursor: Cursor<'_>) {
        let Some(name) = cursor.name() else { return };
        cursor.group();
        if cursor.take_word("as") {
            self.keep(name, (false, true), cursor);
        }
    }

    /// `DECLARE name [BINARY] [[NO] SCROLL] CURSOR [WITH HOLD] FOR query`
    fn declare(&mut self, mut cursor: Cursor<'_>) {
        let Some(name) = cursor.name() else { return };
        let mut options = cursor;
        if cursor.find_word("for") {
            let is_held = options.find_word("with") && options.position() < cursor.position();
            cursor.skip(1);
            self.keep(name, (true, is_held), cursor);
        }
    }

    /// Keeps what a statement uses, under its name. What exceeds the bounds becomes unknown.
    fn keep(&mut self, name: &[u8], (is_cursor, is_held): (bool, bool), cursor: Cursor<'_>) {
        self.prepared.retain(|p| p.name != name || p.is_cursor != is_cursor);
        let mut prepared =
            Prepared { name: name.to_vec(), is_cursor, is_held, path: self.now.path.clone(), uses: Vec::new() };
        let mut room =
            PREPARED_BYTES.saturating_sub(prepared.bytes() + self.prepared.iter().map(Prepared::bytes).sum::<usize>());
        let kept = reference::read(cursor, self, &mut |Reference { key, aspect, line, reads }| {
            let schema = (key.scope == Scope::Named).then(|| key.schema.to_vec());
            let (name, sub, args) = (key.name.to_vec(), key.sub.to_vec(), key.args.to_vec());
            let used = Use { kind: key.kind, schema, name, sub, args, aspect, line, reads };
            room = room.checked_sub(used.bytes()).ok_or(Full)?;
            prepared.uses.push(used);
            Ok(())
        });
        if kept.is_ok() && self.prepared.len() < PREPARED {
            self.prepared.push(prepared);
        }
    }

    /// `SET search_path = a, "B", 'c'`
    fn set_path(&mut self, cursor: Cursor<'_>) {
        if cursor.is_word("default") {
            self.now.path = self.default_path.clone();
            return;
        }
        let mut schemas = Vec::new();
        for part in cursor.split(b',') {
            match part.peek() {
                Some(item) if matches!(item.tok, Tok::Word | Tok::Quoted) => schemas.push(part.text(item).to_vec()),
                // SET x = 'a, b' is one name that holds a comma, as on the server
                Some(item) if item.tok == Tok::String => schemas.push(part.text(item).to_vec()),
                _ => {}
            }
        }
        self.now.path = join(schemas.into_iter());
    }

    /// `SET [LOCAL] name = value`, the name at `cursor`: what changes who runs the statements after it.
    fn set(&mut self, mut cursor: Cursor<'_>, local: bool) {
        if cursor.take_word("role") || cursor.take_words(&["authorization"]) {
            cursor.take_one_of(&["to"]);
            if cursor.peek().is_some_and(|item| item.tok == Tok::Operator) {
                cursor.skip(1);
            }
            let reset = cursor.is_word("none") || cursor.is_word("default");
            let value = cursor.peek().filter(|_| !reset).map(|item| cursor.text(item).to_vec());
            return self.assume(value.unwrap_or_default(), local);
        }
        let mut name = Vec::new();
        while let Some(item) = cursor.next_item() {
            if matches!(item.tok, Tok::Operator) || item.tok == Tok::Word && cursor.text(item) == b"to" {
                break;
            }
            name.extend_from_slice(cursor.text(item));
            if cursor.is_punct(b'.') {
                cursor.skip(1);
                name.push(b'.');
            }
        }
        let value = cursor.peek().map(|item| cursor.text(item).to_vec()).unwrap_or_default();
        self.configure(&name, Some(value), local);
    }

    /// What a parameter of the session means for who runs the statements after it; None is a value that is not known.
    fn configure(&mut self, name: &[u8], value: Option<Vec<u8>>, local: bool) {
        match name {
            b"search_path" => {
                let Some(value) = value else { return };
                let names = value.split(|b| *b == b',').map(|part| {
                    let part = part.trim_ascii();
                    match part.strip_prefix(b"\"").and_then(|p| p.strip_suffix(b"\"")) {
                        Some(quoted) => quoted.to_vec(),
                        None => part.to_ascii_lowercase(),
                    }
                });
                self.now.path = join(names.filter(|name| !name.is_empty()));
            }
            b"role" | b"session_authorization" => self.assume(value.unwrap_or_default(), local),
            b"session_replication_role" => self.now.is_still = value.as_deref() == Some(b"replica"),
            // PostgREST, and PostGraphile
            name if name.starts_with(b"request.jwt.claim") || name.starts_with(b"jwt.claims.") => {
                let value = value.unwrap_or_default();
                let persona = claim(&value, b"sub")
                    .unwrap_or(if name.ends_with(b".sub") || name.starts_with(b"jwt.claims.") { &value } else { b"" });
                self.now.persona = persona[..persona.len().min(NAME_BYTES)].to_vec();
                self.now.calls.persona_is_told();
            }
            _ => {}
        }
    }

    fn assume(&mut self, role: Vec<u8>, local: bool) {
        // outside of a transaction it has no effect
        if role.len() > NAME_BYTES || local && self.saved.is_empty() {
            return;
        }
        self.now.role = if role == b"none" { Vec::new() } else { role };
        self.now.calls.role_is_told();
        self.now.is_local |= local;
    }

    /// The rule for the call at `cursor`, if there is one.
    pub fn rule(&self, cursor: &Cursor<'_>) -> Option<&Rule> {
        let item = cursor.peek().filter(|item| matches!(item.tok, Tok::Word | Tok::Quoted))?;
        self.rules.find(schema_of(cursor), cursor.text(item))
    }

    /// The call at `cursor` is of a function that others made, whose body may say who runs what follows.
    fn may_assume(&self, cursor: &Cursor<'_>) -> bool {
        let Some(item) = cursor.peek() else { return false };
        let name = cursor.text(item);
        if name.len() > NAME_BYTES {
            return false;
        }
        let is_free = item.tok == Tok::Quoted || !reference::is_keyword(name);
        let of_pgtap = |schema: &[u8]| self.is_pgtap_schema(schema) && !overloads(name).1.is_empty();
        match schema_of(cursor) {
            Some(schema) => schema != b"pg_catalog" && schema.len() <= NAME_BYTES && !of_pgtap(schema),
            None => is_free && overloads(name).1.is_empty() && !expression::is_built_in_function(name),
        }
    }

    /// The calls in a query that change who runs the statements after them: `set_config(name, value, local)`, as pg_dump
    /// and tests write it, and helpers.
    fn set_config(&mut self, mut cursor: Cursor<'_>) {
        while !cursor.is_empty() {
            let call = cursor;
            cursor.skip(1);
            let Some(arguments) = (if call.is_call() { cursor.group() } else { None }) else { continue };
            let is_setting = call.is_word("set_config");
            let rule = self.rule(&call).filter(|rule| rule.assumes() && !is_setting);
            let assumed = rule.map(|rule| (rule.role.clone(), rule.persona.clone()));
            let may_assume = !is_setting && assumed.is_none() && self.may_assume(&call);
            if !is_setting && assumed.is_none() && !may_assume {
                continue;
            }
            let scope = expression::Scope { session: self, rows: &[] };
            let texts: Vec<Option<Vec<u8>>> = arguments
                .split(b',')
                .take(RULE_ARGUMENTS)
                .map(|part| expression::read(part, scope).text().map(<[u8]>::to_vec))
                .collect();
            let text = |at: usize| texts.get(at).cloned().flatten();
            if may_assume {
                let name = call.peek().map(|item| call.text(item)).unwrap_or_default();
                let arguments = texts.iter().map(|text| clip(text.as_deref().unwrap_or_default(), NAME_BYTES));
                let call: Vec<&[u8]> =
                    [schema_of(&call).unwrap_or_default(), name].into_iter().chain(arguments).collect();
                self.now.calls.add(!self.saved.is_empty(), &call);
            } else if let Some((role, persona)) = assumed {
                let value = |value: Value| match value {
                    Value::Text(text) => text.into_bytes(),
                    Value::Argument(at) => at.checked_sub(1).and_then(text).unwrap_or_default(),
                };
                if let Some(role) = role.map(value) {
                    self.assume(role, false);
                }
                if let Some(mut persona) = persona.map(value) {
                    persona.truncate(NAME_BYTES);
                    self.now.persona = persona;
                    self.now.calls.persona_is_told();
                }
            } else if let Some(name) = text(0) {
                let is_local = text(2).is_some_and(|local| local.starts_with(b"t"));
                self.configure(&name.to_ascii_lowercase(), text(1), is_local);
            }
        }
    }
}

/// The schema that is written before the name at `cursor`.
fn schema_of<'a>(cursor: &Cursor<'a>) -> Option<&'a [u8]> {
    let qualified = cursor.behind(1).is_some_and(|i| i.tok == Tok::Punct(b'.'));
    cursor.behind(2).filter(|_| qualified).map(|item| cursor.text(item))
}

/// Arguments of a helper that a rule may name.
const RULE_ARGUMENTS: usize = 16;

/// The string under this key of a JSON object, as claims are written.
pub fn claim<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let quoted = [b"\"", key, b"\""].concat();
    let at = text.windows(quoted.len()).position(|part| part == quoted)? + quoted.len();
    let rest = text[at..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    rest.split(|byte| *byte == b'"').next()
}

/// `[mode] [name] type [DEFAULT …]`
fn parameter_type(mut part: Cursor<'_>) -> String {
    for mode in ["in", "variadic", "inout", "out"] {
        part.take_word(mode);
    }
    let mut named = part;
    let rest = |cursor: &Cursor<'_>| {
        cursor.is_empty() || cursor.is_word("default") || cursor.peek().is_some_and(|i| i.tok == Tok::Operator)
    };
    let plain = types::parse(&mut part).filter(|_| rest(&part));
    let found = plain.or_else(|| {
        named.name()?;
        types::parse(&mut named)
    });
    found.map(|ty| ty.spelled.into_owned()).unwrap_or_default()
}

fn join(schemas: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let kept: Vec<Vec<u8>> =
        schemas.filter(|s| s != b"$user" && s.len() <= NAME_BYTES).take(SEARCH_PATH_SCHEMAS).collect();
    kept.join(&0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::lexer::{Dialect, Lexer};
    use crate::sql::statement::{End, Statement};

    fn after(sql: &str) -> Session {
        let mut session = Session::new(&Settings::default());
        let mut statement = Statement::new(4096, 1024);
        let mut lexer = Lexer::new(Dialect::Psql, 4096, 1);
        let mut rest = sql.as_bytes();
        while !rest.is_empty() {
            rest = &rest[lexer.feed(rest, &mut statement)..];
            if statement.end == End::Meta {
                session.meta(statement.meta().0);
            } else {
                session.statement(Cursor::new(&statement));
            }
            statement.clear();
        }
        session
    }

    #[test]
    fn search_path_follows_the_session() {
        for (sql, path) in [
            ("", "public"),
            ("SET search_path TO app, \"$user\", public;", "app\0public"),
            ("SET LOCAL search_path = \"App\", 'x';", "App\0x"),
            ("SELECT pg_catalog.set_config('search_path', '', false);", ""),
            ("SELECT set_config('search_path', 'a, \"B\"', true);", "a\0B"),
            ("SET search_path = a; RESET search_path;", "public"),
            ("BEGIN; SET search_path = a; ROLLBACK;", "public"),
            ("BEGIN; SET search_path = a; ROLLBACK TO s;", "a"),
            ("BEGIN; SET search_path = a; SAVEPOINT s; SET search_path = b; ROLLBACK TO SAVEPOINT s;", "a"),
            ("BEGIN; SAVEPOINT s; SET search_path = b; RELEASE s; ROLLBACK TO s;", "b"),
            ("BEGIN; SAVEPOINT s; SET search_path = b; ROLLBACK;", "public"),
            ("BEGIN; SET search_path = a; COMMIT; ROLLBACK;", "a"),
        ] {
            assert_eq!(after(sql).search_path(), path.as_bytes(), "{sql}");
        }
    }

    #[test]
    fn variables_are_set_as_psql_does() {
        let session = after("\\set a b\n\\set q 'it''s'  x\n\\set gone y\n\\unset gone\n\\set later :a\n");
        assert_eq!(session.variable(b"a"), Some(&b"b"[..]));
        assert_eq!(session.variable(b"q"), Some(&b"it'sx"[..]));
        assert_eq!(session.variable(b"gone"), None);
        assert_eq!(session.variable(b"later"), Some(&b"b"[..]));
    }
}
