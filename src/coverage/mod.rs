//! What counts: evidence joined with the inventory, folded into states, totals, stale names and diagnostics.
//!
//! Held in memory until the database is written: the inventory, the diagnostics, which are capped per source, and of the
//! evidence, 24 bytes a piece, what the host asks to hold at once: see [`pile`].

pub mod access;
mod effects;
mod helpers;
mod lints;
mod listed;
pub mod pile;
mod raised;
mod reach;
pub mod reason;
mod results;
pub mod state;
mod unsure;

use crate::catalog::{Inventory, ObjectId, Replayed, Wanted};
use crate::error::{Code as ErrorCode, Error};
use crate::limits::{DIAGNOSTICS_PER_CODE, NESTING, to_u32};
use crate::merge::{Joined, Place, Source};
use crate::order;
use crate::pgtap::{self, overload};

use crate::record::{OwnedRecord, Seal, spell};
use crate::scan::SourceRole;
use crate::scan::circumstance::{Circumstance, Outcome};
use crate::scan::definitions::note::{self, Trait};
use crate::scan::expression;
use crate::scan::fact::{
    ANY_ARGS, Aspect, Code, EXECUTE, Flags, MORE, ObjectKind, Op, Scope, Strength, VIA_RULE, VIA_STATEMENT,
};
use crate::scan::reference::arity_of;
use crate::scan::results::NotPassed;
use crate::sql::types;
use crate::text;
use access::{Access, Cell};
use effects::Effect;
use helpers::Helpers;
use listed::{Cursor, Listed};
pub use pile::Evidence;
use pile::{Pile, Run, Sorted};
use raised::Raised;
use reach::{Reach, Use};
use reason::{Nearest, Paths, Reason};
use results::Results;
use state::{Risk, State, Tally};
use std::collections::{BTreeSet, HashMap};
use unsure::Unsure;

/// Evidence that names an object which no schema source defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// The source's place in the manifest.
    pub file: u32,
    /// 1-based line.
    pub line: u32,
    /// Kind that the assertion speaks of.
    pub kind: ObjectKind,
    /// Schema as written, or the first of the search path.
    pub schema: Vec<u8>,
    /// Name.
    pub name: Vec<u8>,
    /// Sub-object.
    pub sub: Vec<u8>,
    /// Argument types.
    pub args: Vec<u8>,
    /// Overload in the catalogue.
    pub via: u16,
}

/// A message about a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Diagnostic {
    /// The source's place in the manifest.
    pub file: u32,
    /// 1-based line.
    pub line: u32,
    /// What it is.
    pub code: Code,
    /// In words.
    pub message: String,
}

/// An object with what was found about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The object in the inventory.
    pub id: ObjectId,
    /// What its evidence adds up to.
    pub tally: Tally,
    /// The state that follows.
    pub state: State,
    /// What is known of it that makes a gap worse.
    pub risk: Option<Risk>,
    /// Number of the first piece of its evidence, in the order of all.
    pub evidence_start: u32,
    /// Pieces of its evidence.
    pub evidence_count: u32,
    nearest: Nearest,
}

/// Figures of a kind, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Objects.
    pub objects: u32,
    /// Of them exercised.
    pub exercised: u32,
    /// Of them asserted and not exercised.
    pub asserted: u32,
    /// Of them only listed, or only known to exist.
    pub declared: u32,
    /// Of them without evidence.
    pub gap: u32,
}

impl Count {
    /// Exercised or asserted.
    pub fn covered(&self) -> u32 {
        self.exercised + self.asserted
    }

    fn add(&mut self, state: State) {
        self.objects += 1;
        match state {
            State::Exercised => self.exercised += 1,
            State::Asserted => self.asserted += 1,
            State::Declared => self.declared += 1,
            State::Gap => self.gap += 1,
        }
    }
}

