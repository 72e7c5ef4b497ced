//! The objects that a database lists, in their order, and a short way to those that follow one another.

use crate::catalog::{Inventory, Object, ObjectId, Wanted};
use crate::limits::to_u32;
use crate::order;
use crate::scan::fact::{ObjectKind, Scope};
use crate::text;
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
    keys: Keys,
    /// No two objects have one key, and no two relations one name.
    is_plain: bool,
}

/// Where evidence of relations, or of columns, was last found: place, schema and name of the relation.
#[derive(Debug, Default)]
pub(super) struct Cursor(Option<(u32, Vec<u8>, Vec<u8>)>);

impl Cursor {
    pub(super) fn set(&mut self, place: u32, schema: &[u8], name: &[u8]) {
        let (at, own_schema, own_name) = self.0.get_or_insert_default();
        *at = place;
        for (own, text) in [(own_schema, schema), (own_name, name)] {
            own.clear();
            own.extend_from_slice(text);
        }
    }
}

/// The keys of relations and columns side by side in their order: going through them asks for no object.
#[derive(Debug, Default)]
struct Keys {
    kinds: Vec<ObjectKind>,
    /// Of a column that follows one of its relation its own name, of others schema, relation and sub-object.
    texts: Vec<u8>,
    /// Where the text of each ends, twice, plus one for those with only their own name.
    ends: Vec<usize>,
}

impl Keys {
    fn of(inventory: &Inventory, objects: &[ObjectId]) -> Keys {
        let mut keys = Keys::default();
        let mut before: Option<&Object> = None;
        for object in objects.iter().map(|id| inventory.object(*id)) {
            let follows = |of: &Object| (of.kind, &of.schema, &of.name) == (object.kind, &object.schema, &object.name);
            let is_short = object.kind == ObjectKind::Column && before.is_some_and(follows);
            if is_short {
                keys.texts.extend_from_slice(&object.sub);
            } else if object.kind == ObjectKind::Column || object.kind.is_relation() {
                for (before, part) in [(None, &object.schema), (Some(0), &object.name), (Some(0), &object.sub)] {
                    keys.texts.extend(before);
                    keys.texts.extend_from_slice(part);
                }
            }
            keys.kinds.push(object.kind);
            keys.ends.push(keys.texts.len() * 2 + usize::from(is_short));
            before = Some(object);
        }
        keys
    }

    /// The key at this place is wanted; `follows`: its relation is, where it is the one of the key before.
    fn is_at(&self, place: u32, follows: bool, Wanted { kind, schema, name, sub, .. }: &Wanted<'_>) -> bool {
        let at = place as usize;
        let Some(end) = self.ends.get(at) else { return false };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] / 2);
        let text = &self.texts[start..end / 2];
        let is_key = if end % 2 == 1 {
            follows && text::is_same(text, sub)
        } else {
            text.len() == schema.len() + name.len() + sub.len() + 2 && {
                let mut rest = text;
                let mut take = |part: &[u8]| rest.split_off(..part.len()) == Some(part);
                take(schema) && take(b"\0") && take(name) && take(b"\0") && take(sub)
            }
        };
        is_key && kind.covers(self.kinds[at])
    }
}

const UNLISTED: u32 = u32::MAX;

impl Listed {
    pub(super) fn of(inventory: &Inventory, everything: bool) -> Listed {
        let mut places = vec![UNLISTED; inventory.len()];
        // side by side: objects lie far from each other in their order
        let mut kinds = vec![0; inventory.len()];
        let (mut objects, mut relations) = (Vec::new(), Vec::new());
        for (id, object) in inventory.objects() {
            objects.push(id);
            kinds[id as usize] = object.kind as u8;
            if object.kind.is_relation() {
                relations.push(id);
            }
            if if everything { object.exists() } else { counts(object) } {
                places[id as usize] = 0;
            }
        }
        let schemas = ranks(inventory);
        let is_plain = sort(inventory, &schemas, &mut relations, &|_| 0)
            & sort(inventory, &schemas, &mut objects, &|id| u32::from(kinds[id as usize]));
        objects.retain(|id| places[*id as usize] != UNLISTED);
        for (place, id) in objects.iter().enumerate() {
            places[*id as usize] = to_u32(place);
        }
        let keys = if is_plain { Keys::of(inventory, &objects) } else { Keys::default() };
        Listed { objects, places, keys, is_plain }
    }

    /// The relation or column that is wanted, where it is the one of the cursor or the next one: tests go through tables,
    /// and through their columns.
    pub(super) fn near(&self, cursor: &mut Cursor, wanted: &Wanted<'_>) -> Option<(ObjectId, u32)> {
        let is_one = wanted.scope == Scope::Named || wanted.scope == Scope::Path && !wanted.schema.contains(&0);
        if !self.is_plain || !is_one || !wanted.args.is_empty() {
            return None;
        }
        let (last, schema, name) = cursor.0.as_mut()?;
        let follows = text::is_same(name, wanted.name) && text::is_same(schema, wanted.schema);
        let place = [*last, *last + 1].into_iter().find(|place| self.keys.is_at(*place, follows, wanted))?;
        if follows {
            *last = place;
        } else {
            cursor.set(place, wanted.schema, wanted.name);
        }
        Some((self.objects[place as usize], place))
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
    let name = |id: ObjectId| &inventory.object(id).name;
    let mut spare = Vec::new();
    order::group(ids, &mut spare, schemas.len(), &|id| schema(*id));
    order::group(ids, &mut spare, 256, &|id| group(*id));
    let is_plain = Cell::new(true);
    for own in ids.chunk_by_mut(|a, b| (group(*a), schema(*a)) == (group(*b), schema(*b))) {
        // what is made together is mostly of one name
        let mut named: Vec<&[ObjectId]> = own.chunk_by(|a, b| name(*a) == name(*b)).collect();
        order::sort(&mut named, |a, b| name(a[0]).cmp(name(b[0])));
        spare.clear();
        named.iter().for_each(|same| spare.extend_from_slice(same));
        own.copy_from_slice(&spare);
        for same in own.chunk_by_mut(|a, b| name(*a) == name(*b)) {
            order::sort(same, |a, b| {
                let rest = |id: ObjectId| (&inventory.object(id).sub, &inventory.object(id).args);
                let turn = rest(*a).cmp(&rest(*b));
                // neighbours are compared with each other
                is_plain.set(is_plain.get() && turn.is_ne());
                turn
            });
        }
    }
    is_plain.get()
}

fn counts(object: &Object) -> bool {
    let schema = if object.kind == ObjectKind::Schema { &object.name } else { &object.schema };
    object.is_counted() && !TEST_SCHEMAS.contains(&&**schema)
}
