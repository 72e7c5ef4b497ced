//! Statements to facts: what a source defines or tests, one source at a time, in bounded memory.
//!
//! A statement is kept until the last of its facts was taken. Where the arena is full in the middle, the scan stops and
//! reads the statement again later, passing over the facts that were taken: the text is the queue, nothing else is.

pub mod calls;
pub mod definitions;
pub mod evidence;
pub mod expression;
pub mod fact;
pub mod lints;
pub mod reference;
pub mod rows;
pub mod session;

use crate::error::{Code as ErrorCode, Error};
use crate::limits::{DETAIL_BYTES, Limits, NESTING, to_u32};
use crate::sql::cursor::Cursor;
use crate::sql::lexer::{Dialect, Flow, Lexer};
use crate::sql::statement::{End, Item, Statement, Tok};
use calls::{Counts, Place};
use fact::{Called, Code, Context, Fact, Facts, Full};
use memchr::{memchr, memchr_iter};
use session::Session;

/// What a source is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceRole {
    /// Definitions of the schema.
    Schema,
    /// pgTAP tests.
    Tests,
}

impl SourceRole {
    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceRole::Schema => "schema",
            SourceRole::Tests => "tests",
        }
    }

    /// The role that is spelled so.
    pub fn from_word(word: &str) -> Option<Self> {
        [SourceRole::Schema, SourceRole::Tests].into_iter().find(|role| role.as_str() == word)
    }
}

/// How sources are read, the same for all of a run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Bounds.
    pub limits: Limits,
    /// search_path at the start of a session; empty: PostgreSQL's default.
    pub search_path: Vec<String>,
    /// Schemas that pgTAP is installed in; empty: the usual ones.
    pub pgtap_schemas: Vec<String>,
}

/// Reads one source.
#[derive(Debug)]
pub struct Scanner {
    reading: Reading,
    lexer: Lexer,
    statement: Statement,
    session: Session,
    /// Facts of the statement at hand that were taken already.
    taken: u32,
    counts: Counts,
    /// How many test results the source prints can be read off its text.
    fixed: bool,
    ended: bool,
    plan_checked: bool,
}

#[derive(Debug, Clone)]
struct Reading {
    role: SourceRole,
    settings: Settings,
}

impl Scanner {
    /// A scanner at the start of a source.
    pub fn new(role: SourceRole, settings: &Settings) -> Self {
        let limits = settings.limits;
        Scanner {
            lexer: Lexer::new(Dialect::Psql, limits.statement_bytes, 1),
            statement: Statement::new(limits.statement_bytes, limits.statement_tokens()),
            session: Session::new(settings),
            reading: Reading { role, settings: settings.clone() },
            taken: 0,
            counts: Counts::default(),
            fixed: true,
            ended: false,
            plan_checked: false,
        }
    }

    /// Checks that `input`, which starts at `offset` of the source, can be SQL. Linear.
    ///
    /// # Errors
    /// `INPUT` with line and offset for a NUL byte, which no SQL text holds.
    pub fn check(&self, input: &[u8], offset: u64) -> Result<(), Error> {
        let Some(at) = memchr(0, input) else { return Ok(()) };
        let lines = memchr_iter(b'\n', &input[..at]).count();
        let message = "this is no text: it holds a NUL byte (is it binary, or UTF-16?)";
        let line = self.line().saturating_add(to_u32(lines));
        Err(Error::new(ErrorCode::Input, message).at_line(line).at_offset(offset + at as u64))
    }

    /// Reads `input`; returns how much of it was consumed.
    ///
    /// # Errors
    /// [`Full`] beside what was consumed: make room and push the rest, be it empty.
    pub fn push(&mut self, input: &[u8], facts: &mut dyn Facts) -> (usize, Result<(), Full>) {
        let mut consumed = 0;
        loop {
            if self.statement.end != End::Open
                && let Err(full) = self.statement_facts(facts)
            {
                return (consumed, Err(full));
            }
            if consumed == input.len() {
                return (consumed, Ok(()));
            }
            consumed += self.lexer.feed(&input[consumed..], &mut self.statement);
        }
    }

    /// Ends the source: what is left is a statement.
    ///
    /// # Errors
    /// [`Full`]: make room and call again.
    pub fn end(&mut self, facts: &mut dyn Facts) -> Result<(), Full> {
        loop {
            if self.statement.end != End::Open {
                self.statement_facts(facts)?;
            }
            if self.ended {
                return self.check_plan(facts);
            }
            while self.lexer.finish(&mut self.statement) != Flow::Continue && self.statement.end == End::Open {}
            if self.statement.end == End::Open {
                self.ended = true;
                if !self.statement.close() {
                    return self.check_plan(facts);
                }
            }
        }
    }

