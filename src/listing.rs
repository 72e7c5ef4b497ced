//! Lists the pgTAP calls of a source, one by one, without records: what `pgtap-cov assertions` prints.

use crate::error::Error;
use crate::limits::NAME_BYTES;
use crate::pgtap::{Class, Overload, Role};
use crate::record::spell;
use crate::scan::expression::Typed;
use crate::scan::fact::{Called, Code, Fact, Facts, Full};
use crate::scan::{Scanner, Settings, SourceRole};
use crate::sql::types;

/// A call as it is listed. Names are spelled as text: invalid UTF-8 as `\xHH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// 1-based line.
    pub line: u32,
    /// Name of the function.
    pub function: String,
    /// The overload that PostgreSQL runs, as it prints it; none with a problem.
    pub signature: Option<String>,
    /// `structural`, `set_comparison`, `behavioural`, `test_control` or `other`.
    pub class: &'static str,
    /// The object that is tested; none for what tests no object, or none that the text tells.
    pub target: Option<Target>,
    /// What the target is instead, where the server decides at run time.
    pub alternatives: Vec<Target>,
    /// What is tested of it, or empty.
    pub aspect: &'static str,
    /// Asserts that something is not so.
    pub negated: bool,
    /// `script`, `routine`, `do` or `string`.
    pub context: &'static str,
    /// Why there is no signature: `ambiguous`, `undefined`, `mismatch`, `dynamic`, `limit`, or `unknown` for a name that
    /// looks like pgTAP's.
    pub problem: Option<&'static str>,
}

/// The object that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Kind, in kebab-case.
    pub kind: &'static str,
    /// Schema, where the call gives one.
    pub schema: Option<String>,
    /// Name; for sub-objects the relation's.
    pub name: Option<String>,
    /// Column, index, trigger, policy, rule, constraint.
    pub sub: Option<String>,
    /// Argument types of a routine.
    pub args: Option<Vec<String>>,
}

/// Lists the calls of one source. Memory: that of a scan, and the calls found since the last [`Lister::take`].
#[derive(Debug)]
pub struct Lister {
    scanner: Scanner,
    found: Collector,
    bytes: u64,
}

impl Lister {
    /// At the start of a source.
    pub fn new(settings: &Settings) -> Self {
        Lister { scanner: Scanner::new(SourceRole::Tests, settings), found: Collector(Vec::new()), bytes: 0 }
    }

    /// Reads on. Linear in the bytes.
    ///
    /// # Errors
    /// `INPUT` with line and offset for what is no text.
    pub fn push(&mut self, input: &[u8]) -> Result<(), Error> {
        self.scanner.check(input, self.bytes)?;
        self.bytes += input.len() as u64;
        let mut rest = input;
        while !rest.is_empty() {
            let (consumed, _) = self.scanner.push(rest, &mut self.found);
            rest = &rest[consumed..];
        }
        Ok(())
    }

    /// Ends the source.
    pub fn end(&mut self) {
        // a collector is never full
        let _ = self.scanner.end(&mut self.found);
    }

    /// The calls found since the last time, in order.
    pub fn take(&mut self) -> Vec<Listed> {
        std::mem::take(&mut self.found.0)
    }
}

#[derive(Debug)]
struct Collector(Vec<Listed>);

impl Facts for Collector {
    fn fact(&mut self, _: Fact<'_>) -> Result<(), Full> {
        Ok(())
    }

    fn call(&mut self, call: Called<'_>) -> Result<(), Full> {
        let named = call.overload.or(call.overloads.first());
        let (target, alternatives) = match call.overload {
            Some(overload) if call.problem.is_none_or(|p| p.as_str() == "dynamic") => targets(overload, call.arguments),
            _ => (None, Vec::new()),
        };
        self.0.push(Listed {
            line: call.line,
            function: spell(call.name),
            signature: call.overload.filter(|_| call.problem.is_none()).map(Overload::signature),
            class: named.map_or("other", |o| class(o.class)),
            target,
            alternatives,
            aspect: named.map_or("", |o| o.aspect),
            negated: named.is_some_and(|o| o.negated),
            context: call.context.as_str(),
            problem: call.problem.map(|code| if code == Code::UnknownFunction { "unknown" } else { code.as_str() }),
        });
        Ok(())
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Structure => "structural",
        Class::Set => "set_comparison",
        Class::Behavior => "behavioural",
        Class::Control => "test_control",
        Class::Other => "other",
    }
}

