//! The rows of a database: what they are, and how the bytes of a block become one.

use super::read_kind;
use crate::coverage::access::{CAUSES, Verdict};
use crate::coverage::reason::Near;
use crate::coverage::spell_via;
use crate::coverage::state::{Risk, State};
use crate::error::{Code, Error};
use crate::limits::{ARGS_BYTES, NAME_BYTES};
use crate::record::spell;
use crate::scan::SourceRole;
use crate::scan::fact::{self, Aspect, Flags, ObjectKind, Strength};
use crate::segment::codec::Bytes;
use std::cell::Cell;

/// Longest key of an object: kind, schema, name, sub-object, arguments.
const KEY_BYTES: usize = 4 * (NAME_BYTES + 4) + 2 * ARGS_BYTES;

/// An object's key as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    /// Kind.
    pub kind: ObjectKind,
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Sub-object.
    pub sub: String,
    /// Argument types.
    pub args: String,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// An object.
    Object(ObjectRow),
    /// A piece of evidence.
    Evidence(EvidenceRow),
    /// A source.
    File(FileRow),
    /// A diagnostic.
    Diagnostic(DiagnosticRow),
    /// A stale name.
    Stale(StaleRow),
    /// A cell of the access matrix.
    Cell(CellRow),
    /// A relation or routine, counted.
    Tally(TallyRow),
}

impl Row {
    /// Length of its texts.
    pub(super) fn text_bytes(&self) -> usize {
        let key = |key: &ObjectKey| key.schema.len() + key.name.len() + key.sub.len() + key.args.len();
        match self {
            Row::Object(row) => key(&row.key) + row.file.len() + row.reason.len(),
            Row::Evidence(row) => row.file.len() + row.via.len(),
            Row::File(row) => row.path.len(),
            Row::Diagnostic(row) => row.file.len() + row.message.len(),
            Row::Stale(row) => key(&row.key) + row.file.len() + row.via.len(),
            Row::Cell(row) => {
                let places = row.places.iter().map(|(file, _)| file.len() + 8).sum::<usize>();
                key(&row.key) + row.role.len() + row.persona.len() + places
            }
            Row::Tally(row) => key(&row.key),
        }
    }
}

/// An object with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its key.
    pub key: ObjectKey,
    /// File of its definition.
    pub file: String,
    /// Line of its definition.
    pub line: u32,
    /// Its state.
    pub state: State,
    /// What makes a gap worse.
    pub risk: Option<Risk>,
    /// Pieces of evidence by strength: structure, behavior, act, fixture.
    pub counts: [u32; 4],
    /// Aspects that are tested.
    pub aspects: Vec<&'static str>,
    /// Why it is not covered, and what comes nearest; empty where it is.
    pub reason: String,
    evidence: (u32, u32),
}

impl ObjectRow {
    /// Pieces of evidence, those that do not count too.
    pub fn places(&self) -> u32 {
        self.evidence.1
    }
}

/// A place that tests an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Path of the source.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// The overload that is called.
    pub via: String,
    /// What is tested.
    pub aspect: &'static str,
    /// How.
    pub strength: Strength,
    /// Why it does not count.
    pub flags: Flags,
    /// What it tests, where that is not asked of one object.
    pub object: Option<ObjectKey>,
    /// Its number among all evidence.
    pub(super) number: u32,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its path.
    pub path: String,
    /// Its role.
    pub role: SourceRole,
    /// It was read to its end.
    pub complete: bool,
    /// Its length in bytes.
    pub bytes: u64,
    /// Hash of its content.
    pub hash: String,
    /// Its plan.
    pub plan: Option<u32>,
    /// Assertions.
    pub assertions: u32,
    /// Assertions that could not be understood.
    pub unresolved: u32,
}

/// A message about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosticRow {
    /// Path of the source.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// Its code.
    pub code: fact::Code,
    /// In words.
    pub message: String,
}

/// A name that no schema source defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleRow {
    /// What the assertion names.
    pub key: ObjectKey,
    /// Path of the source.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// The overload that is called.
    pub via: String,
}

/// Who may do what with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRow {
    /// Relation or routine.
    pub key: ObjectKey,
    /// What was done.
    pub command: &'static str,
    /// The role that a test assumed.
    pub role: String,
    /// Who it stood for; may be empty.
    pub persona: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Bits of [`CAUSES`].
    pub causes: u8,
    /// The first of the places: path and line.
    pub places: Vec<(String, u32)>,
    /// All of them.
    pub count: u32,
}

/// A relation or routine and what hangs on it, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyRow {
    /// The first of them: itself, mostly.
    pub key: ObjectKey,
    /// Objects by the number of their state.
    pub counts: [u32; 4],
}

