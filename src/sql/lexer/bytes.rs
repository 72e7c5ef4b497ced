//! Classes of bytes, one table lookup each.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
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

/// "ident_start", "decdigit", "op_chars", "self" and "space" (with \v, as since 16), one class a byte.
pub const CLASS: [Class; 256] = {
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
pub const WORD: [bool; 256] = bytes_of(b"$");
/// psql's "variable_char"
pub const VARIABLE: [bool; 256] = bytes_of(b"");

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
