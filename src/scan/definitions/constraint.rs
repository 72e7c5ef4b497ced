//! Constraints: what stands behind CONSTRAINT, the names of those that have none, and keys that are written twice.

use super::Reader;
use super::index::{index_column, numbered};
use super::needs::{Needs, Words};
use crate::limits::to_u32;
use crate::scan::fact::{Full, ObjectKind, Op, WORDS};
use crate::sql::cursor::{Cursor, Name, parts};
use crate::sql::statement::Tok;
use std::collections::HashMap;

/// A constraint of a table, or of a column.
pub(super) struct Constraint<'a> {
    /// None for what is no object of its own.
    pub(super) kind: Option<ObjectKind>,
    pub(super) given: Option<&'a [u8]>,
    /// Columns of a key, in order; of a CHECK, the words that may be columns.
    pub(super) columns: Vec<&'a [u8]>,
    /// INCLUDE
    included: Vec<&'a [u8]>,
    /// USING INDEX
    pub(super) index: Option<&'a [u8]>,
    /// The table that a foreign key refers to, and the columns, if written.
    target: Option<(Name<'a>, Vec<&'a [u8]>)>,
    /// An expression, or several.
    expression: Option<Cursor<'a>>,
    /// WHERE of an exclusion constraint.
    condition: Option<Cursor<'a>>,
    /// NULLS NOT DISTINCT, DEFERRABLE, INITIALLY DEFERRED
    modes: u8,
    /// NO INHERIT
    only: bool,
    line: u32,
}

impl<'a> Constraint<'a> {
    pub(super) fn new(kind: Option<ObjectKind>, given: Option<&'a [u8]>, line: u32) -> Self {
        let (columns, included) = (Vec::new(), Vec::new());
        Constraint {
            kind,
            given,
            columns,
            included,
            index: None,
            target: None,
            expression: None,
            condition: None,
            modes: 0,
            only: false,
            line,
        }
    }

    /// What tells one key of a table from another (`transformIndexConstraints`).
    fn signature(&self) -> Vec<u8> {
        let expressions = texts([self.expression, self.condition]).join(&0);
        [&self.columns.join(&0), &self.included.join(&0), &expressions, &[self.modes][..]].join(&b"\0\0"[..])
    }

    /// The same for [`Entry::Shape`](super::note::Entry): an index may serve it that is written like this.
    fn shape(&self) -> Vec<&'a [u8]> {
        let list = |columns: &[&'a [u8]]| {
            let mut list = Vec::new();
            for name in columns {
                list.extend([if list.is_empty() { b"(".as_slice() } else { b"," }, *name]);
            }
            list.push(b")".as_slice());
            list
        };
        match (self.kind, self.expression) {
            (Some(ObjectKind::ExclusionConstraint), Some(_)) => texts([self.expression, self.condition]),
            (Some(ObjectKind::CheckConstraint), _) => Vec::new(),
            (Some(ObjectKind::ForeignKey), _) => list(&self.columns),
            _ => {
                let mut shape = vec![b"unique".as_slice()];
                shape.extend(list(&self.columns));
                if !self.included.is_empty() {
                    shape.push(b"include");
                    shape.extend(list(&self.included));
                }
                if self.modes & 1 != 0 {
                    shape.extend([b"nulls".as_slice(), b"not", b"distinct"]);
                }
                shape
            }
        }
    }

    fn is_key(&self) -> bool {
        use ObjectKind::{ExclusionConstraint, PrimaryKey, UniqueConstraint};
        matches!(self.kind, Some(PrimaryKey | UniqueConstraint | ExclusionConstraint)) && self.index.is_none()
    }

    /// REFERENCES table (columns)
    pub(super) fn references(&mut self, cursor: &mut Cursor<'a>) {
        let Some(table) = cursor.qualified() else { return };
        self.target = Some((table, cursor.group().map(names).unwrap_or_default()));
    }

    /// CHECK (expression)
    pub(super) fn check(&mut self, inside: Cursor<'a>) {
        self.columns = check_words(inside);
        self.expression = Some(inside);
    }

    /// NULLS NOT DISTINCT
    pub(super) fn nulls(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.take_words(&["nulls", "not", "distinct"]) {
            self.modes |= 1;
        }
    }

    /// DEFERRABLE and so on, which may stand behind a constraint.
    pub(super) fn take_modes(&mut self, cursor: Cursor<'a>) {
        let mut rest = cursor;
        loop {
            if rest.take_word("deferrable") {
                self.modes |= 2;
            } else if rest.take_words(&["initially", "deferred"]) {
                self.modes |= 6;
            } else if rest.take_words(&["no", "inherit"]) {
                self.only = true;
            } else if !rest.take_words(&["not", "deferrable"]) && !rest.take_words(&["initially", "immediate"]) {
                return;
            }
        }
    }
}

