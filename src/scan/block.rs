//! What the text of a DO block tells of its variables, and of its loops over rows that are written out. The body of such
//! a loop is read once for each row, in the order in which it runs.

use super::expression::{self, Rows, Scope, Typed, Value};
use super::reference;
use super::rows;
use super::session::Session;
use crate::limits::NAME_BYTES;
use crate::pgtap::Type;
use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;
use std::cell::Cell;

/// Variables kept of one block, and bytes of the names that it assigns to.
const VARIABLES: usize = 256;
const ASSIGNED_BYTES: usize = 16 * 1024;
/// How deep its parts are followed.
const OPEN: usize = 64;
/// How often, by its limit, the text of a block may be read for rows, and put into expressions.
const READINGS: usize = 4;

/// A block, read statement by statement.
#[derive(Debug, Default)]
pub struct Block {
    /// Its variables, as one row, and of each loop that takes turns the rows.
    names: Vec<Rows>,
    /// Names that statements assign to, NUL behind each, twice where a plain assignment is not all; none where that is not
    /// known.
    assigned: Option<Vec<u8>>,
    open: Vec<Open>,
    /// A section of declarations is read.
    declares: bool,
    /// Bytes of the text behind the statement at hand, and their line.
    pub behind: (usize, u32),
    /// Where to go on instead.
    pub again: Option<(usize, u32)>,
    /// Statements that are not read in every turn, in the order of the text.
    said: Vec<usize>,
}

/// A part of a block, from its head to END.
#[derive(Debug, Clone, Copy)]
struct Open {
    doubt: Doubt,
    /// Where the turns of a loop begin, see [`Block::behind`].
    turns: Option<(usize, u32)>,
}

/// Whether what stands in a part of a block runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// It does.
    None,
    /// It is taken to: what it makes is there behind it, or was before.
    Small,
    /// It may not.
    Real,
}

/// What stands where a statement begins.
#[derive(Clone, Copy)]
enum Head {
    Begin,
    If,
    Loop,
    Other,
}

/// Words that a statement does not end with, and those behind which the next one begins.
const HEADS: [(&str, &str, Head); 12] = [
    ("begin", "begin", Head::Begin),
    ("if", "then", Head::If),
    ("case", "then", Head::If),
    ("loop", "loop", Head::Loop),
    ("while", "loop", Head::Loop),
    ("for", "loop", Head::Loop),
    ("foreach", "loop", Head::Loop),
    ("else", "else", Head::Other),
    ("elsif", "then", Head::Other),
    ("elseif", "then", Head::Other),
    ("when", "then", Head::Other),
    ("exception", "then", Head::Other),
];

impl Block {
    /// The block with this text; `limit` bounds its statements.
    pub fn new(text: &[u8], limit: usize) -> Block {
        let mut assigned = Some(Vec::new());
        let noted = reference::statements(text, 1, limit, &mut |cursor| {
            note(cursor, &mut assigned);
            Ok(())
        });
        debug_assert!(noted.is_ok(), "nothing above fails");
        let left = Cell::new(limit.saturating_mul(READINGS));
        let variables = Rows { rows: vec![Vec::new()], left, ..Rows::default() };
        Block { names: vec![variables], assigned, ..Block::default() }
    }

    /// Its variables are known where its text tells.
    pub fn is_followed(&self) -> bool {
        self.assigned.is_some()
    }

    /// What names stand for here.
    pub fn scope<'a>(&'a self, session: &'a Session) -> Scope<'a> {
        Scope { session, rows: if self.is_in_doubt() { &[] } else { &self.names } }
    }

    /// The statement at hand may not run.
    pub fn is_in_doubt(&self) -> bool {
        self.doubt() == Doubt::Real
    }

    /// The statement at hand was asked for in an earlier turn of its loop.
    pub fn is_said(&mut self) -> bool {
        let place = self.said.binary_search_by(|said| self.behind.0.cmp(said));
        if let Err(at) = place
            && self.is_turning()
        {
            self.said.insert(at, self.behind.0);
        }
        place.is_ok()
    }

