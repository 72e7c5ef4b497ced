//! CREATE TABLE and its columns.

use super::constraint::{Constraint, Keys, implicit_name, table_constraint};
use super::needs::{Needs, Words};
use super::note::{self, Like};
use super::{Origin, Reader};
use crate::scan::fact::{Full, GUARDED, ObjectKind, Op, PARTITION};
use crate::sql::cursor::{Cursor, Name, parts};
use crate::sql::types;

/// What of an element is emitted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Nothing: the keys are only noted.
    Keys,
    Columns,
    /// ADD COLUMN IF NOT EXISTS, with all its constraints.
    ColumnIfMissing,
    Checks,
    /// Constraints USING INDEX
    UsingIndex,
    /// Constraints that an index serves.
    Indexes,
    /// Constraints, indexes and identity that LIKE includes.
    Like,
    References,
    /// Everything but columns and indexes.
    Others,
    /// DROP, which ALTER does first.
    Drops,
    /// ALTER COLUMN … TYPE
    Types,
}

impl Pass {
    /// Columns first, as the names of constraints depend on them; references last (`transformCreateStmt`).
    const CREATE: [Pass; 6] = [Pass::Keys, Pass::Columns, Pass::Checks, Pass::Indexes, Pass::Like, Pass::References];
    /// `AlterTablePass`
    pub(super) const ALTER: [Pass; 6] =
        [Pass::Drops, Pass::Types, Pass::Columns, Pass::UsingIndex, Pass::Indexes, Pass::Others];

    pub(super) fn takes(self, constraint: &Constraint<'_>) -> bool {
        use ObjectKind::{CheckConstraint, ForeignKey};
        let of_column = |kind| matches!(kind, CheckConstraint | ForeignKey);
        constraint.kind.is_some_and(|kind| match self {
            Pass::ColumnIfMissing => true,
            Pass::Checks => kind == CheckConstraint,
            Pass::References => kind == ForeignKey,
            Pass::Others => of_column(kind),
            Pass::UsingIndex => constraint.index.is_some(),
            Pass::Indexes => !of_column(kind) && constraint.index.is_none(),
            _ => false,
        })
    }
}

impl Reader<'_, '_> {
    pub(super) fn create_table(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let partition = cursor.take_words(&["partition", "of"]);
        let parent = if partition { cursor.qualified() } else { None };
        let of_type = if cursor.take_word("of") { cursor.qualified() } else { None };
        let body = if cursor.is_punct(b'(') { cursor.group() } else { None };
        let is_query = cursor.is_word("as");
        let mut rest = *cursor;
        let partitioned = rest.find_word("partition") && rest.is_word_at(1, "by");
        let kind = if partitioned { ObjectKind::PartitionedTable } else { kind };
        let mut detail = if partition { PARTITION.to_vec() } else { Vec::new() };
        let body_of_query = body;
        let body = body.filter(|_| !is_query);
        let guarded = (op == Op::CreateIfMissing || self.origin == Origin::Branch) && !is_query;
        if guarded {
            detail = [GUARDED, &detail].concat();
        }
        self.emit(kind, name, op, &detail)?;
        let role = self.session.circumstance().role;
        if !role.is_empty() {
            self.note(ObjectKind::Relation, name, &[note::ROLE, role].concat())?;
        }
        if name.schema != Some(b"pg_temp") {
            self.table_parts(body, cursor, (name, parent, of_type))?;
        }
        if guarded {
            self.emit(kind, name, Op::Alter, b"")?;
        }
        if is_query {
            cursor.find_word("as");
            cursor.skip(1);
            self.emit_outputs(body_of_query, *cursor, name)?;
        }
        Ok(())
    }

