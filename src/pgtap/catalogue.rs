//! The table `catalogue.tsv`, parsed once: what each overload of a pgTAP function takes and what it tests.

use super::types::Type;
use crate::hash::xxh3_64;
use crate::limits::NAME_BYTES;
use std::sync::OnceLock;

/// What a function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An assertion about an object or one of its properties.
    Structure,
    /// An assertion that a container holds exactly the listed objects.
    Set,
    /// An assertion about values or about a statement that runs.
    Behavior,
    /// plan, finish, todo and the like: no assertion.
    Control,
    /// Helpers that yield no test result.
    Other,
}

/// What an argument means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Schema name.
    Schema,
    /// Object name; for sub-objects the relation's.
    Object,
    /// Column, trigger, policy, index, rule name.
    Sub,
    /// Names of the objects that are listed.
    List,
    /// Argument types of a routine.
    ArgTypes,
    /// Columns.
    Columns,
    /// SQL text, or the name of a prepared statement.
    Sql,
    /// Description.
    Description,
    /// A value that names nothing of the schema.
    Other,
}

/// Where an unqualified name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The overload takes a schema, or the object has none.
    Explicit,
    /// Along search_path.
    Path,
    /// In every schema.
    Any,
    /// In every schema but the system's.
    User,
}

/// One overload.
#[derive(Debug, Clone)]
pub struct Overload {
    /// Function name.
    pub name: &'static str,
    /// Argument types as PostgreSQL spells them: `name, text`.
    pub types: &'static str,
    /// The same, parsed.
    pub params: Vec<Type>,
    /// Fewest arguments; the others have defaults.
    pub fewest: usize,
    /// The last parameter takes any number of arguments.
    pub variadic: bool,
    /// What it is for.
    pub class: Class,
    /// Kind of the object in kebab-case, or empty.
    pub kind: &'static str,
    /// What it tests of the object.
    pub aspect: &'static str,
    /// Meaning of the arguments by position.
    pub roles: Vec<Role>,
    /// Where an unqualified name is looked for.
    pub scope: Scope,
    /// Asserts that something is not so.
    pub negated: bool,
    /// pgTAP has it since.
    pub since: &'static str,
    /// Names of the parameters; empty where they have none.
    pub names: Vec<&'static str>,
}

impl Overload {
    /// `has_table(name, text)`, as PostgreSQL prints it.
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.types)
    }

    /// The server asks at run time whether the first argument is a schema; if it is none, it is the relation, and the
    /// second the sub-object.
    pub fn dispatched(&self) -> bool {
        match self.name {
            "has_index" => matches!(self.types, "name, name, name" | "name, name, name, text"),
            "is_indexed" => self.types == "name, name, name",
            _ => false,
        }
    }

    /// Position of the first argument with this meaning.
    pub fn position(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|r| *r == role)
    }
}

/// The overloads of `name` (folded), with the number of the first; empty where pgTAP has no such function.
/// Constant time.
pub fn overloads(name: &[u8]) -> (u16, &'static [Overload]) {
    let table = table();
    let mut slot = hash(name);
    loop {
        match table.slots[slot] {
            Some((from, to)) if table.all[usize::from(from)].name.as_bytes() == name => {
                return (from, &table.all[usize::from(from)..usize::from(to)]);
            }
            Some(_) => slot = (slot + 1) % SLOTS,
            None => return (0, &[]),
        }
    }
}

/// The function whose name is nearest to `name`, if it is near enough to be meant. Costs some 200 comparisons of names.
pub fn nearest(name: &[u8]) -> Option<&'static str> {
    let name = &name[..name.len().min(NAME_BYTES)];
    let names = table().all.chunk_by(|a, b| a.name == b.name).map(|overloads| overloads[0].name);
    let (distance, found) = names.map(|known| (distance(name, known.as_bytes()), known)).min()?;
    (distance <= name.len() / 3).then_some(found)
}

/// Letters to insert, drop, exchange or swap to make one of the other (Damerau-Levenshtein, restricted).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let swapped = i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y;
            let swap = if swapped { before[j - 1] + 1 } else { usize::MAX };
            row[j + 1] = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1).min(swap);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The overload with this number, which records carry.
pub fn overload(number: u16) -> Option<&'static Overload> {
    table().all.get(usize::from(number))
}

