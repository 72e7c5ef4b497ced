//! Functions whose bodies say who runs the statements after a call: what tests and the schema define of them, and what
//! their calls come to.
//!
//! Held in memory until the end: a name and two short texts for each of them.

use crate::limits::to_u32;
use crate::record::OwnedRecord;
use crate::scan::circumstance::{Call, Circumstance};
use crate::scan::definitions::assumption::{Assumption, Value};
use crate::scan::fact::Scope;
use std::collections::HashMap;

#[derive(Debug)]
struct Helper {
    /// None where the search path decided.
    schema: Option<Vec<u8>>,
    /// Where it is defined: source in the manifest.
    source: u32,
    assumption: Assumption,
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Helpers {
    by_name: HashMap<Vec<u8>, u32>,
    helpers: Vec<Vec<Helper>>,
}

/// Who runs a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runner {
    pub(super) role: Vec<u8>,
    pub(super) persona: Vec<u8>,
}

impl Helpers {
    /// Takes the definition of a routine, if its body changes who runs what follows.
    pub(super) fn add(&mut self, source: u32, row: &OwnedRecord) {
        let Some(assumption) = Assumption::decode(&row.detail) else { return };
        let schema = (row.scope == Scope::Named as u8).then(|| row.schema.clone());
        let next = to_u32(self.helpers.len());
        let at = *self.by_name.entry(row.name.clone()).or_insert(next);
        if at == next {
            self.helpers.push(Vec::new());
        }
        self.helpers[at as usize].push(Helper { schema, source, assumption });
    }

    /// Who runs a statement of that source, after the calls before it.
    pub(super) fn runner(&self, source: u32, told: &Circumstance<'_>) -> Runner {
        let mut runner = Runner { role: told.role.to_vec(), persona: told.persona.to_vec() };
        for call in told.calls() {
            let Some((role, persona)) = self.come_to(source, &call) else { continue };
            if call.tells_role
                && let Some(role) = role
            {
                runner.role = role;
            }
            if call.tells_persona
                && let Some(persona) = persona
            {
                runner.persona = persona;
            }
        }
        runner
    }

    /// Role and persona after a call. Where helpers of that name differ, neither is known.
    #[allow(clippy::type_complexity)] // role and persona, if it changes them
    fn come_to(&self, source: u32, call: &Call<'_>) -> Option<(Option<Vec<u8>>, Option<Vec<u8>>)> {
        let named = &self.helpers[*self.by_name.get(call.name)? as usize];
        let is_meant = |helper: &&Helper| {
            call.schema.is_empty() || helper.schema.as_deref().is_none_or(|schema| schema == call.schema)
        };
        let own = |helper: &&Helper| helper.source == source;
        let meant: Vec<&Helper> = named.iter().filter(is_meant).collect();
        let any_own = meant.iter().any(own);
        let mut found = meant.into_iter().filter(|helper| !any_own || own(helper));
        let first = &found.next()?.assumption;
        if first.is_local && !call.is_within {
            // it ended with the statement
            return None;
        }
        let agree = found.all(|helper| helper.assumption == *first);
        let text = |value: &Value| match value {
            Value::Text(text) if agree => text.clone(),
            Value::Argument(at) if agree => {
                at.checked_sub(1).and_then(|at| call.arguments.get(at)).copied().unwrap_or_default().to_vec()
            }
            _ => Vec::new(),
        };
        Some((first.role.as_ref().map(text), first.persona.as_ref().map(text)))
    }
}
