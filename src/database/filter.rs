//! Which objects a query is about, told by the bytes of their keys before a row is made.

use super::rows::StoredObject;
use crate::coverage::state::{Risk, State};
use crate::error::{Code, Error};
use crate::record::{spell, unspell};
use crate::scan::fact::ObjectKind;
use regex::bytes::{Regex, RegexBuilder};

/// Memory that a compiled filter may take.
const REGEX_BYTES: usize = 1 << 20;
/// What means something else in a regular expression than itself, and what else may be escaped all the same.
const SPECIAL: &[u8] = b"\\^$.*+?()[]{}|";
const ESCAPABLE: &[u8] = b"#&~-";

/// Which objects; all conditions hold together.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these kinds; empty: all.
    pub kinds: Vec<ObjectKind>,
    /// Only this schema.
    pub schema: Option<String>,
    /// Only names that this regular expression matches: `schema.name` or `schema.name.sub`.
    pub matching: Option<String>,
    /// Only these states; empty: all.
    pub states: Vec<State>,
    /// Only this risk.
    pub risk: Option<Risk>,
}

/// A filter that is ready for use.
#[derive(Debug, Default)]
pub(super) struct Matcher {
    kinds: Vec<ObjectKind>,
    /// The schema and the NUL behind it; empty: any.
    schema: Vec<u8>,
    name: Option<Name>,
    states: Vec<State>,
    risk: Option<Risk>,
}

/// What a name is to hold.
#[derive(Debug)]
enum Name {
    /// A text, in letters of either case where that is true: a hundred times as fast as the expression for it.
    Text(Vec<u8>, bool),
    Pattern(Regex),
}

impl Matcher {
    /// # Errors
    /// `CONFIG` for a filter that is no regular expression.
    pub(super) fn new(filter: &Filter) -> Result<Matcher, Error> {
        let mut schema = filter.schema.as_deref().map(unspell).unwrap_or_default();
        if filter.schema.is_some() {
            schema.push(0);
        }
        Ok(Matcher {
            kinds: filter.kinds.clone(),
            schema,
            name: filter.matching.as_deref().map(name).transpose()?,
            states: filter.states.clone(),
            risk: filter.risk,
        })
    }

    /// Whether no object between two keys is wanted.
    pub(super) fn skips(&self, first: &[u8], next: Option<&[u8]>) -> bool {
        let schema = self.schema.as_slice();
        let (from, rest) = first.split_first().unwrap_or((&0, b""));
        let (to, end) = next.and_then(<[u8]>::split_first).map_or((u8::MAX, None), |(to, end)| (*to, Some(end)));
        let is_between = |kind: u8| {
            (*from < kind || rest <= schema || rest.starts_with(schema))
                && (kind < to || end.is_none_or(|end| schema <= end))
        };
        !(*from..=to).any(|kind| self.is_of(kind) && is_between(kind))
    }

    /// Whether an object is wanted. `spelled` is room for its name.
    pub(super) fn wants(&self, key: &[u8], object: &StoredObject<'_>, spelled: &mut Vec<u8>) -> bool {
        let Some((kind, rest)) = key.split_first() else { return false };
        self.is_of(*kind)
            && rest.starts_with(&self.schema)
            && (self.states.is_empty() || self.states.iter().any(|state| *state as u8 == object.state))
            && self.risk.is_none_or(|risk| risk as u8 + 1 == object.risk)
            && self.has_name(rest, spelled)
    }

    fn is_of(&self, kind: u8) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|of| *of as u8 == kind)
    }

    /// Whether `schema.name` or `schema.name.sub` is as wanted.
    fn has_name(&self, key: &[u8], spelled: &mut Vec<u8>) -> bool {
        let Some(name) = &self.name else { return true };
        spelled.clear();
        for part in key.split(|byte| *byte == 0).take(3).filter(|part| !part.is_empty()) {
            if !spelled.is_empty() {
                spelled.push(b'.');
            }
            spelled.extend_from_slice(part);
        }
        if spelled.iter().any(|byte| *byte == b'\\' || !byte.is_ascii()) {
            *spelled = spell(spelled).into_bytes();
        }
        match name {
            Name::Pattern(pattern) => pattern.is_match(spelled),
            Name::Text(text, folds) => spelled.windows(text.len()).any(|part| {
                // most differ in the first letter
                (part[0] ^ text[0]) & !0x20 == 0 && part.eq_ignore_ascii_case(text) && (*folds || part == text)
            }),
        }
    }
}

