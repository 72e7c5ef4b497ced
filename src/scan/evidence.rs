//! What a resolved assertion tests: the objects that its arguments name, as evidence.

use super::expression::Typed;
use super::fact::{ANY_ARGS, Aspect, Code, Fact, Facts, Flags, Full, Key, ObjectKind, Scope, Strength};
use super::lints;
use super::session::Session;
use crate::limits::{ARGS_BYTES, NAME_BYTES};
use crate::pgtap::{self, Class, Overload, Role};
use crate::sql::literal::clip;
use crate::sql::types;

/// A structural assertion.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// What runs.
    pub overload: &'a Overload,
    /// The arguments in the order of its parameters.
    pub arguments: &'a [Option<&'a Typed>],
    /// Number of the overload in the catalogue.
    pub via: u16,
    /// 1-based line.
    pub line: u32,
    /// The session that runs it.
    pub session: &'a Session,
}

impl Assertion<'_> {
    fn argument(&self, at: usize) -> Option<&Typed> {
        self.arguments.get(at).copied().flatten()
    }

    /// Emits the evidence. The code is why the call is a blind spot.
    ///
    /// # Errors
    /// [`Full`]
    pub fn emit(&self, facts: &mut dyn Facts) -> Result<Result<(), Code>, Full> {
        let (overload, via) = (self.overload, self.via);
        let Some(subject) = Subject::of(overload) else { return Ok(Ok(())) };
        let constant = |at| self.argument(at).and_then(Typed::text).filter(|text| !lints::is_made_by_template(text));
        let text = |role| overload.position(role).map(|at| constant(at).map(name));
        let elements = |role| overload.position(role).map(|at| self.argument(at).and_then(Typed::elements));
        let (Some(schema), Some(object), Some(sub)) =
            (known(text(Role::Schema)), known(text(Role::Object)), known(text(Role::Sub)))
        else {
            return Ok(Err(Code::Dynamic));
        };
        let (scope, schema) = match schema {
            Some(schema) => (Scope::Named, schema),
            None => match overload.scope {
                pgtap::Scope::Explicit if subject.kind == ObjectKind::Extension => (Scope::Any, &b""[..]),
                pgtap::Scope::Explicit => (Scope::Named, &b""[..]),
                pgtap::Scope::Path => (Scope::Path, self.session.search_path()),
                pgtap::Scope::Any => (Scope::Any, &b""[..]),
                pgtap::Scope::User => (Scope::User, &b""[..]),
            },
        };
        self.description_that_names(overload, facts)?;
        let mut emit = |key: Key<'_>, aspect: Aspect| {
            facts.fact(Fact::Evidence {
                key,
                via,
                aspect,
                strength: Strength::Structure,
                line: self.line,
                flags: Flags::NONE,
                circumstance: b"",
            })
        };
        let base = Key { kind: subject.kind, scope, schema, name: object.unwrap_or_default(), sub: &[], args: &[] };
        let exists_all = overload.aspect == "exists-all";
        if overload.class == Class::Set || exists_all {
            let aspect = if exists_all { Aspect::EXISTS } else { Aspect::LISTED };
            let Some(Some(listed)) = elements(Role::List) else { return Ok(Err(Code::Dynamic)) };
            let Some(listed) = listed.into_iter().collect::<Option<Vec<Vec<u8>>>>() else {
                return Ok(Err(Code::Dynamic));
            };
            for name in listed.iter().map(|n| name(n)) {
                if subject.kind == ObjectKind::Partition {
                    // the server compares with regclass::text, which is qualified outside of the search path
                    let (scope, schema, name) = self.qualified(name);
                    emit(Key { scope, schema: &schema, name: &name, ..base }, aspect)?;
                    continue;
                }
                if subject.kind.is_sub() {
                    emit(Key { sub: name, ..base }, aspect)?;
                } else {
                    let args = if subject.kind.is_routine() { ANY_ARGS } else { b"" };
                    emit(Key { name, args, ..base }, aspect)?;
                }
            }
            if (subject.kind.is_sub() || subject.kind == ObjectKind::Partition) && object.is_some() {
                emit(Key { kind: ObjectKind::Relation, ..base }, Aspect::MEMBERS)?;
            } else if !exists_all && scope == Scope::Named && !schema.is_empty() {
                emit(schema_key(schema), Aspect::MEMBERS)?;
            }
            return Ok(Ok(()));
        }
        if overload.name == "is_partition_of" {
            // (child, parent), both with their schemas or without
            let at = if overload.position(Role::Schema).is_some() { 2 } else { 1 };
            let parent = |at| self.argument(at).and_then(Typed::text).map(name);
            let (schema, parent) = if at == 2 { (parent(2), parent(3)) } else { (Some(base.schema), parent(1)) };
            let (Some(schema), Some(parent)) = (schema, parent) else { return Ok(Err(Code::Dynamic)) };
            emit(Key { kind: ObjectKind::Relation, schema, name: parent, ..base }, Aspect::HAS_CHILDREN)?;
        }
        if subject.on_relation {
            let aspect = subject.aspect;
            let columns = match elements(Role::Columns) {
                Some(None) => return Ok(Err(Code::Dynamic)),
                Some(Some(columns)) => columns,
                None => sub.map(|s| vec![Some(s.to_vec())]).unwrap_or_default(),
            };
            emit(Key { kind: ObjectKind::Relation, ..base }, aspect)?;
            for column in columns.iter().flatten() {
                emit(Key { kind: ObjectKind::Column, sub: name(column), ..base }, aspect)?;
            }
            return Ok(Ok(()));
        }
        let is_not = overload.negated && overload.aspect == "not-exists";
        let aspect = if is_not { Aspect::NOT_EXISTS } else { Aspect::of(overload) };
        if subject.kind == ObjectKind::Index && overload.dispatched() {
            // the server asks at run time whether the first argument is a schema
            let path = self.session.search_path();
            return emit(Key { scope: Scope::IfSchema, sub: sub.unwrap_or_default(), args: path, ..base }, aspect)
                .map(Ok);
        }
        if subject.kind.is_sub() {
            emit(Key { sub: sub.unwrap_or_default(), ..base }, aspect)?;
            if object.is_some() && !is_not {
                emit(Key { kind: ObjectKind::Relation, ..base }, Aspect::MEMBER)?;
            }
            return Ok(Ok(()));
        }
        if subject.kind.is_routine() {
            let args = match elements(Role::ArgTypes) {
                None => String::from_utf8_lossy(ANY_ARGS).into_owned(),
                Some(Some(types)) if types.iter().all(Option::is_some) => {
                    let spelled: Vec<String> = types.iter().flatten().map(|t| types::normalize(t)).collect();
                    spelled.join(", ")
                }
                Some(_) => return Ok(Err(Code::Dynamic)),
            };
            if args.len() > ARGS_BYTES {
                return Ok(Err(Code::OverLimit));
            }
            return emit(Key { args: args.as_bytes(), ..base }, aspect).map(Ok);
        }
        if subject.kind == ObjectKind::Schema {
            let name = object.or(overload.position(Role::Schema).map(|_| schema)).unwrap_or_default();
            return emit(schema_key(name), aspect).map(Ok);
        }
        emit(base, aspect).map(Ok)
    }

    /// `schema.name` in one text.
    fn qualified(&self, text: &[u8]) -> (Scope, Vec<u8>, Vec<u8>) {
        let text = String::from_utf8_lossy(text);
        match text.split_once('.') {
            Some((schema, name)) => {
                let bytes = |part: &str| types::unquote_ident(part).into_bytes();
                (Scope::Named, bytes(schema), bytes(name))
            }
            None => (Scope::Path, self.session.search_path().to_vec(), types::unquote_ident(&text).into_bytes()),
        }
    }

    /// `has_table('app', 'rooms')` tests table app; where a schema is called so, somebody meant it. The merge knows.
    fn description_that_names(&self, overload: &Overload, facts: &mut dyn Facts) -> Result<(), Full> {
        let at = |role| overload.position(role).and_then(|at| self.argument(at)).and_then(Typed::text);
        let (None, Some(object), Some(description)) = (at(Role::Schema), at(Role::Object), at(Role::Description))
        else {
            return Ok(());
        };
        let is_name = !description.is_empty() && description.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if !is_name || object.contains(&b' ') {
            return Ok(());
        }
        let detail = [name(object), name(description), overload.name.as_bytes()].join(&0);
        facts.fact(Fact::Diagnostic { code: Code::DescriptionLooksLikeName, detail: &detail, line: self.line })
    }
}

