//! Type names as `format_type` spells them, without modifiers.

use super::cursor::Cursor;
use super::keywords;
use super::lexer::{Dialect, Lexer};
use super::statement::{Statement, Tok};
use std::borrow::Cow;

/// Aliases of the grammar and of pg_type, and what `format_type` prints.
const ALIASES: [(&str, &str); 26] = [
    ("bool", "boolean"),
    ("bpchar", "character"),
    ("char", "character"),
    ("dec", "numeric"),
    ("decimal", "numeric"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("nchar", "character"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
    ("bigserial", "bigint"),
    ("serial", "integer"),
    ("serial2", "smallint"),
    ("serial4", "integer"),
    ("serial8", "bigint"),
    ("smallserial", "smallint"),
    ("national character", "character"),
];

/// Built-in types that need no alias; all else is a type of the schema or of an extension.
const BUILT_IN: [&str; 92] = [
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anycompatiblemultirange",
    "anycompatiblenonarray",
    "anycompatiblerange",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bigint",
    "bit",
    "boolean",
    "box",
    "bytea",
    "character",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "index_am_handler",
    "inet",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "integer",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "real",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "smallint",
    "table_am_handler",
    "text",
    "tid",
    "time",
    "timestamp",
    "trigger",
    "tsm_handler",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
];

/// Spellings of `format_type` that hold blanks.
const MULTIWORD: [&str; 7] = [
    "bit varying",
    "character varying",
    "double precision",
    "time with time zone",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
];

/// A type name as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// As `format_type` spells it, without modifiers; a type that is not built in keeps the qualification it was
    /// written with.
    pub spelled: Cow<'static, str>,
    /// `SETOF`
    pub set: bool,
    /// One of PostgreSQL's own.
    pub built_in: bool,
    /// `serial` and its kin: the column owns a sequence.
    pub serial: bool,
    /// The modifier of `varchar(n)` and its like.
    pub length: Option<u32>,
}

/// Takes a type name. None where no identifier stands here.
pub fn parse(cursor: &mut Cursor<'_>) -> Option<TypeName> {
    let set = cursor.take_word("setof");
    if let Some(column) = column_type(cursor) {
        return Some(TypeName { spelled: column.into(), set, built_in: false, serial: false, length: None });
    }
    let quoted = cursor.peek()?.tok == Tok::Quoted;
    let first = cursor.qualified()?;
    let text = String::from_utf8_lossy(first.name);
    let system = first.schema.is_none_or(|s| s == b"pg_catalog");
    let mut serial = false;
    let mut length = None;
    let built_in;
    let internal = if system { internal_name(&text, quoted) } else { None };
    let mut spelled = if let Some(spelled) = internal {
        built_in = true;
        length = modifier(cursor);
        spelled
    } else if !system || quoted {
        let char_type = quoted && system && text == "char";
        built_in = char_type;
        match first.schema {
            _ if char_type => "\"char\"".into(),
            Some(schema) if schema != b"pg_catalog" => {
                format!("{}.{}", quote_ident(&String::from_utf8_lossy(schema)), quote_ident(&text)).into()
            }
            _ => quote_ident(&text).into(),
        }
    } else {
        let words = multiword(&text, cursor);
        let mut canonical = canonical(words);
        built_in = canonical.is_some();
        serial = built_in && (text.ends_with("serial") || text.starts_with("serial"));
        // `timestamp(3) with time zone`: the modifier stands inside
        length = modifier(cursor);
        if matches!(&*text, "timestamp" | "time") {
            if cursor.take_words(&["with", "time", "zone"]) {
                canonical = Some(if text == "time" { "time with time zone" } else { "timestamp with time zone" });
            } else {
                cursor.take_words(&["without", "time", "zone"]);
            }
        }
        if text == "interval" {
            interval_fields(cursor);
        }
        canonical.map_or_else(|| quote_ident(words).into(), Cow::Borrowed)
    };
    length = length.or(modifier(cursor));
    if cursor.peek().is_some_and(|i| i.tok == Tok::Operator && cursor.text(i) == b"%") && cursor.is_word_at(1, "type") {
        cursor.skip(2);
        spelled.to_mut().push_str("%TYPE");
    }
    if array_suffix(cursor) && !spelled.ends_with("[]") {
        spelled.to_mut().push_str("[]");
    }
    Some(TypeName { spelled, set, built_in, serial, length })
}

/// What `format_type` prints for one of PostgreSQL's own types, as the grammar names it.
fn canonical(words: &str) -> Option<&'static str> {
    if let Some((_, name)) = ALIASES.iter().find(|(alias, _)| *alias == words) {
        return Some(name);
    }
    let found = BUILT_IN.binary_search(&words).ok().map(|at| BUILT_IN[at]);
    found.or_else(|| MULTIWORD.into_iter().find(|name| *name == words))
}

/// A type by its name in pg_type: quoted, as in `"text"`, or with the underscore of its array, as in `_int4`.
fn internal_name(text: &str, quoted: bool) -> Option<Cow<'static, str>> {
    const INTERNAL: [&str; 10] =
        ["bool", "bpchar", "float4", "float8", "int2", "int4", "int8", "timestamptz", "timetz", "varchar"];
    let element = text.strip_prefix('_');
    if element.is_none() && !quoted {
        return None;
    }
    let name = element.unwrap_or(text);
    // names of the grammar alone
    let of_grammar = ["integer", "bigint", "smallint", "boolean", "real", "character", "any"].contains(&name);
    let known = INTERNAL.contains(&name) || (BUILT_IN.binary_search(&name).is_ok() && !of_grammar);
    let spelled = canonical(name).filter(|_| known)?;
    Some(if element.is_some() { format!("{spelled}[]").into() } else { spelled.into() })
}

