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
/// bounds; between its commas stands an element, quoted as a whole or not at all. What is nested is not looked into.
pub fn is_malformed(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    if text.starts_with(b"[") {
        return !text.ends_with(b"}");
    }
    let Some(inside) = text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")) else { return true };
    if inside.trim_ascii().is_empty() || inside.trim_ascii_start().starts_with(b"{") {
        return false;
    }
    let mut element = Element::Empty;
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        element = match (element, byte) {
            (Element::Quoted, b'\\') | (Element::Empty | Element::Plain, b'\\') => match bytes.next() {
                None => return true,
                Some(_) if element == Element::Quoted => Element::Quoted,
                Some(_) => Element::Plain,
            },
            (Element::Quoted, b'"') => Element::Closed,
            (Element::Quoted, _) => Element::Quoted,
            (Element::Empty, b'"') => Element::Quoted,
            (Element::Empty, b',') => return true,
            (_, b',') => Element::Empty,
            (Element::Plain | Element::Closed, b'"') | (_, b'{' | b'}') => return true,
            (state, byte) if byte.is_ascii_whitespace() => state,
            (Element::Closed, _) => return true,
            _ => Element::Plain,
        };
    }
    matches!(element, Element::Empty | Element::Quoted)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Empty,
    Plain,
    Quoted,
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_refused_as_the_server_does() {
        for text in
            ["{}", "{ }", "{a}", "{a,b}", "{\"a,b\",c}", "{ \"a\" , b }", "{{a},{b}}", "[1:1]={a}", "{a b}", "{\\{}"]
        {
            assert!(!is_malformed(text.as_bytes()), "{text}");
        }
        for text in ["", "a", "{a", "{a,}", "{,a}", "{a,,b}", "{\"a\"b}", "{a\"b\"}", "{\"a}", "{a}b}", "{a\\}"] {
            assert!(is_malformed(text.as_bytes()), "{text}");
        }
    }
}
