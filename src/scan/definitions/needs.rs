//! What a definition needs: columns, relations, routines and types in its expressions and queries.
//!
//! What they are is decided by the catalog floor, which knows what exists.

use super::Reader;
use super::note::{Entry, NEEDS};
use crate::limits::DETAIL_BYTES;
use crate::scan::fact::{Code, Fact, Full, Key, ObjectKind, Op, Scope};
use crate::scan::reference::{self, Reference};
use crate::scan::session::Session;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;
use std::collections::BTreeSet;

/// Names that are kept of one definition. What needs more is said to be not read.
const MOST: usize = 4096;
/// INDEX_MAX_KEYS
const KEYS: usize = 32;

/// How the words of an expression are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// Columns of the same relation, with which the object goes.
    Keys,
    /// Columns that are dropped only with CASCADE.
    Columns,
    /// None is a column.
    Ignored,
}

/// The entries, each once and in the order of [`Entry`].
#[derive(Default)]
pub(super) struct Needs {
    entries: BTreeSet<Vec<u8>>,
    over: bool,
}

impl Needs {
    pub(super) fn add(&mut self, entry: Entry, texts: &[&[u8]]) {
        if self.entries.len() == MOST {
            self.over = true;
        } else if let Some(bytes) = entry.encode(texts) {
            self.entries.insert([&[entry as u8], bytes.as_slice()].concat());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn relation(&mut self, name: Name<'_>) {
        self.add(Entry::Relation, &[name.schema.unwrap_or_default(), name.name]);
    }

    pub(super) fn routine(&mut self, name: Name<'_>, arguments: usize) {
        self.add(Entry::Routine, &[name.schema.unwrap_or_default(), name.name, arguments.to_string().as_bytes()]);
    }

    pub(super) fn ty(&mut self, spelled: &str) {
        let base = spelled.trim_end_matches("[]");
        if !types::is_built_in(base) && !base.ends_with("%TYPE") {
            self.add(Entry::Type, &[base.as_bytes()]);
        }
    }

    pub(super) fn keys<'n>(&mut self, columns: impl IntoIterator<Item = &'n [u8]>) {
        columns.into_iter().for_each(|column| self.add(Entry::Key, &[column]));
    }

    /// The key that a foreign key refers to; without columns the primary key.
    pub(super) fn target(&mut self, table: Name<'_>, columns: &[&[u8]]) {
        let mut texts = vec![table.schema.unwrap_or_default(), table.name];
        texts.extend(columns.iter().take(KEYS));
        self.add(Entry::Target, &texts);
    }

    /// See [`Entry::Shape`]; one that is too long is like no other.
    pub(super) fn shape(&mut self, only: bool, tokens: &[&[u8]]) {
        let only = if only { b"only".as_slice() } else { b"" };
        let texts: Vec<&[u8]> = std::iter::once(only).chain(tokens.iter().copied()).collect();
        let texts = if Entry::Shape.encode(&texts).is_some() { &texts[..] } else { &texts[..1] };
        self.add(Entry::Shape, texts);
    }

    /// An expression; FROM in it is no clause.
    pub(super) fn expression(&mut self, cursor: Cursor<'_>, words: Words, session: &Session) {
        self.read(cursor, words, session, false);
    }

    /// A query, or an expression that may hold one.
    pub(super) fn query(&mut self, cursor: Cursor<'_>, session: &Session) {
        self.read(cursor, Words::Columns, session, true);
    }

    /// The same of a statement that a rule runs.
    pub(super) fn statement(&mut self, cursor: Cursor<'_>, session: &Session) {
        let taken = reference::read(cursor, session, &mut |used| self.take(&used, true));
        debug_assert!(taken.is_ok(), "nothing above fails");
        self.tokens(cursor, Words::Columns);
    }

    fn read(&mut self, cursor: Cursor<'_>, words: Words, session: &Session, relations: bool) {
        let taken = reference::read_expression(cursor, session, &mut |used| self.take(&used, relations));
        debug_assert!(taken.is_ok(), "nothing above fails");
        self.tokens(cursor, words);
    }

    fn take(&mut self, used: &Reference<'_>, relations: bool) -> Result<(), Full> {
        let schema = (used.key.scope == Scope::Named).then_some(used.key.schema);
        let name = Name { schema, name: used.key.name, line: used.line };
        if used.key.kind.is_routine() {
            self.routine(name, reference::arity_of(used.key.args).unwrap_or(0));
        } else if relations && used.key.kind == ObjectKind::Relation {
            self.relation(name);
        }
        Ok(())
    }

    /// Columns, `*`, and the types of casts.
    fn tokens(&mut self, mut cursor: Cursor<'_>, words: Words) {
        while let Some(item) = cursor.next_item() {
            match item.tok {
                Tok::Cast => {
                    let mut ahead = cursor;
                    self.take_type(&mut ahead);
                }
                Tok::Word if cursor.text(item) == b"cast" && cursor.is_punct(b'(') => {
                    let mut ahead = cursor;
                    if let Some(mut inside) = ahead.group()
                        && inside.find_word("as")
                    {
                        inside.skip(1);
                        self.take_type(&mut inside);
                    }
                }
                // what follows is the name of a result
                Tok::Word if cursor.text(item) == b"as" && !cursor.is_punct(b'(') => cursor.skip(1),
                Tok::Operator if cursor.text(item) == b"*" && words == Words::Columns => self.star(&cursor),
                Tok::Word | Tok::Quoted => {
                    let goes_on = cursor.is_punct(b'.') || cursor.is_punct(b'(');
                    if !goes_on && words != Words::Ignored {
                        let entry = if words == Words::Keys { Entry::Key } else { Entry::Column };
                        self.add(entry, &[cursor.text(item)]);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn take_type(&mut self, cursor: &mut Cursor<'_>) {
        if let Some(ty) = types::parse(cursor) {
            self.ty(&ty.spelled);
        }
    }

    /// `SELECT *` and `t.*`, behind the star.
    fn star(&mut self, cursor: &Cursor<'_>) {
        let Some(before) = cursor.behind(2) else { return };
        match before.tok {
            Tok::Punct(b'.') => {
                let name = cursor.behind(3).filter(|i| matches!(i.tok, Tok::Word | Tok::Quoted));
                self.add(Entry::All, &[name.map(|i| cursor.text(i)).unwrap_or_default()]);
            }
            Tok::Punct(b',') => self.add(Entry::All, &[b""]),
            Tok::Word if matches!(cursor.text(before), b"select" | b"all" | b"distinct") => {
                self.add(Entry::All, &[b""]);
            }
            _ => {}
        }
    }
}

impl Reader<'_, '_> {
    /// What the definition before this needs, which is `name` or a part of it.
    pub(super) fn emit_needs(&mut self, needs: &Needs, name: Name<'_>) -> Result<(), Full> {
        if name.schema == Some(b"pg_temp") {
            return Ok(());
        }
        if needs.over {
            let detail = [b"what ", name.name, b" needs, which is more than its first 4096 names"].concat();
            self.facts.fact(Fact::Diagnostic { code: Code::NotRead, detail: &detail, line: name.line })?;
        }
        if needs.entries.is_empty() {
            return Ok(());
        }
        let mut detail = NEEDS.to_vec();
        for entry in &needs.entries {
            // behind what they are sorted by
            let entry = &entry[1..];
            if detail.len() + entry.len() > DETAIL_BYTES {
                self.note_needs(&detail, name.line)?;
                detail.truncate(NEEDS.len());
            }
            detail.extend_from_slice(entry);
        }
        self.note_needs(&detail, name.line)
    }

    /// A note with the search path.
    pub(super) fn note_needs(&mut self, detail: &[u8], line: u32) -> Result<(), Full> {
        let path = &self.path;
        let key = Key { kind: ObjectKind::Relation, scope: Scope::Path, schema: path, name: b"", sub: b"", args: b"" };
        self.facts.fact(Fact::Definition { key, op: Op::Alter, detail, line })
    }

    /// A note about the object before it; `name` is the other one.
    pub(super) fn note(&mut self, kind: ObjectKind, name: Name<'_>, note: &[u8]) -> Result<(), Full> {
        self.emit(kind, name, Op::Alter, note)
    }
}
