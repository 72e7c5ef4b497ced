//! ALTER and DROP.

use super::args::routine_args;
use super::table::{Pass, partition_detail};
use super::{Reader, is_global, kind};
use crate::scan::fact::{DETACHED, Fact, Full, Key, ObjectKind, Op, Scope};
use crate::sql::cursor::{Cursor, Name};

impl Reader<'_, '_> {
    pub(super) fn alter(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(kind) = kind(cursor) else { return Ok(()) };
        cursor.take_words(&["if", "exists"]);
        cursor.take_word("only");
        match kind {
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                let (Some(sub), true) = (cursor.qualified(), cursor.take_word("on")) else { return Ok(()) };
                let Some(table) = cursor.qualified() else { return Ok(()) };
                if cursor.take_words(&["rename", "to"])
                    && let Some(new) = cursor.name()
                {
                    return self.emit_sub(kind, table, sub, Op::Rename, new);
                }
                return Ok(());
            }
            _ => {}
        }
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let args = if kind.is_routine() {
            cursor.group().map_or_else(|| "*".to_owned(), |inside| routine_args(inside).join(", "))
        } else {
            String::new()
        };
        cursor.take_punct(b'*');
        if cursor.take_words(&["rename", "to"]) {
            let Some(new) = cursor.name() else { return Ok(()) };
            if kind == ObjectKind::Index {
                let unnamed = Name { schema: name.schema, name: b"", line: name.line };
                return self.emit_key(kind, unnamed, name.name, b"", Op::Rename, new, name.line);
            }
            return self.emit_key(kind, name, b"", args.as_bytes(), Op::Rename, new, name.line);
        }
        if cursor.take_words(&["set", "schema"]) {
            let Some(schema) = cursor.name() else { return Ok(()) };
            return self.emit_key(kind, name, b"", args.as_bytes(), Op::Move, schema, name.line);
        }
        if cursor.take_word("rename") {
            let constraint = cursor.take_word("constraint");
            cursor.take_one_of(&["column", "attribute"]);
            let line = cursor.line();
            let (Some(old), true, Some(new)) = (cursor.name(), cursor.take_word("to"), cursor.name()) else {
                return Ok(());
            };
            let kind = match (constraint, kind) {
                (true, ObjectKind::Domain) => ObjectKind::DomainConstraint,
                (true, _) => ObjectKind::CheckConstraint,
                (false, _) => ObjectKind::Column,
            };
            let old = Name { schema: None, name: old, line };
            return self.emit_sub(kind, name, old, Op::Rename, new);
        }
        if kind.is_relation() || matches!(kind, ObjectKind::Domain | ObjectKind::Type) {
            for action in cursor.split(b',') {
                self.alter_action(action, kind, name)?;
            }
        }
        Ok(())
    }

    pub(super) fn alter_action(
        &mut self,
        mut action: Cursor<'_>,
        kind: ObjectKind,
        target: Name<'_>,
    ) -> Result<(), Full> {
        let line = action.line();
        if action.take_word("add") {
            if kind == ObjectKind::Domain {
                let given = if action.take_word("constraint") { action.name() } else { None };
                if !action.take_word("check") {
                    return Ok(());
                }
                return self.constraint(ObjectKind::DomainConstraint, target, given, &[], "check", line);
            }
            if kind == ObjectKind::Type && !action.is_word("attribute") {
                // ADD VALUE
                return Ok(());
            }
            if self.table_constraint(action, target)? {
                return Ok(());
            }
            action.take_one_of(&["column", "attribute"]);
            let pass = if action.take_words(&["if", "not", "exists"]) { Pass::ColumnIfMissing } else { Pass::Both };
            let Some(column) = action.name() else { return Ok(()) };
            return self.column(action, target, Name { schema: None, name: column, line }, pass);
        }
        if action.take_word("drop") {
            let constraint = action.take_word("constraint");
            if !constraint {
                action.take_one_of(&["column", "attribute"]);
            }
            action.take_words(&["if", "exists"]);
            let Some(sub) = action.name() else { return Ok(()) };
            let kind = match (constraint, kind) {
                (true, ObjectKind::Domain) => ObjectKind::DomainConstraint,
                (true, _) => ObjectKind::CheckConstraint,
                (false, _) => ObjectKind::Column,
            };
            return self.emit_sub(kind, target, Name { schema: None, name: sub, line }, Op::Drop, b"");
        }
        if action.take_words(&["attach", "partition"]) {
            let Some(partition) = action.qualified() else { return Ok(()) };
            return self.emit(ObjectKind::Table, partition, Op::Alter, &partition_detail(target));
        }
        if action.take_words(&["detach", "partition"]) {
            let Some(partition) = action.qualified() else { return Ok(()) };
            return self.emit(ObjectKind::Table, partition, Op::Alter, DETACHED);
        }
        if action.take_word("alter") {
            action.take_word("column");
            let Some(column) = action.name() else { return Ok(()) };
            if action.take_word("add") && action.find_word("identity") {
                return self.owned_sequence(target, Name { schema: None, name: column, line });
            }
        }
        Ok(())
    }

    pub(super) fn drop(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(kind) = kind(cursor) else { return Ok(()) };
        cursor.take_word("concurrently");
        cursor.take_words(&["if", "exists"]);
        if matches!(kind, ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule) {
            let (Some(sub), true) = (cursor.qualified(), cursor.take_word("on")) else { return Ok(()) };
            let Some(table) = cursor.qualified() else { return Ok(()) };
            return self.emit_sub(kind, table, sub, Op::Drop, b"");
        }
        let mut end = *cursor;
        let cascade: &[u8] = if end.find_word("cascade") { b"cascade" } else { b"" };
        for mut part in cursor.split(b',') {
            let Some(name) = part.qualified() else { continue };
            if kind.is_routine() {
                let args = part.group().map_or_else(|| "*".to_owned(), |inside| routine_args(inside).join(", "));
                self.emit_key(kind, name, b"", args.as_bytes(), Op::Drop, cascade, name.line)?;
            } else if kind == ObjectKind::Index {
                let unnamed = Name { schema: name.schema, name: b"", line: name.line };
                self.emit_key(kind, unnamed, name.name, b"", Op::Drop, cascade, name.line)?;
            } else if is_global(kind) {
                let key = Key { kind, scope: Scope::Named, schema: b"", name: name.name, sub: b"", args: b"" };
                self.facts.fact(Fact::Definition { key, op: Op::Drop, detail: cascade, line: name.line })?;
            } else {
                self.emit(kind, name, Op::Drop, cascade)?;
            }
        }
        Ok(())
    }
}
