//! Decodes the text of quoted tokens, in place: what is decoded is never longer than what was written.
//!
//! Rules: scan.l "xqdouble", "xeescape", "xeoctesc", "xehexesc", "xeunicode"; parser.c `str_udeescape`.

use super::lexer::Quoting;
use crate::limits::NAME_BYTES;
use memchr::{memchr, memchr2};

/// Decodes `text[from..]`, written with `quoting` between `quote`s, in place.
pub fn decode(text: &mut Vec<u8>, from: usize, quoting: Quoting, quote: u8, unicode_escape: u8) {
    if quoting == Quoting::Dollar {
        return;
    }
    // most literals hold nothing to decode
    let special = match quoting {
        Quoting::Escape => memchr2(quote, b'\\', &text[from..]),
        Quoting::Unicode => memchr2(quote, unicode_escape, &text[from..]),
        _ => memchr(quote, &text[from..]),
    };
    let Some(special) = special else { return };
    let (mut read, mut write) = (from + special, from + special);
    while read < text.len() {
        let byte = text[read];
        let (taken, bytes) = match quoting {
            _ if byte == quote => (2, Decoded::byte(quote)),
            Quoting::Escape if byte == b'\\' => backslash(&text[read + 1..]),
            Quoting::Unicode if byte == unicode_escape => unicode(&text[read + 1..], unicode_escape),
            _ => (1, Decoded::byte(byte)),
        };
        for byte in &bytes.bytes[..bytes.length] {
            text[write] = *byte;
            write += 1;
        }
        read += taken;
    }
    text.truncate(write);
}

/// Appends an unquoted identifier, folded: ASCII only, as a UTF-8 server does (`downcase_identifier`).
pub fn fold(word: &[u8], text: &mut Vec<u8>) {
    let from = text.len();
    text.extend(word.iter().map(u8::to_ascii_lowercase));
    truncate_name(text, from);
}

/// Cuts an identifier to 63 bytes without splitting a character (`truncate_identifier`).
pub fn truncate_name(text: &mut Vec<u8>, from: usize) {
    let length = clip(&text[from..], NAME_BYTES).len();
    text.truncate(from + length);
}

/// At most `length` bytes, no character split (`pg_mbcliplen`).
pub fn clip(text: &[u8], length: usize) -> &[u8] {
    let mut end = text.len().min(length);
    while end < text.len() && end > 0 && text[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    &text[..end]
}

struct Decoded {
    bytes: [u8; 4],
    length: usize,
}

impl Decoded {
    /// The server refuses a NUL (22021); here it must not look like the end of a name.
    fn byte(byte: u8) -> Self {
        Decoded { bytes: [if byte == 0 { b'?' } else { byte }, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Self {
        if code == 0 {
            return Decoded::byte(0);
        }
        let mut bytes = [0; 4];
        let length = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes).len();
        Decoded { bytes, length }
    }
}

fn backslash(after: &[u8]) -> (usize, Decoded) {
    let Some(&byte) = after.first() else { return (1, Decoded::byte(b'\\')) };
    match byte {
        b'b' => (2, Decoded::byte(0x08)),
        b'f' => (2, Decoded::byte(0x0C)),
        b'n' => (2, Decoded::byte(b'\n')),
        b'r' => (2, Decoded::byte(b'\r')),
        b't' => (2, Decoded::byte(b'\t')),
        b'v' => (2, Decoded::byte(0x0B)),
        b'0'..=b'7' => {
            let (digits, value) = number(after, 8, 3);
            (1 + digits, Decoded::byte(u8::try_from(value & 0xFF).unwrap_or(0)))
        }
        b'x' => match number(&after[1..], 16, 2) {
            (0, _) => (2, Decoded::byte(b'x')),
            (digits, value) => (2 + digits, Decoded::byte(u8::try_from(value).unwrap_or(0))),
        },
        b'u' | b'U' => {
            let length = if byte == b'u' { 4 } else { 8 };
            match number(&after[1..], 16, length) {
                (digits, value) if digits == length => {
                    let low = after.get(1 + length..).filter(|rest| rest.starts_with(b"\\u"));
                    match (surrogate(value), low.map(|rest| number(&rest[2..], 16, 4))) {
                        (Some(high), Some((4, low))) => (2 + length + 6, Decoded::character(pair(high, low))),
                        _ => (2 + length, Decoded::character(value)),
                    }
                }
                _ => (2, Decoded::byte(byte)),
            }
        }
        other => (2, Decoded::byte(other)),
    }
}

fn unicode(after: &[u8], escape: u8) -> (usize, Decoded) {
    match after.first() {
        Some(byte) if *byte == escape => (2, Decoded::byte(escape)),
        Some(b'+') => match number(&after[1..], 16, 6) {
            (6, value) => (8, Decoded::character(value)),
            _ => (1, Decoded::byte(escape)),
        },
        _ => match number(after, 16, 4) {
            (4, value) => {
                let low =
                    after.get(4..).filter(|rest| rest.first() == Some(&escape)).map(|rest| number(&rest[1..], 16, 4));
                match (surrogate(value), low) {
                    (Some(high), Some((4, low))) => (10, Decoded::character(pair(high, low))),
                    _ => (5, Decoded::character(value)),
                }
            }
            _ => (1, Decoded::byte(escape)),
        },
    }
}

fn surrogate(value: u32) -> Option<u32> {
    (0xD800..0xDC00).contains(&value).then_some(value)
}

fn pair(high: u32, low: u32) -> u32 {
    0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF)
}

/// Reads at most `most` digits; returns how many there were and their value.
fn number(text: &[u8], radix: u32, most: usize) -> (usize, u32) {
    let mut value: u32 = 0;
    let mut digits = 0;
    for byte in text.iter().take(most) {
        let Some(digit) = char::from(*byte).to_digit(radix) else { break };
        value = value.wrapping_mul(radix).wrapping_add(digit);
        digits += 1;
    }
    (digits, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, quoting: Quoting, quote: u8) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        decode(&mut bytes, 0, quoting, quote, b'\\');
        bytes
    }

    #[test]
    fn literals_decode_as_the_server_reads_them() {
        use Quoting::{Dollar, Escape, Plain, Unicode};
        for (text, quoting, expected) in [
            ("it''s", Plain, "it's"),
            ("a\\n", Plain, "a\\n"),
            ("a\\nb\\t\\\\''\\'", Escape, "a\nb\t\\''"),
            ("\\101\\x41\\u0041\\U00000041", Escape, "AAAA"),
            ("\\ud83d\\ude00", Escape, "😀"),
            ("d\\0061t\\+000061 \\\\", Unicode, "data \\"),
            ("\\d83d\\de00", Unicode, "😀"),
            ("a''b", Dollar, "a''b"),
        ] {
            assert_eq!(decoded(text, quoting, b'\''), expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn names_are_folded_and_cut_at_63_bytes_between_characters() {
        let mut name = Vec::new();
        fold("AÉ".as_bytes(), &mut name);
        assert_eq!(name, "aÉ".as_bytes());
        let mut long = Vec::new();
        fold(format!("{}é", "x".repeat(62)).as_bytes(), &mut long);
        assert_eq!(long.len(), 62);
    }
}
