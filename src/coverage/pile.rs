//! Evidence in the order of a database: by object, then by place. What is more than fits leaves as sorted runs for the
//! host's scratch store, and comes back merged.

use crate::error::{Code, Error};
use crate::limits::{BLOCK_BYTES, to_u32};
use crate::order;
use crate::scan::fact::{Aspect, Flags, Strength};
use crate::segment::Identity;
use crate::segment::block::{BLOCK_HEADER_BYTES, open_block, put_block};
use crate::segment::codec::{Bytes, put_delta, put_u64};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Evidence for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The object: its number in the inventory, or in a pile its place among those that are listed.
    pub object: u32,
    /// The source's place in the manifest.
    pub file: u32,
    /// 1-based line.
    pub line: u32,
    /// Ordinal in the source.
    pub seq: u32,
    /// Overload in the catalogue.
    pub via: u16,
    /// What is tested.
    pub aspect: Aspect,
    /// How.
    pub strength: Strength,
    /// Why it does not count.
    pub flags: Flags,
}

impl Ord for Evidence {
    fn cmp(&self, other: &Evidence) -> Ordering {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let place = |e: &Evidence| (pair(e.object, e.file), pair(e.line, e.seq));
        let rest = |e: &Evidence| (e.via, e.aspect, e.strength, e.flags);
        place(self).cmp(&place(other)).then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialOrd for Evidence {
    fn partial_cmp(&self, other: &Evidence) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Evidence {
    /// Each name in a statement tells of its error, and each column of the triggers: they are one.
    fn repeats(&self, before: &Evidence) -> bool {
        let told = |e: &Evidence| Evidence { seq: 0, ..*e };
        matches!(self.aspect, Aspect::RAISED | Aspect::FIRED) && told(self) == told(before)
    }
}

/// Kind of the blocks of a run.
const EVIDENCE: u8 = 1;

/// A sorted run for the scratch store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number, from 0.
    pub number: u32,
    /// What is kept.
    pub bytes: Vec<u8>,
}

/// Bytes of a run that are needed: they lie in the scratch store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRange {
    /// Number of the run.
    pub run: u32,
    /// Offset in it.
    pub offset: u64,
    /// Number of bytes.
    pub length: u32,
}

/// Takes evidence in any order.
#[derive(Debug)]
pub(super) struct Pile {
    pieces: Vec<Evidence>,
    /// Room for as many while they are grouped.
    spare: Vec<Evidence>,
    /// Pieces that are held; none: all of them.
    most: Option<usize>,
    /// Objects that are listed.
    objects: usize,
    runs: Vec<Source>,
    /// Runs that the host did not take yet.
    leaving: Vec<Run>,
}

impl Pile {
    /// A pile for `objects` objects that holds `most` pieces, of at most `expected`.
    pub(super) fn new(objects: usize, most: Option<usize>, expected: usize) -> Pile {
        // growing would hold it twice
        let pieces = Vec::with_capacity(most.map_or(expected, |most| most.min(expected)));
        Pile { pieces, spare: Vec::new(), most, objects, runs: Vec::new(), leaving: Vec::new() }
    }

    pub(super) fn push(&mut self, evidence: Evidence) {
        if self.most.is_some_and(|most| self.pieces.len() >= most) {
            self.spill();
        }
        self.pieces.push(evidence);
    }

    /// A run to keep before more is pushed.
    pub(super) fn take_run(&mut self) -> Option<Run> {
        self.leaving.pop()
    }

    /// What was pushed, in order. Runs that are left must be kept first.
    pub(super) fn finish(mut self) -> Sorted {
        self.sort();
        let mut sources = self.runs;
        sources.push(Source { rows: self.pieces, ..Source::default() });
        let own = sources.len() - 1;
        Sorted { sources, own, others: BinaryHeap::new(), loading: None, is_started: false, last: None }
    }

