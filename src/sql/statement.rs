//! Collects the tokens of one statement, decoded, within a limit.
//!
//! A statement ends where psql would send it: at `;` outside of parentheses and of a BEGIN ATOMIC body, or at a
//! backslash command such as `\gset`. One that exceeds the limit is handed over in parts: its head first, so that what
//! it defines is known, then the rest, in which only calls by name are looked for.

use super::lexer::{Flow, Kind, Quoting, Sink, Token};
use super::literal;
use crate::limits::to_u32;

/// What a collected token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tok {
    /// Unquoted identifier or keyword, folded.
    Word,
    /// Quoted identifier, decoded.
    Quoted,
    /// String literal, decoded, its continuations joined.
    String,
    /// A bit string; it is no text.
    Bits,
    /// Number.
    Number,
    /// `$1`
    Param,
    /// Operator.
    Operator,
    /// The byte itself.
    Punct(u8),
    /// `::`
    Cast,
    /// `:=`
    Assign,
    /// `..`
    DotDot,
    /// psql variable with its quote or 0.
    Variable(u8),
}

/// A token of a statement.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// What it is.
    pub tok: Tok,
    /// The text was over the limit.
    pub cut: bool,
    start: u32,
    end: u32,
    /// 1-based line in the source.
    pub line: u32,
    /// Of an opening parenthesis or bracket: the place of its closing one.
    close: u32,
}

/// Why the statement at hand is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is not yet.
    Open,
    /// A semicolon, a backslash command that sends, or the end of input.
    Whole,
    /// A backslash command stands alone; its text is the only token's.
    Meta,
    /// The limit was reached; the statement goes on.
    Part,
}

/// The collector; reused from statement to statement.
#[derive(Debug)]
pub struct Statement {
    text: Vec<u8>,
    items: Vec<Item>,
    text_limit: usize,
    item_limit: usize,
    /// Why it is complete.
    pub end: End,
    /// This is not the first part of the statement.
    pub is_continuation: bool,
    /// The input ended inside of a literal, a comment or COPY data that began on this line.
    pub unterminated: Option<u32>,
    /// It ended inside of the parenthesis on this line.
    pub unclosed: Option<u32>,
    /// The head of a loop in PL/pgSQL is a statement of its own.
    pub ends_at_loop: bool,
    meta: Vec<u8>,
    meta_line: u32,
    /// Opening parentheses and brackets that are not closed in this part.
    open: Vec<u32>,
    parens: u32,
    begins: u32,
    words: u32,
    head: [u8; 4],
    unicode: Option<(usize, u8)>,
    uescape: bool,
}

/// Bytes and tokens by which a part may exceed its limits, so that it does not end inside of `schema.name(`.
const NAME_ROOM: usize = 256;
const NAME_TOKENS: usize = 8;

/// Room for most statements.
const TYPICAL_BYTES: usize = 256;
const TYPICAL_TOKENS: usize = 64;

/// RULE in the head of a statement.
const RULE: u8 = b'u';

/// What is not closed ends with the statement.
const UNCLOSED: u32 = u32::MAX;

impl Statement {
    /// A collector for at most `text_limit` bytes and `item_limit` tokens.
    pub fn new(text_limit: usize, item_limit: usize) -> Self {
        Statement {
            text: Vec::with_capacity(TYPICAL_BYTES.min(text_limit)),
            items: Vec::with_capacity(TYPICAL_TOKENS.min(item_limit)),
            text_limit,
            item_limit,
            end: End::Open,
            is_continuation: false,
            unterminated: None,
            unclosed: None,
            ends_at_loop: false,
            meta: Vec::new(),
            meta_line: 0,
            open: Vec::new(),
            parens: 0,
            begins: 0,
            words: 0,
            head: [0; 4],
            unicode: None,
            uescape: false,
        }
    }

    /// The tokens.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The text of a token.
    pub fn text(&self, item: &Item) -> &[u8] {
        &self.text[item.start as usize..item.end as usize]
    }

    /// The place of the token that closes the parenthesis or bracket at `at`; the end where none does.
    pub fn close_of(&self, at: usize) -> usize {
        self.items.get(at).map_or(UNCLOSED, |item| item.close).min(to_u32(self.items.len())) as usize
    }

    /// The backslash command that ended the statement, and its line.
    pub fn meta(&self) -> (&[u8], u32) {
        (&self.meta, self.meta_line)
    }

    /// Makes room for the next statement, or for the next part of this one.
    pub fn clear(&mut self) {
        let part = self.end == End::Part;
        self.text.clear();
        self.items.clear();
        self.open.clear();
        self.meta.clear();
        self.end = End::Open;
        self.is_continuation = part;
        self.unterminated = None;
        self.unclosed = None;
        self.unicode = None;
        self.uescape = false;
        if !part {
            self.parens = 0;
            self.begins = 0;
            self.words = 0;
            self.head = [0; 4];
        }
    }

