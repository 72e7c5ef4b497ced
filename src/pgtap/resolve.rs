//! Which overload PostgreSQL runs for a call: the algorithm of `parse_func.c`, on the types that the text shows.
//!
//! Steps, as the manual's section "Functions" under Type Conversion numbers them: exact match; candidates whose
//! parameters the arguments coerce to; most exact matches; most exact or preferred types; the category that unknown
//! literals settle on; the one type that all known arguments share.

use super::catalogue::Overload;
use super::types::Type;
use std::borrow::Cow;

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The overload at this index.
    One(usize),
    /// Several fit (42725).
    Ambiguous,
    /// None fits (42883).
    Undefined,
    /// One fits but its polymorphic arguments disagree (42804).
    Mismatch,
    /// It depends on a type that the text does not tell: one of these.
    Dynamic(Vec<usize>),
}

/// The arguments of a call.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// Their types, in the order of the call.
    pub types: &'a [Type],
    /// The names of the last ones, where written as `name => value`.
    pub names: &'a [&'a [u8]],
    /// The last one is `VARIADIC array`.
    pub variadic: bool,
}

/// Chooses among `overloads` (`func_get_detail`).
pub fn choose(overloads: &[Overload], given: &Given<'_>) -> Choice {
    let all: Vec<Candidate<'_>> =
        overloads.iter().enumerate().filter_map(|(index, o)| Candidate::new(index, o, given)).collect();
    // "FuncnameGetCandidates": of two with the same parameters the one that is not variadic stays
    let hidden = |c: &Candidate<'_>| c.variadic && all.iter().any(|o| !o.variadic && o.params == c.params);
    let candidates: Vec<&Candidate<'_>> = all.iter().filter(|c| !hidden(c)).collect();
    if given.types.iter().any(|ty| ty.is_dynamic()) {
        return choose_dynamic(&candidates, given.types);
    }
    choose_static(&candidates, given.types)
}

/// The parameter that each argument is for (`MatchNamedCall`); none where the overload cannot take them.
pub fn parameters(overload: &Overload, given: &Given<'_>) -> Option<Vec<usize>> {
    let positional = given.types.len() - given.names.len();
    let mut places: Vec<usize> = (0..positional).collect();
    for name in given.names {
        let place = overload.names.iter().position(|n| n.as_bytes() == *name)?;
        if places.contains(&place) {
            return None;
        }
        places.push(place);
    }
    let missing = |place: &usize| !places.contains(place);
    (given.names.is_empty() || !(0..overload.fewest).any(|place| missing(&place))).then_some(places)
}

/// A parameter list spread over the arguments of the call.
#[derive(Debug, Clone)]
struct Candidate<'a> {
    index: usize,
    params: Cow<'a, [Type]>,
    variadic: bool,
}

impl<'a> Candidate<'a> {
    fn new(index: usize, overload: &'a Overload, given: &Given<'_>) -> Option<Candidate<'a>> {
        let count = given.types.len();
        let declared = overload.params.len();
        let spread = overload.variadic && !given.variadic;
        let params = if spread && count >= declared && given.names.is_empty() {
            let mut params = overload.params.clone();
            let element = params.pop()?.element();
            params.resize(count, element);
            Cow::Owned(params)
        } else if count > declared || given.names.is_empty() && count < overload.fewest {
            return None;
        } else if given.names.is_empty() {
            Cow::Borrowed(&overload.params[..count])
        } else {
            Cow::Owned(parameters(overload, given)?.into_iter().map(|place| overload.params[place]).collect())
        };
        Some(Candidate { index, params, variadic: spread })
    }
}

fn choose_static(candidates: &[&Candidate<'_>], args: &[Type]) -> Choice {
    let exact = |c: &&&Candidate<'_>| c.params.iter().zip(args).all(|(p, a)| p == a);
    if let Some(found) = candidates.iter().find(exact) {
        return Choice::One(found.index);
    }
    let fits = |c: &&Candidate<'_>| c.params.iter().zip(args).all(|(p, a)| a.coerces_to(*p));
    let fitting: Vec<&Candidate<'_>> = candidates.iter().copied().filter(fits).collect();
    let fitting = consistent(fitting, args);
    match fitting.as_slice() {
        [] => Choice::Undefined,
        [one] => checked(one, args),
        _ => match select(fitting, args) {
            Some(one) => checked(one, args),
            None => Choice::Ambiguous,
        },
    }
}

/// `can_coerce_type` checks polymorphic arguments for consistency (`check_generic_type_consistency`): a call such as
/// `is(bigint, integer)` leaves no candidate.
fn consistent<'a, 'o>(fitting: Vec<&'a Candidate<'o>>, args: &[Type]) -> Vec<&'a Candidate<'o>> {
    let agrees = |c: &&Candidate<'_>| {
        let any = c.params.iter().zip(args).filter(|(p, _)| **p == Type::AnyElement);
        let known: Vec<Type> = any.map(|(_, a)| *a).filter(|a| !matches!(a, Type::Unknown | Type::Dynamic)).collect();
        let same = |a: Type, b: Type| a == b || (a.is_array() && b.is_array() && (a.is_dynamic() || b.is_dynamic()));
        known.windows(2).all(|pair| same(pair[0], pair[1]))
    };
    fitting.into_iter().filter(agrees).collect()
}

