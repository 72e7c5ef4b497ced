//! Which overload PostgreSQL runs for a call: the algorithm of `parse_func.c`, on the types that the text shows.
//!
//! Steps, as the manual's section "Functions" under Type Conversion numbers them: exact match; candidates whose
//! parameters the arguments coerce to; most exact matches; most exact or preferred types; the category that unknown
//! literals settle on; the one type that all known arguments share.

use super::catalogue::Overload;

/// A type, as far as pgTAP's signatures tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// An untyped literal or NULL.
    Unknown,
    /// The text does not tell the type.
    Dynamic,
    /// name
    Name,
    /// text
    Text,
    /// character varying
    Varchar,
    /// character
    Bpchar,
    /// boolean
    Boolean,
    /// smallint
    Int2,
    /// integer
    Int4,
    /// bigint
    Int8,
    /// numeric
    Numeric,
    /// real
    Float4,
    /// double precision
    Float8,
    /// oid
    Oid,
    /// regtype
    Regtype,
    /// regclass and the other registered identifiers
    Regclass,
    /// refcursor
    Refcursor,
    /// anyelement
    AnyElement,
    /// anyarray
    AnyArray,
    /// name[]
    NameArray,
    /// text[]
    TextArray,
    /// character varying[]
    VarcharArray,
    /// An array of any other type.
    OtherArray,
    /// Any other type.
    Other,
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The overload at this index.
    One(usize),
    /// Several fit (42725).
    Ambiguous,
    /// None fits (42883).
    Undefined,
    /// One fits but its polymorphic arguments disagree (42804).
    Mismatch,
    /// It depends on a type that the text does not tell.
    Dynamic,
}

impl Type {
    /// The type that `format_type` spells so; arrays end in `[]`.
    pub fn named(name: &str) -> Type {
        match name {
            "name" => Type::Name,
            "text" => Type::Text,
            "character varying" => Type::Varchar,
            "character" | "\"char\"" => Type::Bpchar,
            "boolean" => Type::Boolean,
            "smallint" => Type::Int2,
            "integer" => Type::Int4,
            "bigint" => Type::Int8,
            "numeric" => Type::Numeric,
            "real" => Type::Float4,
            "double precision" => Type::Float8,
            "oid" => Type::Oid,
            "regtype" => Type::Regtype,
            "regclass" | "regproc" | "regprocedure" | "regrole" | "regnamespace" => Type::Regclass,
            "refcursor" => Type::Refcursor,
            "anyelement" => Type::AnyElement,
            "anyarray" => Type::AnyArray,
            "name[]" => Type::NameArray,
            "text[]" => Type::TextArray,
            "character varying[]" => Type::VarcharArray,
            _ if name.ends_with("[]") => Type::OtherArray,
            _ => Type::Other,
        }
    }

    /// The type of an array whose elements have this type.
    pub fn array(self) -> Type {
        match self {
            Type::Name => Type::NameArray,
            Type::Text | Type::Unknown => Type::TextArray,
            Type::Varchar => Type::VarcharArray,
            Type::Dynamic => Type::Dynamic,
            _ => Type::OtherArray,
        }
    }

    /// pg_type.typcategory
    fn category(self) -> u8 {
        match self {
            Type::Name | Type::Text | Type::Varchar | Type::Bpchar => b'S',
            Type::Boolean => b'B',
            Type::Int2
            | Type::Int4
            | Type::Int8
            | Type::Numeric
            | Type::Float4
            | Type::Float8
            | Type::Oid
            | Type::Regtype
            | Type::Regclass => b'N',
            Type::NameArray | Type::TextArray | Type::VarcharArray | Type::OtherArray => b'A',
            Type::AnyElement | Type::AnyArray => b'P',
            Type::Unknown | Type::Dynamic => b'X',
            Type::Refcursor | Type::Other => b'U',
        }
    }

    /// pg_type.typispreferred
    fn is_preferred(self) -> bool {
        matches!(self, Type::Text | Type::Boolean | Type::Float8 | Type::Oid)
    }

