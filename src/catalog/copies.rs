//! What a table has from another: LIKE, OF, INHERITS, and partitions that come and go.

use super::needs::{Edge, Need};
use super::{Inventory, Name, Object, ObjectId, Replayed};
use crate::hash::xxh3_64;
use crate::record::OwnedRecord;
use crate::scan::definitions::note::{Firing, Like};
use crate::scan::fact::ObjectKind;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Objects that are copied in all: a few kilobytes of text could ask for millions.
const MOST_COPIES: usize = 500_000;
/// Levels of partitions.
const MOST_LEVELS: usize = 64;
/// Indexes of a table, written alike, among which the one that a partition's parent has is looked for.
const MOST_ALIKE: usize = 256;

/// What tells keys, indexes and foreign keys of a table apart.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Of the tokens, where columns stand as numbers.
    hash: u64,
    /// Those columns.
    columns: Vec<ObjectId>,
    /// NO INHERIT, or ONLY
    only: bool,
}

/// Where keys and indexes of a relation that look so are found.
fn alike(relation: ObjectId, hash: u64) -> u64 {
    xxh3_64(&[&relation.to_be_bytes()[..], &hash.to_be_bytes()].concat())
}

impl Inventory {
    /// LIKE
    pub(super) fn like(&mut self, row: &OwnedRecord, kind: ObjectKind, rest: &[u8]) -> Replayed {
        let Some(table) = self.subject else { return Replayed::Unknown };
        let Some(source) = self.targets(row, kind).first().copied() else { return Replayed::Unsure };
        let included = rest.first().copied().unwrap_or(0);
        let parts = self.parts_of(source);
        if self.liked.0 != table {
            self.liked = (table, Vec::new());
        }
        // a column that is there already the server refuses: copies of copies would multiply
        let is_taken = if included & Like::REST == 0 {
            parts.iter().any(|part| self.has_own_column(table, *part))
        } else {
            let liked = self.liked.1.iter().position(|of| *of == source);
            liked.map(|at| self.liked.1.swap_remove(at)).is_none()
        };
        if is_taken {
            return Replayed::Done;
        }
        if included & Like::REST == 0 {
            self.liked.1.push(source);
        }
        self.copy(table, parts, included)
    }

    /// INHERITS, and OF a type
    pub(super) fn inherit(&mut self, row: &OwnedRecord) -> Replayed {
        let parent = self.targets(row, ObjectKind::Relation).first().copied();
        let Some(table) = self.subject else { return Replayed::Unknown };
        let Some(parent) = parent else { return Replayed::Unsure };
        if self.is_below(parent, table) {
            // the server refuses
            return Replayed::Done;
        }
        self.edge(parent, table, Need::Child);
        let mut outcome = Replayed::Done;
        for part in self.parts_of(parent) {
            if self.pass_on(part, table).is_err() {
                outcome = Replayed::Unsure;
            }
        }
        outcome
    }

    /// NO INHERIT: what was inherited becomes the table's own.
    pub(super) fn disinherit(&mut self) {
        let Some(table) = self.subject else { return };
        self.change(table, |o| o.version += 1);
        for part in self.parts_of(table) {
            if self.object(part).origin.is_some() {
                self.change(part, |o| o.origin = None);
            }
        }
        self.about(Some(table));
    }

    /// A partition gets what its parent has (`ATExecAttachPartition`); an index is attached to an index.
    pub(super) fn attach(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let parent = self.targets(row, kind).first().copied();
        let Some(table) = self.subject else { return Replayed::Unknown };
        if kind == ObjectKind::Index {
            if let Some(parent) = parent {
                let (parent, part) = (self.constraint_of(parent), self.constraint_of(table));
                self.tie(parent, part);
            }
            return Replayed::Done;
        }
        self.set_partition(table, true);
        let Some(parent) = parent else { return Replayed::Unsure };
        // the server refuses a second parent, one that is not partitioned, and one that is below
        let is_partition = self.object(table).origin.is_some();
        if is_partition || self.object(parent).kind != ObjectKind::PartitionedTable || self.is_below(parent, table) {
            return Replayed::Done;
        }
        if self.above(parent).count() > MOST_LEVELS {
            return Replayed::Unsure;
        }
        self.change(table, |o| o.origin = Some(parent));
        self.edge(parent, table, Need::Partition);
        let mut outcome = Replayed::Done;
        for part in self.parts_of(parent) {
            match self.pass_on(part, table) {
                Ok(Some(copy)) if self.hand_down(copy) == Replayed::Done => {}
                Ok(None) => {}
                _ => outcome = Replayed::Unsure,
            }
        }
        for key in self.ties(parent).referring.clone() {
            // a copy follows its original
            let origin = self.object(key).origin.and_then(|origin| self.ties(origin).references);
            if self.object(key).live
                && origin.is_none_or(|(relation, _)| relation != parent)
                && self.refer_to_part(key, table).is_err()
            {
                outcome = Replayed::Unsure;
            }
        }
        self.about(Some(table));
        outcome
    }

