//! What a table has from another: LIKE, OF, INHERITS, and partitions that come and go.

use super::needs::Need;
use super::{Inventory, Object, ObjectId, Replayed};
use crate::record::OwnedRecord;
use crate::scan::definitions::note::{self, Like};
use crate::scan::fact::ObjectKind;
use std::collections::HashMap;

/// Objects that are copied in all: a few kilobytes of text could ask for millions.
const MOST_COPIES: usize = 500_000;

impl Inventory {
    /// LIKE and OF.
    pub(super) fn like(&mut self, row: &OwnedRecord, kind: ObjectKind, note: &[u8], rest: &[u8]) -> Replayed {
        let Some(table) = self.subject else { return Replayed::Unknown };
        let Some(source) = self.targets(row, kind).first().copied() else { return Replayed::Unsure };
        if note == note::OF {
            self.edge(source, table, Need::Use);
        } else if self.parts_of(source).iter().any(|part| self.has_own_column(table, *part)) {
            // the server refuses it; copies of copies would multiply
            return Replayed::Done;
        }
        let parts = self.parts_of(source);
        self.copy(table, parts, rest.first().copied().unwrap_or(0), row.line)
    }

    /// INHERITS
    pub(super) fn inherit(&mut self, row: &OwnedRecord) -> Replayed {
        let parent = self.targets(row, ObjectKind::Relation).first().copied();
        let Some(table) = self.subject else { return Replayed::Unknown };
        let Some(parent) = parent else { return Replayed::Unsure };
        self.edge(parent, table, Need::Child);
        let mut outcome = Replayed::Done;
        for part in self.parts_of(parent) {
            if !self.pass_on(part, table) {
                outcome = Replayed::Unsure;
            }
        }
        outcome
    }

    /// NO INHERIT: what was inherited becomes the table's own.
    pub(super) fn disinherit(&mut self) {
        let Some(table) = self.subject else { return };
        for part in self.parts_of(table).into_iter().chain([table]) {
            if self.object(part).is_inherited || part == table {
                self.change(part, |o| {
                    o.is_inherited = false;
                    o.version += 1;
                });
            }
        }
        self.about(Some(table));
    }

    pub(super) fn attach(&mut self, row: &OwnedRecord) {
        let parent = self.targets(row, ObjectKind::Relation).first().copied();
        let Some(table) = self.subject else { return };
        if let Some(parent) = parent {
            self.edge(parent, table, Need::Part);
        }
        self.set_partition(table, true);
    }

    /// A partition that becomes a table has what its parent has.
    pub(super) fn detach(&mut self, row: &OwnedRecord) -> Replayed {
        let parent = self.targets(row, ObjectKind::Relation).first().copied();
        let Some(table) = self.subject else { return Replayed::Unknown };
        self.change(table, |o| o.version += 1);
        self.set_partition(table, false);
        match parent {
            Some(parent) => {
                let parts = self.not_attached(table, self.parts_of(parent));
                self.copy(table, parts, Like::CONSTRAINTS | Like::INDEXES, row.line)
            }
            None => Replayed::Unsure,
        }
    }

    fn set_partition(&mut self, table: ObjectId, is_partition: bool) {
        for part in self.parts_of(table).into_iter().chain([table]) {
            self.change(part, |o| o.is_partition = is_partition);
        }
    }

    fn parts_of(&self, relation: ObjectId) -> Vec<ObjectId> {
        let object = self.object(relation);
        self.parts(&object.schema, &object.name)
    }

    /// Gives children what a new column or constraint of their parent is.
    pub(super) fn hand_down(&mut self, id: ObjectId) -> Replayed {
        let mut left = vec![id];
        let mut outcome = Replayed::Done;
        while let Some(part) = left.pop() {
            let Some(relation) = self.relation_of(part) else { continue };
            for child in self.children(relation).into_iter().map(|edge| edge.dependent) {
                let before = self.objects.len();
                if !self.pass_on(part, child) {
                    outcome = Replayed::Unsure;
                }
                if self.objects.len() > before {
                    left.push(crate::limits::to_u32(before));
                }
            }
        }
        outcome
    }