/// Everything that a database holds, in its order; the evidence is still to come.
#[derive(Debug)]
pub struct Folded {
    /// The inventory that object numbers refer to.
    pub inventory: Inventory,
    /// Objects by kind, schema, name, sub-object, arguments. Complete after [`Folded::conclude`].
    pub objects: Vec<Covered>,
    /// Pieces of evidence that were added.
    pub evidence: u32,
    /// By object, command, role and persona.
    pub matrix: Vec<Cell>,
    /// By place.
    pub stale: Vec<Stale>,
    /// By place.
    pub diagnostics: Vec<Diagnostic>,
    /// Figures by kind, after [`Folded::conclude`].
    pub kinds: Vec<(ObjectKind, Count)>,
    /// Figures over the headline kinds, likewise.
    pub totals: Count,
    /// Aspects of policies, by object.
    expressions: Vec<(ObjectId, Aspect)>,
    paths: Paths,
}

impl Folded {
    /// Counts a piece of evidence; they come in the order of [`Sorted`].
    pub fn add(&mut self, evidence: &Evidence) {
        let object = &mut self.objects[evidence.object as usize];
        if object.evidence_count == 0 {
            object.evidence_start = self.evidence;
        }
        object.evidence_count += 1;
        self.evidence += 1;
        if evidence.flags == Flags::NONE {
            object.tally.add(evidence.aspect, evidence.strength);
        }
        object.nearest.add(evidence);
    }

    /// All evidence was added: states and figures follow. Linear in the objects and their uses.
    pub fn conclude(&mut self) {
        let mut start = 0;
        for covered in &mut self.objects {
            if covered.evidence_count == 0 {
                covered.evidence_start = start;
            }
            start = covered.evidence_start + covered.evidence_count;
            let first = self.expressions.partition_point(|(of, _)| *of < covered.id);
            let own = self.expressions[first..].iter().take_while(|(of, _)| *of == covered.id);
            own.for_each(|(_, aspect)| covered.tally.note(*aspect));
            let kind = self.inventory.object(covered.id).kind;
            covered.state = covered.tally.state(kind);
            if self.kinds.last().is_none_or(|(last, _)| *last != kind) {
                self.kinds.push((kind, Count::default()));
            }
            if let Some((_, count)) = self.kinds.last_mut() {
                count.add(covered.state);
            }
            if kind.is_headline() {
                self.totals.add(covered.state);
            }
        }
        self.note_risks();
        self.paths = Paths::of(&self.inventory, &self.objects);
    }

    fn note_risks(&mut self) {
        let Folded { objects, inventory, .. } = self;
        let of = |covered: &Covered| inventory.object(covered.id);
        for own in objects.chunk_by_mut(|a, b| of(a).kind == of(b).kind && of(a).schema == of(b).schema) {
            let is_secured = own.iter().any(|covered| of(covered).has(Trait::SECURED));
            for covered in own {
                let object = of(covered);
                covered.risk = if object.has(Trait::DEFINER) {
                    Some(Risk::SecurityDefiner)
                } else {
                    (is_secured && !object.has(Trait::SECURED)).then_some(Risk::RowSecurityOff)
                };
            }
        }
    }

    /// Why an object is not covered.
    pub fn reason(&self, covered: &Covered) -> Reason {
        match covered.state {
            State::Gap | State::Declared => self.paths.reason(covered.id, &covered.nearest),
            State::Exercised | State::Asserted => Reason::default(),
        }
    }
}

