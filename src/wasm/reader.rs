//! `ReaderMachine`: [`Reader`] for JavaScript.

use super::merge::step;
use super::values::{answer, object, parse, thrown};
use super::{length, number};
use crate::coverage::state::State;
use crate::database::reader::{ObjectKey, Page, Query, ReadStep, Reader};
use crate::error::{Code, Error};
use crate::scan::fact::ObjectKind;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

#[derive(Deserialize)]
struct QueryIn {
    q: String,
    #[serde(default)]
    kind: Option<Vec<String>>,
    schema: Option<String>,
    #[serde(rename = "match")]
    matching: Option<String>,
    state: Option<Vec<String>>,
    key: Option<KeyIn>,
    after: Option<String>,
    limit: Option<f64>,
}

#[derive(Deserialize)]
struct KeyIn {
    kind: String,
    schema: String,
    name: String,
    sub: String,
    args: String,
}

#[derive(Serialize)]
struct ReadOut {
    step: &'static str,
    offset: f64,
    length: u32,
}

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
        let query = parse::<QueryIn>("the query", query)?.query().map_err(|e| thrown(&e))?;
        self.0.query(query).map_err(|e| thrown(&e))
    }

    /// `{ step: 'read', offset, length }` or `{ step: 'done', result }`
    pub fn next(&mut self) -> Result<JsValue, JsValue> {
        match self.0.next_step().map_err(|e| thrown(&e))? {
            ReadStep::Read(offset, length) => object(&ReadOut { step: "read", offset: number(offset), length }),
            ReadStep::Answer(found) => step("done", "result", &answer(&found)?),
        }
    }

    /// Answers the last `read`.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.supply(bytes).map_err(|e| thrown(&e))
    }
}

impl QueryIn {
    fn query(self) -> Result<Query, Error> {
        let page = || -> Result<Page, Error> {
            let limit = self.limit.and_then(|l| length(l).ok()).and_then(|l| u32::try_from(l).ok()).unwrap_or(0);
            let after = match &self.after {
                None => 0,
                Some(cursor) => cursor.parse().map_err(|_| config(format!("{cursor:?} is no cursor of a page")))?,
            };
            Ok(Page { after, limit })
        };
        Ok(match self.q.as_str() {
            "summary" => Query::Summary,
            "objects" => Query::Objects {
                page: page()?,
                kinds: self.kind.unwrap_or_default().iter().map(|k| kind(k)).collect::<Result<_, _>>()?,
                states: self.state.unwrap_or_default().iter().map(|s| state(s)).collect::<Result<_, _>>()?,
                schema: self.schema,
                matching: self.matching,
            },
            "evidence" => {
                let page = page()?;
                let key = self.key.ok_or_else(|| config("the query names no object".to_owned()))?;
                let kind = kind(&key.kind)?;
                let key = ObjectKey { kind, schema: key.schema, name: key.name, sub: key.sub, args: key.args };
                Query::Evidence { key, page }
            }
            "files" => Query::Files(page()?),
            "diagnostics" => Query::Diagnostics(page()?),
            "stale" => Query::Stale(page()?),
            "matrix" => Query::Matrix(page()?),
            other => return Err(config(format!("{other:?} is no query"))),
        })
    }
}

fn kind(word: &str) -> Result<ObjectKind, Error> {
    ObjectKind::from_word(word).ok_or_else(|| config(format!("{word:?} is no kind of object")))
}

fn state(word: &str) -> Result<State, Error> {
    let found = State::ALL.into_iter().find(|s| s.as_str() == word);
    found.ok_or_else(|| config(format!("{word:?} is no state")))
}

fn config(message: String) -> Error {
    Error::new(Code::Config, message)
}
