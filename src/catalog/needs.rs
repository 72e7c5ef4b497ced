//! What goes along with a dropped object: the edges from what is needed to what needs it (`pg_depend`).

use super::{Inventory, Name, Object, ObjectId, Replayed, Wanted};
use crate::order;
use crate::record::OwnedRecord;
use crate::scan::definitions::note::{self, Entry};
use crate::scan::fact::{ObjectKind, Scope};
use crate::scan::reference::arity;
use std::collections::VecDeque;

/// That one object needs another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) dependent: ObjectId,
    /// The version of the dependent that needs it.
    version: u32,
    pub(super) need: Need,
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It is a part: it always goes along.
    Part,
    /// It goes along with CASCADE.
    Use,
    /// It may go along with CASCADE: the text does not tell.
    Perhaps,
    /// A table that inherits: it goes along with CASCADE, and gets what the parent gets.
    Child,
    /// A partition: it goes along, and gets what the parent gets.
    Partition,
    /// What a child has from its parent: it goes along, and is called like it.
    Copy,
}

/// The columns of the subject that a query makes.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    /// Names of the next ones.
    given: VecDeque<Vec<u8>>,
    /// They are not known.
    is_lost: bool,
}

/// What a body uses.
#[derive(Debug)]
pub(super) struct UseInBody {
    user: ObjectId,
    version: u32,
    kind: ObjectKind,
    scope: Scope,
    schema: Vec<u8>,
    name: Vec<u8>,
    args: Vec<u8>,
}

/// Uses in bodies that are kept; and messages.
const MOST_USES: usize = 1_000_000;
/// Edges that are kept. With more, what CASCADE takes along is not known.
const MOST_EDGES: usize = 4_000_000;
/// Relations of one query that its columns are looked for in.
const MOST_RELATIONS: usize = 64;
/// What needs a column, among which the key of a foreign key is looked for.
const MOST_KEYS: usize = 4096;

impl Inventory {
    /// `dependent` needs `on`.
    pub(super) fn edge(&mut self, on: ObjectId, dependent: ObjectId, need: Need) {
        if on == dependent || self.lost_edges() {
            return;
        }
        self.edge_count += 1;
        let version = self.object(dependent).version;
        let edge = Edge { dependent, version, need };
        if matches!(need, Need::Child | Need::Partition) {
            self.ties_mut(on).children.push(edge);
        }
        let dependents = &mut self.ties_mut(on).dependents;
        if dependents.is_empty() {
            // mostly the only one
            dependents.reserve_exact(1);
        }
        dependents.push(edge);
    }

    pub(super) fn lost_edges(&self) -> bool {
        self.edge_count >= MOST_EDGES
    }

    /// What needs this object now.
    pub(super) fn edges(&self, on: ObjectId) -> Vec<Edge> {
        self.valid(on, &self.ties(on).dependents).collect()
    }

    /// The tables that inherit from this one.
    pub(super) fn children(&self, parent: ObjectId) -> Vec<Edge> {
        self.valid(parent, &self.ties(parent).children).collect()
    }

    fn valid<'e>(&'e self, on: ObjectId, edges: &'e [Edge]) -> impl Iterator<Item = Edge> + 'e {
        let is_valid = move |edge: &&Edge| {
            let object = self.object(edge.dependent);
            let still = match edge.need {
                Need::Copy | Need::Partition => object.origin == Some(on),
                _ => object.version == edge.version,
            };
            object.live && still
        };
        edges.iter().filter(is_valid).copied()
    }

    /// Notes that follow are about this object.
    pub(super) fn about(&mut self, subject: Option<ObjectId>) {
        self.subject = subject;
        self.subject_relations.clear();
        self.outputs = Outputs::default();
    }

    /// Adds a column that a query makes.
    fn output(&mut self, relation: ObjectId, name: &[u8]) {
        let name = self.outputs.given.pop_front().unwrap_or_else(|| name.to_vec());
        let of = self.copy_of(relation);
        if self.outputs.is_lost || self.column(&of.schema, &of.name, &name).is_some() {
            return;
        }
        let (file, line) = (self.file, self.line);
        self.insert(Object {
            kind: ObjectKind::Column,
            sub: name.into(),
            detail: Name::default(),
            traits: 0,
            version: 0,
            file,
            line,
            ..of
        });
    }

    /// Adds the columns of another relation; false where they are not known, so that there are none.
    fn star(&mut self, relation: ObjectId, of: Option<ObjectId>, skip: usize, except: &[&[u8]]) -> bool {
        if self.outputs.is_lost {
            return true;
        }
        let columns = of.map(|of| self.columns_of(of)).unwrap_or_default();
        let known = !columns.is_empty();
        for column in columns.into_iter().skip(skip) {
            let name = self.object(column).sub.clone();
            if !except.contains(&&*name) {
                self.output(relation, &name);
            }
        }
        if !known {
            self.outputs.is_lost = true;
            self.remove_all(self.columns_of(relation), false);
        }
        known
    }

