//! The objects by number. They lie in chunks, so that a long list is never copied to grow.

use super::{Object, ObjectId};
use crate::limits::to_u32;

const CHUNK: usize = 1024;

/// A list that only grows.
#[derive(Debug, Default)]
pub(super) struct Objects(Vec<Vec<Object>>);

impl Objects {
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    pub(super) fn push(&mut self, object: Object) -> ObjectId {
        let id = to_u32(self.len());
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(object),
            // a small schema has few objects
            None => self.0.push(vec![object]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(object);
                self.0.push(chunk);
            }
        }
        id
    }

    pub(super) fn get(&self, id: ObjectId) -> &Object {
        &self.0[id as usize / CHUNK][id as usize % CHUNK]
    }

    pub(super) fn get_mut(&mut self, id: ObjectId) -> &mut Object {
        &mut self.0[id as usize / CHUNK][id as usize % CHUNK]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Object> {
        self.0.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Object> {
        self.0.iter_mut().flatten()
    }
}
