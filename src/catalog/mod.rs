//! The schema at the end of all definitions: events replayed in manifest order.
//!
//! The table is held in memory: about 200 bytes an object.

pub mod names;

use crate::limits::to_u32;
use crate::record::OwnedRecord;
use crate::scan::fact::{ANY_ARGS, ObjectKind, Op, Scope};
use crate::scan::reference::arity_of;
use crate::sql::types;
use std::collections::{HashMap, HashSet};

/// An object of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Kind.
    pub kind: ObjectKind,
    /// Schema; empty for what belongs to none.
    pub schema: Vec<u8>,
    /// Name; for sub-objects the relation's.
    pub name: Vec<u8>,
    /// Column, trigger, policy, index, constraint.
    pub sub: Vec<u8>,
    /// Argument types of a routine.
    pub args: Vec<u8>,
    /// Place of its definition: source in the manifest.
    pub file: u32,
    /// 1-based line.
    pub line: u32,
    /// Partition of another table: counts with that one.
    pub is_partition: bool,
    /// Type of a column, or the function of a trigger.
    detail: Vec<u8>,
    /// The table whose column owns this sequence.
    owner: Option<Vec<u8>>,
    live: bool,
}

impl Object {
    /// Number of argument types of a routine.
    fn arg_count(&self) -> usize {
        let text = String::from_utf8_lossy(&self.args);
        text.split(", ").filter(|t| !t.is_empty()).count()
    }

    /// The relation or domain that it is a part of.
    fn whole(&self) -> Option<&[u8]> {
        match &self.owner {
            Some(owner) => Some(owner),
            None if self.kind.is_sub() || self.kind == ObjectKind::DomainConstraint => Some(&self.name),
            None => None,
        }
    }
}

/// Where an object is looked up: its name and sub-object, which hold no NUL.
fn place(name: &[u8], sub: &[u8]) -> Vec<u8> {
    [name, sub].join(&0)
}

/// Number of an object in the inventory.
pub type ObjectId = u32;

/// What the replay of an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It was applied, or had nothing to do.
    Done,
    /// It creates what exists already.
    Duplicate,
    /// It changes or drops an object that no source defines.
    Unknown,
}

/// The objects, by name.
#[derive(Debug, Default)]
pub struct Inventory {
    objects: Vec<Object>,
    /// By name and sub-object, see [`place`].
    by_place: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// Sub-objects by the relation's name, sequences by the name of the table that owns them.
    parts: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// Indexes by their own name.
    indexes: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// Names of relations and indexes (pg_class) by schema, which implicit names avoid.
    relation_names: HashSet<(Vec<u8>, Vec<u8>)>,
    /// Names of constraints by schema.
    constraint_names: HashSet<(Vec<u8>, Vec<u8>)>,
    /// Schemas that a source creates.
    schemas: HashSet<Vec<u8>>,
}

/// A key as a record holds it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Kind, or a class of kinds.
    pub kind: ObjectKind,
    /// How `schema` is meant.
    pub scope: Scope,
    /// Schema or search path.
    pub schema: &'a [u8],
    /// Name.
    pub name: &'a [u8],
    /// Sub-object.
    pub sub: &'a [u8],
    /// Argument types.
    pub args: &'a [u8],
}

impl Inventory {
    /// An empty database: it has the schema `public`.
    pub fn new() -> Self {
        let mut inventory = Inventory::default();
        inventory.schemas.insert(b"public".to_vec());
        inventory
    }

