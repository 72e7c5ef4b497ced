//! A resumable lexer for PostgreSQL's SQL and psql's additions.
//!
//! How it works: [`Lexer::feed`] takes the next window of input and hands each complete token to a [`Sink`]. A token
//! that lies in one window is a slice of it; one that does not is gathered in `carry`, up to a limit, beyond which it
//! is still tokenized but its text is cut and marked. All that is known about an unfinished token is in `state`, so any
//! split of the input gives the same tokens. Each byte is looked at once; long runs (literals, comments, COPY data) are
//! skipped with memchr.
//!
//! Rules: PostgreSQL 15-18 `src/backend/parser/scan.l` and `src/fe_utils/psqlscan.l`; names in quotes below are theirs.

use crate::limits::to_u32;
use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// What a token is. Comments and white space are no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unquoted identifier or keyword, as written.
    Word,
    /// `"…"`, text without the outer quotes.
    QuotedWord(Quoting),
    /// A string literal, text without the delimiters.
    String(Quoting),
    /// The next part of the preceding literal ("quotecontinue").
    StringContinued(Quoting),
    /// A numeric literal.
    Number,
    /// `$1`
    Param,
    /// A run of operator characters.
    Operator,
    /// One of `,()[].;:` or any byte that no rule takes.
    Punct,
    /// `::`
    Cast,
    /// `:=`
    Assign,
    /// `..`
    DotDot,
    /// psql's `:name`, `:'name'` or `:"name"`; text is the name, [`Token::quote`] the form.
    Variable,
    /// A psql backslash command to the end of its line, text after the backslash.
    Meta,
}

/// How a literal's text is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Doubled quotes stand for one.
    Plain,
    /// `E'…'`: backslash escapes too.
    Escape,
    /// `U&'…'`: Unicode escapes, see UESCAPE.
    Unicode,
    /// `$tag$…$tag$`: nothing to decode.
    Dollar,
    /// `B'…'` or `X'…'`
    Bits,
}

/// One token; `text` lives until the sink returns.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text, undecoded.
    pub text: &'a [u8],
    /// 1-based line of its first byte.
    pub line: u32,
    /// The quote of a psql variable (`'` or `"`), else 0.
    pub quote: u8,
    /// The text was longer than the limit and is cut.
    pub cut: bool,
    /// The input ended inside of it.
    pub unterminated: bool,
}

/// What the receiver of a token wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The next token.
    Continue,
    /// Return from `feed` now.
    Stop,
    /// Return from `feed`, and read from the next line on as COPY data, up to a line `\.`.
    StopForCopyData,
}

/// Receives tokens.
pub trait Sink {
    /// Takes one token.
    fn token(&mut self, token: Token<'_>) -> Flow;
}

/// Whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A script for psql: backslash commands, variables, COPY data.
    Psql,
    /// Text that the server parses: a function body, a string that is executed.
    Server,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ground,
    Word,
    /// After `u&`, undecided.
    UnicodePrefix,
    Integer,
    /// After the dot in `1.`; another dot makes it `1..`
    IntegerDot,
    Fraction,
    /// After the `e` of an exponent, where a sign may stand.
    ExponentStart,
    Operator,
    Colon,
    Dot,
    /// After `$`, reading a parameter or the tag of a dollar quote.
    Dollar,
    Quoted,
    /// After a quote that ends the literal unless another one follows.
    QuoteSeen,
    /// After a backslash in `E'…'`.
    Escaped,
    /// In a dollar-quoted body; the number of delimiter bytes matched so far.
    DollarBody(usize),
    LineComment,
    /// Nesting depth, and the previous byte where it was `/` or `*`.
    BlockComment(u32, u8),
    Variable,
    Meta,
    /// In COPY data: the rest of the line that holds the command.
    CopyHeader,
    /// In COPY data: bytes of a possible `\.` seen at the start of a line (0-2), or 3 for a line of data.
    CopyData(u8),
}

/// Whether a string literal has just ended, so that another quote after a newline continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    After { quoting: Quoting, newline: bool },
}

