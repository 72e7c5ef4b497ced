//! Replays definition events: what is made, renamed, moved and dropped.

use super::index::By;
use super::needs::Need;
use super::{Inventory, Name, Object, ObjectId, Replayed, Wanted, names, place};
use crate::merge::Place;
use crate::record::OwnedRecord;
use crate::scan::definitions::note::{self, Guard};
use crate::scan::fact::{GUARDED, ObjectKind, Op, PARTITION, Scope, WORDS};

impl Inventory {
    /// Applies one event. Costs time linear in the objects of the names concerned, and in what it drops or copies.
    pub fn replay(&mut self, Place { file, source }: Place, row: &OwnedRecord, kind: ObjectKind, op: Op) -> Replayed {
        if self.skipping > 0 {
            if op == Op::CreateIfMissing && row.detail.starts_with(GUARDED) {
                self.skipping += 1;
            } else if op == Op::Alter && row.detail.is_empty() {
                self.skipping -= 1;
            }
            return Replayed::Done;
        }
        (self.file, self.line) = (file, row.line);
        if source != self.source {
            self.source = source;
            self.commit();
        }
        if op != Op::Alter {
            self.about(None);
        }
        let spelled = self.spell_by_types(row, kind);
        let row = spelled.as_ref().unwrap_or(row);
        match op {
            Op::Create | Op::CreateIfMissing | Op::Replace => self.create(file, row, kind, op),
            Op::CreateNamed => self.create_named(file, row, kind),
            Op::Drop => self.drop(row, kind),
            Op::Rename => self.rename(row, kind),
            Op::Move => self.set_schema(row, kind),
            Op::Alter => match note::split(&row.detail) {
                Some((note, rest)) => self.note(row, kind, note, rest),
                None => Replayed::Done,
            },
            // of tests
            Op::Conduit | Op::Asserted | Op::Unasserted | Op::NotPassed => Replayed::Done,
        }
    }

    fn note(&mut self, row: &OwnedRecord, kind: ObjectKind, note: &[u8], rest: &[u8]) -> Replayed {
        match note {
            note::ABOUT => {
                let target = self.targets(row, kind).first().copied();
                self.about(target);
            }
            note::NEEDS => return self.needs(row, rest),
            note::TYPE => {
                let target = self.targets(row, ObjectKind::Column).first().copied();
                self.about(target);
                if let Some(id) = target {
                    self.change(id, |o| {
                        o.detail = rest.into();
                        o.version += 1;
                    });
                }
            }
            note::NO_IDENTITY => {
                let columns = self.targets(row, ObjectKind::Column);
                let owned = columns.iter().flat_map(|id| self.edges(*id)).map(|edge| edge.dependent);
                let is_identity = |id: &ObjectId| {
                    let object = self.object(*id);
                    object.kind == ObjectKind::Sequence && object.detail == b"identity"
                };
                let sequences: Vec<ObjectId> = owned.filter(is_identity).collect();
                self.remove_all(sequences, false);
            }
            note::TRAITS => self.traits(row, kind, rest),
            note::ROLE => {
                let table = self.targets(row, kind).first().copied().filter(|id| self.object(*id).is_table());
                if let Some(id) = table {
                    self.change(id, |o| o.detail = rest.into());
                }
            }
            note::POLICY => {
                let target = self.targets(row, kind).first().copied();
                self.about(target);
                let Some(id) = target else { return Replayed::Unknown };
                self.change(id, |o| o.detail = Guard::decode(&o.detail).altered(&Guard::decode(rest)).into());
            }
            note::PATH => self.path.clone_from(&row.schema),
            note::OWNER => self.own(row),
            note::IF_EXISTS => {
                // it may be one that others make
                let schema = self.schema_of(row, kind);
                let owned = self.owns_schema(&schema) || self.gone_schemas.contains(&schema);
                self.skipping = u32::from(owned && self.targets(row, kind).is_empty());
            }
            note::LIKE => return self.like(row, kind, rest),
            note::INHERITS => return self.inherit(row),
            note::NO_INHERIT => self.disinherit(),
            note::ATTACHED => return self.attach(row, kind),
            note::DETACHED => return self.detach(row),
            note::BEGIN => self.begin(),
            note::COMMIT => self.commit(),
            note::SAVEPOINT => self.savepoint(rest),
            note::RELEASE => self.release(rest),
            note::ROLLBACK => self.rollback(rest),
            _ => {}
        }
        Replayed::Done
    }

