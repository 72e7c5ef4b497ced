//! CREATE TABLE: columns, constraints, and the names of those that have none.

use super::{Origin, Reader};
use crate::scan::fact::{Full, GUARDED, ObjectKind, Op, PARTITION, WORDS};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

/// The detail of a partition of this table.
pub(super) fn partition_detail(parent: Name<'_>) -> Vec<u8> {
    [PARTITION, parent.schema.unwrap_or_default(), b"\0", parent.name].concat()
}

/// What of an element is emitted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    Columns,
    Constraints,
    /// ADD COLUMN
    Both,
    /// ADD COLUMN IF NOT EXISTS
    ColumnIfMissing,
}

/// A table constraint.
struct Constraint<'a> {
    /// None for what is no object of its own.
    kind: Option<ObjectKind>,
    given: Option<&'a [u8]>,
    columns: Vec<&'a [u8]>,
    label: &'static str,
    /// USING INDEX
    index: Option<&'a [u8]>,
    line: u32,
}

/// `CONSTRAINT name …`, `PRIMARY KEY (…)` and so on; none where a column definition stands.
fn table_constraint(mut ahead: Cursor<'_>) -> Option<Constraint<'_>> {
    let line = ahead.line();
    let mut given = None;
    if ahead.is_word("constraint") && ahead.peek().is_some_and(|i| i.tok == Tok::Word) {
        ahead.skip(1);
        given = ahead.name();
    }
    let first_two = |a: &str, b: &str| ahead.is_word(a) && ahead.is_word_at(1, b);
    let then_group = |n: usize| ahead.ahead(n).is_some_and(|i| i.tok == Tok::Punct(b'('));
    let (kind, label) = if first_two("primary", "key") {
        ahead.skip(2);
        (ObjectKind::PrimaryKey, "pkey")
    } else if first_two("foreign", "key") {
        ahead.skip(2);
        (ObjectKind::ForeignKey, "fkey")
    } else if ahead.is_word("unique") && (then_group(1) || ahead.is_word_at(1, "using") || ahead.is_word_at(1, "nulls"))
    {
        ahead.skip(1);
        (ObjectKind::UniqueConstraint, "key")
    } else if ahead.is_word("check") && then_group(1) {
        ahead.skip(1);
        (ObjectKind::CheckConstraint, "check")
    } else if ahead.is_word("exclude") && (then_group(1) || ahead.is_word_at(1, "using")) {
        ahead.skip(1);
        (ObjectKind::ExclusionConstraint, "excl")
    } else if ahead.is_word("not") && (given.is_some() || ahead.is_word_at(1, "null")) {
        // a NOT NULL constraint (PostgreSQL 18 names them) is no object of its own here
        return Some(Constraint { kind: None, given, columns: Vec::new(), label: "", index: None, line });
    } else {
        return None;
    };
    let mut index = None;
    if ahead.take_words(&["using", "index"]) && kind != ObjectKind::ExclusionConstraint {
        index = ahead.name();
    }
    while index.is_none() && !ahead.is_empty() && !ahead.is_punct(b'(') {
        ahead.skip(1);
    }
    let inside = ahead.group();
    let mut columns: Vec<&[u8]> = match (inside, kind) {
        (Some(inside), ObjectKind::CheckConstraint) => check_words(inside),
        (Some(inside), _) => inside.split(b',').filter_map(|mut part| part.name()).collect(),
        (None, _) => Vec::new(),
    };
    if ahead.take_word("include")
        && let Some(included) = ahead.group()
    {
        columns.extend(included.split(b',').filter_map(|mut part| part.name()));
    }
    Some(Constraint { kind: Some(kind), given, columns, label, index, line })
}

impl Reader<'_, '_> {
    pub(super) fn create_table(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let partition = cursor.take_words(&["partition", "of"]);
        let parent = if partition { cursor.qualified() } else { None };
        let body = if cursor.is_punct(b'(') { cursor.group() } else { None };
        let is_query = cursor.is_word("as");
        let mut rest = *cursor;
        let partitioned = rest.find_word("partition") && rest.is_word_at(1, "by");
        let kind = if partitioned { ObjectKind::PartitionedTable } else { kind };
        let mut detail = parent.map(partition_detail).unwrap_or_default();
        let body = body.filter(|_| !is_query && parent.is_none());
        let guarded = (op == Op::CreateIfMissing || self.origin == Origin::Branch) && body.is_some();
        if guarded {
            detail = GUARDED.to_vec();
        }
        self.emit(kind, name, op, &detail)?;
        if let Some(body) = body {
            // columns first: the names of constraints depend on them (`transformCreateStmt`)
            for pass in [Pass::Columns, Pass::Constraints] {
                for element in body.split(b',') {
                    self.table_element(element, name, pass)?;
                }
            }
        }
        if guarded {
            self.emit(kind, name, Op::Alter, b"")?;
        }
        let mut rest = *cursor;
        if rest.find_word("inherits") {
            self.unread("columns that INHERITS adds", name.line)?;
        }
        if is_query {
            self.unread("columns of CREATE TABLE AS", name.line)?;
        }
        Ok(())
    }

    pub(super) fn table_element(&mut self, mut element: Cursor<'_>, table: Name<'_>, pass: Pass) -> Result<(), Full> {
        let line = element.line();
        if element.take_word("like") {
            return if pass == Pass::Columns { self.unread("columns that LIKE adds", line) } else { Ok(()) };
        }
        if let Some(constraint) = table_constraint(element) {
            return if pass == Pass::Constraints { self.emit_constraint(&constraint, table) } else { Ok(()) };
        }
        let Some(column) = element.name() else { return Ok(()) };
        self.column(element, table, Name { schema: None, name: column, line }, pass)
    }

    /// A constraint of the table, if one stands here.
    pub(super) fn table_constraint(&mut self, element: Cursor<'_>, table: Name<'_>) -> Result<bool, Full> {
        match table_constraint(element) {
            Some(constraint) => self.emit_constraint(&constraint, table).map(|()| true),
            None => Ok(false),
        }
    }

    fn emit_constraint(&mut self, constraint: &Constraint<'_>, table: Name<'_>) -> Result<(), Full> {
        let Constraint { kind, given, columns, label, index, line } = constraint;
        let Some(kind) = *kind else { return Ok(()) };
        if let Some(index) = *index {
            // the index takes the constraint's name
            let name = given.unwrap_or(index);
            if name != index {
                self.emit_key(ObjectKind::Index, table, index, b"", Op::Rename, name, *line)?;
            }
            return self.emit_sub(kind, table, Name { schema: None, name, line: *line }, Op::Create, b"");
        }
        self.constraint(kind, table, *given, columns, label, *line)
    }

    pub(super) fn constraint(
        &mut self,
        kind: ObjectKind,
        table: Name<'_>,
        given: Option<&[u8]>,
        columns: &[&[u8]],
        label: &str,
        line: u32,
    ) -> Result<(), Full> {
        match given {
            Some(name) => self.emit_sub(kind, table, Name { schema: None, name, line }, Op::Create, b""),
            None => {
                let detail = match kind {
                    ObjectKind::PrimaryKey => implicit_name(&[], label),
                    ObjectKind::CheckConstraint => words(columns, label),
                    _ => implicit_name(columns, label),
                };
                self.emit_key(kind, table, b"", b"", Op::CreateNamed, &detail, line)
            }
        }
    }

    /// A column definition behind its name.
    pub(super) fn column(
        &mut self,
        mut rest: Cursor<'_>,
        table: Name<'_>,
        column: Name<'_>,
        pass: Pass,
    ) -> Result<(), Full> {
        let Some(ty) = types::parse(&mut rest) else { return Ok(()) };
        let columns = matches!(pass, Pass::Columns | Pass::ColumnIfMissing | Pass::Both);
        let constraints = matches!(pass, Pass::Constraints | Pass::ColumnIfMissing | Pass::Both);
        if columns {
            let op = if pass == Pass::ColumnIfMissing { Op::CreateIfMissing } else { Op::Create };
            let guard = if pass == Pass::ColumnIfMissing { GUARDED } else { b"" };
            self.emit_sub(ObjectKind::Column, table, column, op, &[guard, ty.spelled.as_bytes()].concat())?;
            if ty.serial {
                self.owned_sequence(table, column)?;
            }
        }
        let mut given = None;
        while let Some(item) = rest.peek() {
            let line = item.line;
            if rest.take_word("constraint") {
                given = rest.name();
                continue;
            }
            let one = [column.name];
            let (kind, label) = if rest.take_words(&["primary", "key"]) {
                (ObjectKind::PrimaryKey, "pkey")
            } else if rest.take_word("unique") {
                (ObjectKind::UniqueConstraint, "key")
            } else if rest.take_word("references") {
                rest.qualified();
                rest.group();
                (ObjectKind::ForeignKey, "fkey")
            } else if rest.take_word("check") {
                let columns = rest.group().map(check_words).unwrap_or_default();
                if constraints {
                    self.constraint(ObjectKind::CheckConstraint, table, given.take(), &columns, "check", line)?;
                }
                continue;
            } else {
                if rest.take_words(&["as", "identity"]) {
                    if columns {
                        self.owned_sequence(table, column)?;
                    }
                } else if rest.group().is_none() {
                    rest.skip(1);
                }
                continue;
            };
            if constraints {
                self.constraint(kind, table, given.take(), &one, label, line)?;
            }
        }
        if pass == Pass::ColumnIfMissing {
            self.emit_sub(ObjectKind::Column, table, column, Op::Alter, b"")?;
        }
        Ok(())
    }

    pub(super) fn owned_sequence(&mut self, table: Name<'_>, column: Name<'_>) -> Result<(), Full> {
        let detail = implicit_name(&[column.name], "seq");
        self.emit_key(ObjectKind::Sequence, table, b"", b"", Op::CreateNamed, &detail, column.line)
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