/// The keys of one CREATE TABLE, where a key that is written twice is made once: the primary key, or the first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    by_signature: HashMap<Vec<u8>, u32>,
    keys: Vec<Key>,
}

#[derive(Debug, Default)]
struct Key {
    name: Option<Vec<u8>>,
    is_primary: bool,
    is_made: bool,
}

impl Keys {
    /// Notes a key before any is made.
    pub(super) fn plan(&mut self, constraint: &Constraint<'_>) {
        if !constraint.is_key() {
            return;
        }
        let is_primary = constraint.kind == Some(ObjectKind::PrimaryKey);
        let at = *self.by_signature.entry(constraint.signature()).or_insert(to_u32(self.keys.len())) as usize;
        if at == self.keys.len() {
            self.keys.push(Key::default());
        }
        let key = &mut self.keys[at];
        if key.name.is_none() || is_primary && constraint.given.is_some() {
            key.name = constraint.given.map(<[u8]>::to_vec);
        }
        key.is_primary |= is_primary;
    }

    /// Whether this key is to be made, and its name if one of its like has one.
    fn make(&mut self, constraint: &Constraint<'_>) -> Option<Option<Vec<u8>>> {
        let given = || constraint.given.map(<[u8]>::to_vec);
        if !constraint.is_key() {
            return Some(given());
        }
        let at = self.by_signature.get(&constraint.signature()).copied();
        let Some(key) = at.and_then(|at| self.keys.get_mut(at as usize)) else { return Some(given()) };
        let is_it = constraint.kind == Some(ObjectKind::PrimaryKey) || !key.is_primary;
        (is_it && !std::mem::replace(&mut key.is_made, true)).then(|| key.name.clone())
    }
}