/// `schema.table.column%TYPE`
fn column_type(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    // most types are one word
    ahead.ahead(1).filter(|next| next.tok == Tok::Punct(b'.'))?;
    let mut parts = vec![ahead.name()?];
    while ahead.take_punct(b'.') {
        parts.push(ahead.name()?);
    }
    let is_type =
        ahead.peek().is_some_and(|i| i.tok == Tok::Operator && ahead.text(i) == b"%") && ahead.is_word_at(1, "type");
    if parts.len() < 2 || !is_type {
        return None;
    }
    ahead.skip(2);
    *cursor = ahead;
    let parts: Vec<String> = parts.iter().map(|part| quote_ident(&String::from_utf8_lossy(part))).collect();
    Some(parts.join(".") + "%TYPE")
}

/// Spells a type that is given as text, such as `'int4'` or `'varchar(10)[]'`; the text itself where it is no type name
/// (`parseTypeString`): neither `serial`, which only columns know, nor SETOF.
pub fn normalize(text: &[u8]) -> String {
    let mut statement = Statement::new(4096, 64);
    let mut lexer = Lexer::new(Dialect::Server, 4096, 1);
    lexer.feed(text, &mut statement);
    lexer.finish(&mut statement);
    statement.close();
    let mut cursor = Cursor::new(&statement);
    match parse(&mut cursor) {
        Some(name) if cursor.is_empty() && !name.serial && !name.set => name.spelled.into_owned(),
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// One of PostgreSQL's own types, as `format_type` spells it.
pub fn is_built_in(spelled: &str) -> bool {
    BUILT_IN.binary_search(&spelled).is_ok() || MULTIWORD.contains(&spelled) || spelled == "\"char\""
}

/// The identifier that [`quote_ident`] quoted.
pub fn unquote_ident(text: &str) -> String {
    match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

/// Quotes an identifier where `quote_ident` would.
pub fn quote_ident(name: &str) -> String {
    let plain = name.bytes().enumerate().all(|(n, b)| matches!(b, b'a'..=b'z' | b'_') || (n > 0 && b.is_ascii_digit()));
    let plain = plain && !name.is_empty() && !keywords::is_quoted(name.as_bytes());
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn multiword<'t>(first: &'t str, cursor: &mut Cursor<'_>) -> &'t str {
    match first {
        "double" if cursor.take_word("precision") => "double precision",
        "national" if cursor.take_word("character") || cursor.take_word("char") => character(cursor),
        "character" | "char" | "nchar" => character(cursor),
        "bit" if cursor.take_word("varying") => "bit varying",
        _ => first,
    }
}

fn character(cursor: &mut Cursor<'_>) -> &'static str {
    if cursor.take_word("varying") { "character varying" } else { "character" }
}

/// Takes a modifier in parentheses; the number that it is, if it is one.
fn modifier(cursor: &mut Cursor<'_>) -> Option<u32> {
    let inside = if cursor.is_punct(b'(') { cursor.group()? } else { return None };
    let item = inside.peek().filter(|item| inside.len() == 1 && item.tok == Tok::Number)?;
    std::str::from_utf8(inside.text(item)).ok()?.parse().ok()
}

/// `DAY TO SECOND` and the like behind an interval.
pub fn interval_fields(cursor: &mut Cursor<'_>) {
    const FIELDS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
    if cursor.take_one_of(&FIELDS).is_some() && cursor.take_word("to") {
        cursor.take_one_of(&FIELDS);
    }
}

fn array_suffix(cursor: &mut Cursor<'_>) -> bool {
    let mut found = cursor.take_word("array");
    while cursor.is_punct(b'[') {
        cursor.group();
        found = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_format_type_does() {
        assert!(BUILT_IN.is_sorted(), "looked up by binary search");
        for (written, spelled) in [
            ("int", "integer"),
            ("INT4", "integer"),
            ("pg_catalog.int8", "bigint"),
            ("varchar(10)", "character varying"),
            ("character varying (20)", "character varying"),
            ("char(3)", "character"),
            ("\"char\"", "\"char\""),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("timestamp", "timestamp without time zone"),
            ("timestamptz", "timestamp with time zone"),
            ("time without time zone", "time without time zone"),
            ("interval day to second", "interval"),
            ("double precision", "double precision"),
            ("float8[]", "double precision[]"),
            ("int[3][4]", "integer[]"),
            ("text ARRAY", "text[]"),
            ("app.status", "app.status"),
            ("App.\"Status\"[]", "app.\"Status\"[]"),
            ("status", "status"),
            ("bit varying(3)", "bit varying"),
            ("serial", "serial"),
            ("_int4", "integer[]"),
            ("_text", "text[]"),
            ("pg_catalog._timestamptz", "timestamp with time zone[]"),
            ("_integer", "_integer"),
            ("_mood", "_mood"),
            ("\"text\"", "text"),
            ("\"int4\"", "integer"),
            ("\"integer\"", "\"integer\""),
            ("Mood", "mood"),
            ("\"Odd T\"", "\"Odd T\""),
            ("app.rooms.id%TYPE", "app.rooms.id%TYPE"),
        ] {
            assert_eq!(normalize(written.as_bytes()), spelled, "{written}");
        }
        assert!(is_built_in("double precision") && !is_built_in("\"Odd T\""));
    }
}
