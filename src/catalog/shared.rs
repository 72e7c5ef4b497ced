//! Names that objects share: each text is kept once, however many objects have it.

use super::index::Index;
use crate::hash::xxh3_64;
use crate::limits::to_u32;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

/// A text of an object. The empty one takes no memory.
#[derive(Default)]
pub struct Name(Option<Rc<[u8]>>);

impl Name {
    /// It is the same copy of the text.
    fn is(&self, other: &Name) -> bool {
        matches!((&self.0, &other.0), (Some(a), Some(b)) if Rc::ptr_eq(a, b))
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl AsRef<[u8]> for Name {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

// Each object has six: not inlined, as its copies would be long.
impl Clone for Name {
    #[inline(never)]
    fn clone(&self) -> Name {
        Name(self.0.clone())
    }
}

impl From<&[u8]> for Name {
    #[inline(never)]
    fn from(text: &[u8]) -> Name {
        Name((!text.is_empty()).then(|| Rc::from(text)))
    }
}

impl From<Vec<u8>> for Name {
    fn from(text: Vec<u8>) -> Name {
        Name::from(text.as_slice())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        if self.is(other) { Ordering::Equal } else { (**self).cmp(&**other) }
    }
}

impl PartialEq<&[u8]> for Name {
    fn eq(&self, other: &&[u8]) -> bool {
        **self == **other
    }
}

impl PartialEq<Vec<u8>> for Name {
    fn eq(&self, other: &Vec<u8>) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Name {
    fn eq(&self, other: &&[u8; N]) -> bool {
        **self == other[..]
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self))
    }
}

/// Names of an object: schema, name, sub-object, arguments, detail, owner.
const PARTS: usize = 6;

/// The names that were shared.
#[derive(Debug, Default)]
pub(super) struct Names {
    list: Vec<Name>,
    /// Places in the list.
    places: Index,
    /// Of each part the one before: what is made together shares most.
    last: [Name; PARTS],
}

impl Names {
    /// The names of these texts, the first parts of an object.
    pub(super) fn of<const N: usize>(&mut self, texts: [&[u8]; N]) -> [Name; N] {
        std::array::from_fn(|part| self.name(part, texts[part]))
    }

    /// Lets the names of an object be those that are kept of their texts.
    pub(super) fn share(&mut self, names: [&mut Name; PARTS]) {
        for (part, name) in names.into_iter().enumerate() {
            if !name.is_empty() && !name.is(&self.last[part]) {
                *name = self.name(part, name);
            }
        }
    }

    fn name(&mut self, part: usize, text: &[u8]) -> Name {
        if text.is_empty() {
            return Name::default();
        }
        if *self.last[part] != *text {
            self.last[part] = self.kept(text);
        }
        self.last[part].clone()
    }

    fn kept(&mut self, text: &[u8]) -> Name {
        let Names { list, places, .. } = self;
        let hash = xxh3_64(text);
        let kept = places.get(hash).map(|place| &list[place as usize]).find(|kept| **kept == text);
        if let Some(kept) = kept {
            return kept.clone();
        }
        let name = Name::from(text);
        places.insert(hash, to_u32(list.len()));
        list.push(name.clone());
        name
    }
}
