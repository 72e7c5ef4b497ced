//! Operators, operator classes, casts and memberships of roles: what is named by more than a name.

use super::needs::{Needs, Words};
use super::note::{Entry, Trait};
use super::{Reader, cascades};
use crate::scan::fact::{Fact, Full, Key, ObjectKind, Op, Scope};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

/// Memberships of one statement: each role of a list becomes a member of each of another.
const MEMBERSHIPS: usize = 4096;

/// `schema.===` or `OPERATOR(schema.===)`
fn operator<'a>(cursor: &mut Cursor<'a>) -> Option<Name<'a>> {
    if cursor.take_word("operator") {
        *cursor = cursor.group()?;
    }
    let (line, mut schema) = (cursor.line(), None);
    while cursor.ahead(1).is_some_and(|next| next.tok == Tok::Punct(b'.')) {
        schema = cursor.name();
        cursor.skip(1);
    }
    let item = cursor.peek().filter(|item| item.tok == Tok::Operator)?;
    cursor.skip(1);
    Some(Name { schema, name: cursor.text(item), line })
}

/// `(left, right)`, `(source AS target)`: the types, `NONE` for one that is missing.
fn pair(cursor: &mut Cursor<'_>) -> Option<[String; 2]> {
    let mut inside = cursor.group()?;
    let mut next = || {
        let ty =
            if inside.take_word("none") { "NONE".to_owned() } else { types::parse(&mut inside)?.spelled.into_owned() };
        inside.skip(1);
        Some(ty)
    };
    Some([next()?, next()?])
}

/// What ALTER and DROP name: name, access method, types.
fn named<'a>(kind: ObjectKind, cursor: &mut Cursor<'a>) -> Option<(Name<'a>, &'a [u8], String)> {
    let line = cursor.line();
    match kind {
        ObjectKind::Operator => Some((operator(cursor)?, b"", pair(cursor)?.join(", "))),
        ObjectKind::Cast => Some((Name { schema: None, name: b"", line }, b"", pair(cursor)?.join(", "))),
        _ => {
            let name = cursor.qualified()?;
            let method = if cursor.take_word("using") { cursor.name() } else { None };
            Some((name, method?, String::new()))
        }
    }
}

impl Reader<'_, '_> {
    pub(super) fn create_operator(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        if cursor.take_word("class") {
            return self.create_operator_class(cursor);
        }
        if cursor.is_word("family") {
            return Ok(());
        }
        let (Some(name), Some(options)) = (operator(cursor), cursor.group()) else { return Ok(()) };
        let none = || "NONE".to_owned();
        let (mut left, mut right, mut function, mut others) = (none(), none(), None, Vec::new());
        for mut option in options.split(b',') {
            let Some(word) = option.name() else { continue };
            option.skip(1);
            let mut ty = || types::parse(&mut option).map_or_else(none, |ty| ty.spelled.into_owned());
            match word {
                b"leftarg" => left = ty(),
                b"rightarg" => right = ty(),
                b"function" | b"procedure" => function = option.qualified(),
                b"commutator" => others.extend(operator(&mut option).map(|name| (name, true))),
                b"negator" => others.extend(operator(&mut option).map(|name| (name, false))),
                _ => {}
            }
        }
        let mut needs = Needs::default();
        needs.ty(&left);
        needs.ty(&right);
        if let Some(function) = function {
            let args: Vec<&str> = [left.as_str(), &right].into_iter().filter(|ty| *ty != "NONE").collect();
            let schema = function.schema.unwrap_or_default();
            needs.add(Entry::Routine, &[schema, function.name, args.join(", ").as_bytes()]);
        }
        // a shell operator may stand for it
        let args = format!("{left}, {right}");
        self.emit_key(ObjectKind::Operator, name, b"", args.as_bytes(), Op::Replace, b"", name.line)?;
        self.emit_needs(&needs, name)?;
        for (other, is_commutator) in others {
            // the server's own are not made
            if other.name.len() > 2 || !types::is_built_in(&left) || !types::is_built_in(&right) {
                let args = if is_commutator { format!("{right}, {left}") } else { args.clone() };
                let op = Op::CreateIfMissing;
                self.emit_key(ObjectKind::Operator, other, b"", args.as_bytes(), op, b"", name.line)?;
            }
        }
        Ok(())
    }