    fn columns_of(&self, relation: ObjectId) -> Vec<ObjectId> {
        let mut parts = self.parts(self.object(relation));
        parts.retain(|id| self.object(*id).kind == ObjectKind::Column);
        parts
    }

    /// Reads the entries of a note.
    pub(super) fn needs(&mut self, row: &OwnedRecord, entries: &[u8]) -> Replayed {
        let Some(subject) = self.subject else { return Replayed::Done };
        for (entry, texts) in note::entries(entries) {
            match (entry, texts.as_slice()) {
                (Entry::Relation, [schema, name]) => {
                    let Some(relation) = self.named(row, ObjectKind::Relation, schema, name, b"").first().copied()
                    else {
                        continue;
                    };
                    self.edge(relation, subject, Need::Use);
                    if self.subject_relations.len() < MOST_RELATIONS {
                        self.subject_relations.push(relation);
                    }
                }
                (Entry::Routine, [schema, name, args]) => {
                    let count = std::str::from_utf8(args).ok().and_then(|count| count.parse().ok());
                    let args = match count {
                        Some(count) => arity(count),
                        None => self.resolve_args(&OwnedRecord { args: args.to_vec(), ..row.clone() }),
                    };
                    let found = self.named(row, ObjectKind::Routine, schema, name, &args);
                    let need = if found.len() == 1 { Need::Use } else { Need::Perhaps };
                    found.into_iter().for_each(|routine| self.edge(routine, subject, need));
                }
                (Entry::Type, [spelled]) => self.need_type(subject, &String::from_utf8_lossy(spelled), &row.schema),
                (Entry::Target, [schema, name, columns @ ..]) => {
                    if let Some(table) = self.named(row, ObjectKind::Relation, schema, name, b"").first().copied() {
                        let key = self.key_of(table, columns);
                        self.refer(subject, table, key);
                    }
                }
                (Entry::Key, [name]) => {
                    let object = self.object(subject);
                    if let Some(column) = self.column(&object.schema, &object.name, name) {
                        self.edge(column, subject, Need::Part);
                        self.ties_mut(subject).keys.push(column);
                    }
                }
                (Entry::Column, [name]) => self.need_column(subject, name),
                (Entry::All, [name]) => self.need_all(subject, name),
                (Entry::Made, [spelled]) => {
                    let (_, ty) = self.resolve_type(&String::from_utf8_lossy(spelled), &row.schema, false);
                    if let Some(ty) = ty {
                        self.edge(ty, subject, Need::Part);
                    }
                }
                (Entry::Given, [name]) => self.outputs.given.push_back(name.to_vec()),
                (Entry::Output, [name]) => self.output(subject, name),
                (Entry::Star, [schema, name, skip, except @ ..]) => {
                    let skip = std::str::from_utf8(skip).ok().and_then(|skip| skip.parse().ok()).unwrap_or(0);
                    let of = self.named(row, ObjectKind::Relation, schema, name, b"").first().copied();
                    if !self.star(subject, of, skip, except) {
                        return Replayed::Unsure;
                    }
                }
                (Entry::Calls, [schema, name, args]) => {
                    self.use_of(row, subject, ObjectKind::Routine, [schema, name, args]);
                }
                (Entry::Touches, [schema, name]) => {
                    self.use_of(row, subject, ObjectKind::Relation, [schema, name, b""]);
                }
                (Entry::Raises, [message]) if self.raised.len() < MOST_USES => {
                    let version = self.object(subject).version;
                    self.raised.push((subject, version, message.to_vec()));
                }
                (Entry::Shape, [only, tokens @ ..]) => {
                    self.shape(subject, tokens, !only.is_empty());
                    if only.is_empty() {
                        return self.spread(subject);
                    }
                }
                _ => {}
            }
        }
        Replayed::Done
    }

    /// A use in a body, which may name what is made later.
    fn use_of(&mut self, row: &OwnedRecord, user: ObjectId, kind: ObjectKind, [schema, name, args]: [&[u8]; 3]) {
        if self.uses.len() < MOST_USES {
            let (scope, schema) =
                if schema.is_empty() { (Scope::Path, row.schema.as_slice()) } else { (Scope::Named, schema) };
            let version = self.object(user).version;
            let [schema, name, args] = [schema, name, args].map(<[u8]>::to_vec);
            self.uses.push(UseInBody { user, version, kind, scope, schema, name, args });
        }
    }

    /// Which object uses which headline object when it runs: `(user, used)`, each once. A column's default and a
    /// constraint count as their relation.
    pub fn uses(&self) -> Vec<(ObjectId, ObjectId)> {
        let mut found = Vec::new();
        for (id, _) in self.objects().filter(|(_, object)| object.kind.is_headline()) {
            // what refers to a table does not run it
            let runs =
                |edge: &Edge| edge.need == Need::Use && self.object(edge.dependent).kind != ObjectKind::ForeignKey;
            let users = self.edges(id).into_iter().filter(runs).map(|edge| edge.dependent);
            found.extend(users.map(|user| (self.whole_of(user), id)));
        }
        for used in &self.uses {
            let user = self.object(used.user);
            if user.live && user.version == used.version {
                let UseInBody { kind, scope, schema, name, args, .. } = used;
                let wanted = Wanted { kind: *kind, scope: *scope, schema, name, sub: b"", args };
                // several overloads: none is certain
                if let [only] = self.find(wanted)[..] {
                    found.push((self.whole_of(used.user), only));
                }
            }
        }
        found.retain(|(user, used)| user != used);
        order::sort(&mut found, Ord::cmp);
        found.dedup();
        found
    }