    /// Ends the statement where the input ends. False where there is none.
    pub fn close(&mut self) -> bool {
        if self.end == End::Open {
            self.settle_unicode(b'\\');
            self.end = End::Whole;
            self.note_unclosed();
        }
        !self.items.is_empty() || self.unterminated.is_some()
    }

    /// Takes a token as it is written; where its text starts.
    fn push(&mut self, tok: Tok, token: &Token<'_>) -> usize {
        let start = self.text.len();
        // the name that a part may go on with is whole
        let more = if tok == Tok::Quoted { NAME_ROOM } else { 0 };
        let room = (self.text_limit + more).saturating_sub(start);
        let kept = token.text.len().min(room);
        self.text.extend_from_slice(&token.text[..kept]);
        self.add(tok, token, start, token.cut || kept < token.text.len());
        start
    }

    /// Decodes the text of the last token.
    fn decode(&mut self, start: usize, quoting: Quoting, quote: u8, escape: u8) {
        literal::decode(&mut self.text, start, quoting, quote, escape);
        if quote == b'"' {
            literal::truncate_name(&mut self.text, start);
        }
        if let Some(item) = self.items.last_mut() {
            item.end = to_u32(self.text.len());
        }
    }

    fn word(&mut self, token: &Token<'_>) {
        let start = self.text.len();
        // the name that a part may go on with is whole
        let room = (self.text_limit + NAME_ROOM).saturating_sub(start);
        let kept = token.text.len().min(room);
        literal::fold(&token.text[..kept], &mut self.text);
        self.add(Tok::Word, token, start, token.cut || kept < token.text.len());
    }

    fn add(&mut self, tok: Tok, token: &Token<'_>, start: usize, cut: bool) {
        let (start, end) = (to_u32(start), to_u32(self.text.len()));
        self.items.push(Item { tok, cut, start, end, line: token.line, close: UNCLOSED });
        if token.unterminated {
            self.unterminated = Some(token.line);
        }
    }

    /// "identifiers" and "begin_depth" of psqlscan.l: semicolons inside of a BEGIN ATOMIC body end nothing.
    fn track_begin(&mut self, word: &[u8]) {
        if self.words >= 4 && self.head[0] != b'c' {
            return;
        }
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if self.words < 4
            && (is(b"create") || is(b"function") || is(b"procedure") || is(b"or") || is(b"replace") || is(b"rule"))
        {
            // REPLACE begins as RULE does
            self.head[self.words as usize] = if is(b"rule") { RULE } else { word[0].to_ascii_lowercase() };
        }
        self.words = self.words.saturating_add(1);
        let routine = match self.head {
            [b'c', b'f' | b'p', _, _] => true,
            [b'c', b'o', b'r', last] => matches!(last, b'f' | b'p'),
            _ => false,
        };
        if routine && self.parens == 0 {
            // CASE ends with END too; it matters only inside of a body
            if is(b"begin") || (is(b"case") && self.begins > 0) {
                self.begins = self.begins.saturating_add(1);
            } else if is(b"end") {
                self.begins = self.begins.saturating_sub(1);
            }
        }
    }

    fn is_rule(&self) -> bool {
        matches!(self.head, [b'c', RULE, ..] | [b'c', b'o', b'r', RULE])
    }

    fn note_unclosed(&mut self) {
        if self.parens > 0 {
            self.unclosed = self.open.last().and_then(|at| self.items.get(*at as usize)).map(|item| item.line);
        }
    }

    fn settle_unicode(&mut self, escape: u8) {
        if let Some((start, quote)) = self.unicode.take() {
            self.decode(start, Quoting::Unicode, quote, escape);
        }
    }

    /// U&'…' UESCAPE 'x': the word and its argument belong to the literal. True where the token was taken.
    fn take_uescape(&mut self, token: &Token<'_>) -> bool {
        match token.kind {
            Kind::Word if !self.uescape && token.text.eq_ignore_ascii_case(b"uescape") => {
                self.uescape = true;
                true
            }
            Kind::String(_) if self.uescape => {
                self.uescape = false;
                self.settle_unicode(token.text.first().copied().unwrap_or(b'\\'));
                true
            }
            Kind::StringContinued(_) => false,
            _ => {
                self.settle_unicode(b'\\');
                false
            }
        }
    }
}

impl Sink for Statement {
    fn unterminated(&mut self, line: u32) {
        self.unterminated = Some(line);
    }

