//! Who may do what: the cells of the access matrix, and the policies that decided.
//!
//! Held in memory until the database is written: 40 bytes for each statement under an assertion whose role is known.

use super::effects::is_denied;
use super::{Evidence, effects};
use crate::catalog::{Inventory, ObjectId, Wanted};
use crate::limits::to_u32;
use crate::order;
use crate::scan::circumstance::{Circumstance, Outcome};
use crate::scan::definitions::note::{Guard, Trait};
use crate::scan::fact::{Aspect, Flags, ObjectKind, Scope, Strength};
use std::collections::HashMap;

/// What an access came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// It was let through.
    Allowed,
    /// It was refused.
    Denied,
    /// Now this, now that.
    Both,
    /// No row was there, or none was to be seen.
    NoRows,
    /// The statement ran; whether a row was hit is not known.
    PrivilegeOnly,
}

impl Verdict {
    const ALL: [(Verdict, &'static str); 5] = [
        (Verdict::Allowed, "allowed"),
        (Verdict::Denied, "denied"),
        (Verdict::Both, "both"),
        (Verdict::NoRows, "no-rows"),
        (Verdict::PrivilegeOnly, "privilege-only"),
    ];

    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        Verdict::ALL[self as usize].1
    }

    /// The verdict with this number.
    pub fn from_number(number: u8) -> Option<Verdict> {
        Verdict::ALL.get(usize::from(number)).map(|(verdict, _)| *verdict)
    }
}

/// Why it was refused, a bit each; the spellings in their order.
pub const CAUSES: [&str; 3] = ["privilege", "policy", "unknown"];
const PRIVILEGE: u8 = 1;
const POLICY: u8 = 2;
const UNKNOWN: u8 = 4;

/// A cell of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Relation, routine or schema.
    pub object: ObjectId,
    /// read, insert, update, delete, truncate, called, or usage of a schema.
    pub command: Aspect,
    /// The role that a test assumed.
    pub role: Vec<u8>,
    /// Who it stood for; empty where nobody was named.
    pub persona: Vec<u8>,
    /// What came of it.
    pub verdict: Verdict,
    /// Bits of [`CAUSES`].
    pub causes: u8,
    /// Places: source in the manifest, 1-based line. The first of them.
    pub places: Vec<(u32, u32)>,
    /// All of them.
    pub count: u32,
}

/// Places that a cell names.
const PLACES: usize = 16;

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Object, command, role, persona.
    cell: (ObjectId, Aspect, u32, u32),
    verdict: Verdict,
    cause: u8,
    /// A restrictive policy that the message names.
    policy: Option<ObjectId>,
    /// The statement reads the rows that it changes.
    reads: bool,
    evidence: Evidence,
}

#[derive(Debug, Default)]
pub(super) struct Access {
    names: Vec<Vec<u8>>,
    by_name: HashMap<Vec<u8>, u32>,
    seen: Vec<Seen>,
}

impl Access {
    /// Takes a statement under an assertion.
    pub(super) fn add(&mut self, inventory: &Inventory, evidence: Evidence, circumstance: &Circumstance<'_>) {
        let runs = matches!(
            evidence.aspect,
            Aspect::READ | Aspect::INSERT | Aspect::UPDATE | Aspect::DELETE | Aspect::TRUNCATE | Aspect::CALLED
        );
        // what is expected to fail, or may not run, shows nothing
        let counts = evidence.strength == Strength::Behavior && evidence.flags == Flags::NONE;
        if circumstance.role.is_empty() || !runs || !counts || inventory.object(evidence.object).kind.is_sub() {
            return;
        }
        let (mut cause, mut policy) = (0, None);
        let verdict = match circumstance.outcome {
            Outcome::Fails if is_denied(circumstance) => {
                let says = |phrase: &[u8]| effects::contains(circumstance.message, phrase);
                cause = if says(b"row-level security policy") {
                    policy = named_policy(inventory, evidence.object, circumstance.message);
                    POLICY
                } else if says(b"permission denied") {
                    PRIVILEGE
                } else {
                    UNKNOWN
                };
                Verdict::Denied
            }
            Outcome::Fails => return,
            Outcome::Rows => Verdict::Allowed,
            Outcome::Lives if matches!(evidence.aspect, Aspect::INSERT | Aspect::CALLED | Aspect::TRUNCATE) => {
                Verdict::Allowed
            }
            Outcome::Unknown if evidence.aspect == Aspect::CALLED => Verdict::Allowed,
            Outcome::Empty => Verdict::NoRows,
            Outcome::Lives | Outcome::Unknown => Verdict::PrivilegeOnly,
        };
        let (role, persona) = (self.name(circumstance.role), self.name(circumstance.persona));
        let mut see = |object, command, verdict, cause, policy| {
            let reads = circumstance.reads;
            self.seen.push(Seen { cell: (object, command, role, persona), verdict, cause, policy, reads, evidence });
        };
        see(evidence.object, evidence.aspect, verdict, cause, policy);
        // what ran found its name in the schema
        let schema = &inventory.object(evidence.object).schema;
        let usage = match verdict {
            Verdict::Denied => match refused_schema(circumstance.message) {
                Some(name) => Some((name, Verdict::Denied, PRIVILEGE)),
                None => (cause != UNKNOWN).then_some((&**schema, Verdict::Allowed, 0)),
            },
            _ => Some((&**schema, Verdict::Allowed, 0)),
        };
        if let Some((name, verdict, cause)) = usage
            && let [object] = inventory.find(Wanted::schema(name))[..]
        {
            see(object, Aspect::USAGE, verdict, cause, None);
        }
    }