    /// What a partition has from its parent becomes its own, but for triggers (`DropClonedTriggersFromPartition`).
    pub(super) fn detach(&mut self, row: &OwnedRecord) -> Replayed {
        let parent = self.targets(row, ObjectKind::Relation).first().copied();
        let Some(table) = self.subject else { return Replayed::Unknown };
        let known = parent.is_some() && self.object(table).origin == parent;
        self.change(table, |o| o.origin = None);
        self.set_partition(table, false);
        let mut gone = Vec::new();
        for part in self.parts_of(table) {
            if self.object(part).origin.is_some() {
                match self.object(part).kind {
                    ObjectKind::Trigger | ObjectKind::ConstraintTrigger => gone.push(part),
                    _ => self.change(part, |o| o.origin = None),
                }
            }
        }
        let refers = |edge: &Edge| edge.need == Need::Part && self.ties(edge.dependent).references.is_some();
        gone.extend(self.edges(table).iter().filter(|edge| refers(edge)).map(|edge| edge.dependent));
        self.remove_all(gone, false);
        self.about(Some(table));
        if known { Replayed::Done } else { Replayed::Unsure }
    }

    /// A partition or part of one, then what each is there because of.
    fn above(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        std::iter::successors(Some(id), |id| self.object(*id).origin).take(MOST_LEVELS + 1)
    }

    /// It is `relation`, or inherits from it.
    fn is_below(&self, id: ObjectId, relation: ObjectId) -> bool {
        let (mut left, mut seen) = (vec![relation], BTreeSet::new());
        while let Some(next) = left.pop() {
            if seen.insert(next) {
                left.extend(self.children(next).into_iter().map(|edge| edge.dependent));
            }
        }
        seen.contains(&id)
    }

    fn set_partition(&mut self, table: ObjectId, is_partition: bool) {
        for part in self.parts_of(table).into_iter().chain([table]) {
            self.change(part, |o| o.is_partition = is_partition);
        }
    }

    fn parts_of(&self, relation: ObjectId) -> Vec<ObjectId> {
        self.parts(self.object(relation))
    }

    /// Gives children and partitions what a new part of their parent is.
    pub(super) fn hand_down(&mut self, id: ObjectId) -> Replayed {
        let is_alone = |of: ObjectId| self.ties(of).children.is_empty();
        if self.relation_of(id).is_none_or(is_alone) {
            return Replayed::Done;
        }
        let mut left = vec![id];
        while let Some(part) = left.pop() {
            let Some(relation) = self.relation_of(part) else { continue };
            for child in self.children(relation).into_iter().map(|edge| edge.dependent) {
                match self.pass_on(part, child) {
                    Ok(copy) => left.extend(copy),
                    Err(AtLimit) => return Replayed::Unsure,
                }
            }
        }
        Replayed::Done
    }

    /// A part of a parent for its child; none where that has it, or does not get it.
    fn pass_on(&mut self, part: ObjectId, child: ObjectId) -> Result<Option<ObjectId>, AtLimit> {
        use ObjectKind::{
            CheckConstraint, Column, ConstraintTrigger, ExclusionConstraint, ForeignKey, ForeignTable, Index,
            PrimaryKey, Trigger, UniqueConstraint,
        };
        let (kind, is_partition) = (self.object(part).kind, self.object(child).is_partition);
        let is_foreign = self.object(child).kind == ForeignTable;
        let copied = match kind {
            CheckConstraint if self.ties(part).shape.as_ref().is_some_and(|shape| shape.only) => None,
            Column | CheckConstraint => match self.same_part(part, child) {
                Some(own) if is_partition => {
                    self.tie(part, own);
                    None
                }
                Some(_) => None,
                None => self.copy_part(part, child)?,
            },
            ConstraintTrigger if is_partition => self.copy_part(part, child)?,
            Trigger if is_partition && Firing::decode(&self.object(part).detail).is(b'r') => {
                self.copy_part(part, child)?
            }
            PrimaryKey | UniqueConstraint | ExclusionConstraint | Index | ForeignKey
                if is_partition && !is_foreign && self.constraint_of(part) == part =>
            {
                if let Some(own) = self.equal(part, child) {
                    self.tie(part, own);
                    None
                } else {
                    self.copy_key(part, child)?
                }
            }
            _ => None,
        };
        if let Some(copy) = copied {
            self.tie(part, copy);
        }
        Ok(copied)
    }

