//! Tokens between delimiters: string literals, quoted identifiers, dollar quotes.

use super::bytes::WORD;
use super::{Flow, Kind, Lexer, Quoting, Sink, State};
use memchr::{memchr, memchr2};

impl Lexer {
    /// A literal whose prefix letters have been read: its text starts behind the quote.
    pub(super) fn prefixed(&mut self, quoting: Quoting, quote: u8, start: usize) -> (usize, Flow) {
        self.carry.clear();
        self.cut = false;
        self.open(quoting, quote, start);
        (start, Flow::Continue)
    }

    /// "xqinside", "xeinside", "xbinside", "xhinside", "xdinside"; a backslash begins "xeescape" and its kin.
    pub(super) fn quoted(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        let rest = &input[at..];
        let found = if self.quoting == Quoting::Escape && self.quote == b'\'' {
            memchr2(b'\'', b'\\', rest)
        } else {
            memchr(self.quote, rest)
        };
        let Some(n) = found else {
            self.count_lines(rest);
            return (input.len(), Flow::Continue);
        };
        self.count_lines(&rest[..n]);
        self.state = if rest[n] == b'\\' { State::Escaped } else { State::QuoteSeen };
        let next = at + n + 1;
        if self.state == State::QuoteSeen && next < input.len() {
            return self.quote_seen(input, next, sink);
        }
        (next, Flow::Continue)
    }

    /// "xqdouble", "xddouble", or the end: "xqs" looks for "quotecontinue", here the [`super::Gap`]; "xdstop", "xuistop".
    pub(super) fn quote_seen(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        // there is no "xbdouble"
        if input[at] == self.quote && self.quoting != Quoting::Bits {
            self.state = State::Quoted;
            return (at + 1, Flow::Continue);
        }
        let kind = self.quoted_kind();
        (at, self.emit(kind, input, at, 1, sink))
    }

    pub(super) fn quoted_kind(&self) -> Kind {
        if self.quote == b'"' {
            Kind::QuotedWord(self.quoting)
        } else if self.continued {
            Kind::StringContinued(self.quoting)
        } else {
            Kind::String(self.quoting)
        }
    }

    /// "param", "dolqdelim" or "dolqfailed", of which the server refuses the `$`.
    pub(super) fn dollar(&mut self, input: &[u8], mut at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        while at < input.len() {
            let byte = input[at];
            let first = self.carry.len() + at - self.start == 1;
            if byte == b'$' && !self.is_param(input) {
                self.delimiter.clear();
                self.delimiter.extend_from_slice(&self.carry);
                self.delimiter.extend_from_slice(&input[self.start..=at]);
                if self.cut || self.delimiter.len() > self.limit {
                    self.delimiter.clear();
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

    pub(super) fn is_param(&self, input: &[u8]) -> bool {
        let second = match self.carry.len() {
            0 => input.get(self.start + 1),
            1 => input.get(self.start),
            _ => self.carry.get(1),
        };
        second.is_some_and(u8::is_ascii_digit)
    }

    /// "xdolq": "dolqinside" up to the same "dolqdelim"
    pub(super) fn dollar_body(
        &mut self,
        input: &[u8],
        mut at: usize,
        mut matched: usize,
        sink: &mut impl Sink,
    ) -> (usize, Flow) {
        let from = at;
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
                self.count_lines(&input[from..at]);
                return (at, self.emit(Kind::String(Quoting::Dollar), input, at, matched, sink));
            }
        }
        self.count_lines(&input[from..at]);
        self.state = State::DollarBody(matched);
        (at, Flow::Continue)
    }
}
