//! The schema at the end of all definitions: events replayed in manifest order.
//!
//! The table is held in memory.

mod copies;
mod index;
mod links;
pub mod names;
mod needs;
mod objects;
mod replay;
mod shared;
mod signatures;

use crate::limits::to_u32;
use crate::scan::definitions::note;
use crate::scan::fact::{ObjectKind, Scope};
use crate::scan::reference::arity_of;
use index::{By, Index, SELDOM};
use needs::Edge;
use objects::Objects;
pub use shared::Name;
use shared::Names;
use signatures::{same_args, split_args};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeSet, HashMap};

/// An object of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Kind.
    pub kind: ObjectKind,
    /// Schema; empty for what belongs to none.
    pub schema: Name,
    /// Name; for sub-objects the relation's.
    pub name: Name,
    /// Column, trigger, policy, index, constraint.
    pub sub: Name,
    /// Argument types of a routine.
    pub args: Name,
    /// Place of its definition: source in the manifest.
    pub file: u32,
    /// 1-based line.
    pub line: u32,
    /// Partition of another table: counts with that one.
    pub is_partition: bool,
    /// Type of a column, the function of a trigger, the role that owns a table.
    detail: Name,
    /// The table whose column owns this sequence; empty without one.
    owner: Name,
    /// The part of a parent because of which it is there; of a partition, the parent.
    origin: Option<ObjectId>,
    /// Number of its redefinitions: what an earlier one needed, this one does not.
    version: u32,
    /// Bits of [`note::Trait`].
    traits: u8,
    live: bool,
}

impl Object {
    /// It has these traits, see [`note::Trait`].
    pub fn has(&self, traits: u8) -> bool {
        self.traits & traits == traits
    }

    /// It holds rows of its own.
    pub fn is_table(&self) -> bool {
        matches!(self.kind, ObjectKind::Table | ObjectKind::PartitionedTable | ObjectKind::ForeignTable)
    }

    /// What its definition says beside its name: see [`note`].
    pub fn detail(&self) -> &[u8] {
        &self.detail
    }

    fn new(kind: ObjectKind, schema: Name, name: Name) -> Object {
        Object {
            kind,
            schema,
            name,
            sub: Name::default(),
            args: Name::default(),
            file: 0,
            line: 0,
            is_partition: false,
            detail: Name::default(),
            owner: Name::default(),
            origin: None,
            version: 0,
            traits: 0,
            live: true,
        }
    }

    /// Number of argument types of a routine.
    fn arg_count(&self) -> usize {
        split_args(&String::from_utf8_lossy(&self.args)).count()
    }

    /// The server has it, and not from the start: a type that is only announced is none yet.
    pub fn exists(&self) -> bool {
        match self.kind {
            ObjectKind::BaseType => self.detail != note::SHELL,
            ObjectKind::Schema => self.name != b"public",
            _ => true,
        }
    }

    /// It exists for itself: no partition of another table.
    pub fn is_counted(&self) -> bool {
        self.exists() && !self.is_partition
    }

    /// The relation or domain that it is a part of.
    fn whole(&self) -> Option<&[u8]> {
        if !self.owner.is_empty() {
            return Some(&self.owner);
        }
        (self.kind.is_sub() || self.kind == ObjectKind::DomainConstraint).then_some(&*self.name)
    }
}

/// Where an object is looked up: its schema, name and sub-object, which hold no NUL.
fn place(schema: &[u8], name: &[u8], sub: &[u8]) -> Vec<u8> {
    [schema, name, sub].join(&0)
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
    /// What else it drops, or adds, cannot be told.
    Unsure,
}

/// Roles that row level security does not concern, by the names that platforms give them.
const PLATFORM_BYPASSING: [&[u8]; 4] = [b"postgres", b"service_role", b"supabase_admin", b"rds_superuser"];

