//! The boundary to JavaScript: the machines as classes, values as plain objects, errors as `{ code, message, … }`.
//!
//! Nothing here calls host code: JavaScript drives the machines, so no Rust borrow is held while a callback runs.

mod analyzer;
mod lister;
mod merge;
mod plain;
mod reader;
mod rules;
mod values;

pub use analyzer::AnalyzerMachine;
pub use lister::ListerMachine;
pub use merge::MergeMachine;
pub use reader::ReaderMachine;

use wasm_bindgen::prelude::*;

/// The version of the crate, which is the package's.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Lengths and offsets as JavaScript's numbers, exact up to 2^53.
#[allow(clippy::cast_precision_loss)] // files are smaller than 2^53 bytes
fn number(value: u64) -> f64 {
    value as f64
}

/// A length that JavaScript gives.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked
fn length(value: f64) -> Result<u64, JsValue> {
    if value >= 0.0 && value.fract() == 0.0 && value <= 9_007_199_254_740_991.0 {
        return Ok(value as u64);
    }
    Err(values::thrown(&crate::error::Error::new(crate::error::Code::Config, "a length is a whole number")))
}
