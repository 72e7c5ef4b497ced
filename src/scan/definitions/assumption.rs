//! Who runs the statements after a call of a helper, as its body tells: `SET ROLE`, `set_config('role', …)`, claims of a
//! request, and helpers that rules know.

use super::args::parameter_names;
use crate::limits::NAME_BYTES;
use crate::scan::bodies_behind;
use crate::scan::expression;
use crate::scan::reference;
use crate::scan::rules::{self, Rule};
use crate::scan::session::{Session, claim};
use crate::sql::cursor::Cursor;
use crate::sql::literal::clip;
use crate::sql::statement::{Item, Tok};

/// Shortest statement that a body is read by.
const STATEMENT_BYTES: usize = 4096;
/// Variables that are followed in one body.
const VARIABLES: usize = 32;

/// What a helper sets, as far as its text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// This text; empty: it takes it back.
    Text(Vec<u8>),
    /// An argument of the call, from 1.
    Argument(usize),
    /// Only running it can tell.
    Unknown,
}

/// What a call of a helper changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assumption {
    /// The role that runs the statements after the call.
    pub role: Option<Value>,
    /// Who the role stands for.
    pub persona: Option<Value>,
    /// It ends with the transaction.
    pub is_local: bool,
}

impl Assumption {
    /// As a record holds it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![if self.is_local { b'l' } else { b's' }];
        for value in [&self.role, &self.persona] {
            match value {
                None => {}
                Some(Value::Text(text)) => bytes.extend([b"=", &text[..]].concat()),
                Some(Value::Argument(at)) => bytes.extend(format!("#{at}").into_bytes()),
                Some(Value::Unknown) => bytes.push(b'?'),
            }
            bytes.push(0);
        }
        bytes
    }

    /// What [`Assumption::encode`] wrote; none for all else, and for what changes nothing.
    pub fn decode(bytes: &[u8]) -> Option<Assumption> {
        let (local, rest) = bytes.split_first()?;
        let mut values = rest.split(|b| *b == 0).map(|text| match text.split_first()? {
            (b'=', text) => Some(Value::Text(clip(text, NAME_BYTES).to_vec())),
            (b'#', at) => std::str::from_utf8(at).ok()?.parse().ok().map(Value::Argument),
            _ => Some(Value::Unknown),
        });
        let (role, persona) = (values.next().flatten(), values.next().flatten());
        (role.is_some() || persona.is_some()).then_some(Assumption { role, persona, is_local: *local == b'l' })
    }
}

/// What a call of the routine changes whose parameters and options these are. None where its body changes nothing.
/// Linear in the body.
pub fn of(parameters: Cursor<'_>, options: Cursor<'_>, session: &Session) -> Option<Assumption> {
    let names = parameter_names(parameters);
    let named = names.iter().enumerate().filter_map(|(at, name)| Some(((*name)?.to_vec(), at + 1)));
    let mut body =
        Body { session, variables: named.take(VARIABLES).collect(), found: Assumption::default(), forks: false };
    for text in bodies_behind(options).filter(|body| !body.cut) {
        let bytes = options.text(text);
        let done = reference::statements(bytes, text.line, bytes.len().max(STATEMENT_BYTES), &mut |cursor| {
            body.statement(cursor);
            Ok(())
        });
        debug_assert!(done.is_ok(), "nothing above fails");
    }
    let Assumption { role, persona, .. } = &body.found;
    (role.is_some() || persona.is_some()).then_some(body.found)
}

struct Body<'s> {
    session: &'s Session,
    /// Parameters, and variables that hold what was made of one: its number.
    variables: Vec<(Vec<u8>, usize)>,
    found: Assumption,
    /// Not all statements run each time.
    forks: bool,
}

