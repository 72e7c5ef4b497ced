//! Types in the signatures of routines, spelled as `format_type` does, and what follows where a type is renamed.

use super::needs::Need;
use super::{Inventory, Object, ObjectId, Wanted};
use crate::pgtap::types::Type;
use crate::record::OwnedRecord;
use crate::scan::fact::{ANY_ARGS, ObjectKind, Scope};
use crate::scan::reference::{arguments, arity_of, types_of};
use crate::sql::types;

/// The types of a list. A quoted name may hold a comma.
pub(super) fn split_args(args: &str) -> impl Iterator<Item = &str> {
    let mut rest = (!args.is_empty()).then_some(args);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let end = text.bytes().zip(text.bytes().skip(1).chain([0])).position(|(byte, next)| {
            quoted ^= byte == b'"';
            !quoted && byte == b',' && next == b' '
        });
        let (arg, after) = match end {
            Some(end) => (text.get(..end)?, text.get(end + 2..)),
            None => (text, None),
        };
        rest = after;
        Some(arg)
    })
}

/// What stands between the types that an object is named by.
fn separator(kind: ObjectKind) -> Option<&'static str> {
    match kind {
        ObjectKind::Operator => Some(","),
        ObjectKind::Cast => Some(" AS "),
        kind if kind.is_routine() => Some(", "),
        _ => None,
    }
}

/// `schema.name` outside of quotes.
fn split_name(spelled: &str) -> (Option<&str>, &str) {
    let mut quoted = false;
    let dot = spelled.bytes().rposition(|byte| {
        quoted ^= byte == b'"';
        !quoted && byte == b'.'
    });
    match dot.and_then(|dot| Some((spelled.get(..dot)?, spelled.get(dot + 1..)?))) {
        Some((schema, name)) => (Some(schema), name),
        None => (None, spelled),
    }
}

impl Object {
    /// Its name as the name of a type.
    fn spelled(&self) -> String {
        let quoted = |name: &[u8]| types::quote_ident(&String::from_utf8_lossy(name));
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }
}

impl Inventory {
    /// Spells user types with their schema, as `format_type` does outside of the search path, and follows `%TYPE`.
    pub(super) fn resolve_args(&self, row: &OwnedRecord) -> Vec<u8> {
        if row.args == ANY_ARGS || row.args.is_empty() {
            return row.args.clone();
        }
        let args = String::from_utf8_lossy(&row.args).into_owned();
        let path = if Scope::from_number(row.scope) == Some(Scope::Path) { &row.schema } else { &self.path };
        let spelled: Vec<String> = split_args(&args).map(|arg| self.resolve_type(arg, path, true).0).collect();
        spelled.join(", ").into_bytes()
    }

    /// Operators and casts are named by types, as `regtype` spells them: `left,right`, `source AS target`.
    pub(super) fn spell_by_types(&self, row: &OwnedRecord, kind: ObjectKind) -> Option<OwnedRecord> {
        let separator = separator(kind).filter(|_| !kind.is_routine())?;
        let args = String::from_utf8_lossy(&self.resolve_args(row)).into_owned();
        let spelled = split_args(&args).collect::<Vec<_>>().join(separator).into_bytes();
        let mut row = row.clone();
        if kind == ObjectKind::Cast {
            (row.name, row.args, row.schema, row.scope) = (spelled, Vec::new(), Vec::new(), Scope::Named as u8);
        } else {
            row.args = spelled;
        }
        Some(row)
    }

    /// The type as it is spelled, and its object. `follow`: a column's own type is never another `%TYPE`.
    pub(super) fn resolve_type(&self, spelled: &str, path: &[u8], follow: bool) -> (String, Option<ObjectId>) {
        if let Some(column) = spelled.strip_suffix("%TYPE").filter(|_| follow) {
            return self.column_type(column, path).unwrap_or_else(|| (spelled.to_owned(), None));
        }
        let (base, array) = spelled.strip_suffix("[]").map_or((spelled, ""), |base| (base, "[]"));
        if types::is_built_in(base) {
            return (spelled.to_owned(), None);
        }
        let (schema, name) = split_name(base);
        let schema = schema.map(types::unquote_ident);
        let name = types::unquote_ident(name);
        // the array of a type is called with an underscore before
        let element = name.strip_prefix('_').filter(|_| array.is_empty());
        for (name, array) in [(Some(name.as_str()), array), (element, "[]")] {
            let wanted = Wanted {
                kind: ObjectKind::Type,
                scope: if schema.is_some() { Scope::Named } else { Scope::Path },
                schema: schema.as_ref().map_or(path, String::as_bytes),
                name: name.unwrap_or_default().as_bytes(),
                sub: b"",
                args: b"",
            };
            if let Some(id) = self.find(wanted).first().copied() {
                return (format!("{}{array}", self.object(id).spelled()), Some(id));
            }
        }
        (spelled.to_owned(), None)
    }