    /// The role was assumed by a test.
    pub(super) fn knows(&self, role: &[u8]) -> bool {
        self.by_name.contains_key(role)
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let number = to_u32(self.names.len());
        self.names.push(name.to_vec());
        self.by_name.insert(name.to_vec(), number);
        number
    }

    /// The cells in the order of `place`, and what they are evidence of: the policies that decided, with the expressions
    /// of theirs that did.
    pub(super) fn finish(
        mut self,
        inventory: &Inventory,
        place: &dyn Fn(ObjectId) -> Option<u32>,
    ) -> (Vec<Cell>, Decided) {
        self.seen.retain(|seen| place(seen.cell.0).is_some());
        let names = &self.names;
        let key = |seen: &Seen| {
            let (object, command, role, persona) = seen.cell;
            let name = |number: u32| names[number as usize].as_slice();
            (
                place(object),
                command,
                name(role),
                name(persona),
                seen.evidence.file,
                seen.evidence.line,
                seen.evidence.seq,
            )
        };
        order::sort(&mut self.seen, |a, b| key(a).cmp(&key(b)));
        let mut cells: Vec<Cell> = Vec::new();
        let mut policies = Decided::default();
        let mut rest = self.seen.as_slice();
        while let Some(first) = rest.first() {
            let same = |seen: &&Seen| (seen.cell.0, seen.cell.1) == (first.cell.0, first.cell.1);
            let (access, others) = rest.split_at(rest.iter().take_while(same).count());
            rest = others;
            let lets = |seen: &Seen| seen.verdict == Verdict::Allowed;
            let relation = inventory.object(first.cell.0);
            let hides = access.iter().any(lets) && (relation.has(Trait::SECURED) || relation.kind == ObjectKind::View);
            for own in access.chunk_by(|a, b| a.cell == b.cell) {
                let [Seen { cell: (object, command, role, persona), .. }, ..] = own[..] else { continue };
                let (role, persona) = (&names[role as usize], &names[persona as usize]);
                // what others see rows of, and this one never any, is hidden from it
                let hidden = hides
                    && !own.iter().any(lets)
                    && match relation.kind {
                        ObjectKind::View => !inventory.bypasses(role),
                        _ => inventory.secures(relation, role),
                    };
                let mut cell: Option<Cell> = None;
                for seen in own {
                    let is_hidden = hidden && seen.verdict == Verdict::NoRows;
                    let verdict = if is_hidden { Verdict::Denied } else { seen.verdict };
                    let cause = if is_hidden { POLICY } else { seen.cause };
                    let cell = cell.get_or_insert_with(|| {
                        let (role, persona, places) = (role.clone(), persona.clone(), Vec::new());
                        Cell { object, command, role, persona, verdict, causes: 0, places, count: 0 }
                    });
                    cell.verdict = joined(cell.verdict, verdict);
                    cell.causes |= cause;
                    let at = (seen.evidence.file, seen.evidence.line);
                    if cell.places.last() != Some(&at) {
                        cell.count += 1;
                        if cell.places.len() < PLACES {
                            cell.places.push(at);
                        }
                    }
                    if matches!(verdict, Verdict::Allowed | Verdict::Denied) && cause & PRIVILEGE == 0 {
                        deciding(inventory, seen, verdict, role, &mut policies);
                    }
                }
                cells.extend(cell);
            }
        }
        (cells, policies)
    }
}

/// What decided on accesses.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// The policies.
    pub(super) evidence: Vec<Evidence>,
    /// USING or WITH CHECK of a policy, as an aspect.
    pub(super) expressions: Vec<(ObjectId, Aspect)>,
}

