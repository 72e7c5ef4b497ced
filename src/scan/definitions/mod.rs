//! Definitions in a statement: what it creates, renames, moves and drops, as PostgreSQL's grammar reads it.
//!
//! Names are resolved and implicit names chosen by the catalog floor, which knows what exists; here an implicit name is
//! an event [`Op::CreateNamed`] with its parts.

mod alter;
mod args;
pub mod assumption;
mod body;
mod constraint;
mod create;
mod figure;
mod index;
mod needs;
pub mod note;
mod operator;
mod outputs;
mod table;

use super::fact::{Code, Fact, Facts, Full, Key, ObjectKind, Op, Scope};
use super::session::Session;
use crate::limits::{ARGS_BYTES, DETAIL_BYTES, NAME_BYTES, SEARCH_PATH_SCHEMAS};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::types;
use constraint::Keys;

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A script of the schema.
    Schema,
    /// A branch of a DO block: an object that exists already is no error.
    Branch,
    /// A test: what it makes is no part of the schema, so that nobody misses what is not read of it.
    Test,
}

/// Emits the definition events of the statement at `cursor`. Linear in its tokens.
///
/// # Errors
/// [`Full`] as soon as a fact finds no room; the call is simply made again.
pub fn read(mut cursor: Cursor<'_>, session: &Session, origin: Origin, facts: &mut dyn Facts) -> Result<(), Full> {
    let statement = cursor;
    let path = session.search_path().to_vec();
    let mut reader = Reader { session, path, origin, keys: Keys::default(), only: false, facts };
    if cursor.take_word("create") {
        reader.create(&mut cursor)
    } else if cursor.take_word("alter") {
        reader.alter(&mut cursor)
    } else if cursor.take_word("drop") {
        reader.drop(&mut cursor)
    } else if (cursor.is_word("select") || cursor.is_word("with")) && cursor.find_word("into") && !is_insert(&cursor) {
        cursor.skip(1);
        reader.select_into(statement, &mut cursor)
    } else if cursor.take_words(&["import", "foreign", "schema"]) {
        reader.unread("IMPORT FOREIGN SCHEMA", cursor.line())
    } else if cursor.take_word("grant") {
        reader.grant(&mut cursor, Op::Create)
    } else if cursor.take_word("revoke") {
        reader.grant(&mut cursor, Op::Drop)
    } else {
        reader.transaction(&mut cursor)
    }
}

/// INTO belongs to INSERT or MERGE.
pub(super) fn is_insert(cursor: &Cursor<'_>) -> bool {
    cursor.behind(1).is_some_and(|item| matches!(cursor.text(item), b"insert" | b"merge"))
}

struct Reader<'s, 'f> {
    session: &'s Session,
    /// The search path, NUL-joined; in CREATE SCHEMA that schema comes first.
    path: Vec<u8>,
    origin: Origin,
    keys: Keys,
    /// ALTER TABLE ONLY
    only: bool,
    facts: &'f mut dyn Facts,
}

impl Reader<'_, '_> {
    /// Puts a schema in front of the search path.
    pub(super) fn enter(&mut self, schema: &[u8]) {
        let rest = std::mem::take(&mut self.path);
        let schemas = std::iter::once(schema).chain(rest.split(|b| *b == 0).filter(|s| !s.is_empty()));
        self.path = schemas.take(SEARCH_PATH_SCHEMAS).collect::<Vec<_>>().join(&0);
    }

    /// BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE: definitions follow them as rows do.
    fn transaction(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let line = cursor.line();
        let (note, to) = if cursor.take_word("begin") || cursor.take_words(&["start", "transaction"]) {
            (note::BEGIN, false)
        } else if cursor.take_word("commit") || cursor.take_word("end") {
            (note::COMMIT, false)
        } else if cursor.take_word("rollback") || cursor.take_word("abort") {
            cursor.take_one_of(&["work", "transaction"]);
            (note::ROLLBACK, cursor.take_word("to"))
        } else if cursor.take_word("savepoint") {
            (note::SAVEPOINT, true)
        } else if cursor.take_word("release") {
            (note::RELEASE, true)
        } else {
            return Ok(());
        };
        // COMMIT PREPARED and its like speak of another transaction
        if cursor.is_word("prepared") {
            return Ok(());
        }
        if to {
            cursor.take_word("savepoint");
        }
        let name = cursor.name().filter(|_| to).unwrap_or_default();
        let detail = [note, &name[..name.len().min(NAME_BYTES)]].concat();
        let key = Key { kind: ObjectKind::Schema, scope: Scope::Named, schema: b"", name: b"", sub: b"", args: b"" };
        self.facts.fact(Fact::Definition { key, op: Op::Alter, detail: &detail, line })
    }