impl CellRow {
    /// Why it was refused.
    pub fn causes(&self) -> Vec<&'static str> {
        CAUSES.iter().enumerate().filter(|(n, _)| self.causes & 1 << n != 0).map(|(_, cause)| *cause).collect()
    }
}

pub(super) fn unknown(what: &str) -> Error {
    Error::new(Code::Corrupt, format!("a row has a {what} that does not exist"))
}

fn text(bytes: &mut Bytes<'_>) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(bytes.bytes()?).into_owned())
}

/// A key as text.
pub(super) fn split_key(key: &[u8]) -> Result<ObjectKey, Error> {
    let (number, rest) = key.split_first().ok_or_else(|| unknown("key"))?;
    let kind = read_kind(*number)?;
    let mut parts = rest.split(|b| *b == 0).map(spell);
    let mut next = || parts.next().ok_or_else(|| unknown("key"));
    Ok(ObjectKey { kind, schema: next()?, name: next()?, sub: next()?, args: next()? })
}

/// What rows are decoded with.
pub(super) struct Context<'a> {
    pub(super) paths: &'a [Option<String>],
    /// A file whose path was asked for and is not read yet.
    pub(super) missing: Cell<Option<u32>>,
    /// Number of the row.
    pub(super) row: u32,
    /// The row is asked for; others are only passed over.
    pub(super) wanted: bool,
}

impl Context<'_> {
    /// The path of a file; empty where it is missing yet.
    fn path(&self, number: u32) -> Result<String, Error> {
        match self.paths.get(number as usize) {
            None => Err(unknown("file")),
            Some(Some(path)) => Ok(path.clone()),
            Some(None) => {
                if self.wanted {
                    self.missing.set(Some(number));
                }
                Ok(String::new())
            }
        }
    }
}

/// An object as it is stored, behind its key.
pub(super) struct StoredObject<'a> {
    pub(super) state: u8,
    pub(super) risk: u8,
    file: u32,
    line: u32,
    counts: [u32; 4],
    aspects: [u64; 2],
    pub(super) evidence: (u32, u32),
    near: u8,
    place: (u32, u32),
    /// Number of the steps, which begin here.
    steps: (u32, Bytes<'a>),
}

