//! What statements that are put together at run time may have made: a name that is not found need not be stale then.

use crate::scan::fact::{MORE, ObjectKind};

/// Kinds of objects that such statements may have made.
#[derive(Debug, Default)]
pub(super) struct Unsure(Vec<Class>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Routine,
    Trigger,
    Policy,
    /// Relations, what belongs to them, types, schemas, roles.
    Other,
    /// Nothing of it is known.
    Any,
}

impl Unsure {
    /// Takes how a statement begins, as far as the text tells it.
    pub(super) fn add(&mut self, beginning: &[u8]) {
        if let Some(class) = made_by(beginning)
            && !self.0.contains(&class)
        {
            self.0.push(class);
        }
    }

    /// One of the statements may have made an object of this kind.
    pub(super) fn may_be(&self, kind: ObjectKind) -> bool {
        let class = match kind {
            kind if kind.is_routine() => Class::Routine,
            ObjectKind::Trigger => Class::Trigger,
            ObjectKind::Policy => Class::Policy,
            _ => Class::Other,
        };
        self.0.iter().any(|of| [class, Class::Any].contains(of))
    }
}

fn made_by(beginning: &[u8]) -> Option<Class> {
    let text = beginning.to_ascii_lowercase();
    let of_no_use: [&[u8]; 4] = [b"", b"or", b"replace", b"constraint"];
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !of_no_use.contains(word));
    let made = |word: &[u8]| match word {
        b"function" | b"procedure" | b"routine" | b"aggregate" => Class::Routine,
        b"trigger" => Class::Trigger,
        b"policy" => Class::Policy,
        word if is_open(word) => Class::Any,
        _ => Class::Other,
    };
    let command = words.next().unwrap_or(MORE);
    match command {
        b"create" => Some(made(words.next().unwrap_or(MORE))),
        b"alter" => {
            let made = made(words.next().unwrap_or(MORE));
            // a new name, a new schema, a new part; behind the name
            let renews = |word: &[u8]| matches!(word, b"rename" | b"add" | b"attach" | b"schema") || is_open(word);
            (text.ends_with(MORE) || words.skip(1).any(renews)).then_some(made)
        }
        command if is_open(command) => Some(Class::Any),
        // DROP, GRANT, COMMENT, INSERT …
        _ => None,
    }
}

/// Something is put in, or follows.
fn is_open(word: &[u8]) -> bool {
    word.starts_with(b"%") || word == MORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_tell_what_they_may_make_by_how_they_begin() {
        for (beginning, made) in [
            ("create trigger %I before update on %I", Some(Class::Trigger)),
            ("CREATE OR REPLACE FUNCTION %I()", Some(Class::Routine)),
            ("create policy \"p\" on public.%I", Some(Class::Policy)),
            ("create table part_%s partition of t", Some(Class::Other)),
            ("create unique index on %I", Some(Class::Other)),
            ("alter function public.%I(%s) rename to %I", Some(Class::Routine)),
            ("alter table public.%I add column x int", Some(Class::Other)),
            ("alter table public.%I enable row level security", None),
            ("alter table t disable trigger all", None),
            ("grant select on %I to r", None),
            ("drop table %I", None),
            ("insert into t values (%L)", None),
            ("alter table %I enable row level security", None),
            ("alter table …", Some(Class::Other)),
            ("create …", Some(Class::Any)),
            ("%s", Some(Class::Any)),
            ("", Some(Class::Any)),
        ] {
            assert_eq!(made_by(beginning.as_bytes()), made, "{beginning}");
        }
    }
}