    fn sort(&mut self) {
        order::group(&mut self.pieces, &mut self.spare, self.objects, &|e| e.object);
        for own in self.pieces.chunk_by_mut(|a, b| a.object == b.object) {
            // mostly the order of the segments
            if !own.is_sorted() {
                order::sort(own, Ord::cmp);
            }
        }
    }

    fn spill(&mut self) {
        self.sort();
        let number = to_u32(self.runs.len());
        let mut run = Source { run: number, ..Source::default() };
        let (mut out, mut payload, mut count) = (Vec::new(), Vec::new(), 0);
        let mut before = BLANK;
        let mut flush = |payload: &mut Vec<u8>, count: &mut u32| {
            let place = (out.len() as u64, to_u32(BLOCK_HEADER_BYTES + payload.len()));
            put_block(&mut out, identity(number), to_u32(run.blocks.len()), EVIDENCE, *count, payload);
            run.blocks.push(place);
            payload.clear();
            *count = 0;
        };
        for piece in self.pieces.drain(..) {
            if payload.len() + PIECE_BYTES > BLOCK_BYTES {
                flush(&mut payload, &mut count);
                before = BLANK;
            }
            put(&mut payload, &before, &piece);
            before = piece;
            count += 1;
        }
        if count > 0 {
            flush(&mut payload, &mut count);
        }
        run.blocks.reverse();
        self.leaving.push(Run { number, bytes: out });
        self.runs.push(run);
    }
}

/// What comes of asking for the next piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next piece.
    Piece(Evidence),
    /// Supply these bytes first.
    Read(RunRange),
    /// There is no more.
    End,
}

/// A run, or what was never spilled.
#[derive(Debug, Default)]
struct Source {
    run: u32,
    /// Offset and length of blocks that are not read yet, the next one last.
    blocks: Vec<(u64, u32)>,
    /// Ordinal of the next block.
    ordinal: u32,
    rows: Vec<Evidence>,
    /// The next one of the rows.
    at: usize,
}

/// Hands on the pieces of a pile in order, each that is repeated once. Holds a block of each run.
#[derive(Debug)]
pub struct Sorted {
    sources: Vec<Source>,
    /// The source that is read as long as it has the least piece: neighbours mostly come from one.
    own: usize,
    /// The next piece of each other source, with its number.
    others: BinaryHeap<Reverse<(Evidence, u32)>>,
    /// The source whose next block is needed.
    loading: Option<usize>,
    is_started: bool,
    last: Option<Evidence>,
}

impl Sorted {
    /// The next piece. Costs the logarithm of the runs where it is not of the run of the one before.
    pub fn next_piece(&mut self) -> Next {
        loop {
            if let Some(range) = self.wanted() {
                return Next::Read(range);
            }
            let own = &mut self.sources[self.own];
            let piece = own.rows.get(own.at).copied();
            if piece.is_none() && !own.blocks.is_empty() {
                self.loading = Some(self.own);
                continue;
            }
            let is_least = |other: &Reverse<(Evidence, u32)>| piece.is_some_and(|piece| piece <= other.0.0);
            if let Some(other) = self.others.peek().filter(|other| !is_least(other)) {
                let source = other.0.1 as usize;
                self.others.pop();
                match piece {
                    Some(piece) => self.others.push(Reverse((piece, to_u32(self.own)))),
                    None => own.rows = Vec::new(),
                }
                self.own = source;
                continue;
            }
            let Some(piece) = piece else { return Next::End };
            own.at += 1;
            if self.last.replace(piece).is_none_or(|last| !piece.repeats(&last)) {
                return Next::Piece(piece);
            }
        }
    }

