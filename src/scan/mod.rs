//! Statements to facts: what a source defines or tests, one source at a time, in bounded memory.
//!
//! A statement is kept until the last of its facts was taken. Where the arena is full in the middle, the scan stops and
//! reads the statement again later, passing over the facts that were taken: the text is the queue, nothing else is.

mod block;
pub mod calls;
pub mod circumstance;
pub mod conditions;
pub mod conduits;
pub mod definitions;
pub mod evidence;
pub mod expression;
pub mod fact;
pub mod lints;
pub mod reference;
pub mod results;
pub mod rows;
pub mod rules;
pub mod session;
pub mod syntax;

use crate::error::{Code as ErrorCode, Error};
use crate::limits::{DETAIL_BYTES, INCLUDES, Limits, NESTING, PATH_BYTES, to_u32};
use crate::sql::cursor::Cursor;
use crate::sql::lexer::{Dialect, Flow, Lexer};
use crate::sql::statement::{End, Item, Statement, Tok};
use block::Block;
use calls::{Counts, Place};
use conditions::{Branches, Flagged, Todo};
use fact::{Called, Code, Context, EXECUTE, Fact, Facts, Flags, Full, Op};
use memchr::{memchr, memchr_iter};
use rules::Rules;
use session::Session;

/// What a source is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceRole {
    /// Definitions of the schema.
    Schema,
    /// pgTAP tests.
    Tests,
    /// Definitions that were read from the catalogue of a server.
    Inventory,
    /// What a run of the tests came to, see [`results`].
    Tap,
}

impl SourceRole {
    /// Every role; a number is a place in here.
    pub const ALL: [SourceRole; 4] = [SourceRole::Schema, SourceRole::Tests, SourceRole::Inventory, SourceRole::Tap];

    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceRole::Schema => "schema",
            SourceRole::Tests => "tests",
            SourceRole::Inventory => "inventory",
            SourceRole::Tap => "tap",
        }
    }

    /// The role that is spelled so.
    pub fn from_word(word: &str) -> Option<Self> {
        SourceRole::ALL.into_iter().find(|role| role.as_str() == word)
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
    /// What calls of helper functions stand for.
    pub rules: Rules,
    /// The host may supply the files that `\i` and `\ir` name.
    pub includes: bool,
}

/// A file that a backslash command includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its path as it is written, variables replaced.
    pub path: Vec<u8>,
    /// `\ir`: relative to the file that includes it.
    pub relative: bool,
    /// 1-based line of the command.
    pub line: u32,
    command: Vec<u8>,
    /// It is not to be had.
    refused: bool,
}

/// Why a scanner stops before the end of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// There is no room for a fact: make some and go on.
    Full,
    /// A file is included, see [`Scanner::wanted`]: enter it, or refuse it, and go on.
    Include,
}

impl From<Full> for Pause {
    fn from(_: Full) -> Self {
        Pause::Full
    }
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
    /// Lines behind the commands that include the file at hand.
    includers: Vec<u32>,
    include: Option<Include>,
    branches: Branches,
    todo: Todo,
    /// Statements of the transaction at hand that no assertion followed yet.
    pending: bool,
    /// The file at hand was read to its end.
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
            includers: Vec::new(),
            include: None,
            branches: Branches::default(),
            todo: Todo::default(),
            pending: false,
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
    /// [`Pause`] beside what was consumed: see to it, and push the rest, be it empty.
    pub fn push(&mut self, input: &[u8], facts: &mut dyn Facts) -> (usize, Result<(), Pause>) {
        let mut consumed = 0;
        loop {
            if let Err(pause) = self.complete(facts) {
                return (consumed, Err(pause));
            }
            if consumed == input.len() {
                return (consumed, Ok(()));
            }
            consumed += self.lexer.feed(&input[consumed..], &mut self.statement);
        }
    }

