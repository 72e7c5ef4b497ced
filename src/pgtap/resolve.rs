//! Which overload PostgreSQL runs for a call: the algorithm of `parse_func.c`, on the types that the text shows.
//!
//! Steps, as the manual's section "Functions" under Type Conversion numbers them: exact match; candidates whose
//! parameters the arguments coerce to; most exact matches; most exact or preferred types; the category that unknown
//! literals settle on; the one type that all known arguments share.

use super::catalogue::Overload;
use super::types::Type;

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

/// Chooses among `overloads` (`func_get_detail`), of which a name has at most [`MOST`].
pub fn choose(overloads: &[Overload], given: &Given<'_>) -> Choice {
    let mut candidates = Candidates { overloads, args: given.types.len(), spread: Vec::new() };
    let all = candidates.of(given);
    // "FuncnameGetCandidates": of two with the same parameters the one that is not variadic stays
    let spreads = |index: usize| overloads[index].variadic && !given.variadic;
    let plain = all.filter(|index| !spreads(index));
    let hidden =
        |index: usize| spreads(index) && plain.iter().any(|o| candidates.params(o) == candidates.params(index));
    let visible = all.filter(|index| !hidden(index));
    if given.types.iter().any(|ty| ty.is_dynamic()) {
        return candidates.choose_dynamic(visible, given.types);
    }
    candidates.choose_static(visible, given.types)
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

/// Most overloads of one name.
const MOST: usize = u32::BITS as usize;

/// Overloads by number. Calls are many and overloads few: a set is a word, and choosing allocates nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Set(u32);

impl Set {
    fn with(self, index: usize) -> Set {
        Set(self.0 | 1 << index)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn first(self) -> Option<usize> {
        (!self.is_empty()).then_some(self.0.trailing_zeros() as usize)
    }

    /// Its one member.
    fn only(self) -> Option<usize> {
        self.first().filter(|_| self.0.is_power_of_two())
    }

    fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self;
        std::iter::from_fn(move || {
            let first = left.first()?;
            left.0 &= left.0 - 1;
            Some(first)
        })
    }

    fn filter(self, keep: impl Fn(usize) -> bool) -> Set {
        self.iter().filter(|index| keep(*index)).fold(Set::default(), Set::with)
    }

    /// Those with the highest score.
    fn best(self, score: impl Fn(usize) -> usize) -> Set {
        let (mut most, mut best) = (0, Set::default());
        for index in self.iter() {
            let score = score(index);
            if score > most {
                (most, best) = (score, Set::default());
            }
            if score == most {
                best = best.with(index);
            }
        }
        best
    }
}

/// Overloads and what their parameters are for the arguments of a call.
struct Candidates<'a> {
    overloads: &'a [Overload],
    /// Number of arguments.
    args: usize,
    /// Parameter lists that are not the beginning of the declared one: variadic ones spread out, named ones in order.
    spread: Vec<(usize, Vec<Type>)>,
}

