//! `ListerMachine`: [`Lister`] for JavaScript.

use super::plain::Plain;
use super::values::{Input, thrown};
use crate::listing::{Listed, Lister, Target};
use crate::scan::Settings;
use wasm_bindgen::prelude::*;

fn put_target(out: &mut Plain, target: &Target) {
    out.text("kind", target.kind);
    for (key, name) in [("schema", &target.schema), ("name", &target.name), ("sub", &target.sub)] {
        out.optional(key, name.as_deref());
    }
    match &target.args {
        Some(args) => out.words("args", args),
        None => out.optional("args", None),
    }
    out.close();
}

fn put_call(out: &mut Plain, call: &Listed) {
    out.numbers(&[("line", call.line)]);
    out.text("function", &call.function);
    out.optional("signature", call.signature.as_deref());
    out.text("class", call.class);
    match &call.target {
        Some(target) => {
            out.open("target");
            put_target(out, target);
        }
        None => out.optional("target", None),
    }
    out.open_list("alternatives");
    for target in &call.alternatives {
        out.item();
        put_target(out, target);
    }
    out.close();
    out.text("aspect", call.aspect);
    out.flag("negated", call.negated);
    out.text("context", call.context);
    out.optional("problem", call.problem);
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
        let mut out = Plain::list();
        for call in self.0.take() {
            out.item();
            put_call(&mut out, &call);
            out.close();
        }
        out.value()
    }
}