    /// Ends the source, or the file that it includes: what is left is a statement, as psql sends it. May be repeated.
    ///
    /// # Errors
    /// [`Pause`]: see to it and call again.
    pub fn end(&mut self, facts: &mut dyn Facts) -> Result<(), Pause> {
        loop {
            self.complete(facts)?;
            if self.ended {
                break;
            }
            while self.lexer.finish(&mut self.statement) != Flow::Continue && self.statement.end == End::Open {}
            if self.statement.end == End::Open {
                self.ended = true;
                if !self.statement.close() {
                    self.statement.clear();
                }
            }
        }
        if self.includers.is_empty() {
            self.check_plan(facts)?;
        }
        Ok(())
    }

    /// The facts of a complete statement, if there is one.
    fn complete(&mut self, facts: &mut dyn Facts) -> Result<(), Pause> {
        if self.include.is_none() && self.statement.end != End::Open {
            self.statement_facts(facts)?;
        }
        match &self.include {
            None => Ok(()),
            Some(include) if include.refused => Ok(self.refuse(facts)?),
            Some(_) => Err(Pause::Include),
        }
    }

    /// The file that is to be included next.
    pub fn wanted(&self) -> Option<&Include> {
        self.include.as_ref().filter(|include| !include.refused)
    }

    /// What is pushed from now on, up to [`Scanner::leave`], is the file that [`Scanner::wanted`] names.
    pub fn enter(&mut self) {
        if self.include.take().is_some() {
            self.includers.push(self.lexer.line());
            self.lexer = Lexer::new(Dialect::Psql, self.reading.settings.limits.statement_bytes, 1);
            self.ended = false;
        }
    }

    /// The included file has ended; what is pushed from now on follows the command.
    pub fn leave(&mut self) {
        if let Some(line) = self.includers.pop() {
            let limit = self.reading.settings.limits.statement_bytes;
            self.lexer = Lexer::behind_command(Dialect::Psql, limit, line);
            self.ended = false;
        }
    }

    /// The file that is wanted is not to be had.
    ///
    /// # Errors
    /// [`Full`]: make room; the next call says it.
    pub fn refuse(&mut self, facts: &mut dyn Facts) -> Result<(), Full> {
        let Some(include) = &mut self.include else { return Ok(()) };
        include.refused = true;
        facts.fact(Fact::Diagnostic { code: Code::Include, detail: &include.command, line: include.line })?;
        self.include = None;
        self.fixed = false;
        Ok(())
    }

