//! Rust's values as JavaScript's plain objects.

use crate::coverage::Count;
use crate::coverage::state::Risk;
use crate::database::Summary;
use crate::database::reader::{Answer, Row};
use crate::error::{Code, Error};
use crate::merge::ManifestEntry;
use crate::scan::SourceRole;
use crate::scan::fact::ObjectKind;
use js_sys::{Array, Reflect};
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// A value as a plain object; numbers are never bigints.
pub fn object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|e| thrown(&Error::new(Code::Internal, e.to_string())))
}

/// A plain object that the host gave. Its values are read one by one: derived readers are three times the code.
pub struct Input {
    what: String,
    value: JsValue,
}

impl Input {
    /// `what` is how messages call it.
    pub fn new(what: &str, value: JsValue) -> Input {
        Input { what: what.to_owned(), value }
    }

    /// The value of a key; nothing where it is missing, undefined or null.
    pub fn get(&self, key: &str) -> Result<Option<JsValue>, JsValue> {
        match Reflect::get(&self.value, &JsValue::from_str(key)) {
            Ok(value) => Ok(Some(value).filter(|v| !v.is_undefined() && !v.is_null())),
            Err(_) => Err(self.refused("it is no object")),
        }
    }

    fn read<T>(&self, key: &str, form: &str, read: fn(&JsValue) -> Option<T>) -> Result<Option<T>, JsValue> {
        let value = self.get(key)?;
        let refused = || self.refused(&format!("{key} is no {form}"));
        value.map(|value| read(&value).ok_or_else(refused)).transpose()
    }

