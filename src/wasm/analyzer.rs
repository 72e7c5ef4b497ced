//! `AnalyzerMachine`: [`Analyzer`] for JavaScript.

use super::number;
use super::plain::Plain;
use super::values::{Input, entry, role, thrown};
use crate::analyzer::{Analyzer, Step};
use crate::error::{Code, Error};
use crate::limits::{self, Limits, to_u32};
use crate::scan::Settings;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Reads sources into segments. Every call is synchronous; JavaScript drives it.
#[wasm_bindgen]
pub struct AnalyzerMachine(Analyzer);

#[wasm_bindgen]
impl AnalyzerMachine {
    /// `{ run, arenaBytes?, statementBytes?, searchPath?, pgtapSchemas?, rules?, includes? }`; `run` is 32 hexadecimal digits.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<AnalyzerMachine, JsValue> {
        let options = Input::new("the options object", options);
        let limits = Limits {
            arena_bytes: bytes("arenaBytes", &options, limits::DEFAULT_ARENA_BYTES)?,
            statement_bytes: bytes("statementBytes", &options, limits::DEFAULT_STATEMENT_BYTES)?,
        };
        let settings = Settings {
            limits,
            search_path: options.texts("searchPath")?,
            pgtap_schemas: options.texts("pgtapSchemas")?,
            rules: super::rules::read(&options)?,
            includes: options.flag("includes")?,
        };
        let run = run_id(&options.required("run")?)?;
        Analyzer::new(run, settings).map(AnalyzerMachine).map_err(|e| thrown(&e))
    }

    /// Starts a source.
    pub fn begin(&mut self, path: &str, role_word: &str) -> Result<(), JsValue> {
        self.0.begin(path.as_bytes(), role(role_word)?).map_err(|e| thrown(&e))
    }

    /// Reads a window: `{ consumed, step }`.
    pub fn push(&mut self, window: &[u8]) -> Result<JsValue, JsValue> {
        let progress = self.0.push(window).map_err(|e| thrown(&e))?;
        let mut out = Plain::object();
        out.number("consumed", progress.consumed as u64);
        out.text("step", word(progress.step));
        out.value()
    }

    /// Ends the source.
    pub fn end(&mut self) -> Result<String, JsValue> {
        self.0.end().map(|s| word(s).to_owned()).map_err(|e| thrown(&e))
    }

    /// Gives the source up.
    pub fn abandon(&mut self, reason: &str) -> Result<String, JsValue> {
        self.0.abandon(reason).map(|s| word(s).to_owned()).map_err(|e| thrown(&e))
    }

    /// The file that a step `include` asks for: `{ path, relative, from }`.
    pub fn wanted(&self) -> Result<JsValue, JsValue> {
        let Some(wanted) = self.0.wanted() else { return Ok(JsValue::UNDEFINED) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut out = Plain::object();
        out.texts(&[("path", &text(&wanted.path)), ("from", &text(&wanted.from))]);
        out.flag("relative", wanted.relative);
        out.value()
    }

    /// What is pushed now, up to `end`, is the file that is wanted.
    pub fn include(&mut self, path: &str) -> Result<(), JsValue> {
        self.0.include(path.as_bytes()).map_err(|e| thrown(&e))
    }

    /// The file that is wanted is not to be had.
    #[wasm_bindgen(js_name = refuseInclude)]
    pub fn refuse_include(&mut self) -> Result<String, JsValue> {
        self.0.refuse_include().map(|s| word(s).to_owned()).map_err(|e| thrown(&e))
    }

    /// Flushes the rest.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        self.0.finish().map(|s| word(s).to_owned()).map_err(|e| thrown(&e))
    }

    /// The segment that waits, `{ id, seq, records, bytes }`; `bytes` is a fresh copy.
    pub fn pending(&self) -> Result<JsValue, JsValue> {
        let Some(pending) = self.0.pending() else { return Ok(JsValue::UNDEFINED) };
        let segment = js_sys::Object::new();
        let set = |key: &str, value: &JsValue| js_sys::Reflect::set(&segment, &JsValue::from_str(key), value);
        set("id", &JsValue::from_str(&pending.id))?;
        set("seq", &JsValue::from_f64(number(pending.seq)))?;
        set("records", &JsValue::from_f64(number(pending.records as u64)))?;
        let length = pending.pieces.iter().map(Vec::len).sum();
        let (bytes, mut at) = (Uint8Array::new_with_length(to_u32(length)), 0);
        for piece in pending.pieces {
            let end = at + to_u32(piece.len());
            bytes.subarray(at, end).copy_from(piece);
            at = end;
        }
        set("bytes", &bytes)?;
        Ok(segment.into())
    }

    /// The segment was kept.
    pub fn ack(&mut self, seq: f64) -> Result<(), JsValue> {
        self.0.ack(super::length(seq)?).map_err(|e| thrown(&e))
    }

    /// The manifest's entry of the source sealed last.
    pub fn entry(&self) -> Result<JsValue, JsValue> {
        match self.0.entry() {
            Some(sealed) => entry(sealed),
            None => Err(thrown(&Error::new(Code::State, "no source was sealed yet"))),
        }
    }

    /// `{ bytes, records, segments, sources }`
    pub fn stats(&self) -> Result<JsValue, JsValue> {
        let stats = self.0.stats();
        let mut out = Plain::object();
        for (key, number) in [("bytes", stats.bytes), ("records", stats.records), ("segments", stats.segments)] {
            out.number(key, number);
        }
        out.numbers(&[("sources", stats.sources)]);
        out.value()
    }

    /// Size of the arena.
    #[wasm_bindgen(getter, js_name = arenaBytes)]
    pub fn arena_bytes(&self) -> f64 {
        number(self.0.arena().0 as u64)
    }

    /// Bytes of the arena in use.
    #[wasm_bindgen(getter, js_name = usedBytes)]
    pub fn used_bytes(&self) -> f64 {
        number(self.0.arena().1 as u64)
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::NeedInput => "need-input",
        Step::SegmentReady => "segment-ready",
        Step::Include => "include",
        Step::Done => "done",
    }
}

fn bytes(name: &str, options: &Input, default: usize) -> Result<usize, JsValue> {
    let Some(given) = options.number(name)? else { return Ok(default) };
    super::length(given).ok().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
        thrown(&Error::new(Code::Config, format!("limits.{name} is no whole number; give a number of bytes")))
    })
}

fn run_id(text: &str) -> Result<[u8; 16], JsValue> {
    let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let mut run = [0; 16];
    for (n, byte) in run.iter_mut().enumerate() {
        *byte = text.get(n * 2..n * 2 + 2).and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or_default();
    }
    if digits {
        return Ok(run);
    }
    Err(thrown(&Error::new(Code::Config, format!("run is '{text}'; give 32 hexadecimal digits"))))
}