/// `CONSTRAINT name …`, `PRIMARY KEY (…)` and so on; none where a column definition stands.
pub(super) fn table_constraint(mut ahead: Cursor<'_>) -> Option<Constraint<'_>> {
    let line = ahead.line();
    let mut given = None;
    if ahead.is_word("constraint") && ahead.peek().is_some_and(|i| i.tok == Tok::Word) {
        ahead.skip(1);
        given = ahead.name();
    }
    let first_two = |a: &str, b: &str| ahead.is_word(a) && ahead.is_word_at(1, b);
    let then_group = |n: usize| ahead.ahead(n).is_some_and(|i| i.tok == Tok::Punct(b'('));
    let kind = if first_two("primary", "key") {
        ahead.skip(2);
        ObjectKind::PrimaryKey
    } else if first_two("foreign", "key") {
        ahead.skip(2);
        ObjectKind::ForeignKey
    } else if ahead.is_word("unique") && (then_group(1) || ahead.is_word_at(1, "using") || ahead.is_word_at(1, "nulls"))
    {
        ahead.skip(1);
        ObjectKind::UniqueConstraint
    } else if ahead.is_word("check") && then_group(1) {
        ahead.skip(1);
        ObjectKind::CheckConstraint
    } else if ahead.is_word("exclude") && (then_group(1) || ahead.is_word_at(1, "using")) {
        ahead.skip(1);
        ObjectKind::ExclusionConstraint
    } else if ahead.is_word("not") && (given.is_some() || ahead.is_word_at(1, "null")) {
        // a NOT NULL constraint (PostgreSQL 18 names them) is no object of its own here
        return Some(Constraint::new(None, given, line));
    } else {
        return None;
    };
    let mut constraint = Constraint::new(Some(kind), given, line);
    if ahead.take_words(&["using", "index"]) && kind != ObjectKind::ExclusionConstraint {
        constraint.index = ahead.name();
        return Some(constraint);
    }
    constraint.nulls(&mut ahead);
    while !ahead.is_empty() && !ahead.is_punct(b'(') {
        ahead.skip(1);
    }
    let Some(inside) = ahead.group() else { return Some(constraint) };
    match kind {
        ObjectKind::CheckConstraint => constraint.check(inside),
        ObjectKind::ExclusionConstraint => constraint.expression = Some(inside),
        _ => constraint.columns = names(inside),
    }
    if ahead.take_word("include") {
        constraint.included = ahead.group().map(names).unwrap_or_default();
    }
    if kind == ObjectKind::ExclusionConstraint && ahead.take_word("where") {
        constraint.condition = ahead.group();
    }
    if ahead.take_word("references") {
        constraint.references(&mut ahead);
    }
    constraint.take_modes(ahead);
    Some(constraint)
}

/// The texts of the tokens of both.
fn texts(parts: [Option<Cursor<'_>>; 2]) -> Vec<&[u8]> {
    let mut texts = Vec::new();
    for part in parts.into_iter().flatten() {
        texts.extend(part.texts());
    }
    texts
}

fn names(list: Cursor<'_>) -> Vec<&[u8]> {
    list.split(b',').filter_map(|mut part| part.name()).collect()
}

impl Reader<'_, '_> {
    pub(super) fn constraint(&mut self, constraint: &Constraint<'_>, table: Name<'_>) -> Result<(), Full> {
        let Constraint { kind, given, columns, included, index, target, expression, line, .. } = constraint;
        let (Some(kind), line) = (*kind, *line) else { return Ok(()) };
        if let Some(index) = *index {
            // the index takes the constraint's name
            let name = given.unwrap_or(index);
            if name != index {
                self.emit_key(ObjectKind::Index, table, index, b"", Op::Rename, name, line)?;
            }
            return self.emit_sub(kind, table, Name { schema: None, name, line }, Op::Create, b"");
        }
        let Some(given) = self.keys.make(constraint) else { return Ok(()) };
        let named: Vec<&[u8]> = columns.iter().chain(included).copied().collect();
        let label = |label| {
            let mut names: Vec<Vec<u8>> = parts(*expression).iter().map(|part| index_column(*part)).collect();
            names.extend(named.iter().map(|name| name.to_vec()));
            let names = numbered(names);
            implicit_name(&names.iter().map(Vec::as_slice).collect::<Vec<_>>(), label)
        };
        let detail = match kind {
            ObjectKind::PrimaryKey => implicit_name(&[], "pkey"),
            ObjectKind::UniqueConstraint => label("key"),
            ObjectKind::ForeignKey => implicit_name(columns, "fkey"),
            ObjectKind::ExclusionConstraint => label("excl"),
            ObjectKind::DomainConstraint => implicit_name(&[], "check"),
            _ => words(columns, "check"),
        };
        let op = if given.is_some() { Op::Create } else { Op::CreateNamed };
        self.emit_key(kind, table, given.as_deref().unwrap_or_default(), b"", op, &detail, line)?;
        let mut needs = Needs::default();
        if let Some(expression) = *expression {
            let of_domain = kind == ObjectKind::DomainConstraint;
            let words = if of_domain { Words::Ignored } else { Words::Keys };
            for expression in [Some(expression), constraint.condition].into_iter().flatten() {
                needs.expression(expression, words, self.session);
            }
        } else {
            needs.keys(named);
        }
        if let Some((table, columns)) = target {
            needs.relation(*table);
            needs.target(*table, columns);
        }
        if kind != ObjectKind::DomainConstraint {
            // a CHECK that is added to ONLY a table finds no children there, and goes to later ones
            let only = constraint.only || self.only && kind != ObjectKind::CheckConstraint;
            needs.shape(only, &constraint.shape());
        }
        self.emit_needs(&needs, Name { line, ..table })
    }
}

/// The parts of a name that PostgreSQL makes (`ChooseRelationName`, `ChooseConstraintName`): columns and label.
pub(super) fn implicit_name(columns: &[&[u8]], label: &str) -> Vec<u8> {
    let mut detail = columns.join(&b'_');
    detail.truncate(crate::limits::NAME_BYTES);
    detail.push(0);
    detail.extend_from_slice(label.as_bytes());
    detail
}

/// The same of a CHECK constraint, whose columns are among the words of its expression.
fn words(words: &[&[u8]], label: &str) -> Vec<u8> {
    let mut detail = words.join(&WORDS);
    detail.push(0);
    detail.extend_from_slice(label.as_bytes());
    detail
}

/// Words of a CHECK expression that may be columns, each once. More than a few hold two columns at least.
fn check_words(mut inside: Cursor<'_>) -> Vec<&[u8]> {
    const MOST: usize = 32;
    let mut found: Vec<&[u8]> = Vec::new();
    while let Some(item) = inside.next_item() {
        let is_name = matches!(item.tok, Tok::Word | Tok::Quoted);
        // f(…), a.b, date '…'
        let goes_on = inside.is_punct(b'(')
            || inside.is_punct(b'.')
            || inside.peek().is_some_and(|next| next.tok == Tok::String && item.tok == Tok::Word);
        let is_type = inside.behind(2).is_some_and(|before| before.tok == Tok::Cast);
        if is_name && !goes_on && !is_type && found.len() < MOST && !found.contains(&inside.text(item)) {
            found.push(inside.text(item));
        }
    }
    found
}
