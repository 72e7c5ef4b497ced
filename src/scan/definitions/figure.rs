//! What PostgreSQL calls an expression that nobody named (`FigureColname` of parse_target.c).

use crate::sql::cursor::Cursor;
use crate::sql::statement::Tok;
use crate::sql::types;

/// `FigureColnameInternal`: the name of an expression, and whether it is a good one. A cast's type is a weak one.
pub(super) fn figure(inside: Option<Cursor<'_>>, depth: usize) -> Option<(Vec<u8>, bool)> {
    let mut cursor = inside.filter(|_| depth > 0)?;
    let first = cursor.peek()?;
    let word: &[u8] = if first.tok == Tok::Word { cursor.text(first) } else { b"" };
    let mut found = match first.tok {
        Tok::Punct(b'(') => parenthesized(cursor.group()?, depth),
        Tok::Word if word == b"case" => case(&mut cursor, depth),
        Tok::Word if word == b"cast" && cursor.is_call() => {
            cursor.skip(1);
            let mut operand = cursor.group()?;
            let whole = operand;
            let operand_is = operand.find_word("as").then(|| whole.to(operand.position()));
            operand.skip(1);
            let ty = type_name(&mut operand);
            figure(operand_is, depth - 1).filter(|(_, good)| *good).or(ty.map(|ty| (ty, false)))
        }
        // without parentheses these are literals, and an operator
        Tok::Word if matches!(word, b"null" | b"true" | b"false" | b"not") => {
            cursor.skip(1);
            if word == b"not" { return None } else { None }
        }
        Tok::Word | Tok::Quoted => {
            let mut typed = cursor;
            let literal = if first.tok == Tok::Word && !cursor.is_call() { type_name(&mut typed) } else { None };
            if let Some(ty) = literal.filter(|_| typed.peek().is_some_and(|item| item.tok == Tok::String)) {
                typed.skip(1);
                types::interval_fields(&mut typed);
                cursor = typed;
                Some((ty, false))
            } else {
                let mut name = cursor.qualified()?.name;
                if let Some(inside) = cursor.group()
                    && word == b"trim"
                {
                    name = match inside.peek().map(|item| inside.text(item)) {
                        Some(b"leading") => b"ltrim",
                        Some(b"trailing") => b"rtrim",
                        _ => b"btrim",
                    };
                }
                aggregate_clauses(&mut cursor);
                Some((name.to_vec(), true))
            }
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
            // a field of a composite value
            Tok::Punct(b'.') => {
                cursor.skip(1);
                found = Some((cursor.name()?.to_vec(), true));
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
            Tok::Word if cursor.text(item) == b"at" && cursor.is_word_at(1, "time") => {
                cursor.skip(3);
                // of any precedence above: an expression of its own
                figure(Some(cursor), depth - 1)
                    .or_else(|| cursor.next_item().filter(|_| cursor.is_empty()).map(|_| (Vec::new(), true)))?;
                return Some((b"timezone".to_vec(), true));
            }
            // an operator
            _ => return None,
        }
    }
    found
}

/// A subquery is called like its column, a list is a row.
fn parenthesized(mut inside: Cursor<'_>, depth: usize) -> Option<(Vec<u8>, bool)> {
    if inside.is_word("select") {
        inside.skip(1);
        let list = select_list(&mut inside);
        let first = list.split(b',').next()?;
        return match label(first) {
            Some((_, name)) => Some((name.to_vec(), true)),
            None => figure(Some(first), depth - 1),
        };
    }
    if inside.split(b',').nth(1).is_some() {
        return Some((b"row".to_vec(), true));
    }
    figure(Some(inside), depth - 1)
}

/// `CASE … ELSE x END`: a good name of x, else `case`.
fn case(cursor: &mut Cursor<'_>, depth: usize) -> Option<(Vec<u8>, bool)> {
    let (mut open, mut otherwise) = (0u32, None);
    while let Some(item) = cursor.peek() {
        let word: &[u8] = if item.tok == Tok::Word { cursor.text(item) } else { b"" };
        match word {
            b"case" => open += 1,
            b"else" if open == 1 => {
                otherwise = Some(*cursor);
            }
            b"end" => {
                open -= 1;
                if open == 0 {
                    let result = otherwise.map(|mut from| {
                        from.skip(1);
                        from.to(cursor.position())
                    });
                    cursor.skip(1);
                    let good = figure(result, depth - 1).filter(|(_, good)| *good);
                    return good.or(Some((b"case".to_vec(), false)));
                }
            }
            _ => {}
        }
        if cursor.group().is_none() {
            cursor.skip(1);
        }
    }
    None
}

/// `WITHIN GROUP (…) FILTER (…) OVER (…)`
fn aggregate_clauses(cursor: &mut Cursor<'_>) {
    loop {
        if cursor.take_words(&["within", "group"]) || cursor.take_word("filter") {
            cursor.group();
        } else if cursor.take_word("over") {
            if cursor.group().is_none() {
                cursor.name();
            }
        } else {
            return;
        }
    }
}

/// The select list, behind SELECT; `cursor` is left at what follows it.
pub(super) fn select_list<'a>(cursor: &mut Cursor<'a>) -> Cursor<'a> {
    if cursor.take_word("distinct") {
        if cursor.take_word("on") {
            cursor.group();
        }
    } else {
        cursor.take_word("all");
    }
    let list = *cursor;
    while let Some(item) = cursor.peek() {
        let word: &[u8] = if item.tok == Tok::Word { cursor.text(item) } else { b"" };
        let distinct = || cursor.behind(1).is_some_and(|item| cursor.text(item) == b"distinct");
        // AS group, t.group
        let label = cursor
            .behind(1)
            .is_some_and(|item| item.tok == Tok::Word && cursor.text(item) == b"as" || item.tok == Tok::Punct(b'.'));
        let ends = matches!(
            word,
            b"into"
                | b"where"
                | b"group"
                | b"having"
                | b"window"
                | b"order"
                | b"limit"
                | b"offset"
                | b"fetch"
                | b"for"
                | b"union"
                | b"intersect"
                | b"except"
        ) || word == b"from" && !distinct()
            || word == b"with" && (cursor.is_word_at(1, "data") || cursor.is_word_at(1, "no"));
        // within OVER and its like they stand in parentheses
        let within = word == b"group" && cursor.behind(1).is_some_and(|item| cursor.text(item) == b"within");
        if ends && !label && !within || item.tok == Tok::Punct(b';') {
            break;
        }
        if cursor.group().is_none() {
            cursor.skip(1);
        }
    }
    list.to(cursor.position())
}