fn name(pattern: &str) -> Result<Name, Error> {
    let (text, folds) = pattern.strip_prefix("(?i)").map_or((pattern, false), |text| (text, true));
    if let Some(text) = plain(text).filter(|text| !text.is_empty()) {
        return Ok(Name::Text(text, folds));
    }
    // of bytes: the tables of Unicode would be a third of the module
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(REGEX_BYTES)
        .build()
        .map(Name::Pattern)
        .map_err(|e| Error::new(Code::Config, format!("match is no regular expression: {e}")))
}

/// The text that a regular expression matches alone, where that is so.
fn plain(pattern: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'\\' => bytes.next().filter(|byte| SPECIAL.contains(byte) || ESCAPABLE.contains(byte))?,
            byte if SPECIAL.contains(&byte) => return None,
            byte => byte,
        });
    }
    Some(text)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::database::writer::object_key;
    use crate::segment::codec::Bytes;
    use proptest::prelude::*;

    /// Without evidence, in the first state.
    fn wants(matcher: &Matcher, key: &[u8]) -> bool {
        let row = [&[0, u8::try_from(key.len()).unwrap_or_default()], key, &[0; 17]].concat();
        let object = StoredObject::read(&mut Bytes::new(&row), &mut Vec::new());
        object.is_ok_and(|object| matcher.wants(key, &object, &mut Vec::new()))
    }

    proptest! {
        #[test]
        fn what_is_skipped_holds_nothing_that_is_wanted(
            mut parts in prop::collection::vec((0..4u8, "[ab]{0,2}", "[ab]{0,2}"), 1..20),
            kinds in prop::collection::vec(0..4u8, 0..2),
            schema in prop::option::of("[ab]{0,2}"),
            span in 1..20usize,
        ) {
            let key = |(kind, schema, name): &(u8, String, String)|
                object_key(*kind, [schema.as_bytes(), name.as_bytes(), b"", b""]);
            parts.sort();
            let keys: Vec<Vec<u8>> = parts.iter().map(key).collect();
            let kinds = kinds.into_iter().filter_map(ObjectKind::from_number).collect();
            let matcher = Matcher::new(&Filter { kinds, schema, ..Filter::default() }).unwrap_or_default();
            for at in 0..keys.len() {
                let end = (at + span).min(keys.len());
                let skipped = matcher.skips(&keys[at], keys.get(end).map(Vec::as_slice));
                prop_assert!(!skipped || !keys[at..end].iter().any(|key| wants(&matcher, key)));
                // from one object to another of the same kind and schema there is no other
                if parts.get(end).is_some_and(|next| (next.0, &next.1) == (parts[at].0, &parts[at].1)) {
                    prop_assert_eq!(skipped, !wants(&matcher, &keys[at]));
                }
            }
        }

        #[test]
        fn a_text_is_found_where_its_expression_matches(text in "[aAbB.+é#\\\\-]{1,4}", name in "[aAbB.+é#\\\\-]{0,8}", folds: bool) {
            let pattern = format!("{}{}", if folds { "(?i)" } else { "" }, regex::escape(&text));
            prop_assert!(matches!(super::name(&pattern), Ok(Name::Text(..))));
            let matching = |pattern: &str| {
                Matcher::new(&Filter { matching: Some(pattern.to_owned()), ..Filter::default() }).unwrap_or_default()
            };
            let (found, expected) = (matching(&pattern), matching(&format!("({pattern})")));
            prop_assert!(matches!(expected.name, Some(Name::Pattern(_))));
            let key = object_key(3, [b"s", name.as_bytes(), b"", b""]);
            prop_assert_eq!(wants(&found, &key), wants(&expected, &key));
        }
    }

    #[test]
    fn what_means_more_than_itself_is_an_expression() {
        for pattern in ["a.b", "^a", "a|b", r"\d", r"a\.b\<", "(?i)(?-i)a", "", "(?i)"] {
            assert!(matches!(name(pattern), Ok(Name::Pattern(_))), "{pattern}");
        }
        assert!(name("(").is_err());
    }
}
