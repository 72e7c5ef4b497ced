//! Definitions in a statement: what it creates, renames, moves and drops, as PostgreSQL's grammar reads it.
//!
//! Names are resolved and implicit names chosen by the catalog floor, which knows what exists; here an implicit name is
//! an event [`Op::CreateNamed`] with its parts.

use super::fact::{Code, Fact, Facts, Full, Key, ObjectKind, Op, Scope};
use super::session::Session;
use crate::limits::ARGS_BYTES;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

/// Emits the definition events of the statement at `cursor`. Linear in its tokens.
///
/// `conditional`: the statement stands in a branch (of a DO block), so that an object that exists already is no error.
///
/// # Errors
/// [`Full`] as soon as a fact finds no room; the call is simply made again.
pub fn read(mut cursor: Cursor<'_>, session: &Session, conditional: bool, facts: &mut dyn Facts) -> Result<(), Full> {
    let mut reader = Reader { session, conditional, facts };
    if cursor.take_word("create") {
        reader.create(&mut cursor)
    } else if cursor.take_word("alter") {
        reader.alter(&mut cursor)
    } else if cursor.take_word("drop") {
        reader.drop(&mut cursor)
    } else if cursor.take_word("select") && cursor.find_word("into") {
        cursor.skip(1);
        reader.select_into(&mut cursor)
    } else {
        Ok(())
    }
}

struct Reader<'s, 'f> {
    session: &'s Session,
    conditional: bool,
    facts: &'f mut dyn Facts,
}

impl Reader<'_, '_> {
    /// An object outside of schemas.
    fn emit_global(&mut self, kind: ObjectKind, name: Name<'_>, op: Op) -> Result<(), Full> {
        let key = Key { kind, scope: Scope::Named, schema: b"", name: name.name, sub: b"", args: b"" };
        let op = self.soften(op);
        self.facts.fact(Fact::Definition { key, op, detail: b"", line: name.line })
    }

    fn emit(&mut self, kind: ObjectKind, name: Name<'_>, op: Op, detail: &[u8]) -> Result<(), Full> {
        self.emit_key(kind, name, b"", b"", op, detail, name.line)
    }

    fn emit_sub(&mut self, kind: ObjectKind, of: Name<'_>, sub: Name<'_>, op: Op, detail: &[u8]) -> Result<(), Full> {
        self.emit_key(kind, of, sub.name, b"", op, detail, sub.line)
    }

    #[allow(clippy::too_many_arguments)] // the fields of one event
    fn emit_key(
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
        let path;
        let (scope, schema) = match name.schema {
            Some(schema) => (Scope::Named, schema),
            None => {
                path = self.session.search_path().to_vec();
                (Scope::Path, path.as_slice())
            }
        };
        if args.len() > ARGS_BYTES {
            return self.facts.fact(Fact::Diagnostic { code: Code::OverLimit, detail: name.name, line });
        }
        let op = self.soften(op);
        self.facts.fact(Fact::Definition {
            key: Key { kind, scope, schema, name: name.name, sub, args },
            op,
            detail,
            line,
        })
    }

    fn soften(&self, op: Op) -> Op {
        if self.conditional && op == Op::Create { Op::CreateIfMissing } else { op }
    }

    fn unread(&mut self, what: &str, line: u32) -> Result<(), Full> {
        self.facts.fact(Fact::Diagnostic { code: Code::DynamicDefinition, detail: what.as_bytes(), line })
    }

