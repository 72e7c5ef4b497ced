//! The columns that a query yields, as far as the text tells: a view's, and those of a table made AS a query. What `*`
//! stands for is known to the catalog floor.

use super::Reader;
use super::figure::{figure, label, select_list};
use super::note::{Entry, NEEDS};
use crate::limits::{DETAIL_BYTES, EXPRESSION_NESTING};
use crate::scan::fact::Full;
use crate::sql::cursor::{Cursor, Name, parts};
use crate::sql::statement::Tok;

/// Columns of one relation: MaxTupleAttributeNumber.
const MOST: usize = 1664;

/// A column, or several.
#[derive(Debug, Clone)]
enum Output<'a> {
    Named(Vec<u8>),
    /// All columns of a relation but the first `skip` and those of `except`.
    Star {
        of: Name<'a>,
        skip: usize,
        except: Vec<Vec<u8>>,
    },
}

/// What stands in FROM; no outputs where they are not known.
struct Item<'a> {
    alias: &'a [u8],
    outputs: Option<Vec<Output<'a>>>,
}

#[derive(Default)]
struct Scope<'a> {
    /// Common table expressions.
    ctes: Vec<Item<'a>>,
    depth: usize,
}

impl Reader<'_, '_> {
    /// The columns of the relation before this, which the query at `cursor` makes; `given` names the first of them.
    pub(super) fn emit_outputs(
        &mut self,
        given: Option<Cursor<'_>>,
        cursor: Cursor<'_>,
        name: Name<'_>,
    ) -> Result<(), Full> {
        if name.schema == Some(b"pg_temp") {
            return Ok(());
        }
        let given: Vec<&[u8]> = parts(given).iter_mut().filter_map(Cursor::name).collect();
        let found = Scope::default().query(cursor);
        let Some(outputs) = found else {
            let what = [b"columns of ", name.name].concat();
            return self.unread(&String::from_utf8_lossy(&what), name.line);
        };
        let given = given.iter().map(|name| Entry::Given.encode(&[name]));
        let outputs = outputs.iter().map(|output| match output {
            Output::Named(name) => Entry::Output.encode(&[name]),
            Output::Star { of, skip, except } => {
                let skip = skip.to_string();
                let mut texts = vec![of.schema.unwrap_or_default(), of.name, skip.as_bytes()];
                texts.extend(except.iter().map(Vec::as_slice));
                Entry::Star.encode(&texts)
            }
        });
        let mut detail = NEEDS.to_vec();
        for entry in given.chain(outputs).flatten() {
            if detail.len() + entry.len() > DETAIL_BYTES {
                self.note_needs(&detail, name.line)?;
                detail.truncate(NEEDS.len());
            }
            detail.extend_from_slice(&entry);
        }
        if detail.len() > NEEDS.len() { self.note_needs(&detail, name.line) } else { Ok(()) }
    }
}