/// Folds rows as the merge hands them on.
#[derive(Debug, Default)]
pub struct Fold {
    roles: Vec<SourceRole>,
    /// Partitions and schemas of tests are listed, too.
    everything: bool,
    /// Schema sources that another one includes: they run there, and not a second time by themselves.
    superseded: BTreeSet<u32>,
    /// Messages about included files, which come with each reading.
    repeated: HashMap<Vec<u8>, u32>,
    inventory: Inventory,
    /// What the text defines, where a server says what there is: it tells the places.
    text: Option<Inventory>,
    /// Pieces of evidence that are held at once; none: all.
    most: Option<usize>,
    /// Pieces that will come at most.
    expected: usize,
    /// From the first evidence on, when all definitions are there.
    pile: Option<(Listed, Pile)>,
    stale: Vec<Stale>,
    diagnostics: Vec<Diagnostic>,
    /// Messages of a source and code, kept or not.
    said: HashMap<Vec<u8>, u32>,
    created_by_tests: HashMap<Vec<u8>, u32>,
    results: Results,
    reach: Reach,
    raised: Raised,
    access: Access,
    matrix: Vec<Cell>,
    /// Aspects of policies that decided.
    expressions: Vec<(ObjectId, Aspect)>,
    helpers: Helpers,
    unsure: Unsure,
    last: Last,
}

/// The key of the row before, and the objects that it means.
#[derive(Debug, Default)]
struct Last {
    of: Option<(ObjectKind, Scope)>,
    key: [Vec<u8>; 4],
    found: Vec<ObjectId>,
    /// Where it is one that is listed: with its place.
    only: Option<(ObjectId, u32)>,
    /// At the last relation and at the last column.
    cursors: [Cursor; 2],
}

impl Fold {
    /// A fold of nothing yet.
    pub fn new() -> Self {
        Fold { inventory: Inventory::new(), ..Fold::default() }
    }

    /// The same of all objects that exist, those that do not count too: partitions, and schemas of tests.
    pub fn of_everything() -> Self {
        Fold { everything: true, ..Fold::new() }
    }

    /// Holds at most so many pieces of evidence at once; what is more leaves by `take_run`.
    pub fn hold(&mut self, most: Option<usize>) {
        self.most = most.map(|most| most.max(1));
    }

    /// Evidence that the host keeps in its scratch store before it supplies more rows.
    pub fn take_run(&mut self) -> Option<Run> {
        self.pile.as_mut().and_then(|(_, pile)| pile.take_run())
    }

    /// What no row tells alone is added to the evidence. Before `finish`; runs may be left then.
    pub fn close(&mut self) {
        if let Some(text) = self.text.take() {
            self.inventory.take_places(&text);
        }
        for evidence in std::mem::take(&mut self.reach).finish() {
            self.keep(evidence);
        }
        self.diagnostics.extend(lints::of_schema(&self.inventory, &self.access));
        self.listed();
        let Some((listed, _)) = &self.pile else { return };
        let (matrix, mut decided) =
            std::mem::take(&mut self.access).finish(&self.inventory, &|id: ObjectId| listed.place(id));
        self.diagnostics.extend(lints::never_denied(&self.inventory, &matrix));
        for evidence in decided.evidence {
            self.keep(evidence);
        }
        order::sort(&mut decided.expressions, Ord::cmp);
        (self.matrix, self.expressions) = (matrix, decided.expressions);
    }

    /// Adds up, but for the evidence, which is to be added to what is returned. Costs n log n in the objects.
    pub fn finish(mut self) -> (Folded, Sorted) {
        self.listed();
        for stale in std::mem::take(&mut self.stale) {
            if self.unsure.may_be(stale.kind) {
                self.unknown(&stale);
            } else {
                self.stale.push(stale);
            }
        }
        let (objects, evidence) = match self.pile {
            Some((listed, pile)) => (listed.objects, pile.finish()),
            None => (Vec::new(), Pile::new(0, None, 0).finish()),
        };
        let (tally, state, nearest) = (Tally::default(), State::Gap, Nearest::default());
        let covered = |id| Covered { id, tally, state, risk: None, evidence_start: 0, evidence_count: 0, nearest };
        order::sort(&mut self.stale, Ord::cmp);
        self.stale.dedup();
        order::sort(&mut self.diagnostics, Ord::cmp);
        let folded = Folded {
            inventory: self.inventory,
            objects: objects.into_iter().map(covered).collect(),
            evidence: 0,
            matrix: self.matrix,
            stale: self.stale,
            diagnostics: self.diagnostics,
            kinds: Vec::new(),
            totals: Count::default(),
            expressions: self.expressions,
            paths: Paths::default(),
        };
        (folded, evidence)
    }