    fn create_operator_class(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some(name) = cursor.qualified() else { return Ok(()) };
        let mut needs = Needs::default();
        if cursor.find_word("type") {
            cursor.skip(1);
            needs.take_type(cursor);
        }
        if !cursor.take_word("using") {
            return Ok(());
        }
        let Some(method) = cursor.name() else { return Ok(()) };
        needs.expression(*cursor, Words::Ignored, self.session);
        self.emit_key(ObjectKind::OperatorClass, name, method, b"", Op::Create, b"", name.line)?;
        self.emit_needs(&needs, name)
    }

    pub(super) fn create_cast(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some((name, _, args)) = named(ObjectKind::Cast, cursor) else { return Ok(()) };
        let mut needs = Needs::default();
        args.split(", ").for_each(|ty| needs.ty(ty));
        needs.expression(*cursor, Words::Ignored, self.session);
        self.emit_key(ObjectKind::Cast, name, b"", args.as_bytes(), Op::Create, b"", name.line)?;
        self.emit_needs(&needs, name)
    }

    /// ALTER, behind the kind.
    pub(super) fn alter_operator(&mut self, kind: ObjectKind, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let Some((name, sub, args)) = named(kind, cursor) else { return Ok(()) };
        let op = if cursor.take_words(&["rename", "to"]) {
            Op::Rename
        } else if cursor.take_words(&["set", "schema"]) {
            Op::Move
        } else {
            return Ok(());
        };
        let Some(new) = cursor.name() else { return Ok(()) };
        self.emit_key(kind, name, sub, args.as_bytes(), op, new, name.line)
    }

    /// DROP, behind the kind.
    pub(super) fn drop_operators(&mut self, kind: ObjectKind, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        let cascade: &[u8] = if cascades(cursor) { b"cascade" } else { b"" };
        for mut part in cursor.split(b',') {
            if let Some((name, sub, args)) = named(kind, &mut part) {
                self.emit_key(kind, name, sub, args.as_bytes(), Op::Drop, cascade, name.line)?;
            }
        }
        Ok(())
    }

    /// GRANT or REVOKE, behind the word: of roles, or else of privileges, which make nothing.
    pub(super) fn grant(&mut self, cursor: &mut Cursor<'_>, op: Op) -> Result<(), Full> {
        let mut members = *cursor;
        if !members.find_word(if op == Op::Drop { "from" } else { "to" }) {
            return Ok(());
        }
        let mut rest = cursor.to(members.position());
        let roles = list(&mut rest);
        members.skip(1);
        // privileges ON, or ADMIN OPTION FOR
        if rest.is_empty() { self.memberships(&roles, &list(&mut members), op, cursor.line()) } else { Ok(()) }
    }

    /// Memberships in CREATE ROLE.
    pub(super) fn role_options(&mut self, role: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Full> {
        while !cursor.is_empty() {
            let line = cursor.line();
            if cursor.take_one_of(&["superuser", "bypassrls"]).is_some() {
                let name = Name { schema: None, name: role, line };
                self.traits(ObjectKind::Role, name, [b"", b""], Trait::BYPASSES, true)?;
                continue;
            }
            let within = cursor.take_word("in");
            if cursor.take_one_of(&["role", "group", "user", "admin"]).is_none() {
                cursor.skip(1);
                continue;
            }
            let others = list(cursor);
            let (roles, members) = if within { (&others[..], &[role][..]) } else { (&[role][..], &others[..]) };
            self.memberships(roles, members, Op::Create, line)?;
        }
        Ok(())
    }

    /// ALTER GROUP … ADD USER
    pub(super) fn role_members(&mut self, role: &[u8], cursor: &mut Cursor<'_>, op: Op) -> Result<(), Full> {
        let line = cursor.line();
        self.memberships(&[role], &list(cursor), op, line)
    }

    fn memberships(&mut self, roles: &[&[u8]], members: &[&[u8]], op: Op, line: u32) -> Result<(), Full> {
        if roles.len() * members.len() > MEMBERSHIPS {
            return self.unread("GRANT of so many roles", line);
        }
        // granted twice it is once
        let op = if op == Op::Drop { op } else { Op::CreateIfMissing };
        for (name, sub) in roles.iter().flat_map(|role| members.iter().map(move |member| (role, member))) {
            let key = Key { kind: ObjectKind::RoleMembership, scope: Scope::Named, schema: b"", name, sub, args: b"" };
            self.facts.fact(Fact::Definition { key, op, detail: b"", line })?;
        }
        Ok(())
    }
}

/// Names between commas.
fn list<'a>(cursor: &mut Cursor<'a>) -> Vec<&'a [u8]> {
    let mut names = Vec::new();
    while let Some(name) = cursor.name() {
        names.push(name);
        if !cursor.take_punct(b',') {
            break;
        }
    }
    names
}