    /// A text.
    pub fn text(&self, key: &str) -> Result<Option<String>, JsValue> {
        self.read(key, "text", JsValue::as_string)
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<Option<f64>, JsValue> {
        self.read(key, "number", JsValue::as_f64)
    }

    /// True or false; false where it is missing.
    pub fn flag(&self, key: &str) -> Result<bool, JsValue> {
        self.read(key, "boolean", JsValue::as_bool).map(Option::unwrap_or_default)
    }

    /// Texts; none where they are missing.
    pub fn texts(&self, key: &str) -> Result<Vec<String>, JsValue> {
        let all = |value: &JsValue| -> Option<Vec<String>> { list(value)?.iter().map(|v| v.as_string()).collect() };
        self.read(key, "list of texts", all).map(Option::unwrap_or_default)
    }

    /// A list; none where it is missing.
    pub fn list(&self, key: &str) -> Result<Option<Array>, JsValue> {
        self.read(key, "list", list)
    }

    /// A text that must be there.
    pub fn required(&self, key: &str) -> Result<String, JsValue> {
        self.text(key)?.ok_or_else(|| self.refused(&format!("{key} is missing")))
    }

    /// What is wrong with it, as an error `CONFIG`.
    pub fn refused(&self, why: &str) -> JsValue {
        thrown(&Error::new(Code::Config, format!("{} has another form than it should: {why}", self.what)))
    }
}

fn list(value: &JsValue) -> Option<Array> {
    Array::is_array(value).then(|| Array::from(value))
}

/// An error as JavaScript gets it thrown.
pub fn thrown(error: &Error) -> JsValue {
    let plain = Thrown {
        code: error.code.as_str(),
        message: &error.message,
        file: error.file.as_deref(),
        line: error.line,
        offset: error.offset,
    };
    let serializer = serde_wasm_bindgen::Serializer::json_compatible().serialize_missing_as_null(false);
    plain.serialize(&serializer).unwrap_or_else(|_| JsValue::from_str(error.code.as_str()))
}

#[derive(Serialize)]
struct Thrown<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

/// A manifest's entry.
#[derive(Serialize)]
pub struct Entry {
    path: String,
    role: String,
    bytes: u64,
    hash: String,
    complete: bool,
}

impl From<&ManifestEntry> for Entry {
    fn from(entry: &ManifestEntry) -> Self {
        Entry {
            path: entry.path.clone(),
            role: entry.role.as_str().to_owned(),
            bytes: entry.bytes,
            hash: entry.hash.clone(),
            complete: entry.complete,
        }
    }
}

/// The entries of a manifest.
///
/// # Errors
/// `CONFIG` that says what does not fit, `VERSION` for a format that this version does not read.
pub fn manifest(value: JsValue) -> Result<Vec<ManifestEntry>, JsValue> {
    let manifest = Input::new("the manifest", value);
    let format = manifest.required("format")?;
    if format != "pgtap-cov-manifest/1" {
        let message = format!("the manifest's format is {format}; this version reads pgtap-cov-manifest/1");
        return Err(thrown(&Error::new(Code::Version, message)));
    }
    let sources = manifest.list("sources")?.ok_or_else(|| manifest.refused("sources is missing"))?;
    let entry = |value: JsValue| {
        let entry = Input::new("an entry of the manifest", value);
        let bytes = entry.number("bytes")?.ok_or_else(|| entry.refused("bytes is missing"))?;
        Ok(ManifestEntry {
            path: entry.required("path")?,
            role: role(&entry.required("role")?)?,
            bytes: super::length(bytes)?,
            hash: entry.required("hash")?,
            complete: entry.flag("complete")?,
        })
    };
    sources.iter().map(entry).collect()
}

/// The role that is spelled so.
pub fn role(word: &str) -> Result<SourceRole, JsValue> {
    SourceRole::from_word(word).ok_or_else(|| {
        thrown(&Error::new(Code::Config, format!("the role is '{word}'; give 'schema', 'tests' or 'inventory'")))
    })
}

#[derive(Serialize)]
struct CountOut {
    objects: u32,
    covered: u32,
    exercised: u32,
    asserted: u32,
    declared: u32,
    gap: u32,
    percent: Option<f64>,
}

impl From<&Count> for CountOut {
    fn from(count: &Count) -> Self {
        // tenths of a percent, rounded down: 99.96 % is not 100 %
        let tenths = (u64::from(count.covered()) * 1000).checked_div(u64::from(count.objects));
        CountOut {
            objects: count.objects,
            covered: count.covered(),
            exercised: count.exercised,
            asserted: count.asserted,
            declared: count.declared,
            gap: count.gap,
            percent: tenths.map(|t| super::number(t) / 10.0),
        }
    }
}

#[derive(Serialize)]
struct SummaryOut<'a> {
    complete: bool,
    problems: &'a [String],
    totals: CountOut,
    kinds: Kinds<'a>,
    files: u32,
    evidence: u32,
    stale: u32,
    matrix: u32,
    diagnostics: Severities,
    bytes: u64,
    assertions: u64,
    unresolved: u64,
}

/// By the kind's word.
struct Kinds<'a>(&'a [(ObjectKind, Count)]);

impl Serialize for Kinds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(kind, count)| (kind.as_str(), CountOut::from(count))))
    }
}

#[derive(Serialize)]
struct Severities {
    error: u32,
    warning: u32,
    info: u32,
}

/// The figures.
pub fn summary(s: &Summary) -> Result<JsValue, JsValue> {
    object(&SummaryOut {
        complete: s.complete,
        problems: &s.problems,
        totals: (&s.totals).into(),
        kinds: Kinds(&s.kinds),
        files: s.files,
        evidence: s.evidence,
        stale: s.stale,
        matrix: s.matrix,
        diagnostics: Severities { error: s.diagnostics[0], warning: s.diagnostics[1], info: s.diagnostics[2] },
        bytes: s.bytes,
        assertions: s.assertions,
        unresolved: s.unresolved,
    })
}

#[derive(Serialize)]
struct PageOut<'a> {
    rows: Vec<RowOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct PlaceOut<'a> {
    file: &'a str,
    line: u32,
}