/// The objects, by name.
#[derive(Debug, Default)]
pub struct Inventory {
    objects: Objects,
    names: Names,
    /// The live ones by their names.
    index: Index,
    /// The relation that was last looked for: what is made together is mostly part of one.
    relation: Cell<Option<ObjectId>>,
    /// By names that are seldom asked for.
    seldom: [OnceCell<Index>; SELDOM],
    /// The name to try next for a base that was taken, until a name is freed.
    next_names: HashMap<Vec<u8>, u32>,
    /// CREATE … IF NOT EXISTS found its table, or ALTER … IF EXISTS found none: what follows up to its end is not made.
    /// Counts those that stand in each other.
    skipping: u32,
    /// Names that schemas once had.
    gone_schemas: BTreeSet<Vec<u8>>,
    /// By number of the object.
    ties: Vec<Option<Box<Ties>>>,
    edge_count: usize,
    /// Keys, indexes and foreign keys of a relation that look alike; ones that are no more may still stand here.
    alike: Index,
    uses: Vec<needs::UseInBody>,
    /// Routine, its version, the message of an error that it raises.
    raised: Vec<(ObjectId, u32, Vec<u8>)>,
    /// What a note is about: the object of the event before.
    subject: Option<ObjectId>,
    outputs: needs::Outputs,
    /// Relations that the subject needs.
    subject_relations: Vec<ObjectId>,
    /// The table that copies others, and those whose columns it has and nothing else yet.
    liked: (ObjectId, Vec<ObjectId>),
    /// Objects that were copied from another relation.
    copies: usize,
    /// Where types of the signature at hand are looked for.
    path: Vec<u8>,
    /// The source at hand: a transaction ends with it.
    source: u32,
    /// The file and line at hand.
    file: u32,
    line: u32,
    transaction: links::Transaction,
}

/// How an object hangs together with others. What was dropped or redefined since may still stand here.
#[derive(Debug)]
struct Ties {
    /// What needs it.
    dependents: Vec<Edge>,
    /// Tables that inherit from it.
    children: Vec<Edge>,
    /// Columns of a key or an index.
    keys: Vec<ObjectId>,
    /// What tells keys, indexes and foreign keys of a table apart.
    shape: Option<Box<copies::Shape>>,
    /// Relation and key that a foreign key refers to.
    references: Option<(ObjectId, Option<ObjectId>)>,
    /// Foreign keys that refer to the relation.
    referring: Vec<ObjectId>,
    /// Of a relation.
    primary_key: Option<ObjectId>,
}

impl Ties {
    const NONE: Ties = Ties {
        dependents: Vec::new(),
        children: Vec::new(),
        keys: Vec::new(),
        shape: None,
        references: None,
        referring: Vec::new(),
        primary_key: None,
    };
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

impl<'a> Wanted<'a> {
    /// The schema of this name.
    pub fn schema(name: &'a [u8]) -> Wanted<'a> {
        Wanted { kind: ObjectKind::Schema, scope: Scope::Named, schema: b"", name, sub: b"", args: b"" }
    }
}

impl Inventory {
    /// An empty database: it has the schema `public`.
    pub fn new() -> Self {
        let mut inventory = Inventory::default();
        inventory.insert(Object::new(ObjectKind::Schema, Name::default(), Name::from(&b"public"[..])));
        inventory
    }

    /// The object with this number.
    pub fn object(&self, id: ObjectId) -> &Object {
        self.objects.get(id)
    }

    // not inlined: a copy is long
    #[inline(never)]
    fn copy_of(&self, id: ObjectId) -> Object {
        self.object(id).clone()
    }

    /// All objects that exist at the end, with their numbers.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        self.objects.iter().enumerate().filter(|(_, o)| o.live).map(|(id, o)| (to_u32(id), o))
    }

    /// Of a partition's part the one of its parent that it was made for; of all else itself.
    pub fn origin(&self, mut id: ObjectId) -> ObjectId {
        while let Some(of) = self.object(id).origin.filter(|_| self.object(id).kind.is_sub()) {
            id = of;
        }
        id
    }

    /// The role is granted to that one, directly.
    pub fn is_member(&self, role: &[u8], of: &[u8]) -> bool {
        let kind = ObjectKind::RoleMembership;
        !self.find(Wanted { kind, scope: Scope::Named, schema: b"", name: of, sub: role, args: b"" }).is_empty()
    }

    /// Row level security does not concern the role: it is a superuser, or has BYPASSRLS.
    pub fn bypasses(&self, role: &[u8]) -> bool {
        if PLATFORM_BYPASSING.contains(&role) {
            return true;
        }
        let kind = ObjectKind::Role;
        let found = self.find(Wanted { kind, scope: Scope::Named, schema: b"", name: role, sub: b"", args: b"" });
        found.iter().any(|id| self.object(*id).has(note::Trait::BYPASSES))
    }

