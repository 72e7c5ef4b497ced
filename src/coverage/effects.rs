//! What a statement does beside what it names: the triggers that fire, the constraints that refuse it.

use crate::catalog::{Inventory, ObjectId, Wanted};
use crate::scan::circumstance::{Circumstance, Outcome};
use crate::scan::definitions::note::{Firing, Trait};
use crate::scan::fact::{Aspect, Flags, ObjectKind, Scope};

/// An object that the statement reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) object: ObjectId,
    pub(super) aspect: Aspect,
    pub(super) flags: Flags,
}

/// The triggers, and their functions, that a statement fires on a relation. With a column they are those that fire on an
/// UPDATE OF it, else all others. `is_immediate`: deferred ones run before the end of the transaction, too.
pub(super) fn fired(
    inventory: &Inventory,
    relation: ObjectId,
    column: Option<&[u8]>,
    aspect: Aspect,
    circumstance: &Circumstance<'_>,
    is_immediate: bool,
) -> Vec<Effect> {
    let event = match aspect {
        Aspect::INSERT => b'i',
        Aspect::UPDATE => b'u',
        Aspect::DELETE => b'd',
        Aspect::TRUNCATE => b't',
        _ => return Vec::new(),
    };
    // policies look at a new row that BEFORE triggers have made
    let by_policy = contains(circumstance.message, b"violates row-level security policy");
    let denied = circumstance.outcome == Outcome::Fails && is_denied(circumstance) && !by_policy;
    if circumstance.is_still || denied {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let of = inventory.object(relation);
    for part in inventory.parts(of) {
        let trigger = inventory.object(part);
        if trigger.kind != ObjectKind::Trigger || trigger.has(Trait::DISABLED) {
            continue;
        }
        let firing = Firing::decode(trigger.detail());
        let is_meant = firing.is(event)
            && match column {
                Some(column) => firing.columns.contains(&column),
                None => event != b'u' || firing.columns.is_empty(),
            };
        let never = circumstance.outcome == Outcome::Fails && firing.is(b'a')
            || circumstance.outcome == Outcome::Empty && firing.is(b'r')
            || firing.is(b'l') && !is_immediate;
        if !is_meant || never {
            continue;
        }
        let flags = if firing.is(b'w') { Flags::MAY_FIRE } else { Flags::NONE };
        effects.push(Effect { object: inventory.origin(part), aspect: Aspect::FIRED, flags });
        if let Some(function) = function(inventory, &firing, &trigger.schema) {
            effects.push(Effect { object: function, aspect: Aspect::FIRED, flags });
        }
    }
    effects
}

/// A statement with this aspect may fire triggers, and be refused by constraints.
pub(super) fn changes(aspect: Aspect) -> bool {
    matches!(aspect, Aspect::INSERT | Aspect::UPDATE | Aspect::DELETE | Aspect::TRUNCATE)
}

/// The function of a trigger on a relation of `schema`.
fn function(inventory: &Inventory, firing: &Firing<'_>, schema: &[u8]) -> Option<ObjectId> {
    let find = |scope, schema| {
        inventory.find(Wanted { kind: ObjectKind::Function, scope, schema, name: firing.function, sub: b"", args: b"" })
    };
    if !firing.schema.is_empty() {
        return find(Scope::Named, firing.schema).first().copied();
    }
    // the search path that found it is not kept
    let near = [schema, b"public"].into_iter().find_map(|schema| find(Scope::Named, schema).first().copied());
    near.or_else(|| find(Scope::Any, b"").first().copied().filter(|_| find(Scope::Any, b"").len() == 1))
}

/// The constraint that refuses a statement on `relation`, as the assertion expects it: the one that its message quotes,
/// else the only one that could.
pub(super) fn violated(
    inventory: &Inventory,
    relation: ObjectId,
    aspect: Aspect,
    circumstance: &Circumstance<'_>,
) -> Option<Effect> {
    use ObjectKind::{CheckConstraint, Column, ExclusionConstraint, ForeignKey, Index, PrimaryKey, UniqueConstraint};
    let writes = matches!(aspect, Aspect::INSERT | Aspect::UPDATE | Aspect::DELETE);
    if circumstance.outcome != Outcome::Fails || !writes {
        return None;
    }
    let (kinds, phrase): (&[ObjectKind], &[u8]) = match circumstance.state {
        b"23505" => (&[PrimaryKey, UniqueConstraint, Index], b"unique constraint"),
        b"23503" => (&[ForeignKey], b"foreign key constraint"),
        b"23514" => (&[CheckConstraint], b"check constraint"),
        b"23P01" => (&[ExclusionConstraint], b"exclusion constraint"),
        b"23502" => (&[Column], b"column"),
        b"" => {
            let says = |phrase: &[u8]| contains(circumstance.message, phrase);
            if says(b"unique constraint") {
                (&[PrimaryKey, UniqueConstraint, Index], b"unique constraint")
            } else if says(b"foreign key constraint") {
                (&[ForeignKey], b"foreign key constraint")
            } else if says(b"check constraint") {
                (&[CheckConstraint], b"check constraint")
            } else if says(b"exclusion constraint") {
                (&[ExclusionConstraint], b"exclusion constraint")
            } else if says(b"not-null constraint") {
                (&[Column], b"column")
            } else if says(b"constraint \"") {
                (
                    &[PrimaryKey, UniqueConstraint, ForeignKey, CheckConstraint, ExclusionConstraint, Index],
                    b"constraint",
                )
            } else {
                return None;
            }
        }
        _ => return None,
    };
    let of = inventory.object(relation);
    let own = inventory.parts(of);
    let found = |name: Option<&[u8]>, parts: &[ObjectId]| -> Vec<ObjectId> {
        let is_it = |id: &ObjectId| {
            let part = inventory.object(*id);
            // the index of a constraint goes with it
            let alone = part.kind != Index
                || part.has(Trait::UNIQUE)
                    && !parts.iter().any(|other| {
                        let other = inventory.object(*other);
                        other.kind != Index && other.sub == part.sub
                    });
            kinds.contains(&part.kind) && alone && name.is_none_or(|name| part.sub == name)
        };
        parts.iter().copied().filter(is_it).collect()
    };
    let quoted = quoted_behind(circumstance.message, phrase);
    let aspect_of = if kinds == [Column] { Aspect::NOT_NULL } else { Aspect::VIOLATED };
    let effect = |id: ObjectId| Effect { object: inventory.origin(id), aspect: aspect_of, flags: Flags::NONE };
    if let Some(name) = quoted {
        // of a foreign key the message may name the table that refers to this one
        let elsewhere = || {
            let relation = named(inventory, quoted_last(circumstance.message, b"on table")?)?;
            found(Some(name), &inventory.parts(inventory.object(relation))).first().copied()
        };
        return found(Some(name), &own).first().copied().or_else(elsewhere).map(effect);
    }
    // a message that names none is of something else, such as a row that no partition takes
    if !circumstance.state.is_empty() && !circumstance.message.is_empty() {
        return None;
    }
    // a value of a column that is referred to may be refused by any table that does
    if kinds == [Column] || kinds == [ForeignKey] && aspect == Aspect::DELETE {
        return None;
    }
    match found(None, &own).as_slice() {
        [only] => Some(effect(*only)),
        _ => None,
    }
}

/// The same of a statement that calls a routine, whose body runs into it: the message names relation and constraint.
pub(super) fn violated_within(inventory: &Inventory, circumstance: &Circumstance<'_>) -> Option<Effect> {
    let message = circumstance.message;
    let name =
        [&b"for relation"[..], b"of relation", b"on table"].iter().find_map(|phrase| quoted_last(message, phrase))?;
    violated(inventory, named(inventory, name)?, Aspect::INSERT, circumstance)
        .filter(|_| contains(message, b"constraint"))
}

/// The constraint of a domain that a message names.
pub(super) fn violated_domain(
    inventory: &Inventory,
    domain: ObjectId,
    circumstance: &Circumstance<'_>,
) -> Option<Effect> {
    let name = quoted_behind(circumstance.message, b"check constraint")?;
    let is_it = |id: &ObjectId| {
        let part = inventory.object(*id);
        part.kind == ObjectKind::DomainConstraint && part.sub == name
    };
    let of = inventory.object(domain);
    let is_meant = circumstance.outcome == Outcome::Fails && contains(circumstance.message, b"value for domain");
    let object = inventory.parts(of).into_iter().find(|id| is_meant && is_it(id))?;
    Some(Effect { object, aspect: Aspect::VIOLATED, flags: Flags::NONE })
}

/// The only relation of this name.
fn named(inventory: &Inventory, name: &[u8]) -> Option<ObjectId> {
    let wanted = Wanted { kind: ObjectKind::Relation, scope: Scope::Any, schema: b"", name, sub: b"", args: b"" };
    match inventory.find(wanted).as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// The statement is refused for want of privileges.
pub(super) fn is_denied(circumstance: &Circumstance<'_>) -> bool {
    circumstance.state == b"42501"
        || contains(circumstance.message, b"permission denied")
        || contains(circumstance.message, b"violates row-level security policy")
}

/// Patterns may be compared without case.
pub(super) fn contains(text: &[u8], phrase: &[u8]) -> bool {
    position(text, phrase).is_some()
}

fn position(text: &[u8], phrase: &[u8]) -> Option<usize> {
    text.windows(phrase.len()).position(|part| part.eq_ignore_ascii_case(phrase))
}

/// The name in double quotes behind the first `phrase`.
pub(super) fn quoted_behind<'t>(text: &'t [u8], phrase: &[u8]) -> Option<&'t [u8]> {
    let at = position(text, phrase)? + phrase.len();
    let rest = text[at..].trim_ascii_start().strip_prefix(b"\"")?;
    rest.split(|byte| *byte == b'"').next().filter(|name| !name.is_empty())
}

/// The same behind the last one.
fn quoted_last<'t>(text: &'t [u8], phrase: &[u8]) -> Option<&'t [u8]> {
    let at = text.windows(phrase.len()).rposition(|part| part == phrase)?;
    quoted_behind(&text[at..], phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_out_of_messages_and_of_patterns() {
        let unique = b"duplicate key value violates unique constraint \"users_pkey\"";
        assert_eq!(quoted_behind(unique, b"unique constraint"), Some(&b"users_pkey"[..]));
        assert_eq!(quoted_behind(b"%unique constraint \"a b\"%", b"unique constraint"), Some(&b"a b"[..]));
        assert_eq!(quoted_behind(b"unique constraint x", b"unique constraint"), None);
        assert_eq!(quoted_behind(b"CHECK CONSTRAINT \"a\"", b"check constraint"), Some(&b"a"[..]));
        let foreign = b"update or delete on table \"a\" violates foreign key constraint \"f\" on table \"b\"";
        assert_eq!(quoted_last(foreign, b"on table"), Some(&b"b"[..]));
    }
}