impl Body<'_> {
    fn statement(&mut self, cursor: Cursor<'_>) {
        let mut rest = cursor;
        while let Some(item) = rest.peek() {
            let here = rest;
            rest.skip(1);
            if item.tok != Tok::Word && item.tok != Tok::Quoted {
                continue;
            }
            let starts = here.behind(1).is_none_or(|before| {
                matches!(here.text(before), b"begin" | b"then" | b"else" | b"loop") && before.tok == Tok::Word
            });
            match here.text(item) {
                b"if" | b"case" | b"loop" | b"exception" => self.forks = true,
                b"set" | b"reset" if starts => self.set(rest, here.is_word("reset")),
                b"execute" if starts => self.executed(rest),
                b"set_config" if here.is_call() => self.configured(rest),
                _ if here.is_call() => {
                    if let Some(rule) = self.session.rule(&here).filter(|rule| rule.assumes()) {
                        self.ruled(rule, rest);
                    }
                }
                _ => {}
            }
        }
        self.follow(cursor);
    }

    /// `variable := expression`, `SELECT … INTO variable …`: it holds what was made of a parameter.
    fn follow(&mut self, cursor: Cursor<'_>) {
        let Some(at) = self.parameter(cursor) else { return };
        let mut first = cursor;
        while first.take_one_of(&["declare", "begin", "then", "else", "loop"]).is_some() {}
        let is_set = |item: &Item| item.tok == Tok::Operator && first.text(item) == b"=";
        let mut names: Vec<&Item> = Vec::new();
        names.extend(first.peek().filter(|_| first.ahead(1).is_some_and(is_set)));
        let mut rest = first;
        while let Some(item) = rest.next_item() {
            if item.tok == Tok::Assign {
                names.extend(first.peek());
            } else if item.tok == Tok::Word && rest.text(item) == b"into" {
                rest.take_word("strict");
                names.extend(rest.peek());
            }
        }
        for name in names.into_iter().filter(|item| matches!(item.tok, Tok::Word | Tok::Quoted)) {
            let name = cursor.text(name);
            if self.variables.len() < VARIABLES && !self.variables.iter().any(|(known, _)| known == name) {
                self.variables.push((name.to_vec(), at));
            }
        }
    }

    /// `SET [LOCAL] ROLE x`, behind the first word.
    fn set(&mut self, mut cursor: Cursor<'_>, resets: bool) {
        let is_local = cursor.take_word("local");
        let is_role = cursor.is_word("role") || cursor.is_word_at(1, "authorization");
        if !is_role {
            return;
        }
        cursor.take_word("session");
        cursor.skip(1);
        cursor.take_word("to");
        if cursor.peek().is_some_and(|item| item.tok == Tok::Operator) {
            cursor.skip(1);
        }
        let is_none = resets || cursor.is_word("none") || cursor.is_word("default");
        let name = cursor.peek().filter(|_| !is_none).map(|item| cursor.text(item)).unwrap_or_default();
        self.assume(Value::Text(name.to_vec()), is_local);
    }

    /// `EXECUTE format('SET ROLE %I', x)`, `EXECUTE 'SET LOCAL ROLE ' || quote_ident(x)`
    fn executed(&mut self, mut cursor: Cursor<'_>) {
        while let Some(item) = cursor.next_item() {
            if item.tok != Tok::String {
                continue;
            }
            let text = cursor.text(item).to_ascii_lowercase();
            let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let resets = match words.next() {
                Some(b"set") => false,
                Some(b"reset") => true,
                _ => return,
            };
            let mut word = words.next();
            let is_local = word == Some(b"local");
            if is_local || word == Some(b"session") {
                word = words.next();
            }
            if !matches!(word, Some(b"role" | b"authorization")) {
                return;
            }
            let name = words.find(|word| !matches!(*word, b"to" | b"="));
            let value = match name {
                _ if resets => Value::Text(Vec::new()),
                Some(b"none" | b"default") => Value::Text(Vec::new()),
                Some(name) if !name.contains(&b'%') => Value::Text(unquoted(name).to_vec()),
                _ => self.parameter(cursor).map_or(Value::Unknown, Value::Argument),
            };
            return self.assume(value, is_local);
        }
    }

    /// `set_config(name, value, local)`, its arguments at the cursor.
    fn configured(&mut self, mut cursor: Cursor<'_>) {
        let Some(arguments) = cursor.group() else { return };
        let parts: Vec<Cursor<'_>> = arguments.split(b',').take(3).collect();
        let [name, value, ..] = parts[..] else { return };
        let Some(name) = self.literal(name) else { return };
        let is_local = parts.get(2).and_then(|local| self.literal(*local)).is_some_and(|local| local.starts_with(b"t"));
        match name.to_ascii_lowercase().as_slice() {
            b"role" | b"session_authorization" => {
                let value = self.value(value);
                let value = if value == Value::Text(b"none".to_vec()) { Value::Text(Vec::new()) } else { value };
                self.assume(value, is_local);
            }
            setting if setting.starts_with(b"request.jwt.claim") || setting.starts_with(b"jwt.claims.") => {
                let is_whole = setting.ends_with(b".sub") || setting.starts_with(b"jwt.claims.");
                if let Some(value) = if is_whole { Some(self.value(value)) } else { self.subject(value) } {
                    self.stand_for(value, is_local);
                }
            }
            _ => {}
        }
    }

    /// A call of a helper that a rule knows.
    fn ruled(&mut self, rule: &Rule, mut cursor: Cursor<'_>) {
        let Some(arguments) = cursor.group() else { return };
        let of = |body: &Self, value: &rules::Value| match value {
            rules::Value::Text(text) => Value::Text(text.as_bytes().to_vec()),
            rules::Value::Argument(at) => {
                arguments.split(b',').nth(at.saturating_sub(1)).map_or(Value::Unknown, |part| body.value(part))
            }
        };
        if let Some(role) = rule.role.as_ref().map(|value| of(self, value)) {
            self.assume(role, false);
        }
        if let Some(persona) = rule.persona.as_ref().map(|value| of(self, value)) {
            self.stand_for(persona, false);
        }
    }

    fn assume(&mut self, value: Value, is_local: bool) {
        let differs = self.forks && self.found.role.as_ref().is_some_and(|before| *before != value);
        self.found.role = Some(if differs { Value::Unknown } else { clipped(value) });
        self.found.is_local |= is_local;
    }

    fn stand_for(&mut self, value: Value, is_local: bool) {
        let differs = self.forks && self.found.persona.as_ref().is_some_and(|before| *before != value);
        self.found.persona = Some(if differs { Value::Unknown } else { clipped(value) });
        self.found.is_local |= is_local;
    }

    fn literal(&self, part: Cursor<'_>) -> Option<Vec<u8>> {
        let typed = expression::read(part, expression::Scope { session: self.session, rows: &[] });
        typed.text().map(<[u8]>::to_vec)
    }

    fn value(&self, part: Cursor<'_>) -> Value {
        match self.literal(part) {
            Some(text) => Value::Text(text),
            None => self.parameter(part).map_or(Value::Unknown, Value::Argument),
        }
    }

    /// Who the claims of a request are of: what stands for `sub` in them. None where they say nothing of it.
    fn subject(&self, part: Cursor<'_>) -> Option<Value> {
        if let Some(text) = self.literal(part) {
            let told = if text.is_empty() { Some(&b""[..]) } else { claim(&text, b"sub") };
            return told.map(|sub| Value::Text(sub.to_vec()));
        }
        let mut rest = part;
        while let Some(item) = rest.next_item() {
            let text = rest.text(item);
            if item.tok == Tok::String && text == b"sub" {
                rest.skip(1);
                return Some(self.value(rest.until(b',')));
            }
            if item.tok == Tok::String && text.windows(5).any(|part| part == b"\"sub\"") {
                return Some(self.parameter(rest).map_or(Value::Unknown, Value::Argument));
            }
        }
        self.parameter(part).map(Value::Argument)
    }

    /// The first parameter that is named, or a variable that was made of one.
    fn parameter(&self, cursor: Cursor<'_>) -> Option<usize> {
        let mut rest = cursor;
        while let Some(item) = rest.next_item() {
            let text = rest.text(item);
            let is_part = rest.behind(2).is_some_and(|before| before.tok == Tok::Punct(b'.'));
            match item.tok {
                Tok::Word | Tok::Quoted if !is_part => {
                    if let Some((_, at)) = self.variables.iter().find(|(name, _)| name == text) {
                        return Some(*at);
                    }
                }
                Tok::Param => return std::str::from_utf8(text.strip_prefix(b"$").unwrap_or(text)).ok()?.parse().ok(),
                _ => {}
            }
        }
        None
    }
}

fn clipped(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(clip(&text, NAME_BYTES).to_vec()),
        value => value,
    }
}

fn unquoted(name: &[u8]) -> &[u8] {
    let name = name.strip_suffix(b";").unwrap_or(name);
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}
