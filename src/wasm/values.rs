//! Rust's values as JavaScript's plain objects.

use super::plain::Plain;
use crate::coverage::Count;
use crate::database::Summary;
use crate::database::reader::{Answer, ObjectKey, Row};
use crate::error::{Code, Error};
use crate::merge::ManifestEntry;
use crate::scan::SourceRole;
use js_sys::{Array, Reflect};
use wasm_bindgen::JsValue;

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
    let mut plain = Plain::object();
    plain.texts(&[("code", error.code.as_str()), ("message", &error.message)]);
    if let Some(file) = &error.file {
        plain.text("file", file);
    }
    if let Some(line) = error.line {
        plain.number("line", u64::from(line));
    }
    if let Some(offset) = error.offset {
        plain.number("offset", offset);
    }
    plain.value().unwrap_or_else(|_| JsValue::from_str(error.code.as_str()))
}

/// A manifest's entry.
pub fn entry(entry: &ManifestEntry) -> Result<JsValue, JsValue> {
    let mut out = Plain::object();
    out.texts(&[("path", &entry.path), ("role", entry.role.as_str())]);
    out.number("bytes", entry.bytes);
    out.text("hash", &entry.hash);
    out.flag("complete", entry.complete);
    out.value()
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

fn put_count(out: &mut Plain, key: &'static str, count: &Count) {
    out.open(key);
    out.numbers(&[("objects", count.objects), ("covered", count.covered())]);
    out.numbers(&[("exercised", count.exercised), ("asserted", count.asserted)]);
    out.numbers(&[("declared", count.declared), ("gap", count.gap)]);
    // tenths of a percent, rounded down: 99.96 % is not 100 %
    let tenths = (u64::from(count.covered()) * 1000).checked_div(u64::from(count.objects));
    out.fraction("percent", tenths.map(|t| super::number(t) / 10.0));
    out.close();
}

/// The figures.
pub fn summary(s: &Summary) -> Result<JsValue, JsValue> {
    let mut out = Plain::object();
    out.flag("complete", s.complete);
    out.words("problems", &s.problems);
    put_count(&mut out, "totals", &s.totals);
    out.open("kinds");
    for (kind, count) in &s.kinds {
        put_count(&mut out, kind.as_str(), count);
    }
    out.close();
    out.numbers(&[("files", s.files), ("evidence", s.evidence), ("stale", s.stale), ("matrix", s.matrix)]);
    let [error, warning, info] = s.diagnostics;
    out.open("diagnostics");
    out.numbers(&[("error", error), ("warning", warning), ("info", info)]);
    out.close();
    for (key, number) in [("bytes", s.bytes), ("assertions", s.assertions), ("unresolved", s.unresolved)] {
        out.number(key, number);
    }
    out.value()
}

fn put_key(out: &mut Plain, key: &ObjectKey) {
    out.texts(&[("kind", key.kind.as_str()), ("schema", &key.schema), ("name", &key.name)]);
    out.texts(&[("sub", &key.sub), ("args", &key.args)]);
}

fn put_place(out: &mut Plain, file: &str, line: u32) {
    out.text("file", file);
    out.number("line", u64::from(line));
}

fn put_row(out: &mut Plain, row: &Row) {
    match row {
        Row::Object(o) => {
            put_key(out, &o.key);
            out.open("defined");
            put_place(out, &o.file, o.line);
            out.close();
            out.text("state", o.state.as_str());
            if let Some(risk) = o.risk {
                out.text("risk", risk.as_str());
            }
            let [structure, behavior, act, fixture] = o.counts;
            out.numbers(&[("structure", structure), ("behavior", behavior), ("act", act), ("fixture", fixture)]);
            out.numbers(&[("places", o.places())]);
            out.words("aspects", &o.aspects);
            if !o.reason.is_empty() {
                out.text("reason", &o.reason);
            }
        }
        Row::Evidence(e) => {
            put_place(out, &e.file, e.line);
            out.texts(&[("via", &e.via), ("aspect", e.aspect), ("strength", e.strength.as_str())]);
            let flags = e.flags.words();
            if !flags.is_empty() {
                out.words("flags", &flags);
            }
            if let Some(object) = &e.object {
                out.open("object");
                put_key(out, object);
                out.close();
            }
        }
        Row::File(f) => {
            out.texts(&[("path", &f.path), ("role", f.role.as_str())]);
            out.number("bytes", f.bytes);
            out.text("hash", &f.hash);
            out.flag("complete", f.complete);
            if let Some(plan) = f.plan {
                out.numbers(&[("plan", plan)]);
            }
            out.numbers(&[("assertions", f.assertions), ("unresolved", f.unresolved)]);
        }
        Row::Diagnostic(d) => {
            out.texts(&[("code", d.code.as_str()), ("severity", d.code.severity())]);
            put_place(out, &d.file, d.line);
            out.text("message", &d.message);
        }
        Row::Stale(s) => {
            put_key(out, &s.key);
            put_place(out, &s.file, s.line);
            out.text("via", &s.via);
        }
        Row::Cell(c) => {
            put_key(out, &c.key);
            out.texts(&[("command", c.command), ("role", &c.role), ("persona", &c.persona)]);
            out.text("outcome", c.verdict.as_str());
            out.words("causes", &c.causes());
            out.numbers(&[("count", c.count)]);
            out.open_list("places");
            for (file, line) in &c.places {
                out.item();
                put_place(out, file, *line);
                out.close();
            }
            out.close();
        }
        Row::Tally(t) => {
            put_key(out, &t.key);
            let [exercised, asserted, declared, gap] = t.counts;
            out.numbers(&[("exercised", exercised), ("asserted", asserted), ("declared", declared), ("gap", gap)]);
        }
    }
}

/// The answer to a query.
pub fn answer(answer: &Answer) -> Result<JsValue, JsValue> {
    let (rows, next) = match answer {
        Answer::Summary(s) => return summary(s),
        Answer::Rows(rows, next) => (rows, next),
    };
    let mut out = Plain::object();
    out.open_list("rows");
    for row in rows {
        out.item();
        put_row(&mut out, row);
        out.close();
    }
    out.close();
    if let Some(next) = next {
        out.text("next", &next.to_string());
    }
    out.value()
}