    /// Traits of the object that the key names, of all triggers of a relation, or of the object before.
    fn traits(&mut self, row: &OwnedRecord, kind: ObjectKind, rest: &[u8]) {
        let &[gives, takes, ..] = rest else { return };
        let targets = match (kind, row.name.is_empty(), row.sub.is_empty()) {
            (_, true, _) => self.subject.into_iter().collect(),
            (ObjectKind::Trigger, _, true) => {
                let relations = self.targets(row, ObjectKind::Relation);
                let parts = relations.first().map(|id| self.parts(self.object(*id)));
                parts.into_iter().flatten().filter(|id| self.object(*id).kind == kind).collect()
            }
            _ => self.targets(row, kind),
        };
        for id in targets {
            self.change(id, |o| o.traits = (o.traits | gives) & !takes);
        }
    }

    fn create(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind, op: Op) -> Replayed {
        let schema = self.schema_of(row, kind);
        let args = if kind.is_routine() { self.resolve_args(row) } else { row.args.clone() };
        let wanted = Wanted { kind, scope: Scope::Named, schema: &schema, name: &row.name, sub: &row.sub, args: &args };
        // an extension is one of the database, in whatever schema
        let scope = if kind == ObjectKind::Extension { Scope::Any } else { Scope::Named };
        let existing = self.find(Wanted { scope, ..wanted }).first().copied();
        // a view, a table, a sequence and an index cannot share a name
        let taken = existing.or_else(|| {
            let name = match kind {
                ObjectKind::Index => &row.sub,
                kind if kind.is_relation() => &row.name,
                _ => return None,
            };
            self.class(Wanted { name, ..wanted })
        });
        let detail = row.detail.strip_prefix(GUARDED).unwrap_or(&row.detail);
        if let Some(id) = taken {
            return self.create_again(id, existing.is_some(), (file, row.line, detail), row, op);
        }
        // the name that PostgreSQL would make of it stands without its label
        let named = kind == ObjectKind::Index || kind.is_constraint();
        let parts = if named { detail.split(|b| *b == 0).next().unwrap_or_default() } else { detail };
        let [schema, name, sub, args, parts] = self.names.of([&schema, &row.name, &row.sub, &args, parts]);
        let id = self.insert(Object {
            sub,
            args,
            file,
            line: row.line,
            is_partition: detail.starts_with(PARTITION),
            detail: parts,
            ..Object::new(kind, schema, name)
        });
        self.made(id)
    }

    /// What follows from a new object.
    fn made(&mut self, id: ObjectId) -> Replayed {
        self.about(Some(id));
        match self.object(id).kind {
            kind if kind.is_routine() => self.need_argument_types(id),
            ObjectKind::ConstraintTrigger => {
                let object = self.object(id);
                let mut same = self.at(&object.schema, &object.name, &object.sub);
                let trigger = same.find(|id| self.object(*id).kind == ObjectKind::Trigger);
                drop(same);
                if let Some(trigger) = trigger {
                    self.edge(trigger, id, Need::Part);
                }
                return self.hand_down(id);
            }
            ObjectKind::RoleMembership => {
                let object = self.copy_of(id);
                for role in [&object.name, &object.sub] {
                    let role = self.at(b"", role, b"").find(|id| self.object(*id).kind == ObjectKind::Role);
                    if let Some(role) = role {
                        self.edge(role, id, Need::Part);
                    }
                }
            }
            // keys and constraints are handed down when their columns are known
            ObjectKind::Column | ObjectKind::Trigger => return self.hand_down(id),
            _ => {}
        }
        Replayed::Done
    }