    /// An object outside of schemas.
    pub(super) fn emit_global(&mut self, kind: ObjectKind, name: Name<'_>, op: Op) -> Result<(), Full> {
        let key = Key { kind, scope: Scope::Named, schema: b"", name: name.name, sub: b"", args: b"" };
        let op = self.soften(op);
        self.facts.fact(Fact::Definition { key, op, detail: b"", line: name.line })
    }

    pub(super) fn emit(&mut self, kind: ObjectKind, name: Name<'_>, op: Op, detail: &[u8]) -> Result<(), Full> {
        self.emit_key(kind, name, b"", b"", op, detail, name.line)
    }

    pub(super) fn emit_sub(
        &mut self,
        kind: ObjectKind,
        of: Name<'_>,
        sub: Name<'_>,
        op: Op,
        detail: &[u8],
    ) -> Result<(), Full> {
        self.emit_key(kind, of, sub.name, b"", op, detail, sub.line)
    }

    #[allow(clippy::too_many_arguments)] // the fields of one event
    pub(super) fn emit_key(
        &mut self,
        kind: ObjectKind,
        name: Name<'_>,
        sub: &[u8],
        args: &[u8],
        op: Op,
        detail: &[u8],
        line: u32,
    ) -> Result<(), Full> {
        if name.schema == Some(b"pg_temp") {
            return Ok(());
        }
        let is_user_type = |ty: &str| ty != "*" && !types::is_built_in(ty.trim_end_matches("[]"));
        if name.schema.is_some()
            && (kind.is_routine() || kind == ObjectKind::Operator)
            && String::from_utf8_lossy(args).split(", ").any(is_user_type)
        {
            self.note_needs(note::PATH, line)?;
        }
        let op = self.soften(op);
        let (scope, schema) = match name.schema {
            Some(schema) => (Scope::Named, schema),
            None => (Scope::Path, self.path.as_slice()),
        };
        if args.len() > ARGS_BYTES || detail.len() > DETAIL_BYTES {
            return self.facts.fact(Fact::Diagnostic { code: Code::OverLimit, detail: name.name, line });
        }
        self.facts.fact(Fact::Definition {
            key: Key { kind, scope, schema, name: name.name, sub, args },
            op,
            detail,
            line,
        })
    }

    pub(super) fn soften(&self, op: Op) -> Op {
        if self.origin == Origin::Branch && op == Op::Create { Op::CreateIfMissing } else { op }
    }

    pub(super) fn unread(&mut self, what: &str, line: u32) -> Result<(), Full> {
        if self.origin == Origin::Test {
            return Ok(());
        }
        self.facts.fact(Fact::Diagnostic { code: Code::NotRead, detail: what.as_bytes(), line })
    }
}

/// The last word is CASCADE.
fn cascades(cursor: &Cursor<'_>) -> bool {
    cursor.len().checked_sub(1).is_some_and(|last| cursor.is_word_at(last, "cascade"))
}

/// The kind that ALTER and DROP name.
fn kind(cursor: &mut Cursor<'_>) -> Option<ObjectKind> {
    const WORDS: [(&[&str], ObjectKind); 29] = [
        (&["materialized", "view"], ObjectKind::MaterializedView),
        (&["foreign", "table"], ObjectKind::ForeignTable),
        (&["foreign", "data", "wrapper"], ObjectKind::ForeignDataWrapper),
        (&["event", "trigger"], ObjectKind::EventTrigger),
        (&["table"], ObjectKind::Table),
        (&["view"], ObjectKind::View),
        (&["sequence"], ObjectKind::Sequence),
        (&["index"], ObjectKind::Index),
        (&["function"], ObjectKind::Function),
        (&["procedure"], ObjectKind::Procedure),
        (&["routine"], ObjectKind::Routine),
        (&["aggregate"], ObjectKind::Aggregate),
        (&["trigger"], ObjectKind::Trigger),
        (&["policy"], ObjectKind::Policy),
        (&["rule"], ObjectKind::Rule),
        (&["type"], ObjectKind::Type),
        (&["domain"], ObjectKind::Domain),
        (&["schema"], ObjectKind::Schema),
        (&["extension"], ObjectKind::Extension),
        (&["publication"], ObjectKind::Publication),
        (&["server"], ObjectKind::ForeignServer),
        (&["role"], ObjectKind::Role),
        (&["user"], ObjectKind::Role),
        (&["group"], ObjectKind::Role),
        (&["language"], ObjectKind::Language),
        (&["procedural", "language"], ObjectKind::Language),
        (&["operator", "class"], ObjectKind::OperatorClass),
        (&["operator"], ObjectKind::Operator),
        (&["cast"], ObjectKind::Cast),
    ];
    WORDS.iter().find(|(words, _)| cursor.take_words(words)).map(|(_, kind)| *kind)
}

fn is_global(kind: ObjectKind) -> bool {
    use ObjectKind::{EventTrigger, ForeignDataWrapper, ForeignServer, Language, Publication, Role, Schema};
    matches!(kind, Schema | EventTrigger | Publication | ForeignServer | ForeignDataWrapper | Role | Language)
}
