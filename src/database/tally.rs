//! Objects by state, counted for each relation or routine that they hang on.

use super::rows::{Row, TallyRow, split_key, unknown};
use crate::error::Error;
use crate::limits::to_u32;
use std::collections::HashMap;

/// What was counted so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Numbers of the rows, by the key without kind and sub-object.
    rows: HashMap<Vec<u8>, u32>,
    counts: Vec<[u32; 4]>,
}

impl Tally {
    /// Counts an object; the first of a relation or routine makes its row.
    ///
    /// # Errors
    /// `CORRUPT`
    pub(super) fn add(&mut self, key: &[u8], state: u8) -> Result<Option<Row>, Error> {
        let mut ends = key.iter().enumerate().skip(1).filter(|(_, byte)| **byte == 0).map(|(at, _)| at).skip(1);
        let (Some(name), Some(sub)) = (ends.next(), ends.next()) else { return Err(unknown("key")) };
        let mut group = [&key[..=name], &key[sub..]].concat();
        group[0] = 0;
        let mut made = None;
        let row = match self.rows.get(&group) {
            Some(row) => *row,
            None => {
                let row = to_u32(self.counts.len());
                self.counts.push([0; 4]);
                self.rows.insert(group, row);
                made = Some(Row::Tally(TallyRow { key: split_key(key)?, counts: [0; 4] }));
                row
            }
        };
        let counts = self.counts.get_mut(row as usize).and_then(|counts| counts.get_mut(usize::from(state)));
        *counts.ok_or_else(|| unknown("state"))? += 1;
        Ok(made)
    }

    /// Tells the rows what they come to.
    pub(super) fn conclude(&self, rows: &mut [Row]) {
        for (row, of) in rows.iter_mut().zip(&self.counts) {
            if let Row::Tally(row) = row {
                row.counts = *of;
            }
        }
    }
}