    fn table_parts(
        &mut self,
        body: Option<Cursor<'_>>,
        options: &Cursor<'_>,
        (name, parent, of_type): (Name<'_>, Option<Name<'_>>, Option<Name<'_>>),
    ) -> Result<(), Full> {
        if let Some(parent) = parent {
            self.note(ObjectKind::Relation, parent, note::ATTACHED)?;
        }
        if let Some(of_type) = of_type {
            self.note(ObjectKind::Relation, of_type, note::INHERITS)?;
        }
        let mut rest = *options;
        if rest.find_word("inherits") {
            rest.skip(1);
            for mut part in parts(rest.group()) {
                if let Some(parent) = part.qualified() {
                    self.note(ObjectKind::Relation, parent, note::INHERITS)?;
                }
            }
        }
        self.keys = Keys::default();
        for pass in Pass::CREATE {
            for element in parts(body) {
                self.table_element(element, name, pass, of_type.or(parent).is_some())?;
            }
        }
        let mut rest = *options;
        if rest.find_word("partition") && rest.is_word_at(1, "by") {
            // it goes with its columns
            rest.skip(3);
            let mut needs = Needs::default();
            if let Some(columns) = rest.group() {
                needs.expression(columns, Words::Keys, self.session);
            }
            self.note(ObjectKind::Relation, name, note::ABOUT)?;
            return self.emit_needs(&needs, name);
        }
        Ok(())
    }

    fn table_element(&mut self, mut element: Cursor<'_>, table: Name<'_>, pass: Pass, typed: bool) -> Result<(), Full> {
        let line = element.line();
        if element.take_word("like") {
            return self.like(element, table, pass);
        }
        if let Some(constraint) = table_constraint(element) {
            match pass {
                Pass::Keys => self.keys.plan(&constraint),
                pass if pass.takes(&constraint) => self.constraint(&constraint, table)?,
                _ => {}
            }
            return Ok(());
        }
        let Some(column) = element.name() else { return Ok(()) };
        let column = Name { schema: None, name: column, line };
        if typed {
            element.take_words(&["with", "options"]);
            return if pass == Pass::Columns { Ok(()) } else { self.column_options(element, table, column, pass) };
        }
        self.column(element, table, column, pass)
    }

    /// LIKE relation [INCLUDING … | EXCLUDING …]
    fn like(&mut self, mut element: Cursor<'_>, table: Name<'_>, pass: Pass) -> Result<(), Full> {
        let Some(source) = element.qualified() else { return Ok(()) };
        let mut included = 0;
        loop {
            let including = element.take_word("including");
            if !including && !element.take_word("excluding") {
                break;
            }
            let Some(option) = element.name() else { break };
            let bits = match option {
                b"all" => Like::ALL,
                b"constraints" => Like::CONSTRAINTS,
                b"indexes" => Like::INDEXES,
                b"identity" => Like::IDENTITY,
                _ => 0,
            };
            included = if including { included | bits } else { included & !bits };
        }
        included = match pass {
            Pass::Columns => included & Like::IDENTITY,
            Pass::Like => included & !Like::IDENTITY | Like::REST,
            _ => return Ok(()),
        };
        // the table, as columns may have been made before
        self.note(ObjectKind::Relation, table, note::ABOUT)?;
        self.note(ObjectKind::Relation, source, &[note::LIKE, &[included][..]].concat())
    }

    /// A column definition behind its name.
    pub(super) fn column<'a>(
        &mut self,
        mut rest: Cursor<'a>,
        table: Name<'_>,
        column: Name<'a>,
        pass: Pass,
    ) -> Result<(), Full> {
        let Some(ty) = types::parse(&mut rest) else { return Ok(()) };
        if matches!(pass, Pass::Columns | Pass::ColumnIfMissing) {
            let op = if pass == Pass::ColumnIfMissing { Op::CreateIfMissing } else { Op::Create };
            let guard = if pass == Pass::ColumnIfMissing { GUARDED } else { b"" };
            self.emit_sub(ObjectKind::Column, table, column, op, &[guard, ty.spelled.as_bytes()].concat())?;
            let mut needs = Needs::default();
            needs.ty(&ty.spelled);
            if let Some(expression) = generated(rest) {
                needs.expression(expression, Words::Columns, self.session);
            }
            let mut options = rest;
            if options.find_word("default") {
                options.skip(1);
                needs.uses(default(options), self.session);
            }
            self.emit_needs(&needs, Name { line: column.line, ..table })?;
            if ty.serial {
                self.owned_sequence(table, column, None)?;
            }
        }
        self.column_options(rest, table, column, pass)?;
        if pass == Pass::ColumnIfMissing {
            self.emit_sub(ObjectKind::Column, table, column, Op::Alter, b"")?;
        }
        Ok(())
    }