    /// Sees to it that there is a pile: all definitions are there.
    fn listed(&mut self) {
        if self.pile.is_none() {
            let listed = Listed::of(&self.inventory, self.everything);
            let pile = Pile::new(listed.objects.len(), self.most, self.expected);
            self.pile = Some((listed, pile));
        }
    }

    /// Adds evidence of an object that is listed.
    fn keep(&mut self, evidence: Evidence) {
        self.listed();
        let Some((listed, pile)) = &mut self.pile else { return };
        let place = match self.last.only {
            Some((id, place)) if id == evidence.object => Some(place),
            _ => listed.place(evidence.object),
        };
        if let Some(object) = place {
            pile.push(Evidence { object, ..evidence });
        }
    }

    fn role(&self, file: u32) -> Option<SourceRole> {
        self.roles.get(file as usize).copied()
    }

    /// Keeps a message, at most [`DIAGNOSTICS_PER_CODE`] of a code for each source.
    fn say(&mut self, place: Place, line: u32, code: Code, message: String) {
        let file = place.file;
        let kind = [&file.to_le_bytes()[..], &[code as u8]].concat();
        let whole = || [&kind, &line.to_le_bytes()[..], message.as_bytes()].concat();
        if place.file != place.source && self.repeated.insert(whole(), 0).is_some() {
            return;
        }
        let said = self.said.entry(kind).or_default();
        *said += 1;
        if *said <= DIAGNOSTICS_PER_CODE {
            self.diagnostics.push(Diagnostic { file, line, code, message });
        }
    }

    /// Finds the objects that are meant, as `last`. Rows of one key follow one another: what was found is kept for the next one.
    fn find(&mut self, wanted: &Wanted<'_>) {
        let key = [wanted.schema, wanted.name, wanted.sub, wanted.args];
        self.listed();
        let last = &mut self.last;
        let same =
            last.of == Some((wanted.kind, wanted.scope)) && last.key.iter().zip(key).all(|(a, b)| text::is_same(a, b));
        if !same {
            last.of = Some((wanted.kind, wanted.scope));
            for (kept, text) in last.key.iter_mut().zip(key) {
                kept.clear();
                kept.extend_from_slice(text);
            }
            let Some((listed, _)) = &self.pile else { return };
            let mut cursor = match wanted.kind {
                ObjectKind::Column => Some(&mut last.cursors[1]),
                kind => (kind == ObjectKind::Relation || kind.is_relation()).then_some(&mut last.cursors[0]),
            };
            last.only = cursor.as_mut().and_then(|cursor| listed.near(cursor, wanted));
            last.found.clear();
            if let Some((id, _)) = last.only {
                last.found.push(id);
            } else {
                last.found = self.inventory.find(*wanted);
            }
            if let (None, [id]) = (last.only, &last.found[..]) {
                last.only = listed.place(*id).map(|place| (*id, place));
                if let Some((cursor, (id, place))) = cursor.zip(last.only) {
                    let object = self.inventory.object(id);
                    cursor.set(place, &object.schema, &object.name);
                }
            }
        }
    }

