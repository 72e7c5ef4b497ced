//! Objects by their names. The map knows hashes of names, and the objects know the names: about 20 bytes a key.

use super::{Inventory, Object, ObjectId};
use crate::hash::xxh3_64;
use crate::limits::to_u32;
use crate::scan::fact::ObjectKind;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, btree_set};
use std::hash::{BuildHasherDefault, Hasher};

/// What an object is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum By {
    /// Schema, name, sub-object.
    Place,
    /// Routines: schema, name, argument types.
    Args,
    /// Sub-objects by schema and name of the relation, sequences by those of the table that owns them.
    Whole,
    /// Indexes by schema and their own name.
    IndexOf,
    /// Constraints by schema and name.
    Constraint,
    /// Indexes by their own name.
    Index,
    /// Name and sub-object, in whatever schema.
    Name,
    /// Schema.
    Schema,
}

pub(super) const SELDOM: usize = 3;

impl By {
    const ALWAYS: [By; 5] = [By::Place, By::Args, By::Whole, By::IndexOf, By::Constraint];
    /// Many inventories are never asked so: these have an index of their own, from the first time on.
    const SELDOM: [By; SELDOM] = [By::Index, By::Name, By::Schema];

    /// The names of an object; none where it is not looked up so.
    fn names(self, object: &Object) -> Option<[&[u8]; 3]> {
        let Object { kind, schema, name, sub, args, .. } = object;
        Some(match self {
            By::Place => [schema, name, sub],
            By::Args if kind.is_routine() => [schema, name, args],
            By::Name => [name, sub, b""],
            By::Schema => [schema, b"", b""],
            By::Whole => [schema, object.whole()?, b""],
            By::Index if *kind == ObjectKind::Index => [sub, b"", b""],
            By::IndexOf if *kind == ObjectKind::Index => [schema, sub, b""],
            By::Constraint if kind.is_constraint() => [schema, sub, b""],
            By::Args | By::Index | By::IndexOf | By::Constraint => return None,
        })
    }

    fn hash(self, names: [&[u8]; 3]) -> u64 {
        let mix = |sum: u64, part: u64| sum.rotate_left(23).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part;
        names
            .into_iter()
            .filter(|name| !name.is_empty())
            .fold(self as u64 + 1, |sum, name| mix(mix(sum, 1), xxh3_64(name)))
    }
}

/// Objects under hashes, in ascending order.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Half of a hash is enough: who asks looks at the names, too.
    ids: HashMap<u32, Packed, BuildHasherDefault<Hashed>>,
    /// Sets, as what leaves must be found among many. Those of no use any more are empty, and taken again.
    sets: Vec<BTreeSet<ObjectId>>,
    free: Vec<u32>,
}

/// Mostly one.
#[derive(Debug, Clone, Copy)]
enum Ids {
    One(ObjectId),
    /// Place among the sets.
    Many(u32),
}

/// The same in four bytes: a set has the highest bit, and there are fewer objects than that.
#[derive(Debug, Clone, Copy)]
struct Packed(u32);

impl Packed {
    const MANY: u32 = 1 << 31;

    fn of(ids: Ids) -> Packed {
        match ids {
            Ids::One(id) => Packed(id),
            Ids::Many(place) => Packed(place | Packed::MANY),
        }
    }

    fn ids(self) -> Ids {
        if self.0 < Packed::MANY { Ids::One(self.0) } else { Ids::Many(self.0 & !Packed::MANY) }
    }
}

impl Index {
    pub(super) fn insert(&mut self, hash: u64, id: ObjectId) {
        let Index { ids, sets, free } = self;
        let own = ids.entry(half(hash)).or_insert(Packed::of(Ids::One(id)));
        match own.ids() {
            Ids::One(first) if first != id => {
                let place = free.pop().unwrap_or_else(|| {
                    sets.push(BTreeSet::new());
                    to_u32(sets.len() - 1)
                });
                sets[place as usize].extend([first, id]);
                *own = Packed::of(Ids::Many(place));
            }
            Ids::One(_) => {}
            Ids::Many(place) => {
                sets[place as usize].insert(id);
            }
        }
    }