    fn create(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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
            _ => Ok(()),
        }
    }

    fn create_global(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        match cursor.qualified() {
            Some(name) => self.emit_global(kind, name, op),
            None => Ok(()),
        }
    }

    fn create_schema(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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

    fn create_simple(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind, create: Op) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { create };
        match cursor.qualified() {
            Some(name) => self.emit(kind, name, op, b""),
            None => Ok(()),
        }
    }

    fn create_extension(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let op = if cursor.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
        let Some(mut name) = cursor.qualified() else { return Ok(()) };
        if cursor.find_word("schema") {
            cursor.skip(1);
            name.schema = cursor.name();
        }
        self.emit(ObjectKind::Extension, name, op, b"")
    }

    fn create_table(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind) -> Result<(), Full> {
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

    fn table_element(&mut self, mut element: Cursor<'_>, table: Name<'_>, guarded: bool) -> Result<(), Full> {
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
    fn table_constraint(&mut self, element: &mut Cursor<'_>, table: Name<'_>) -> Result<bool, Full> {
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

    fn constraint(
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
    fn column(&mut self, mut rest: Cursor<'_>, table: Name<'_>, column: Name<'_>, op: Op) -> Result<(), Full> {
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

    fn owned_sequence(&mut self, table: Name<'_>, column: Name<'_>) -> Result<(), Full> {
        let detail = implicit_name(&[column.name], "seq");
        self.emit_key(ObjectKind::Sequence, table, b"", b"", Op::CreateNamed, &detail, column.line)
    }

    fn create_routine(&mut self, cursor: &mut Cursor<'_>, kind: ObjectKind, create: Op) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let args = cursor.group().map(routine_args).unwrap_or_default();
        self.emit_key(kind, name, b"", args.join(", ").as_bytes(), create, b"", name.line)
    }

    fn create_trigger(&mut self, cursor: &mut Cursor<'_>, create: Op, constraint: bool) -> Result<(), Full> {
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

    fn create_policy(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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

    fn create_rule(&mut self, cursor: &mut Cursor<'_>, create: Op) -> Result<(), Full> {
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

    fn create_index(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        cursor.take_word("concurrently");
        let guarded = cursor.take_words(&["if", "not", "exists"]);
        let line = cursor.line();
        let index = if cursor.is_word("on") { None } else { cursor.name() };
        if !cursor.take_word("on") {
            return Ok(());
        }
        cursor.take_word("only");
        let Some(table) = cursor.qualified() else { return Ok(()) };
        let op = if guarded { Op::CreateIfMissing } else { Op::Create };
        if let Some(name) = index {
            return self.emit_sub(ObjectKind::Index, table, Name { schema: None, name, line }, op, b"");
        }
        if cursor.take_word("using") {
            cursor.skip(1);
        }
        let columns: Vec<&[u8]> =
            cursor.group().map(|inside| inside.split(b',').map(index_column).collect()).unwrap_or_default();
        let detail = implicit_name(&columns, "idx");
        self.emit_key(ObjectKind::Index, table, b"", b"", Op::CreateNamed, &detail, line)
    }

    fn create_type(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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

    fn create_domain(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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

    fn select_into(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        if cursor.take_one_of(&["temporary", "temp"]).is_some() {
            return Ok(());
        }
        cursor.take_word("unlogged");
        cursor.take_word("table");
        let Some(name) = cursor.qualified() else { return Ok(()) };
        self.emit(ObjectKind::Table, name, Op::Create, b"")?;
        self.unread("columns of SELECT INTO", name.line)
    }

    fn alter(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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
        if kind.is_relation() || kind == ObjectKind::Domain {
            for action in cursor.split(b',') {
                self.alter_action(action, kind, name)?;
            }
        }
        Ok(())
    }

    fn alter_action(&mut self, mut action: Cursor<'_>, kind: ObjectKind, target: Name<'_>) -> Result<(), Full> {
        let line = action.line();
        if action.take_word("add") {
            if kind == ObjectKind::Domain {
                action.take_word("constraint");
                let Some(sub) = action.name() else { return Ok(()) };
                let sub = Name { schema: None, name: sub, line };
                return self.emit_sub(ObjectKind::DomainConstraint, target, sub, Op::Create, b"");
            }
            if self.table_constraint(&mut action, target)? {
                return Ok(());
            }
            action.take_one_of(&["column", "attribute"]);
            let op = if action.take_words(&["if", "not", "exists"]) { Op::CreateIfMissing } else { Op::Create };
            let Some(column) = action.name() else { return Ok(()) };
            return self.column(action, target, Name { schema: None, name: column, line }, op);
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
        if action.take_word("alter") {
            action.take_word("column");
            let Some(column) = action.name() else { return Ok(()) };
            if action.take_word("add") && action.find_word("identity") {
                return self.owned_sequence(target, Name { schema: None, name: column, line });
            }
        }
        Ok(())
    }

    fn drop(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
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

/// The kind that ALTER and DROP name.
fn kind(cursor: &mut Cursor<'_>) -> Option<ObjectKind> {
    const WORDS: [(&[&str], ObjectKind); 22] = [
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
    ];
    WORDS.iter().find(|(words, _)| cursor.take_words(words)).map(|(_, kind)| *kind)
}

fn is_global(kind: ObjectKind) -> bool {
    use ObjectKind::{EventTrigger, ForeignDataWrapper, ForeignServer, Language, Publication, Role, Schema};
    matches!(kind, Schema | EventTrigger | Publication | ForeignServer | ForeignDataWrapper | Role | Language)
}

/// The parts of a name that PostgreSQL makes (`ChooseRelationName`, `ChooseConstraintName`): columns and label.
fn implicit_name(columns: &[&[u8]], label: &str) -> Vec<u8> {
    let mut detail = columns.join(&b'_');
    detail.truncate(crate::limits::NAME_BYTES);
    detail.push(0);
    detail.extend_from_slice(label.as_bytes());
    detail
}

/// `FigureIndexColname`: the name of a column or of a function that is called; `expr` for any other expression.
fn index_column(mut part: Cursor<'_>) -> &[u8] {
    part.name().unwrap_or(b"expr")
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

/// Types of a routine's input arguments, as `oidvectortypes(proargtypes)` lists them.
fn routine_args(inside: Cursor<'_>) -> Vec<String> {
    let mut args = Vec::new();
    for mut part in inside.split(b',') {
        let mut input = true;
        loop {
            let is_mode = |word: &str| part.is_word(word) && part.ahead(1).is_some();
            if is_mode("in") || is_mode("inout") || is_mode("variadic") {
                part.skip(1);
            } else if is_mode("out") {
                // INOUT may be written IN OUT
                input = part.behind(1).is_some_and(|i| i.tok == Tok::Word && part.text(i) == b"in");
                part.skip(1);
            } else {
                break;
            }
        }
        if part.is_punct(b'*') || part.is_empty() {
            continue;
        }
        if has_argument_name(&part) {
            part.skip(1);
        }
        if let Some(ty) = types::parse(&mut part).filter(|_| input) {
            args.push(ty.spelled);
        }
    }
    args
}

/// Whether the first of two words is the argument's name rather than a part of its type.
fn has_argument_name(part: &Cursor<'_>) -> bool {
    let Some(next) = part.ahead(1) else { return false };
    let first = part.peek().map(|i| part.text(i)).unwrap_or_default();
    let second = part.text(next);
    match next.tok {
        Tok::Quoted => true,
        Tok::Word => {
            let two_words = matches!(
                (first, second),
                (b"double", b"precision")
                    | (b"character" | b"char" | b"bit" | b"nchar", b"varying")
                    | (b"national", b"character" | b"char")
                    | (b"timestamp" | b"time", b"with" | b"without")
                    | (b"interval", b"year" | b"month" | b"day" | b"hour" | b"minute" | b"second")
                    | (_, b"default" | b"array" | b"order")
                    | (b"setof", _)
            );
            !two_words
        }
        _ => false,
    }
}

fn qualified_detail(name: Name<'_>) -> Vec<u8> {
    let mut detail = name.schema.unwrap_or_default().to_vec();
    detail.push(0);
    detail.extend_from_slice(name.name);
    detail
}
