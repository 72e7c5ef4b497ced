//! Numbers of objects under one key: mostly one, which takes no memory of its own.

use super::ObjectId;
use std::collections::{BTreeSet, btree_set};
use std::iter::{Chain, Flatten};
use std::option;

/// In ascending order. A set, as what leaves must be found among many.
#[derive(Debug)]
pub(super) enum Ids {
    One(ObjectId),
    #[expect(clippy::box_collection, reason = "a map of names mostly holds ones")]
    Many(Box<BTreeSet<ObjectId>>),
}

impl Default for Ids {
    fn default() -> Self {
        Ids::Many(Box::default())
    }
}

impl Ids {
    pub(super) fn insert(&mut self, id: ObjectId) {
        match self {
            Ids::One(own) if *own == id => {}
            Ids::One(own) => *self = Ids::Many(Box::new(BTreeSet::from([*own, id]))),
            Ids::Many(ids) if ids.is_empty() => *self = Ids::One(id),
            Ids::Many(ids) => {
                ids.insert(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: ObjectId) {
        match self {
            Ids::One(own) if *own == id => *self = Ids::default(),
            Ids::One(_) => {}
            Ids::Many(ids) => {
                ids.remove(&id);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Ids::Many(ids) if ids.is_empty())
    }
}

impl<'a> IntoIterator for &'a Ids {
    type Item = &'a ObjectId;
    type IntoIter = Chain<option::IntoIter<&'a ObjectId>, Flatten<option::IntoIter<btree_set::Iter<'a, ObjectId>>>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Ids::One(id) => (Some(id), None),
            Ids::Many(ids) => (None, Some(ids.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}