/// The name that an item of a select list is given, and what is named: `x AS a`, `x a`.
pub(super) fn label<'a>(item: Cursor<'a>) -> Option<(Cursor<'a>, &'a [u8])> {
    let length = item.len();
    let last = item.ahead(length.checked_sub(1)?)?;
    if length < 2 || !matches!(last.tok, Tok::Word | Tok::Quoted) {
        return None;
    }
    let before = item.ahead(length - 2)?;
    let text = item.text(last);
    let end = item.position() + length;
    if before.tok == Tok::Word && item.text(before) == b"as" {
        return Some((item.to(end - 2), text));
    }
    // a bare label follows what is a whole expression
    let word = |token: &crate::sql::statement::Item| token.tok == Tok::Word;
    let is_keyword = word(last) && (super::super::reference::is_keyword(text) || text == b"over");
    let operand = match before.tok {
        Tok::Word => {
            let text = item.text(before);
            !super::super::reference::is_keyword(text) && !matches!(text, b"at" | b"time" | b"over")
                || matches!(text, b"end" | b"null" | b"true" | b"false")
        }
        Tok::Punct(b')' | b']') | Tok::Quoted | Tok::String | Tok::Number | Tok::Param => true,
        _ => false,
    };
    // the last words of a cast's type
    let in_type = matches!(text, b"precision" | b"varying" | b"zone");
    (operand && !is_keyword && !in_type).then(|| (item.to(end - 1), text))
}

/// The type's own name, as the grammar makes it of an alias: `int4` for int.
pub(super) fn type_name(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
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
