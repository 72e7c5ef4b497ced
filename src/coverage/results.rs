//! Which lines of tests did not pass, where the results of a run are among the sources.

use crate::merge::{Place, Source};
use crate::record::unspell;
use crate::scan::SourceRole;
use crate::scan::fact::Flags;
use crate::scan::results::NotPassed;
use std::collections::HashMap;

/// Stands for every file of a source.
const ALL: u32 = u32::MAX;

/// The lines that did not pass, by source and file. Memory: a few bytes for each.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Tests and what they include, by path.
    files: HashMap<Vec<u8>, u32>,
    not_passed: HashMap<(u32, u32), Vec<(u32, u32)>>,
}

impl Results {
    pub(super) fn new(sources: &[Source]) -> Self {
        let mut files = HashMap::new();
        if sources.iter().any(|source| source.entry.role == SourceRole::Tap) {
            let tests = sources.iter().enumerate().filter(|(_, source)| source.entry.role == SourceRole::Tests);
            files.extend(tests.map(|(file, source)| (unspell(&source.entry.path), crate::limits::to_u32(file))));
        }
        Results { files, not_passed: HashMap::new() }
    }

    /// Takes one; false where there is no such file.
    pub(super) fn add(&mut self, lines: NotPassed<'_>) -> bool {
        let Some(source) = self.files.get(lines.source) else { return false };
        let Some(file) = (if lines.file.is_empty() { Some(&ALL) } else { self.files.get(lines.file) }) else {
            return false;
        };
        self.not_passed.entry((*source, *file)).or_default().push((lines.from, lines.to));
        true
    }

    pub(super) fn flags(&self, place: Place, line: u32) -> Flags {
        let is_in = |file: u32| {
            let ranges = self.not_passed.get(&(place.source, file));
            ranges.is_some_and(|ranges| ranges.iter().any(|(from, to)| (*from..=*to).contains(&line)))
        };
        let is_hit = !self.not_passed.is_empty() && (is_in(place.file) || is_in(ALL));
        if is_hit { Flags::NOT_PASSED } else { Flags::NONE }
    }
}
