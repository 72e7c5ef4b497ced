//! What is read to its end without a look inside: comments, backslash commands, COPY data.

use super::{Flow, Kind, Lexer, Sink, State};
use memchr::{memchr, memchr2};

impl Lexer {
    pub(super) fn line_comment(&mut self, input: &[u8], at: usize) -> (usize, Flow) {
        match memchr2(b'\n', b'\r', &input[at..]) {
            Some(n) => {
                self.state = State::Ground;
                (at + n, Flow::Continue)
            }
            None => (input.len(), Flow::Continue),
        }
    }

    pub(super) fn block_comment(&mut self, input: &[u8], mut at: usize, mut depth: u32, mut last: u8) -> (usize, Flow) {
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

    pub(super) fn meta(&mut self, input: &[u8], at: usize, sink: &mut impl Sink) -> (usize, Flow) {
        match memchr2(b'\n', b'\r', &input[at..]) {
            Some(n) => (at + n, self.emit(Kind::Meta, input, at + n, 0, sink)),
            None => (input.len(), Flow::Continue),
        }
    }

    pub(super) fn copy_data(&mut self, input: &[u8], mut at: usize, mut seen: u8) -> (usize, Flow) {
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
                    at = memchr(b'\n', &input[at..]).map_or(input.len(), |n| at + n);
                    continue;
                }
            }
            at += 1;
        }
        self.state = State::CopyData(seen);
        (at, Flow::Continue)
    }
}
