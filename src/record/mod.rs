//! The fixed-size form of a finding, and the one block that holds them.

pub mod arena;
pub mod seal;
mod spelling;

pub use arena::{Arena, Text};
pub use seal::Seal;
pub use spelling::{spell, unspell};

use crate::error::Error;
use crate::scan::fact::{Aspect, Code, Fact, Flags, Key, ObjectKind, Op, Scope, Strength};

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tag {
    /// A definition event.
    Definition,
    /// A piece of evidence.
    Evidence,
    /// A diagnostic.
    Diagnostic,
    /// The end of an attempt.
    Seal,
    /// The end of a file that an attempt included.
    Include,
}

impl Tag {
    /// Every tag, in the order of a segment's blocks.
    pub const ALL: [Tag; 5] = [Tag::Definition, Tag::Evidence, Tag::Diagnostic, Tag::Seal, Tag::Include];

    /// The tag with this number.
    pub fn from_number(number: u8) -> Option<Tag> {
        Tag::ALL.get(usize::from(number)).copied()
    }
}

/// A record with its texts as `T`: numbers of interned names in the arena, bytes outside of it.
///
/// The fields mean, by tag: for definitions `a` is the op; for evidence `a` is the aspect, `b` the strength and, 4 bits up, the flags, `via` the
/// overload, `detail` how the statement runs; for diagnostics `a` is the code and `detail` what it concerns; a seal uses [`Seal`], an
/// included file [`seal::Include`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record<T> {
    /// What it is.
    pub tag: u8,
    /// Kind of the object.
    pub kind: u8,
    /// How the schema is to be understood.
    pub scope: u8,
    /// See above.
    pub a: u8,
    /// See above.
    pub b: u8,
    /// Number of the overload in the catalogue.
    pub via: u16,
    /// Object key: name; for sub-objects the relation's.
    pub name: T,
    /// Object key: schema or search path.
    pub schema: T,
    /// Object key: sub-object.
    pub sub: T,
    /// Object key: argument types.
    pub args: T,
    /// See above.
    pub detail: T,
    /// Ordinal of the attempt in its run.
    pub source: u32,
    /// 1-based line.
    pub line: u32,
    /// Ordinal of the record in its attempt.
    pub seq: u32,
}

impl<T> Record<T> {
    /// Its texts: name, schema, sub-object, arguments, detail.
    pub fn texts(&self) -> [&T; 5] {
        [&self.name, &self.schema, &self.sub, &self.args, &self.detail]
    }

    /// The same with these texts.
    pub fn with<U>(&self, [name, schema, sub, args, detail]: [U; 5]) -> Record<U> {
        let Record { tag, kind, scope, a, b, via, source, line, seq, .. } = *self;
        Record { tag, kind, scope, a, b, via, name, schema, sub, args, detail, source, line, seq }
    }
}

impl<'a> Record<&'a [u8]> {
    /// The record of a fact.
    pub fn of(fact: &Fact<'a>, source: u32, seq: u32) -> Self {
        let blank = |tag: Tag, line: u32| Record {
            tag: tag as u8,
            kind: 0,
            scope: 0,
            a: 0,
            b: 0,
            via: 0,
            name: &b""[..],
            schema: &b""[..],
            sub: &b""[..],
            args: &b""[..],
            detail: &b""[..],
            source,
            line,
            seq,
        };
        let keyed = |tag: Tag, key: &Key<'a>, line: u32| Record {
            kind: key.kind as u8,
            scope: key.scope as u8,
            name: key.name,
            schema: key.schema,
            sub: key.sub,
            args: key.args,
            ..blank(tag, line)
        };
        match fact {
            Fact::Evidence { key, via, aspect, strength, line, flags, circumstance } => Record {
                a: aspect.0,
                b: *strength as u8 | flags.0 << 4,
                via: *via,
                detail: circumstance,
                ..keyed(Tag::Evidence, key, *line)
            },
            Fact::Definition { key, op, detail, line } => {
                Record { a: *op as u8, detail, ..keyed(Tag::Definition, key, *line) }
            }
            Fact::Diagnostic { code, detail, line } => {
                Record { a: *code as u8, detail, ..blank(Tag::Diagnostic, *line) }
            }
        }
    }
}

/// A record as it is read back, its texts owned.
pub type OwnedRecord = Record<Vec<u8>>;

impl OwnedRecord {
    /// Becomes equal to `from`; its texts keep their room.
    pub fn copy(&mut self, from: &OwnedRecord) {
        let Record { name, schema, sub, args, detail, .. } = self;
        let mut texts = [name, schema, sub, args, detail].map(std::mem::take);
        texts.iter_mut().zip(from.texts()).for_each(|(own, text)| own.clone_from(text));
        *self = from.with(texts);
    }

    /// The same without texts of its own.
    pub fn borrowed(&self) -> Record<&[u8]> {
        self.with(self.texts().map(Vec::as_slice))
    }

    /// The kind of its key.
    ///
    /// # Errors
    /// `CORRUPT` for a number that no version knows.
    pub fn object_kind(&self) -> Result<ObjectKind, Error> {
        ObjectKind::from_number(self.kind).ok_or_else(|| unknown("kind", self.kind))
    }

    /// The scope of its key.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn object_scope(&self) -> Result<Scope, Error> {
        Scope::from_number(self.scope).ok_or_else(|| unknown("scope", self.scope))
    }

    /// The op of a definition.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn op(&self) -> Result<Op, Error> {
        Op::from_number(self.a).ok_or_else(|| unknown("op", self.a))
    }

    /// The aspect of evidence.
    pub fn aspect(&self) -> Aspect {
        Aspect(self.a)
    }

    /// The strength of evidence.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn strength(&self) -> Result<Strength, Error> {
        Strength::from_number(self.b & 0x0F).ok_or_else(|| unknown("strength", self.b))
    }

    /// Why evidence does not count.
    pub fn flags(&self) -> Flags {
        Flags(self.b >> 4 & Flags::ALL.0)
    }

    /// The code of a diagnostic.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn code(&self) -> Result<Code, Error> {
        Code::from_number(self.a).ok_or_else(|| unknown("diagnostic code", self.a))
    }
}

fn unknown(what: &str, number: u8) -> Error {
    Error::new(crate::error::Code::Corrupt, format!("a record has the {what} {number}, which does not exist"))
}
