//! `ListerMachine`: [`Lister`] for JavaScript.

use super::values::{Input, object, thrown};
use crate::listing::{Listed, Lister, Target};
use crate::scan::Settings;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[derive(Serialize)]
struct ListedOut {
    line: u32,
    function: String,
    signature: Option<String>,
    class: &'static str,
    target: Option<TargetOut>,
    alternatives: Vec<TargetOut>,
    aspect: &'static str,
    negated: bool,
    context: &'static str,
    problem: Option<&'static str>,
}

#[derive(Serialize)]
struct TargetOut {
    kind: &'static str,
    schema: Option<String>,
    name: Option<String>,
    sub: Option<String>,
    args: Option<Vec<String>>,
}

impl From<Target> for TargetOut {
    fn from(target: Target) -> Self {
        let Target { kind, schema, name, sub, args } = target;
        TargetOut { kind, schema, name, sub, args }
    }
}

impl From<Listed> for ListedOut {
    fn from(call: Listed) -> Self {
        ListedOut {
            line: call.line,
            function: call.function,
            signature: call.signature,
            class: call.class,
            target: call.target.map(TargetOut::from),
            alternatives: call.alternatives.into_iter().map(TargetOut::from).collect(),
            aspect: call.aspect,
            negated: call.negated,
            context: call.context,
            problem: call.problem,
        }
    }
}

/// Lists the calls of one source.
#[wasm_bindgen]
pub struct ListerMachine(Lister);

#[wasm_bindgen]
impl ListerMachine {
    /// `{ pgtapSchemas? }`
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<ListerMachine, JsValue> {
        let options = Input::new("the options object", options);
        let settings = Settings { pgtap_schemas: options.texts("pgtapSchemas")?, ..Settings::default() };
        Ok(ListerMachine(Lister::new(&settings)))
    }

    /// Reads a window: the calls that were found.
    pub fn push(&mut self, window: &[u8]) -> Result<JsValue, JsValue> {
        self.0.push(window).map_err(|e| thrown(&e))?;
        self.take()
    }

    /// Ends the source: the last calls.
    pub fn end(&mut self) -> Result<JsValue, JsValue> {
        self.0.end();
        self.take()
    }

    fn take(&mut self) -> Result<JsValue, JsValue> {
        let listed: Vec<ListedOut> = self.0.take().into_iter().map(ListedOut::from).collect();
        object(&listed)
    }
}
