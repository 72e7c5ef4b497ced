//! `MergeMachine`: [`Build`] for JavaScript.

use super::values::{manifest, object, summary, thrown};
use super::{length, number};
use crate::database::build::{Build, BuildStep};
use crate::error::{Code, Error};
use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[derive(Serialize)]
struct ReadOut {
    step: &'static str,
    segment: usize,
    offset: f64,
    length: u32,
}

/// Makes a coverage database of segments and a manifest.
#[wasm_bindgen]
pub struct MergeMachine(Build);

#[wasm_bindgen]
impl MergeMachine {
    /// A merge of what the manifest lists; with `everything`, objects that do not count are listed, too.
    #[wasm_bindgen(constructor)]
    pub fn new(listed: JsValue, everything: Option<bool>) -> Result<MergeMachine, JsValue> {
        let entries = manifest(listed)?;
        let build = if everything == Some(true) { Build::inventory(entries) } else { Build::new(entries) };
        build.map(MergeMachine).map_err(|e| thrown(&e))
    }

    /// Adds a segment; returns its number.
    #[wasm_bindgen(js_name = addSegment)]
    pub fn add_segment(&mut self, id: &str, bytes: f64) -> Result<usize, JsValue> {
        self.0.add_segment(id, length(bytes)?).map_err(|e| thrown(&e))
    }

    /// `{ step: 'read', segment, offset, length }`, `{ step: 'write', bytes }` or `{ step: 'done', summary }`
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        match self.0.next_step().map_err(|e| thrown(&e))? {
            BuildStep::Read(request) => object(&ReadOut {
                step: "read",
                segment: request.segment,
                offset: number(request.offset),
                length: request.length,
            }),
            BuildStep::Write(bytes) => step("write", "bytes", &Uint8Array::from(bytes.as_slice())),
            BuildStep::Done => match self.0.summary() {
                Some(figures) => step("done", "summary", &summary(figures)?),
                None => Err(thrown(&Error::new(Code::Internal, "a merge without figures"))),
            },
        }
    }

    /// Answers the last `read`.
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
