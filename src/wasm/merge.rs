//! `MergeMachine`: [`Build`] for JavaScript.

use super::length;
use super::plain::Plain;
use super::values::{manifest, summary, thrown};
use crate::database::build::{Build, BuildStep};
use crate::error::{Code, Error};
use crate::limits::to_u32;
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

/// Makes a coverage database of segments and a manifest.
#[wasm_bindgen]
pub struct MergeMachine(Build);

#[wasm_bindgen]
impl MergeMachine {
    /// A merge of what the manifest lists; with `everything`, objects that do not count are listed, too. With `holding`,
    /// so many pieces of evidence are held at once.
    #[wasm_bindgen(constructor)]
    pub fn new(listed: JsValue, everything: Option<bool>, holding: Option<u32>) -> Result<MergeMachine, JsValue> {
        let entries = manifest(listed)?;
        let build = if everything == Some(true) { Build::inventory(entries) } else { Build::new(entries) };
        let build = build.map_err(|e| thrown(&e))?;
        Ok(MergeMachine(match holding {
            Some(evidence) => build.holding(evidence as usize),
            None => build,
        }))
    }

    /// Adds a segment; returns its number.
    #[wasm_bindgen(js_name = addSegment)]
    pub fn add_segment(&mut self, id: &str, bytes: f64) -> Result<usize, JsValue> {
        self.0.add_segment(id, length(bytes)?).map_err(|e| thrown(&e))
    }

    /// `{ step: 'read', segment, offset, length }`, `{ step: 'keep', run, bytes }`, `{ step: 'read-run', run, offset,
    /// length }`, `{ step: 'write', bytes }` or `{ step: 'done', summary }`
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        match self.0.next_step().map_err(|e| thrown(&e))? {
            BuildStep::Read(request) => {
                read_step("read", Some(("segment", to_u32(request.segment))), request.offset, request.length)
            }
            BuildStep::Keep(run) => {
                let out = step("keep", "bytes", &Uint8Array::from(run.bytes.as_slice()))?;
                Reflect::set(&out, &JsValue::from_str("run"), &JsValue::from(run.number))?;
                Ok(out)
            }
            BuildStep::ReadRun(range) => read_step("read-run", Some(("run", range.run)), range.offset, range.length),
            BuildStep::Write(bytes) => step("write", "bytes", &Uint8Array::from(bytes.as_slice())),
            BuildStep::Done => match self.0.summary() {
                Some(figures) => step("done", "summary", &summary(figures)?),
                None => Err(thrown(&Error::new(Code::Internal, "a merge without figures"))),
            },
        }
    }

    /// Answers the last `read` or `read-run`.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.supply(bytes).map_err(|e| thrown(&e))
    }
}

/// `{ step, [key]: value }`
pub(super) fn step(step: &str, key: &str, value: &JsValue) -> Result<JsValue, JsValue> {
    let out = Object::new();
    Reflect::set(&out, &JsValue::from_str("step"), &JsValue::from_str(step))?;
    Reflect::set(&out, &JsValue::from_str(key), value)?;
    Ok(out.into())
}

/// `{ step, [of]?, offset, length }`
pub(super) fn read_step(
    step: &str,
    of: Option<(&'static str, u32)>,
    offset: u64,
    length: u32,
) -> Result<JsValue, JsValue> {
    let mut out = Plain::object();
    out.text("step", step);
    out.numbers(of.as_slice());
    out.number("offset", offset);
    out.numbers(&[("length", length)]);
    out.value()
}
