//! The state of an object, from its evidence.

use crate::scan::fact::{Aspect, ObjectKind, Strength};

/// How well an object is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Something that runs under an assertion uses it.
    Exercised,
    /// An assertion is about it.
    Asserted,
    /// It is only listed, or only known to exist.
    Declared,
    /// Nothing that counts.
    Gap,
}

impl State {
    /// Every state, best first.
    pub const ALL: [State; 4] = [State::Exercised, State::Asserted, State::Declared, State::Gap];

    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Exercised => "exercised",
            State::Asserted => "asserted",
            State::Declared => "declared",
            State::Gap => "gap",
        }
    }

    /// The state with this number.
    pub fn from_number(number: u8) -> Option<State> {
        State::ALL.get(usize::from(number)).copied()
    }
}

/// What makes it worse that an object is not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Its rows are open to who may read the table, while another table of its schema has row level security.
    RowSecurityOff,
    /// It runs with the rights of its owner.
    SecurityDefiner,
}

impl Risk {
    /// Every risk.
    pub const ALL: [Risk; 2] = [Risk::RowSecurityOff, Risk::SecurityDefiner];

    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Risk::RowSecurityOff => "row-security-off",
            Risk::SecurityDefiner => "security-definer",
        }
    }
}

/// What the evidence of one object adds up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Assertions about it.
    pub structure: u32,
    /// Uses under an assertion.
    pub behavior: u32,
    /// Uses that assertions follow.
    pub act: u32,
    /// Other uses.
    pub fixture: u32,
    /// Aspects that are tested, a bit each.
    pub aspects: u128,
    told: Told,
}

/// The most that assertions tell about an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    #[default]
    Nothing,
    /// It is one of many.
    Listed,
    /// It is there.
    Named,
    More,
}

impl Tally {
    /// Adds one piece of evidence.
    pub fn add(&mut self, aspect: Aspect, strength: Strength) {
        let bit = 1u128.checked_shl(u32::from(aspect.0)).unwrap_or(0);
        if !matches!(strength, Strength::Fixture | Strength::Body) {
            self.aspects |= bit;
        }
        match strength {
            Strength::Structure => {
                self.structure += 1;
                self.told = self.told.max(match aspect {
                    Aspect::LISTED | Aspect::MEMBER => Told::Listed,
                    Aspect::EXISTS | Aspect::NAMED => Told::Named,
                    _ if bit == 0 => Told::Nothing,
                    _ => Told::More,
                });
            }
            Strength::Behavior => self.behavior += 1,
            Strength::Act => self.act += 1,
            Strength::Fixture | Strength::Body => self.fixture += 1,
        }
    }

    /// An aspect that other evidence brings along.
    pub fn note(&mut self, aspect: Aspect) {
        self.aspects |= bit(aspect);
    }

    /// The state that follows for an object of this kind.
    pub fn state(&self, kind: ObjectKind) -> State {
        let runs = kind.is_routine() || kind == ObjectKind::Trigger;
        if self.behavior > 0 || (runs && self.act > 0) {
            return State::Exercised;
        }
        match self.told {
            Told::Nothing => State::Gap,
            Told::Listed => State::Declared,
            Told::Named if runs || kind == ObjectKind::Policy => State::Declared,
            Told::Named | Told::More => State::Asserted,
        }
    }
}

fn bit(aspect: Aspect) -> u128 {
    1 << aspect.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use Strength::{Act, Behavior, Fixture, Structure};

    #[test]
    fn the_state_follows_from_the_strongest_evidence() {
        use ObjectKind::{Function, Policy, Table};
        let called = Aspect::CALLED;
        for (kind, evidence, state) in [
            (Table, &[][..], State::Gap),
            (Table, &[(called, Fixture)], State::Gap),
            (Table, &[(called, Act)], State::Gap),
            (Table, &[(Aspect::LISTED, Structure)], State::Declared),
            (Table, &[(Aspect::LISTED, Structure), (Aspect::MEMBER, Structure)], State::Declared),
            (Table, &[(Aspect::EXISTS, Structure)], State::Asserted),
            (Table, &[(Aspect::MEMBERS, Structure)], State::Asserted),
            (Function, &[(Aspect::EXISTS, Structure)], State::Declared),
            (Policy, &[(Aspect::EXISTS, Structure)], State::Declared),
            (Function, &[(Aspect(48), Structure)], State::Asserted),
            (Function, &[(called, Act)], State::Exercised),
            (Table, &[(Aspect::LISTED, Structure), (called, Behavior)], State::Exercised),
        ] {
            let mut tally = Tally::default();
            evidence.iter().for_each(|(aspect, strength)| tally.add(*aspect, *strength));
            assert_eq!(tally.state(kind), state, "{kind:?} {evidence:?}");
        }
    }
}