/// The machine. Holds at most `limit` bytes of token text.
#[derive(Debug)]
pub struct Lexer {
    dialect: Dialect,
    limit: usize,
    state: State,
    carry: Vec<u8>,
    cut: bool,
    /// Start of the current token's text in the window at hand.
    start: usize,
    /// How far lines have been counted in the window at hand.
    counted: usize,
    line: u32,
    token_line: u32,
    quoting: Quoting,
    quote: u8,
    continued: bool,
    gap: Gap,
    delimiter: Vec<u8>,
    at_start: bool,
}

impl Lexer {
    /// A lexer at line `line`, keeping at most `limit` bytes of one token.
    pub fn new(dialect: Dialect, limit: usize, line: u32) -> Self {
        Lexer {
            dialect,
            limit,
            state: State::Ground,
            carry: Vec::new(),
            cut: false,
            start: 0,
            counted: 0,
            line,
            token_line: line,
            quoting: Quoting::Plain,
            quote: b'\'',
            continued: false,
            gap: Gap::None,
            delimiter: Vec::new(),
            at_start: true,
        }
    }

    /// The line that the next byte is on, 1-based; exact whenever `feed` has returned.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Reads `input` until its end or until the sink stops it; returns the number of bytes consumed.
    pub fn feed(&mut self, input: &[u8], sink: &mut impl Sink) -> usize {
        let mut at = 0;
        self.start = 0;
        self.counted = 0;
        let mut flow = Flow::Continue;
        while at < input.len() && flow == Flow::Continue {
            (at, flow) = self.step(input, at, sink);
        }
        if self.in_token() {
            self.stash(&input[self.start..at]);
        }
        self.count_lines(input, at);
        if flow == Flow::StopForCopyData {
            self.state = State::CopyHeader;
        }
        at
    }

