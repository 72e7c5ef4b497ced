//! What may keep a statement from running, or its tests from counting: psql's `\if`, pgTAP's `todo`.

use super::fact::{Fact, Facts, Flags, Full};
use super::session::Session;

/// How deep `\if` is followed; what stands deeper may run.
const DEPTH: usize = 64;

/// Whether something is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    No,
    Perhaps,
    Yes,
}

/// An `\if` that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// The branch at hand runs.
    runs: Known,
    /// This one or one before it runs.
    taken: Known,
}

/// The branches of `\if` that the text at hand stands in ("conditional.c").
#[derive(Debug, Clone, Default)]
pub struct Branches {
    open: Vec<Open>,
    /// Open ones beyond [`DEPTH`].
    deeper: usize,
}

impl Branches {
    /// What stands here certainly does not run.
    pub fn skips(&self) -> bool {
        self.open.iter().any(|open| open.runs == Known::No)
    }

    /// What stands here may run, or may not.
    pub fn is_open(&self) -> bool {
        self.deeper > 0 || self.open.iter().any(|open| open.runs == Known::Perhaps)
    }

    /// Follows `\if`, `\elif`, `\else` and `\endif`; false for all other commands.
    pub fn follow(&mut self, command: &[u8], arguments: &[u8], session: &Session) -> bool {
        match command {
            b"if" if self.open.len() == DEPTH => self.deeper += 1,
            b"if" => {
                let runs = condition(arguments, session);
                self.open.push(Open { runs, taken: runs });
            }
            b"endif" if self.deeper > 0 => self.deeper -= 1,
            b"endif" => {
                self.open.pop();
            }
            b"elif" | b"else" if self.deeper > 0 => {}
            b"elif" | b"else" => {
                let runs = if command == b"else" { Known::Yes } else { condition(arguments, session) };
                if let Some(open) = self.open.last_mut() {
                    let left = match open.taken {
                        Known::No => Known::Yes,
                        Known::Perhaps => Known::Perhaps,
                        Known::Yes => Known::No,
                    };
                    open.runs = if runs == Known::No || left == Known::No { Known::No } else { left.min(runs) };
                    open.taken = open.taken.max(runs);
                }
            }
            _ => return false,
        }
        true
    }
}

impl Known {
    fn rank(self) -> u8 {
        self as u8
    }

    fn min(self, other: Known) -> Known {
        if self.rank() <= other.rank() { self } else { other }
    }

    fn max(self, other: Known) -> Known {
        if self.rank() >= other.rank() { self } else { other }
    }
}

/// The value of a condition as `ParseVariableBool` reads it.
fn condition(arguments: &[u8], session: &Session) -> Known {
    let arguments = arguments.trim_ascii();
    if let Some(name) = arguments.strip_prefix(b":{?").and_then(|rest| rest.strip_suffix(b"}")) {
        // one that the script does not set may be set by whoever runs it
        return if session.variable(name).is_some() { Known::Yes } else { Known::Perhaps };
    }
    let Some(value) = session.argument(arguments) else { return Known::Perhaps };
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.as_bytes().starts_with(&value);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || value == b"1" {
        Known::Yes
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || value == b"0" {
        Known::No
    } else {
        Known::Perhaps
    }
}

/// Tests that are expected to fail: `todo(…)`, `todo_start(…)` up to `todo_end()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Todo {
    /// The next so many.
    pub next: u32,
    /// All until as many are ended.
    pub open: u32,
    /// Ended in this statement.
    pub ended: u32,
}

impl Todo {
    /// The tests at hand are.
    pub fn flags(self) -> Flags {
        if self.next > 0 || self.open > 0 { Flags::TODO } else { Flags::NONE }
    }

    /// Goes on behind a statement with so many assertions, which says this of those that follow.
    pub fn follow(&mut self, assertions: u32, said: Todo) {
        self.next = self.next.saturating_sub(assertions).saturating_add(said.next);
        self.open = self.open.saturating_add(said.open).saturating_sub(said.ended);
    }
}

/// Hands facts on with flags on their evidence.
pub struct Flagged<'f> {
    /// Where to.
    pub facts: &'f mut dyn Facts,
    /// Why the evidence does not count.
    pub flags: Flags,
}

impl Facts for Flagged<'_> {
    fn fact(&mut self, fact: Fact<'_>) -> Result<(), Full> {
        self.facts.fact(match fact {
            Fact::Evidence { key, via, aspect, strength, line, flags, circumstance } => {
                Fact::Evidence { key, via, aspect, strength, line, flags: flags | self.flags, circumstance }
            }
            fact => fact,
        })
    }

    fn call(&mut self, call: super::fact::Called<'_>) -> Result<(), Full> {
        self.facts.call(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Settings;

    #[test]
    fn branches_run_as_in_psql() {
        let mut session = Session::new(&Settings::default());
        session.set_variable(b"on_ci", b"yes");
        for (script, expected) in [
            ("if true", "runs"),
            ("if off", "skips"),
            ("if :on_ci", "runs"),
            ("if :unset", "perhaps"),
            ("if :{?on_ci}", "runs"),
            ("if :{?unset}", "perhaps"),
            ("if `test -d x`", "perhaps"),
            ("if 1,elif 1", "skips"),
            ("if 0,elif 1", "runs"),
            ("if 0,elif 0,else", "runs"),
            ("if :x,elif 1", "perhaps"),
            ("if :x,elif 1,else", "skips"),
            ("if :x,elif 0", "skips"),
            ("if :x,else", "perhaps"),
            ("if 0,if 1", "skips"),
            ("if :x,if 0,endif", "perhaps"),
            ("if 0,else,endif", "runs"),
            ("endif,else,if 1", "runs"),
        ] {
            let mut branches = Branches::default();
            for command in script.split(',') {
                let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
                assert!(branches.follow(word.as_bytes(), rest.as_bytes(), &session));
            }
            let found = match (branches.skips(), branches.is_open()) {
                (true, _) => "skips",
                (false, true) => "perhaps",
                (false, false) => "runs",
            };
            assert_eq!(found, expected, "{script}");
        }
    }
}
