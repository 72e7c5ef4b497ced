//! Walks the tokens of a statement.

use super::statement::{Item, Statement, Tok};

/// A position in a range of a statement's tokens. Copies are cheap: look ahead on a copy.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    statement: &'a Statement,
    at: usize,
    end: usize,
}

/// A name with its optional schema; a catalogue name before it is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a> {
    /// The schema, where written.
    pub schema: Option<&'a [u8]>,
    /// The name.
    pub name: &'a [u8],
    /// 1-based line.
    pub line: u32,
}

/// The parts of a list between commas; none where there is no list.
pub fn parts(list: Option<Cursor<'_>>) -> Vec<Cursor<'_>> {
    let mut parts = Vec::new();
    if let Some(mut rest) = list {
        while !rest.is_empty() {
            parts.push(rest.until(b','));
        }
    }
    parts
}

impl<'a> Cursor<'a> {
    /// At the first token.
    pub fn new(statement: &'a Statement) -> Self {
        Cursor { statement, at: 0, end: statement.items().len() }
    }

    /// The next token.
    pub fn peek(&self) -> Option<&'a Item> {
        self.ahead(0)
    }

    /// The token `n` places on.
    pub fn ahead(&self, n: usize) -> Option<&'a Item> {
        let at = self.at + n;
        if at < self.end { self.statement.items().get(at) } else { None }
    }

    /// The token before the next one, even outside of the range.
    pub fn behind(&self, n: usize) -> Option<&'a Item> {
        self.at.checked_sub(n).and_then(|at| self.statement.items().get(at))
    }

    /// Moves on by `n` tokens.
    pub fn skip(&mut self, n: usize) {
        self.at = (self.at + n).min(self.end);
    }

    /// Takes the next token.
    pub fn next_item(&mut self) -> Option<&'a Item> {
        let item = self.peek()?;
        self.at += 1;
        Some(item)
    }

    /// Place of the next token in the statement.
    pub fn position(&self) -> usize {
        self.at
    }

    /// No token is left.
    pub fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// Tokens left.
    pub fn len(&self) -> usize {
        self.end - self.at
    }

    /// Line of the next token, or of the last one.
    pub fn line(&self) -> u32 {
        let item = self.peek().or_else(|| self.statement.items().last());
        item.map_or(0, |item| item.line)
    }

    /// A token's text.
    pub fn text(&self, item: &Item) -> &'a [u8] {
        self.statement.text(item)
    }

    /// The token `n` places on, if it is this keyword.
    pub fn is_word_at(&self, n: usize, word: &str) -> bool {
        self.ahead(n).is_some_and(|item| item.tok == Tok::Word && self.text(item) == word.as_bytes())
    }

    /// The next token is this keyword.
    pub fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    /// The next token is this byte.
    pub fn is_punct(&self, byte: u8) -> bool {
        self.peek().is_some_and(|item| item.tok == Tok::Punct(byte))
    }

    /// The next token is a name, and a parenthesis follows it.
    pub fn is_call(&self) -> bool {
        let Some([name, next, ..]) = self.statement.items().get(self.at..self.end) else { return false };
        next.tok == Tok::Punct(b'(') && matches!(name.tok, Tok::Word | Tok::Quoted)
    }

    /// Takes this keyword.
    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    /// Takes these keywords, all or none.
    pub fn take_words(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(n, word)| self.is_word_at(n, word));
        if found {
            self.at += words.len();
        }
        found
    }

    /// Takes the first of these keywords that stands here.
    pub fn take_one_of<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.take_word(word))
    }

    /// Takes this byte.
    pub fn take_punct(&mut self, byte: u8) -> bool {
        let found = self.is_punct(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes an identifier, quoted or not.
    pub fn name(&mut self) -> Option<&'a [u8]> {
        let item = self.peek()?;
        if !matches!(item.tok, Tok::Word | Tok::Quoted) {
            return None;
        }
        self.at += 1;
        Some(self.text(item))
    }

    /// The texts of the tokens left.
    pub fn texts(self) -> impl Iterator<Item = &'a [u8]> {
        let items = self.statement.items().get(self.at..self.end).unwrap_or_default();
        items.iter().map(move |item| self.statement.text(item))
    }

    /// Takes `name`, `schema.name` or `catalogue.schema.name`.
    pub fn qualified(&mut self) -> Option<Name<'a>> {
        let line = self.line();
        let mut name = Name { schema: None, name: self.name()?, line };
        while self.is_punct(b'.') && self.ahead(1).is_some_and(|item| matches!(item.tok, Tok::Word | Tok::Quoted)) {
            self.at += 1;
            name.schema = Some(name.name);
            name.name = self.name()?;
        }
        Some(name)
    }

    /// Takes a parenthesized (or bracketed) group and returns a cursor on what is inside of it. Constant time.
    pub fn group(&mut self) -> Option<Cursor<'a>> {
        if !matches!(self.peek()?.tok, Tok::Punct(b'(' | b'[')) {
            return None;
        }
        let start = self.at + 1;
        let close = self.statement.close_of(self.at).min(self.end);
        self.at = (close + 1).min(self.end);
        Some(Cursor { statement: self.statement, at: start, end: close })
    }

    /// The range up to this place in the statement.
    pub fn to(self, end: usize) -> Cursor<'a> {
        Cursor { end: end.min(self.end), ..self }
    }

    /// Takes tokens up to `byte` outside of parentheses, and that byte; returns a cursor on what lies before it.
    pub fn until(&mut self, byte: u8) -> Cursor<'a> {
        let start = self.at;
        while let Some(item) = self.peek() {
            match item.tok {
                Tok::Punct(b'(' | b'[') => {
                    self.group();
                }
                Tok::Punct(found) if found == byte => {
                    let inside = Cursor { statement: self.statement, at: start, end: self.at };
                    self.at += 1;
                    return inside;
                }
                _ => self.at += 1,
            }
        }
        Cursor { statement: self.statement, at: start, end: self.end }
    }

    /// The parts between `byte`s outside of parentheses; none for an empty range.
    pub fn split(mut self, byte: u8) -> impl Iterator<Item = Cursor<'a>> {
        std::iter::from_fn(move || if self.is_empty() { None } else { Some(self.until(byte)) })
    }

    /// Moves on to this keyword outside of parentheses; false, and at the end, where there is none.
    pub fn find_word(&mut self, word: &str) -> bool {
        while !self.is_empty() {
            if self.is_word(word) {
                return true;
            }
            if self.group().is_none() {
                self.at += 1;
            }
        }
        false
    }
}