    /// `copy` is there because of `part`.
    fn tie(&mut self, part: ObjectId, copy: ObjectId) {
        if part != copy && self.object(copy).origin.is_none() {
            self.change(copy, |o| o.origin = Some(part));
            self.edge(part, copy, Need::Copy);
        }
    }

    /// The part of `table` that is of this kind and name.
    fn same_part(&self, part: ObjectId, table: ObjectId) -> Option<ObjectId> {
        let (part, table) = (self.object(part), self.object(table));
        self.at(&table.schema, &table.name, &part.sub).find(|id| self.object(*id).kind == part.kind)
    }

    /// The constraint that an index serves, or the index.
    fn constraint_of(&self, index: ObjectId) -> ObjectId {
        let object = self.object(index);
        if object.kind != ObjectKind::Index {
            return index;
        }
        let mut same = self.at(&object.schema, &object.name, &object.sub);
        same.find(|id| self.object(*id).kind.is_constraint()).unwrap_or(index)
    }

    /// Notes how a constraint or index looks: its tokens, where columns stand as numbers.
    pub(super) fn shape(&mut self, id: ObjectId, tokens: &[&[u8]], only: bool) {
        let Some(relation) = self.relation_of(id) else { return };
        let of = self.object(id);
        let (mut hash, mut columns) = (DefaultHasher::new(), Vec::new());
        if of.kind == ObjectKind::ForeignKey {
            self.ties(id).references.hash(&mut hash);
        }
        for token in tokens {
            match self.column(&of.schema, &of.name, token) {
                Some(column) => {
                    let known = columns.iter().position(|known| *known == column);
                    known.unwrap_or(columns.len()).hash(&mut hash);
                    if known.is_none() {
                        columns.push(column);
                    }
                }
                None => token.hash(&mut hash),
            }
        }
        self.keep_shape(id, relation, Shape { hash: hash.finish(), columns, only });
    }

    fn keep_shape(&mut self, id: ObjectId, relation: ObjectId, shape: Shape) {
        if !shape.columns.is_empty() {
            self.alike.insert(alike(relation, shape.hash), id);
        }
        self.ties_mut(id).shape = Some(Box::new(shape));
    }

    /// What `table` has of its own that is like this key, index or foreign key of its parent (`CompareIndexInfo`,
    /// `tryAttachPartitionForeignKey`).
    fn equal(&self, part: ObjectId, table: ObjectId) -> Option<ObjectId> {
        let shape = self.ties(part).shape.as_ref()?;
        let kind = self.object(part).kind;
        let is_equal = |id: &ObjectId| {
            let own = self.object(*id);
            // an index may be attached to a constraint's
            let same_kind = own.kind == kind
                || kind == ObjectKind::Index
                    && matches!(own.kind, ObjectKind::PrimaryKey | ObjectKind::UniqueConstraint);
            let name = |id: &ObjectId| &self.object(*id).sub;
            let columns = self.ties(*id).shape.as_ref().map(|own| own.columns.iter().map(name));
            own.live
                && own.origin.is_none()
                && same_kind
                && columns.is_some_and(|c| c.eq(shape.columns.iter().map(name)))
        };
        self.alike.get(alike(table, shape.hash)).take(MOST_ALIKE).find(is_equal)
    }

    /// What a key is: it goes to partitions and, of a foreign key, to those of the table that it refers to.
    pub(super) fn spread(&mut self, id: ObjectId) -> Replayed {
        if let Some((relation, _)) = self.ties(id).references {
            for part in self.children(relation).into_iter().map(|edge| edge.dependent) {
                if self.object(part).is_partition && self.refer_to_part(id, part).is_err() {
                    return Replayed::Unsure;
                }
            }
        }
        self.hand_down(id)
    }

    /// A foreign key refers to a relation, and needs its key.
    pub(super) fn refer(&mut self, id: ObjectId, relation: ObjectId, key: Option<ObjectId>) {
        if let Some(key) = key {
            self.edge(key, id, Need::Use);
        }
        self.ties_mut(id).references = Some((relation, key));
        self.ties_mut(relation).referring.push(id);
    }