    fn column_type(&self, column: &str, path: &[u8]) -> Option<(String, Option<ObjectId>)> {
        let (relation, sub) = split_name(column);
        let (schema, name) = split_name(relation?);
        // a catalogue may stand before
        let schema = schema.map(|schema| types::unquote_ident(split_name(schema).1));
        let (name, sub) = (types::unquote_ident(name), types::unquote_ident(sub));
        let scope = if schema.is_some() { Scope::Named } else { Scope::Path };
        let wanted = Wanted {
            kind: ObjectKind::Column,
            scope,
            schema: schema.as_ref().map_or(path, String::as_bytes),
            name: name.as_bytes(),
            sub: sub.as_bytes(),
            args: b"",
        };
        let id = *self.find(wanted).first()?;
        Some(self.resolve_type(&String::from_utf8_lossy(&self.object(id).detail), path, false))
    }

    /// Of overloads with as many arguments those that take the types that a call tells (`func_select_candidate`, as far as
    /// the text goes): where several do, those that take most of them as they are, then those that take open literals as
    /// text.
    pub(super) fn fitting(&self, found: Vec<ObjectId>, args: &[u8]) -> Vec<ObjectId> {
        let (true, Some(given)) = (found.len() > 1, types_of(args)) else { return found };
        let rank = |id: &ObjectId| {
            let args = String::from_utf8_lossy(&self.object(*id).args);
            let (mut exact, mut texts) = (0, 0);
            for (given, taken) in split_args(given).zip(split_args(&args)) {
                match given {
                    arguments::UNTOLD => {}
                    arguments::OPEN => texts += usize::from(Type::named(taken).is_string()),
                    _ if is_same_type(taken, given) => exact += 1,
                    _ if is_cast(given, taken) => {}
                    _ => return None,
                }
            }
            Some((exact, texts))
        };
        let ranked: Vec<(ObjectId, (usize, usize))> = found.iter().filter_map(|id| Some((*id, rank(id)?))).collect();
        let Some(best) = ranked.iter().map(|(_, rank)| *rank).max() else { return found };
        ranked.into_iter().filter(|(_, rank)| *rank == best).map(|(id, _)| id).collect()
    }

    /// A routine goes with the types of its arguments.
    pub(super) fn need_argument_types(&mut self, id: ObjectId) {
        let args = String::from_utf8_lossy(&self.object(id).args).into_owned();
        let found: Vec<ObjectId> = split_args(&args).filter_map(|arg| self.resolve_type(arg, b"", false).1).collect();
        found.into_iter().for_each(|ty| self.edge(ty, id, Need::Use));
    }

    /// Renames or moves an object, and spells it anew where it is the type of an argument or column.
    pub(super) fn respell(&mut self, id: ObjectId, change: &dyn Fn(&mut Object)) {
        let before = self.object(id).spelled();
        self.change(id, change);
        if !ObjectKind::Type.covers(self.object(id).kind) {
            return;
        }
        let after = self.object(id).spelled();
        let renamed = |ty: &str| match ty.strip_prefix(before.as_str()) {
            Some(array @ ("" | "[]")) => format!("{after}{array}"),
            _ => ty.to_owned(),
        };
        for edge in self.edges(id) {
            let object = self.object(edge.dependent);
            let is_cast = object.kind == ObjectKind::Cast;
            if let Some(separator) = separator(object.kind) {
                let text = String::from_utf8_lossy(if is_cast { &object.name } else { &object.args }).into_owned();
                let types: Vec<String> = match object.kind.is_routine() {
                    true => split_args(&text).map(renamed).collect(),
                    false => text.split(separator).map(renamed).collect(),
                };
                let text = types.join(separator).into_bytes();
                self.change(edge.dependent, |o| *(if is_cast { &mut o.name } else { &mut o.args }) = text.into());
            } else if object.kind == ObjectKind::Column {
                let detail = renamed(&String::from_utf8_lossy(&object.detail));
                self.change(edge.dependent, |o| o.detail = detail.into_bytes().into());
            }
        }
    }
}

fn is_same_type(defined: &str, written: &str) -> bool {
    let is_named = || split_name(written).0.is_none() && !types::is_built_in(written);
    defined == written || is_named() && split_name(defined).1 == written
}

/// Casts of `pg_cast` that are implicit, beside those of [`Type::coerces_to`].
const IMPLICIT: [(&str, &str); 5] = [
    ("date", "timestamp without time zone"),
    ("date", "timestamp with time zone"),
    ("timestamp without time zone", "timestamp with time zone"),
    ("time without time zone", "interval"),
    ("time without time zone", "time with time zone"),
];

/// The server may take the one type for the other.
fn is_cast(given: &str, taken: &str) -> bool {
    // a domain is taken for its type, and any type may be one
    let is_told = |ty: &str| types::is_built_in(ty.trim_end_matches("[]")) && !ty.starts_with("any");
    !is_told(given)
        || !is_told(taken)
        || IMPLICIT.contains(&(given, taken))
        || Type::named(given).coerces_to(Type::named(taken))
}

/// Argument types are the same; a type that the test writes without its schema matches one of that name.
pub(super) fn same_args(defined: &[u8], wanted: &[u8]) -> bool {
    if wanted == ANY_ARGS || defined == wanted || arity_of(wanted).is_some() {
        return true;
    }
    let (defined, wanted) = (String::from_utf8_lossy(defined), String::from_utf8_lossy(wanted));
    let (mut defined, mut wanted) = (split_args(&defined), split_args(&wanted));
    loop {
        match (defined.next(), wanted.next()) {
            (None, None) => return true,
            (Some(d), Some(w)) if is_same_type(d, w) => {}
            _ => return false,
        }
    }
}