    /// Ends the input: hands over a token that only more input could have prolonged. Call until it returns `Continue`.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Flow {
        let state = self.state;
        self.state = State::Ground;
        let (kind, trim, unterminated) = match state {
            State::Word => (Kind::Word, 0, false),
            State::UnicodePrefix => {
                self.carry.truncate(1);
                let flow = self.emit(Kind::Word, &[], 0, 0, sink);
                self.carry.push(b'&');
                self.state = State::Operator;
                return self.then(flow);
            }
            State::Integer | State::IntegerDot | State::Fraction | State::ExponentStart => (Kind::Number, 0, false),
            State::Operator => return self.operator(&[], 0, sink),
            State::Colon | State::Dot => (Kind::Punct, 0, false),
            State::Dollar => {
                let digits = self.carry.len() > 1 && self.carry[1].is_ascii_digit();
                (if digits { Kind::Param } else { Kind::Punct }, 0, false)
            }
            State::QuoteSeen => (self.quoted_kind(), 1, false),
            State::Quoted | State::Escaped => (self.quoted_kind(), 0, true),
            State::DollarBody(matched) => (Kind::String(Quoting::Dollar), matched, true),
            State::Variable => (Kind::Variable, 0, false),
            State::Meta => (Kind::Meta, 0, false),
            State::Ground | State::LineComment | State::BlockComment(..) | State::CopyHeader | State::CopyData(_) => {
                return Flow::Continue;
            }
        };
        if unterminated { self.emit_unterminated(kind, trim, sink) } else { self.emit(kind, &[], 0, trim, sink) }
    }

    fn then(&self, flow: Flow) -> Flow {
        if flow == Flow::Continue { Flow::Stop } else { flow }
    }

    fn step(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match self.state {
            State::Ground => self.ground(input, at, sink),
            State::Word => self.word(input, at, sink),
            State::UnicodePrefix => self.unicode_prefix(input, at, sink),
            State::Integer | State::IntegerDot | State::Fraction | State::ExponentStart => self.number(input, at, sink),
            State::Operator => self.operator_run(input, at, sink),
            State::Colon => self.colon(input, at, sink),
            State::Dot => self.dot(input, at, sink),
            State::Dollar => self.dollar(input, at, sink),
            State::Quoted => self.quoted(input, at),
            State::QuoteSeen => self.quote_seen(input, at, sink),
            State::Escaped => {
                self.state = State::Quoted;
                (at + 1, Flow::Continue)
            }
            State::DollarBody(matched) => self.dollar_body(input, at, matched, sink),
            State::LineComment => self.line_comment(input, at),
            State::BlockComment(depth, last) => self.block_comment(input, at, depth, last),
            State::Variable => self.variable(input, at, sink),
            State::Meta => self.meta(input, at, sink),
            State::CopyHeader => match memchr(b'\n', &input[at..]) {
                Some(n) => {
                    self.state = State::CopyData(0);
                    (at + n + 1, Flow::Continue)
                }
                None => (input.len(), Flow::Continue),
            },
            State::CopyData(seen) => self.copy_data(input, at, seen),
        }
    }

    fn ground(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            match CLASS[usize::from(byte)] {
                Class::Space => {
                    if (byte == b'\n' || byte == b'\r')
                        && let Gap::After { newline, .. } = &mut self.gap
                    {
                        *newline = true;
                    }
                    at += 1;
                }
                class => return self.begin(class, input, at, sink),
            }
        }
        (at, Flow::Continue)
    }

    /// The first byte of a token.
    fn begin(&mut self, class: Class, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        self.count_lines(input, at);
        self.token_line = self.line;
        self.start = at;
        self.continued = false;
        let next = match class {
            Class::Word => State::Word,
            Class::Digit => State::Integer,
            Class::Operator => State::Operator,
            Class::Colon => State::Colon,
            Class::Dot => State::Dot,
            Class::Dollar => State::Dollar,
            Class::Quote => {
                let mut quoting = Quoting::Plain;
                if let Gap::After { quoting: before, newline: true } = self.gap {
                    self.continued = true;
                    quoting = before;
                }
                return self.open(quoting, b'\'', at + 1);
            }
            Class::DoubleQuote => return self.open(Quoting::Plain, b'"', at + 1),
            Class::Backslash if self.dialect == Dialect::Psql => {
                self.start = at + 1;
                State::Meta
            }
            Class::Backslash | Class::Punct | Class::Other | Class::Space => {
                return (at + 1, self.emit(Kind::Punct, input, at + 1, 0, sink));
            }
        };
        self.state = next;
        (at + 1, Flow::Continue)
    }

    fn open(&mut self, quoting: Quoting, quote: u8, start: usize) -> (usize, Flow) {
        self.quoting = quoting;
        self.quote = quote;
        self.start = start;
        self.state = State::Quoted;
        (start, Flow::Continue)
    }

    fn word(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() && WORD[usize::from(input[at])] {
            at += 1;
        }
        if at == input.len() {
            return (at, Flow::Continue);
        }
        let length = self.carry.len() + at - self.start;
        if length == 1 && matches!(input[at], b'\'' | b'&') {
            let first = self.carry.first().copied().unwrap_or(input[self.start]);
            match (first, input[at]) {
                (b'u' | b'U', b'&') => {
                    self.state = State::UnicodePrefix;
                    return (at + 1, Flow::Continue);
                }
                (b'e' | b'E', b'\'') => return self.prefixed(Quoting::Escape, b'\'', at + 1),
                (b'b' | b'B' | b'x' | b'X', b'\'') => return self.prefixed(Quoting::Bits, b'\'', at + 1),
                (b'n' | b'N', b'\'') => return self.prefixed(Quoting::Plain, b'\'', at + 1),
                _ => {}
            }
        }
        (at, self.emit(Kind::Word, input, at, 0, sink))
    }

    /// A literal whose prefix letters have been read: its text starts behind the quote.
    fn prefixed(&mut self, quoting: Quoting, quote: u8, start: usize) -> (usize, Flow) {
        self.carry.clear();
        self.cut = false;
        self.open(quoting, quote, start)
    }

    fn unicode_prefix(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        if matches!(input[at], b'\'' | b'"') {
            return self.prefixed(Quoting::Unicode, input[at], at + 1);
        }
        // "xufailed": an identifier u and an operator that starts with &
        let flow = if self.carry.is_empty() {
            self.emit(Kind::Word, input, self.start + 1, 0, sink)
        } else {
            self.carry.truncate(1);
            self.emit(Kind::Word, &[], 0, 0, sink)
        };
        self.carry.push(b'&');
        self.start = at;
        self.state = State::Operator;
        (at, flow)
    }

    fn number(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            match (self.state, byte) {
                (State::IntegerDot, b'.') => {
                    let flow = self.emit(Kind::Number, input, at, 1, sink);
                    self.carry.clear();
                    self.carry.push(b'.');
                    self.start = at;
                    self.state = State::Dot;
                    return (at, flow);
                }
                (State::IntegerDot, _) => self.state = State::Fraction,
                (State::ExponentStart, b'+' | b'-') => {
                    self.state = State::Fraction;
                    at += 1;
                }
                (State::ExponentStart, _) => self.state = State::Fraction,
                (State::Integer, b'.') => {
                    self.state = State::IntegerDot;
                    at += 1;
                }
                (State::Integer | State::Fraction, b'e' | b'E') if !self.is_hexadecimal(input) => {
                    self.state = State::ExponentStart;
                    at += 1;
                }
                (_, byte) if WORD[usize::from(byte)] && byte != b'$' => at += 1,
                _ => return (at, self.emit(Kind::Number, input, at, 0, sink)),
            }
        }
        (at, Flow::Continue)
    }

    fn is_hexadecimal(&self, input: &[u8]) -> bool {
        let byte = |n: usize| match self.carry.get(n) {
            Some(byte) => Some(*byte),
            None => input.get(self.start + n - self.carry.len()).copied(),
        };
        byte(0) == Some(b'0') && matches!(byte(1), Some(b'x' | b'X'))
    }

    fn operator_run(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            let before = if at > self.start { Some(input[at - 1]) } else { self.carry.last().copied() };
            let comment = match (before, byte) {
                (Some(b'-'), b'-') => State::LineComment,
                (Some(b'/'), b'*') => State::BlockComment(1, 0),
                _ if CLASS[usize::from(byte)] == Class::Operator => {
                    at += 1;
                    continue;
                }
                _ => return (at, self.operator(input, at, sink)),
            };
            // the operator ends where a comment starts
            let (end, trim) = if at > self.start { (at - 1, 0) } else { (at, 1) };
            if trim == 1 {
                self.carry.pop();
            }
            let empty = self.carry.is_empty() && end == self.start;
            let flow = if empty { Flow::Continue } else { self.operator(input, end, sink) };
            self.carry.clear();
            if flow == Flow::Continue && empty && matches!(comment, State::BlockComment(..)) {
                // only "--" comments may stand between the parts of a literal
                self.gap = Gap::None;
            }
            self.state = comment;
            return (at + 1, flow);
        }
        (at, Flow::Continue)
    }

    /// Splits a run of operator characters as scan.l does: a multi-character operator ends in + or - only if it holds
    /// one of `~!@#^&|`?%`.
    fn operator(&mut self, input: &[u8], end: usize, sink: &mut impl Sink) -> Flow {
        if !input.is_empty() || end > 0 {
            let rest = &input[self.start..end];
            if !self.carry.is_empty() {
                self.carry_capped(rest);
            }
        }
        let mut run = std::mem::take(&mut self.carry);
        let direct = run.is_empty();
        let text: &[u8] = if direct { &input[self.start..end] } else { &run };
        let mut length = text.len();
        if !text.iter().any(|b| b"~!@#^&|`?%".contains(b)) {
            while length > 1 && matches!(text[length - 1], b'+' | b'-') {
                length -= 1;
            }
        }
        let (line, cut) = (self.token_line, std::mem::take(&mut self.cut));
        let mut flow = Flow::Continue;
        for part in std::iter::once(&text[..length]).chain(text[length..].chunks(1)) {
            let token = Token { kind: Kind::Operator, text: part, line, quote: 0, cut, unterminated: false };
            let said = sink.token(token);
            if said != Flow::Continue {
                flow = said;
            }
        }
        run.clear();
        self.carry = run;
        self.gap = Gap::None;
        self.state = State::Ground;
        flow
    }

    fn colon(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match input[at] {
            b':' => (at + 1, self.emit(Kind::Cast, input, at + 1, 0, sink)),
            b'=' => (at + 1, self.emit(Kind::Assign, input, at + 1, 0, sink)),
            byte if self.dialect == Dialect::Psql && (byte == b'\'' || byte == b'"' || VARIABLE[usize::from(byte)]) => {
                self.carry.clear();
                self.quote = if VARIABLE[usize::from(byte)] { 0 } else { byte };
                self.start = at + usize::from(self.quote != 0);
                self.state = State::Variable;
                (self.start, Flow::Continue)
            }
            _ => (at, self.emit(Kind::Punct, input, at, 0, sink)),
        }
    }

    fn variable(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() && VARIABLE[usize::from(input[at])] {
            at += 1;
        }
        if at == input.len() {
            return (at, Flow::Continue);
        }
        if self.quote == 0 {
            return (at, self.emit(Kind::Variable, input, at, 0, sink));
        }
        let empty = self.carry.is_empty() && at == self.start;
        if input[at] == self.quote && !empty {
            return (at + 1, self.emit(Kind::Variable, input, at, 0, sink));
        }
        // no variable: a colon, and a literal of which the text so far is a part
        let token =
            Token { kind: Kind::Punct, text: b":", line: self.token_line, quote: 0, cut: false, unterminated: false };
        let flow = sink.token(token);
        self.quoting = Quoting::Plain;
        self.gap = Gap::None;
        self.state = State::Quoted;
        (at, flow)
    }

    fn dot(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match input[at] {
            b'.' => (at + 1, self.emit(Kind::DotDot, input, at + 1, 0, sink)),
            b'0'..=b'9' => {
                self.state = State::Fraction;
                (at, Flow::Continue)
            }
            _ => (at, self.emit(Kind::Punct, input, at, 0, sink)),
        }
    }

    fn dollar(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            let first = self.carry.len() + at - self.start == 1;
            if byte == b'$' && !self.is_param(input) {
                self.delimiter.clear();
                self.delimiter.extend_from_slice(&self.carry);
                self.delimiter.extend_from_slice(&input[self.start..=at]);
                if self.cut {
                    // a tag longer than the limit cannot be matched again; what follows is read as plain text
                    return (at, self.emit(Kind::Punct, input, at, 0, sink));
                }
                self.carry.clear();
                self.start = at + 1;
                self.state = State::DollarBody(0);
                return (at + 1, Flow::Continue);
            }
            let goes_on = if first {
                byte.is_ascii_digit() || (WORD[usize::from(byte)] && byte != b'$')
            } else if self.is_param(input) {
                byte.is_ascii_digit()
            } else {
                WORD[usize::from(byte)] && byte != b'$'
            };
            if !goes_on {
                let kind = if !first && self.is_param(input) { Kind::Param } else { Kind::Punct };
                return (at, self.emit(kind, input, at, 0, sink));
            }
            at += 1;
        }
        (at, Flow::Continue)
    }

    fn is_param(&self, input: &[u8]) -> bool {
        let second = match self.carry.len() {
            0 => input.get(self.start + 1),
            1 => input.get(self.start),
            _ => self.carry.get(1),
        };
        second.is_some_and(u8::is_ascii_digit)
    }

    fn quoted(&mut self, input: &[u8], at: usize) -> (usize, Flow) {
        let rest = &input[at..];
        let found = if self.quoting == Quoting::Escape && self.quote == b'\'' {
            memchr2(b'\'', b'\\', rest)
        } else {
            memchr(self.quote, rest)
        };
        let Some(n) = found else { return (input.len(), Flow::Continue) };
        self.state = if rest[n] == b'\\' { State::Escaped } else { State::QuoteSeen };
        (at + n + 1, Flow::Continue)
    }

    fn quote_seen(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        if input[at] == self.quote {
            self.state = State::Quoted;
            return (at + 1, Flow::Continue);
        }
        let kind = self.quoted_kind();
        (at, self.emit(kind, input, at, 1, sink))
    }

    fn quoted_kind(&self) -> Kind {
        if self.quote == b'"' {
            Kind::QuotedWord(self.quoting)
        } else if self.continued {
            Kind::StringContinued(self.quoting)
        } else {
            Kind::String(self.quoting)
        }
    }

    fn dollar_body(&mut self, input: &[u8], mut at: usize, mut matched: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            if matched == 0 {
                match memchr(b'$', &input[at..]) {
                    Some(n) => at += n + 1,
                    None => {
                        at = input.len();
                        break;
                    }
                }
                matched = 1;
                continue;
            }
            let byte = input[at];
            // a tag holds no $, so a failed match can only start again at this byte
            matched = match byte {
                _ if byte == self.delimiter[matched] => matched + 1,
                b'$' => 1,
                _ => 0,
            };
            at += 1;
            if matched == self.delimiter.len() {
                return (at, self.emit(Kind::String(Quoting::Dollar), input, at, matched, sink));
            }
        }
        self.state = State::DollarBody(matched);
        (at, Flow::Continue)
    }

    fn line_comment(&mut self, input: &[u8], at: usize) -> (usize, Flow) {
        match memchr2(b'\n', b'\r', &input[at..]) {
            Some(n) => {
                self.state = State::Ground;
                (at + n, Flow::Continue)
            }
            None => (input.len(), Flow::Continue),
        }
    }

    fn block_comment(&mut self, input: &[u8], mut at: usize, mut depth: u32, mut last: u8) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            at += 1;
            match (last, byte) {
                (b'*', b'/') => {
                    depth -= 1;
                    last = 0;
                    if depth == 0 {
                        self.state = State::Ground;
                        return (at, Flow::Continue);
                    }
                }
                (b'/', b'*') => {
                    depth = depth.saturating_add(1);
                    last = 0;
                }
                (_, b'*' | b'/') => last = byte,
                _ => {
                    last = 0;
                    at = memchr2(b'*', b'/', &input[at..]).map_or(input.len(), |n| at + n);
                }
            }
        }
        self.state = State::BlockComment(depth, last);
        (at, Flow::Continue)
    }

    fn meta(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match memchr2(b'\n', b'\r', &input[at..]) {
            Some(n) => (at + n, self.emit(Kind::Meta, input, at + n, 0, sink)),
            None => (input.len(), Flow::Continue),
        }
    }

    fn copy_data(&mut self, input: &[u8], mut at: usize, mut seen: u8) -> (usize, Flow) {
        while at < input.len() {
            match (seen, input[at]) {
                (0, b'\\') => seen = 1,
                (1, b'.') => seen = 2,
                (2, b'\n') => {
                    self.state = State::Ground;
                    return (at + 1, Flow::Continue);
                }
                (2, b'\r') => {}
                (_, b'\n') => seen = 0,
                _ => {
                    seen = 3;
                    at = memchr3(b'\n', b'\n', b'\n', &input[at..]).map_or(input.len(), |n| at + n);
                    continue;
                }
            }
            at += 1;
        }
        self.state = State::CopyData(seen);
        (at, Flow::Continue)
    }

    fn in_token(&self) -> bool {
        !matches!(
            self.state,
            State::Ground | State::LineComment | State::BlockComment(..) | State::CopyHeader | State::CopyData(_)
        )
    }

    fn stash(&mut self, bytes: &[u8]) {
        self.carry_capped(bytes);
        self.start = 0;
    }

    fn carry_capped(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.carry.len());
        self.carry.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    fn count_lines(&mut self, input: &[u8], to: usize) {
        if to > self.counted {
            let lines = memchr_iter(b'\n', &input[self.counted..to]).count();
            self.line = self.line.saturating_add(to_u32(lines));
            self.counted = to;
        }
    }

    fn emit_unterminated(&mut self, kind: Kind, trim: usize, sink: &mut impl Sink) -> Flow {
        let length = self.carry.len().saturating_sub(trim);
        let cut = std::mem::take(&mut self.cut);
        let token =
            Token { kind, text: &self.carry[..length], line: self.token_line, quote: 0, cut, unterminated: true };
        let flow = sink.token(token);
        self.carry.clear();
        flow
    }

    /// Hands over the token whose text is the carried bytes and `input[start..end]`, less `trim` bytes at its end.
    fn emit(&mut self, kind: Kind, input: &[u8], end: usize, trim: usize, sink: &mut impl Sink) -> Flow {
        let first = std::mem::take(&mut self.at_start);
        if !self.carry.is_empty() || self.cut {
            let rest = input.get(self.start..end).unwrap_or(&[]);
            self.carry_capped(rest);
        }
        let mut cut = std::mem::take(&mut self.cut);
        let text: &[u8] = if self.carry.is_empty() && !cut {
            input.get(self.start..end.saturating_sub(trim)).unwrap_or(&[])
        } else if cut {
            &self.carry
        } else {
            &self.carry[..self.carry.len().saturating_sub(trim)]
        };
        let byte_order_mark = first && kind == Kind::Word && text.starts_with(b"\xEF\xBB\xBF");
        let text = if byte_order_mark { &text[3..] } else { text };
        let kept = text.len().min(self.limit);
        cut |= kept < text.len();
        let quote = if kind == Kind::Variable { self.quote } else { 0 };
        let token = Token { kind, text: &text[..kept], line: self.token_line, quote, cut, unterminated: false };
        let nothing = byte_order_mark && kept == 0;
        let flow = if nothing { Flow::Continue } else { sink.token(token) };
        self.carry.clear();
        self.start = end;
        self.state = State::Ground;
        self.gap = match kind {
            Kind::String(quoting) | Kind::StringContinued(quoting) if quoting != Quoting::Dollar => {
                Gap::After { quoting, newline: false }
            }
            _ => Gap::None,
        };
        flow
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Word,
    Digit,
    Operator,
    Colon,
    Dot,
    Dollar,
    Quote,
    DoubleQuote,
    Backslash,
    Punct,
    Other,
}

