//! A resumable lexer for PostgreSQL's SQL and psql's additions.
//!
//! How it works: [`Lexer::feed`] takes the next window of input and hands each complete token to a [`Sink`]. A token
//! that lies in one window is a slice of it; one that does not is gathered in `carry`, up to a limit, beyond which it
//! is still tokenized but its text is cut and marked. All that is known about an unfinished token is in `state`, so any
//! split of the input gives the same tokens. Each byte is looked at once; long runs (literals, comments, COPY data) are
//! skipped with memchr.
//!
//! Rules: PostgreSQL 15-18 `src/backend/parser/scan.l` (as 18 names them), `src/fe_utils/psqlscan.l` and
//! `src/bin/psql/psqlscanslash.l`; names in quotes below are theirs. `tests/lexing.rs` lists what differs.

mod bytes;
mod plain;
mod quoted;
mod skipped;

use crate::limits::to_u32;
use bytes::{CLASS, Class};
use memchr::{memchr, memchr_iter};

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
    /// A numeric literal ("decinteger", "numeric", "real" …).
    Number,
    /// `$1` ("param")
    Param,
    /// A run of operator characters ("operator").
    Operator,
    /// "self" but operators: `,()[].;:`; or "other": any byte that no rule takes.
    Punct,
    /// `::` ("typecast")
    Cast,
    /// `:=` ("colon_equals")
    Assign,
    /// `..` ("dot_dot")
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

    /// The input ended inside of a comment or of COPY data that began on this line.
    fn unterminated(&mut self, _line: u32) {}
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
    /// In a backslash command, with the quote that is open in it, or 0.
    Meta(u8),
    /// In COPY data: the rest of the line that holds the command.
    CopyHeader,
    /// In COPY data: bytes of a possible `\.` seen at the start of a line (0-2), or 3 for a line of data.
    CopyData(u8),
}

