//! How strong a use is that stands outside of assertions: what follows it in its transaction, and who uses the objects
//! that tests create.
//!
//! Held in memory until the end: 12 bytes for each turn between statements and assertions, and the uses in what tests
//! create.

use super::Evidence;
use crate::catalog::Wanted;
use crate::limits::to_u32;
use crate::order;
use crate::record::OwnedRecord;
use crate::scan::fact::{ObjectKind, Op, Scope, Strength};
use crate::scan::reference::arity_of;
use std::collections::{BTreeSet, HashMap};

/// Where a record stands: its source in the manifest, and its ordinal there.
type At = (u32, u32);

/// What a use came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It has this strength, whatever else is found.
    Certain(Strength),
    /// It is a part of what a test creates.
    Of(Part),
}

/// A place in what a test creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    conduit: u32,
    /// An assertion follows in the same body, which is a test then.
    followed: bool,
}

#[derive(Debug)]
struct Conduit {
    at: At,
    kind: ObjectKind,
    /// None where the search path decides.
    schema: Option<Vec<u8>>,
    args: Option<usize>,
    is_test: bool,
    is_fixture_of_tests: bool,
    strength: Option<(Strength, u16)>,
}

#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Whether an assertion follows what stands before, up to the mark before: of scripts, and of bodies.
    marks: [Vec<(At, bool)>; 2],
    /// SET CONSTRAINTS … IMMEDIATE
    immediate: Vec<At>,
    conduits: Vec<Conduit>,
    by_name: HashMap<Vec<u8>, BTreeSet<u32>>,
    /// Who uses whom.
    edges: Vec<(u32, u32)>,
    held: Vec<(Part, Evidence)>,
}

impl Reach {
    /// Takes a definition of a test source; they come in the order of the sources and of the records. False where it is
    /// none of these.
    pub(super) fn definition(&mut self, source: u32, row: &OwnedRecord, kind: ObjectKind, op: Op) -> bool {
        let at = (source, row.seq);
        match op {
            Op::Asserted if kind == ObjectKind::Trigger => self.immediate.push(at),
            Op::Asserted | Op::Unasserted => {
                let marks = &mut self.marks[usize::from(kind == ObjectKind::Routine)];
                let asserted = op == Op::Asserted;
                // one mark for a run of the same
                match marks.last_mut() {
                    Some((last, same)) if *same == asserted && last.0 == source => last.1 = row.seq,
                    _ => marks.push((at, asserted)),
                }
            }
            Op::Conduit => {
                let begins = |words: &[&[u8]]| words.iter().any(|word| row.name.starts_with(word));
                self.by_name.entry(row.name.clone()).or_default().insert(to_u32(self.conduits.len()));
                self.conduits.push(Conduit {
                    at,
                    kind,
                    schema: (row.scope == Scope::Named as u8).then(|| row.schema.clone()),
                    args: arity_of(&row.args),
                    is_test: false,
                    is_fixture_of_tests: begins(&[b"setup", b"startup", b"teardown", b"shutdown"]),
                    strength: None,
                });
            }
            _ => return false,
        }
        true
    }

    /// Deferred triggers run before the end of their transaction in this source.
    pub(super) fn is_immediate(&self, source: u32) -> bool {
        let first = self.immediate.get(self.immediate.partition_point(|at| at.0 < source));
        first.is_some_and(|at| at.0 == source)
    }

    /// How a use counts that its record spells so.
    pub(super) fn of(&mut self, source: u32, seq: u32, strength: Strength) -> Use {
        let at = (source, seq);
        match strength {
            Strength::Act => Use::Certain(if followed(&self.marks[0], at) { Strength::Act } else { Strength::Fixture }),
            Strength::Body => {
                let behind = self.conduits.partition_point(|conduit| conduit.at < at);
                let Some(conduit) = behind.checked_sub(1) else { return Use::Certain(Strength::Fixture) };
                let followed = followed(&self.marks[1], at);
                self.conduits[conduit].is_test |= followed;
                Use::Of(Part { conduit: to_u32(conduit), followed })
            }
            strength => Use::Certain(strength),
        }
    }