    fn follow_plan(&mut self, counts: Counts) {
        if !self.fixed || self.reading.role == SourceRole::Schema {
            return;
        }
        let (command, _) = self.statement.meta();
        let quiet =
            |word: &[u8]| matches!(word, b"set" | b"unset" | b"echo" | b"pset" | b"timing" | b"o" | b"x" | b"t");
        let word = command.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        self.fixed = (command.is_empty() || quiet(word))
            && self.statement.end != End::Part
            && !self.statement.is_continuation
            && lints::is_fixed(Cursor::new(&self.statement), counts.printed);
    }

    /// A plan that the text shows cannot be met.
    fn check_plan(&mut self, facts: &mut dyn Facts) -> Result<(), Full> {
        if let (Some(plan), Counts { printed, .. }) = (self.counts.plan, self.counts)
            && self.reading.role == SourceRole::Tests
            && self.fixed
            && !self.plan_checked
            && plan != printed
        {
            let detail = format!("{plan}\0{printed}");
            facts.fact(Fact::Diagnostic {
                code: Code::Plan,
                detail: detail.as_bytes(),
                line: self.counts.plan_line,
            })?;
        }
        self.plan_checked = true;
        Ok(())
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// 1-based line of the next byte.
    pub fn line(&self) -> u32 {
        self.lexer.line()
    }

    fn statement_facts(&mut self, facts: &mut dyn Facts) -> Result<(), Full> {
        let mut gate = Gate { facts, seen: 0, taken: self.taken };
        let mut counts = Counts::default();
        let read = self.reading.statement(&self.statement, &self.session, (0, Context::Script), &mut counts, &mut gate);
        self.taken = gate.taken;
        read?;
        self.follow_plan(counts);
        self.counts.assertions += counts.assertions;
        self.counts.printed += counts.printed;
        self.counts.unresolved += counts.unresolved;
        if counts.plan.is_some() {
            (self.counts.plan, self.counts.plan_line) = (counts.plan, counts.plan_line);
        }
        let (command, _) = self.statement.meta();
        if !command.is_empty() {
            self.session.meta(command);
        }
        if self.statement.items().is_empty() || self.statement.end == End::Meta {
            // nothing was sent
        } else if self.statement.end == End::Whole && !self.statement.is_continuation {
            self.session.statement(Cursor::new(&self.statement));
        }
        self.taken = 0;
        self.statement.clear();
        Ok(())
    }
}

/// Passes over the facts that were taken in an earlier reading of the same statement.
struct Gate<'f> {
    facts: &'f mut dyn Facts,
    seen: u32,
    taken: u32,
}

impl Facts for Gate<'_> {
    fn fact(&mut self, fact: Fact<'_>) -> Result<(), Full> {
        self.seen += 1;
        if self.seen > self.taken {
            self.facts.fact(fact)?;
            self.taken = self.seen;
        }
        Ok(())
    }

    fn call(&mut self, call: Called<'_>) -> Result<(), Full> {
        self.facts.call(call)
    }
}