impl Candidates<'_> {
    /// The overloads that can take the arguments by number and name.
    fn of(&mut self, given: &Given<'_>) -> Set {
        let mut all = Set::default();
        for (index, overload) in self.overloads.iter().enumerate().take(MOST) {
            let declared = overload.params.len();
            let spread = overload.variadic && !given.variadic;
            if spread && self.args >= declared && given.names.is_empty() {
                let mut params = overload.params.clone();
                let Some(last) = params.pop() else { continue };
                params.resize(self.args, last.element());
                self.spread.push((index, params));
            } else if self.args > declared || given.names.is_empty() && self.args < overload.fewest {
                continue;
            } else if !given.names.is_empty() {
                let Some(places) = parameters(overload, given) else { continue };
                self.spread.push((index, places.into_iter().map(|place| overload.params[place]).collect()));
            }
            all = all.with(index);
        }
        all
    }

    fn params(&self, index: usize) -> &[Type] {
        match self.spread.iter().find(|(of, _)| *of == index) {
            Some((_, params)) => params,
            None => &self.overloads[index].params[..self.args],
        }
    }

    fn pairs<'p>(&'p self, index: usize, args: &'p [Type]) -> impl Iterator<Item = (Type, Type)> {
        self.params(index).iter().copied().zip(args.iter().copied())
    }

    /// Those that the arguments coerce to.
    fn fitting(&self, set: Set, args: &[Type]) -> Set {
        set.filter(|c| self.pairs(c, args).all(|(p, a)| a.coerces_to(p)) && self.is_consistent(c, args))
    }

    /// `can_coerce_type` checks polymorphic arguments for consistency (`check_generic_type_consistency`): a call such
    /// as `is(bigint, integer)` leaves no candidate.
    fn is_consistent(&self, index: usize, args: &[Type]) -> bool {
        let same = |a: Type, b: Type| a == b || (a.is_array() && b.is_array() && (a.is_dynamic() || b.is_dynamic()));
        let mut before = None;
        self.pairs(index, args).all(|(param, arg)| {
            if param != Type::AnyElement || matches!(arg, Type::Unknown | Type::Dynamic) {
                return true;
            }
            before.replace(arg).is_none_or(|before| same(before, arg))
        })
    }

    fn choose_static(&self, set: Set, args: &[Type]) -> Choice {
        if let Some(exact) = set.iter().find(|c| self.params(*c) == args) {
            return Choice::One(exact);
        }
        let fitting = self.fitting(set, args);
        if fitting.is_empty() {
            return Choice::Undefined;
        }
        match fitting.only().or_else(|| self.select(fitting, args)) {
            Some(one) => self.checked(one, args),
            None => Choice::Ambiguous,
        }
    }

    /// Polymorphic parameters need one known argument: `is('a', 'b')` fails with 42804.
    fn checked(&self, chosen: usize, args: &[Type]) -> Choice {
        let mut any =
            self.pairs(chosen, args).filter(|(p, _)| matches!(p, Type::AnyElement | Type::AnyArray)).peekable();
        if any.peek().is_some() && any.all(|(_, a)| a == Type::Unknown) {
            return Choice::Mismatch;
        }
        Choice::One(chosen)
    }

    /// `func_select_candidate`
    fn select(&self, fitting: Set, args: &[Type]) -> Option<usize> {
        let known = |index| self.pairs(index, args).filter(|(_, a)| *a != Type::Unknown);
        let exact = fitting.best(|c| known(c).filter(|(p, a)| p == a).count());
        let accepts = |p: Type, a: Type| p == a || (p.is_preferred() && p.category() == a.category());
        let mut left = exact.best(|c| known(c).filter(|(p, a)| accepts(*p, *a)).count());
        if let Some(one) = exact.only().or(left.only()) {
            return Some(one);
        }
        if !args.contains(&Type::Unknown) {
            return None;
        }
        if let Some(kept) = self.settle(left, args).filter(|kept| !kept.is_empty()) {
            left = kept;
        }
        if let Some(one) = left.only() {
            return Some(one);
        }
        let mut known = args.iter().copied().filter(|a| *a != Type::Unknown);
        let shared = known.next()?;
        if known.any(|a| a != shared) {
            return None;
        }
        left.filter(|c| self.params(c).iter().all(|p| shared.coerces_to(*p))).only()
    }

    /// Those that have, for each unknown argument, the category that it settles on, and its preferred type where one of
    /// them has; none where the categories conflict.
    fn settle(&self, left: Set, args: &[Type]) -> Option<Set> {
        let mut kept = left;
        for (at, _) in args.iter().enumerate().filter(|(_, a)| **a == Type::Unknown) {
            let mut category = 0;
            let mut preferred = false;
            let mut conflict = false;
            for param in left.iter().map(|c| self.params(c)[at]) {
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
            kept = kept.filter(|c| {
                let param = self.params(c)[at];
                param.category() == category && (!preferred || param.is_preferred())
            });
        }
        Some(kept)
    }

    /// Tries the types that a dynamic argument can have; certain only where all of them lead to one overload.
    fn choose_dynamic(&self, set: Set, args: &[Type]) -> Choice {
        const OTHERS: [Type; 6] = [Type::Text, Type::Name, Type::Boolean, Type::Int4, Type::Refcursor, Type::Other(0)];
        let fitting = self.fitting(set, args);
        if fitting.is_empty() {
            return Choice::Undefined;
        }
        if let Some(one) = fitting.only() {
            return Choice::One(one);
        }
        if args.iter().filter(|a| a.is_dynamic()).count() > 3 {
            return Choice::Dynamic(fitting.iter().collect());
        }
        let mut any: Vec<Type> = ARRAYS.iter().chain(&OTHERS).copied().collect();
        for known in args.iter().filter(|a| **a != Type::Unknown && !a.is_dynamic()) {
            if !any.contains(known) {
                any.push(*known);
            }
        }
        let mut found = Vec::new();
        self.try_types(set, &mut args.to_vec(), 0, &any, &mut found);
        match found.as_slice() {
            [] => Choice::Undefined,
            [one] => Choice::One(*one),
            _ => Choice::Dynamic(found),
        }
    }

    /// Adds what is chosen with every type in the place of each dynamic one from `from` on.
    fn try_types(&self, set: Set, types: &mut [Type], from: usize, any: &[Type], found: &mut Vec<usize>) {
        let Some(at) = (from..types.len()).find(|at| types[*at].is_dynamic()) else {
            if let Choice::One(index) = self.choose_static(set, types)
                && !found.contains(&index)
            {
                found.push(index);
            }
            return;
        };
        let dynamic = types[at];
        for ty in if dynamic == Type::Dynamic { any } else { &ARRAYS } {
            types[at] = *ty;
            self.try_types(set, types, at + 1, any, found);
        }
        types[at] = dynamic;
    }
}

/// What an array may be of.
const ARRAYS: [Type; 3] = [Type::NameArray, Type::TextArray, Type::OtherArray(0)];

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
    fn a_set_has_room_for_the_overloads_of_every_name() {
        let most = (0..).map_while(super::super::overload).map(|o| overloads(o.name.as_bytes()).1.len()).max();
        assert!(most.is_some_and(|most| most <= MOST), "{most:?}");
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