impl<'a> Scope<'a> {
    fn query(&mut self, mut cursor: Cursor<'a>) -> Option<Vec<Output<'a>>> {
        if self.depth == EXPRESSION_NESTING {
            return None;
        }
        self.depth += 1;
        let kept = self.ctes.len();
        let found = if self.with(&mut cursor) { self.main(cursor) } else { None };
        self.ctes.truncate(kept);
        self.depth -= 1;
        found.filter(|outputs| outputs.len() <= MOST)
    }

    /// False where there is more than is kept.
    fn with(&mut self, cursor: &mut Cursor<'a>) -> bool {
        if !cursor.take_word("with") {
            return true;
        }
        cursor.take_word("recursive");
        while let Some(alias) = cursor.name() {
            let columns = cursor.group();
            cursor.take_word("as");
            cursor.take_word("not");
            cursor.take_word("materialized");
            let Some(inside) = cursor.group() else { return true };
            let outputs = renamed(self.query(inside), columns);
            if self.ctes.len() == MOST {
                return false;
            }
            self.ctes.push(Item { alias, outputs });
            while !cursor.is_empty() && !cursor.is_punct(b',') && !begins(cursor) {
                cursor.skip(1);
            }
            if !cursor.take_punct(b',') {
                break;
            }
        }
        true
    }

    fn main(&mut self, mut cursor: Cursor<'a>) -> Option<Vec<Output<'a>>> {
        if let Some(inside) = cursor.group() {
            return self.query(inside);
        }
        if cursor.take_word("values") {
            let count = cursor.group()?.split(b',').count();
            return Some((1..=count.min(MOST + 1)).map(|n| Output::Named(format!("column{n}").into_bytes())).collect());
        }
        if cursor.take_word("table") {
            return self.relation(cursor.qualified()?);
        }
        if cursor.take_word("select") {
            let list = select_list(&mut cursor);
            if cursor.take_word("into") {
                while cursor.take_one_of(&["temp", "temporary", "unlogged", "table"]).is_some() {}
                cursor.qualified();
            }
            let (items, all) = if cursor.take_word("from") { self.from(&mut cursor) } else { (Vec::new(), None) };
            return self.list(list, &items, all);
        }
        // INSERT, UPDATE, DELETE … RETURNING
        let target = {
            let mut named = cursor;
            named.skip(1);
            named.take_one_of(&["into", "from"]);
            named.take_word("only");
            named.qualified()?
        };
        let is_plain = !begins(&cursor) || !cursor.find_word("returning");
        if is_plain {
            return None;
        }
        cursor.skip(1);
        let all = self.relation(target);
        self.list(cursor, &[Item { alias: target.name, outputs: all.clone() }], all)
    }

    /// The columns of a select list.
    fn list(&self, list: Cursor<'a>, items: &[Item<'a>], all: Option<Vec<Output<'a>>>) -> Option<Vec<Output<'a>>> {
        let mut outputs = Vec::new();
        for part in list.split(b',') {
            let is_star = |n: usize| {
                part.ahead(n).is_some_and(|item| item.tok == Tok::Operator && part.text(item) == b"*")
                    && part.len() == n + 1
            };
            if is_star(0) {
                outputs.extend(all.clone()?);
            } else if part.len() >= 3 && is_star(part.len() - 1) && part.ahead(part.len() - 2)?.tok == Tok::Punct(b'.')
            {
                let alias = part.text(part.ahead(part.len() - 3)?);
                outputs.extend(items.iter().find(|item| item.alias == alias)?.outputs.clone()?);
            } else {
                let name = match label(part) {
                    Some((_, name)) => name.to_vec(),
                    None => figure(Some(part), EXPRESSION_NESTING).map_or(b"?column?".to_vec(), |(name, _)| name),
                };
                outputs.push(Output::Named(name));
            }
            if outputs.len() > MOST {
                return None;
            }
        }
        Some(outputs)
    }

    fn relation(&self, name: Name<'a>) -> Option<Vec<Output<'a>>> {
        match self.ctes.iter().rev().find(|cte| name.schema.is_none() && cte.alias == name.name) {
            Some(cte) => cte.outputs.clone(),
            None => Some(vec![Output::Star { of: name, skip: 0, except: Vec::new() }]),
        }
    }

    /// The items of FROM, and what `*` is of all of them.
    fn from(&mut self, cursor: &mut Cursor<'a>) -> (Vec<Item<'a>>, Option<Vec<Output<'a>>>) {
        let mut items = Vec::new();
        let mut all = Some(Vec::new());
        loop {
            let joined = self.joined(cursor, &mut items);
            all = all.zip(joined).map(|(mut all, joined)| {
                all.extend(joined);
                all
            });
            if !cursor.take_punct(b',') || items.len() > MOST {
                return (items, all);
            }
        }
    }

    /// `a JOIN b USING (x) …`
    fn joined(&mut self, cursor: &mut Cursor<'a>, items: &mut Vec<Item<'a>>) -> Option<Vec<Output<'a>>> {
        let mut left = self.item(cursor, items);
        loop {
            let natural = cursor.take_word("natural");
            while cursor.take_one_of(&["left", "right", "full", "inner", "cross", "outer"]).is_some() {}
            if !cursor.take_word("join") {
                return left;
            }
            let right = self.item(cursor, items);
            if natural {
                left = None;
            } else if cursor.take_word("using") {
                let mut columns = Vec::new();
                for mut part in parts(cursor.group()) {
                    columns.extend(part.name().map(<[u8]>::to_vec));
                }
                left = left.zip(right).map(|(left, right)| {
                    let once = columns.iter().cloned().map(Output::Named);
                    once.chain(without(left, &columns)).chain(without(right, &columns)).collect()
                });
                if cursor.take_word("as") {
                    cursor.name();
                }
            } else {
                if cursor.take_word("on") {
                    while !cursor.is_empty() && !cursor.is_punct(b',') && !ends_condition(cursor) {
                        if cursor.group().is_none() {
                            cursor.skip(1);
                        }
                    }
                }
                left = left.zip(right).map(|(mut left, right)| {
                    left.extend(right);
                    left
                });
            }
        }
    }

    fn item(&mut self, cursor: &mut Cursor<'a>, items: &mut Vec<Item<'a>>) -> Option<Vec<Output<'a>>> {
        cursor.take_word("lateral");
        let mut name: &[u8] = b"";
        let mut scalar = false;
        let mut outputs = if let Some(mut inside) = cursor.group() {
            let mut first = inside;
            while first.take_punct(b'(') {}
            if begins(&first) {
                self.query(inside)
            } else if self.depth < EXPRESSION_NESTING {
                self.depth += 1;
                let joined = self.joined(&mut inside, items);
                self.depth -= 1;
                joined
            } else {
                None
            }
        } else {
            cursor.take_word("only");
            let found = cursor.qualified()?;
            name = found.name;
            if cursor.group().is_some() {
                scalar = FUNCTIONS_OF_A_COLUMN.contains(&name);
                let ordinality = cursor.take_words(&["with", "ordinality"]);
                let mut columns = vec![Output::Named(b"value".to_vec())];
                if ordinality {
                    columns.push(Output::Named(b"ordinality".to_vec()));
                }
                (scalar || FUNCTIONS_OF_A_VALUE.contains(&name)).then_some(columns)
            } else {
                if cursor.peek().is_some_and(|item| item.tok == Tok::Operator && cursor.text(item) == b"*") {
                    cursor.skip(1);
                }
                self.relation(found)
            }
        };
        let mut ahead = *cursor;
        let explicit = ahead.take_word("as");
        let is_alias = ahead.peek().is_some_and(|item| {
            item.tok == Tok::Quoted
                || item.tok == Tok::Word && (explicit || !crate::scan::reference::is_keyword(ahead.text(item)))
        });
        if is_alias && let Some(alias) = ahead.name() {
            name = alias;
            *cursor = ahead;
        } else if explicit {
            // AS (a int, b text)
            *cursor = ahead;
        }
        if scalar && let Some(first) = outputs.as_mut().and_then(|outputs| outputs.first_mut()) {
            *first = Output::Named(name.to_vec());
        }
        if let Some(columns) = cursor.group() {
            let typed = columns.split(b',').all(|part| part.len() > 1);
            outputs = if typed { renamed(Some(Vec::new()), Some(columns)) } else { renamed_or(outputs, columns) };
        }
        if cursor.take_word("tablesample") {
            cursor.skip(1);
            cursor.group();
            if cursor.take_word("repeatable") {
                cursor.group();
            }
        }
        items.push(Item { alias: name, outputs: outputs.clone() });
        outputs
    }
}

/// PostgreSQL's own functions whose only column is called like the function, or its alias.
const FUNCTIONS_OF_A_COLUMN: [&[u8]; 8] = [
    b"generate_series",
    b"generate_subscripts",
    b"json_object_keys",
    b"jsonb_object_keys",
    b"jsonb_path_query",
    b"regexp_split_to_table",
    b"string_to_table",
    b"unnest",
];
/// Those whose only column is `value`.
const FUNCTIONS_OF_A_VALUE: [&[u8]; 4] =
    [b"json_array_elements", b"json_array_elements_text", b"jsonb_array_elements", b"jsonb_array_elements_text"];

/// The outputs with the first of them renamed; of unknown ones those that are named.
fn renamed<'a>(outputs: Option<Vec<Output<'a>>>, columns: Option<Cursor<'a>>) -> Option<Vec<Output<'a>>> {
    match columns {
        Some(columns) => renamed_or(outputs, columns),
        None => outputs,
    }
}

fn renamed_or<'a>(outputs: Option<Vec<Output<'a>>>, columns: Cursor<'a>) -> Option<Vec<Output<'a>>> {
    let names: Vec<Vec<u8>> = columns.split(b',').filter_map(|mut part| part.name().map(<[u8]>::to_vec)).collect();
    let mut left = names.len();
    // a list for what is not known names, as a rule, all of it
    let mut rest = Vec::new();
    for output in outputs.unwrap_or_default() {
        match output {
            Output::Named(_) if left > 0 => left -= 1,
            Output::Star { of, skip, except } if left > 0 => {
                if !except.is_empty() {
                    return None;
                }
                rest.push(Output::Star { of, skip: skip + left, except });
                left = 0;
            }
            other => rest.push(other),
        }
    }
    Some(names.into_iter().map(Output::Named).chain(rest).collect())
}

fn without<'a>(outputs: Vec<Output<'a>>, columns: &[Vec<u8>]) -> Vec<Output<'a>> {
    let mut kept = Vec::new();
    for output in outputs {
        match output {
            Output::Named(name) if columns.contains(&name) => {}
            Output::Star { of, skip, mut except } => {
                except.extend_from_slice(columns);
                kept.push(Output::Star { of, skip, except });
            }
            named => kept.push(named),
        }
    }
    kept
}

/// A statement that yields rows starts here.
fn begins(cursor: &Cursor<'_>) -> bool {
    ["select", "values", "table", "with", "insert", "update", "delete", "merge"].iter().any(|word| cursor.is_word(word))
}

fn ends_condition(cursor: &Cursor<'_>) -> bool {
    const WORDS: [&str; 18] = [
        "join", "left", "right", "full", "inner", "cross", "natural", "where", "group", "having", "window", "order",
        "limit", "offset", "fetch", "for", "union", "using",
    ];
    let is_part = cursor.behind(1).is_some_and(|item| item.tok == Tok::Punct(b'.'));
    WORDS.iter().any(|word| cursor.is_word(word)) && !cursor.is_call() && !is_part
}
