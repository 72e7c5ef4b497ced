//! CREATE TABLE: columns, constraints, and the names of those that have none.

use super::Reader;
use crate::scan::fact::{Full, ObjectKind, Op};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

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
        let mut detail = Vec::new();
        if let Some(parent) = parent {
            detail.extend_from_slice(b"partition\0");
            detail.extend_from_slice(parent.schema.unwrap_or_default());
            detail.push(0);
            detail.extend_from_slice(parent.name);
        }
        self.emit(kind, name, op, &detail)?;
        // what a table that exists already would get is not added to it
        let guarded = op == Op::CreateIfMissing;
        let target = name;
        if let Some(body) = body.filter(|_| !is_query && parent.is_none()) {
            for element in body.split(b',') {
                self.table_element(element, target, guarded)?;
            }
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

    pub(super) fn table_element(
        &mut self,
        mut element: Cursor<'_>,
        table: Name<'_>,
        guarded: bool,
    ) -> Result<(), Full> {
        let op = if guarded { Op::CreateIfMissing } else { Op::Create };
        let line = element.line();
        if element.take_word("like") {
            return self.unread("columns that LIKE adds", line);
        }
        if self.table_constraint(&mut element, table)? {
            return Ok(());
        }
        let Some(column) = element.name() else { return Ok(()) };
        self.column(element, table, Name { schema: None, name: column, line }, op)
    }

    /// `CONSTRAINT name …`, `PRIMARY KEY (…)` and so on; false where a column definition stands.
    pub(super) fn table_constraint(&mut self, element: &mut Cursor<'_>, table: Name<'_>) -> Result<bool, Full> {
        let line = element.line();
        let mut ahead = *element;
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
        } else if ahead.is_word("unique")
            && (then_group(1) || ahead.is_word_at(1, "using") || ahead.is_word_at(1, "nulls"))
        {
            ahead.skip(1);
            (ObjectKind::UniqueConstraint, "key")
        } else if ahead.is_word("check") && then_group(1) {
            ahead.skip(1);
            (ObjectKind::CheckConstraint, "check")
        } else if ahead.is_word("exclude") && (then_group(1) || ahead.is_word_at(1, "using")) {
            ahead.skip(1);
            (ObjectKind::ExclusionConstraint, "excl")
        } else if ahead.is_word("not") && given.is_some() {
            // a NOT NULL constraint with a name (PostgreSQL 18) is no object of its own here
            return Ok(true);
        } else {
            return Ok(false);
        };
        while !ahead.is_empty() && !ahead.is_punct(b'(') {
            ahead.skip(1);
        }
        let inside = ahead.group();
        let columns: Vec<&[u8]> = match (inside, kind) {
            (Some(inside), ObjectKind::CheckConstraint) => check_columns(inside),
            (Some(inside), _) => inside.split(b',').filter_map(|mut part| part.name()).collect(),
            (None, _) => Vec::new(),
        };
        self.constraint(kind, table, given, &columns, label, line)?;
        Ok(true)
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
                let addition: &[&[u8]] = if kind == ObjectKind::PrimaryKey { &[] } else { columns };
                let detail = implicit_name(addition, label);
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
        op: Op,
    ) -> Result<(), Full> {
        let Some(ty) = types::parse(&mut rest) else { return Ok(()) };
        self.emit_sub(ObjectKind::Column, table, column, op, ty.spelled.as_bytes())?;
        if ty.serial {
            self.owned_sequence(table, column)?;
        }
        let mut given = None;
        while let Some(item) = rest.peek() {
            let line = item.line;
            if rest.take_word("constraint") {
                given = rest.name();
                continue;
            }
            let one = [column.name];
            if rest.take_words(&["primary", "key"]) {
                self.constraint(ObjectKind::PrimaryKey, table, given.take(), &one, "pkey", line)?;
            } else if rest.take_word("unique") {
                self.constraint(ObjectKind::UniqueConstraint, table, given.take(), &one, "key", line)?;
            } else if rest.take_word("references") {
                self.constraint(ObjectKind::ForeignKey, table, given.take(), &one, "fkey", line)?;
                rest.qualified();
                rest.group();
            } else if rest.is_word("check") {
                rest.skip(1);
                let columns = rest.group().map(check_columns).unwrap_or_default();
                let columns = if columns.len() == 1 { columns } else { one.to_vec() };
                self.constraint(ObjectKind::CheckConstraint, table, given.take(), &columns, "check", line)?;
            } else if rest.take_words(&["as", "identity"]) {
                self.owned_sequence(table, column)?;
            } else if rest.group().is_none() {
                rest.skip(1);
            }
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

/// Names in a CHECK expression that may be columns. Only whether it is exactly one matters for the implicit name.
fn check_columns(mut inside: Cursor<'_>) -> Vec<&[u8]> {
    let mut columns: Vec<&[u8]> = Vec::new();
    while let Some(item) = inside.next_item() {
        let is_name = match item.tok {
            Tok::Quoted => true,
            Tok::Word => !NO_COLUMN.contains(&inside.text(item)),
            _ => false,
        };
        let called = inside.is_punct(b'(') || inside.is_punct(b'.');
        let is_type = inside.behind(2).is_some_and(|before| before.tok == Tok::Cast);
        if is_name && !called && !is_type && !columns.contains(&inside.text(item)) {
            columns.push(inside.text(item));
        }
    }
    columns
}

/// Words of expressions that are no columns.
const NO_COLUMN: [&[u8]; 30] = [
    b"and",
    b"or",
    b"not",
    b"is",
    b"null",
    b"in",
    b"between",
    b"like",
    b"ilike",
    b"similar",
    b"to",
    b"any",
    b"all",
    b"some",
    b"array",
    b"true",
    b"false",
    b"case",
    b"when",
    b"then",
    b"else",
    b"end",
    b"distinct",
    b"from",
    b"cast",
    b"as",
    b"collate",
    b"symmetric",
    b"current_date",
    b"current_timestamp",
];