impl<'a> StoredObject<'a> {
    pub(super) fn read(bytes: &mut Bytes<'a>, key: &mut Vec<u8>) -> Result<StoredObject<'a>, Error> {
        bytes.prefixed(key, KEY_BYTES)?;
        Ok(StoredObject {
            state: bytes.u8()?,
            risk: bytes.u8()?,
            file: bytes.u32()?,
            line: bytes.u32()?,
            counts: [bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?],
            aspects: [bytes.u64()?, bytes.u64()?],
            evidence: (bytes.u32()?, bytes.u32()?),
            near: bytes.u8()?,
            place: (bytes.u32()?, bytes.u32()?),
            steps: {
                let steps = (bytes.u32()?, *bytes);
                for _ in 0..steps.0 {
                    bytes.u8()?;
                    bytes.bytes()?;
                }
                steps
            },
        })
    }

    pub(super) fn row(&self, key: &[u8], context: &Context<'_>) -> Result<ObjectRow, Error> {
        let state = State::from_number(self.state).ok_or_else(|| unknown("state"))?;
        let risk = match self.risk {
            0 => None,
            number => Some(*Risk::ALL.get(usize::from(number) - 1).ok_or_else(|| unknown("risk"))?),
        };
        let mut aspects = Vec::new();
        for (word, base) in self.aspects.into_iter().zip([0u8, 64]) {
            aspects.extend((0..64u8).filter(|n| word >> n & 1 == 1).map(|n| Aspect(base + n).as_str()));
        }
        let (file, line, counts, evidence) = (context.path(self.file)?, self.line, self.counts, self.evidence);
        let reason = self.reason(context)?;
        Ok(ObjectRow { key: split_key(key)?, file, line, state, risk, counts, aspects, reason, evidence })
    }

    fn reason(&self, context: &Context<'_>) -> Result<String, Error> {
        let near = Near::ALL.get(usize::from(self.near)).copied().ok_or_else(|| unknown("reason"))?;
        let mut reason = near.as_str().to_owned();
        if !matches!(near, Near::Covered | Near::Nothing) {
            reason += &format!(" ({}:{})", context.path(self.place.0)?, self.place.1);
        }
        let (count, mut bytes) = self.steps;
        let mut step = |_| {
            let kind = ObjectKind::from_number(bytes.u8()?).ok_or_else(|| unknown("kind"))?;
            Ok(format!("{} {}", kind.as_str(), text(&mut bytes)?))
        };
        let steps = (0..count).map(&mut step).collect::<Result<Vec<_>, Error>>()?;
        if let Some((first, others)) = steps.split_last() {
            reason += &format!("; the {first}, which tests exercise, reaches it");
            if !others.is_empty() {
                let others: Vec<&str> = others.iter().rev().map(String::as_str).collect();
                reason += &format!(" through {}", others.join(", "));
            }
        }
        Ok(reason)
    }
}

/// A row of evidence.
pub(super) fn evidence_row(
    bytes: &mut Bytes<'_>,
    _: &mut Vec<u8>,
    context: &Context<'_>,
) -> Result<Option<Row>, Error> {
    let (file, line, via, aspect, strength) = (bytes.u32()?, bytes.u32()?, bytes.u16()?, bytes.u8()?, bytes.u8()?);
    if !context.wanted {
        return Ok(None);
    }
    let flags = Flags(strength >> 3);
    let strength =
        Strength::from_number(strength & 0x07).filter(|_| flags <= Flags::ALL).ok_or_else(|| unknown("strength"))?;
    let (file, via, aspect) = (context.path(file)?, spell_via(via), Aspect(aspect).as_str());
    Ok(Some(Row::Evidence(EvidenceRow { file, line, via, aspect, strength, flags, object: None, number: context.row })))
}

/// Which of so many rows of evidence are of these files, and where each begins. Most are of others: nothing is made of
/// those, nor are they checked.
pub(super) fn evidence_of(files: &[u32], payload: &[u8], count: u32) -> Vec<(u32, usize)> {
    let mut found = Vec::new();
    let mut rest = payload.iter();
    for row in 0..count {
        let at = payload.len() - rest.len();
        let (mut file, mut shift) = (0u32, 0);
        for byte in rest.by_ref() {
            file |= u32::from(*byte & 0x7F).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if *byte < 0x80 {
                break;
            }
        }
        // the line and the overload; then two bytes
        for _ in 0..2 {
            rest.find(|byte| **byte < 0x80);
        }
        rest.nth(1);
        if files.contains(&file) {
            found.push((row, at));
        }
    }
    found
}

/// A row of a source.
pub(super) fn file_row(bytes: &mut Bytes<'_>, _: &mut Vec<u8>, _: &Context<'_>) -> Result<Option<Row>, Error> {
    read_file(bytes).map(|row| Some(Row::File(row)))
}

/// A source.
pub(super) fn read_file(bytes: &mut Bytes<'_>) -> Result<FileRow, Error> {
    let path = text(bytes)?;
    let role = *SourceRole::ALL.get(usize::from(bytes.u8()?)).ok_or_else(|| unknown("role"))?;
    let complete = bytes.u8()? == 1;
    let length = bytes.u64()?;
    let hash = text(bytes)?;
    let plan = bytes.u32()?.checked_sub(1);
    Ok(FileRow { path, role, complete, bytes: length, hash, plan, assertions: bytes.u32()?, unresolved: bytes.u32()? })
}

/// A row of a diagnostic.
pub(super) fn diagnostic_row(
    bytes: &mut Bytes<'_>,
    _: &mut Vec<u8>,
    context: &Context<'_>,
) -> Result<Option<Row>, Error> {
    let (file, line) = (context.path(bytes.u32()?)?, bytes.u32()?);
    let number = bytes.u8()?;
    let code = fact::Code::from_number(number).ok_or_else(|| unknown("diagnostic code"))?;
    let message = text(bytes)?;
    Ok(Some(Row::Diagnostic(DiagnosticRow { file, line, code, message })))
}

/// A row of a stale name.
pub(super) fn stale_row(bytes: &mut Bytes<'_>, _: &mut Vec<u8>, context: &Context<'_>) -> Result<Option<Row>, Error> {
    let (file, line) = (context.path(bytes.u32()?)?, bytes.u32()?);
    let key = split_key(bytes.bytes()?)?;
    let via = text(bytes)?;
    Ok(Some(Row::Stale(StaleRow { key, file, line, via })))
}

/// A row of the access matrix.
pub(super) fn cell_row(bytes: &mut Bytes<'_>, _: &mut Vec<u8>, context: &Context<'_>) -> Result<Option<Row>, Error> {
    let key = split_key(bytes.bytes()?)?;
    let (role, persona) = (text(bytes)?, text(bytes)?);
    let (command, verdict, causes) = (Aspect(bytes.u8()?).as_str(), bytes.u8()?, bytes.u8()?);
    let verdict = Verdict::from_number(verdict).ok_or_else(|| unknown("verdict"))?;
    let count = bytes.u32()?;
    let mut places = Vec::new();
    for _ in 0..bytes.u32()? {
        places.push((context.path(bytes.u32()?)?, bytes.u32()?));
    }
    Ok(Some(Row::Cell(CellRow { key, command, role, persona, verdict, causes, places, count })))
}