    /// Takes a piece of evidence of the objects that it means.
    fn evidence_of(
        &mut self,
        place: Place,
        row: &OwnedRecord,
        wanted: &Wanted<'_>,
        (by, spelled): (Use, Strength),
        found: &[ObjectId],
    ) {
        let strength = if let Use::Certain(strength) = by { strength } else { spelled };
        let aspect = row.aspect();
        if aspect == Aspect::NOT_EXISTS {
            self.contradicted(place, row, found);
            return;
        }
        let is_member = aspect == Aspect::MEMBER || aspect == Aspect::MEMBERS;
        let flags = row.flags();
        // a test that is expected to fail, or may not run, may name what is not there
        let is_certain =
            strength == Strength::Structure && aspect != Aspect::NAMED && !is_member && flags == Flags::NONE;
        if found.is_empty() && is_certain && self.is_stale(wanted) {
            let schema = row.schema.split(|b| *b == 0).next().unwrap_or_default().to_vec();
            self.stale.push(Stale {
                file: place.file,
                line: row.line,
                kind: wanted.kind,
                schema,
                name: row.name.clone(),
                sub: row.sub.clone(),
                args: row.args.clone(),
                via: row.via,
            });
        }
        if found.len() > 1 && arity_of(wanted.args).is_some() {
            let name = spell(wanted.name);
            let message = format!("{name}: {} overloads take this number of arguments; none is credited", found.len());
            self.say(place, row.line, Code::AmbiguousCall, message);
            return;
        }
        let told = Circumstance::decode(&row.detail);
        let runner = (!told.calls.is_empty()).then(|| self.helpers.runner(place.source, &told));
        let circumstance = match &runner {
            Some(runner) => Circumstance { role: &runner.role, persona: &runner.persona, ..told },
            None => told,
        };
        self.lint(place, row, aspect, found, &circumstance);
        let mut effects = Vec::new();
        if let [object] = found[..]
            && uses_rows(wanted.kind)
            && effects::changes(aspect)
        {
            let is_column = wanted.kind == ObjectKind::Column;
            let relation = if is_column { self.inventory.relation_of(object) } else { Some(object) };
            if let Some(relation) = relation {
                let column = is_column.then_some(wanted.sub);
                let is_immediate = self.reach.is_immediate(place.source);
                effects = effects::fired(&self.inventory, relation, column, aspect, &circumstance, is_immediate);
                if !is_column {
                    effects.extend(effects::violated(&self.inventory, relation, aspect, &circumstance));
                }
            }
        }
        if let [object] = found[..]
            && circumstance.outcome == Outcome::Fails
        {
            match wanted.kind {
                ObjectKind::Routine => effects.extend(effects::violated_within(&self.inventory, &circumstance)),
                ObjectKind::Type => effects.extend(effects::violated_domain(&self.inventory, object, &circumstance)),
                _ => {}
            }
        }
        if let Some(object) = found.first()
            && let Some(routine) = self.raised.by(&self.inventory, *object, &circumstance)
        {
            effects.push(Effect { object: routine, aspect: Aspect::RAISED, flags: Flags::NONE });
        }
        let named = found.iter().map(|object| Effect { object: *object, aspect, flags: Flags::NONE });
        let flags = flags | self.results.flags(place, row.line);
        for Effect { object, aspect, flags: more } in named.chain(effects) {
            let flags = flags | more;
            let (file, line, seq, via) = (place.file, row.line, row.seq, row.via);
            let evidence = Evidence { object, file, line, seq, via, aspect, strength, flags };
            match by {
                Use::Certain(_) => {
                    self.access.add(&self.inventory, evidence, &circumstance);
                    self.keep(evidence);
                }
                Use::Of(part) => self.reach.hold(part, evidence),
            }
        }
    }

    /// A test says that there is no such object.
    fn contradicted(&mut self, place: Place, row: &OwnedRecord, found: &[ObjectId]) {
        let is_ours = self.created_by_tests.contains_key(&row.name) || self.created_by_tests.contains_key(&row.sub);
        let Some(object) = found.first().map(|id| self.inventory.object(*id)) else { return };
        if !is_ours && row.flags() == Flags::NONE && object.exists() {
            let (kind, name) = (object.kind.as_str(), lints::qualified(object));
            let by = spell_via(row.via);
            let message = format!("{by} says that there is no {kind} {name}, which the schema defines");
            self.say(place, row.line, Code::Contradiction, message);
        }
    }

