//! Bytes as text and back: invalid UTF-8 is spelled `\xHH`, a backslash is doubled, so that no two names look alike.

/// Spells bytes as text. Linear; the result is at most four times as long.
pub fn spell(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for (n, part) in chunk.valid().split('\\').enumerate() {
            if n > 0 {
                text.push_str("\\\\");
            }
            text.push_str(part);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

/// The bytes that [`spell`] spelled so; what it never spells is taken as it stands.
pub fn unspell(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let hex = rest.get(2..4).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (rest, hex) {
            ([b'\\', b'\\', ..], _) => {
                out.push(b'\\');
                at += 2;
            }
            ([b'\\', b'x', ..], Some(byte)) => {
                out.push(byte);
                at += 4;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_reversible() {
        for (bytes, text) in [
            (&b"rooms"[..], "rooms"),
            (b"a\\b", "a\\\\b"),
            (b"a\xFFb", "a\\xFFb"),
            (b"\\xFF", "\\\\xFF"),
            ("é<img>".as_bytes(), "é<img>"),
            (b"\xE2\x82", "\\xE2\\x82"),
        ] {
            assert_eq!(spell(bytes), text);
            assert_eq!(unspell(text), bytes);
        }
    }
}
