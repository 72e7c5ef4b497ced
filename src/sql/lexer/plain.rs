//! Tokens without delimiters: words, numbers, operators, what starts with a colon or a dot.

use super::bytes::{CLASS, Class, VARIABLE, WORD};
use super::{Dialect, Flow, Gap, Kind, Lexer, Quoting, Sink, State, Token};

/// The server refuses a longer operator (NAMEDATALEN); what is more of it is dropped.
const OPERATOR_BYTES: usize = 64;

impl Lexer {
    /// "identifier", unless its one letter is a prefix: "xestart", "xbstart", "xhstart", "xusstart", "xuistart", and
    /// "xnstart", of which the server makes NCHAR and a literal.
    pub(super) fn word(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
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

    /// "xusstart", "xuistart" or "xufailed"
    pub(super) fn unicode_prefix(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
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
        self.operator_end = b'&';
        self.start = at;
        self.state = State::Operator;
        (at, flow)
    }

    /// "decinteger", "numeric", "real" and the like; "numericfail" leaves `1..2` its two dots. What the server refuses
    /// ("integer_junk", "realfail" …) ends at a byte that no word holds.
    pub(super) fn number(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
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
                (State::Integer, b'.') if !self.has_base(input) => {
                    self.state = State::IntegerDot;
                    at += 1;
                }
                (State::Integer | State::Fraction, b'e' | b'E') if !self.has_base(input) => {
                    self.state = State::ExponentStart;
                    at += 1;
                }
                (_, byte) if WORD[usize::from(byte)] && byte != b'$' => at += 1,
                _ => return (at, self.emit(Kind::Number, input, at, 0, sink)),
            }
        }
        (at, Flow::Continue)
    }

    /// "hexinteger", "octinteger", "bininteger": no fraction, no exponent.
    pub(super) fn has_base(&self, input: &[u8]) -> bool {
        let byte = |n: usize| match self.carry.get(n) {
            Some(byte) => Some(*byte),
            None => input.get(self.start + n - self.carry.len()).copied(),
        };
        byte(0) == Some(b'0') && matches!(byte(1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B'))
    }

    /// "operator", up to where "comment" or "xcstart" begins in it.
    pub(super) fn operator_run(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            let carried = (!self.carry.is_empty()).then_some(self.operator_end);
            let before = if at > self.start { Some(input[at - 1]) } else { carried };
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
            if trim == 1 && !self.cut {
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

    /// Splits a run of operator characters as the action of "operator" does: a multi-character operator ends in + or -
    /// only if it holds one of `~!@#^&|`?%`.
    pub(super) fn operator(&mut self, input: &[u8], end: usize, sink: &mut impl Sink) -> Flow {
        if !input.is_empty() || end > 0 {
            let rest = &input[self.start..end];
            if !self.carry.is_empty() {
                self.carry_capped(rest);
            }
        }
        let mut run = std::mem::take(&mut self.carry);
        let direct = run.is_empty();
        let text: &[u8] = if direct { &input[self.start..end] } else { &run };
        let whole = text.len();
        let text = &text[..whole.min(self.limit).min(OPERATOR_BYTES)];
        let mut length = text.len();
        if !text.iter().any(|b| b"~!@#^&|`?%".contains(b)) {
            while length > 1 && matches!(text[length - 1], b'+' | b'-') {
                length -= 1;
            }
        }
        let (line, cut) = (self.token_line, std::mem::take(&mut self.cut) || text.len() < whole);
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

    /// "typecast", "colon_equals", "self", or psql's `:{variable_char}+`
    pub(super) fn colon(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
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

    /// psql's `:{variable_char}+`, `:'{variable_char}+'`, `:"{variable_char}+"`
    pub(super) fn variable(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
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
        (at, self.no_variable(sink))
    }

    /// "Throw back everything but the colon": the text so far is a part of a literal.
    pub(super) fn no_variable(&mut self, sink: &mut impl Sink) -> Flow {
        let token =
            Token { kind: Kind::Punct, text: b":", line: self.token_line, quote: 0, cut: false, unterminated: false };
        let flow = sink.token(token);
        self.quoting = Quoting::Plain;
        self.gap = Gap::None;
        self.state = State::Quoted;
        flow
    }

    /// "dot_dot", "numeric" or "self"
    pub(super) fn dot(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match input[at] {
            b'.' => (at + 1, self.emit(Kind::DotDot, input, at + 1, 0, sink)),
            b'0'..=b'9' => {
                self.state = State::Fraction;
                (at, Flow::Continue)
            }
            _ => (at, self.emit(Kind::Punct, input, at, 0, sink)),
        }
    }
}
