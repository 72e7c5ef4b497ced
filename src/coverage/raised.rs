//! Whose error it is that an assertion expects: the routine whose body raises that message.

use super::effects::is_denied;
use crate::catalog::{Inventory, ObjectId};
use crate::scan::circumstance::{Circumstance, Outcome};
use std::collections::{BTreeSet, HashMap};

/// Messages that are compared: a few kilobytes of tests could ask for any number.
const MOST_MESSAGES: usize = 10_000;
/// Letters of a message that tell it from others.
const LEAST_LETTERS: usize = 4;

/// The messages that routines raise.
#[derive(Debug, Default)]
pub(super) struct Raised {
    /// None before the first error is asked for.
    messages: Option<Vec<(ObjectId, Vec<u8>)>>,
    /// By expected message, as many tests expect the same.
    known: HashMap<Vec<u8>, BTreeSet<ObjectId>>,
}

impl Raised {
    /// The routine that raises what is expected of a use of `object`, if exactly one may.
    pub(super) fn by(
        &mut self,
        inventory: &Inventory,
        object: ObjectId,
        expects: &Circumstance<'_>,
    ) -> Option<ObjectId> {
        if expects.outcome != Outcome::Fails || expects.message.is_empty() {
            return None;
        }
        let of_the_server = expects.state.starts_with(b"23") || expects.state.starts_with(b"42");
        if of_the_server || is_denied(expects) {
            return None;
        }
        let messages = self.messages.get_or_insert_with(|| {
            inventory.raised().take(MOST_MESSAGES).map(|(id, message)| (id, message.to_vec())).collect()
        });
        if !self.known.contains_key(expects.message) && self.known.len() == MOST_MESSAGES {
            return None;
        }
        let found = self.known.entry(expects.message.to_vec()).or_insert_with(|| {
            let mut raisers = BTreeSet::new();
            for (id, _) in messages.iter().filter(|(_, message)| is_meant(message, expects.message)) {
                raisers.insert(*id);
            }
            raisers
        });
        if found.len() == 1 {
            return found.first().copied();
        }
        Some(object).filter(|object| found.contains(object))
    }
}

/// `expected` may be the message that `format` makes, or a pattern of it.
fn is_meant(format: &[u8], expected: &[u8]) -> bool {
    let letters = |text: &[u8]| text.iter().filter(|byte| !byte.is_ascii() || byte.is_ascii_alphanumeric()).count();
    // `%%` is a percent sign
    let parts: Vec<&[u8]> = format.split(|byte| *byte == b'%').filter(|part| !part.is_empty()).collect();
    let mut rest = expected;
    let in_order = parts.iter().all(|part| match find(rest, part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    });
    if in_order && parts.iter().map(|part| letters(part)).sum::<usize>() >= LEAST_LETTERS {
        return true;
    }
    let core = expected.split(|byte| matches!(byte, b'%' | b'*' | b'^' | b'$')).map(|part| {
        let part = part.strip_suffix(b".").unwrap_or(part);
        (letters(part), part)
    });
    // the longest part of a pattern stands in the message as it is
    core.max_by_key(|(letters, _)| *letters).is_some_and(|(letters, part)| {
        letters >= LEAST_LETTERS && part.len() < expected.len() && find(format, part).is_some()
    })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len().max(1)).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_that_of_its_format() {
        for (format, expected, is) in [
            ("no such room", "no such room", true),
            ("no such room", "no such table", false),
            ("room % is closed", "room 7 is closed", true),
            ("room % is closed", "room 7 is open", false),
            ("%", "anything", false),
            ("%: %", "a: b", false),
            ("room % is closed", "%is closed%", true),
            ("room % is closed", "^room .*closed$", true),
            ("room % is closed", "%", false),
            ("room % is closed", "rooms are open", false),
            ("100%% sure of %", "100% sure of it", true),
        ] {
            assert_eq!(is_meant(format.as_bytes(), expected.as_bytes()), is, "{format} {expected}");
        }
    }
}