    /// Takes the bytes of the last [`Next::Read`].
    ///
    /// # Errors
    /// `CORRUPT` where they are not what was kept.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let source = self.loading.take().ok_or_else(|| Error::new(Code::State, "no bytes were asked for"))?;
        let own = &mut self.sources[source];
        let (payload, count) = open_block(bytes, identity(own.run), own.ordinal, EVIDENCE)?;
        own.ordinal += 1;
        own.blocks.pop();
        own.rows.clear();
        own.at = 0;
        let mut bytes = Bytes::new(payload);
        let mut before = BLANK;
        for _ in 0..count {
            before = read(&mut bytes, &before)?;
            own.rows.push(before);
        }
        if !self.is_started
            && let Some(first) = own.rows.first()
        {
            self.others.push(Reverse((*first, to_u32(source))));
        }
        Ok(())
    }

    /// What must be read before the next piece is known.
    fn wanted(&mut self) -> Option<RunRange> {
        if !self.is_started {
            // the first block of each run
            self.loading = self.sources.iter().position(|source| source.ordinal == 0 && !source.blocks.is_empty());
            self.is_started = self.loading.is_none();
        }
        let source = &self.sources[self.loading?];
        let (offset, length) = *source.blocks.last()?;
        Some(RunRange { run: source.run, offset, length })
    }
}

/// Runs belong to no run of an analyzer; a block that lies elsewhere is found out.
fn identity(run: u32) -> Identity {
    Identity { run: *b"evidence-scratch", seq: u64::from(run) }
}

/// The piece before the first one of a block.
const BLANK: Evidence = Evidence {
    object: 0,
    file: 0,
    line: 0,
    seq: 0,
    via: 0,
    aspect: Aspect(0),
    strength: Strength::Structure,
    flags: Flags::NONE,
};

/// Most bytes of a piece in a run.
const PIECE_BYTES: usize = 32;

fn put(out: &mut Vec<u8>, before: &Evidence, piece: &Evidence) {
    put_u64(out, u64::from(piece.object - before.object));
    put_delta(out, before.file, piece.file);
    put_delta(out, before.line, piece.line);
    put_delta(out, before.seq, piece.seq);
    put_u64(out, u64::from(piece.via));
    out.extend_from_slice(&[piece.aspect.0, piece.strength as u8, piece.flags.0]);
}

fn read(bytes: &mut Bytes<'_>, before: &Evidence) -> Result<Evidence, Error> {
    let wrong = || Error::new(Code::Corrupt, "a run of the scratch store holds no evidence");
    Ok(Evidence {
        object: before.object.checked_add(bytes.u32()?).ok_or_else(wrong)?,
        file: bytes.delta(before.file)?,
        line: bytes.delta(before.line)?,
        seq: bytes.delta(before.seq)?,
        via: bytes.u16()?,
        aspect: Aspect(bytes.u8()?),
        strength: Strength::from_number(bytes.u8()?).ok_or_else(wrong)?,
        flags: Flags(bytes.u8()?),
    })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(pieces: &[(u8, u8, u8)], most: Option<usize>) -> Vec<Evidence> {
        let mut pile = Pile::new(256, most, 0);
        let mut kept = Vec::new();
        for (object, line, aspect) in pieces {
            let (object, line, aspect) = (u32::from(*object), u32::from(*line), Aspect(*aspect % 128));
            pile.push(Evidence { object, line, aspect, ..BLANK });
            kept.extend(std::iter::from_fn(|| pile.take_run()));
        }
        let mut sorted = pile.finish();
        let mut found = Vec::new();
        loop {
            match sorted.next_piece() {
                Next::Piece(piece) => found.push(piece),
                Next::Read(RunRange { run, offset, length }) => {
                    let from = usize::try_from(offset).unwrap_or_default();
                    let bytes = &kept[run as usize].bytes[from..from + length as usize];
                    let mut wrong = bytes.to_vec();
                    wrong[20] ^= 1;
                    assert!(open_block(&wrong, identity(run), 0, EVIDENCE).is_err(), "a damaged block is found out");
                    assert_eq!(sorted.supply(bytes), Ok(()));
                }
                Next::End => return found,
            }
        }
    }

    proptest! {
        #[test]
        fn runs_come_back_as_if_all_was_held(pieces: Vec<(u8, u8, u8)>, most in 1usize..9) {
            prop_assert_eq!(sorted(&pieces, Some(most)), sorted(&pieces, None));
        }
    }
}