    /// CREATE of what exists.
    fn create_again(
        &mut self,
        id: ObjectId,
        same_kind: bool,
        (file, line, detail): (u32, u32, &[u8]),
        row: &OwnedRecord,
        op: Op,
    ) -> Replayed {
        if op == Op::Replace && same_kind {
            self.change(id, |o| {
                (o.file, o.line, o.detail) = (file, line, detail.into());
                o.version += 1;
            });
            self.about(Some(id));
            if self.object(id).kind.is_routine() {
                self.need_argument_types(id);
            }
            return Replayed::Done;
        }
        let merges = matches!(self.object(id).kind, ObjectKind::Column | ObjectKind::CheckConstraint);
        if same_kind && merges && self.object(id).origin.is_some() && op == Op::Create {
            // it is merged with the one that is inherited
            self.change(id, |o| {
                (o.file, o.line, o.detail) = (file, line, detail.into());
                o.origin = None;
                o.version += 1;
            });
            self.about(Some(id));
            return Replayed::Done;
        }
        self.skipping = u32::from(op == Op::CreateIfMissing && row.detail.starts_with(GUARDED));
        if op == Op::Create { Replayed::Duplicate } else { Replayed::Done }
    }

    /// An object whose name PostgreSQL chooses.
    fn create_named(&mut self, file: u32, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let is_sequence = kind == ObjectKind::Sequence;
        let schema = self.schema_of(row, if is_sequence { ObjectKind::Column } else { kind });
        let mut parts = row.detail.splitn(2, |b| *b == 0);
        let (columns, label) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let columns =
            if kind == ObjectKind::CheckConstraint { self.only_column(&schema, row, columns) } else { columns };
        let chosen = match row.args.as_slice() {
            b"" => self.choose_name(kind, &schema, (&row.name, columns, label)),
            // SEQUENCE NAME
            given => given.to_vec(),
        };
        let [schema, name, sub, args, detail] = self.names.of([&schema, &row.name, &chosen, b"", columns]);
        let mut object = Object { sub, args, detail, file, line: row.line, ..Object::new(kind, schema, name) };
        if is_sequence {
            let column = self.column(&object.schema, &row.name, columns);
            object.owner = std::mem::replace(&mut object.name, std::mem::take(&mut object.sub));
            object.detail = row.sub.as_slice().into();
            let id = self.insert(object);
            if let Some(column) = column {
                self.edge(column, id, Need::Part);
            }
            return Replayed::Done;
        }
        let id = self.insert(object);
        self.made(id)
    }

    /// The first name that is free (`ChooseRelationName`, `ChooseConstraintName`).
    pub(super) fn choose_name(
        &mut self,
        kind: ObjectKind,
        schema: &[u8],
        (relation, columns, label): (&[u8], &[u8], &[u8]),
    ) -> Vec<u8> {
        use ObjectKind::{ExclusionConstraint, Index, PrimaryKey, Sequence, UniqueConstraint};
        let is_relation = matches!(kind, Index | Sequence | PrimaryKey | UniqueConstraint | ExclusionConstraint);
        let base = place(schema, &names::make_object_name(relation, columns, label, 0), b"");
        let mut pass = self.next_names.get(&base).copied().unwrap_or(0);
        let chosen = loop {
            let name = names::make_object_name(relation, columns, label, pass);
            let class = Wanted { kind, scope: Scope::Named, schema, name: &name, sub: b"", args: b"" };
            let taken = (is_relation && self.class(class).is_some())
                || (kind != Sequence
                    && kind != Index
                    && self.under(By::Constraint, [schema, &name, b""]).next().is_some());
            if !taken {
                break name;
            }
            pass += 1;
        };
        if pass > 0 {
            self.next_names.insert(base, pass);
        }
        chosen
    }

