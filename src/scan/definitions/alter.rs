//! ALTER and DROP.

use super::args::routine_args;
use super::constraint::{Keys, table_constraint};
use super::needs::Needs;
use super::note::Trait;
use super::table::Pass;
use super::{Reader, cascades, is_global, kind, note};
use crate::scan::fact::{Fact, Full, Key, ObjectKind, Op, Scope};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

impl Reader<'_, '_> {
    pub(super) fn alter(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(kind) = kind(cursor) else { return Ok(()) };
        let guarded = cursor.take_words(&["if", "exists"]);
        self.only = cursor.take_word("only");
        match kind {
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                let (Some(sub), true) = (cursor.qualified(), cursor.take_word("on")) else { return Ok(()) };
                let Some(table) = cursor.qualified() else { return Ok(()) };
                if cursor.take_words(&["rename", "to"])
                    && let Some(new) = cursor.name()
                {
                    return self.emit_sub(kind, table, sub, Op::Rename, new);
                }
                if kind == ObjectKind::Policy {
                    return self.policy(cursor, table, sub, Op::Alter);
                }
                return Ok(());
            }
            ObjectKind::Operator | ObjectKind::OperatorClass => return self.alter_operator(kind, cursor),
            _ => {}
        }
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let args = if kind.is_routine() {
            cursor.group().map_or_else(|| "*".to_owned(), |inside| routine_args(inside).join(", "))
        } else {
            String::new()
        };
        cursor.take_punct(b'*');
        if kind == ObjectKind::Role && cursor.take_words(&["add", "user"]) {
            return self.role_members(name.name, cursor, Op::Create);
        }
        if kind == ObjectKind::Role && cursor.take_words(&["drop", "user"]) {
            return self.role_members(name.name, cursor, Op::Drop);
        }
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
        if kind == ObjectKind::Index
            && cursor.take_words(&["attach", "partition"])
            && let Some(part) = cursor.qualified()
        {
            for (index, note) in [(part, note::ABOUT), (name, note::ATTACHED)] {
                let unnamed = Name { name: b"", ..index };
                self.emit_key(kind, unnamed, index.name, b"", Op::Alter, note, name.line)?;
            }
            return Ok(());
        }
        if kind.is_routine() && cursor.find_word("security") {
            let gives = cursor.is_word_at(1, "definer");
            return self.traits(kind, name, [b"", args.as_bytes()], Trait::DEFINER, gives);
        }
        if kind == ObjectKind::Sequence {
            let mut options = *cursor;
            if options.find_word("owned") {
                self.note(kind, name, note::ABOUT)?;
            }
            return self.owned_by(*cursor, name);
        }
        if kind.is_relation() || matches!(kind, ObjectKind::Domain | ObjectKind::Type) {
            if guarded {
                self.note(kind, name, note::IF_EXISTS)?;
            }
            for pass in Pass::ALTER {
                for action in cursor.split(b',') {
                    self.alter_action(action, kind, name, pass)?;
                }
            }
            if guarded {
                self.note(kind, name, b"")?;
            }
        }
        Ok(())
    }

    pub(super) fn alter_action(
        &mut self,
        mut action: Cursor<'_>,
        kind: ObjectKind,
        target: Name<'_>,
        pass: Pass,
    ) -> Result<(), Full> {
        let line = action.line();
        if action.take_word("add") {
            if kind == ObjectKind::Domain && pass != Pass::Others {
                return Ok(());
            }
            if kind == ObjectKind::Domain {
                let given = if action.take_word("constraint") { action.name() } else { None };
                if !action.take_word("check") {
                    return Ok(());
                }
                return self.domain_check(&mut action, target, given, line);
            }
            if kind == ObjectKind::Type && !action.is_word("attribute") {
                // ADD VALUE
                return Ok(());
            }
            self.keys = Keys::default();
            if let Some(constraint) = table_constraint(action) {
                return if pass.takes(&constraint) { self.constraint(&constraint, target) } else { Ok(()) };
            }
            action.take_one_of(&["column", "attribute"]);
            let pass = match (action.take_words(&["if", "not", "exists"]), pass) {
                (false, pass) => pass,
                (true, Pass::Columns) => Pass::ColumnIfMissing,
                (true, _) => return Ok(()),
            };
            let Some(column) = action.name() else { return Ok(()) };
            let column = Name { schema: None, name: column, line };
            self.column(action, target, column, Pass::Keys)?;
            return self.column(action, target, column, pass);
        }
        if action.take_word("drop") {
            if pass != Pass::Drops {
                return Ok(());
            }
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
            let cascade: &[u8] = if cascades(&action) { b"cascade" } else { b"" };
            return self.emit_sub(kind, target, Name { schema: None, name: sub, line }, Op::Drop, cascade);
        }
        let last = pass == Pass::Others;
        if last && action.take_words(&["owner", "to"]) {
            let Some(role) = action.name() else { return Ok(()) };
            return self.note(ObjectKind::Relation, target, &[note::ROLE, role].concat());
        }
        if last && let Some(switch) = action.take_one_of(&["enable", "disable"]) {
            let on_replica = action.take_one_of(&["always", "replica"]) == Some("replica");
            if action.take_words(&["row", "level"]) {
                return self.traits(ObjectKind::Relation, target, [b"", b""], Trait::SECURED, switch == "enable");
            }
            let sub = if action.take_word("trigger") { action.name() } else { None };
            let is_every = action.behind(1).is_some_and(|item| item.tok == Tok::Word)
                && sub.is_some_and(|sub| matches!(sub, b"all" | b"user"));
            let Some(sub) = sub else { return Ok(()) };
            let sub = if is_every { b"" } else { sub };
            return self.traits(
                ObjectKind::Trigger,
                target,
                [sub, b""],
                Trait::DISABLED,
                switch == "disable" || on_replica,
            );
        }
        let is_not = action.take_word("no");
        if last && action.take_word("force") {
            return self.traits(ObjectKind::Relation, target, [b"", b""], Trait::FORCED, !is_not);
        }
        if pass == Pass::Drops && action.take_words(&["attach", "partition"]) {
            let Some(partition) = action.qualified() else { return Ok(()) };
            return self.hang(partition, target, note::ATTACHED);
        }
        if pass == Pass::Drops && action.take_words(&["detach", "partition"]) {
            let Some(partition) = action.qualified() else { return Ok(()) };
            return self.hang(partition, target, note::DETACHED);
        }
        if last && action.take_word("inherit") {
            let Some(parent) = action.qualified() else { return Ok(()) };
            return self.hang(target, parent, if is_not { note::NO_INHERIT } else { note::INHERITS });
        }
        if action.take_word("alter") {
            action.take_one_of(&["column", "attribute"]);
            let Some(name) = action.name() else { return Ok(()) };
            let column = Name { schema: None, name, line };
            if action.is_word("add") && pass == Pass::Others && action.find_word("identity") {
                action.skip(1);
                let options = action.group();
                return self.identity(target, column, options);
            }
            if pass == Pass::Drops && action.take_words(&["drop", "identity"]) {
                return self.emit_sub(ObjectKind::Column, target, column, Op::Alter, note::NO_IDENTITY);
            }
            if pass == Pass::Others && action.take_words(&["set", "default"]) {
                let mut uses = Needs::default();
                uses.uses(action, self.session);
                if uses.is_empty() {
                    return Ok(());
                }
                self.emit_sub(ObjectKind::Column, target, column, Op::Alter, note::ABOUT)?;
                return self.emit_needs(&uses, Name { line, ..target });
            }
            action.take_words(&["set", "data"]);
            if pass == Pass::Types
                && action.take_word("type")
                && let Some(ty) = types::parse(&mut action)
            {
                let detail = [note::TYPE, ty.spelled.as_bytes()].concat();
                self.emit_sub(ObjectKind::Column, target, column, Op::Alter, &detail)?;
                let mut needs = Needs::default();
                needs.ty(&ty.spelled);
                return self.emit_needs(&needs, Name { line, ..target });
            }
        }
        Ok(())
    }

    /// Gives traits to an object, or takes them.
    pub(super) fn traits(
        &mut self,
        kind: ObjectKind,
        name: Name<'_>,
        [sub, args]: [&[u8]; 2],
        traits: u8,
        gives: bool,
    ) -> Result<(), Full> {
        let switched = if gives { [traits, 0] } else { [0, traits] };
        let detail = [note::TRAITS, &switched].concat();
        self.emit_key(kind, name, sub, args, Op::Alter, &detail, name.line)
    }

    /// A note about `table` and the one that it hangs on.
    fn hang(&mut self, table: Name<'_>, parent: Name<'_>, note: &[u8]) -> Result<(), Full> {
        if table.schema == Some(b"pg_temp") {
            return Ok(());
        }
        self.note(ObjectKind::Relation, table, note::ABOUT)?;
        self.note(ObjectKind::Relation, parent, note)
    }

    pub(super) fn drop(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        if cursor.take_words(&["owned", "by"]) {
            return self.unread("DROP OWNED", cursor.line());
        }
        let Some(kind) = kind(cursor) else { return Ok(()) };
        cursor.take_word("concurrently");
        cursor.take_words(&["if", "exists"]);
        if matches!(kind, ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule) {
            let (Some(sub), true) = (cursor.qualified(), cursor.take_word("on")) else { return Ok(()) };
            let Some(table) = cursor.qualified() else { return Ok(()) };
            return self.emit_sub(kind, table, sub, Op::Drop, b"");
        }
        if matches!(kind, ObjectKind::Operator | ObjectKind::OperatorClass | ObjectKind::Cast) {
            return self.drop_operators(kind, cursor);
        }
        let cascade: &[u8] = if cascades(cursor) { b"cascade" } else { b"" };
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
