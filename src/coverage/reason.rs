//! Why an object is not covered: what comes nearest.

use super::state::State;
use super::{Covered, Evidence};
use crate::catalog::{Inventory, ObjectId};
use crate::scan::fact::{Aspect, Flags, Strength};
use std::collections::VecDeque;

/// Objects of a path that are told.
const MOST_STEPS: usize = 8;

/// What comes nearest to testing an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// What its evidence is.
    pub near: Near,
    /// Where: file and line of the first such piece.
    pub place: Option<(u32, u32)>,
    /// The objects through which a test reaches it: its user first, the one that a test exercises last.
    pub path: Vec<ObjectId>,
}

/// The nearest evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Near {
    /// It is covered.
    #[default]
    Covered,
    /// There is none.
    Nothing,
    /// Only its existence is tested.
    Exists,
    /// It is only listed among others, or a member of what is tested.
    Listed,
    /// A statement uses it before an assertion that does not.
    Act,
    /// A statement uses it, and no assertion follows.
    Fixture,
    /// Another permissive policy may have decided.
    Shared,
    /// The trigger has a condition.
    MayFire,
    /// It may not run: a branch of `\if`.
    Branch,
    /// The test is expected to fail.
    Todo,
    /// The test failed or did not run.
    NotPassed,
}

impl Near {
    /// Every one, by number.
    pub const ALL: [Near; 11] = [
        Near::Covered,
        Near::Nothing,
        Near::Exists,
        Near::Listed,
        Near::Act,
        Near::Fixture,
        Near::Shared,
        Near::MayFire,
        Near::Branch,
        Near::Todo,
        Near::NotPassed,
    ];

    /// In words; a place follows.
    pub fn as_str(self) -> &'static str {
        match self {
            Near::Covered => "",
            Near::Nothing => "no test names it",
            Near::Exists => "only its existence is tested",
            Near::Listed => "only listed among others",
            Near::Act => "used before an assertion that does not read it",
            Near::Fixture => "only as fixture",
            Near::Shared => "another policy may have decided",
            Near::MayFire => "its condition may not have held",
            Near::Branch => "only in a branch that may not run",
            Near::Todo => "only in a test that is expected to fail",
            Near::NotPassed => "only in a test that did not pass",
        }
    }

    fn of(evidence: &Evidence) -> Near {
        match (evidence.flags, evidence.strength) {
            (flags, _) if flags.0 & Flags::NOT_PASSED.0 != 0 => Near::NotPassed,
            (flags, _) if flags.0 & Flags::TODO.0 != 0 => Near::Todo,
            (flags, _) if flags.0 & Flags::BRANCH.0 != 0 => Near::Branch,
            (_, Strength::Fixture | Strength::Body) => Near::Fixture,
            (flags, _) if flags.0 & Flags::MAY_FIRE.0 != 0 => Near::MayFire,
            (flags, _) if flags.0 & Flags::SHARED.0 != 0 => Near::Shared,
            (_, Strength::Act) => Near::Act,
            (_, Strength::Structure) if evidence.aspect == Aspect::EXISTS => Near::Exists,
            (_, Strength::Structure | Strength::Behavior) => Near::Listed,
        }
    }
}

/// The nearest of some evidence, the first where several are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Nearest(Option<(Near, (u32, u32))>);

impl Nearest {
    pub(super) fn add(&mut self, evidence: &Evidence) {
        let near = Near::of(evidence);
        if self.0.is_none_or(|(before, _)| near < before) {
            self.0 = Some((near, (evidence.file, evidence.line)));
        }
    }
}

/// Who reaches what, from the objects that tests exercise.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// By number of the object: the one before it on a shortest path, itself where a test exercises it.
    before: Vec<Option<ObjectId>>,
}

impl Paths {
    /// Costs time linear in the objects and their uses.
    pub(super) fn of(inventory: &Inventory, objects: &[Covered]) -> Paths {
        let uses = inventory.uses();
        let mut before = vec![None; if uses.is_empty() { 0 } else { inventory.len() }];
        let mut next = VecDeque::new();
        if !uses.is_empty() {
            for covered in objects.iter().filter(|covered| covered.state == State::Exercised) {
                before[covered.id as usize] = Some(covered.id);
                next.push_back(covered.id);
            }
        }
        while let Some(user) = next.pop_front() {
            let from = uses.partition_point(|(id, _)| *id < user);
            for (_, used) in uses[from..].iter().take_while(|(id, _)| *id == user) {
                let slot = &mut before[*used as usize];
                if slot.is_none() {
                    *slot = Some(user);
                    next.push_back(*used);
                }
            }
        }
        Paths { before }
    }

    /// Why an object is not covered.
    pub(super) fn reason(&self, object: ObjectId, nearest: &Nearest) -> Reason {
        let Nearest(nearest) = nearest;
        Reason {
            near: nearest.map_or(Near::Nothing, |(near, _)| near),
            place: nearest.map(|(_, place)| place),
            path: self.to(object),
        }
    }

    fn to(&self, object: ObjectId) -> Vec<ObjectId> {
        let mut path = Vec::new();
        let mut at = object;
        while let Some(user) = self.before.get(at as usize).copied().flatten().filter(|user| *user != at) {
            path.push(user);
            at = user;
        }
        // both ends tell the most
        if path.len() > MOST_STEPS {
            path.drain(MOST_STEPS / 2..path.len() - MOST_STEPS / 2);
        }
        path
    }
}