    /// A column or CHECK constraint of a parent for its child, unless that has one of the name. False at the limit.
    fn pass_on(&mut self, part: ObjectId, child: ObjectId) -> bool {
        let kind = self.object(part).kind;
        if !matches!(kind, ObjectKind::Column | ObjectKind::CheckConstraint) {
            return true;
        }
        let Some(copied) = self.copy_part(part, child, self.object(part).line) else { return true };
        match copied {
            Ok(copy) => {
                self.change(copy, |o| o.is_inherited = true);
                self.edge(part, copy, Need::Copy);
                true
            }
            Err(AtLimit) => false,
        }
    }

    fn has_own_column(&self, table: ObjectId, part: ObjectId) -> bool {
        let (table, part) = (self.object(table), self.object(part));
        let column = self.column(&table.schema, &table.name, &part.sub);
        part.kind == ObjectKind::Column && column.is_some_and(|id| !self.object(id).is_inherited)
    }

    /// `parts` of a parent without the keys and indexes that its partition has: those are attached, one to one.
    fn not_attached(&self, partition: ObjectId, mut parts: Vec<ObjectId>) -> Vec<ObjectId> {
        use ObjectKind::{ExclusionConstraint, Index, PrimaryKey, UniqueConstraint};
        let key_of = |id: &ObjectId| {
            let object = self.object(*id);
            let is_key = matches!(object.kind, PrimaryKey | UniqueConstraint | ExclusionConstraint)
                || object.kind == Index && !self.serves_constraint(object);
            is_key.then_some((object.kind as u8, object.detail.as_slice()))
        };
        let mut there: HashMap<(u8, &[u8]), usize> = HashMap::new();
        for key in self.parts_of(partition).iter().filter_map(key_of) {
            *there.entry(key).or_default() += 1;
        }
        parts.retain(|id| match key_of(id).and_then(|key| there.get_mut(&key)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        parts
    }

    /// Copies columns, and constraints, indexes and identity as `included` says.
    fn copy(&mut self, table: ObjectId, parts: Vec<ObjectId>, included: u8, line: u32) -> Replayed {
        let is_included = |bit: u8| included & bit != 0;
        let is_column = |id: &ObjectId| self.object(*id).kind == ObjectKind::Column;
        if !parts.iter().any(is_column) {
            // a view, or a table made AS a query
            return Replayed::Unsure;
        }
        // columns first: names depend on them
        let (columns, others): (Vec<ObjectId>, Vec<ObjectId>) = parts.into_iter().partition(is_column);
        for part in columns.into_iter().chain(others) {
            let object = self.object(part).clone();
            let copied = match object.kind {
                ObjectKind::Column => self.copy_part(part, table, line),
                ObjectKind::CheckConstraint if is_included(Like::CONSTRAINTS) => self.copy_part(part, table, line),
                ObjectKind::PrimaryKey | ObjectKind::UniqueConstraint | ObjectKind::ExclusionConstraint
                    if is_included(Like::INDEXES) =>
                {
                    self.copy_key(part, table, line)
                }
                ObjectKind::Index if is_included(Like::INDEXES) && !self.serves_constraint(&object) => {
                    self.copy_key(part, table, line)
                }
                ObjectKind::Sequence if is_included(Like::IDENTITY) && object.detail == b"identity" => {
                    self.copy_identity(part, table, line)
                }
                _ => None,
            };
            if copied == Some(Err(AtLimit)) {
                return Replayed::Unsure;
            }
        }
        self.about(Some(table));
        Replayed::Done
    }

    fn serves_constraint(&self, index: &Object) -> bool {
        let same = self.by_place.get(&super::place(&index.schema, &index.name, &index.sub));
        same.into_iter().flatten().any(|id| self.object(*id).kind.is_constraint())
    }

    fn count_copy(&mut self) -> Result<(), AtLimit> {
        self.copies += 1;
        if self.copies > MOST_COPIES { Err(AtLimit) } else { Ok(()) }
    }

    /// A part of the same name for another relation; none where it has one.
    fn copy_part(&mut self, part: ObjectId, table: ObjectId, line: u32) -> Option<Result<ObjectId, AtLimit>> {
        let (part_of, to) = (self.object(part), self.object(table));
        let mut object = Object {
            schema: to.schema.clone(),
            name: to.name.clone(),
            file: self.file,
            line,
            is_partition: false,
            is_inherited: false,
            version: 0,
            ..part_of.clone()
        };
        let same = self.by_place.get(&super::place(&object.schema, &object.name, &object.sub));
        if same.into_iter().flatten().any(|id| self.object(*id).kind == object.kind) {
            return None;
        }
        if let Err(limit) = self.count_copy() {
            return Some(Err(limit));
        }
        object.owner = None;
        let id = self.insert(object);
        if self.object(id).kind == ObjectKind::Column {
            let spelled = String::from_utf8_lossy(&self.object(id).detail).into_owned();
            if let (_, Some(ty)) = self.resolve_type(&spelled, b"", false) {
                self.edge(ty, id, Need::Use);
            }
        }
        self.copy_keys(part, id);
        Some(Ok(id))
    }

    /// A constraint with an index, or an index, which gets a name of its own; none where the table has such a one.
    fn copy_key(&mut self, part: ObjectId, table: ObjectId, line: u32) -> Option<Result<ObjectId, AtLimit>> {
        let label = match self.object(part).kind {
            ObjectKind::PrimaryKey => "pkey",
            ObjectKind::UniqueConstraint => "key",
            ObjectKind::ExclusionConstraint => "excl",
            _ => "idx",
        };
        let (kind, detail) = (self.object(part).kind, self.object(part).detail.clone());
        let is_like = |id: &ObjectId| self.object(*id).kind == kind && self.object(*id).detail == detail;
        if kind == ObjectKind::PrimaryKey && self.parts_of(table).iter().any(is_like) {
            return None;
        }
        if let Err(limit) = self.count_copy() {
            return Some(Err(limit));
        }
        let to = self.object(table).clone();
        let sub = self.choose_name(kind, &to.schema, (&to.name, &detail, label.as_bytes()));
        let from = self.object(part).clone();
        let id = self.insert(Object {
            schema: to.schema,
            name: to.name,
            sub,
            file: self.file,
            line,
            is_partition: false,
            is_inherited: false,
            version: 0,
            ..from
        });
        self.copy_keys(part, id);
        Some(Ok(id))
    }

    /// The copy needs the columns of its relation that are called like those of the original.
    fn copy_keys(&mut self, part: ObjectId, copy: ObjectId) {
        let to = self.object(copy).clone();
        for column in self.keys.get(&part).cloned().unwrap_or_default() {
            if let Some(column) = self.column(&to.schema, &to.name, &self.object(column).sub) {
                self.edge(column, copy, Need::Part);
                self.keys.entry(copy).or_default().push(column);
            }
        }
    }

    fn copy_identity(&mut self, part: ObjectId, table: ObjectId, line: u32) -> Option<Result<ObjectId, AtLimit>> {
        let source = self.object(part).clone();
        // the column that owns it
        let parts = source.owner.as_ref().map(|owner| self.parts(&source.schema, owner)).unwrap_or_default();
        let owns = |id: &ObjectId| {
            self.object(*id).kind == ObjectKind::Column && self.edges(*id).iter().any(|edge| edge.dependent == part)
        };
        let column = parts.into_iter().find(owns)?;
        if let Err(limit) = self.count_copy() {
            return Some(Err(limit));
        }
        let (name, to) = (self.object(column).sub.clone(), self.object(table).clone());
        let chosen = self.choose_name(ObjectKind::Sequence, &to.schema, (&to.name, &name, b"seq"));
        let id = self.insert(Object {
            schema: to.schema.clone(),
            name: chosen,
            owner: Some(to.name.clone()),
            file: self.file,
            line,
            version: 0,
            ..source
        });
        if let Some(column) = self.column(&to.schema, &to.name, &name) {
            self.edge(column, id, Need::Part);
        }
        Some(Ok(id))
    }

    /// OWNED BY: the key names the column, or nothing.
    pub(super) fn own(&mut self, row: &OwnedRecord) {
        let Some(sequence) = self.subject else { return };
        let table = if row.name.is_empty() { None } else { self.targets_of_owner(row) };
        let owner = table.map(|table| self.object(table).name.clone());
        self.change(sequence, |o| {
            o.owner = owner;
            o.version += 1;
        });
        if let Some(table) = table {
            let table = self.object(table).clone();
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
