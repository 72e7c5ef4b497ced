//! CREATE of everything but tables.

use super::args::{parameters, routine_args};
use super::assumption;
use super::constraint::Constraint;
use super::needs::{Needs, Words};
use super::note::{self, Entry, SHELL, Trait};
use super::{Origin, Reader};
use crate::limits::{ARGS_BYTES, NAME_BYTES};
use crate::scan::fact::{Full, ObjectKind, Op};
use crate::sql::cursor::{Cursor, Name, parts};
use crate::sql::literal::clip;
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
            b"unique" if cursor.take_word("index") => self.create_index(cursor, true),
            b"index" => self.create_index(cursor, false),
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
            b"operator" => self.create_operator(cursor),
            b"cast" => self.create_cast(cursor),
            // text search, collations, conversions, statistics and their like are no objects that pgTAP asserts
            _ => Ok(()),
        }
    }

    pub(super) fn create_global(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let Some(name) = cursor.qualified() else { return Ok(()) };
        // the server comes with it
        if kind == ObjectKind::Language && name.name == b"plpgsql" {
            return Ok(());
        }
        self.emit_global(kind, name, op)?;
        if kind == ObjectKind::Role {
            return self.role_options(name.name, cursor);
        }
        let mut needs = Needs::default();
        if kind == ObjectKind::EventTrigger && cursor.find_word("execute") {
            cursor.skip(2);
            if let Some(function) = cursor.qualified() {
                needs.routine(function, 0);
            }
        }
        self.emit_needs(&needs, name)
    }

    pub(super) fn create_schema(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let own = !cursor.is_word("authorization");
        if !own {
            cursor.skip(1);
        }
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit_global(ObjectKind::Schema, name, op)?;
        self.enter(name.name);
        // elements follow each other without a mark; both words are reserved
        while cursor.find_word("create") {
            cursor.skip(1);
            let mut end = *cursor;
            while !end.is_empty() && !end.is_word("create") && !end.is_word("grant") {
                if end.group().is_none() {
                    end.skip(1);
                }
            }
            let mut element = cursor.to(end.position());
            if !element.is_word("schema") {
                self.create(&mut element)?;
            }
            *cursor = end;
        }
        Ok(())
    }

    pub(super) fn create_simple(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind, create: Op) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { create };
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(kind, name, op, b"")?;
        if kind == ObjectKind::Sequence {
            return self.owned_by(*cursor, name);
        }
        let given = cursor.group();
        // options
        while !cursor.is_empty() && !cursor.take_word("as") {
            if cursor.group().is_none() {
                cursor.skip(1);
            }
        }
        self.emit_outputs(given, *cursor, name)?;
        let mut needs = Needs::default();
        needs.query(*cursor, self.session);
        self.emit_needs(&needs, name)
    }

    /// OWNED BY of the sequence before this.
    pub(super) fn owned_by(&mut self, mut options: Cursor<'_>, sequence: Name<'_>) -> Result<(), Full> {
        if !options.find_word("owned") || !options.is_word_at(1, "by") || sequence.schema == Some(b"pg_temp") {
            return Ok(());
        }
        options.skip(2);
        let line = options.line();
        let mut parts = Vec::new();
        while let Some(part) = options.name().filter(|_| parts.len() < 4) {
            parts.push(part);
            if !options.take_punct(b'.') {
                break;
            }
        }
        let (table, column): (Name<'_>, &[u8]) = match parts.as_slice() {
            [.., schema, table, column] => (Name { schema: Some(schema), name: table, line }, column),
            [table, column] => (Name { schema: None, name: table, line }, column),
            _ => (Name { schema: None, name: b"", line }, b""),
        };
        self.emit_key(ObjectKind::Relation, table, column, b"", Op::Alter, note::OWNER, line)
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
        let inside = cursor.group();
        let args = inside.map(routine_args).unwrap_or_default().join(", ");
        let all = *cursor;
        let mut options = all;
        let is_window = kind == ObjectKind::Function && options.find_word("window");
        let kind = if is_window { ObjectKind::WindowFunction } else { kind };
        self.emit_key(kind, name, b"", args.as_bytes(), create, b"", name.line)?;
        if args.len() > ARGS_BYTES {
            return Ok(());
        }
        let is_definer = has_definer(all);
        if is_definer || create == Op::Replace {
            // the routine before this
            let unnamed = Name { name: b"", ..name };
            self.traits(kind, unnamed, [b"", b""], Trait::DEFINER, is_definer)?;
        }
        let mut needs = Needs::default();
        if let Some(inside) = inside {
            parameters(inside).iter().for_each(|(ty, _)| needs.ty(ty));
            // defaults call functions
            needs.expression(inside, Words::Ignored, self.session);
        }
        if cursor.take_word("returns") {
            if cursor.take_word("table") {
                for mut column in parts(cursor.group()) {
                    column.skip(1);
                    needs.take_type(&mut column);
                }
            } else {
                needs.take_type(cursor);
            }
        }
        // a body that is no string is bound to what it names
        let mut body = *cursor;
        if body.find_word("begin") && body.is_word_at(1, "atomic") {
            needs.query(body, self.session);
        } else if cursor.find_word("return") {
            needs.expression(*cursor, Words::Ignored, self.session);
        }
        self.emit_needs(&needs, name)?;
        if self.origin == Origin::Test {
            return Ok(());
        }
        if let Some(assumption) = inside.and_then(|inside| assumption::of(inside, all, self.session)) {
            self.emit_key(ObjectKind::Routine, name, b"", b"*", Op::Conduit, &assumption.encode(), name.line)?;
        }
        self.emit_body(all, name)
    }

    pub(super) fn create_trigger(&mut self, cursor: &mut Cursor<'_>, create: Op, constraint: bool) -> Result<(), Full> {
        let Some(trigger) = cursor.qualified() else { return Ok(()) };
        let mut needs = Needs::default();
        let events = *cursor;
        if !cursor.find_word("on") {
            return Ok(());
        }
        // BEFORE UPDATE OF a, b
        let mut events = events.to(cursor.position());
        let timing = events;
        let mut columns = Vec::new();
        events.take_words(&["instead", "of"]);
        if events.find_word("of") {
            needs.expression(events, Words::Columns, self.session);
            events.skip(1);
            while let Some(column) = events.name() {
                columns.push(column);
                if !events.take_punct(b',') {
                    break;
                }
            }
        }
        cursor.skip(1);
        let Some(table) = cursor.qualified() else { return Ok(()) };
        let mut condition = *cursor;
        if condition.find_word("when") {
            condition.skip(1);
            if let Some(condition) = condition.group() {
                needs.expression(condition, Words::Columns, self.session);
            }
        }
        let has = |from: Cursor<'_>, words: &[&str]| {
            let mut from = from;
            from.find_word(words[0]) && words.iter().enumerate().all(|(n, word)| from.is_word_at(n, word))
        };
        let mut letters = Vec::new();
        for (letter, before, word) in [
            (b'b', true, "before"),
            (b'a', true, "after"),
            (b'o', true, "instead"),
            (b'i', true, "insert"),
            (b'u', true, "update"),
            (b'd', true, "delete"),
            (b't', true, "truncate"),
            (b'w', false, "when"),
        ] {
            if has(if before { timing } else { *cursor }, &[word]) {
                letters.push(letter);
            }
        }
        if has(*cursor, &["for", "row"]) || has(*cursor, &["for", "each", "row"]) {
            letters.push(b'r');
        }
        if has(*cursor, &["initially", "deferred"]) {
            letters.push(b'l');
        }
        let mut function = None;
        if cursor.find_word("execute") {
            cursor.skip(2);
            function = cursor.qualified();
        }
        if let Some(function) = function {
            needs.routine(function, 0);
        }
        let mut detail = function.map(qualified_detail).unwrap_or_default();
        for part in std::iter::once(letters.as_slice()).chain(columns) {
            detail.push(0);
            detail.extend_from_slice(part);
        }
        self.emit_sub(ObjectKind::Trigger, table, trigger, create, &detail)?;
        self.emit_needs(&needs, Name { line: trigger.line, ..table })?;
        if constraint {
            self.emit_sub(ObjectKind::ConstraintTrigger, table, trigger, create, b"")?;
        }
        Ok(())
    }

    pub(super) fn create_policy(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(policy) = cursor.qualified() else { return Ok(()) };
        if !cursor.take_word("on") {
            return Ok(());
        }
        let Some(table) = cursor.qualified() else { return Ok(()) };
        self.policy(cursor, table, policy, Op::Create)
    }

    /// What follows the table of CREATE POLICY and ALTER POLICY.
    pub(super) fn policy(
        &mut self,
        cursor: &mut Cursor<'_>,
        table: Name<'_>,
        policy: Name<'_>,
        op: Op,
    ) -> Result<(), Full> {
        let mut needs = Needs::default();
        let mut command = "all";
        let mut letters = Vec::new();
        let mut roles = Vec::new();
        while !cursor.is_empty() {
            if let Some(expression) = cursor.group() {
                needs.query(expression, self.session);
            } else if cursor.take_word("for") {
                command = cursor.take_one_of(&["all", "select", "insert", "update", "delete"]).unwrap_or("all");
            } else if cursor.take_word("to") {
                while let Some(role) = cursor.name() {
                    roles.push(role);
                    if !cursor.take_punct(b',') {
                        break;
                    }
                }
            } else {
                match cursor.next_item().map_or(&b""[..], |item| cursor.text(item)) {
                    b"restrictive" => letters.push(b'r'),
                    b"using" => letters.push(b'u'),
                    b"check" => letters.push(b'c'),
                    _ => {}
                }
            }
        }
        let detail = [command.as_bytes(), &letters].into_iter().chain(roles).collect::<Vec<_>>().join(&0);
        let note: &[u8] = if op == Op::Alter { note::POLICY } else { b"" };
        self.emit_sub(ObjectKind::Policy, table, policy, op, &[note, &detail].concat())?;
        self.emit_needs(&needs, Name { line: policy.line, ..table })
    }

    pub(super) fn create_rule(&mut self, cursor: &mut Cursor<'_>, create: Op) -> Result<(), Full> {
        let Some(rule) = cursor.qualified() else { return Ok(()) };
        if !cursor.find_word("to") {
            return Ok(());
        }
        cursor.skip(1);
        let Some(table) = cursor.qualified() else { return Ok(()) };
        self.emit_sub(ObjectKind::Rule, table, rule, create, b"")?;
        let mut needs = Needs::default();
        let condition = *cursor;
        cursor.find_word("do");
        needs.query(condition.to(cursor.position()), self.session);
        cursor.skip(1);
        cursor.take_one_of(&["also", "instead"]);
        let mut several = *cursor;
        for statement in several.group().unwrap_or(*cursor).split(b';') {
            needs.statement(statement, self.session);
        }
        self.emit_needs(&needs, Name { line: rule.line, ..table })
    }

    pub(super) fn create_type(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        if !cursor.take_word("as") {
            // a shell type is completed by the definition with parentheses
            return match cursor.is_punct(b'(') {
                true => self.emit(ObjectKind::BaseType, name, Op::Replace, b""),
                false => self.emit(ObjectKind::BaseType, name, Op::Create, SHELL),
            };
        }
        if cursor.take_word("enum") {
            return self.emit(ObjectKind::Enum, name, Op::Create, b"");
        }
        if cursor.take_word("range") {
            return self.create_range(cursor, name);
        }
        self.emit(ObjectKind::CompositeType, name, Op::Create, b"")?;
        let Some(body) = cursor.group() else { return Ok(()) };
        for mut attribute in body.split(b',') {
            let line = attribute.line();
            if let (Some(column), Some(ty)) = (attribute.name(), types::parse(&mut attribute)) {
                let column = Name { schema: None, name: column, line };
                self.emit_sub(ObjectKind::Column, name, column, Op::Create, ty.spelled.as_bytes())?;
                let mut needs = Needs::default();
                needs.ty(&ty.spelled);
                self.emit_needs(&needs, Name { line, ..name })?;
            }
        }
        Ok(())
    }

    /// A range type, and the functions that make ranges and multiranges (`makeRangeConstructors`).
    fn create_range(&mut self, cursor: &mut Cursor<'_>, range: Name<'_>) -> Result<(), Full> {
        self.emit(ObjectKind::RangeType, range, Op::Create, b"")?;
        let Some(options) = cursor.group() else { return Ok(()) };
        let (mut subtype, mut multirange) = (None, None);
        for mut option in options.split(b',') {
            let Some(word) = option.name() else { continue };
            option.skip(1);
            match word {
                b"subtype" => subtype = types::parse(&mut option),
                b"multirange_type_name" => multirange = option.qualified(),
                _ => {}
            }
        }
        let Some(subtype) = subtype.map(|ty| ty.spelled) else { return Ok(()) };
        let mut needs = Needs::default();
        needs.ty(&subtype);
        self.emit_needs(&needs, range)?;
        let default = multirange_name(range.name);
        let multirange = multirange.unwrap_or(Name { name: &default, ..range });
        let quoted = |name: &[u8]| types::quote_ident(&String::from_utf8_lossy(name));
        let spelled = |name: Name<'_>| match name.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(name.name)),
            None => quoted(name.name),
        };
        let (own, several) = (spelled(range), spelled(multirange));
        let mut made = Needs::default();
        made.add(Entry::Made, &[own.as_bytes()]);
        // it counts with its range type, and each goes with the other
        self.emit(ObjectKind::BaseType, multirange, Op::Create, SHELL)?;
        self.emit_needs(&made, range)?;
        made.add(Entry::Made, &[several.as_bytes()]);
        self.note(ObjectKind::Type, range, note::ABOUT)?;
        self.emit_needs(&made, range)?;
        // the functions stand beside the range type
        let constructor = Name { name: multirange.name, ..range };
        for (name, args) in [
            (range, format!("{subtype}, {subtype}")),
            (range, format!("{subtype}, {subtype}, text")),
            (constructor, String::new()),
            (constructor, own.clone()),
            (constructor, format!("{own}[]")),
        ] {
            self.emit_key(ObjectKind::Function, name, b"", args.as_bytes(), Op::Create, b"", range.line)?;
            self.emit_needs(&made, range)?;
        }
        // and the cast from one to the other
        let args = format!("{own}, {several}");
        let unnamed = Name { name: b"", schema: None, ..range };
        self.emit_key(ObjectKind::Cast, unnamed, b"", args.as_bytes(), Op::Create, b"", range.line)?;
        self.emit_needs(&made, range)
    }

    pub(super) fn create_domain(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(ObjectKind::Domain, name, Op::Create, b"")?;
        cursor.take_word("as");
        let mut needs = Needs::default();
        needs.take_type(cursor);
        self.emit_needs(&needs, name)?;
        let mut given = None;
        while let Some(item) = cursor.peek() {
            let line = item.line;
            if cursor.take_word("constraint") {
                given = cursor.name();
            } else if cursor.take_word("check") {
                self.domain_check(cursor, name, given.take(), line)?;
            } else if cursor.group().is_none() {
                cursor.skip(1);
            }
        }
        Ok(())
    }

    /// CHECK of a domain, behind the word.
    pub(super) fn domain_check(
        &mut self,
        cursor: &mut Cursor<'_>,
        domain: Name<'_>,
        given: Option<&[u8]>,
        line: u32,
    ) -> Result<(), Full> {
        let mut constraint = Constraint::new(Some(ObjectKind::DomainConstraint), given, line);
        if let Some(inside) = cursor.group() {
            constraint.check(inside);
        }
        self.constraint(&constraint, domain)
    }

    /// `query` is all of the statement, `cursor` stands behind INTO.
    pub(super) fn select_into(&mut self, query: Cursor<'_>, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        if cursor.take_one_of(&["temporary", "temp"]).is_some() {
            return Ok(());
        }
        cursor.take_word("unlogged");
        cursor.take_word("table");
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(ObjectKind::Table, name, Op::Create, b"")?;
        self.emit_outputs(None, query, name)
    }
}

fn qualified_detail(name: Name<'_>) -> Vec<u8> {
    let mut detail = name.schema.unwrap_or_default().to_vec();
    detail.push(0);
    detail.extend_from_slice(name.name);
    detail
}

/// `makeMultirangeTypeName`
fn multirange_name(range: &[u8]) -> Vec<u8> {
    match range.windows(5).position(|window| window == b"range") {
        Some(at) => {
            let long = [&range[..at], b"multi", &range[at..]].concat();
            clip(&long, NAME_BYTES).to_vec()
        }
        None => [clip(range, NAME_BYTES - b"_multirange".len()), b"_multirange".as_slice()].concat(),
    }
}

/// `SECURITY DEFINER` is among the options of a routine.
fn has_definer(mut options: Cursor<'_>) -> bool {
    options.find_word("security") && options.is_word_at(1, "definer")
}
