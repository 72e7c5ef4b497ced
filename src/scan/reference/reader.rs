//! Reads queries with what is in scope in them.

use super::words::{self, is_reserved, word};
use super::{Reference, arguments, arity, catalog};
use crate::limits::EXPRESSION_NESTING;
use crate::pgtap::overloads;
use crate::scan::expression::{self, is_built_in_function};
use crate::scan::fact::{Aspect, Full, Key, ObjectKind, Scope};
use crate::scan::session::Session;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::statement::Tok;
use crate::sql::types;

pub(super) struct Reader<'a, 's, 'e> {
    session: &'s Session,
    /// Common table expressions in scope, innermost last.
    ctes: Vec<&'a [u8]>,
    /// Items of FROM in scope, innermost last.
    items: Vec<FromItem<'a>>,
    /// The first item of the query at hand.
    level: usize,
    /// The relation is changed by a statement that reads its rows.
    reads: bool,
    depth: usize,
    /// There were more common table expressions than are kept: a name without schema may be one of them.
    unsure: bool,
    each: &'e mut dyn FnMut(Reference<'_>) -> Result<(), Full>,
}

/// What a name before a dot may stand for.
#[derive(Clone, Copy)]
struct FromItem<'a> {
    alias: &'a [u8],
    /// None for what has no columns of its own: a subquery, a function, a common table expression.
    relation: Option<Name<'a>>,
}

/// Common table expressions, and items of FROM, that are kept: more than anyone writes.
const KEPT: usize = 256;
/// Bounds a statement in the text behind EXECUTE.
const EXECUTED_BYTES: usize = 64 * 1024;

