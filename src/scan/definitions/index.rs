//! CREATE INDEX, and the name of an index that has none.

use super::Reader;
use super::constraint::implicit_name;
use super::figure::figure;
use super::needs::{Needs, Words};
use super::note::Trait;
use crate::limits::EXPRESSION_NESTING;
use crate::scan::fact::{Full, ObjectKind, Op};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;

impl Reader<'_, '_> {
    pub(super) fn create_index(&mut self, cursor: &mut Cursor<'_>, unique: bool) -> Result<(), Full> {
        cursor.take_word("concurrently");
        let guarded = cursor.take_words(&["if", "not", "exists"]);
        let line = cursor.line();
        let index = if cursor.is_word("on") { None } else { cursor.name() };
        if !cursor.take_word("on") {
            return Ok(());
        }
        let only = cursor.take_word("only");
        let Some(table) = cursor.qualified() else { return Ok(()) };
        // how it sorts does not tell it from another
        let mut definition = *cursor;
        definition.take_words(&["using", "btree"]);
        if cursor.take_word("using") {
            cursor.skip(1);
        }
        let mut needs = Needs::default();
        let mut columns = Vec::new();
        let mut add = |inside: Option<Cursor<'_>>, needs: &mut Needs| {
            if let Some(inside) = inside {
                columns.extend(inside.split(b',').take(INDEX_COLUMNS).map(index_column));
                needs.expression(inside, Words::Keys, self.session);
            }
        };
        add(cursor.group(), &mut needs);
        if cursor.take_word("include") {
            add(cursor.group(), &mut needs);
        }
        if cursor.find_word("where") {
            needs.expression(*cursor, Words::Keys, self.session);
        }
        let mut shape: Vec<&[u8]> = unique.then_some(b"unique".as_slice()).into_iter().collect();
        for text in definition.texts() {
            let nulls = shape.last().is_some_and(|last| *last == b"nulls");
            match text {
                b"asc" | b"desc" => {}
                b"first" | b"last" if nulls => {
                    shape.pop();
                }
                _ => shape.push(text),
            }
        }
        needs.shape(only, &shape);
        let columns = numbered(columns);
        let columns: Vec<&[u8]> = columns.iter().map(Vec::as_slice).collect();
        let detail = implicit_name(&columns, "idx");
        let op = match (index, guarded) {
            (None, _) => Op::CreateNamed,
            (Some(_), true) => Op::CreateIfMissing,
            (Some(_), false) => Op::Create,
        };
        self.emit_key(ObjectKind::Index, table, index.unwrap_or_default(), b"", op, &detail, line)?;
        if unique {
            // the index before this
            let unnamed = Name { schema: None, name: b"", line };
            self.traits(ObjectKind::Index, unnamed, [b"", b""], Trait::UNIQUE, true)?;
        }
        self.emit_needs(&needs, Name { line, ..table })
    }
}

/// `ChooseIndexColumnNames`: a name that stands already gets a number.
pub(super) fn numbered(columns: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::with_capacity(columns.len());
    for column in columns.into_iter().take(INDEX_COLUMNS) {
        let with = |n: u32| [column.as_slice(), n.to_string().as_bytes()].concat();
        let mut name = column.clone();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            name = with(number);
        }
        names.push(name);
    }
    names
}

/// INDEX_MAX_KEYS
const INDEX_COLUMNS: usize = 32;

/// `FigureIndexColname`: the column of an index, or what its expression is called.
pub(super) fn index_column(mut part: Cursor<'_>) -> Vec<u8> {
    let expression = if part.is_punct(b'(') {
        part.group()
    } else if part.is_word("cast") && part.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) {
        let mut end = part;
        end.skip(1);
        end.group();
        Some(part.to(end.position()))
    } else {
        return part.qualified().map_or(b"expr".to_vec(), |name| name.name.to_vec());
    };
    figure(expression, EXPRESSION_NESTING).map_or(b"expr".to_vec(), |(name, _)| name)
}
