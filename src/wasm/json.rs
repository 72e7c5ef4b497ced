//! Values on their way to the host, as JSON that it parses: a call for each value of each row would take longer, and more
//! code.

use js_sys::JSON;
use wasm_bindgen::JsValue;

/// An object or a list that is being written.
pub struct Json(String);

impl Json {
    /// Begins with `{` or `[`.
    pub fn new(bracket: char) -> Json {
        Json(bracket.to_string())
    }

    /// What was written, as a value.
    pub fn value(mut self, bracket: char) -> Result<JsValue, JsValue> {
        self.close(bracket);
        JSON::parse(&self.0)
    }

    /// Begins an object or a list within a list.
    pub fn item(&mut self, bracket: char) {
        self.next();
        self.0.push(bracket);
    }

    /// Begins an object or a list within an object.
    pub fn open(&mut self, key: &str, bracket: char) {
        self.key(key);
        self.0.push(bracket);
    }

    /// Ends what was begun last.
    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A value as it is written.
    pub fn plain(&mut self, key: &str, value: &str) {
        self.key(key);
        self.0 += value;
    }

    pub fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    pub fn texts(&mut self, texts: &[(&str, &str)]) {
        for (key, text) in texts {
            self.text(key, text);
        }
    }

    /// A text or null.
    pub fn optional(&mut self, key: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(key, text),
            None => self.plain(key, "null"),
        }
    }

    pub fn number(&mut self, key: &str, number: u64) {
        self.plain(key, &number.to_string());
    }

    pub fn numbers(&mut self, numbers: &[(&str, u32)]) {
        for (key, number) in numbers {
            self.number(key, u64::from(*number));
        }
    }

    pub fn flag(&mut self, key: &str, flag: bool) {
        self.plain(key, if flag { "true" } else { "false" });
    }

    pub fn words<T: AsRef<str>>(&mut self, key: &str, words: &[T]) {
        self.open(key, '[');
        for word in words {
            self.next();
            self.quoted(word.as_ref());
        }
        self.close(']');
    }

    fn key(&mut self, key: &str) {
        self.next();
        self.quoted(key);
        self.0.push(':');
    }

    fn next(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                '\0'..='\x1F' => self.0 += &format!("\\u{:04x}", u32::from(c)),
                _ => self.0.push(c),
            }
        }
        self.0.push('"');
    }
}