    fn is_array(self) -> bool {
        self.category() == b'A'
    }

    /// `can_coerce_type` in an implicit context.
    fn coerces_to(self, target: Type) -> bool {
        use Type::{
            AnyArray, AnyElement, Bpchar, Dynamic, Float4, Float8, Int2, Int4, Int8, Name, NameArray, Numeric, Oid,
            Other, Refcursor, Regclass, Regtype, Text, TextArray, Unknown, Varchar, VarcharArray,
        };
        match (self, target) {
            (Unknown | Dynamic, _) | (_, AnyElement) => true,
            _ if self == target => true,
            (_, AnyArray) => self.is_array(),
            (Name | Text | Varchar | Bpchar, Name | Text | Varchar | Bpchar)
            | (NameArray | TextArray | VarcharArray, NameArray | TextArray | VarcharArray)
            | (Int2, Int4 | Int8 | Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Int4, Int8 | Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Int8, Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Numeric, Float4 | Float8)
            | (Float4, Float8)
            | (Oid, Regtype | Regclass)
            | (Regtype | Regclass, Oid)
            // varchar and text are binary-coercible to regclass
            | (Text | Varchar, Regclass) => true,
            (Refcursor | Other, _) => false,
            _ => false,
        }
    }
}

/// Chooses among `overloads` for arguments of these types (`func_get_detail`).
pub fn choose(overloads: &[Overload], args: &[Type]) -> Choice {
    let all: Vec<Candidate> =
        overloads.iter().enumerate().filter_map(|(index, o)| Candidate::new(index, o, args.len())).collect();
    // "FuncnameGetCandidates": of two with the same parameters the one that is not variadic stays
    let hidden = |c: &&Candidate| c.variadic && all.iter().any(|o| !o.variadic && o.params == c.params);
    let candidates: Vec<Candidate> = all.iter().filter(|c| !hidden(c)).cloned().collect();
    if args.contains(&Type::Dynamic) {
        return choose_dynamic(overloads, &candidates, args);
    }
    choose_static(&candidates, args)
}

/// A parameter list spread over the arguments of the call.
#[derive(Debug, Clone)]
struct Candidate {
    index: usize,
    params: Vec<Type>,
    variadic: bool,
}

impl Candidate {
    fn new(index: usize, overload: &Overload, count: usize) -> Option<Candidate> {
        let declared = overload.params.len();
        let mut params = overload.params.clone();
        if overload.variadic && count >= declared {
            let element = match params.pop()? {
                Type::NameArray => Type::Name,
                Type::TextArray => Type::Text,
                Type::VarcharArray => Type::Varchar,
                Type::AnyArray => Type::AnyElement,
                other => other,
            };
            params.resize(count, element);
        } else if count < overload.fewest || count > declared {
            return None;
        } else {
            params.truncate(count);
        }
        Some(Candidate { index, params, variadic: overload.variadic })
    }
}

fn choose_static(candidates: &[Candidate], args: &[Type]) -> Choice {
    let exact = |c: &&Candidate| c.params.iter().zip(args).all(|(p, a)| p == a);
    if let Some(found) = candidates.iter().find(exact) {
        return Choice::One(found.index);
    }
    let fitting: Vec<&Candidate> =
        candidates.iter().filter(|c| c.params.iter().zip(args).all(|(p, a)| a.coerces_to(*p))).collect();
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
fn consistent<'a>(fitting: Vec<&'a Candidate>, args: &[Type]) -> Vec<&'a Candidate> {
    let agrees = |c: &&Candidate| {
        let any = c.params.iter().zip(args).filter(|(p, a)| **p == Type::AnyElement && **a != Type::Unknown);
        let known: Vec<Type> = any.map(|(_, a)| *a).collect();
        known.windows(2).all(|pair| pair[0] == pair[1])
    };
    fitting.into_iter().filter(agrees).collect()
}