    /// Constraints of a column, and its identity.
    fn column_options<'a>(
        &mut self,
        mut rest: Cursor<'a>,
        table: Name<'_>,
        column: Name<'a>,
        pass: Pass,
    ) -> Result<(), Full> {
        let columns = matches!(pass, Pass::Columns | Pass::ColumnIfMissing);
        let mut given = None;
        while let Some(item) = rest.peek() {
            if rest.take_word("constraint") {
                given = rest.name();
                continue;
            }
            let mut constraint = Constraint::new(None, None, item.line);
            if rest.take_words(&["primary", "key"]) {
                constraint.kind = Some(ObjectKind::PrimaryKey);
            } else if rest.take_word("unique") {
                constraint.kind = Some(ObjectKind::UniqueConstraint);
                constraint.nulls(&mut rest);
            } else if rest.take_word("references") {
                constraint.kind = Some(ObjectKind::ForeignKey);
                constraint.references(&mut rest);
            } else if rest.take_word("check") {
                constraint.kind = Some(ObjectKind::CheckConstraint);
                if let Some(inside) = rest.group() {
                    constraint.check(inside);
                }
            } else {
                if rest.take_words(&["as", "identity"]) {
                    let options = rest.group();
                    if columns {
                        self.identity(table, column, options)?;
                    }
                } else if rest.group().is_none() {
                    rest.skip(1);
                }
                continue;
            }
            constraint.given = given.take();
            if constraint.kind != Some(ObjectKind::CheckConstraint) {
                constraint.columns = vec![column.name];
            }
            constraint.take_modes(rest);
            if pass == Pass::Keys {
                self.keys.plan(&constraint);
            } else if pass.takes(&constraint) {
                self.constraint(&constraint, table)?;
            }
        }
        Ok(())
    }

    /// The sequence of an identity column; its options may name it.
    pub(super) fn identity(
        &mut self,
        table: Name<'_>,
        column: Name<'_>,
        options: Option<Cursor<'_>>,
    ) -> Result<(), Full> {
        let named = options.and_then(|mut options| {
            let found = options.find_word("sequence") && options.take_words(&["sequence", "name"]);
            if found { options.qualified() } else { None }
        });
        self.owned_sequence(table, column, Some(named.map_or(b"", |name| name.name)))
    }

    /// The sequence of a serial or identity column, the latter with the name that is given, if any.
    fn owned_sequence(&mut self, table: Name<'_>, column: Name<'_>, identity: Option<&[u8]>) -> Result<(), Full> {
        let detail = implicit_name(&[column.name], "seq");
        let sub: &[u8] = if identity.is_some() { b"identity" } else { b"" };
        let given = identity.unwrap_or_default();
        self.emit_key(ObjectKind::Sequence, table, sub, given, Op::CreateNamed, &detail, column.line)
    }
}

/// The expression behind DEFAULT, up to the next option of the column.
pub(super) fn default(expression: Cursor<'_>) -> Cursor<'_> {
    const OPTIONS: [&str; 9] =
        ["constraint", "not", "null", "unique", "primary", "references", "check", "generated", "collate"];
    let mut end = expression;
    while !end.is_empty() && !OPTIONS.iter().any(|word| end.is_word(word)) {
        if end.group().is_none() {
            end.skip(1);
        }
    }
    expression.to(end.position())
}

/// The expression of `GENERATED ALWAYS AS (…)`.
fn generated(mut rest: Cursor<'_>) -> Option<Cursor<'_>> {
    rest.find_word("generated");
    rest.skip(2);
    if rest.take_word("as") { rest.group() } else { None }
}
