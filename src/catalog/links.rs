//! Objects under their names, and changes that a ROLLBACK takes back.

use super::index::By;
use super::{Inventory, Object, ObjectId};
use crate::scan::fact::ObjectKind;

/// What was done since BEGIN or the first SAVEPOINT.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// BEGIN without a name, and savepoints, with the length of `done` at each.
    marks: Vec<(Vec<u8>, usize)>,
    done: Vec<Done>,
}

#[derive(Debug)]
enum Done {
    Made(ObjectId),
    /// The object as it was.
    Changed(ObjectId, Box<Object>),
}

/// Savepoints kept of a transaction: as many as anyone opens, and not what a hostile file would.
const SAVEPOINTS: usize = 1024;

impl Inventory {
    pub(super) fn begin(&mut self) {
        if self.transaction.marks.is_empty() {
            self.transaction.marks.push((Vec::new(), 0));
        }
    }

    pub(super) fn commit(&mut self) {
        self.transaction = Transaction::default();
    }

    /// Also outside of a transaction: a tool may have begun one.
    pub(super) fn savepoint(&mut self, name: &[u8]) {
        let Transaction { marks, done } = &mut self.transaction;
        if marks.len() < SAVEPOINTS {
            marks.push((name.to_vec(), done.len()));
        }
    }

    pub(super) fn release(&mut self, name: &[u8]) {
        if let Some(at) = self.mark(name) {
            self.transaction.marks.truncate(at);
            if at == 0 {
                self.commit();
            }
        }
    }

    /// To a savepoint, or with an empty name to the begin.
    pub(super) fn rollback(&mut self, name: &[u8]) {
        let at = if name.is_empty() { 0 } else { self.mark(name).unwrap_or(usize::MAX) };
        let Some(length) = self.transaction.marks.get(at).map(|(_, length)| *length) else { return };
        while self.transaction.done.len() > length {
            match self.transaction.done.pop() {
                Some(Done::Made(id)) => self.put_back(id, &mut |o| o.live = false),
                Some(Done::Changed(id, mut before)) => self.put_back(id, &mut |o| std::mem::swap(o, &mut before)),
                None => break,
            }
        }
        self.next_names.clear();
        self.subject = None;
        if name.is_empty() {
            self.commit();
        } else {
            self.transaction.marks.truncate(at + 1);
        }
    }

    fn mark(&self, name: &[u8]) -> Option<usize> {
        self.transaction.marks.iter().rposition(|(mark, _)| !name.is_empty() && mark == name)
    }

    // not once for each kind of change
    #[inline(never)]
    fn put_back(&mut self, id: ObjectId, change: &mut dyn FnMut(&mut Object)) {
        self.unlink(id);
        change(self.objects.get_mut(id));
        self.link(id);
    }

    pub(super) fn insert(&mut self, object: Object) -> ObjectId {
        use super::needs::Need;
        use ObjectKind::{ExclusionConstraint, Index, PrimaryKey, UniqueConstraint};
        let mut index = None;
        if matches!(object.kind, PrimaryKey | UniqueConstraint | ExclusionConstraint) {
            // the index that serves it, unless it is made of one
            let mut same = self.at(&object.schema, &object.name, &object.sub);
            let existing = same.find(|id| self.object(*id).kind == Index);
            drop(same);
            index = Some(existing.unwrap_or_else(|| self.push(Object { kind: Index, ..object.clone() })));
        }
        let id = self.push(object);
        if let Some(index) = index {
            self.edge(id, index, Need::Part);
            let columns = self.ties(index).keys.clone();
            if !columns.is_empty() {
                columns.iter().for_each(|column| self.edge(*column, id, Need::Part));
                self.ties_mut(id).keys = columns;
            }
        }
        if self.object(id).kind == PrimaryKey
            && let Some(relation) = self.relation_of(id)
        {
            self.ties_mut(relation).primary_key = Some(id);
        }
        id
    }

    fn push(&mut self, object: Object) -> ObjectId {
        let id = self.objects.push(object);
        let in_partition = self.relation_of(id).is_some_and(|relation| self.object(relation).is_partition);
        self.objects.get_mut(id).is_partition |= in_partition;
        if !self.transaction.marks.is_empty() {
            self.transaction.done.push(Done::Made(id));
        }
        self.link(id);
        id
    }

    /// The relation that an object is a part of.
    pub fn relation_of(&self, id: ObjectId) -> Option<ObjectId> {
        let object = self.object(id);
        if object.kind.is_sub() { self.relation(&object.schema, &object.name) } else { None }
    }

    /// The relation of this schema and name.
    pub(super) fn relation(&self, schema: &[u8], name: &[u8]) -> Option<ObjectId> {
        let is_it = |id: &ObjectId| self.object(*id).name == name && self.object(*id).schema == schema;
        if let Some(id) = self.relation.get().filter(is_it) {
            return Some(id);
        }
        let found = self.at(schema, name, b"").find(|id| self.object(*id).kind.is_relation());
        self.relation.set(found);
        found
    }

    /// The column of this relation.
    pub(super) fn column(&self, schema: &[u8], relation: &[u8], column: &[u8]) -> Option<ObjectId> {
        self.at(schema, relation, column).find(|id| self.object(*id).kind == ObjectKind::Column)
    }

    /// Changes an object, its names included.
    pub(super) fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Object)) {
        self.note_change(id);
        let mut change = Some(change);
        self.put_back(id, &mut |o| {
            if let Some(change) = change.take() {
                change(o);
            }
        });
    }

    #[inline(never)]
    fn note_change(&mut self, id: ObjectId) {
        if !self.transaction.marks.is_empty() {
            self.transaction.done.push(Done::Changed(id, Box::new(self.copy_of(id))));
        }
    }

    pub(super) fn remove(&mut self, id: ObjectId) {
        self.change(id, |o| o.live = false);
    }

    pub(super) fn in_schema(&self, schema: &[u8]) -> Vec<ObjectId> {
        self.under(By::Schema, [schema, b"", b""]).collect()
    }

    /// What hangs on a relation, its sub-objects and the sequences that its columns own, or on a domain.
    pub fn parts(&self, of: &Object) -> Vec<ObjectId> {
        let ids = self.under(By::Whole, [&of.schema, &of.name, b""]);
        // a sequence may be called like a domain
        let of_domain = |id: &ObjectId| self.object(*id).kind == ObjectKind::DomainConstraint;
        ids.filter(|id| of_domain(id) == (of.kind == ObjectKind::Domain)).collect()
    }
}