/// Polymorphic parameters need one known argument: `is('a', 'b')` fails with 42804.
fn checked(chosen: &Candidate<'_>, args: &[Type]) -> Choice {
    let mut any =
        chosen.params.iter().zip(args).filter(|(p, _)| matches!(p, Type::AnyElement | Type::AnyArray)).peekable();
    if any.peek().is_some() && any.all(|(_, a)| *a == Type::Unknown) {
        return Choice::Mismatch;
    }
    Choice::One(chosen.index)
}

/// `func_select_candidate`
fn select<'a, 'o>(mut left: Vec<&'a Candidate<'o>>, args: &[Type]) -> Option<&'a Candidate<'o>> {
    left = best(left, |c| c.params.iter().zip(args).filter(|(p, a)| **a != Type::Unknown && p == a).count());
    if let [one] = left.as_slice() {
        return Some(one);
    }
    left = best(left, |c| {
        c.params
            .iter()
            .zip(args)
            .filter(|(p, a)| **a != Type::Unknown && (p == a || (p.is_preferred() && p.category() == a.category())))
            .count()
    });
    if let [one] = left.as_slice() {
        return Some(one);
    }
    if !args.contains(&Type::Unknown) {
        return None;
    }
    if let Some(slots) = settle(&left, args) {
        let fits = |c: &&Candidate<'_>| {
            slots.iter().all(|(at, category, preferred)| {
                let param = c.params[*at];
                param.category() == *category && (!preferred || param.is_preferred())
            })
        };
        let kept: Vec<&Candidate<'_>> = left.iter().copied().filter(fits).collect();
        if !kept.is_empty() {
            left = kept;
        }
        if let [one] = left.as_slice() {
            return Some(one);
        }
    }
    let mut known = args.iter().copied().filter(|a| *a != Type::Unknown);
    let shared = known.next()?;
    if known.any(|a| a != shared) {
        return None;
    }
    let kept: Vec<&Candidate<'_>> =
        left.into_iter().filter(|c| c.params.iter().all(|p| shared.coerces_to(*p))).collect();
    match kept.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