impl Decided {
    fn add(&mut self, inventory: &Inventory, seen: &Seen, evidence: Evidence) {
        self.evidence.push(evidence);
        if evidence.flags != Flags::NONE {
            return;
        }
        let guard = Guard::decode(inventory.object(evidence.object).detail());
        let writes = matches!(evidence.aspect, Aspect::INSERT | Aspect::UPDATE);
        let refused = seen.verdict == Verdict::Denied;
        if refused && seen.cause != POLICY {
            return;
        }
        // a row that an UPDATE changes passes both; an error comes from the new row, and hidden ones meet USING alone
        if guard.has_using() && evidence.aspect != Aspect::INSERT && !refused {
            self.expressions.push((evidence.object, Aspect::USING));
        }
        if writes && seen.verdict != Verdict::NoRows && (guard.has_check() || guard.has_using()) {
            let aspect = if guard.has_check() { Aspect::WITH_CHECK } else { Aspect::USING };
            self.expressions.push((evidence.object, aspect));
        }
    }
}

/// `permission denied for schema s`
fn refused_schema(message: &[u8]) -> Option<&[u8]> {
    const PHRASE: &[u8] = b"permission denied for schema ";
    let at = message.windows(PHRASE.len()).position(|part| part == PHRASE)? + PHRASE.len();
    message[at..].split(|byte| *byte == b'%').next().map(<[u8]>::trim_ascii_end)
}

/// What two accesses of one cell come to.
fn joined(one: Verdict, other: Verdict) -> Verdict {
    use Verdict::{Allowed, Both, Denied};
    match (one, other) {
        (one, other) if one == other => one,
        (Allowed | Denied | Both, Allowed | Denied | Both) => Both,
        // the clearer of them
        (one, other) => one.min(other),
    }
}

/// Evidence of the policies that let the statement through, or did not.
fn deciding(inventory: &Inventory, seen: &Seen, verdict: Verdict, role: &[u8], found: &mut Decided) {
    let relation = inventory.object(seen.cell.0);
    if !inventory.secures(relation, role) {
        return;
    }
    if let Some(object) = seen.policy {
        found.add(inventory, seen, Evidence { object, ..seen.evidence });
        return;
    }
    let commands: &[(&[u8], Aspect)] = match seen.cell.1 {
        Aspect::READ => &[(b"select", Aspect::READ)],
        Aspect::INSERT => &[(b"insert", Aspect::INSERT)],
        Aspect::UPDATE => &[(b"update", Aspect::UPDATE), (b"select", Aspect::READ)],
        Aspect::DELETE => &[(b"delete", Aspect::DELETE), (b"select", Aspect::READ)],
        _ => return,
    };
    // rows that it finds pass the policies for SELECT, too
    let commands = if seen.reads && seen.verdict == Verdict::Allowed { commands } else { &commands[..1] };
    for (command, aspect) in commands {
        let evidence = Evidence { aspect: *aspect, ..seen.evidence };
        for_command(inventory, seen, (verdict, role), (command, evidence), found);
    }
}

/// The same of the policies for one command.
fn for_command(
    inventory: &Inventory,
    seen: &Seen,
    (verdict, role): (Verdict, &[u8]),
    (command, evidence): (&[u8], Evidence),
    found: &mut Decided,
) {
    let relation = inventory.object(seen.cell.0);
    let is_for =
        |guard: &Guard<'_>| guard.is_for(role) || guard.roles.iter().any(|granted| inventory.is_member(role, granted));
    let mut permissive = Vec::new();
    let mut restrictive = Vec::new();
    for part in inventory.parts(relation) {
        let policy = inventory.object(part);
        let guard = Guard::decode(policy.detail());
        if policy.kind == ObjectKind::Policy && (guard.command == b"all" || guard.command == command) && is_for(&guard)
        {
            if guard.is_restrictive() { restrictive.push(part) } else { permissive.push(part) }
        }
    }
    let shared = if permissive.len() == 1 { Flags::NONE } else { Flags::SHARED };
    // refused, it may be the permissive ones or any of the restrictive ones
    let unsure = if restrictive.is_empty() || verdict == Verdict::Allowed { Flags::NONE } else { Flags::SHARED };
    for object in permissive {
        found.add(inventory, seen, Evidence { object, flags: evidence.flags | shared | unsure, ..evidence });
    }
    for object in restrictive {
        found.add(inventory, seen, Evidence { object, flags: evidence.flags | unsure, ..evidence });
    }
}

/// `new row violates row-level security policy "p" for table "t"` names a restrictive policy.
fn named_policy(inventory: &Inventory, relation: ObjectId, message: &[u8]) -> Option<ObjectId> {
    let name = effects::quoted_behind(message, b"security policy")?;
    let of = inventory.object(relation);
    let wanted = Wanted {
        kind: ObjectKind::Policy,
        scope: Scope::Named,
        schema: &of.schema,
        name: &of.name,
        sub: name,
        args: b"",
    };
    inventory.find(wanted).first().copied()
}