    /// Credits what tests created under this name; true where the same source made it, which hides an object of the
    /// schema.
    pub(super) fn uses(&mut self, source: u32, seq: u32, wanted: &Wanted<'_>, via: u16, by: Use) -> bool {
        let Some(named) = self.by_name.get(wanted.name) else { return false };
        let is_dml = |kind: ObjectKind| kind == ObjectKind::Trigger && wanted.kind == ObjectKind::Relation;
        let is_meant = |id: &&u32| {
            let conduit = &self.conduits[**id as usize];
            let schema = match (wanted.scope, &conduit.schema) {
                (Scope::Named, Some(of)) => of == wanted.schema,
                (Scope::Named, None) => true,
                (_, Some(of)) => of == b"pg_temp" || wanted.schema.split(|b| *b == 0).any(|schema| schema == of),
                (_, None) => true,
            };
            let args =
                conduit.args.is_none() || arity_of(wanted.args).is_none() || conduit.args == arity_of(wanted.args);
            schema && args && (conduit.kind == wanted.kind || is_dml(conduit.kind))
        };
        let found: Vec<u32> = named.iter().filter(is_meant).copied().collect();
        let own = |id: &u32| self.conduits[*id as usize].at.0 == source && self.conduits[*id as usize].at.1 < seq;
        let any_own = found.iter().any(own);
        let temporary = |id: &u32| self.conduits[*id as usize].schema.as_deref() == Some(b"pg_temp");
        // those of other sources, unless this one made its own; what is temporary ends with its session
        let used: Vec<u32> =
            found.iter().copied().filter(|id| if any_own { own(id) } else { !temporary(id) }).collect();
        let hides = used.iter().any(|id| any_own && !is_dml(self.conduits[*id as usize].kind));
        for id in used {
            match by {
                Use::Certain(strength) => {
                    self.credit(id, strength, via);
                }
                Use::Of(part) => {
                    self.edges.push((part.conduit, id));
                    if part.followed {
                        self.credit(id, Strength::Act, via);
                    }
                }
            }
        }
        hides
    }

    /// The source made a relation of this name before, which hides one of the schema.
    pub(super) fn hides(&self, source: u32, seq: u32, wanted: &Wanted<'_>) -> bool {
        let Some(named) = self.by_name.get(wanted.name) else { return false };
        named.iter().map(|id| &self.conduits[*id as usize]).any(|conduit| {
            let is_reached = conduit
                .schema
                .as_deref()
                .is_none_or(|of| if wanted.scope == Scope::Named { of == wanted.schema } else { of == b"pg_temp" });
            conduit.kind == ObjectKind::Relation && conduit.at.0 == source && conduit.at.1 < seq && is_reached
        })
    }

    fn credit(&mut self, id: u32, strength: Strength, via: u16) -> bool {
        let conduit = &mut self.conduits[id as usize];
        let stronger = conduit.strength.is_none_or(|(before, _)| strength < before);
        if stronger {
            conduit.strength = Some((strength, via));
        }
        stronger
    }

    /// Keeps evidence whose strength is known at the end.
    pub(super) fn hold(&mut self, part: Part, evidence: Evidence) {
        self.held.push((part, evidence));
    }

    /// The evidence that was held, with the strength of what uses it; what nobody runs is none.
    pub(super) fn finish(mut self) -> impl Iterator<Item = Evidence> {
        // pgTAP runs these around its test functions
        if self.conduits.iter().any(|conduit| conduit.is_test) {
            for conduit in self.conduits.iter_mut().filter(|c| c.is_fixture_of_tests && c.strength.is_none()) {
                conduit.strength = Some((Strength::Act, crate::scan::fact::VIA_STATEMENT));
            }
        }
        order::sort(&mut self.edges, Ord::cmp);
        let mut work: Vec<u32> =
            (0..to_u32(self.conduits.len())).filter(|id| self.conduits[*id as usize].strength.is_some()).collect();
        while let Some(user) = work.pop() {
            let Some((strength, via)) = self.conduits[user as usize].strength else { continue };
            let mut at = self.edges.partition_point(|edge| edge.0 < user);
            while let Some((_, used)) = self.edges.get(at).copied().filter(|edge| edge.0 == user) {
                if self.credit(used, strength, via) {
                    work.push(used);
                }
                at += 1;
            }
        }
        let Reach { held, conduits, .. } = self;
        held.into_iter().filter_map(move |(part, evidence)| {
            let followed = part.followed.then_some((Strength::Act, evidence.via));
            let used = conduits[part.conduit as usize].strength;
            let (strength, via) = match (followed, used) {
                (Some(own), Some(used)) => own.min(used),
                (own, used) => own.or(used)?,
            };
            Some(Evidence { strength, via, ..evidence })
        })
    }
}

/// The next mark of the source says that an assertion follows.
fn followed(marks: &[(At, bool)], at: At) -> bool {
    let next = marks.get(marks.partition_point(|(mark, _)| *mark < at));
    next.is_some_and(|((source, _), asserted)| *source == at.0 && *asserted)
}
