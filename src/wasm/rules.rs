//! Rules for helper functions, as hosts give them.

use super::values::{Input, thrown};
use crate::error::{Code, Error};
use crate::scan::fact::{Aspect, ObjectKind};
use crate::scan::rules::{Asserts, Rule, Rules, Value};
use js_sys::JSON;
use wasm_bindgen::JsValue;

/// `rules` of the options: `{ name, role?, persona?, asserts?, effects? }[]`.
///
/// # Errors
/// `CONFIG` that names the rule and what is wrong with it.
pub fn read(options: &Input) -> Result<Rules, JsValue> {
    let Some(given) = options.list("rules")? else { return Ok(Rules::default()) };
    let mut rules = Vec::new();
    let mut fingerprint = Vec::new();
    for (at, value) in given.iter().enumerate() {
        let spelled = JSON::stringify(&value).ok().and_then(|text| text.as_string()).unwrap_or_default();
        fingerprint.extend_from_slice(spelled.as_bytes());
        fingerprint.push(0);
        rules.push(rule(&Input::new(&format!("rules[{at}]"), value))?);
    }
    Rules::new(rules, fingerprint).map_err(|e| thrown(&e))
}

fn rule(given: &Input) -> Result<Rule, JsValue> {
    let refuse = |error: Error| given.refused(&error.message);
    let mut rule = Rule::new(&given.required("name")?).map_err(refuse)?;
    rule.role = value(given, "role")?;
    rule.persona = value(given, "persona")?;
    rule.asserts = asserts(given)?;
    for effect in given.texts("effects")? {
        let read = || {
            let (command, relation) = effect.trim().split_once(char::is_whitespace)?;
            let (schema, name) = relation.trim().split_once('.')?;
            let writes = matches!(command, "read" | "insert" | "update" | "delete");
            Some((Aspect::from_word(command).filter(|_| writes)?, schema.to_owned(), name.to_owned()))
        };
        let form = "give read, insert, update or delete, and a relation with its schema";
        rule.effects.push(read().ok_or_else(|| given.refused(&format!("effects: '{effect}'; {form}")))?);
    }
    if !rule.assumes() && rule.asserts.is_none() && rule.effects.is_empty() {
        return Err(given.refused("it says nothing: give role, persona, asserts or effects"));
    }
    Ok(rule)
}

fn asserts(given: &Input) -> Result<Option<Asserts>, JsValue> {
    let Some(value_of) = given.get("asserts")? else { return Ok(None) };
    let nothing = Asserts { kind: None, schema: None, name: None, sub: None, aspect: Aspect::TESTED };
    match value_of.as_bool() {
        Some(true) => return Ok(Some(nothing)),
        Some(false) => return Ok(None),
        None => {}
    }
    let given = Input::new("asserts of a rule", value_of);
    let word = given.required("kind")?;
    let kind = ObjectKind::from_word(&word).ok_or_else(|| given.refused(&format!("'{word}' is no kind of object")))?;
    let aspect = match given.text("aspect")? {
        None => Aspect::TESTED,
        Some(word) => Aspect::from_word(&word).ok_or_else(|| given.refused(&format!("'{word}' is no aspect")))?,
    };
    let [schema, name, sub] = [value(&given, "schema")?, value(&given, "name")?, value(&given, "sub")?];
    Ok(Some(Asserts { kind: Some(kind), schema, name, sub, aspect }))
}

/// A text, or `{ argument: n }`.
fn value(given: &Input, key: &str) -> Result<Option<Value>, JsValue> {
    let Some(value) = given.get(key)? else { return Ok(None) };
    if let Some(text) = value.as_string() {
        return Ok(Some(Value::Text(text)));
    }
    let argument = Input::new(key, value).number("argument")?;
    let at = argument.and_then(|at| super::length(at).ok()).and_then(|at| usize::try_from(at).ok());
    match at {
        Some(at) if at > 0 => Ok(Some(Value::Argument(at))),
        _ => Err(thrown(&Error::new(
            Code::Config,
            format!("{key} of a rule is neither a text nor {{ argument: n }} with n from 1"),
        ))),
    }
}