impl<'a, 's, 'e> Reader<'a, 's, 'e> {
    pub(super) fn new(session: &'s Session, each: &'e mut dyn FnMut(Reference<'_>) -> Result<(), Full>) -> Self {
        Reader { session, ctes: Vec::new(), items: Vec::new(), level: 0, depth: 0, reads: false, unsure: false, each }
    }

    /// A statement, or a part of PL/pgSQL up to a semicolon.
    pub(super) fn statement(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        if words::USE_NOTHING.binary_search(&word(&cursor)).is_ok() {
            return Ok(());
        }
        if cursor.take_word("explain") {
            let mut options = cursor;
            let inside = options.group();
            let analyzes = match inside {
                Some(mut inside) => inside.find_word("analyze"),
                None => options.take_word("analyze"),
            };
            options.take_word("verbose");
            return if analyzes { self.statement(options) } else { Ok(()) };
        }
        if cursor.is_word("declare") {
            cursor.skip(1);
            let mut named = cursor;
            let is_cursor = named.name().is_some() && {
                while named.take_one_of(&["binary", "asensitive", "insensitive", "no", "scroll"]).is_some() {}
                named.is_word("cursor")
            };
            if is_cursor {
                return Ok(());
            }
        }
        if cursor.is_punct(b'(') && begins_query(cursor) {
            return self.query(cursor);
        }
        if self.declaration(&mut cursor)? {
            return self.walk(cursor);
        }
        match cursor.peek().filter(|item| item.tok == Tok::Word).map(|item| cursor.text(item)) {
            Some(b"truncate") => {
                cursor.skip(1);
                cursor.take_word("table");
                cursor.split(b',').try_for_each(|mut part| self.target(&mut part, Aspect::TRUNCATE).map(|_| ()))
            }
            Some(b"copy") => self.copy(cursor),
            Some(b"refresh") => {
                cursor.skip(3);
                cursor.take_word("concurrently");
                self.target(&mut cursor, READ).map(|_| ())
            }
            Some(b"table") => self.query(cursor),
            Some(b"fetch" | b"move") => {
                let name = cursor.texts().last().unwrap_or_default();
                self.prepared(name, true)
            }
            _ => self.walk(cursor),
        }
    }

    /// `name [CONSTANT] type` of PL/pgSQL; false, and nothing taken, where no declaration stands here.
    fn declaration(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, Full> {
        let mut ahead = *cursor;
        let is_keyword = |c: &Cursor<'a>| {
            c.peek().is_some_and(|item| {
                item.tok == Tok::Word && {
                    let word = c.text(item);
                    is_reserved(word) || word_of_statement(word)
                }
            })
        };
        if is_keyword(&ahead) || ahead.name().is_none() {
            return Ok(false);
        }
        ahead.take_word("constant");
        if !ahead.peek().is_some_and(|item| matches!(item.tok, Tok::Word | Tok::Quoted)) {
            return Ok(false);
        }
        self.ty(&mut ahead)?;
        *cursor = ahead;
        Ok(true)
    }

    fn copy(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        cursor.skip(1);
        if let Some(inside) = cursor.group() {
            return self.nested(inside);
        }
        let mut ahead = cursor;
        let aspect = if ahead.find_word("from") { INSERT } else { READ };
        if let Some(name) = self.target(&mut cursor, aspect)? {
            self.columns(&mut cursor, name, aspect)?;
        }
        Ok(())
    }

    /// The uses of a prepared statement or a cursor.
    fn prepared(&mut self, name: &[u8], is_cursor: bool) -> Result<(), Full> {
        match self.session.prepared(name, is_cursor) {
            Some(prepared) => prepared.uses().try_for_each(|used| (self.each)(used)),
            None => Ok(()),
        }
    }

    /// `EXECUTE name (arguments)`, or the text that PL/pgSQL executes where it is known. What is left is an expression.
    fn execute(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Full> {
        cursor.skip(1);
        let mut named = *cursor;
        if let Some(name) = named.name()
            && (named.is_empty() || named.is_punct(b'(') || named.is_punct(b';'))
            && self.session.prepared(name, false).is_some()
        {
            *cursor = named;
            return self.prepared(name, false);
        }
        let start = *cursor;
        while cursor.peek().is_some_and(|item| item.tok != Tok::Punct(b';'))
            && !["into", "using", "loop"].iter().any(|word| cursor.is_word(word))
        {
            if cursor.group().is_none() {
                cursor.skip(1);
            }
        }
        let text = start.to(cursor.position());
        let typed = expression::read(text, expression::Scope { session: self.session, rows: &[] });
        let Some(sql) = typed.text().filter(|_| self.depth < EXPRESSION_NESTING / 2) else {
            return self.walk(text);
        };
        let (session, depth) = (self.session, self.depth + EXPRESSION_NESTING / 4);
        let each = &mut *self.each;
        super::statements(sql, typed.line, EXECUTED_BYTES, &mut |inner| {
            let mut reader = Reader { depth, ..Reader::new(session, &mut *each) };
            reader.statement(inner)
        })
    }

    /// A query in parentheses.
    fn nested(&mut self, inside: Cursor<'a>) -> Result<(), Full> {
        if self.depth == EXPRESSION_NESTING {
            return Ok(());
        }
        self.depth += 1;
        let done = self.query(inside);
        self.depth -= 1;
        done
    }

    /// `[WITH …] statement`
    fn query(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        let (ctes, items, level) = (self.ctes.len(), self.items.len(), self.level);
        let done = self.with(&mut cursor).and_then(|()| self.main(cursor));
        self.ctes.truncate(ctes);
        self.items.truncate(items);
        self.level = level;
        done
    }

    fn with(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Full> {
        if !cursor.take_word("with") {
            return Ok(());
        }
        let is_recursive = cursor.take_word("recursive");
        while let Some(name) = cursor.name() {
            cursor.group();
            cursor.take_word("as");
            cursor.take_word("not");
            cursor.take_word("materialized");
            let Some(inside) = cursor.group() else { return Ok(()) };
            if is_recursive {
                self.keep_cte(name);
            }
            self.nested(inside)?;
            if !is_recursive {
                self.keep_cte(name);
            }
            // SEARCH … SET x, CYCLE … USING y
            while !cursor.is_empty() && !cursor.is_punct(b',') && !is_query(cursor) {
                cursor.skip(1);
            }
            if !cursor.take_punct(b',') {
                break;
            }
        }
        Ok(())
    }

    fn keep_cte(&mut self, name: &'a [u8]) {
        if self.ctes.len() < KEPT {
            self.ctes.push(name);
        } else {
            self.unsure = true;
        }
    }

    fn keep_item(&mut self, alias: &'a [u8], relation: Option<Name<'a>>) {
        if self.items.len() < KEPT {
            self.items.push(FromItem { alias, relation });
        }
    }

    fn main(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        match cursor.peek().filter(|item| item.tok == Tok::Word).map_or(&b""[..], |item| cursor.text(item)) {
            b"insert" => self.insert(cursor),
            b"update" => self.update(cursor),
            b"delete" => self.delete(cursor),
            b"merge" => self.merge(cursor),
            b"table" => {
                cursor.skip(1);
                self.target(&mut cursor, READ)?;
                self.walk(cursor)
            }
            _ => self.selects(cursor),
        }
    }

    /// `SELECT … UNION SELECT …`
    fn selects(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        while !cursor.is_empty() {
            let start = cursor;
            seek(&mut cursor, |c| matches!(word(c), b"except" | b"intersect" | b"union"));
            self.select(start.to(cursor.position()))?;
            cursor.skip(1);
            cursor.take_one_of(&["all", "distinct"]);
        }
        Ok(())
    }

    fn select(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        if cursor.take_one_of(&["select", "perform"]).is_none() {
            // a query in parentheses, VALUES
            cursor.take_word("values");
            return self.walk(cursor);
        }
        self.listed(cursor)
    }

    /// What stands behind SELECT, and behind RETURN in PL/pgSQL.
    fn listed(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        let (items, level) = (self.items.len(), self.level);
        self.level = items;
        let list = cursor;
        // IS DISTINCT FROM
        seek(&mut cursor, |c| {
            c.is_word("from") && !c.behind(1).is_some_and(|i| i.tok == Tok::Word && c.text(i) == b"distinct")
        });
        let list = list.to(cursor.position());
        cursor.skip(1);
        let from = cursor;
        self.from(&mut cursor)?;
        self.of_catalog(from)?;
        self.walk(list)?;
        self.walk(cursor)?;
        self.items.truncate(items);
        self.level = level;
        Ok(())
    }

    /// A query of nothing but the catalogue names objects in its conditions, which stand behind FROM.
    fn of_catalog(&mut self, from: Cursor<'a>) -> Result<(), Full> {
        let items = &self.items[self.level..];
        let is_one = |item: &FromItem<'_>| {
            item.relation.is_some_and(|of| match of.schema {
                Some(schema) => matches!(schema, b"pg_catalog" | b"information_schema"),
                None => of.name.starts_with(b"pg_"),
            })
        };
        if items.is_empty() || !items.iter().all(is_one) {
            return Ok(());
        }
        let Some(conditions) = catalog::Conditions::read(from) else { return Ok(()) };
        let line = conditions.line();
        let mut emit = |(kind, schema, name, sub, args): catalog::About<'_>| {
            let (scope, schema) = schema.map_or((Scope::User, &b""[..]), |schema| (Scope::Named, schema));
            let key = Key { kind, scope, schema, name, sub, args };
            (self.each)(Reference { key, aspect: Aspect::NAMED, line, reads: false })
        };
        match conditions.by_oid() {
            None => conditions.about(None).into_iter().try_for_each(emit),
            Some((text, line)) => catalog::read(text, ObjectKind::Relation, line, &mut |of, _| {
                conditions.about(Some((of.schema, of.name))).into_iter().try_for_each(&mut emit)
            }),
        }
    }

    /// The items behind FROM or USING, joins and their conditions included.
    fn from(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Full> {
        loop {
            cursor.take_word("lateral");
            if !self.item_of_from(cursor)? {
                return Ok(());
            }
            loop {
                if cursor.take_punct(b',') {
                    break;
                }
                if matches!(word(cursor), b"cross" | b"full" | b"inner" | b"join" | b"left" | b"natural" | b"right") {
                    while cursor.take_one_of(&["natural", "left", "right", "full", "inner", "cross", "outer"]).is_some()
                    {
                    }
                    if !cursor.take_word("join") {
                        return Ok(());
                    }
                    break;
                }
                if cursor.take_word("on") {
                    let condition = *cursor;
                    seek(cursor, |c| c.is_punct(b',') || ends_clause(c));
                    self.walk(condition.to(cursor.position()))?;
                } else if cursor.is_word("using") && cursor.ahead(1).is_some_and(|i| i.tok == Tok::Punct(b'(')) {
                    cursor.skip(1);
                    let columns = *cursor;
                    for at in self.level..self.items.len() {
                        if let Some(relation) = self.items[at].relation {
                            self.columns(&mut columns.clone(), relation, READ)?;
                        }
                    }
                    cursor.group();
                    if cursor.take_word("as") {
                        cursor.name();
                    }
                } else {
                    return Ok(());
                }
            }
        }
    }

    /// One item with its alias; false where none stands here.
    fn item_of_from(&mut self, cursor: &mut Cursor<'a>) -> Result<bool, Full> {
        let mut item = (&b""[..], None);
        if let Some(mut inside) = cursor.group() {
            if is_query(&inside) || inside.is_punct(b'(') && begins_query(inside) {
                self.nested(inside)?;
            } else if self.depth < EXPRESSION_NESTING {
                self.depth += 1;
                let done = self.from(&mut inside);
                self.depth -= 1;
                done?;
            }
        } else if cursor.is_word("rows") && cursor.is_word_at(1, "from") {
            cursor.skip(2);
            if let Some(inside) = cursor.group() {
                self.walk(inside)?;
            }
        } else {
            cursor.take_word("only");
            let mut ahead = *cursor;
            let is_keyword = matches!(word(cursor), b"select" | b"set" | b"values" | b"with");
            let Some(name) = ahead.qualified().filter(|_| !is_keyword) else { return Ok(false) };
            item.0 = name.name;
            if ahead.is_punct(b'(') {
                let call = *cursor;
                ahead.group();
                *cursor = ahead;
                self.walk(call.to(cursor.position()))?;
                cursor.take_words(&["with", "ordinality"]);
            } else {
                *cursor = ahead;
                if !self.is_cte(&name) {
                    self.relation(name, READ)?;
                    item.1 = Some(name);
                }
                if cursor.peek().is_some_and(|i| i.tok == Tok::Operator && cursor.text(i) == b"*") {
                    cursor.skip(1);
                }
            }
        }
        if let Some(alias) = alias(cursor) {
            item.0 = alias;
            // its columns
            if cursor.group().is_some() {
                item.1 = None;
            }
        }
        if cursor.take_word("tablesample") {
            cursor.skip(1);
            cursor.group();
            if cursor.take_word("repeatable") {
                cursor.group();
            }
        }
        if !item.0.is_empty() {
            self.keep_item(item.0, item.1);
        }
        Ok(true)
    }

    /// `INSERT INTO t [AS x] [(columns)] source [ON CONFLICT …] [RETURNING …]`
    fn insert(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        cursor.skip(2);
        let Some(name) = self.target(&mut cursor, INSERT)? else { return Ok(()) };
        let alias = if cursor.take_word("as") { cursor.name() } else { None }.unwrap_or(name.name);
        let mut rest = cursor;
        seek(&mut rest, |c| c.is_word("returning") || c.is_word("on") && c.is_word_at(1, "conflict"));
        let mut updates = rest;
        if updates.find_word("do") && updates.is_word_at(1, "update") {
            self.relation(name, UPDATE)?;
        }
        if cursor.is_punct(b'(') && !cursor.ahead(1).is_some_and(|_| begins_query(cursor)) {
            self.columns(&mut cursor, name, INSERT)?;
        }
        if cursor.take_word("overriding") {
            cursor.skip(2);
        }
        self.query(cursor.to(rest.position()))?;
        self.level = self.items.len();
        self.keep_item(alias, Some(name));
        // the row that was to be inserted
        let mut conflict = rest;
        if conflict.take_words(&["on", "conflict"]) {
            if conflict.is_punct(b'(') {
                self.columns(&mut conflict, name, READ)?;
            }
            rest = conflict;
        }
        let level = self.level;
        if rest.is_word("returning") {
            return self.walk(rest);
        }
        let mut set = rest;
        if set.find_word("set") {
            let mut action = rest;
            seek(&mut action, |c| c.is_word("do"));
            self.walk(rest.to(action.position()))?;
            self.keep_item(b"excluded", Some(name));
            set.skip(1);
            self.set_list(&mut set, name)?;
            rest = set;
        }
        // one relation: its columns need no name before them
        self.level = level;
        self.walk(rest)
    }

    /// `UPDATE t [AS x] SET … [FROM …] [WHERE …] [RETURNING …]`
    fn update(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        cursor.skip(1);
        let Some(name) = self.changed(&mut cursor, UPDATE)? else { return Ok(()) };
        self.level = self.items.len();
        let alias = alias(&mut cursor).unwrap_or(name.name);
        self.keep_item(alias, Some(name));
        if !cursor.take_word("set") {
            return Ok(());
        }
        let mut set = cursor;
        seek(&mut cursor, |c| matches!(word(c), b"from" | b"loop" | b"returning" | b"where"));
        set = set.to(cursor.position());
        if cursor.take_word("from") {
            self.from(&mut cursor)?;
        }
        self.set_list(&mut set, name)?;
        self.walk(cursor)
    }

    /// The target of UPDATE or DELETE.
    fn changed(&mut self, cursor: &mut Cursor<'a>, aspect: Aspect) -> Result<Option<Name<'a>>, Full> {
        let [mut condition, mut returned] = [*cursor; 2];
        self.reads = condition.find_word("where") || returned.find_word("returning");
        let name = self.target(cursor, aspect);
        self.reads = false;
        name
    }

    /// `a = 1, (b, c) = (2, 3)` up to the end of the clause.
    fn set_list(&mut self, cursor: &mut Cursor<'a>, of: Name<'a>) -> Result<(), Full> {
        loop {
            if cursor.is_punct(b'(') {
                self.columns(cursor, of, UPDATE)?;
            } else if let Some(column) = cursor.name() {
                self.column(of, column, UPDATE)?;
            } else {
                return Ok(());
            }
            let value = *cursor;
            seek(cursor, |c| c.is_punct(b',') || matches!(word(c), b"from" | b"returning" | b"when" | b"where"));
            self.walk(value.to(cursor.position()))?;
            if !cursor.take_punct(b',') {
                return Ok(());
            }
        }
    }

    /// `DELETE FROM t [AS x] [USING …] [WHERE …] [RETURNING …]`
    fn delete(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        cursor.skip(2);
        let Some(name) = self.changed(&mut cursor, DELETE)? else { return Ok(()) };
        self.level = self.items.len();
        let alias = alias(&mut cursor).unwrap_or(name.name);
        self.keep_item(alias, Some(name));
        if cursor.take_word("using") {
            self.from(&mut cursor)?;
        }
        self.walk(cursor)
    }

    /// `MERGE INTO t [AS x] USING … ON … WHEN …`
    fn merge(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        cursor.skip(2);
        let mut actions = cursor;
        let Some(name) = self.target(&mut cursor, NOTHING)? else { return Ok(()) };
        for (words, aspect) in
            [(["then", "update"], UPDATE), (["then", "delete"], DELETE), (["then", "insert"], INSERT)]
        {
            let start = actions;
            seek(&mut actions, |c| c.is_word_at(0, words[0]) && c.is_word_at(1, words[1]));
            if !actions.is_empty() {
                self.relation(name, aspect)?;
            }
            actions = start;
        }
        self.level = self.items.len();
        let alias = alias(&mut cursor).unwrap_or(name.name);
        self.keep_item(alias, Some(name));
        if cursor.take_word("using") {
            self.item_of_from(&mut cursor)?;
        }
        loop {
            let start = cursor;
            seek(&mut cursor, |c| c.is_word("then"));
            self.walk(start.to(cursor.position()))?;
            if cursor.is_empty() {
                return Ok(());
            }
            cursor.skip(1);
            if cursor.take_words(&["update", "set"]) {
                self.set_list(&mut cursor, name)?;
            } else if cursor.take_word("insert") && cursor.is_punct(b'(') {
                self.columns(&mut cursor, name, INSERT)?;
            }
        }
    }

    /// The relation that a statement is about.
    fn target(&mut self, cursor: &mut Cursor<'a>, aspect: Aspect) -> Result<Option<Name<'a>>, Full> {
        cursor.take_word("only");
        let mut ahead = *cursor;
        let Some(name) = ahead.qualified() else { return Ok(None) };
        if name.schema.is_none() && is_reserved(name.name) && cursor.peek().is_some_and(|i| i.tok == Tok::Word) {
            return Ok(None);
        }
        *cursor = ahead;
        if cursor.peek().is_some_and(|i| i.tok == Tok::Operator && cursor.text(i) == b"*") {
            cursor.skip(1);
        }
        if aspect != NOTHING {
            self.relation(name, aspect)?;
        }
        Ok(Some(name))
    }

    /// A list of columns in parentheses.
    fn columns(&mut self, cursor: &mut Cursor<'a>, of: Name<'a>, aspect: Aspect) -> Result<(), Full> {
        let Some(inside) = cursor.group() else { return Ok(()) };
        for mut part in inside.split(b',') {
            if let Some(column) = part.name() {
                self.column(of, column, aspect)?;
            }
        }
        Ok(())
    }

    /// A query, or an expression.
    pub(super) fn fragment(&mut self, cursor: Cursor<'a>) -> Result<(), Full> {
        if is_query(&cursor) { self.query(cursor) } else { self.walk(cursor) }
    }

    /// An expression, or what follows the items of FROM. Also finds the statements of PL/pgSQL behind its keywords.
    fn walk(&mut self, mut cursor: Cursor<'a>) -> Result<(), Full> {
        let start = cursor.position();
        // what stands before is a whole operand: a word behind it is no column but the operand's name
        let mut operand = false;
        while let Some(item) = cursor.peek() {
            match item.tok {
                Tok::Word => operand = self.word(&mut cursor, operand, start)?,
                Tok::Quoted => operand = self.name(&mut cursor, operand)?,
                Tok::Punct(b'(') => {
                    let mut inside = cursor;
                    inside.skip(1);
                    if is_query(&inside) {
                        let inside = cursor.group();
                        inside.map_or(Ok(()), |inside| self.nested(inside))?;
                        operand = true;
                    } else {
                        cursor.skip(1);
                        operand = false;
                    }
                }
                Tok::Cast => {
                    let before = cursor.behind(1).filter(|item| item.tok == Tok::String && !item.cut);
                    cursor.skip(1);
                    if let Some(item) = before
                        && let Some(kind) = catalog::kind_of_type(word(&cursor))
                    {
                        self.named(cursor.text(item), kind, item.line, Aspect::NAMED)?;
                    }
                    self.ty(&mut cursor)?;
                    operand = true;
                }
                tok => {
                    cursor.skip(1);
                    operand =
                        matches!(tok, Tok::Punct(b')' | b']') | Tok::String | Tok::Number | Tok::Param | Tok::Bits)
                            || matches!(tok, Tok::Variable(_));
                }
            }
        }
        Ok(())
    }

    /// An unquoted word in an expression; whether it ends an operand.
    fn word(&mut self, cursor: &mut Cursor<'a>, operand: bool, start: usize) -> Result<bool, Full> {
        let text = word(cursor);
        if words::is_query(text) && begins_statement(cursor, start) {
            let query = *cursor;
            seek(cursor, |c| c.is_word("loop"));
            self.query(query.to(cursor.position()))?;
            return Ok(false);
        }
        match text {
            b"execute" if begins_statement(cursor, start) || behind_word(cursor, b"query") => {
                self.execute(cursor)?;
                return Ok(false);
            }
            b"return" if begins_statement(cursor, start) && !cursor.is_word_at(1, "query") => {
                cursor.skip(1);
                cursor.take_word("next");
                let value = *cursor;
                cursor.skip(cursor.len());
                return if is_query(&value) { self.query(value) } else { self.listed(value) }.map(|()| false);
            }
            b"as" => {
                cursor.skip(1);
                if !cursor.is_punct(b'(') {
                    cursor.skip(1);
                }
                return Ok(true);
            }
            b"cast" if cursor.is_call() => {
                cursor.skip(1);
                let Some(mut inside) = cursor.group() else { return Ok(true) };
                let value = inside;
                inside.find_word("as");
                self.walk(value.to(inside.position()))?;
                inside.skip(1);
                self.ty(&mut inside)?;
                return Ok(true);
            }
            // SELECT … INTO x, y
            b"into" => {
                cursor.skip(1);
                while cursor.take_one_of(&["strict", "temp", "temporary", "unlogged", "table"]).is_some() {}
                loop {
                    cursor.qualified();
                    if !cursor.take_punct(b',') {
                        return Ok(true);
                    }
                }
            }
            b"collate" => {
                cursor.skip(1);
                cursor.qualified();
                return Ok(true);
            }
            b"extract" if cursor.is_call() => {
                cursor.skip(3);
                return Ok(false);
            }
            b"by" | b"escape" | b"over" | b"partition" => {
                cursor.skip(1);
                return Ok(false);
            }
            b"call" if begins_statement(cursor, start) => {
                cursor.skip(1);
                return Ok(false);
            }
            _ => {}
        }
        let goes_on = cursor.ahead(1).is_some_and(|next| matches!(next.tok, Tok::Punct(b'(' | b'.')));
        if !goes_on && is_reserved(text) {
            cursor.skip(1);
            return Ok(words::is_value(text));
        }
        self.name(cursor, operand)
    }

    /// A name in an expression: a column, a call, or the name of what stands before; it ends an operand unless
    /// parentheses follow.
    fn name(&mut self, cursor: &mut Cursor<'a>, operand: bool) -> Result<bool, Full> {
        let is_word = cursor.peek().is_some_and(|item| item.tok == Tok::Word);
        let start = *cursor;
        let Some(first) = cursor.name() else { return Ok(false) };
        match cursor.peek().map(|next| next.tok) {
            Some(Tok::Punct(b'(')) => {
                let name = Name { schema: None, name: first, line: start.line() };
                self.call(name, is_word, cursor)?;
                return Ok(false);
            }
            Some(Tok::Punct(b'.')) => {}
            Some(Tok::String) if is_word && !operand => {
                self.ty(&mut start.clone())?;
                return Ok(true);
            }
            _ => {
                if let ([FromItem { relation: Some(of), .. }], false) = (&self.items[self.level..], operand) {
                    self.column(Name { line: start.line(), ..*of }, first, READ)?;
                }
                return Ok(true);
            }
        }
        let mut parts = [first, b"", b""];
        let mut count = 1;
        while cursor.is_punct(b'.') && cursor.ahead(1).is_some_and(|i| matches!(i.tok, Tok::Word | Tok::Quoted)) {
            cursor.skip(1);
            let part = cursor.name().unwrap_or_default();
            if count == parts.len() {
                parts.rotate_left(1);
                count -= 1;
            }
            parts[count] = part;
            count += 1;
        }
        if cursor.is_punct(b'(') {
            let name = Name { schema: Some(parts[count - 2]), name: parts[count - 1], line: start.line() };
            self.call(name, false, cursor)?;
            return Ok(false);
        }
        // t.*
        if cursor.take_punct(b'.') {
            cursor.skip(1);
            return Ok(true);
        }
        let (schema, alias, column) = match count {
            2 => (None, parts[0], parts[1]),
            _ => (Some(parts[0]), parts[1], parts[2]),
        };
        let is_meant = |item: &&FromItem<'a>| {
            item.alias == alias && (schema.is_none() || item.relation.is_some_and(|relation| relation.schema == schema))
        };
        if let Some(of) = self.items.iter().rev().find(is_meant).and_then(|item| item.relation) {
            self.column(Name { line: start.line(), ..of }, column, READ)?;
        }
        Ok(true)
    }

    /// A call; `cursor` stands before its arguments.
    fn call(&mut self, name: Name<'a>, is_word: bool, cursor: &Cursor<'a>) -> Result<(), Full> {
        let is_of_catalog = name.schema.is_none_or(|schema| schema == b"pg_catalog");
        if is_of_catalog
            && let Some(inside) = cursor.clone().group()
            && let Some((text, line, kind)) = catalog::argument(name.name, inside)
        {
            let is_privilege = name.name.ends_with(b"_privilege");
            self.named(text, kind, line, if is_privilege { Aspect::PRIVILEGES } else { Aspect::NAMED })?;
        }
        let of_pgtap = name.schema.is_none_or(|schema| self.session.is_pgtap_schema(schema));
        let of_server = match name.schema {
            Some(schema) => schema == b"pg_catalog",
            None => {
                is_built_in_function(name.name)
                    || is_word && (words::NO_ROUTINE.binary_search(&name.name).is_ok() || is_reserved(name.name))
            }
        };
        if of_server || of_pgtap && !overloads(name.name).1.is_empty() || self.is_cte(&name) {
            return Ok(());
        }
        let args = cursor.clone().group().map_or_else(|| arity(0), arguments::spell);
        self.push(ObjectKind::Routine, name, (b"", &args), Aspect::CALLED)
    }

    /// Takes the name of a type.
    fn ty(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Full> {
        let start = *cursor;
        if types::parse(cursor).is_none() {
            return Ok(());
        }
        let mut named = start;
        named.take_word("setof");
        let Some(name) = named.qualified() else { return Ok(()) };
        // t.c%TYPE
        let copies = named.peek().is_some_and(|i| i.tok == Tok::Operator && named.text(i) == b"%");
        let of_server = match name.schema {
            Some(schema) => schema == b"pg_catalog",
            None => types::is_built_in(&types::normalize(name.name)),
        };
        if copies || of_server { Ok(()) } else { self.push(ObjectKind::Type, name, (b"", b""), Aspect::USED) }
    }

    fn is_cte(&self, name: &Name<'_>) -> bool {
        name.schema.is_none() && (self.unsure || self.ctes.contains(&name.name))
    }

    /// An object that a text names.
    fn named(&mut self, text: &[u8], kind: ObjectKind, line: u32, aspect: Aspect) -> Result<(), Full> {
        catalog::read(text, kind, line, &mut |name, args| {
            // what has no schema is of the database
            let name = if kind == ObjectKind::Schema || kind == ObjectKind::Role {
                Name { schema: Some(b""), ..name }
            } else {
                name
            };
            self.push(kind, name, (b"", args), aspect)
        })
    }

    fn relation(&mut self, name: Name<'_>, aspect: Aspect) -> Result<(), Full> {
        self.push(ObjectKind::Relation, name, (b"", b""), aspect)
    }

    fn column(&mut self, of: Name<'_>, column: &[u8], aspect: Aspect) -> Result<(), Full> {
        self.push(ObjectKind::Column, of, (column, b""), aspect)
    }

    fn push(
        &mut self,
        kind: ObjectKind,
        name: Name<'_>,
        (sub, args): (&[u8], &[u8]),
        aspect: Aspect,
    ) -> Result<(), Full> {
        let (scope, schema) = match name.schema {
            Some(schema) => (Scope::Named, schema),
            None => (Scope::Path, self.session.search_path()),
        };
        let key = Key { kind, scope, schema, name: name.name, sub, args };
        (self.each)(Reference { key, aspect, line: name.line, reads: self.reads })
    }
}

const READ: Aspect = Aspect::READ;
const INSERT: Aspect = Aspect::INSERT;
const UPDATE: Aspect = Aspect::UPDATE;
const DELETE: Aspect = Aspect::DELETE;
const NOTHING: Aspect = Aspect(u8::MAX);

/// A query starts here.
fn is_query(cursor: &Cursor<'_>) -> bool {
    words::is_query(word(cursor)) || cursor.is_word("table")
}

/// A query starts behind the parentheses here.
fn begins_query(mut cursor: Cursor<'_>) -> bool {
    while cursor.take_punct(b'(') {}
    is_query(&cursor)
}

/// A statement may start here: at the start of what is walked, or behind a keyword of PL/pgSQL.
fn begins_statement(cursor: &Cursor<'_>, start: usize) -> bool {
    cursor.position() == start
        || cursor.behind(1).is_some_and(|item| match item.tok {
            Tok::Word => words::BEFORE_QUERIES.binary_search(&cursor.text(item)).is_ok(),
            // <<label>>
            tok => tok == Tok::Operator && cursor.text(item) == b">>",
        })
}

fn behind_word(cursor: &Cursor<'_>, word: &[u8]) -> bool {
    cursor.behind(1).is_some_and(|item| item.tok == Tok::Word && cursor.text(item) == word)
}

/// The keyword here ends a clause: no call by its name.
fn ends_clause(cursor: &Cursor<'_>) -> bool {
    words::is_clause(word(cursor)) && (!cursor.is_call() || cursor.is_word("set"))
}

/// Begins a statement that may be followed by a name.
fn word_of_statement(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 32] = [
        b"assert",
        b"begin",
        b"call",
        b"case",
        b"close",
        b"continue",
        b"copy",
        b"delete",
        b"elseif",
        b"elsif",
        b"exception",
        b"execute",
        b"exit",
        b"explain",
        b"fetch",
        b"foreach",
        b"get",
        b"if",
        b"insert",
        b"loop",
        b"merge",
        b"move",
        b"open",
        b"perform",
        b"raise",
        b"refresh",
        b"reset",
        b"return",
        b"set",
        b"truncate",
        b"update",
        b"while",
    ];
    WORDS.binary_search(&word).is_ok()
}

/// `[AS] alias`
fn alias<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if !cursor.take_word("as") {
        let item = cursor.peek()?;
        if item.tok == Tok::Word && (is_reserved(cursor.text(item)) || ends_clause(cursor)) {
            return None;
        }
    }
    cursor.name()
}

/// Moves on to where `found` holds, outside of parentheses, or to the end.
fn seek<'a>(cursor: &mut Cursor<'a>, found: impl Fn(&Cursor<'a>) -> bool) {
    while !cursor.is_empty() && !found(cursor) {
        if cursor.group().is_none() {
            cursor.skip(1);
        }
    }
}