    fn whole_of(&self, user: ObjectId) -> ObjectId {
        let object = self.object(user);
        let stands_alone = matches!(object.kind, ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule);
        let whole = if object.kind.is_sub() && !stands_alone { self.relation_of(user) } else { None };
        whole.unwrap_or(user)
    }

    /// The messages of errors that routines raise.
    pub fn raised(&self) -> impl Iterator<Item = (ObjectId, &[u8])> {
        let is_valid = |(id, version, _): &&(ObjectId, u32, Vec<u8>)| {
            let object = self.object(*id);
            object.live && object.version == *version
        };
        self.raised.iter().filter(is_valid).map(|(id, _, message)| (*id, message.as_slice()))
    }

    fn named(&self, row: &OwnedRecord, kind: ObjectKind, schema: &[u8], name: &[u8], args: &[u8]) -> Vec<ObjectId> {
        let (scope, schema) = match schema {
            b"" => (Scope::Path, row.schema.as_slice()),
            _ => (Scope::Named, schema),
        };
        self.find(Wanted { kind, scope, schema, name, sub: b"", args })
    }

    fn need_type(&mut self, subject: ObjectId, spelled: &str, path: &[u8]) {
        let (found, Some(ty)) = self.resolve_type(spelled, path, false) else { return };
        self.edge(ty, subject, Need::Use);
        if self.object(subject).kind == ObjectKind::Column {
            // a column is the only one whose type is asked for later, by %TYPE
            let array = if self.object(subject).detail.ends_with(b"[]") { "[]" } else { "" };
            let base = found.trim_end_matches("[]");
            let array = if found.ends_with("[]") { "[]" } else { array };
            let detail = format!("{base}{array}");
            self.change(subject, |o| o.detail = detail.into_bytes().into());
        }
    }

    /// A word of an expression or query, which may be a column of the relations in it.
    fn need_column(&mut self, subject: ObjectId, name: &[u8]) {
        let object = self.object(subject);
        let own = if object.kind.is_sub() { self.column(&object.schema, &object.name, name) } else { None };
        let in_query = self.subject_relations.iter().filter_map(|relation| {
            let relation = self.object(*relation);
            self.column(&relation.schema, &relation.name, name)
        });
        let mut found: Vec<ObjectId> = own.into_iter().chain(in_query).collect();
        order::sort(&mut found, Ord::cmp);
        found.dedup();
        let need = if found.len() == 1 { Need::Use } else { Need::Perhaps };
        found.into_iter().for_each(|column| self.edge(column, subject, need));
    }

    /// `*`, or `name.*`, where the name may be an alias.
    fn need_all(&mut self, subject: ObjectId, name: &[u8]) {
        let relations = std::mem::take(&mut self.subject_relations);
        let named = relations.iter().copied().find(|id| self.object(*id).name == name);
        let meant = named.map_or_else(|| relations.clone(), |relation| vec![relation]);
        let need = if meant.len() == 1 { Need::Use } else { Need::Perhaps };
        for relation in meant {
            let relation = self.copy_of(relation);
            for part in self.parts(&relation) {
                if self.object(part).kind == ObjectKind::Column {
                    self.edge(part, subject, need);
                }
            }
        }
        self.subject_relations = relations;
    }

    /// The key of `table` with exactly these columns; its primary key where none are written.
    fn key_of(&self, table: ObjectId, columns: &[&[u8]]) -> Option<ObjectId> {
        let table_of = self.object(table);
        let primary = self.ties(table).primary_key.filter(|key| self.object(*key).live);
        let Some(first) = columns.first() else { return primary };
        let mut wanted: Vec<ObjectId> =
            columns.iter().filter_map(|name| self.column(&table_of.schema, &table_of.name, name)).collect();
        order::sort(&mut wanted, Ord::cmp);
        let is_key = |id: &ObjectId| {
            use ObjectKind::{Index, PrimaryKey, UniqueConstraint};
            let mut columns = self.ties(*id).keys.clone();
            order::sort(&mut columns, Ord::cmp);
            columns == wanted && matches!(self.object(*id).kind, PrimaryKey | UniqueConstraint | Index)
        };
        if let Some(key) = primary.filter(is_key) {
            return Some(key);
        }
        let column = self.column(&table_of.schema, &table_of.name, first)?;
        let dependents = self.valid(column, &self.ties(column).dependents).take(MOST_KEYS).map(|edge| edge.dependent);
        // a constraint rather than an index
        dependents.filter(is_key).min_by_key(|id| self.object(*id).kind == ObjectKind::Index)
    }
}