    fn token(&mut self, token: Token<'_>) -> Flow {
        if self.unicode.is_some() && self.take_uescape(&token) {
            return Flow::Continue;
        }
        match token.kind {
            Kind::Word => {
                self.track_begin(token.text);
                self.word(&token);
                if self.ends_at_loop && self.parens == 0 && token.text.eq_ignore_ascii_case(b"loop") {
                    self.end = End::Whole;
                    return Flow::Stop;
                }
            }
            Kind::QuotedWord(quoting) => {
                self.words = self.words.saturating_add(1);
                let start = self.push(Tok::Quoted, &token);
                match quoting {
                    Quoting::Unicode => self.unicode = Some((start, b'"')),
                    _ => self.decode(start, quoting, b'"', 0),
                }
            }
            Kind::String(quoting) => {
                let start = self.push(if quoting == Quoting::Bits { Tok::Bits } else { Tok::String }, &token);
                match quoting {
                    Quoting::Bits => {}
                    Quoting::Unicode => self.unicode = Some((start, b'\'')),
                    _ => self.decode(start, quoting, b'\'', 0),
                }
            }
            Kind::StringContinued(quoting) => {
                let before = self.items.pop();
                let start = self.push(if quoting == Quoting::Bits { Tok::Bits } else { Tok::String }, &token);
                if quoting != Quoting::Unicode {
                    self.decode(start, quoting, b'\'', 0);
                }
                if let (Some(before), Some(item)) = (before, self.items.last_mut()) {
                    item.start = before.start;
                    item.line = before.line;
                    item.cut |= before.cut;
                }
            }
            Kind::Number | Kind::Param | Kind::Operator | Kind::Cast | Kind::Assign | Kind::DotDot | Kind::Variable => {
                let tok = match token.kind {
                    Kind::Number => Tok::Number,
                    Kind::Param => Tok::Param,
                    Kind::Operator => Tok::Operator,
                    Kind::Cast => Tok::Cast,
                    Kind::Assign => Tok::Assign,
                    Kind::DotDot => Tok::DotDot,
                    _ => Tok::Variable(token.quote),
                };
                self.push(tok, &token);
            }
            Kind::Punct => return self.punct(&token),
            Kind::Meta => {
                self.settle_unicode(b'\\');
                self.meta.extend_from_slice(&token.text[..token.text.len().min(self.text_limit)]);
                self.meta_line = token.line;
                let sends = token.text.first() == Some(&b'g')
                    || [&b"crosstabview"[..], b"watch"].iter().any(|name| token.text.starts_with(name));
                self.end = if sends && !self.items.is_empty() { End::Whole } else { End::Meta };
                return if is_copy_of_stdin(&self.meta) { Flow::StopForCopyData } else { Flow::Stop };
            }
        }
        self.check_limits()
    }
}

impl Statement {
    fn punct(&mut self, token: &Token<'_>) -> Flow {
        let byte = token.text.first().copied().unwrap_or(b' ');
        match byte {
            b'(' => self.parens = self.parens.saturating_add(1),
            b')' => self.parens = self.parens.saturating_sub(1),
            // psql waits for the parenthesis to be closed, and the server then refuses all of it; here the next statement
            // is read. In the actions of a rule semicolons stand in parentheses
            b';' if self.begins == 0 && (self.parens == 0 || !self.is_rule()) => {
                self.end = End::Whole;
                self.note_unclosed();
                self.parens = 0;
                return if self.is_copy_from_stdin() { Flow::StopForCopyData } else { Flow::Stop };
            }
            _ => {}
        }
        let start = self.text.len();
        let room = start < self.text_limit;
        if room {
            self.text.push(byte);
        }
        self.add(Tok::Punct(byte), token, start, token.cut || !room);
        self.track_close(byte);
        self.check_limits()
    }

    fn check_limits(&mut self) -> Flow {
        if self.text.len() < self.text_limit && self.items.len() < self.item_limit {
            return Flow::Continue;
        }
        self.over_limits()
    }

    /// A part does not end between a name and what may make a call of it, within bounds.
    fn over_limits(&mut self) -> Flow {
        let in_name =
            self.items.last().is_some_and(|item| matches!(item.tok, Tok::Word | Tok::Quoted | Tok::Punct(b'.')));
        if in_name && self.text.len() < self.text_limit + NAME_ROOM && self.items.len() < self.item_limit + NAME_TOKENS
        {
            return Flow::Continue;
        }
        self.settle_unicode(b'\\');
        self.end = End::Part;
        Flow::Stop
    }

    fn track_close(&mut self, byte: u8) {
        let here = to_u32(self.items.len() - 1);
        let opening = match byte {
            b'(' | b'[' => return self.open.push(here),
            b')' => b'(',
            b']' => b'[',
            _ => return,
        };
        let Some(item) = self.open.last().and_then(|at| self.items.get_mut(*at as usize)) else { return };
        if item.tok == Tok::Punct(opening) {
            item.close = here;
            self.open.pop();
        }
    }

