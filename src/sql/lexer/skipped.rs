//! What is read to its end without a look inside: comments, backslash commands, COPY data.

use super::{Flow, Kind, Lexer, Sink, State};
use memchr::{memchr, memchr2};

/// Behind a backslash in a quoted argument of a backslash command.
const ESCAPED: u8 = 1;

impl Lexer {
    /// "comment": up to a "newline", which it leaves.
    pub(super) fn line_comment(&mut self, input: &[u8], at: usize) -> (usize, Flow) {
        match memchr2(b'\n', b'\r', &input[at..]) {
            Some(n) => {
                self.state = State::Ground;
                (at + n, Flow::Continue)
            }
            None => (input.len(), Flow::Continue),
        }
    }

    /// "xc": "xcstart" goes deeper, "xcstop" comes back.
    pub(super) fn block_comment(&mut self, input: &[u8], mut at: usize, mut depth: u32, mut last: u8) -> (usize, Flow) {
        let from = at;
        while at < input.len() {
            let byte = input[at];
            at += 1;
            match (last, byte) {
                (b'*', b'/') => {
                    depth -= 1;
                    last = 0;
                    if depth == 0 {
                        self.count_lines(&input[from..at]);
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
        self.count_lines(&input[from..at]);
        self.state = State::BlockComment(depth, last);
        (at, Flow::Continue)
    }

    /// A backslash command: to the end of the line, or to a backslash outside of quotes (psqlscanslash.l: "xslashcmd",
    /// "xslasharg", "xslashquote", "xslashdquote", "xslashbackquote").
    /// `quote` is the quote that is open, or [`ESCAPED`].
    pub(super) fn meta(&mut self, input: &[u8], mut at: usize, mut quote: u8, sink: &mut impl Sink) -> (usize, Flow) {
        if at == self.start && self.carry.is_empty() && !self.cut {
            match input[at] {
                // psqlscan.l `"\\"[;:]`: the character goes into the query buffer
                b';' | b':' => return (at + 1, self.emit(Kind::Punct, input, at + 1, 0, sink)),
                // "xslashend": it separates a command from what follows
                b'\\' => {
                    self.state = State::Ground;
                    return (at + 1, Flow::Continue);
                }
                _ => {}
            }
        }
        while at < input.len() {
            let byte = input[at];
            match (quote, byte) {
                (_, b'\n' | b'\r') => return (at, self.emit(Kind::Meta, input, at, 0, sink)),
                (ESCAPED, _) => quote = b'\'',
                (b'\'', b'\\') => quote = ESCAPED,
                (0, b'\\') if !self.takes_whole_line(&input[self.start..at]) => {
                    return (at, self.emit(Kind::Meta, input, at, 0, sink));
                }
                (0, b'\'' | b'"' | b'`') => quote = byte,
                (open, byte) if open == byte => quote = 0,
                _ => {}
            }
            at += 1;
        }
        self.state = State::Meta(quote);
        (at, Flow::Continue)
    }

    /// Commands whose argument is the rest of the line, backslashes and all ("xslashwholeline": where command.c asks for
    /// "OT_WHOLE_LINE").
    fn takes_whole_line(&self, rest: &[u8]) -> bool {
        const WHOLE_LINE: [&[u8]; 8] = [b"!", b"copy", b"ef", b"ev", b"h", b"help", b"sf", b"sv"];
        let end = |text: &[u8]| text.iter().position(u8::is_ascii_whitespace);
        let mut name: Vec<u8> = self.carry.iter().take(8).copied().collect();
        name.extend(rest.iter().take(8));
        name.truncate(end(&name).unwrap_or(name.len()));
        WHOLE_LINE.contains(&name.as_slice()) || name.starts_with(b"!")
    }

    /// COPY data up to its end line ("handleCopyIn" of psql's copy.c)
    pub(super) fn copy_data(&mut self, input: &[u8], mut at: usize, mut seen: u8) -> (usize, Flow) {
        let from = at;
        while at < input.len() {
            match (seen, input[at]) {
                (0, b'\\') => seen = 1,
                (1, b'.') => seen = 2,
                (2, b'\n') => {
                    self.count_lines(&input[from..=at]);
                    self.state = State::Ground;
                    return (at + 1, Flow::Continue);
                }
                (2, b'\r') => {}
                (_, b'\n') => seen = 0,
                _ => {
                    seen = 3;
                    at = memchr(b'\n', &input[at..]).map_or(input.len(), |n| at + n);
                    continue;
                }
            }
            at += 1;
        }
        self.count_lines(&input[from..at]);
        self.state = State::CopyData(seen);
        (at, Flow::Continue)
    }
}