    /// What a test names may be made by a statement that only running can tell.
    fn unknown(&mut self, stale: &Stale) {
        let (kind, name) = (stale.kind.as_str(), lints::dotted([&stale.schema, &stale.name, &stale.sub]));
        let message = format!(
            "no source defines the {kind} {name}; SQL that is put together at run time may: --embedded or --db tell"
        );
        let place = Place { file: stale.file, source: stale.file };
        self.say(place, stale.line, Code::UnknownObject, message);
    }

    /// What passes without telling what it seems to.
    fn lint(&mut self, place: Place, row: &OwnedRecord, aspect: Aspect, found: &[ObjectId], told: &Circumstance<'_>) {
        if let Some(message) = lints::no_rows(&self.inventory, aspect, found, told) {
            self.say(place, row.line, Code::NoRows, message);
        }
        if aspect == Aspect::MEMBERS
            && let Some(message) = lints::any_schema(&self.inventory, row.via, found)
        {
            self.say(place, row.line, Code::AnySchema, message);
        }
    }

    /// Whether a name that is not found can be called stale: the inventory knows all of the schema, and no test made it.
    fn is_stale(&self, wanted: &Wanted<'_>) -> bool {
        if !wanted.kind.is_inventoried() {
            return false;
        }
        // has_relation accepts an index, too
        let index = Wanted { kind: ObjectKind::Index, name: b"", sub: wanted.name, ..*wanted };
        if wanted.kind == ObjectKind::Relation && !self.inventory.find(index).is_empty() {
            return false;
        }
        // pg_catalog is searched first
        let of_the_system = match wanted.kind {
            ObjectKind::Type => types::is_built_in(&types::normalize(wanted.name)),
            kind if kind.is_routine() => expression::is_built_in_function(wanted.name),
            _ => wanted.name.starts_with(b"pg_"),
        };
        let owned = match wanted.scope {
            Scope::Path if of_the_system => false,
            Scope::Named if wanted.kind == ObjectKind::Schema => false,
            Scope::Named => self.inventory.owns_schema(wanted.schema),
            Scope::Path => wanted.schema.split(|b| *b == 0).all(|schema| self.inventory.owns_schema(schema)),
            Scope::Any | Scope::User | Scope::IfSchema => false,
        };
        owned && self.inventory.knows(wanted) && !self.created_by_tests.contains_key(wanted.name)
    }
}

/// Rows are read or written of it, or of the relation that it is a column of.
fn uses_rows(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Relation | ObjectKind::Column)
}

impl Joined for Fold {
    fn sources(&mut self, sources: &[Source], includes: &[Place]) {
        self.roles = sources.iter().map(|source| source.entry.role).collect();
        self.text = self.roles.contains(&SourceRole::Inventory).then(Inventory::new);
        self.results = Results::new(sources);
        for (file, source) in sources.iter().enumerate() {
            // what it includes may call some
            let is_silent = |seal: &Seal| seal.assertions == 0 && seal.bytes > 0 && seal.included_bytes == 0;
            let is_silent = source.seal.as_ref().is_some_and(is_silent);
            if source.entry.role == SourceRole::Tests && source.entry.complete && is_silent {
                let message =
                    "no pgTAP assertion is called here: what the file tests by itself does not count".to_owned();
                self.diagnostics.push(Diagnostic { file: to_u32(file), line: 1, code: Code::NoAssertion, message });
            }
        }
        for place in includes {
            let is_schema = |file: u32| self.role(file) == Some(SourceRole::Schema);
            let counts = !self.superseded.contains(&place.source);
            if counts && place.file != place.source && is_schema(place.source) && is_schema(place.file) {
                self.superseded.insert(place.file);
            }
        }
    }

    fn expect(&mut self, evidence: usize) {
        self.expected = evidence;
    }