fn schema_key(name: &[u8]) -> Key<'_> {
    Key { kind: ObjectKind::Schema, scope: Scope::Named, schema: b"", name, sub: b"", args: b"" }
}

/// An argument that the overload has must be constant: none for one that is not.
#[allow(clippy::option_option)] // outer: the overload has such an argument; inner: its text is known
fn known(argument: Option<Option<&[u8]>>) -> Option<Option<&[u8]>> {
    match argument {
        None => Some(None),
        Some(None) => None,
        Some(Some(text)) => Some(Some(text)),
    }
}

/// A text as `name`: the server cuts it to 63 bytes.
fn name(text: &[u8]) -> &[u8] {
    clip(text, NAME_BYTES)
}

/// The object that an overload speaks of.
struct Subject {
    kind: ObjectKind,
    /// The assertion is about a constraint, which has no name in it: evidence goes to the relation and its columns.
    on_relation: bool,
    aspect: Aspect,
}

impl Subject {
    /// None for what belongs to no schema (tablespaces, databases).
    fn of(overload: &Overload) -> Option<Subject> {
        let constraint = |word: &str, not: &str| Subject {
            kind: ObjectKind::Column,
            on_relation: true,
            aspect: Aspect::from_word(if overload.negated { not } else { word }).unwrap_or(Aspect::EXISTS),
        };
        Some(match overload.kind {
            "primary-key" => constraint("primary-key", "not-primary-key"),
            "foreign-key" => constraint("foreign-key", "not-foreign-key"),
            "unique-constraint" => constraint("unique-constraint", "unique-constraint"),
            "check-constraint" => constraint("check-constraint", "check-constraint"),
            _ if overload.aspect == "columns-indexed" => constraint("columns-indexed", "columns-indexed"),
            kind => {
                let kind = match kind {
                    "function" | "procedure" | "aggregate" | "window-function" => ObjectKind::Routine,
                    "table"
                        if !matches!(overload.aspect, "exists" | "not-exists")
                            && overload.class == Class::Structure =>
                    {
                        ObjectKind::Relation
                    }
                    "user" | "group" => ObjectKind::Role,
                    _ => ObjectKind::from_word(kind)?,
                };
                Subject { kind, on_relation: false, aspect: Aspect::EXISTS }
            }
        })
    }
}