    fn is_copy_from_stdin(&self) -> bool {
        let word = |item: &Item, name: &[u8]| item.tok == Tok::Word && self.text(item) == name;
        self.items.first().is_some_and(|item| word(item, b"copy"))
            && self.items.windows(2).any(|pair| word(&pair[0], b"from") && word(&pair[1], b"stdin"))
    }
}

/// `\\copy … from stdin`: the data follows in the script, as that of COPY does.
fn is_copy_of_stdin(command: &[u8]) -> bool {
    let mut words = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.next() == Some(b"copy")
        && words.any(|word| word.eq_ignore_ascii_case(b"from"))
        && words.next().is_some_and(|word| {
            let word = word.strip_suffix(b";").unwrap_or(word);
            word.eq_ignore_ascii_case(b"stdin") || word.eq_ignore_ascii_case(b"pstdin")
        })
}

#[cfg(test)]
mod tests {
    use super::super::lexer::{Dialect, Lexer};
    use super::*;

    fn statements(sql: &str, window: usize, text_limit: usize) -> Vec<(End, String)> {
        let mut lexer = Lexer::new(Dialect::Psql, text_limit, 1);
        let mut statement = Statement::new(text_limit, text_limit / 4);
        let mut found = Vec::new();
        let mut keep = |statement: &mut Statement| {
            let mut spelled: Vec<String> = statement
                .items()
                .iter()
                .map(|item| match item.tok {
                    Tok::Punct(byte) => char::from(byte).to_string(),
                    _ => String::from_utf8_lossy(statement.text(item)).into_owned(),
                })
                .collect();
            if !statement.meta().0.is_empty() {
                spelled.push(format!("\\{}", String::from_utf8_lossy(statement.meta().0)));
            }
            found.push((statement.end, spelled.join(" ")));
            statement.clear();
        };
        for chunk in sql.as_bytes().chunks(window) {
            let mut rest = chunk;
            while !rest.is_empty() {
                rest = &rest[lexer.feed(rest, &mut statement)..];
                if statement.end != End::Open {
                    keep(&mut statement);
                }
            }
        }
        lexer.finish(&mut statement);
        if statement.close() {
            keep(&mut statement);
        }
        found
    }

    fn whole(sql: &str) -> Vec<String> {
        let all = statements(sql, usize::MAX >> 1, 1 << 16);
        for window in [1, 2, 5] {
            assert_eq!(statements(sql, window, 1 << 16), all, "window {window} of {sql:?}");
        }
        all.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn statements_end_where_psql_sends_them() {
        assert_eq!(whole("select 1; select 2"), ["select 1", "select 2"]);
        assert_eq!(
            whole("create rule r as on insert to t do (a; b); c"),
            ["create rule r as on insert to t do ( a ; b )", "c"]
        );
        assert_eq!(
            whole("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; x"),
            ["create function f ( ) returns int begin atomic select case when a then 1 end ; select 2 ; end", "x"]
        );
        assert_eq!(whole("BEGIN; END; SELECT 1;"), ["begin", "end", "select 1"]);
        assert_eq!(whole("\\set a b\nSELECT 1 \\gset x_\nSELECT 2"), ["\\set a b", "select 1 \\gset x_", "select 2"]);
        assert_eq!(whole("COPY t FROM stdin;\n1;2\n\\.\nselect 1"), ["copy t from stdin", "select 1"]);
        assert_eq!(whole(";;"), ["", ""]);
    }

    #[test]
    fn tokens_are_decoded() {
        assert_eq!(
            whole("SELECT \"A\"\"b\", 'it''s'\n 'x', U&'!0041' UESCAPE '!', U&\"\\0042\" c"),
            ["select A\"b , it'sx , A , B c"]
        );
    }

    #[test]
    fn parts_of_a_bit_string_are_one() {
        let mut statement = Statement::new(100, 100);
        let mut lexer = Lexer::new(Dialect::Server, 100, 1);
        lexer.feed(b"B'01'\n'1' 'a'\n'b' ", &mut statement);
        let found: Vec<(Tok, &[u8])> = statement.items().iter().map(|item| (item.tok, statement.text(item))).collect();
        assert_eq!(found, [(Tok::Bits, &b"011"[..]), (Tok::String, b"ab")]);
    }

    #[test]
    fn a_statement_over_the_limit_comes_in_parts_and_the_next_is_whole() {
        let sql = format!("INSERT INTO t VALUES {}; SELECT 1;", vec!["(1)"; 5000].join(","));
        let found = statements(&sql, 4096, 4096);
        assert!(found.len() > 3);
        assert!(found[..found.len() - 2].iter().all(|(end, _)| *end == End::Part));
        assert_eq!(found[found.len() - 1], (End::Whole, "select 1".to_owned()));
    }
}
