//! Values on their way to the host: objects and lists that are put together part by part, and one way for all of them to
//! become JavaScript's. A derived serializer for each kind of row would be several times the code.

use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

enum Value {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(&'static str, Value)>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Object(parts) => serializer.collect_map(parts.iter().map(|(key, value)| (*key, value))),
        }
    }
}

/// An object or a list that is being put together.
pub struct Plain {
    value: Value,
    /// What it is a part of, the whole first, with the keys of those parts.
    around: Vec<(Value, &'static str)>,
}

impl Plain {
    /// An object without anything.
    pub fn object() -> Plain {
        Plain { value: Value::Object(Vec::new()), around: Vec::new() }
    }

    /// A list without anything.
    pub fn list() -> Plain {
        Plain { value: Value::List(Vec::new()), around: Vec::new() }
    }

    /// What was put together, as JavaScript's; numbers are never bigints.
    pub fn value(self) -> Result<JsValue, JsValue> {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        Ok(self.value.serialize(&serializer)?)
    }

    /// Begins an object within a list.
    pub fn item(&mut self) {
        self.open("");
    }

    /// Begins an object within an object.
    pub fn open(&mut self, key: &'static str) {
        self.begin(key, Value::Object(Vec::new()));
    }

    /// Begins a list within an object.
    pub fn open_list(&mut self, key: &'static str) {
        self.begin(key, Value::List(Vec::new()));
    }

    fn begin(&mut self, key: &'static str, value: Value) {
        self.around.push((std::mem::replace(&mut self.value, value), key));
    }

    /// Ends what was begun last.
    pub fn close(&mut self) {
        if let Some((around, key)) = self.around.pop() {
            let part = std::mem::replace(&mut self.value, around);
            self.add(key, part);
        }
    }

    /// A part of an object, or of a list, where the key is of no use.
    #[inline(never)]
    fn add(&mut self, key: &'static str, value: Value) {
        match &mut self.value {
            Value::Object(parts) => parts.push((key, value)),
            Value::List(items) => items.push(value),
            _ => {}
        }
    }

    #[inline(never)]
    pub fn text(&mut self, key: &'static str, text: &str) {
        self.add(key, Value::Text(text.to_owned()));
    }

    pub fn texts(&mut self, texts: &[(&'static str, &str)]) {
        for (key, text) in texts {
            self.text(key, text);
        }
    }

    /// A text or null.
    pub fn optional(&mut self, key: &'static str, text: Option<&str>) {
        match text {
            Some(text) => self.text(key, text),
            None => self.add(key, Value::Null),
        }
    }

    pub fn number(&mut self, key: &'static str, number: u64) {
        self.add(key, Value::Number(super::number(number)));
    }

    pub fn numbers(&mut self, numbers: &[(&'static str, u32)]) {
        for (key, number) in numbers {
            self.number(key, u64::from(*number));
        }
    }

    /// A number with a fraction, or null.
    pub fn fraction(&mut self, key: &'static str, number: Option<f64>) {
        self.add(key, number.map_or(Value::Null, Value::Number));
    }

    pub fn flag(&mut self, key: &'static str, flag: bool) {
        self.add(key, Value::Flag(flag));
    }

    pub fn words<T: AsRef<str>>(&mut self, key: &'static str, words: &[T]) {
        self.open_list(key);
        for word in words {
            self.text("", word.as_ref());
        }
        self.close();
    }
}
