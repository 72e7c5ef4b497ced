//! The schema at the end of all definitions: events replayed in manifest order.
//!
//! The table is held in memory: about 200 bytes an object.

pub mod names;

use crate::limits::to_u32;
use crate::record::OwnedRecord;
use crate::scan::fact::{ANY_ARGS, DETACHED, GUARDED, ObjectKind, Op, PARTITION, Scope, WORDS};
use crate::scan::reference::arity_of;
use crate::sql::types;
use std::collections::{BTreeSet, HashMap, HashSet};

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

    /// Schema and name of the table that it is a partition of; one without a schema lies in its own.
    fn parent(&self) -> Option<Vec<u8>> {
        let mut parts = self.detail.strip_prefix(PARTITION)?.splitn(2, |b| *b == 0);
        let (schema, name) = (parts.next()?, parts.next()?);
        Some([if schema.is_empty() { &self.schema } else { schema }, name].join(&0))
    }

    /// Its name in pg_class, if it has one.
    fn class_name(&self) -> Option<&[u8]> {
        match self.kind {
            ObjectKind::Index => Some(&self.sub),
            kind if kind.is_relation() => Some(&self.name),
            _ => None,
        }
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

/// Where an object is looked up: its schema, name and sub-object, which hold no NUL.
fn place(schema: &[u8], name: &[u8], sub: &[u8]) -> Vec<u8> {
    [schema, name, sub].join(&0)
}

fn forget(index: &mut HashMap<Vec<u8>, Vec<ObjectId>>, key: &[u8], id: ObjectId) {
    if let Some(ids) = index.get_mut(key) {
        ids.retain(|other| *other != id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
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
    /// By schema, name and sub-object, see [`place`]. Live objects only, as in all of these.
    by_place: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// By name and sub-object, in whatever schema.
    by_name: HashMap<Vec<u8>, BTreeSet<ObjectId>>,
    by_schema: HashMap<Vec<u8>, BTreeSet<ObjectId>>,
    /// Sub-objects by schema and name of the relation, sequences by those of the table that owns them.
    parts: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// Partitions by schema and name of their parent; who was renamed or dropped since may still stand here.
    children: HashMap<Vec<u8>, Vec<ObjectId>>,
    /// Indexes by their own name.
    indexes: HashMap<Vec<u8>, BTreeSet<ObjectId>>,
    /// The name to try next for a base that was taken, until a name is freed.
    next_names: HashMap<(Vec<u8>, Vec<u8>), u32>,
    /// CREATE … IF NOT EXISTS found its table: what follows up to its end is not made.
    skipping: bool,
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
            let object = self.object(*id);
            self.parts(&object.schema, &object.name).iter().any(|id| column(self.object(*id)))
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
            let ids = self.indexes.get(wanted.sub).into_iter().flatten().copied();
            return ids.filter(|id| schema.is_none_or(|s| self.object(*id).schema == s)).collect();
        }
        let is_it = |id: &ObjectId| {
            let o = self.object(*id);
            wanted.kind.covers(o.kind) && (!o.kind.is_routine() || same_args(&o.args, wanted.args))
        };
        let found: Vec<ObjectId> = match schema {
            None => {
                let ids = self.by_name.get(&[wanted.name, wanted.sub].join(&0));
                ids.into_iter().flatten().copied().filter(is_it).collect()
            }
            Some(schema) => {
                let at = |schema| self.by_place.get(&place(schema, wanted.name, wanted.sub));
                // what belongs to no schema
                let global = if schema.is_empty() { None } else { at(b"") };
                at(schema).into_iter().chain(global).flatten().copied().filter(is_it).collect()
            }
        };
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
        if self.skipping {
            self.skipping = op != Op::Alter;
            return Replayed::Done;
        }
        match op {
            Op::Create | Op::CreateIfMissing | Op::Replace => self.create(file, row, kind, op),
            Op::CreateNamed => self.create_named(file, row, kind),
            Op::Drop => self.drop(row, kind),
            Op::Rename => self.rename(row, kind),
            Op::Move => self.set_schema(row, kind),
            Op::Alter => self.alter(row, kind),
        }
    }

    /// ATTACH and DETACH PARTITION.
    fn alter(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let attached = row.detail.starts_with(PARTITION);
        if attached || row.detail == DETACHED {
            for id in self.targets(row, kind) {
                let object = &mut self.objects[id as usize];
                object.is_partition = attached;
                object.detail.clone_from(&row.detail);
                if let Some(parent) = object.parent() {
                    self.children.entry(parent).or_default().push(id);
                }
            }
        }
        Replayed::Done
    }

    fn create(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind, op: Op) -> Replayed {
        let schema = self.schema_of(row, kind);
        let args = if kind.is_routine() { self.resolve_args(row) } else { row.args.clone() };
        let wanted = Wanted { kind, scope: Scope::Named, schema: &schema, name: &row.name, sub: &row.sub, args: &args };
        if kind == ObjectKind::Schema && row.name == b"public" {
            // it is there from the start
            return if op == Op::Create { Replayed::Duplicate } else { Replayed::Done };
        }
        // an extension is one of the database, in whatever schema
        let scope = if kind == ObjectKind::Extension { Scope::Any } else { Scope::Named };
        let existing = self.find(Wanted { scope, ..wanted }).first().copied();
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
            self.skipping = op == Op::CreateIfMissing && row.detail.starts_with(GUARDED);
            return if op == Op::Create { Replayed::Duplicate } else { Replayed::Done };
        }
        let is_partition = row.detail.starts_with(PARTITION);
        let object = Object {
            kind,
            schema,
            name: row.name.clone(),
            sub: row.sub.clone(),
            args,
            file,
            line: row.line,
            is_partition,
            detail: row.detail.strip_prefix(GUARDED).unwrap_or(&row.detail).to_vec(),
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
        let columns =
            if kind == ObjectKind::CheckConstraint { self.only_column(&schema, row, columns) } else { columns };
        let is_relation = matches!(
            kind,
            ObjectKind::Index
                | ObjectKind::Sequence
                | ObjectKind::PrimaryKey
                | ObjectKind::UniqueConstraint
                | ObjectKind::ExclusionConstraint
        );
        let base = (schema.clone(), names::make_object_name(&row.name, columns, label, 0));
        let mut pass = self.next_names.get(&base).copied().unwrap_or(0);
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
        self.next_names.insert(base, pass);
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

    /// A CHECK constraint is called after its column if it names exactly one (`AddRelationNewConstraints`). `words` are
    /// those of the expression that may be columns.
    fn only_column<'w>(&self, schema: &[u8], row: &OwnedRecord, words: &'w [u8]) -> &'w [u8] {
        let is_column = |word: &&[u8]| {
            let ids = self.by_place.get(&place(schema, &row.name, word));
            ids.into_iter().flatten().any(|id| self.object(*id).kind == ObjectKind::Column)
        };
        let mut columns = words.split(|b| *b == WORDS).filter(is_column);
        match (columns.next(), columns.next()) {
            (Some(column), None) => column,
            _ => b"",
        }
    }

    fn insert(&mut self, object: Object) {
        use ObjectKind::{ExclusionConstraint, PrimaryKey, Schema, UniqueConstraint};
        match object.kind {
            Schema => {
                self.schemas.insert(object.name.clone());
            }
            PrimaryKey | UniqueConstraint | ExclusionConstraint => {
                // the index that serves it, unless it is made of one
                let index = self.by_place.get(&place(&object.schema, &object.name, &object.sub));
                if !index.into_iter().flatten().any(|id| self.object(*id).kind == ObjectKind::Index) {
                    self.insert(Object { kind: ObjectKind::Index, ..object.clone() });
                }
            }
            _ => {}
        }
        let id = to_u32(self.objects.len());
        if let Some(parent) = object.parent() {
            self.children.entry(parent).or_default().push(id);
        }
        self.objects.push(object);
        self.link(id);
    }

    /// Enters an object under its names.
    fn link(&mut self, id: ObjectId) {
        let Inventory { objects, by_place, by_name, by_schema, parts, indexes, .. } = self;
        let object = &objects[id as usize];
        by_place.entry(place(&object.schema, &object.name, &object.sub)).or_default().push(id);
        by_name.entry([object.name.as_slice(), &object.sub].join(&0)).or_default().insert(id);
        by_schema.entry(object.schema.clone()).or_default().insert(id);
        if let Some(whole) = object.whole() {
            parts.entry([object.schema.as_slice(), whole].join(&0)).or_default().push(id);
        }
        if object.kind == ObjectKind::Index {
            indexes.entry(object.sub.clone()).or_default().insert(id);
        }
        if let Some(name) = object.class_name() {
            self.relation_names.insert((object.schema.clone(), name.to_vec()));
        }
        if object.kind.is_constraint() {
            self.constraint_names.insert((object.schema.clone(), object.sub.clone()));
        }
    }

    /// Takes an object out of its names, before they change.
    fn unlink(&mut self, id: ObjectId) {
        let Inventory { objects, by_place, by_name, by_schema, parts, indexes, .. } = self;
        let object = &objects[id as usize];
        forget(by_place, &place(&object.schema, &object.name, &object.sub), id);
        let forget_in = |ids: Option<&mut BTreeSet<ObjectId>>| {
            if let Some(ids) = ids {
                ids.remove(&id);
            }
        };
        forget_in(by_name.get_mut(&[object.name.as_slice(), &object.sub].join(&0)));
        forget_in(by_schema.get_mut(&object.schema));
        if let Some(whole) = object.whole() {
            forget(parts, &[object.schema.as_slice(), whole].join(&0), id);
        }
        if object.kind == ObjectKind::Index {
            forget_in(indexes.get_mut(&object.sub));
        }
        self.next_names.clear();
        if let Some(name) = object.class_name() {
            self.relation_names.remove(&(object.schema.clone(), name.to_vec()));
        }
        if object.kind.is_constraint() {
            self.constraint_names.remove(&(object.schema.clone(), object.sub.clone()));
        }
    }

    /// Changes an object's names.
    fn relink(&mut self, id: ObjectId, change: impl FnOnce(&mut Object)) {
        self.unlink(id);
        change(&mut self.objects[id as usize]);
        self.link(id);
    }

    fn remove(&mut self, id: ObjectId) {
        if !std::mem::replace(&mut self.objects[id as usize].live, false) {
            return;
        }
        self.unlink(id);
        let object = &self.objects[id as usize];
        if object.kind == ObjectKind::Schema {
            self.schemas.remove(&object.name);
        }
    }

    fn in_schema(&self, schema: &[u8]) -> Vec<ObjectId> {
        self.by_schema.get(schema).into_iter().flatten().copied().collect()
    }

    fn drop(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let mut targets = self.targets(row, kind);
        let found = !targets.is_empty();
        while let Some(id) = targets.pop() {
            let object = self.object(id).clone();
            self.remove(id);
            if object.kind == ObjectKind::Schema {
                targets.extend(self.in_schema(&object.name));
            } else if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                targets.extend(self.parts(&object.schema, &object.name));
            }
            if object.kind == ObjectKind::PartitionedTable {
                let children = self.children.remove(&[object.schema, object.name].join(&0)).unwrap_or_default();
                let is_child = |id: &ObjectId| self.object(*id).live && self.object(*id).is_partition;
                targets.extend(children.into_iter().filter(is_child));
            }
        }
        if found { Replayed::Done } else { Replayed::Unknown }
    }

    fn rename(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        for id in &targets {
            let object = self.object(*id).clone();
            if object.kind == ObjectKind::Schema {
                self.schemas.remove(&object.name);
                self.schemas.insert(row.detail.clone());
                for other in self.in_schema(&object.name) {
                    self.relink(other, |o| o.schema.clone_from(&row.detail));
                }
                self.relink(*id, |o| o.name.clone_from(&row.detail));
            } else if object.kind.is_sub() || object.kind == ObjectKind::DomainConstraint {
                // a constraint and its index are called the same
                let same = place(&object.schema, &object.name, &object.sub);
                let pair: Vec<ObjectId> = self.by_place.get(&same).cloned().unwrap_or_default();
                for other in pair {
                    let kind = self.object(other).kind;
                    let of_constraint = kind.is_constraint() && object.kind == ObjectKind::Index;
                    if other == *id || of_constraint {
                        self.relink(other, |o| o.sub.clone_from(&row.detail));
                    }
                }
            } else {
                if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                    for part in self.parts(&object.schema, &object.name) {
                        self.relink(part, |o| match &mut o.owner {
                            Some(owner) => owner.clone_from(&row.detail),
                            None => o.name.clone_from(&row.detail),
                        });
                    }
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
                self.relink(part, |o| o.schema.clone_from(&row.detail));
            }
        }
        if targets.is_empty() { Replayed::Unknown } else { Replayed::Done }
    }

    /// What hangs on a relation: its sub-objects and the sequences that its columns own.
    fn parts(&self, schema: &[u8], name: &[u8]) -> Vec<ObjectId> {
        self.parts.get(&[schema, name].join(&0)).cloned().unwrap_or_default()
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
            // ALTER TABLE may be said of any relation, and of an index
            found = self.find(Wanted { kind: ObjectKind::Relation, ..wanted });
            if found.is_empty() && row.sub.is_empty() {
                found = self.find(Wanted { kind: ObjectKind::Index, name: b"", sub: &row.name, ..wanted });
            }
        } else if kind == ObjectKind::Trigger && Op::from_number(row.a) == Some(Op::Drop) {
            // its row in pg_constraint goes too; a new name it does not get
            found.extend(self.find(Wanted { kind: ObjectKind::ConstraintTrigger, ..wanted }));
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
        let spelled: Vec<String> = args.split(", ").map(|arg| self.resolve_type(arg, path, true)).collect();
        spelled.join(", ").into_bytes()
    }

    /// `follow`: a column's own type is never another `%TYPE`.
    fn resolve_type(&self, spelled: &str, path: &[u8], follow: bool) -> String {
        if let Some(column) = spelled.strip_suffix("%TYPE").filter(|_| follow) {
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
        let mut parts = column.rsplitn(3, '.').map(types::unquote_ident);
        let (sub, name) = (parts.next()?, parts.next()?);
        let schema = parts.next();
        let scope = if schema.is_some() { Scope::Named } else { Scope::Path };
        let wanted = Wanted {
            kind: ObjectKind::Column,
            scope,
            schema: schema.as_ref().map_or(path, String::as_bytes),
            name: name.as_bytes(),
            sub: sub.as_bytes(),
            args: b"",
        };
        let id = *self.find(wanted).first()?;
        Some(self.resolve_type(&String::from_utf8_lossy(&self.object(id).detail), path, false))
    }
}

/// Argument types are the same; a type that the test writes without its schema matches one of that name.
fn same_args(defined: &[u8], wanted: &[u8]) -> bool {
    if wanted == ANY_ARGS || defined == wanted || arity_of(wanted).is_some() {
        return true;
    }
    let commas = |args: &[u8]| args.iter().filter(|b| **b == b',').count();
    if commas(defined) != commas(wanted) {
        return false;
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
