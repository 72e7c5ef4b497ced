//! The objects that a database lists, in their order, and a short way to those that follow one another.

use crate::catalog::{Inventory, Object, ObjectId, Wanted};
use crate::limits::to_u32;
use crate::order;
use crate::scan::fact::{ObjectKind, Scope};
use std::cell::Cell;
use std::collections::HashMap;

/// Schemas whose objects are the tests' own.
const TEST_SCHEMAS: [&[u8]; 2] = [b"test", b"tests"];

/// The objects that a database lists.
#[derive(Debug)]
pub(super) struct Listed {
    /// In their order.
    pub(super) objects: Vec<ObjectId>,
    /// By number in the inventory: the place among them; [`UNLISTED`] of others.
    places: Vec<u32>,
    /// No two objects have one key, and no two relations one name.
    is_plain: bool,
}

const UNLISTED: u32 = u32::MAX;

impl Listed {
    pub(super) fn of(inventory: &Inventory, everything: bool) -> Listed {
        let mut places = vec![UNLISTED; inventory.len()];
        let (mut objects, mut relations) = (Vec::new(), Vec::new());
        for (id, object) in inventory.objects() {
            objects.push(id);
            if object.kind.is_relation() {
                relations.push(id);
            }
            if if everything { object.exists() } else { counts(object) } {
                places[id as usize] = 0;
            }
        }
        let schemas = ranks(inventory);
        let is_plain = sort(inventory, &schemas, &mut relations, &|_| 0)
            & sort(inventory, &schemas, &mut objects, &|id| inventory.object(id).kind as u32);
        objects.retain(|id| places[*id as usize] != UNLISTED);
        for (place, id) in objects.iter().enumerate() {
            places[*id as usize] = to_u32(place);
        }
        Listed { objects, places, is_plain }
    }

    /// The relation or column that is wanted with its place, where it is the one at `last` or the next one: tests go
    /// through tables, and through their columns.
    pub(super) fn near(&self, inventory: &Inventory, last: u32, wanted: &Wanted<'_>) -> Option<(ObjectId, u32)> {
        let is_one = wanted.scope == Scope::Named || wanted.scope == Scope::Path && !wanted.schema.contains(&0);
        if !self.is_plain || !is_one || !wanted.args.is_empty() {
            return None;
        }
        let names = [wanted.sub, wanted.name, wanted.schema];
        let mut near = [last, last + 1].into_iter().filter_map(|at| Some((*self.objects.get(at as usize)?, at)));
        near.find(|(id, _)| {
            let object = inventory.object(*id);
            let own = [&object.sub, &object.name, &object.schema];
            wanted.kind.covers(object.kind) && own.into_iter().zip(names).all(|(own, name)| **own == *name)
        })
    }

    pub(super) fn place(&self, id: ObjectId) -> Option<u32> {
        self.places.get(id as usize).copied().filter(|place| *place != UNLISTED)
    }
}

/// The place of each object's schema among all schemas, by number of the object.
fn ranks(inventory: &Inventory) -> Vec<u32> {
    let mut numbers: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut ranks = vec![0; inventory.len()];
    // an object of each
    let mut firsts = Vec::new();
    let mut last: (&[u8], u32) = (b"\0", 0);
    for (id, object) in inventory.objects() {
        // what is made together is mostly of one schema
        if last.0 != &*object.schema {
            let next = to_u32(firsts.len());
            last = (&object.schema, *numbers.entry(object.schema.to_vec()).or_insert(next));
            if last.1 == next {
                firsts.push(id);
            }
        }
        ranks[id as usize] = last.1;
    }
    order::sort(&mut firsts, |a, b| inventory.object(*a).schema.cmp(&inventory.object(*b).schema));
    let mut places = vec![0; firsts.len()];
    for (place, first) in firsts.iter().enumerate() {
        places[ranks[*first as usize] as usize] = to_u32(place);
    }
    ranks.iter_mut().for_each(|rank| *rank = places.get(*rank as usize).copied().unwrap_or_default());
    ranks
}

/// Sorts by group, which is below 256, then by schema, then by the other names; whether no two are equal. Names are
/// compared only within a schema: those of a large inventory are far from each other.
fn sort(inventory: &Inventory, schemas: &[u32], ids: &mut Vec<ObjectId>, group: &dyn Fn(ObjectId) -> u32) -> bool {
    let schema = |id: ObjectId| schemas[id as usize];
    let mut spare = Vec::new();
    order::group(ids, &mut spare, schemas.len(), &|id| schema(*id));
    order::group(ids, &mut spare, 256, &|id| group(*id));
    let is_plain = Cell::new(true);
    for own in ids.chunk_by_mut(|a, b| (group(*a), schema(*a)) == (group(*b), schema(*b))) {
        order::sort(own, |a, b| {
            let names = |id: ObjectId| {
                let Object { name, sub, args, .. } = inventory.object(id);
                [name, sub, args]
            };
            let turn = names(*a).cmp(&names(*b));
            // neighbours are compared with each other
            is_plain.set(is_plain.get() && turn.is_ne());
            turn
        });
    }
    is_plain.get()
}

fn counts(object: &Object) -> bool {
    let schema = if object.kind == ObjectKind::Schema { &object.name } else { &object.schema };
    object.is_counted() && !TEST_SCHEMAS.contains(&&**schema)
}
