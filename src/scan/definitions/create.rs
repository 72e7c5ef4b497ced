//! CREATE of everything but tables.

use super::Reader;
use super::args::routine_args;
use super::table::implicit_name;
use crate::scan::fact::{Full, ObjectKind, Op};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

impl Reader<'_, '_> {
    pub(super) fn create(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let replace = cursor.take_words(&["or", "replace"]);
        let create = if replace { Op::Replace } else { Op::Create };
        if !cursor.is_word_at(1, "table") || !cursor.is_word("foreign") {
            cursor.take_one_of(&["global", "local"]);
        }
        if cursor.take_one_of(&["temporary", "temp"]).is_some() {
            return Ok(());
        }
        cursor.take_one_of(&["unlogged", "recursive", "trusted"]);
        let kind = match cursor.next_item() {
            Some(item) if item.tok == Tok::Word => cursor.text(item),
            _ => return Ok(()),
        };
        match kind {
            b"schema" => self.create_schema(cursor),
            b"table" => self.create_table(cursor, ObjectKind::Table),
            b"foreign" if cursor.take_word("table") => self.create_table(cursor, ObjectKind::ForeignTable),
            b"foreign" if cursor.take_words(&["data", "wrapper"]) => {
                self.create_global(cursor, ObjectKind::ForeignDataWrapper)
            }
            b"server" => self.create_global(cursor, ObjectKind::ForeignServer),
            b"view" => self.create_simple(cursor, ObjectKind::View, create),
            b"materialized" if cursor.take_word("view") => {
                self.create_simple(cursor, ObjectKind::MaterializedView, create)
            }
            b"sequence" => self.create_simple(cursor, ObjectKind::Sequence, create),
            b"function" => self.create_routine(cursor, ObjectKind::Function, create),
            b"procedure" => self.create_routine(cursor, ObjectKind::Procedure, create),
            b"aggregate" => self.create_routine(cursor, ObjectKind::Aggregate, create),
            b"trigger" => self.create_trigger(cursor, create, false),
            b"constraint" if cursor.take_word("trigger") => self.create_trigger(cursor, create, true),
            b"policy" => self.create_policy(cursor),
            b"rule" => self.create_rule(cursor, create),
            b"unique" if cursor.take_word("index") => self.create_index(cursor),
            b"index" => self.create_index(cursor),
            b"type" => self.create_type(cursor),
            b"domain" => self.create_domain(cursor),
            b"extension" => self.create_extension(cursor),
            b"event" if cursor.take_word("trigger") => self.create_global(cursor, ObjectKind::EventTrigger),
            b"publication" => self.create_global(cursor, ObjectKind::Publication),
            b"language" | b"procedural" => {
                cursor.take_word("language");
                self.create_global(cursor, ObjectKind::Language)
            }
            b"role" | b"user" | b"group" if !cursor.is_word("mapping") => self.create_global(cursor, ObjectKind::Role),
            b"operator" | b"cast" | b"text" | b"collation" | b"conversion" | b"statistics" | b"transform"
            | b"access" => {
                let line = cursor.behind(1).map_or(0, |item| item.line);
                self.unread(&format!("CREATE {}", String::from_utf8_lossy(kind).to_uppercase()), line)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create_global(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        match cursor.qualified() {
            Some(name) => self.emit_global(kind, name, op),
            None => Ok(()),
        }
    }

    pub(super) fn create_schema(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let own = !cursor.is_word("authorization");
        if !own {
            cursor.skip(1);
        }
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit_global(ObjectKind::Schema, name, op)?;
        if cursor.find_word("create") {
            return self.unread("CREATE SCHEMA with elements", name.line);
        }
        Ok(())
    }

    pub(super) fn create_simple(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind, create: Op) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { create };
        match cursor.qualified() {
            Some(name) => self.emit(kind, name, op, b""),
            None => Ok(()),
        }
    }

    pub(super) fn create_extension(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let Some(mut name) = cursor.qualified() else { return Ok(()) };
        if cursor.find_word("schema") {
            cursor.skip(1);
            name.schema = cursor.name();
        }
        self.emit(ObjectKind::Extension, name, op, b"")
    }

    pub(super) fn create_routine(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind, create: Op) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let args = cursor.group().map(routine_args).unwrap_or_default();
        self.emit_key(kind, name, b"", args.join(", ").as_bytes(), create, b"", name.line)
    }

    pub(super) fn create_trigger(&mut self, cursor: &mut Cursor<'_>, create: Op, constraint: bool) -> Result<(), Full> {
        let Some(trigger) = cursor.qualified() else { return Ok(()) };
        if !cursor.find_word("on") {
            return Ok(());
        }
        cursor.skip(1);
        let Some(table) = cursor.qualified() else { return Ok(()) };
        let mut function = None;
        if cursor.find_word("execute") {
            cursor.skip(2);
            function = cursor.qualified();
        }
        let detail = function.map(qualified_detail).unwrap_or_default();
        let target = table;
        self.emit_sub(ObjectKind::Trigger, target, trigger, create, &detail)?;
        if constraint {
            self.emit_sub(ObjectKind::ConstraintTrigger, target, trigger, create, b"")?;
        }
        Ok(())
    }

    pub(super) fn create_policy(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(policy) = cursor.qualified() else { return Ok(()) };
        if !cursor.take_word("on") {
            return Ok(());
        }
        let Some(table) = cursor.qualified() else { return Ok(()) };
        let mut command = "all";
        if cursor.find_word("for") {
            cursor.skip(1);
            command = cursor.take_one_of(&["all", "select", "insert", "update", "delete"]).unwrap_or("all");
        }
        self.emit_sub(ObjectKind::Policy, table, policy, Op::Create, command.as_bytes())
    }

    pub(super) fn create_rule(&mut self, cursor: &mut Cursor<'_>, create: Op) -> Result<(), Full> {
        let Some(rule) = cursor.qualified() else { return Ok(()) };
        if !cursor.find_word("to") {
            return Ok(());
        }
        cursor.skip(1);
        match cursor.qualified() {
            Some(table) => self.emit_sub(ObjectKind::Rule, table, rule, create, b""),
            None => Ok(()),
        }
    }

    pub(super) fn create_type(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        if !cursor.take_word("as") {
            // a shell type is completed by the definition with parentheses
            let op = if cursor.is_punct(b'(') { Op::Replace } else { Op::Create };
            return self.emit(ObjectKind::BaseType, name, op, b"");
        }
        if cursor.take_word("enum") {
            return self.emit(ObjectKind::Enum, name, Op::Create, b"");
        }
        if cursor.take_word("range") {
            return self.emit(ObjectKind::RangeType, name, Op::Create, b"");
        }
        self.emit(ObjectKind::CompositeType, name, Op::Create, b"")?;
        let Some(body) = cursor.group() else { return Ok(()) };
        for mut attribute in body.split(b',') {
            let line = attribute.line();
            if let (Some(column), Some(ty)) = (attribute.name(), types::parse(&mut attribute)) {
                let column = Name { schema: None, name: column, line };
                self.emit_sub(ObjectKind::Column, name, column, Op::Create, ty.spelled.as_bytes())?;
            }
        }
        Ok(())
    }

    pub(super) fn create_domain(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(ObjectKind::Domain, name, Op::Create, b"")?;
        cursor.take_word("as");
        types::parse(cursor);
        let mut given = None;
        while let Some(item) = cursor.peek() {
            let line = item.line;
            if cursor.take_word("constraint") {
                given = cursor.name();
            } else if cursor.take_word("check") {
                match given.take() {
                    Some(sub) => {
                        let sub = Name { schema: None, name: sub, line };
                        self.emit_sub(ObjectKind::DomainConstraint, name, sub, Op::Create, b"")?;
                    }
                    None => {
                        let detail = implicit_name(&[], "check");
                        self.emit_key(ObjectKind::DomainConstraint, name, b"", b"", Op::CreateNamed, &detail, line)?;
                    }
                }
            } else if cursor.group().is_none() {
                cursor.skip(1);
            }
        }
        Ok(())
    }

    pub(super) fn select_into(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        if cursor.take_one_of(&["temporary", "temp"]).is_some() {
            return Ok(());
        }
        cursor.take_word("unlogged");
        cursor.take_word("table");
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(ObjectKind::Table, name, Op::Create, b"")?;
        self.unread("columns of SELECT INTO", name.line)
    }
}

fn qualified_detail(name: Name<'_>) -> Vec<u8> {
    let mut detail = name.schema.unwrap_or_default().to_vec();
    detail.push(0);
    detail.extend_from_slice(name.name);
    detail
}
