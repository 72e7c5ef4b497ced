//! Array literals: `{a,"b c",NULL}`.

/// The elements of an array of one dimension (`array_in`); none for another text, [`is_malformed`] or not.
pub fn parse(text: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    let text = text.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut elements = Vec::new();
    if text.trim_ascii().is_empty() {
        return Some(elements);
    }
    let mut bytes = text.iter().copied().peekable();
    loop {
        let mut element = Vec::new();
        let mut quoted = false;
        while bytes.peek().is_some_and(u8::is_ascii_whitespace) {
            bytes.next();
        }
        let mut inside = false;
        let more = loop {
            match bytes.next() {
                None => break false,
                Some(b'"') => {
                    quoted = true;
                    inside = !inside;
                }
                Some(b'\\') => element.extend(bytes.next()),
                Some(b',') if !inside => break true,
                Some(b'{' | b'}') if !inside => return None,
                Some(byte) => element.push(byte),
            }
        };
        if !quoted {
            element.truncate(element.trim_ascii_end().len());
        }
        let null = !quoted && element.eq_ignore_ascii_case(b"null");
        elements.push((!null).then_some(element));
        if !more {
            return Some(elements);
        }
    }
}

/// `array_in` refuses the text, whatever the type of the elements (22P02): an array stands in braces, perhaps behind its
/// bounds.
pub fn is_malformed(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    !(text.starts_with(b"{") || text.starts_with(b"[")) || !text.ends_with(b"}")
}