    /// A CHECK constraint is called after its column if it names exactly one (`AddRelationNewConstraints`). `words` are
    /// those of the expression that may be columns.
    fn only_column<'w>(&self, schema: &[u8], row: &OwnedRecord, words: &'w [u8]) -> &'w [u8] {
        let is_column =
            |word: &&[u8]| self.at(schema, &row.name, word).any(|id| self.object(id).kind == ObjectKind::Column);
        let mut columns = words.split(|b| *b == WORDS).filter(is_column);
        match (columns.next(), columns.next()) {
            (Some(column), None) => column,
            _ => b"",
        }
    }

    fn drop(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        let cascade = row.detail == b"cascade";
        if targets.is_empty() {
            return Replayed::Unknown;
        }
        use ObjectKind::{Extension, ForeignDataWrapper, ForeignServer, Language};
        let opaque = matches!(kind, Extension | ForeignDataWrapper | ForeignServer | Language);
        let unsure = self.remove_all(targets, cascade) || opaque && cascade;
        if unsure { Replayed::Unsure } else { Replayed::Done }
    }

    /// Removes objects with what hangs on them, and with CASCADE what needs them. True where that cannot be told.
    pub(super) fn remove_all(&mut self, mut targets: Vec<ObjectId>, cascade: bool) -> bool {
        let mut unsure = false;
        let mut perhaps = Vec::new();
        while let Some(id) = targets.pop() {
            if !self.object(id).live {
                continue;
            }
            let object = self.copy_of(id);
            self.remove(id);
            if object.kind == ObjectKind::Schema {
                targets.extend(self.in_schema(&object.name));
                self.gone_schemas.insert(object.name.to_vec());
            } else if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                targets.extend(self.parts(&object));
            }
            for edge in self.edges(id) {
                match edge.need {
                    Need::Part | Need::Copy | Need::Partition => targets.push(edge.dependent),
                    Need::Use | Need::Child if cascade => targets.push(edge.dependent),
                    Need::Perhaps if cascade => perhaps.push(edge.dependent),
                    _ => {}
                }
            }
            unsure |= cascade && self.lost_edges();
        }
        unsure || perhaps.into_iter().any(|id| self.object(id).live)
    }

    fn rename(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let mut targets = self.targets(row, kind);
        let found = !targets.is_empty();
        let to = Name::from(row.detail.as_slice());
        if targets.iter().any(|id| self.is_taken(*id, None, &to)) {
            return Replayed::Duplicate;
        }
        while let Some(id) = targets.pop() {
            let object = self.copy_of(id);
            if object.kind == ObjectKind::Schema {
                for other in self.in_schema(&object.name) {
                    self.respell(other, &|o| o.schema = to.clone());
                }
                self.change(id, |o| o.name = to.clone());
                self.gone_schemas.insert(object.name.to_vec());
            } else if object.kind.is_sub() || object.kind == ObjectKind::DomainConstraint {
                // a constraint and its index are called the same
                let pair: Vec<ObjectId> = self.at(&object.schema, &object.name, &object.sub).collect();
                for other in pair {
                    let kind = self.object(other).kind;
                    let of_constraint = kind.is_constraint() && object.kind == ObjectKind::Index;
                    if other == id || of_constraint {
                        self.change(other, |o| o.sub = to.clone());
                    }
                }
                // what children inherit is renamed too
                use ObjectKind::{CheckConstraint, Column, Trigger};
                if matches!(object.kind, Column | CheckConstraint | Trigger) {
                    let copies = self.edges(id).into_iter().filter(|edge| edge.need == Need::Copy);
                    targets.extend(copies.map(|edge| edge.dependent));
                }
            } else {
                if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                    for part in self.parts(&object) {
                        self.change(part, |o| match o.owner.is_empty() {
                            true => o.name = to.clone(),
                            false => o.owner = to.clone(),
                        });
                    }
                }
                self.respell(id, &|o| o.name = to.clone());
                if object.kind == ObjectKind::Role {
                    for edge in self.edges(id) {
                        self.change(edge.dependent, |o| {
                            for role in [&mut o.name, &mut o.sub].into_iter().filter(|role| **role == object.name) {
                                *role = to.clone();
                            }
                        });
                    }
                }
            }
        }
        if found { Replayed::Done } else { Replayed::Unknown }
    }

    fn set_schema(&mut self, row: &OwnedRecord, kind: ObjectKind) -> Replayed {
        let targets = self.targets(row, kind);
        let to = Name::from(row.detail.as_slice());
        if targets.iter().any(|id| self.is_taken(*id, Some(&to), &self.object(*id).name)) {
            return Replayed::Duplicate;
        }
        for id in &targets {
            let object = self.copy_of(*id);
            if object.kind.is_relation() || object.kind == ObjectKind::Domain {
                for part in self.parts(&object) {
                    self.change(part, |o| o.schema = to.clone());
                }
            }
            self.respell(*id, &|o| o.schema = to.clone());
        }
        if targets.is_empty() { Replayed::Unknown } else { Replayed::Done }
    }

    /// The server refuses this new name: another schema, relation, or column of the relation has it.
    fn is_taken(&self, id: ObjectId, schema: Option<&[u8]>, name: &[u8]) -> bool {
        let object = self.object(id);
        let schema = schema.unwrap_or(&object.schema);
        match object.kind {
            ObjectKind::Schema => self.owns_schema(name),
            ObjectKind::Column => self.column(schema, &object.name, name).is_some(),
            kind if kind.is_relation() => self.relation(schema, name).is_some_and(|other| other != id),
            _ => false,
        }
    }

    /// The objects that ALTER or DROP names.
    pub(super) fn targets(&self, row: &OwnedRecord, kind: ObjectKind) -> Vec<ObjectId> {
        let args = if kind.is_routine() { self.resolve_args(row) } else { row.args.clone() };
        let scope = Scope::from_number(row.scope).unwrap_or(Scope::Named);
        let wanted = Wanted { kind, scope, schema: &row.schema, name: &row.name, sub: &row.sub, args: &args };
        let mut found = self.find(wanted);
        if found.is_empty() && kind == ObjectKind::CheckConstraint {
            // DROP CONSTRAINT and RENAME CONSTRAINT do not say of what kind it is
            use ObjectKind::{ConstraintTrigger, ExclusionConstraint, ForeignKey, PrimaryKey, UniqueConstraint};
            for kind in [PrimaryKey, UniqueConstraint, ForeignKey, ExclusionConstraint] {
                found.extend(self.find(Wanted { kind, ..wanted }));
            }
            let beside = if found.is_empty() { ConstraintTrigger } else { ObjectKind::Index };
            found.extend(self.find(Wanted { kind: beside, ..wanted }));
        } else if found.is_empty() && kind == ObjectKind::Index && row.name.is_empty() {
            // ALTER INDEX and ALTER TABLE may be said of any relation, and of an index
            found.extend(self.class(Wanted { name: &row.sub, ..wanted }));
        } else if found.is_empty() && matches!(kind, ObjectKind::Table | ObjectKind::View) {
            if row.sub.is_empty() {
                found.extend(self.class(wanted));
            } else {
                found = self.find(Wanted { kind: ObjectKind::Relation, ..wanted });
            }
        } else if kind == ObjectKind::Trigger && Op::from_number(row.a) == Some(Op::Drop) {
            // its row in pg_constraint goes too; a new name it does not get
            found.extend(self.find(Wanted { kind: ObjectKind::ConstraintTrigger, ..wanted }));
        }
        found
    }

    /// What has this name in pg_class.
    fn class(&self, wanted: Wanted<'_>) -> Option<ObjectId> {
        let relation = Wanted { kind: ObjectKind::Relation, sub: b"", args: b"", ..wanted };
        let index = Wanted { kind: ObjectKind::Index, name: b"", sub: wanted.name, args: b"", ..wanted };
        self.find(relation).first().or(self.find(index).first()).copied()
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
                return self.object(*id).schema.to_vec();
            }
        }
        path.find(|schema| self.owns_schema(schema)).unwrap_or(first).to_vec()
    }
}