    /// A foreign key has a row in pg_constraint for each partition of the table that it refers to
    /// (`addFkRecurseReferenced`).
    fn refer_to_part(&mut self, key: ObjectId, part: ObjectId) -> Result<(), AtLimit> {
        let original = self.above(key).last().unwrap_or(key);
        let mut left = vec![(key, part)];
        while let Some((key, part)) = left.pop() {
            self.count_copy()?;
            let object = self.copy_of(key);
            let sub = self.choose_name(object.kind, &object.schema, (&object.name, &object.detail, b"fkey"));
            let row = self.insert(Object { sub: sub.into(), is_partition: true, origin: None, ..object });
            self.tie(key, row);
            self.edge(part, row, Need::Part);
            self.edge(part, original, Need::Use);
            self.refer(row, part, None);
            left.extend(self.children(part).into_iter().map(|edge| (row, edge.dependent)));
        }
        Ok(())
    }

    fn has_own_column(&self, table: ObjectId, part: ObjectId) -> bool {
        let (table, part) = (self.object(table), self.object(part));
        let column = self.column(&table.schema, &table.name, &part.sub);
        part.kind == ObjectKind::Column && column.is_some_and(|id| self.object(id).origin.is_none())
    }

    /// Copies columns, and constraints, indexes and identity as `included` says.
    fn copy(&mut self, table: ObjectId, parts: Vec<ObjectId>, included: u8) -> Replayed {
        let is_included = |bit: u8| included & bit != 0;
        let is_column = |id: &ObjectId| self.object(*id).kind == ObjectKind::Column;
        if !parts.iter().any(is_column) {
            // a view, or a table made AS a query
            return Replayed::Unsure;
        }
        // columns first: names depend on them
        let (columns, others): (Vec<ObjectId>, Vec<ObjectId>) = parts.into_iter().partition(is_column);
        for part in columns.into_iter().chain(others) {
            let object = self.copy_of(part);
            let copied = match object.kind {
                ObjectKind::Column if !is_included(Like::REST) => self.copy_part(part, table),
                ObjectKind::CheckConstraint if is_included(Like::CONSTRAINTS) => self.copy_part(part, table),
                ObjectKind::PrimaryKey | ObjectKind::UniqueConstraint | ObjectKind::ExclusionConstraint
                    if is_included(Like::INDEXES) =>
                {
                    self.copy_key(part, table)
                }
                ObjectKind::Index if is_included(Like::INDEXES) && !self.serves_constraint(&object) => {
                    self.copy_key(part, table)
                }
                ObjectKind::Sequence if is_included(Like::IDENTITY) && object.detail == b"identity" => {
                    self.copy_identity(part, table)
                }
                _ => Ok(None),
            };
            if copied.is_err() {
                return Replayed::Unsure;
            }
        }
        self.about(Some(table));
        Replayed::Done
    }

    fn serves_constraint(&self, index: &Object) -> bool {
        self.at(&index.schema, &index.name, &index.sub).any(|id| self.object(id).kind.is_constraint())
    }

    fn count_copy(&mut self) -> Result<(), AtLimit> {
        self.copies += 1;
        if self.copies > MOST_COPIES { Err(AtLimit) } else { Ok(()) }
    }

    /// A part of the same name for another relation; none where it has one.
    fn copy_part(&mut self, part: ObjectId, table: ObjectId) -> Result<Option<ObjectId>, AtLimit> {
        if self.same_part(part, table).is_some() {
            return Ok(None);
        }
        let id = self.insert_copy(part, table, self.object(part).sub.clone())?;
        if self.object(id).kind == ObjectKind::Column {
            let spelled = String::from_utf8_lossy(&self.object(id).detail).into_owned();
            if let (_, Some(ty)) = self.resolve_type(&spelled, b"", false) {
                self.edge(ty, id, Need::Use);
            }
        }
        Ok(Some(id))
    }