/// Polymorphic parameters need one known argument: `is('a', 'b')` fails with 42804.
fn checked(chosen: &Candidate, args: &[Type]) -> Choice {
    let mut any =
        chosen.params.iter().zip(args).filter(|(p, _)| matches!(p, Type::AnyElement | Type::AnyArray)).peekable();
    if any.peek().is_some() && any.all(|(_, a)| *a == Type::Unknown) {
        return Choice::Mismatch;
    }
    Choice::One(chosen.index)
}

/// `func_select_candidate`
fn select<'a>(mut left: Vec<&'a Candidate>, args: &[Type]) -> Option<&'a Candidate> {
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
        let fits = |c: &&Candidate| {
            slots.iter().all(|(at, category, preferred)| {
                let param = c.params[*at];
                param.category() == *category && (!preferred || param.is_preferred())
            })
        };
        let kept: Vec<&Candidate> = left.iter().copied().filter(fits).collect();
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
    let kept: Vec<&Candidate> = left.into_iter().filter(|c| c.params.iter().all(|p| shared.coerces_to(*p))).collect();
    match kept.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

fn best(candidates: Vec<&Candidate>, score: impl Fn(&Candidate) -> usize) -> Vec<&Candidate> {
    let most = candidates.iter().map(|c| score(c)).max().unwrap_or(0);
    candidates.into_iter().filter(|c| score(c) == most).collect()
}

/// The category, and whether its preferred type, that each unknown argument settles on; none where they conflict.
fn settle(candidates: &[&Candidate], args: &[Type]) -> Option<Vec<(usize, u8, bool)>> {
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

/// Tries the types that a dynamic argument can have; certain only where all of them lead to overloads that read the
/// arguments alike.
fn choose_dynamic(overloads: &[Overload], candidates: &[Candidate], args: &[Type]) -> Choice {
    const TRIED: [Type; 8] = [
        Type::Text,
        Type::Name,
        Type::Boolean,
        Type::Int4,
        Type::NameArray,
        Type::TextArray,
        Type::Refcursor,
        Type::Other,
    ];
    let known = args.iter().filter(|a| !matches!(a, Type::Unknown | Type::Dynamic));
    let candidate_types: Vec<Type> = TRIED.iter().chain(known).copied().collect();
    let mut tried: Vec<Vec<Type>> = vec![args.to_vec()];
    while let Some(at) = tried.first().and_then(|t| t.iter().position(|a| *a == Type::Dynamic)) {
        if tried.len() > 512 {
            return Choice::Dynamic;
        }
        let widened = tried.iter().flat_map(|t| {
            candidate_types.iter().map(move |kind| {
                let mut types = t.clone();
                types[at] = *kind;
                types
            })
        });
        tried = widened.collect();
    }
    let mut found: Option<usize> = None;
    for types in &tried {
        match (choose_static(candidates, types), found) {
            (Choice::One(index), None) => found = Some(index),
            (Choice::One(index), Some(before)) if !alike(&overloads[index], &overloads[before]) => {
                return Choice::Dynamic;
            }
            _ => {}
        }
    }
    found.map_or(Choice::Undefined, Choice::One)
}

fn alike(a: &Overload, b: &Overload) -> bool {
    a.roles == b.roles || (a.class == b.class && matches!(a.class, super::Class::Behavior | super::Class::Control))
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
            let spelled = match choose(found, args) {
                Choice::One(index) => found[index].signature(),
                other => format!("{other:?}"),
            };
            assert_eq!(spelled, expected, "{name} {args:?}");
        }
    }

    #[test]
    fn an_unknown_type_is_certain_only_where_it_does_not_matter() {
        let found = overloads(b"has_table").1;
        assert_eq!(choose(found, &[Type::Unknown, Type::Dynamic]), Choice::Dynamic);
        let is = overloads(b"is").1;
        assert!(matches!(choose(is, &[Type::Dynamic, Type::Int4, Type::Unknown]), Choice::One(_)));
    }
}