/// The target, and what it is where the first argument turns out to be no schema.
fn targets(overload: &Overload, arguments: &[Option<&Typed>]) -> (Option<Target>, Vec<Target>) {
    if !matches!(overload.class, Class::Structure | Class::Set) {
        return (None, Vec::new());
    }
    let argument = |role| overload.position(role).map(|at| arguments.get(at).copied().flatten());
    // an argument that the overload has and that only running it can tell leaves no target
    let unknown = |role| argument(role).is_some_and(|a| a.and_then(Typed::text).is_none());
    if unknown(Role::Schema) || unknown(Role::Object) || unknown(Role::Sub) {
        return (None, Vec::new());
    }
    let text =
        |role| argument(role).flatten().and_then(Typed::text).map(|text| spell(&text[..text.len().min(NAME_BYTES)]));
    let args = match argument(Role::ArgTypes) {
        None => None,
        Some(types) => {
            match types.and_then(Typed::elements).and_then(|all| all.into_iter().collect::<Option<Vec<_>>>()) {
                Some(names) => Some(names.iter().map(|name| types::normalize(name)).collect()),
                None => return (None, Vec::new()),
            }
        }
    };
    let target = Target {
        kind: overload.kind,
        schema: text(Role::Schema),
        name: text(Role::Object),
        sub: text(Role::Sub),
        args,
    };
    let alternatives = match overload.dispatched() {
        true => vec![Target { schema: None, name: target.schema.clone(), sub: target.name.clone(), ..target.clone() }],
        false => Vec::new(),
    };
    (Some(target), alternatives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(sql: &str) -> Vec<String> {
        let spell = |call: Listed| {
            let target = |t: &Target| {
                let part = |p: &Option<String>| p.clone().unwrap_or("-".to_owned());
                format!("{} {}.{}.{}", t.kind, part(&t.schema), part(&t.name), part(&t.sub))
            };
            let what = call.signature.unwrap_or(format!("{} {}", call.function, call.problem.unwrap_or_default()));
            let targets: Vec<String> = call.target.iter().chain(&call.alternatives).map(target).collect();
            format!("{}:{} {what} [{}]", call.line, call.context, targets.join(" | "))
        };
        let mut lister = Lister::new(&Settings::default());
        for byte in sql.as_bytes() {
            assert_eq!(lister.push(&[*byte]), Ok(()));
        }
        lister.end();
        lister.take().into_iter().map(spell).collect()
    }

    #[test]
    fn every_call_is_listed_with_what_postgresql_runs() {
        for (sql, expected) in [
            ("SELECT has_table('a', 'b');", &["1:script has_table(name, text) [table -.a.-]"][..]),
            ("SELECT plan(1),\n pass();", &["1:script plan(integer) []", "2:script pass() []"]),
            ("DO $$ BEGIN PERFORM ok(true, 'x'); END $$", &["1:do ok(boolean, text) []"]),
            (
                "CREATE FUNCTION t() RETURNS SETOF text LANGUAGE plpgsql AS $$\nBEGIN RETURN NEXT fail(); END $$",
                &["2:routine fail() []"],
            ),
            (
                "SELECT lives_ok($$ SELECT has_view('v') $$)",
                &["1:script lives_ok(text) []", "1:string has_view(name) [view -.v.-]"],
            ),
            (
                "SELECT has_index('t', 'i', 'c'::name)",
                &["1:script has_index(name, name, name) [index t.i.c | index -.t.i]"],
            ),
            ("SELECT has_table(x)", &["1:script has_table(name) []"]),
            ("SELECT has_table(x, y)", &["1:script has_table dynamic []"]),
            ("SELECT can('a', 'b')", &["1:script can ambiguous []"]),
            (
                "SELECT col_not_null(column_name => 'c', table_name => 't')",
                &["1:script col_not_null(name, name, text) [column -.t.c]"],
            ),
            ("SELECT diag(VARIADIC ARRAY['a', 'b'])", &["1:script diag(text[]) []"]),
            ("SELECT set_eq('SELECT 1', '1')", &["1:script set_eq(text, text) []"]),
            ("SELECT is_member_of('a', 'b')", &["1:script is_member_of(name, name) [role -.a.-]"]),
            (
                "SELECT has_table('app', t, t) FROM unnest(ARRAY['a', 'b']) AS t",
                &[
                    "1:script has_table(name, name, text) [table app.a.-]",
                    "1:script has_table(name, name, text) [table app.b.-]",
                ],
            ),
            (
                "SELECT has_column(v.t, v.c, 'd') FROM (VALUES ('a', 'b')) AS v (t, c)",
                &["1:script has_column(name, name, text) [column -.a.b]"],
            ),
            (
                "CREATE FUNCTION has_table(a int, b int) RETURNS int AS 'x' LANGUAGE c; SELECT has_table(1, 2), has_table('a')",
                &["1:script has_table(name) [table -.a.-]"],
            ),
            ("SELECT policy_exists('a', 'b'), f(has_x())", &["1:script policy_exists unknown []"]),
            ("CREATE FUNCTION pass() RETURNS TEXT AS 'x' LANGUAGE c; SELECT pass()", &["1:script pass() []"]),
        ] {
            assert_eq!(listed(sql), expected, "{sql}");
        }
    }
}