    fn remove(&mut self, hash: u64, id: ObjectId) {
        match self.ids.get(&half(hash)).map(|own| own.ids()) {
            Some(Ids::One(own)) if own == id => {}
            Some(Ids::Many(place)) => {
                let set = &mut self.sets[place as usize];
                set.remove(&id);
                if !set.is_empty() {
                    return;
                }
                self.free.push(place);
            }
            _ => return,
        }
        self.ids.remove(&half(hash));
    }

    pub(super) fn get(&self, hash: u64) -> Found<'_> {
        match self.ids.get(&half(hash)).map(|own| own.ids()) {
            Some(Ids::One(id)) => Found { one: Some(id), many: btree_set::Iter::default() },
            Some(Ids::Many(place)) => Found { one: None, many: self.sets[place as usize].iter() },
            None => Found { one: None, many: btree_set::Iter::default() },
        }
    }
}

/// Objects under a hash.
pub(super) struct Found<'a> {
    one: Option<ObjectId>,
    many: btree_set::Iter<'a, ObjectId>,
}

impl Iterator for Found<'_> {
    type Item = ObjectId;

    // not inlined: each way of asking would have its own
    #[inline(never)]
    fn next(&mut self) -> Option<ObjectId> {
        self.one.take().or_else(|| self.many.next().copied())
    }
}

fn half(hash: u64) -> u32 {
    to_u32(usize::try_from(hash >> 32).unwrap_or_default())
}

/// A key is a hash already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u32(&mut self, hash: u32) {
        // the map looks at the upper bits, too
        self.0 = u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Inventory {
    /// The live objects of these names, in the order of their numbers.
    pub(super) fn under<'a>(&'a self, by: By, names: [&'a [u8]; 3]) -> impl Iterator<Item = ObjectId> + 'a {
        let seldom = By::SELDOM.iter().zip(&self.seldom).find(|(own, _)| **own == by);
        let index = seldom.map_or(&self.index, |(_, index)| index.get_or_init(|| self.indexed(by)));
        index.get(by.hash(names)).filter(move |id| by.names(self.object(*id)) == Some(names))
    }

    fn indexed(&self, by: By) -> Index {
        let mut index = Index::default();
        for (id, object) in self.objects() {
            if let Some(names) = by.names(object) {
                index.insert(by.hash(names), id);
            }
        }
        index
    }

    /// The live objects in this place.
    pub(super) fn at<'a>(
        &'a self,
        schema: &'a [u8],
        name: &'a [u8],
        sub: &'a [u8],
    ) -> impl Iterator<Item = ObjectId> + 'a {
        self.under(By::Place, [schema, name, sub])
    }

    /// Enters an object under its names, if it is live.
    pub(super) fn link(&mut self, id: ObjectId) {
        let Inventory { objects, index, seldom, names, .. } = self;
        let object = objects.get_mut(id);
        if object.live {
            let Object { schema, name, sub, args, detail, owner, .. } = &mut *object;
            names.share([schema, name, sub, args, detail, owner]);
            each_index(index, seldom, object, |index, hash| index.insert(hash, id));
        }
    }

    /// Takes an object out of its names, before they change.
    pub(super) fn unlink(&mut self, id: ObjectId) {
        let Inventory { objects, index, seldom, .. } = self;
        let object = objects.get(id);
        // a new one has the highest number, so that the one at hand stays the first of its name
        if object.kind.is_relation() {
            self.relation.set(None);
        }
        if object.live {
            each_index(index, seldom, object, |index, hash| index.remove(hash, id));
        }
        self.next_names.clear();
    }
}

/// The indexes that hold an object, each with its hash there.
fn each_index(
    index: &mut Index,
    seldom: &mut [OnceCell<Index>; SELDOM],
    object: &Object,
    visit: impl Fn(&mut Index, u64),
) {
    let enter = |by: By, index: &mut Index| {
        if let Some(names) = by.names(object) {
            visit(index, by.hash(names));
        }
    };
    By::ALWAYS.into_iter().for_each(|by| enter(by, index));
    for (by, index) in By::SELDOM.into_iter().zip(seldom) {
        if let Some(index) = index.get_mut() {
            enter(by, index);
        }
    }
}