    /// A constraint with an index, an index, or a foreign key (`CloneFkReferencing`), which gets a name of its own; none
    /// for a second primary key.
    fn copy_key(&mut self, part: ObjectId, table: ObjectId) -> Result<Option<ObjectId>, AtLimit> {
        use ObjectKind::{ConstraintTrigger, ExclusionConstraint, ForeignKey, PrimaryKey, UniqueConstraint};
        let (from, to) = (self.copy_of(part), self.copy_of(table));
        let (columns, label): (&[u8], &[u8]) = match from.kind {
            PrimaryKey if self.ties(table).primary_key.is_some_and(|key| self.object(key).live) => return Ok(None),
            PrimaryKey => (b"", b"pkey"),
            UniqueConstraint => (&from.detail, b"key"),
            ExclusionConstraint => (&from.detail, b"excl"),
            ForeignKey => (&from.detail, b"fkey"),
            _ => (&from.detail, b"idx"),
        };
        let is_constraint = |kind: ObjectKind| kind.is_constraint() || kind == ConstraintTrigger;
        let is_taken = self.at(&to.schema, &to.name, &from.sub).any(|id| is_constraint(self.object(id).kind));
        let sub = match from.kind {
            ForeignKey if !is_taken => from.sub,
            kind => self.choose_name(kind, &to.schema, (&to.name, columns, label)).into(),
        };
        let id = self.insert_copy(part, table, sub)?;
        if let Some((relation, key)) = self.ties(part).references {
            self.edge(relation, id, Need::Use);
            self.refer(id, relation, key);
        }
        Ok(Some(id))
    }

    fn insert_copy(&mut self, part: ObjectId, table: ObjectId, sub: Name) -> Result<ObjectId, AtLimit> {
        self.count_copy()?;
        let (from, to) = (self.copy_of(part), self.object(table));
        let (schema, name, file, line) = (to.schema.clone(), to.name.clone(), self.file, self.line);
        let is_partition = false;
        let id = self.insert(Object { schema, name, sub, file, line, is_partition, origin: None, version: 0, ..from });
        self.copy_keys(part, id);
        Ok(id)
    }

    /// The copy needs the columns of its relation that are called like those of the original.
    fn copy_keys(&mut self, part: ObjectId, copy: ObjectId) {
        let to = self.copy_of(copy);
        if let (Some(shape), Some(relation)) = (self.ties(part).shape.clone(), self.relation_of(copy)) {
            let name = |id: &ObjectId| self.column(&to.schema, &to.name, &self.object(*id).sub);
            let columns = shape.columns.iter().filter_map(name).collect();
            self.keep_shape(copy, relation, Shape { columns, ..*shape });
        }
        for column in self.ties(part).keys.clone() {
            if let Some(column) = self.column(&to.schema, &to.name, &self.object(column).sub) {
                self.edge(column, copy, Need::Part);
                self.ties_mut(copy).keys.push(column);
            }
        }
    }

    fn copy_identity(&mut self, part: ObjectId, table: ObjectId) -> Result<Option<ObjectId>, AtLimit> {
        let source = self.copy_of(part);
        // the column that owns it
        let owner = self.relation(&source.schema, &source.owner);
        let parts = owner.map(|owner| self.parts_of(owner)).unwrap_or_default();
        let owns = |id: &ObjectId| {
            self.object(*id).kind == ObjectKind::Column && self.edges(*id).iter().any(|edge| edge.dependent == part)
        };
        let Some(column) = parts.into_iter().find(owns) else { return Ok(None) };
        self.count_copy()?;
        let (name, to) = (self.object(column).sub.clone(), self.copy_of(table));
        let chosen = self.choose_name(ObjectKind::Sequence, &to.schema, (&to.name, &name, b"seq"));
        let id = self.insert(Object {
            schema: to.schema.clone(),
            name: chosen.into(),
            owner: to.name.clone(),
            file: self.file,
            line: self.line,
            version: 0,
            ..source
        });
        if let Some(column) = self.column(&to.schema, &to.name, &name) {
            self.edge(column, id, Need::Part);
        }
        Ok(Some(id))
    }

    /// OWNED BY: the key names the column, or nothing.
    pub(super) fn own(&mut self, row: &OwnedRecord) {
        let Some(sequence) = self.subject else { return };
        let table = if row.name.is_empty() { None } else { self.targets_of_owner(row) };
        let owner = table.map(|table| self.object(table).name.clone()).unwrap_or_default();
        self.change(sequence, |o| {
            o.owner = owner;
            o.version += 1;
        });
        if let Some(table) = table {
            let table = self.copy_of(table);
            if let Some(column) = self.column(&table.schema, &table.name, &row.sub) {
                self.edge(column, sequence, Need::Part);
            }
        }
        self.about(Some(sequence));
    }

    fn targets_of_owner(&self, row: &OwnedRecord) -> Option<ObjectId> {
        let relation = OwnedRecord { sub: Vec::new(), ..row.clone() };
        self.targets(&relation, ObjectKind::Relation).first().copied()
    }
}

/// [`MOST_COPIES`]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AtLimit;