    fn definition(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error> {
        if self.superseded.contains(&place.source) {
            return Ok(());
        }
        if self.role(place.source) == Some(SourceRole::Tap) {
            let lines = NotPassed::decode(&row.detail).filter(|_| row.op().is_ok_and(|op| op == Op::NotPassed));
            let lines = lines.ok_or_else(|| Error::new(ErrorCode::Corrupt, "a result that is none"))?;
            if !self.results.add(lines) {
                let message = format!("a result of {}, which is not among the tests", spell(lines.file));
                self.say(place, row.line, Code::NotRead, message);
            }
            return Ok(());
        }
        if row.op()? == Op::Conduit && row.object_kind()? == ObjectKind::Routine {
            self.helpers.add(place.source, row);
        }
        if self.role(place.source) == Some(SourceRole::Tests) {
            if self.role(place.file) == Some(SourceRole::Schema) {
                // a part of the schema that the test installs
                return Ok(());
            }
            if note::split(&row.detail).is_some() && row.op()? == Op::Alter {
                return Ok(());
            }
            if !self.reach.definition(place.source, row, row.object_kind()?, row.op()?) {
                self.created_by_tests.insert(row.name.clone(), 1);
            }
            return Ok(());
        }
        let (kind, op) = (row.object_kind()?, row.op()?);
        if op == Op::Conduit {
            return Ok(());
        }
        let name = || match row.sub.is_empty() {
            true => spell(&row.name),
            false => format!("{} on {}", spell(&row.sub), spell(&row.name)),
        };
        if self.role(place.source) == Some(SourceRole::Schema)
            && let Some(text) = &mut self.text
        {
            text.replay(place, row, kind, op);
            return Ok(());
        }
        match self.inventory.replay(place, row, kind, op) {
            Replayed::Done => {}
            Replayed::Duplicate if matches!(op, Op::Rename | Op::Move) => {
                let message = format!("{} {}: its new name is taken; it keeps this one", kind.as_str(), name());
                self.say(place, row.line, Code::Duplicate, message);
            }
            Replayed::Duplicate => {
                let message = format!("{} {} exists already; the first definition counts", kind.as_str(), name());
                self.say(place, row.line, Code::Duplicate, message);
            }
            Replayed::Unsure => {
                let message = format!("{} {}: what this drops or adds beside it is not known", kind.as_str(), name());
                self.say(place, row.line, Code::NotRead, message);
            }
            Replayed::Unknown => {}
        }
        Ok(())
    }

    fn evidence(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error> {
        let wanted = Wanted {
            kind: row.object_kind()?,
            scope: row.object_scope()?,
            schema: &row.schema,
            name: &row.name,
            sub: &row.sub,
            args: &row.args,
        };
        let spelled = row.strength()?;
        let by = self.reach.of(place.source, row.seq, spelled);
        let uses = spelled != Strength::Structure && matches!(wanted.kind, ObjectKind::Relation | ObjectKind::Routine);
        if uses && self.reach.uses(place.source, row.seq, &wanted, row.via, by) {
            return Ok(());
        }
        let of_rows = spelled != Strength::Structure && wanted.kind == ObjectKind::Column;
        if of_rows && self.reach.hides(place.source, row.seq, &wanted) {
            return Ok(());
        }
        self.find(&wanted);
        let found = std::mem::take(&mut self.last.found);
        self.evidence_of(place, row, &wanted, (by, spelled), &found);
        self.last.found = found;
        Ok(())
    }

    fn diagnostic(&mut self, place: Place, row: &OwnedRecord) -> Result<(), Error> {
        if self.superseded.contains(&place.source) {
            return Ok(());
        }
        let code = row.code()?;
        if self.text.is_some() && self.role(place.source) == Some(SourceRole::Schema) {
            // the server knows better
            return Ok(());
        }
        let detail = spell(&row.detail);
        let message = match code {
            Code::Ambiguous => {
                format!("{detail}: several overloads fit, PostgreSQL rejects the call (42725); add casts")
            }
            Code::Undefined => {
                format!("{detail}: no overload takes these arguments, PostgreSQL rejects the call (42883)")
            }
            Code::Mismatch => {
                format!(
                    "{detail}: PostgreSQL rejects the arguments: the types of untyped literals are open (42804), or a \
                     literal does not fit its type (22P02)"
                )
            }
            Code::Dynamic => format!("{detail}: only running it can tell what it names"),
            Code::OverLimit if detail.is_empty() => {
                "longer than the statement limit: raise limits.statementBytes".to_owned()
            }
            Code::OverLimit => format!("{detail}: its statement is over the limit: raise limits.statementBytes"),
            Code::NestedTooDeep => format!("nested deeper than {NESTING}: what stands inside is not read"),
            Code::Include => format!("\\{detail}: there is no such file to read, so that what it holds is missing"),
            Code::Unterminated => {
                "the file ends inside of the literal, comment or COPY data that begins here".to_owned()
            }
            Code::Broken if detail == "(" => "the parenthesis is not closed before the statement ends".to_owned(),
            Code::Broken => format!("{detail}: no statement of PostgreSQL begins like this; it is passed over"),
            Code::NotRead => format!("{detail}: not read yet, so that the inventory lacks what it makes"),
            Code::DynamicDefinition => {
                // \gexec has no beginning
                self.unsure.add(row.detail.strip_prefix(EXECUTE).unwrap_or(MORE));
                format!("{detail}: only running it can tell what it defines")
            }
            Code::DescriptionLooksLikeName => {
                let mut parts = row.detail.split(|b| *b == 0);
                let mut next = || parts.next().unwrap_or_default();
                let (object, description, function) = (next(), next(), next());
                if !self.inventory.owns_schema(object) {
                    return Ok(());
                }
                let (object, description, function) = (spell(object), spell(description), spell(function));
                format!(
                    "{function}('{object}', '{description}') tests an object called {object}; '{description}' is the \
                     description. For schema {object} write {function}('{object}', '{description}', 'description')"
                )
            }
            Code::UnknownFunction => {
                let wanted = Wanted {
                    kind: ObjectKind::Routine,
                    scope: Scope::Any,
                    schema: b"",
                    name: &row.detail,
                    sub: b"",
                    args: ANY_ARGS,
                };
                if self.created_by_tests.contains_key(&row.detail) || !self.inventory.find(wanted).is_empty() {
                    return Ok(());
                }
                match pgtap::nearest(&row.detail) {
                    Some(name) => format!("{detail}: pgTAP has no such function; did you mean {name}?"),
                    None => format!("{detail}: neither pgTAP nor the sources have such a function"),
                }
            }
            Code::AnyError => {
                "throws_ok without an SQLSTATE or a message passes on every error, a misspelt name included".to_owned()
            }
            Code::DescriptionOutside => {
                let (function, text) = detail.split_once('\0').unwrap_or((&detail, ""));
                format!(
                    "'{text}' is a column of its own, not the description of {function}: move it into the parentheses"
                )
            }
            Code::Template => "this is a template, not SQL: scan what it is rendered to".to_owned(),
            Code::Plan => {
                let (plan, found) = detail.split_once('\0').unwrap_or((&detail, ""));
                format!("the plan is {plan}, but {found} assertions run")
            }
            Code::Catalog => {
                format!(
                    "{detail}: which objects this query of the catalogue is about is not read; pgTAP's assertions name them"
                )
            }
            Code::Contradiction
            | Code::UnknownObject
            | Code::Duplicate
            | Code::AmbiguousCall
            | Code::NoRows
            | Code::AnySchema
            | Code::NoPolicy
            | Code::RoleNotAssumed
            | Code::NoAssertion
            | Code::NeverDenied => detail,
        };
        self.say(place, row.line, code, message);
        Ok(())
    }
}

/// How an overload is spelled in a report.
pub fn spell_via(via: u16) -> String {
    match via {
        VIA_STATEMENT => "statement".to_owned(),
        VIA_RULE => "rule".to_owned(),
        via => overload(via).map_or_else(|| "unknown".to_owned(), crate::pgtap::Overload::signature),
    }
}