/// "xqs": whether a string literal has just ended, so that another quote after a newline continues it ("quotecontinue":
/// "whitespace_with_newline" and a quote; a comment is "--", never "xcstart").
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
    line: u32,
    token_line: u32,
    quoting: Quoting,
    quote: u8,
    continued: bool,
    gap: Gap,
    delimiter: Vec<u8>,
    /// The last byte of the operator at hand that earlier windows held.
    operator_end: u8,
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
            line,
            token_line: line,
            quoting: Quoting::Plain,
            quote: b'\'',
            continued: false,
            gap: Gap::None,
            delimiter: Vec::new(),
            operator_end: 0,
            at_start: true,
        }
    }

    /// A lexer that goes on at line `line`, behind a backslash command.
    pub fn behind_command(dialect: Dialect, limit: usize, line: u32) -> Self {
        Lexer { at_start: false, ..Lexer::new(dialect, limit, line) }
    }

    /// The line that the next byte is on, 1-based; exact whenever `feed` has returned.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Reads `input` until its end or until the sink stops it; returns the number of bytes consumed.
    pub fn feed(&mut self, input: &[u8], sink: &mut impl Sink) -> usize {
        let mut at = 0;
        self.start = 0;
        // a byte order mark is the first byte of a word
        self.at_start &= self.state == State::Word || input.first().is_none_or(|byte| *byte == 0xEF);
        let mut flow = Flow::Continue;
        while at < input.len() && flow == Flow::Continue {
            (at, flow) = self.step(input, at, sink);
        }
        if self.in_token() {
            self.stash(&input[self.start..at]);
        }
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
                self.operator_end = b'&';
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
            State::Variable if self.quote != 0 => {
                let flow = self.no_variable(sink);
                return self.then(flow);
            }
            State::Variable => (Kind::Variable, 0, false),
            State::Meta(_) => (Kind::Meta, 0, false),
            State::BlockComment(..) | State::CopyHeader | State::CopyData(_) => {
                sink.unterminated(self.token_line);
                return Flow::Continue;
            }
            State::Ground | State::LineComment => return Flow::Continue,
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
            State::Quoted => self.quoted(input, at, sink),
            State::QuoteSeen => self.quote_seen(input, at, sink),
            State::Escaped => {
                self.count_lines(&input[at..=at]);
                self.state = State::Quoted;
                (at + 1, Flow::Continue)
            }
            State::DollarBody(matched) => self.dollar_body(input, at, matched, sink),
            State::LineComment => self.line_comment(input, at),
            State::BlockComment(depth, last) => self.block_comment(input, at, depth, last),
            State::Variable => self.variable(input, at, sink),
            State::Meta(quote) => self.meta(input, at, quote, sink),
            State::CopyHeader => match memchr(b'\n', &input[at..]) {
                Some(n) => {
                    self.count_lines(b"\n");
                    self.state = State::CopyData(0);
                    (at + n + 1, Flow::Continue)
                }
                None => (input.len(), Flow::Continue),
            },
            State::CopyData(seen) => self.copy_data(input, at, seen),
        }
    }

    /// "whitespace" and whole tokens, up to one that does not end in this window.
    fn ground(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            match CLASS[usize::from(byte)] {
                Class::Space => {
                    if byte == b'\n' || byte == b'\r' {
                        self.line = self.line.saturating_add(u32::from(byte == b'\n'));
                        if let Gap::After { newline, .. } = &mut self.gap {
                            *newline = true;
                        }
                    }
                    at += 1;
                }
                class => {
                    let flow;
                    (at, flow) = self.begin(class, input, at, sink);
                    if flow != Flow::Continue || self.state != State::Ground {
                        return (at, flow);
                    }
                }
            }
        }
        (at, Flow::Continue)
    }

    /// A token from its first byte on.
    fn begin(&mut self, class: Class, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        self.token_line = self.line;
        self.start = at;
        self.continued = false;
        match class {
            Class::Word => {
                self.state = State::Word;
                self.word(input, at + 1, sink)
            }
            Class::Digit => {
                self.state = State::Integer;
                self.number(input, at + 1, sink)
            }
            Class::Operator => {
                self.state = State::Operator;
                self.operator_run(input, at + 1, sink)
            }
            Class::Quote => {
                let mut quoting = Quoting::Plain;
                if let Gap::After { quoting: before, newline: true } = self.gap {
                    self.continued = true;
                    quoting = before;
                }
                self.open(quoting, b'\'', at + 1);
                self.quoted(input, at + 1, sink)
            }
            Class::DoubleQuote => {
                self.open(Quoting::Plain, b'"', at + 1);
                self.quoted(input, at + 1, sink)
            }
            Class::Colon => self.wait(State::Colon, at + 1),
            Class::Dot => self.wait(State::Dot, at + 1),
            Class::Dollar => self.wait(State::Dollar, at + 1),
            Class::Backslash if self.dialect == Dialect::Psql => {
                self.start = at + 1;
                self.wait(State::Meta(0), at + 1)
            }
            Class::Backslash | Class::Punct | Class::Other | Class::Space => {
                (at + 1, self.emit(Kind::Punct, input, at + 1, 0, sink))
            }
        }
    }

    /// The next byte decides.
    fn wait(&mut self, state: State, at: usize) -> (usize, Flow) {
        self.state = state;
        (at, Flow::Continue)
    }

    fn open(&mut self, quoting: Quoting, quote: u8, start: usize) {
        self.quoting = quoting;
        self.quote = quote;
        self.start = start;
        self.state = State::Quoted;
    }

    fn in_token(&self) -> bool {
        !matches!(
            self.state,
            State::Ground | State::LineComment | State::BlockComment(..) | State::CopyHeader | State::CopyData(_)
        )
    }

    fn stash(&mut self, bytes: &[u8]) {
        self.operator_end = bytes.last().copied().unwrap_or(self.operator_end);
        self.carry_capped(bytes);
        self.start = 0;
    }

    fn carry_capped(&mut self, bytes: &[u8]) {
        // the closing delimiter does not count
        let room = (self.limit + self.delimiter.len().max(1)).saturating_sub(self.carry.len());
        self.carry.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    /// Counts the lines that end in what was passed of a literal, a comment or COPY data.
    fn count_lines(&mut self, passed: &[u8]) {
        let lines = match passed.len() {
            0..=32 => passed.iter().filter(|byte| **byte == b'\n').count(),
            _ => memchr_iter(b'\n', passed).count(),
        };
        self.line = self.line.saturating_add(to_u32(lines));
    }

    fn emit_unterminated(&mut self, kind: Kind, trim: usize, sink: &mut impl Sink) -> Flow {
        let length = self.carry.len().saturating_sub(trim).min(self.limit);
        let cut = std::mem::take(&mut self.cut) || self.carry.len() > self.limit;
        let token =
            Token { kind, text: &self.carry[..length], line: self.token_line, quote: 0, cut, unterminated: true };
        let flow = sink.token(token);
        self.carry.clear();
        flow
    }

    /// Hands over the token whose text is the carried bytes and `input[start..end]`, less `trim` bytes at its end.
    #[inline(always)] // the kind is known where it is called
    fn emit(&mut self, kind: Kind, input: &[u8], end: usize, trim: usize, sink: &mut impl Sink) -> Flow {
        if !self.carry.is_empty() || self.cut || self.at_start {
            return self.emit_gathered(kind, input, end, trim, sink);
        }
        let text = input.get(self.start..end.saturating_sub(trim)).unwrap_or(&[]);
        let token = self.token(kind, text, false);
        let flow = sink.token(token);
        self.emitted(kind, end);
        flow
    }

    /// The same where a part of the text is carried, or a byte order mark may stand before it.
    fn emit_gathered(&mut self, kind: Kind, input: &[u8], end: usize, trim: usize, sink: &mut impl Sink) -> Flow {
        let first = std::mem::take(&mut self.at_start);
        if !self.carry.is_empty() || self.cut {
            let rest = input.get(self.start..end).unwrap_or(&[]);
            self.carry_capped(rest);
        }
        let cut = std::mem::take(&mut self.cut);
        let text: &[u8] = if self.carry.is_empty() && !cut {
            input.get(self.start..end.saturating_sub(trim)).unwrap_or(&[])
        } else if cut {
            &self.carry[..self.carry.len().min(self.limit)]
        } else {
            &self.carry[..self.carry.len().saturating_sub(trim)]
        };
        let byte_order_mark = first && kind == Kind::Word && text.starts_with(b"\xEF\xBB\xBF");
        let text = if byte_order_mark { &text[3..] } else { text };
        let token = self.token(kind, text, cut);
        let nothing = byte_order_mark && token.text.is_empty();
        let flow = if nothing { Flow::Continue } else { sink.token(token) };
        self.carry.clear();
        self.emitted(kind, end);
        flow
    }

    fn token<'a>(&self, kind: Kind, text: &'a [u8], cut: bool) -> Token<'a> {
        let kept = text.len().min(self.limit);
        let quote = if kind == Kind::Variable { self.quote } else { 0 };
        let cut = cut || kept < text.len();
        Token { kind, text: &text[..kept], line: self.token_line, quote, cut, unterminated: false }
    }

    fn emitted(&mut self, kind: Kind, end: usize) {
        self.start = end;
        self.state = State::Ground;
        self.gap = match kind {
            Kind::String(quoting) | Kind::StringContinued(quoting) if quoting != Quoting::Dollar => {
                Gap::After { quoting, newline: false }
            }
            _ => Gap::None,
        };
    }
}

#[cfg(test)]
mod tests;