fn best<'a, 'o>(candidates: Vec<&'a Candidate<'o>>, score: impl Fn(&Candidate<'_>) -> usize) -> Vec<&'a Candidate<'o>> {
    let most = candidates.iter().map(|c| score(c)).max().unwrap_or(0);
    candidates.into_iter().filter(|c| score(c) == most).collect()
}

/// The category, and whether its preferred type, that each unknown argument settles on; none where they conflict.
fn settle(candidates: &[&Candidate<'_>], args: &[Type]) -> Option<Vec<(usize, u8, bool)>> {
    let mut slots = Vec::new();
    for (at, _) in args.iter().enumerate().filter(|(_, a)| **a == Type::Unknown) {
        let mut category = 0;
        let mut preferred = false;
        let mut conflict = false;
        for param in candidates.iter().map(|c| c.params[at]) {
            if category == 0 || (param.category() == b'S' && category != b'S') {
                category = param.category();
                preferred = param.is_preferred();
            } else if param.category() == category {
                preferred |= param.is_preferred();
            } else {
                conflict = true;
            }
        }
        if conflict && category != b'S' {
            return None;
        }
        slots.push((at, category, preferred));
    }
    Some(slots)
}

/// Tries the types that a dynamic argument can have; certain only where all of them lead to one overload.
fn choose_dynamic(candidates: &[&Candidate<'_>], args: &[Type]) -> Choice {
    const ARRAYS: [Type; 3] = [Type::NameArray, Type::TextArray, Type::OtherArray(0)];
    const OTHERS: [Type; 6] = [Type::Text, Type::Name, Type::Boolean, Type::Int4, Type::Refcursor, Type::Other(0)];
    let fits = |c: &&Candidate<'_>| c.params.iter().zip(args).all(|(p, a)| a.coerces_to(*p));
    let fitting = consistent(candidates.iter().copied().filter(fits).collect(), args);
    let fitting: Vec<usize> = fitting.iter().map(|c| c.index).collect();
    match fitting.as_slice() {
        [] => return Choice::Undefined,
        [one] => return Choice::One(*one),
        _ => {}
    }
    let dynamic = args.iter().filter(|a| a.is_dynamic()).count();
    if dynamic > 3 {
        return Choice::Dynamic(fitting);
    }
    let known = args.iter().filter(|a| **a != Type::Unknown && !a.is_dynamic());
    let any: Vec<Type> = ARRAYS.iter().chain(&OTHERS).chain(known).copied().collect();
    let mut tried: Vec<Vec<Type>> = vec![args.to_vec()];
    while let Some(at) = tried.first().and_then(|t| t.iter().position(|a| a.is_dynamic())) {
        let widened = tried.iter().flat_map(|t| {
            let possible = if t[at] == Type::Dynamic { &any[..] } else { &ARRAYS[..] };
            possible.iter().map(move |kind| {
                let mut types = t.clone();
                types[at] = *kind;
                types
            })
        });
        tried = widened.collect();
    }
    let mut found: Vec<usize> = Vec::new();
    for types in &tried {
        if let Choice::One(index) = choose_static(candidates, types)
            && !found.contains(&index)
        {
            found.push(index);
        }
    }
    match found.as_slice() {
        [] => Choice::Undefined,
        [one] => Choice::One(*one),
        _ => Choice::Dynamic(found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::overloads;
    use super::*;

    /// What PostgreSQL 15 and 18 chose for these calls, read from pg_depend of a view of the call.
    #[test]
    fn the_choice_is_the_servers() {
        use Type::{Int4, Int8, Name, NameArray, Text, TextArray, Unknown};
        for (name, args, expected) in [
            ("has_table", &[Unknown][..], "has_table(name)"),
            ("has_table", &[Unknown, Unknown], "has_table(name, text)"),
            ("has_table", &[Unknown, Name], "has_table(name, name)"),
            ("has_table", &[Name, Unknown], "has_table(name, text)"),
            ("has_table", &[Unknown, Unknown, Unknown], "has_table(name, name, text)"),
            ("has_column", &[Unknown, Unknown, Unknown], "has_column(name, name, text)"),
            ("col_not_null", &[Unknown, Unknown, Unknown], "col_not_null(name, name, text)"),
            ("index_is_unique", &[Unknown, Unknown, Unknown], "index_is_unique(name, name, name)"),
            ("has_function", &[Unknown, Unknown], "has_function(name, text)"),
            ("has_function", &[Unknown, Unknown, TextArray], "has_function(name, name, name[])"),
            ("columns_are", &[Unknown, Unknown], "columns_are(name, name[])"),
            ("columns_are", &[Unknown, Unknown, NameArray], "columns_are(name, name, name[])"),
            ("can", &[Unknown, Unknown], "Ambiguous"),
            ("is_indexed", &[Unknown, Unknown, Unknown], "Ambiguous"),
            ("is", &[Unknown, Unknown], "Mismatch"),
            ("is", &[Int8, Int4], "Undefined"),
            ("is", &[Int4, Int4, Unknown], "is(anyelement, anyelement, text)"),
            ("throws_ok", &[Unknown, Unknown], "throws_ok(text, text)"),
            ("throws_ok", &[Unknown, Int4], "throws_ok(text, integer)"),
            ("diag", &[Unknown], "diag(text)"),
            ("collect_tap", &[Text, Text, Text], "collect_tap(text[])"),
            ("finish", &[], "finish(boolean)"),
        ] {
            let found = overloads(name.as_bytes()).1;
            let spelled = match choose(found, &Given { types: args, ..Given::default() }) {
                Choice::One(index) => found[index].signature(),
                other => format!("{other:?}"),
            };
            assert_eq!(spelled, expected, "{name} {args:?}");
        }
    }

    #[test]
    fn an_unknown_type_is_certain_only_where_it_does_not_matter() {
        let found = overloads(b"has_table").1;
        let types = [Type::Unknown, Type::Dynamic];
        assert!(matches!(choose(found, &Given { types: &types, ..Given::default() }), Choice::Dynamic(_)));
        let is = overloads(b"is").1;
        let types = [Type::Dynamic, Type::Int4, Type::Unknown];
        assert!(matches!(choose(is, &Given { types: &types, ..Given::default() }), Choice::One(_)));
    }
}
