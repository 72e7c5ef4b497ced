//! What calls of helper functions stand for: who runs the statements after them, what they assert, what they write.

use super::fact::{Aspect, ObjectKind};
use crate::error::{Code, Error};
use crate::limits::{NAME_BYTES, RULE_BYTES, RULES};
use regex::bytes::{Regex, RegexBuilder};
use std::sync::Arc;

/// A text of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// As it is written.
    Text(String),
    /// The argument of the call at this place, from 1.
    Argument(usize),
}

/// What a call asserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserts {
    /// Kind of the object; none: the call is an assertion, and of no object by name.
    pub kind: Option<ObjectKind>,
    /// Its schema.
    pub schema: Option<Value>,
    /// Its name.
    pub name: Option<Value>,
    /// Sub-object.
    pub sub: Option<Value>,
    /// What of it.
    pub aspect: Aspect,
}

/// A rule for calls.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Whole names of functions, with the schema where a call has one.
    pattern: Option<Regex>,
    names: &'static [&'static str],
    /// The role that runs the statements after the call.
    pub role: Option<Value>,
    /// Who it stands for.
    pub persona: Option<Value>,
    /// What the call asserts.
    pub asserts: Option<Asserts>,
    /// What it does to relations: read, insert, update or delete, schema, name.
    pub effects: Vec<(Aspect, String, String)>,
}

/// The rules of a run: those of its user, then [`built_in`].
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Arc<[Rule]>,
    /// What tells them from other ones.
    pub fingerprint: Vec<u8>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { rules: built_in().into(), fingerprint: Vec::new() }
    }
}

impl Rule {
    /// A rule for the functions that `pattern` matches as a whole: `schema.name`, or `name` where a call has no schema.
    ///
    /// # Errors
    /// `CONFIG` that shows where the pattern is wrong.
    pub fn new(pattern: &str) -> Result<Rule, Error> {
        let build = |pattern: &str| {
            RegexBuilder::new(pattern).unicode(false).size_limit(RULE_BYTES).build().map_err(|error| {
                Error::new(Code::Config, format!("'{pattern}' is no regular expression for names: {error}"))
            })
        };
        build(pattern)?;
        let pattern = Some(build(&format!("^(?:{pattern})$"))?);
        Ok(Rule { pattern, ..Rule::of(&[]) })
    }

    const fn of(names: &'static [&'static str]) -> Rule {
        Rule { pattern: None, names, role: None, persona: None, asserts: None, effects: Vec::new() }
    }

    fn is_for(&self, schema: Option<&[u8]>, name: &[u8]) -> bool {
        if let Some(pattern) = &self.pattern {
            return match schema {
                Some(schema) => pattern.is_match(&[schema, name].join(&b'.')),
                None => pattern.is_match(name),
            };
        }
        self.names.iter().any(|own| own.as_bytes() == name)
    }

    /// It says who runs the statements after it.
    pub fn assumes(&self) -> bool {
        self.role.is_some() || self.persona.is_some()
    }
}

impl Rules {
    /// These rules before the built-in ones; `fingerprint` tells them from others.
    ///
    /// # Errors
    /// `CONFIG` where there are too many.
    pub fn new(mut rules: Vec<Rule>, fingerprint: Vec<u8>) -> Result<Rules, Error> {
        if rules.len() > RULES {
            return Err(Error::new(Code::Config, format!("{} rules; give at most {RULES}", rules.len())));
        }
        rules.extend(built_in());
        Ok(Rules { rules: rules.into(), fingerprint })
    }

    /// The first rule for calls of this name.
    pub fn find(&self, schema: Option<&[u8]>, name: &[u8]) -> Option<&Rule> {
        let fits = name.len() <= NAME_BYTES && schema.is_none_or(|schema| schema.len() <= NAME_BYTES);
        if fits { self.rules.iter().find(|rule| rule.is_for(schema, name)) } else { None }
    }
}

/// The Supabase test helpers, which basejump keeps.
fn built_in() -> Vec<Rule> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let nobody = || text("");
    vec![
        Rule {
            role: text("authenticated"),
            persona: Some(Value::Argument(1)),
            ..Rule::of(&["authenticate_as", "authenticate_as_user"])
        },
        Rule { role: text("service_role"), persona: nobody(), ..Rule::of(&["authenticate_as_service_role"]) },
        Rule { role: text("anon"), persona: nobody(), ..Rule::of(&["clear_authentication"]) },
        Rule {
            effects: vec![(Aspect::INSERT, "auth".to_owned(), "users".to_owned())],
            ..Rule::of(&["create_supabase_user"])
        },
        Rule {
            asserts: Some(Asserts {
                kind: Some(ObjectKind::Relation),
                schema: Some(Value::Argument(1)),
                name: Some(Value::Argument(2)),
                sub: None,
                aspect: Aspect::SECURED,
            }),
            ..Rule::of(&["rls_enabled"])
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_for_whole_names_and_comes_before_the_built_in_ones() {
        let rule = |pattern: &str| Rule { role: Some(Value::Text(pattern.to_owned())), ..Rule::new(pattern).unwrap() };
        let rules = Rules::new(vec![rule("tests\\.login_\\w+"), rule("authenticate_as")], Vec::new()).unwrap();
        let role = |schema: Option<&str>, name: &str| {
            let rule = rules.find(schema.map(str::as_bytes), name.as_bytes())?;
            rule.role.clone()
        };
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        assert_eq!(role(Some("tests"), "login_as"), text("tests\\.login_\\w+"));
        assert_eq!(role(None, "login_as"), None);
        assert_eq!(role(Some("tests"), "login_"), None);
        assert_eq!(role(None, "authenticate_as"), text("authenticate_as"));
        assert_eq!(role(Some("tests"), "authenticate_as"), text("authenticated"));
        assert_eq!(role(Some("tests"), "clear_authentication"), text("anon"));
        assert_eq!(role(None, "other"), None);
    }

    #[test]
    fn a_pattern_that_is_wrong_or_too_large_is_shown() {
        for (pattern, says) in [("a(", "unclosed group"), ("(?:a{1000}){1000}", "size limit")] {
            let error = Rule::new(pattern).unwrap_err();
            assert_eq!(error.code, Code::Config);
            assert!(error.message.contains(says) && error.message.contains(pattern), "{}", error.message);
        }
    }
}