    fn follow_plan(&mut self, counts: Counts) {
        if !self.fixed || self.reading.role != SourceRole::Tests {
            return;
        }
        let (command, _) = self.statement.meta();
        let quiet =
            |word: &[u8]| matches!(word, b"set" | b"unset" | b"echo" | b"pset" | b"timing" | b"o" | b"x" | b"t");
        let (word, _) = split_command(command);
        let is_condition = matches!(word, b"if" | b"elif" | b"else" | b"endif");
        self.fixed = (command.is_empty() || quiet(word) || is_condition || INCLUDE.contains(&word))
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
        let (command, _) = self.statement.meta();
        let (word, arguments) = split_command(command);
        if self.branches.skips() {
            // psql sends nothing
            self.branches.follow(word, arguments, &self.session);
            self.statement.clear();
            return Ok(());
        }
        let mut gate = Gate { facts, seen: 0, taken: self.taken };
        let branch = if self.branches.is_open() { Flags::BRANCH } else { Flags::NONE };
        let mut flagged = Flagged { facts: &mut gate, flags: branch | self.todo.flags() };
        let mut counts = Counts { pending: self.pending, ..Counts::default() };
        let at = Standing { depth: 0, context: Context::Script, conditional: self.branches.is_open() };
        let block = &mut Block::default();
        let read = self.reading.statement(&self.statement, &self.session, at, block, &mut counts, &mut flagged);
        self.taken = gate.taken;
        read?;
        self.pending = counts.pending;
        self.follow_plan(counts);
        self.todo.follow(counts.assertions, counts.todo);
        self.counts.assertions += counts.assertions;
        self.counts.printed += counts.printed;
        self.counts.unresolved += counts.unresolved;
        if counts.plan.is_some() {
            (self.counts.plan, self.counts.plan_line) = (counts.plan, counts.plan_line);
        }
        let (command, line) = self.statement.meta();
        let (word, arguments) = split_command(command);
        if self.branches.follow(word, arguments, &self.session) {
            self.fixed &= !self.branches.is_open();
        } else if !command.is_empty() {
            self.session.meta(command);
            if INCLUDE.contains(&word) {
                let path = self.session.argument(arguments).filter(|path| (1..=PATH_BYTES).contains(&path.len()));
                let refused = path.is_none() || !self.reading.settings.includes || self.includers.len() == INCLUDES;
                let command = command.trim_ascii();
                self.include = Some(Include {
                    path: path.unwrap_or_default(),
                    relative: matches!(word, b"ir" | b"include_relative"),
                    line,
                    command: command[..command.len().min(DETAIL_BYTES)].to_vec(),
                    refused,
                });
            }
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

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Standing {
    /// In how many bodies and strings.
    depth: usize,
    context: Context,
    /// It may not run.
    conditional: bool,
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
        at: Standing,
        block: &mut Block,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        let Standing { depth, context, conditional } = at;
        let cursor = Cursor::new(statement);
        let place = Place { session, context, limit: self.settings.limits.statement_bytes };
        if let Some(line) = statement.unterminated {
            facts.fact(Fact::Diagnostic { code: Code::Unterminated, detail: b"", line })?;
        }
        if depth == 0 && !statement.is_continuation && self.role != SourceRole::Tap {
            syntax::read(statement, facts)?;
            if statement.unclosed.is_some() {
                return Ok(());
            }
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
                    conduits::read(cursor, place, counts, facts)?;
                }
                for body in bodies(cursor) {
                    self.body(cursor, body, session, depth, counts, facts)?;
                }
                if depth == 0 && statement.end == End::Whole && session.ends_transaction(cursor) {
                    calls::mark(Op::Unasserted, context, counts, facts)?;
                }
                Ok(())
            }
            SourceRole::Tap => results::read(cursor, facts),
            SourceRole::Schema | SourceRole::Inventory => {
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
                    let origin = if conditional { definitions::Origin::Branch } else { definitions::Origin::Schema };
                    definitions::read(cursor, session, origin, facts)?;
                } else {
                    self.branches(cursor, session, depth, block, counts, facts)?;
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
        let text = (cursor.text(body), body.line);
        if context == Context::Do {
            let is_schema = matches!(self.role, SourceRole::Schema | SourceRole::Inventory);
            let limit = self.settings.limits.statement_bytes;
            let mut block = if is_schema { Block::new(text.0, limit) } else { Block::default() };
            return self.text(text, session, (depth, context), &mut block, counts, facts);
        }
        // what is only created does not run here
        let outside = std::mem::take(&mut counts.pending);
        self.text(text, session, (depth, context), &mut Block::default(), counts, facts)?;
        calls::mark(Op::Unasserted, context, counts, facts)?;
        counts.pending = outside;
        Ok(())
    }

    /// Reads a text, which starts at a line, as statements.
    fn text(
        &self,
        (whole, line): (&[u8], u32),
        session: &Session,
        (depth, context): (usize, Context),
        block: &mut Block,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        if depth == NESTING {
            return facts.fact(Fact::Diagnostic { code: Code::NestedTooDeep, detail: b"", line });
        }
        let limits = self.settings.limits;
        let mut statement = Statement::new(limits.statement_bytes, limits.statement_tokens());
        let mut lexer = Lexer::new(Dialect::Server, limits.statement_bytes, line);
        let mut todo = Todo::default();
        // once a statement of the body has changed it
        let mut own: Option<Session> = None;
        let mut rest = whole;
        statement.ends_at_loop = block.is_followed();
        loop {
            rest = &rest[lexer.feed(rest, &mut statement)..];
            if statement.end == End::Open {
                while lexer.finish(&mut statement) != Flow::Continue && statement.end == End::Open {}
                if statement.end == End::Open && !statement.close() {
                    return Ok(());
                }
            }
            block.behind = (rest.len(), lexer.line());
            let (before, said) = (counts.assertions, std::mem::take(&mut counts.todo));
            let at = Standing { depth: depth + 1, context, conditional: false };
            let now = own.as_ref().unwrap_or(session);
            self.statement(&statement, now, at, block, counts, &mut Flagged { facts, flags: todo.flags() })?;
            if statement.end == End::Part {
                // what its parts begin and end is not known
                *block = Block::default();
            }
            let mut cursor = Cursor::new(&statement);
            while cursor.take_one_of(&["begin", "then", "else", "loop"]).is_some() {}
            if self.role == SourceRole::Tests && session.is_changed_by(cursor) {
                own.get_or_insert_with(|| session.of_body()).statement(cursor);
            }
            todo.follow(counts.assertions - before, std::mem::replace(&mut counts.todo, said));
            statement.clear();
            if let Some((left, line)) = block.again.take() {
                rest = &whole[whole.len() - left..];
                lexer = Lexer::new(Dialect::Server, limits.statement_bytes, line);
            }
        }
    }

    /// Definitions in a statement of a DO block, which may stand behind BEGIN, THEN, ELSE or LOOP.
    fn branches(
        &self,
        mut cursor: Cursor<'_>,
        session: &Session,
        depth: usize,
        block: &mut Block,
        counts: &mut Counts,
        facts: &mut dyn Facts,
    ) -> Result<(), Full> {
        let (mut starts, mut is_first) = (true, true);
        while let Some(item) = cursor.peek() {
            let word: &[u8] = if item.tok == Tok::Word { cursor.text(item) } else { b"" };
            let defines = starts && matches!(word, b"create" | b"alter" | b"drop");
            let executes = starts && word == b"execute";
            // what may run in one turn of a loop is read in the first
            if (defines || executes) && block.is_in_doubt() && block.is_said() {
                return Ok(());
            }
            if defines {
                return definitions::read(cursor, session, definitions::Origin::Branch, facts);
            }
            if executes {
                let typed = expression::read(calls::executed(cursor), block.scope(session));
                if let Some(sql) = typed.text() {
                    let inside = &mut Block::default();
                    return self.text((sql, typed.line), session, (depth, Context::Do), inside, counts, facts);
                }
                if !block.is_in_doubt() && block.is_said() {
                    return Ok(());
                }
                let detail = [EXECUTE, &calls::beginning(calls::executed(cursor))].concat();
                return facts.fact(Fact::Diagnostic {
                    code: Code::DynamicDefinition,
                    detail: &detail,
                    line: item.line,
                });
            }
            if is_first && item.tok == Tok::Operator && cursor.text(item) == b"<<" {
                // a label
                cursor.skip(3);
                continue;
            }
            if is_first && let Some(head) = block.follow(cursor, session) {
                cursor.find_word(head);
                starts = true;
            } else {
                is_first = false;
                starts = matches!(word, b"begin" | b"then" | b"else" | b"loop");
            }
            cursor.skip(1);
        }
        Ok(())
    }
}

/// The commands that read another file.
const INCLUDE: [&[u8]; 4] = [b"i", b"ir", b"include", b"include_relative"];

/// A backslash command and its arguments.
fn split_command(command: &[u8]) -> (&[u8], &[u8]) {
    let end = command.iter().position(u8::is_ascii_whitespace).unwrap_or(command.len());
    command.split_at(end)
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
    let mut rest = if is_do { ahead } else { create };
    if !(is_do || is_routine) {
        rest.skip(rest.len());
    }
    literals(rest, is_do)
}

/// The same among the options of a routine.
fn bodies_behind<'a>(options: Cursor<'a>) -> impl Iterator<Item = &'a Item> {
    literals(options, false)
}

fn literals<'a>(mut rest: Cursor<'a>, is_do: bool) -> impl Iterator<Item = &'a Item> {
    let mut language = rest;
    let readable = match language.find_word("language") {
        false => true,
        true => language.ahead(1).is_some_and(|item| {
            language.text(item).eq_ignore_ascii_case(b"sql") || language.text(item).eq_ignore_ascii_case(b"plpgsql")
        }),
    };
    if !readable {
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