    /// The object with this number.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id as usize]
    }

    /// All objects that exist at the end, with their numbers.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        self.objects.iter().enumerate().filter(|(_, o)| o.live).map(|(id, o)| (to_u32(id), o))
    }

    /// Number of objects, dropped ones included: every id is below.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// There is no object.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Whether the sources tell all objects of the kind that `wanted` asks for: not the columns of a view or of a table
    /// made AS a query, not the sub-objects of a relation that other sources own.
    pub fn knows(&self, wanted: &Wanted<'_>) -> bool {
        if !wanted.kind.is_sub() {
            return true;
        }
        let relation = Wanted { kind: ObjectKind::Relation, sub: b"", args: b"", ..*wanted };
        let relations = self.find(relation);
        let has_columns = |id: &ObjectId| {
            let column = |o: &Object| o.live && o.kind == ObjectKind::Column;
            self.parts.get(wanted.name).into_iter().flatten().any(|id| column(self.object(*id)))
                && !matches!(self.object(*id).kind, ObjectKind::View | ObjectKind::MaterializedView)
        };
        wanted.kind != ObjectKind::Column || relations.iter().all(has_columns)
    }

    /// A source creates this schema, or it is `public`.
    pub fn owns_schema(&self, schema: &[u8]) -> bool {
        self.schemas.contains(schema)
    }

    /// The objects that a key names; several for a name of overloaded routines or a class of kinds.
    pub fn find(&self, wanted: Wanted<'_>) -> Vec<ObjectId> {
        match wanted.scope {
            Scope::Named => self.matching(&wanted, Some(wanted.schema)),
            Scope::Any | Scope::User => self.matching(&wanted, None),
            Scope::Path => {
                let found = wanted.schema.split(|b| *b == 0).map(|schema| self.matching(&wanted, Some(schema)));
                found.into_iter().find(|ids| !ids.is_empty()).unwrap_or_default()
            }
            Scope::IfSchema if self.owns_schema(wanted.schema) => self.matching(&wanted, Some(wanted.schema)),
            Scope::IfSchema => {
                let (name, sub, path) = (wanted.schema, wanted.name, wanted.args);
                self.find(Wanted { scope: Scope::Path, schema: path, name, sub, args: b"", ..wanted })
            }
        }
    }

    fn matching(&self, wanted: &Wanted<'_>, schema: Option<&[u8]>) -> Vec<ObjectId> {
        // an index may be named without its table
        if wanted.kind == ObjectKind::Index && wanted.name.is_empty() {
            let is_it = |o: &Object| o.live && o.sub == wanted.sub && schema.is_none_or(|s| o.schema == s);
            let ids = self.indexes.get(wanted.sub).map(Vec::as_slice).unwrap_or_default();
            return ids.iter().copied().filter(|id| is_it(self.object(*id))).collect();
        }
        let is_it = |o: &Object| {
            o.live
                && wanted.kind.covers(o.kind)
                && (schema.is_none_or(|s| o.schema == s) || o.schema.is_empty())
                && (!o.kind.is_routine() || same_args(&o.args, wanted.args))
        };
        let ids = self.by_place.get(&place(wanted.name, wanted.sub)).map(Vec::as_slice).unwrap_or_default();
        let found: Vec<ObjectId> = ids.iter().copied().filter(|id| is_it(self.object(*id))).collect();
        match arity_of(wanted.args) {
            Some(count) => self.called(found, count),
            None => found,
        }
    }

    /// The overloads that a call with `count` arguments may mean: those with just as many, else those with more, of
    /// which some may have defaults.
    fn called(&self, found: Vec<ObjectId>, count: usize) -> Vec<ObjectId> {
        let args = |id: &ObjectId| self.object(*id).arg_count();
        let exact: Vec<ObjectId> = found.iter().copied().filter(|id| args(id) == count).collect();
        if exact.is_empty() { found.into_iter().filter(|id| args(id) > count).collect() } else { exact }
    }

    /// Applies one event. Costs time linear in the objects of the names concerned.
    pub fn replay(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind, op: Op) -> Replayed {
        match op {
            Op::Create | Op::CreateIfMissing | Op::Replace => self.create(file, row, kind, op),
            Op::CreateNamed => self.create_named(file, row, kind),
            Op::Drop => self.drop(row, kind),
            Op::Rename => self.rename(row, kind),
            Op::Move => self.set_schema(row, kind),
            Op::Alter => Replayed::Done,
        }
    }

    fn create(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind, op: Op) -> Replayed {
        let schema = self.schema_of(row, kind);
        let args = if kind.is_routine() { self.resolve_args(row) } else { row.args.clone() };
        let wanted = Wanted { kind, scope: Scope::Named, schema: &schema, name: &row.name, sub: &row.sub, args: &args };
        let existing = self.find(wanted).first().copied();
        // a view, a table and a sequence cannot share a name
        let taken = existing.or_else(|| {
            let any = Wanted { kind: ObjectKind::Relation, ..wanted };
            if kind.is_relation() { self.find(any).first().copied() } else { None }
        });
        if let Some(id) = taken {
            if op == Op::Replace && existing.is_some() {
                let object = &mut self.objects[id as usize];
                (object.file, object.line) = (file, row.line);
            }
            return if op == Op::Create { Replayed::Duplicate } else { Replayed::Done };
        }
        let is_partition = row.detail.starts_with(b"partition\0");
        let object = Object {
            kind,
            schema,
            name: row.name.clone(),
            sub: row.sub.clone(),
            args,
            file,
            line: row.line,
            is_partition,
            detail: row.detail.clone(),
            owner: None,
            live: true,
        };
        self.insert(object);
        Replayed::Done
    }

    /// An object whose name PostgreSQL chooses: the first that is free.
    fn create_named(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let schema = self.schema_of(row, if kind == ObjectKind::Sequence { ObjectKind::Column } else { kind });
        let mut parts = row.detail.splitn(2, |b| *b == 0);
        let (columns, label) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_relation = matches!(
            kind,
            ObjectKind::Index
                | ObjectKind::Sequence
                | ObjectKind::PrimaryKey
                | ObjectKind::UniqueConstraint
                | ObjectKind::ExclusionConstraint
        );
        let mut pass = 0;
        let chosen = loop {
            let name = names::make_object_name(&row.name, columns, label, pass);
            let key = (schema.clone(), name);
            let taken = (is_relation && self.relation_names.contains(&key))
                || (kind != ObjectKind::Sequence && kind != ObjectKind::Index && self.constraint_names.contains(&key));
            if !taken {
                break key.1;
            }
            pass += 1;
        };
        let is_sequence = kind == ObjectKind::Sequence;
        self.insert(Object {
            kind,
            schema,
            name: if is_sequence { chosen.clone() } else { row.name.clone() },
            sub: if is_sequence { Vec::new() } else { chosen },
            args: Vec::new(),
            file,
            line: row.line,
            is_partition: false,
            detail: columns.to_vec(),
            owner: is_sequence.then(|| row.name.clone()),
            live: true,
        });
        Replayed::Done
    }

    fn insert(&mut self, object: Object) {
        match object.kind {
            ObjectKind::Schema => {
                self.schemas.insert(object.name.clone());
            }
            ObjectKind::PrimaryKey | ObjectKind::UniqueConstraint | ObjectKind::ExclusionConstraint => {
                self.constraint_names.insert((object.schema.clone(), object.sub.clone()));
                // the index that serves it
                self.insert(Object { kind: ObjectKind::Index, ..object.clone() });
            }
            ObjectKind::ForeignKey | ObjectKind::CheckConstraint => {
                self.constraint_names.insert((object.schema.clone(), object.sub.clone()));
            }
            ObjectKind::Index => {
                self.relation_names.insert((object.schema.clone(), object.sub.clone()));
            }
            kind if kind.is_relation() => {
                self.relation_names.insert((object.schema.clone(), object.name.clone()));
            }
            _ => {}
        }
        let id = to_u32(self.objects.len());
        self.objects.push(object);
        self.link(id);
    }

    /// Enters an object under its names.
    fn link(&mut self, id: ObjectId) {
        let object = &self.objects[id as usize];
        self.by_place.entry(place(&object.name, &object.sub)).or_default().push(id);
        if let Some(whole) = object.whole() {
            self.parts.entry(whole.to_vec()).or_default().push(id);
        }
        if object.kind == ObjectKind::Index {
            self.indexes.entry(object.sub.clone()).or_default().push(id);
        }
    }

    /// Takes an object out of its names, before they change.
    fn unlink(&mut self, id: ObjectId) {
        let object = &self.objects[id as usize];
        let forget = |ids: Option<&mut Vec<ObjectId>>| {
            if let Some(ids) = ids {
                ids.retain(|other| *other != id);
            }
        };
        forget(self.by_place.get_mut(&place(&object.name, &object.sub)));
        if let Some(whole) = object.whole() {
            forget(self.parts.get_mut(whole));
        }
        if object.kind == ObjectKind::Index {
            forget(self.indexes.get_mut(&object.sub));
        }
    }

    /// Changes an object's names.
    fn relink(&mut self, id: ObjectId, change: impl FnOnce(&mut Object)) {
        self.unlink(id);
        change(&mut self.objects[id as usize]);
        self.link(id);
    }

    fn remove(&mut self, id: ObjectId) {
        let object = &mut self.objects[id as usize];
        object.live = false;
        match object.kind {
            ObjectKind::Schema => {
                let name = object.name.clone();
                self.schemas.remove(&name);
            }
            ObjectKind::Index => {
                self.relation_names.remove(&(object.schema.clone(), object.sub.clone()));
            }
            kind if kind.is_relation() => {
                self.relation_names.remove(&(object.schema.clone(), object.name.clone()));
            }
            _ => {
                self.constraint_names.remove(&(object.schema.clone(), object.sub.clone()));
            }
        }
    }

    fn drop(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        for id in &targets {
            let object = self.object(*id).clone();
            self.remove(*id);
            if object.kind == ObjectKind::Schema {
                let inside: Vec<ObjectId> =
                    self.objects().filter(|(_, o)| o.schema == object.name).map(|(id, _)| id).collect();
                inside.into_iter().for_each(|id| self.remove(id));
            } else if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                let parts: Vec<ObjectId> = self.parts(&object.schema, &object.name);
                parts.into_iter().for_each(|id| self.remove(id));
            }
        }
        if targets.is_empty() { Replayed::Unknown } else { Replayed::Done }
    }

    fn rename(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        for id in &targets {
            let object = self.object(*id).clone();
            if object.kind == ObjectKind::Schema {
                self.schemas.remove(&object.name);
                self.schemas.insert(row.detail.clone());
                for other in self.objects.iter_mut().filter(|o| o.schema == object.name) {
                    other.schema.clone_from(&row.detail);
                }
                self.relink(*id, |o| o.name.clone_from(&row.detail));
            } else if object.kind.is_sub() || object.kind == ObjectKind::DomainConstraint {
                self.relink(*id, |o| o.sub.clone_from(&row.detail));
            } else {
                if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                    for part in self.parts(&object.schema, &object.name) {
                        self.relink(part, |o| match &mut o.owner {
                            Some(owner) => owner.clone_from(&row.detail),
                            None => o.name.clone_from(&row.detail),
                        });
                    }
                    self.relation_names.remove(&(object.schema.clone(), object.name.clone()));
                    self.relation_names.insert((object.schema.clone(), row.detail.clone()));
                }
                self.relink(*id, |o| o.name.clone_from(&row.detail));
            }
        }
        if targets.is_empty() { Replayed::Unknown } else { Replayed::Done }
    }

    fn set_schema(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        for id in &targets {
            let object = self.object(*id).clone();
            let mut moved = vec![*id];
            if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                moved.extend(self.parts(&object.schema, &object.name));
            }
            for part in moved {
                self.objects[part as usize].schema.clone_from(&row.detail);
            }
        }
        if targets.is_empty() { Replayed::Unknown } else { Replayed::Done }
    }

    /// What hangs on a relation: its sub-objects and the sequences that its columns own.
    fn parts(&self, schema: &[u8], name: &[u8]) -> Vec<ObjectId> {
        let ids = self.parts.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_part = |id: &&ObjectId| self.object(**id).live && self.object(**id).schema == schema;
        ids.iter().filter(is_part).copied().collect()
    }

    /// The objects that ALTER or DROP names.
    fn targets(&self, row: &OwnedRecord, kind: ObjectKind) -> Vec<ObjectId> {
        let args = if kind.is_routine() { self.resolve_args(row) } else { Vec::new() };
        let scope = Scope::from_number(row.scope).unwrap_or(Scope::Named);
        let wanted = Wanted { kind, scope, schema: &row.schema, name: &row.name, sub: &row.sub, args: &args };
        let mut found = self.find(wanted);
        if found.is_empty() && kind == ObjectKind::CheckConstraint {
            // DROP CONSTRAINT and RENAME CONSTRAINT do not say of what kind it is
            use ObjectKind::{ExclusionConstraint, ForeignKey, PrimaryKey, UniqueConstraint};
            for kind in [PrimaryKey, UniqueConstraint, ForeignKey, ExclusionConstraint] {
                found.extend(self.find(Wanted { kind, ..wanted }));
            }
            if !found.is_empty() {
                found.extend(self.find(Wanted { kind: ObjectKind::Index, ..wanted }));
            }
        } else if found.is_empty() && matches!(kind, ObjectKind::Table | ObjectKind::View) {
            // ALTER TABLE may be said of any relation
            found = self.find(Wanted { kind: ObjectKind::Relation, ..wanted });
        }
        found
    }

    /// The schema that an event means: written, or the first of the path where the relation is, or that exists.
    fn schema_of(&self, row: &OwnedRecord, kind: ObjectKind) -> Vec<u8> {
        if Scope::from_number(row.scope) != Some(Scope::Path) {
            return row.schema.clone();
        }
        let mut path = row.schema.split(|b| *b == 0);
        let first = path.clone().next().unwrap_or_default();
        let of_domain = kind == ObjectKind::DomainConstraint;
        if kind.is_sub() || of_domain {
            let kind = if of_domain { ObjectKind::Domain } else { ObjectKind::Relation };
            let relation =
                Wanted { kind, scope: Scope::Path, schema: &row.schema, name: &row.name, sub: b"", args: b"" };
            if let Some(id) = self.find(relation).first() {
                return self.object(*id).schema.clone();
            }
        }
        path.find(|schema| self.owns_schema(schema)).unwrap_or(first).to_vec()
    }

    /// Spells user types with their schema, as `format_type` does outside of the search path, and follows `%TYPE`.
    fn resolve_args(&self, row: &OwnedRecord) -> Vec<u8> {
        if row.args == ANY_ARGS || row.args.is_empty() {
            return row.args.clone();
        }
        let args = String::from_utf8_lossy(&row.args).into_owned();
        let path: &[u8] = if Scope::from_number(row.scope) == Some(Scope::Path) { &row.schema } else { b"public" };
        let spelled: Vec<String> = args.split(", ").map(|arg| self.resolve_type(arg, path)).collect();
        spelled.join(", ").into_bytes()
    }

    fn resolve_type(&self, spelled: &str, path: &[u8]) -> String {
        if let Some(column) = spelled.strip_suffix("%TYPE") {
            return self.column_type(column, path).unwrap_or_else(|| spelled.to_owned());
        }
        let (base, array) = spelled.strip_suffix("[]").map_or((spelled, ""), |base| (base, "[]"));
        if base.contains('.') || types::is_built_in(base) {
            return spelled.to_owned();
        }
        let name = types::unquote_ident(base);
        let wanted = Wanted {
            kind: ObjectKind::Type,
            scope: Scope::Path,
            schema: path,
            name: name.as_bytes(),
            sub: b"",
            args: b"",
        };
        match self.find(wanted).first() {
            Some(id) => {
                let schema = String::from_utf8_lossy(&self.object(*id).schema).into_owned();
                format!("{}.{base}{array}", types::quote_ident(&schema))
            }
            None => spelled.to_owned(),
        }
    }

    fn column_type(&self, column: &str, path: &[u8]) -> Option<String> {
        let mut parts = column.rsplitn(3, '.');
        let (sub, name) = (parts.next()?, parts.next()?);
        let schema = parts.next();
        let scope = if schema.is_some() { Scope::Named } else { Scope::Path };
        let wanted = Wanted {
            kind: ObjectKind::Column,
            scope,
            schema: schema.map_or(path, str::as_bytes),
            name: name.as_bytes(),
            sub: sub.as_bytes(),
            args: b"",
        };
        let id = *self.find(wanted).first()?;
        Some(self.resolve_type(&String::from_utf8_lossy(&self.object(id).detail), path))
    }
}

/// Argument types are the same; a type that the test writes without its schema matches one of that name.
fn same_args(defined: &[u8], wanted: &[u8]) -> bool {
    if wanted == ANY_ARGS || defined == wanted || arity_of(wanted).is_some() {
        return true;
    }
    let split = |args: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(args).into_owned();
        text.split(", ").filter(|t| !t.is_empty()).map(str::to_owned).collect()
    };
    let (defined, wanted) = (split(defined), split(wanted));
    let same = |d: &String, w: &String| {
        d == w || (!w.contains('.') && !types::is_built_in(w) && d.rsplit('.').next() == Some(w.as_str()))
    };
    defined.len() == wanted.len() && defined.iter().zip(&wanted).all(|(d, w)| same(d, w))
}
