//! `ReaderMachine`: [`Reader`] for JavaScript.

use super::length;
use super::merge::{read_step, step};
use super::values::{Input, answer, thrown};
use crate::coverage::state::{Risk, State};
use crate::database::reader::{Filter, ObjectKey, Page, Query, ReadStep, Reader};
use crate::error::{Code, Error};
use crate::scan::fact::ObjectKind;
use wasm_bindgen::prelude::*;

/// Answers queries on a coverage database.
#[wasm_bindgen]
pub struct ReaderMachine(Reader);

#[wasm_bindgen]
impl ReaderMachine {
    /// A reader of a database of `size` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64) -> Result<ReaderMachine, JsValue> {
        Ok(ReaderMachine(Reader::new(length(size)?)))
    }

    /// Starts a query.
    pub fn query(&mut self, query: JsValue) -> Result<(), JsValue> {
        self.0.query(read(&Input::new("the query", query))?).map_err(|e| thrown(&e))
    }

    /// `{ step: 'read', offset, length }` or `{ step: 'done', result }`
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        match self.0.next_step().map_err(|e| thrown(&e))? {
            ReadStep::Read(offset, length) => read_step("read", None, offset, length),
            ReadStep::Answer(found) => step("done", "result", &answer(&found)?),
        }
    }

    /// Answers the last `read`.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.supply(bytes).map_err(|e| thrown(&e))
    }
}

fn read(query: &Input) -> Result<Query, JsValue> {
    let q = query.required("q")?;
    if q == "summary" {
        return Ok(Query::Summary);
    }
    let after = match query.text("after")? {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| unknown(&cursor, "cursor of a page"))?,
    };
    let limit = query.number("limit")?.and_then(|l| length(l).ok()).and_then(|l| u32::try_from(l).ok());
    let page = Page { after, limit: limit.unwrap_or(0) };
    Ok(match q.as_str() {
        "objects" => Query::Objects(filter(query)?, page),
        "tally" => Query::Tally(filter(query)?, page),
        "evidence" => {
            let key = query.get("key")?.ok_or_else(|| config("the query names no object".to_owned()))?;
            let key = Input::new("the key of the query", key);
            let text = |part: &str| key.required(part);
            let kind = kind(&text("kind")?)?;
            let key = ObjectKey {
                kind,
                schema: text("schema")?,
                name: text("name")?,
                sub: text("sub")?,
                args: text("args")?,
            };
            Query::Evidence { key, page }
        }
        "all-evidence" => Query::AllEvidence(page),
        "file-evidence" => Query::FileEvidence(query.required("path")?, page),
        "files" => Query::Files(page),
        "diagnostics" => Query::Diagnostics(page),
        "stale" => Query::Stale(page),
        "matrix" => Query::Matrix(page),
        other => return Err(unknown(other, "query")),
    })
}

fn filter(query: &Input) -> Result<Filter, JsValue> {
    Ok(Filter {
        kinds: query.texts("kind")?.iter().map(|k| kind(k)).collect::<Result<_, _>>()?,
        states: query.texts("state")?.iter().map(|s| state(s)).collect::<Result<_, _>>()?,
        risk: query.text("risk")?.map(|r| risk(&r)).transpose()?,
        schema: query.text("schema")?,
        matching: query.text("match")?,
    })
}

fn kind(word: &str) -> Result<ObjectKind, JsValue> {
    ObjectKind::from_word(word).ok_or_else(|| unknown(word, "kind of object"))
}

fn state(word: &str) -> Result<State, JsValue> {
    State::ALL.into_iter().find(|s| s.as_str() == word).ok_or_else(|| unknown(word, "state"))
}

fn risk(word: &str) -> Result<Risk, JsValue> {
    Risk::ALL.into_iter().find(|r| r.as_str() == word).ok_or_else(|| unknown(word, "risk"))
}

#[inline(never)]
fn unknown(word: &str, what: &str) -> JsValue {
    config(format!("'{word}' is no {what}"))
}

fn config(message: String) -> JsValue {
    thrown(&Error::new(Code::Config, message))
}