impl Reading {
    fn statement(
        &self,
        statement: &Statement,
        session: &Session,
        (depth, context): (usize, Context),
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        let cursor = Cursor::new(statement);
        let place = Place { session, context, limit: self.settings.limits.statement_bytes };
        if statement.end == End::Meta {
            let (command, line) = statement.meta();
            if matches!(
                command.split(|b| b.is_ascii_whitespace()).next(),
                Some(b"i" | b"ir" | b"include" | b"include_relative")
            ) {
                let detail = command.trim_ascii();
                let detail = &detail[..detail.len().min(DETAIL_BYTES)];
                facts.fact(Fact::Diagnostic { code: Code::Include, detail, line })?;
            }
        }
        if let Some(line) = statement.unterminated {
            facts.fact(Fact::Diagnostic { code: Code::Unterminated, detail: b"", line })?;
        }
        let is_part = statement.end == End::Part || statement.is_continuation;
        match self.role {
            SourceRole::Tests if is_part => {
                calls::over_limit(cursor, place, counts, facts)?;
                // a literal that is cut may be a body
                let cut = statement.items().iter().find(|item| item.tok == Tok::String && item.cut);
                match cut {
                    Some(item) if statement.is_continuation => over_limit(item.line, facts),
                    _ => bodies(cursor).try_for_each(|body| self.body(cursor, body, session, depth, counts, facts)),
                }
            }
            SourceRole::Tests => {
                calls::read(cursor, place, counts, facts)?;
                lints::read(cursor, place, facts)?;
                if depth == 0 {
                    // what tests create is no part of the schema, and naming it is not stale
                    definitions::read(cursor, session, definitions::Origin::Test, facts)?;
                }
                for body in bodies(cursor) {
                    self.body(cursor, body, session, depth, counts, facts)?;
                }
                Ok(())
            }
            SourceRole::Schema => {
                let defines = matches!(first_word(cursor), b"create" | b"alter" | b"do" | b"drop");
                if is_part && !statement.is_continuation && defines {
                    over_limit(cursor.line(), facts)?;
                }
                if statement.is_continuation {
                    return Ok(());
                }
                let (command, line) = statement.meta();
                if command.starts_with(b"gexec") {
                    facts.fact(Fact::Diagnostic { code: Code::DynamicDefinition, detail: b"\\gexec", line })?;
                }
                if depth == 0 {
                    definitions::read(cursor, session, definitions::Origin::Schema, facts)?;
                } else {
                    self.branches(cursor, session, depth, counts, facts)?;
                }
                if cursor.is_word("do") {
                    for body in bodies(cursor) {
                        self.body(cursor, body, session, depth, counts, facts)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Reads the text of a body, or of a string that runs, as statements.
    fn body(
        &self,
        cursor: Cursor<'_>,
        body: &Item,
        session: &Session,
        depth: usize,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        if body.cut {
            return over_limit(body.line, facts);
        }
        let context = if cursor.is_word("do") { Context::Do } else { Context::Routine };
        self.text((cursor.text(body), body.line), session, (depth, context), counts, facts)
    }

    /// Reads a text, which starts at a line, as statements.
    fn text(
        &self,
        (mut rest, line): (&[u8], u32),
        session: &Session,
        (depth, context): (usize, Context),
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        if depth == NESTING {
            return facts.fact(Fact::Diagnostic { code: Code::NestedTooDeep, detail: b"", line });
        }
        let limits = self.settings.limits;
        let mut statement = Statement::new(limits.statement_bytes, limits.statement_tokens());
        let mut lexer = Lexer::new(Dialect::Server, limits.statement_bytes, line);
        loop {
            rest = &rest[lexer.feed(rest, &mut statement)..];
            if statement.end == End::Open {
                while lexer.finish(&mut statement) != Flow::Continue && statement.end == End::Open {}
                if statement.end == End::Open && !statement.close() {
                    return Ok(());
                }
            }
            self.statement(&statement, session, (depth + 1, context), counts, facts)?;
            statement.clear();
        }
    }

    /// Definitions in a statement of a DO block, which may stand behind BEGIN, THEN, ELSE or LOOP.
    fn branches(
        &self,
        mut cursor: Cursor<'_>,
        session: &Session,
        depth: usize,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        let mut starts = true;
        while let Some(item) = cursor.peek() {
            let word: &[u8] = if item.tok == Tok::Word { cursor.text(item) } else { b"" };
            if starts && matches!(word, b"create" | b"alter" | b"drop") {
                return definitions::read(cursor, session, definitions::Origin::Branch, facts);
            }
            if word == b"execute" && starts {
                let typed = expression::read(calls::executed(cursor), expression::Scope { session, row: None });
                if let Some(sql) = typed.text() {
                    return self.text((sql, typed.line), session, (depth, Context::Do), counts, facts);
                }
                return facts.fact(Fact::Diagnostic {
                    code: Code::DynamicDefinition,
                    detail: b"EXECUTE",
                    line: item.line,
                });
            }
            starts = matches!(word, b"begin" | b"then" | b"else" | b"loop");
            cursor.skip(1);
        }
        Ok(())
    }
}

fn over_limit(line: u32, facts: &mut dyn Facts) -> Result<(), Full> {
    facts.fact(Fact::Diagnostic { code: Code::OverLimit, detail: b"", line })
}

fn first_word<'a>(cursor: Cursor<'a>) -> &'a [u8] {
    cursor.peek().filter(|i| i.tok == Tok::Word).map(|i| cursor.text(i)).unwrap_or_default()
}

/// The string literals of a statement that hold code: the body of DO, or of a routine in SQL or PL/pgSQL.
fn bodies<'a>(cursor: Cursor<'a>) -> impl Iterator<Item = &'a Item> {
    let mut ahead = cursor;
    let is_do = ahead.take_word("do");
    let mut create = cursor;
    create.take_word("create");
    create.take_words(&["or", "replace"]);
    let is_routine = first_word(cursor) == b"create" && (create.is_word("function") || create.is_word("procedure"));
    let mut language = cursor;
    let readable = match language.find_word("language") {
        false => true,
        true => language.ahead(1).is_some_and(|item| {
            language.text(item).eq_ignore_ascii_case(b"sql") || language.text(item).eq_ignore_ascii_case(b"plpgsql")
        }),
    };
    let mut rest = if is_do { ahead } else { create };
    if !(readable && (is_do || is_routine)) {
        rest.skip(rest.len());
    }
    std::iter::from_fn(move || {
        loop {
            let starts = is_do || rest.behind(1).is_some_and(|i| i.tok == Tok::Word && rest.text(i) == b"as");
            let item = rest.next_item()?;
            let is_language = rest.behind(2).is_some_and(|i| i.tok == Tok::Word && rest.text(i) == b"language");
            if item.tok == Tok::String && starts && !is_language {
                return Some(item);
            }
        }
    })
}
