//! CREATE INDEX, and the name of an index that has none.

use super::Reader;
use super::table::implicit_name;
use crate::limits::EXPRESSION_NESTING;
use crate::scan::fact::{Full, ObjectKind, Op};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

impl Reader<'_, '_> {
    pub(super) fn create_index(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Full> {
        cursor.take_word("concurrently");
        let guarded = cursor.take_words(&["if", "not", "exists"]);
        let line = cursor.line();
        let index = if cursor.is_word("on") { None } else { cursor.name() };
        if !cursor.take_word("on") {
            return Ok(());
        }
        cursor.take_word("only");
        let Some(table) = cursor.qualified() else { return Ok(()) };
        let op = if guarded { Op::CreateIfMissing } else { Op::Create };
        if let Some(name) = index {
            return self.emit_sub(ObjectKind::Index, table, Name { schema: None, name, line }, op, b"");
        }
        if cursor.take_word("using") {
            cursor.skip(1);
        }
        let mut columns: Vec<Vec<u8>> =
            cursor.group().map(|inside| inside.split(b',').map(index_column).collect()).unwrap_or_default();
        if cursor.take_word("include")
            && let Some(included) = cursor.group()
        {
            let included: Vec<Vec<u8>> = included.split(b',').map(index_column).collect();
            columns.extend(included);
        }
        let columns = numbered(columns);
        let columns: Vec<&[u8]> = columns.iter().map(Vec::as_slice).collect();
        let detail = implicit_name(&columns, "idx");
        self.emit_key(ObjectKind::Index, table, b"", b"", Op::CreateNamed, &detail, line)
    }
}

/// `ChooseIndexColumnNames`: a name that stands already gets a number.
fn numbered(columns: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
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
fn index_column(mut part: Cursor<'_>) -> Vec<u8> {
    match part.is_punct(b'(') {
        true => figure(part.group(), EXPRESSION_NESTING).map_or(b"expr".to_vec(), |(name, _)| name),
        false => part.qualified().map_or(b"expr".to_vec(), |name| name.name.to_vec()),
    }
}

/// `FigureColnameInternal`: the name of an expression, and whether it is a good one. A cast's type is a weak one.
fn figure(inside: Option<Cursor<'_>>, depth: usize) -> Option<(Vec<u8>, bool)> {
    let mut cursor = inside.filter(|_| depth > 0)?;
    let first = cursor.peek()?;
    let mut found = match first.tok {
        Tok::Punct(b'(') => figure(cursor.group(), depth - 1),
        Tok::Word if cursor.text(first) == b"case" => return Some((b"case".to_vec(), false)),
        Tok::Word if cursor.text(first) == b"cast" && cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) => {
            cursor.skip(1);
            let mut operand = cursor.group()?;
            let whole = operand;
            let operand_is = operand.find_word("as").then(|| whole.to(operand.position()));
            operand.skip(1);
            let ty = type_name(&mut operand);
            figure(operand_is, depth - 1).filter(|(_, good)| *good).or(ty.map(|ty| (ty, false)))
        }
        Tok::Word | Tok::Quoted => {
            let name = cursor.qualified()?;
            cursor.group();
            Some((name.name.to_vec(), true))
        }
        _ => {
            cursor.skip(1);
            None
        }
    };
    while let Some(item) = cursor.peek() {
        match item.tok {
            Tok::Punct(b'[') => {
                cursor.group();
            }
            Tok::Cast => {
                cursor.skip(1);
                let ty = type_name(&mut cursor);
                found = found.filter(|(_, good)| *good).or(ty.map(|ty| (ty, false)));
            }
            Tok::Word if cursor.text(item) == b"collate" => {
                cursor.skip(1);
                cursor.qualified();
            }
            // an operator
            _ => return None,
        }
    }
    found
}

/// The type's own name, as the grammar makes it of an alias: `int4` for int.
fn type_name(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let spelled = types::parse(cursor)?.spelled;
    let spelled = spelled.trim_end_matches("[]");
    let internal = match spelled {
        "integer" => "int4",
        "smallint" => "int2",
        "bigint" => "int8",
        "boolean" => "bool",
        "real" => "float4",
        "double precision" => "float8",
        "character varying" => "varchar",
        "character" => "bpchar",
        "bit varying" => "varbit",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        other => other.rsplit('.').next().unwrap_or(other),
    };
    Some(types::unquote_ident(internal).into_bytes())
}