    /// Row level security of the relation concerns the role: it is on, and the role neither passes it by nor owns the
    /// relation, unless it is forced.
    pub fn secures(&self, relation: &Object, role: &[u8]) -> bool {
        let owner = &*relation.detail;
        let owns = relation.is_table() && (owner == role || self.is_member(role, owner));
        let forced = relation.has(note::Trait::FORCED);
        relation.has(note::Trait::SECURED) && !self.bypasses(role) && (forced || !owns)
    }

    fn ties(&self, id: ObjectId) -> &Ties {
        static NONE: Ties = Ties::NONE;
        self.ties.get(id as usize).and_then(Option::as_deref).unwrap_or(&NONE)
    }

    fn ties_mut(&mut self, id: ObjectId) -> &mut Ties {
        let at = id as usize;
        if self.ties.len() <= at {
            self.ties.resize_with(self.objects.len().max(at + 1), || None);
        }
        self.ties[at].get_or_insert_with(|| Box::new(Ties::NONE))
    }

    /// Number of objects, dropped ones included: every id is below.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// There is no object.
    pub fn is_empty(&self) -> bool {
        self.objects.len() == 0
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
            self.parts(object).iter().any(|id| column(self.object(*id)))
        };
        wanted.kind != ObjectKind::Column || relations.iter().all(has_columns)
    }

    /// Takes the places of objects from an inventory that has them, too.
    pub fn take_places(&mut self, from: &Inventory) {
        for object in self.objects.iter_mut() {
            let Object { kind, schema, name, sub, args, .. } = &*object;
            let wanted = Wanted { kind: *kind, scope: Scope::Named, schema, name, sub, args };
            if let Some(id) = from.find(wanted).first() {
                let defined = from.object(*id);
                (object.file, object.line) = (defined.file, defined.line);
            }
        }
    }

    /// A source creates this schema, or it is `public`.
    pub fn owns_schema(&self, schema: &[u8]) -> bool {
        self.at(b"", schema, b"").any(|id| self.object(id).kind == ObjectKind::Schema)
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
            return match schema {
                None => self.under(By::Index, [wanted.sub, b"", b""]).collect(),
                Some(schema) => self.under(By::IndexOf, [schema, wanted.sub, b""]).collect(),
            };
        }
        if let (true, Some(schema)) = (wanted.kind.is_routine(), schema) {
            // one of many overloads
            let exact = self.under(By::Args, [schema, wanted.name, wanted.args]);
            let exact: Vec<ObjectId> = exact.filter(|id| wanted.kind.covers(self.object(*id).kind)).collect();
            if !exact.is_empty() {
                return exact;
            }
        }
        let is_it = |id: &ObjectId| {
            let o = self.object(*id);
            wanted.kind.covers(o.kind)
                && ((!o.kind.is_routine() && o.kind != ObjectKind::Operator) || same_args(&o.args, wanted.args))
        };
        let found: Vec<ObjectId> = match schema {
            None => self.under(By::Name, [wanted.name, wanted.sub, b""]).filter(is_it).collect(),
            Some(schema) => {
                let at = |schema| self.at(schema, wanted.name, wanted.sub);
                // what belongs to no schema; not asked for what always has one, as most is
                let has_schema = wanted.kind.is_relation() || wanted.kind.is_sub() || wanted.kind.is_routine();
                let global = (!schema.is_empty() && !has_schema).then(|| at(b""));
                at(schema).chain(global.into_iter().flatten()).filter(is_it).collect()
            }
        };
        match arity_of(wanted.args) {
            Some(count) => self.fitting(self.called(found, count), wanted.args),
            None => found,
        }
    }

    /// The overloads that a call with `count` arguments may mean: those with just as many, else those with more, of
    /// which some may have defaults, else those whose last one may be variadic.
    fn called(&self, found: Vec<ObjectId>, count: usize) -> Vec<ObjectId> {
        let takes = |id: &ObjectId, way: usize| {
            let args = self.object(*id).arg_count();
            match way {
                0 => args == count,
                1 => args > count,
                _ => args > 0 && self.object(*id).args.ends_with(b"[]"),
            }
        };
        let ways = (0..3).map(|way| found.iter().copied().filter(|id| takes(id, way)).collect::<Vec<_>>());
        ways.into_iter().find(|ids| !ids.is_empty()).unwrap_or_default()
    }
}