/// "ident_start", "digit", "op_chars", "self" and "space", one class a byte.
const CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation)] // byte < 256
        let class = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => Class::Space,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80..=0xFF => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<'
            | b'>' | b'=' => Class::Operator,
            b':' => Class::Colon,
            b'.' => Class::Dot,
            b'$' => Class::Dollar,
            b'\'' => Class::Quote,
            b'"' => Class::DoubleQuote,
            b'\\' => Class::Backslash,
            b',' | b'(' | b')' | b'[' | b']' | b';' => Class::Punct,
            _ => Class::Other,
        };
        table[byte] = class;
        byte += 1;
    }
    table
};

/// "ident_cont"
const WORD: [bool; 256] = bytes_of(b"$");
/// psql's "variable_char"
const VARIABLE: [bool; 256] = bytes_of(b"");

const fn bytes_of(extra: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation)] // byte < 256
        let b = byte as u8;
        table[byte] = matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'0'..=b'9' | 0x80..=0xFF);
        byte += 1;
    }
    let mut n = 0;
    while n < extra.len() {
        table[extra[n] as usize] = true;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Tokens(Vec<(Kind, String, u32)>);

    impl Sink for Tokens {
        fn token(&mut self, token: Token<'_>) -> Flow {
            self.0.push((token.kind, String::from_utf8_lossy(token.text).into_owned(), token.line));
            Flow::Continue
        }
    }

    fn lex(sql: &[u8], dialect: Dialect, window: usize) -> Vec<(Kind, String, u32)> {
        let mut lexer = Lexer::new(dialect, 1 << 16, 1);
        let mut tokens = Tokens::default();
        for chunk in sql.chunks(window) {
            assert_eq!(lexer.feed(chunk, &mut tokens), chunk.len());
        }
        while lexer.finish(&mut tokens) != Flow::Continue {}
        tokens.0
    }

    fn spell(sql: &str) -> String {
        let tokens = lex(sql.as_bytes(), Dialect::Psql, usize::MAX >> 1);
        for window in [1, 2, 3, 7] {
            assert_eq!(lex(sql.as_bytes(), Dialect::Psql, window), tokens, "window {window} of {sql:?}");
        }
        let spelled: Vec<String> = tokens
            .iter()
            .map(|(kind, text, _)| match kind {
                Kind::Word => text.clone(),
                Kind::QuotedWord(q) => format!("id{}<{text}>", short(*q)),
                Kind::String(q) => format!("str{}<{text}>", short(*q)),
                Kind::StringContinued(q) => format!("more{}<{text}>", short(*q)),
                Kind::Variable => format!("var<{text}>"),
                Kind::Meta => format!("meta<{text}>"),
                Kind::Param => format!("param<{text}>"),
                _ => text.clone(),
            })
            .collect();
        spelled.join(" ")
    }

    fn short(quoting: Quoting) -> &'static str {
        match quoting {
            Quoting::Plain => "",
            Quoting::Escape => "E",
            Quoting::Unicode => "U",
            Quoting::Dollar => "$",
            Quoting::Bits => "B",
        }
    }

    #[test]
    fn tokens_follow_scan_l() {
        for (sql, expected) in [
            ("SELECT a.b, $1;", "SELECT a . b , param<$1> ;"),
            ("'it''s' E'a\\'b' N'c' B'01' X'1F'", "str<it''s> strE<a\\'b> str<c> strB<01> strB<1F>"),
            ("U&'\\0041' U&\"d\" u&x", "strU<\\0041> idU<d> u & x"),
            ("'a'\n  'b' 'c'", "str<a> more<b> str<c>"),
            ("'a' -- note\n 'b'", "str<a> more<b>"),
            ("'a' /* x\n */ 'b'", "str<a> str<b>"),
            ("E'a'\n'b\\''", "strE<a> moreE<b\\'>"),
            ("$$a$b$$ $x$ $$ $x$ a$$b", "str$<a$b> str$< $$ > a$$b"),
            ("$a$b$a$ $ab$$a$ab$ $1x", "str$<b> str$<$a> param<$1> x"),
            ("/* a /* b */ c */ d -- e\nf", "d f"),
            ("1..10 1.5 .5 1.e3 1e-5 0x1F 1_000", "1 .. 10 1.5 .5 1.e3 1e-5 0x1F 1_000"),
            ("a<=-1 b=-1 c*-+d e@-f x--y\n", "a <= - 1 b = - 1 c * - + d e @- f x"),
            ("a+/*c*/b -/**/- 1", "a + b - - 1"),
            ("a::text b:=c d => e", "a :: text b := c d => e"),
            (":v :'v' :\"v\" a[1:n] :'no var'", "var<v> var<v> var<v> a [ 1 var<n> ] : str<no var>"),
            ("\\set x 'y'\nSELECT 1 \\gset\n2", "meta<set x 'y'> SELECT 1 meta<gset> 2"),
            ("\"a\"\"b\" \"\"", "id<a\"\"b> id<>"),
            ("\u{feff}SELECT 1", "SELECT 1"),
            ("\u{feff} SELECT é", "SELECT é"),
            ("", ""),
            ("'open", "str<open>"),
            ("$$open$", "str$<open>"),
            ("$x", "$x"),
            ("u&", "u &"),
        ] {
            assert_eq!(spell(sql), expected, "{sql:?}");
        }
    }

    #[test]
    fn lines_are_those_of_the_first_byte() {
        let tokens = lex(b"a\nb 'c\nd' e\n\n$$\n$$ f", Dialect::Server, 2);
        let lines: Vec<u32> = tokens.iter().map(|t| t.2).collect();
        assert_eq!(lines, [1, 2, 2, 3, 5, 6]);
    }

    #[test]
    fn the_server_knows_neither_variables_nor_backslash_commands() {
        let tokens = lex(b"a[1:n] \\set", Dialect::Server, 3);
        let kinds: Vec<Kind> = tokens.iter().map(|t| t.0).collect();
        assert!(!kinds.contains(&Kind::Variable) && !kinds.contains(&Kind::Meta), "{tokens:?}");
    }

    struct Copy(Vec<String>);

    impl Sink for Copy {
        fn token(&mut self, token: Token<'_>) -> Flow {
            self.0.push(String::from_utf8_lossy(token.text).into_owned());
            if token.text == b";" { Flow::StopForCopyData } else { Flow::Continue }
        }
    }

    #[test]
    fn copy_data_is_skipped_up_to_its_end_line() {
        let sql = b"COPY t; -- rest\n1\t'x\n\\.x\n\\\n\\.\r\nSELECT";
        for window in 1..sql.len() {
            let mut lexer = Lexer::new(Dialect::Psql, 100, 1);
            let mut sink = Copy(Vec::new());
            for chunk in sql.chunks(window) {
                let mut rest = chunk;
                while !rest.is_empty() {
                    let n = lexer.feed(rest, &mut sink);
                    rest = &rest[n..];
                }
            }
            lexer.finish(&mut sink);
            assert_eq!(sink.0, ["COPY", "t", ";", "SELECT"], "window {window}");
            assert_eq!(lexer.line(), 6);
        }
    }

    #[test]
    fn text_beyond_the_limit_is_cut_and_what_follows_is_read() {
        let sql = format!("'{}' {} $${}$$ x", "a".repeat(5000), "b".repeat(5000), "c".repeat(5000));
        for window in [1, 100, 100_000] {
            let mut lexer = Lexer::new(Dialect::Server, 64, 1);
            let mut tokens = Tokens::default();
            for chunk in sql.as_bytes().chunks(window) {
                lexer.feed(chunk, &mut tokens);
            }
            lexer.finish(&mut tokens);
            let lengths: Vec<usize> = tokens.0.iter().map(|t| t.1.len()).collect();
            assert_eq!(lengths, [64, 64, 64, 1], "window {window}");
        }
    }
}