    /// Follows what stands where a statement begins; the word behind which the next one does.
    pub fn follow(&mut self, mut cursor: Cursor<'_>, session: &Session) -> Option<&'static str> {
        let branch = if self.is_turning() { Doubt::Real } else { Doubt::Small };
        let Some((_, behind, head)) = HEADS.iter().find(|(word, ..)| cursor.is_word(word)) else {
            if self.declares || cursor.take_word("declare") {
                self.declares = true;
                self.declare(cursor, session);
            } else if cursor.is_word("end") {
                self.end();
            } else if self.is_turning() && cursor.take_one_of(&["continue", "exit", "return"]).is_some() {
                // what follows may not run
                self.open[0].doubt = Doubt::Real;
            } else {
                self.assign(cursor, session);
            }
            return None;
        };
        let mut open = Open { doubt: branch, turns: None };
        match head {
            Head::Begin if self.open.is_empty() => open.doubt = Doubt::None,
            Head::Begin => open.doubt = Doubt::Small,
            Head::If if is_guard(cursor) => open.doubt = Doubt::Small,
            Head::If => {}
            Head::Loop => {
                if let Some(rows) = self.rows(cursor, session) {
                    self.names.push(rows);
                    (open.doubt, open.turns) = (Doubt::None, Some(self.behind));
                }
            }
            Head::Other => {
                if let Some(open) = self.open.last_mut() {
                    let doubt = if cursor.is_word("exception") { Doubt::Real } else { branch };
                    open.doubt = open.doubt.max(doubt);
                }
                return Some(behind);
            }
        }
        self.declares = false;
        if self.open.len() == OPEN {
            *self = Block::default();
        }
        self.open.push(open);
        Some(behind)
    }

    fn doubt(&self) -> Doubt {
        self.open.iter().fold(Doubt::None, |doubt, open| doubt.max(open.doubt))
    }

    fn is_turning(&self) -> bool {
        self.names.len() > 1
    }

    /// The innermost part ends: another turn of it begins, or what stands behind it.
    fn end(&mut self) {
        if let Some(open) = self.open.last_mut()
            && let Some(rows) = self.names.last_mut()
            && open.turns.is_some()
        {
            rows.at += 1;
            if rows.at < rows.rows.len() {
                open.doubt = Doubt::None;
                self.again = open.turns;
                return;
            }
            self.names.pop();
        }
        self.open.pop();
    }

    /// The rows for which the loop at `cursor` takes turns.
    fn rows(&mut self, mut cursor: Cursor<'_>, session: &Session) -> Option<Rows> {
        let is_array = cursor.take_word("foreach");
        (is_array || cursor.take_word("for")).then_some(())?;
        let name = cursor.name()?;
        self.hide(name);
        let is_known =
            self.assignments(name) == 0 && cursor.take_word("in") && (!is_array || cursor.take_word("array"));
        let mut query = cursor;
        query.find_word("loop");
        query = cursor.to(query.position());
        let scope = self.scope(session);
        // in doubt nothing is known
        let variables = scope.rows.first().filter(|_| is_known)?;
        let mut rows = if is_array { rows::of_array(query, scope)? } else { rows::selected(query, scope)? };
        rows.rows.first()?;
        let left = variables.left.get().checked_sub(rows.rows.len().saturating_mul(self.behind.0))?;
        variables.left.set(left);
        rows.left.set(left);
        (rows.alias, rows.is_loop) = (name.to_vec(), true);
        Some(rows)
    }

    /// `name [CONSTANT] type [NOT NULL] [:= expression]`
    fn declare(&mut self, mut cursor: Cursor<'_>, session: &Session) -> Option<()> {
        let name = cursor.name()?;
        cursor.take_word("constant");
        let written = types::parse(&mut cursor)?;
        cursor.take_words(&["not", "null"]);
        let ty = Type::named(&written.spelled);
        self.hide(name);
        let is_kept = matches!(ty, Type::Text | Type::Name | Type::Varchar) || ty.is_array();
        if self.slot(name).is_some() || self.is_turning() {
            // it stands for another in an inner block
            add(self.assigned.as_mut()?, name, 2);
            return None;
        }
        (is_kept && written.length.is_none()).then_some(())?;
        let variables = self.names.first_mut().filter(|names| names.columns.len() < VARIABLES)?;
        variables.columns.push(name.to_vec());
        variables.rows.first_mut()?.push(Typed { ty, value: Value::Unknown, line: 0 });
        let item = cursor.next_item()?;
        if (item.tok == Tok::Assign || matches!(cursor.text(item), b"=" | b"default")) && self.assignments(name) == 0 {
            self.set(name, cursor, session);
        }
        Some(())
    }

    /// `name := expression`
    fn assign(&mut self, mut cursor: Cursor<'_>, session: &Session) -> Option<()> {
        let name = cursor.name()?;
        let item = cursor.next_item()?;
        if item.tok == Tok::Assign || cursor.text(item) == b"=" {
            self.hide(name);
            if self.doubt() == Doubt::None && self.assignments(name) == 1 {
                self.set(name, cursor, session);
            }
        }
        Some(())
    }

    /// How often the block assigns to a variable; at least twice where that is not known.
    fn assignments(&self, name: &[u8]) -> usize {
        let Some(assigned) = &self.assigned else { return 2 };
        assigned.split(|byte| *byte == 0).filter(|known| *known == name).count()
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut Typed> {
        let variables = self.names.first_mut()?;
        let at = variables.columns.iter().position(|column| column == name)?;
        variables.rows.first_mut()?.get_mut(at)
    }

    /// What a name stood for is not known from here on.
    fn hide(&mut self, name: &[u8]) {
        if let Some(slot) = self.slot(name) {
            slot.value = Value::Unknown;
        }
        for rows in &mut self.names {
            if rows.alias == name {
                rows.alias.clear();
            }
        }
    }

    fn set(&mut self, name: &[u8], expression: Cursor<'_>, session: &Session) {
        let value = expression::read(expression, self.scope(session)).value;
        let Some(slot) = self.slot(name) else { return };
        let fits = match &value {
            Value::Text(text) => slot.ty != Type::Name || text.len() <= NAME_BYTES,
            Value::Array(_) => slot.ty.is_array(),
            _ => false,
        };
        if fits {
            slot.value = value;
        }
    }
}

/// `IF NOT EXISTS (SELECT … FROM pg_policies …) THEN`
fn is_guard(mut cursor: Cursor<'_>) -> bool {
    let of_catalog = |text: &[u8]| text.starts_with(b"pg_") || text == b"information_schema";
    cursor.take_words(&["if", "not", "exists"])
        && cursor.group().is_some_and(|inside| cursor.is_word("then") && inside.texts().any(of_catalog))
}

/// Notes what a statement assigns to.
fn note(mut cursor: Cursor<'_>, noted: &mut Option<Vec<u8>>) {
    let mut starts = true;
    while let Some(item) = cursor.peek()
        && let Some(assigned) = noted
    {
        let text = cursor.text(item);
        let is_name = matches!(item.tok, Tok::Word | Tok::Quoted);
        let next = cursor.ahead(1).filter(|_| starts && is_name);
        // of a field, or an element
        let is_part = next.is_some_and(|next| matches!(next.tok, Tok::Punct(b'.' | b'[')));
        let is_plain = next.is_some_and(|next| next.tok == Tok::Assign || cursor.text(next) == b"=");
        add(assigned, text, 2 * usize::from(is_part) + usize::from(is_plain));
        let is_list =
            starts && cursor.is_word("for") && cursor.ahead(2).is_some_and(|next| next.tok == Tok::Punct(b','));
        if is_list || cursor.is_word("into") && !super::definitions::is_insert(&cursor) {
            let mut names = cursor;
            names.skip(1);
            names.take_word("strict");
            while let Some(name) = names.qualified() {
                add(assigned, name.schema.unwrap_or(name.name), 2);
                if !names.take_punct(b',') {
                    break;
                }
            }
        }
        // INOUT parameters and the like
        if assigned.len() > ASSIGNED_BYTES || starts && matches!(text, b"call" | b"get") {
            *noted = None;
        }
        starts = is_name && matches!(text, b"begin" | b"then" | b"else" | b"loop");
        cursor.skip(1);
    }
}

/// Notes a name so many times.
fn add(assigned: &mut Vec<u8>, name: &[u8], times: usize) {
    for _ in 0..times {
        assigned.extend_from_slice(name);
        assigned.push(0);
    }
}