#[derive(Serialize)]
#[serde(untagged)]
enum RowOut<'a> {
    Object {
        kind: &'a str,
        schema: &'a str,
        name: &'a str,
        sub: &'a str,
        args: &'a str,
        defined: PlaceOut<'a>,
        state: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        risk: Option<&'a str>,
        structure: u32,
        behavior: u32,
        act: u32,
        fixture: u32,
        places: u32,
        aspects: &'a [&'static str],
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    Evidence {
        file: &'a str,
        line: u32,
        via: &'a str,
        aspect: &'a str,
        strength: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        flags: Vec<&'static str>,
    },
    File {
        path: &'a str,
        role: &'a str,
        bytes: u64,
        hash: &'a str,
        complete: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<u32>,
        assertions: u32,
        unresolved: u32,
    },
    Diagnostic {
        code: &'a str,
        severity: &'a str,
        file: &'a str,
        line: u32,
        message: &'a str,
    },
    Stale {
        kind: &'a str,
        schema: &'a str,
        name: &'a str,
        sub: &'a str,
        args: &'a str,
        file: &'a str,
        line: u32,
        via: &'a str,
    },
    Cell {
        kind: &'a str,
        schema: &'a str,
        name: &'a str,
        sub: &'a str,
        args: &'a str,
        command: &'a str,
        role: &'a str,
        persona: &'a str,
        outcome: &'a str,
        causes: Vec<&'static str>,
        count: u32,
        places: Vec<PlaceOut<'a>>,
    },
}

fn row(row: &Row) -> RowOut<'_> {
    match row {
        Row::Object(o) => RowOut::Object {
            kind: o.key.kind.as_str(),
            schema: &o.key.schema,
            name: &o.key.name,
            sub: &o.key.sub,
            args: &o.key.args,
            defined: PlaceOut { file: &o.file, line: o.line },
            state: o.state.as_str(),
            risk: o.risk.map(Risk::as_str),
            structure: o.counts[0],
            behavior: o.counts[1],
            act: o.counts[2],
            fixture: o.counts[3],
            places: o.places(),
            aspects: &o.aspects,
            reason: Some(o.reason.as_str()).filter(|reason| !reason.is_empty()),
        },
        Row::Evidence(e) => RowOut::Evidence {
            file: &e.file,
            line: e.line,
            via: &e.via,
            aspect: e.aspect,
            strength: e.strength.as_str(),
            flags: e.flags.words(),
        },
        Row::File(f) => RowOut::File {
            path: &f.path,
            role: f.role.as_str(),
            bytes: f.bytes,
            hash: &f.hash,
            complete: f.complete,
            plan: f.plan,
            assertions: f.assertions,
            unresolved: f.unresolved,
        },
        Row::Diagnostic(d) => RowOut::Diagnostic {
            code: d.code.as_str(),
            severity: d.code.severity(),
            file: &d.file,
            line: d.line,
            message: &d.message,
        },
        Row::Stale(s) => RowOut::Stale {
            kind: s.key.kind.as_str(),
            schema: &s.key.schema,
            name: &s.key.name,
            sub: &s.key.sub,
            args: &s.key.args,
            file: &s.file,
            line: s.line,
            via: &s.via,
        },
        Row::Cell(c) => RowOut::Cell {
            kind: c.key.kind.as_str(),
            schema: &c.key.schema,
            name: &c.key.name,
            sub: &c.key.sub,
            args: &c.key.args,
            command: c.command,
            role: &c.role,
            persona: &c.persona,
            outcome: c.verdict.as_str(),
            causes: c.causes(),
            count: c.count,
            places: c.places.iter().map(|(file, line)| PlaceOut { file, line: *line }).collect(),
        },
    }
}

/// The answer to a query.
pub fn answer(answer: &Answer) -> Result<JsValue, JsValue> {
    match answer {
        Answer::Summary(s) => summary(s),
        Answer::Rows(rows, next) => {
            object(&PageOut { rows: rows.iter().map(row).collect(), next: next.map(|n| n.to_string()) })
        }
    }
}