/// Changes whenever the table does; part of a seal's fingerprint.
pub fn fingerprint() -> u64 {
    static SUM: OnceLock<u64> = OnceLock::new();
    *SUM.get_or_init(|| xxh3_64(TEXT.as_bytes()))
}

const TEXT: &str = include_str!("catalogue.tsv");

/// Slots of the index: a power of two, far more than there are functions.
const SLOTS: usize = 1024;

struct Table {
    all: Vec<Overload>,
    /// An open-addressed hash of names: the first overload of a function and the one behind its last.
    slots: Vec<Option<(u16, u16)>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let all: Vec<Overload> = TEXT.lines().filter_map(parse).collect();
        let mut slots = vec![None; SLOTS];
        let mut from = 0u16;
        for overloads in all.chunk_by(|a, b| a.name == b.name) {
            let to = from + u16::try_from(overloads.len()).unwrap_or(0);
            let mut slot = hash(overloads[0].name.as_bytes());
            while slots[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = Some((from, to));
            from = to;
        }
        Table { all, slots }
    })
}

/// FNV-1a over a name's ends and length: names are short, and most words are none of them.
fn hash(name: &[u8]) -> usize {
    let word = |at: usize| usize::from(name.get(at).copied().unwrap_or(0));
    let last = name.len().saturating_sub(1);
    let mut hash = name.len();
    for byte in [word(0), word(4), word(last / 2), word(last.saturating_sub(2)), word(last)] {
        hash = (hash ^ byte).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 15)) % SLOTS
}

fn parse(line: &'static str) -> Option<Overload> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = line.split('\t');
    let (name, types, arity) = (fields.next()?, fields.next()?, fields.next()?);
    let class = match fields.next()? {
        "structure" => Class::Structure,
        "set" => Class::Set,
        "behavior" => Class::Behavior,
        "control" => Class::Control,
        _ => Class::Other,
    };
    let kind = fields.next()?.trim_matches('-');
    let aspect = fields.next()?;
    let roles = fields.next()?;
    let scope = match fields.next()? {
        "path" => Scope::Path,
        "any" => Scope::Any,
        "user" => Scope::User,
        _ => Scope::Explicit,
    };
    let negated = fields.next()? == "not";
    let since = fields.next()?;
    let names = fields.next()?;
    let params: Vec<Type> = types.split(", ").filter(|t| !t.is_empty()).map(Type::named).collect();
    Some(Overload {
        name,
        types,
        fewest: arity.parse().unwrap_or(params.len()),
        variadic: arity == "variadic",
        params,
        class,
        kind,
        aspect,
        roles: if roles == "-" { Vec::new() } else { roles.bytes().map(role).collect() },
        scope,
        negated,
        since,
        names: names.split(',').filter(|name| *name != "-").collect(),
    })
}

fn role(letter: u8) -> Role {
    match letter {
        b'S' => Role::Schema,
        b'O' => Role::Object,
        b'U' => Role::Sub,
        b'L' => Role::List,
        b'T' => Role::ArgTypes,
        b'C' => Role::Columns,
        b'Q' => Role::Sql,
        b'D' => Role::Description,
        _ => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_an_overload() {
        let lines = TEXT.lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!((table().all.len(), lines), (884, 884));
        let mut names: Vec<&str> = table().all.iter().map(|o| o.name).collect();
        assert!(names.is_sorted(), "overloads of a name stand together");
        names.dedup();
        assert_eq!(names.len(), 228);
        for o in &table().all {
            assert_eq!(o.roles.len(), o.params.len(), "{}", o.signature());
            assert!(!o.params.iter().any(|p| matches!(p, Type::Other(_))), "{}", o.signature());
        }
    }

    #[test]
    fn a_misspelt_name_finds_its_nearest() {
        assert_eq!(nearest(b"has_tabel"), Some("has_table"));
        assert_eq!(nearest(b"result_eq"), Some("results_eq"));
        assert_eq!(nearest(b"lives"), None);
        assert_eq!(nearest(b"has_row_permission_for_tenant"), None);
    }

    #[test]
    fn a_name_finds_its_overloads() {
        let (first, found) = overloads(b"has_table");
        let signatures: Vec<String> = found.iter().map(Overload::signature).collect();
        assert_eq!(
            signatures,
            ["has_table(name)", "has_table(name, name)", "has_table(name, name, text)", "has_table(name, text)"]
        );
        assert_eq!(overload(first).map(|o| o.name), Some("has_table"));
        assert!(overloads(b"has_tabl").1.is_empty());
    }
}
