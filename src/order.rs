//! Sorting that is compiled once for all kinds of rows: each copy of the standard library's would add some ten kilobytes
//! to the wasm module.

use crate::limits::to_u32;
use std::cmp::Ordering;

/// Sorts, equal rows in the order in which they stand. Costs n log n comparisons, and 4 bytes a row.
pub fn sort<T>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order: Vec<u32> = (0..to_u32(rows.len())).collect();
    sort_numbers(&mut order, &|a, b| compare(&rows[a as usize], &rows[b as usize]));
    arrange(rows, &mut order);
}

/// Groups rows by a number below `groups`, in the order of the numbers, equal rows in the order in which they stand.
/// Linear; holds the rows twice, the second time in `spare`, which is of no use afterwards, and 4 bytes a group.
pub fn group<T: Copy>(rows: &mut Vec<T>, spare: &mut Vec<T>, groups: usize, number: &dyn Fn(&T) -> u32) {
    let Some(first) = rows.first().copied() else { return };
    let mut ends = vec![0u32; groups + 1];
    for row in rows.iter() {
        ends[number(row) as usize + 1] += 1;
    }
    for at in 1..ends.len() {
        ends[at] += ends[at - 1];
    }
    spare.resize(rows.len(), first);
    for row in rows.iter() {
        let next = &mut ends[number(row) as usize];
        spare[*next as usize] = *row;
        *next += 1;
    }
    std::mem::swap(rows, spare);
}

/// Puts the row of number `order[place]` at each place; `order` is of no use afterwards.
fn arrange<T>(rows: &mut [T], order: &mut [u32]) {
    // place by place, each cycle of the permutation once
    for start in 0..rows.len() {
        let mut place = start;
        loop {
            let from = std::mem::replace(&mut order[place], to_u32(place)) as usize;
            if from == start {
                break;
            }
            rows.swap(place, from);
            place = from;
        }
    }
}

#[inline(never)]
fn sort_numbers(order: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    order.sort_unstable_by(|a, b| in_turn(*a, *b, compare));
}

/// Not inlined: the standard library has a hundred places for it.
#[inline(never)]
fn in_turn(a: u32, b: u32, compare: &dyn Fn(u32, u32) -> Ordering) -> Ordering {
    compare(a, b).then(a.cmp(&b))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_as_the_standard_library_does(rows: Vec<(u8, u8)>) {
            let (mut sorted, mut expected) = (rows.clone(), rows.clone());
            sort(&mut sorted, |a, b| a.0.cmp(&b.0));
            expected.sort_by_key(|row| row.0);
            prop_assert_eq!(&sorted, &expected);
            let mut grouped = rows;
            group(&mut grouped, &mut Vec::new(), 256, &|row| u32::from(row.0));
            prop_assert_eq!(grouped, expected);
        }
    }
}
