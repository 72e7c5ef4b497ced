//! What pgtap-cov is compared with, for native programs and as a WebAssembly module with plain exports.

/// Tokens that squawk-lexer finds.
pub fn lex(text: &str) -> usize {
    squawk_lexer::tokenize(text).count()
}

/// Bytes of the tree that squawk-syntax makes, without its check for errors.
pub fn parse(text: &str) -> usize {
    use squawk_syntax::ast::AstNode;
    let parsed = squawk_syntax::SourceFile::parse(text);
    usize::from(parsed.tree().syntax().text_range().len())
}

#[cfg(target_arch = "wasm32")]
mod exports {
    use std::cell::RefCell;

    thread_local! {
        static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    /// Room for a text of `length` bytes, until the next call.
    #[unsafe(no_mangle)]
    pub extern "C" fn alloc(length: usize) -> *mut u8 {
        TEXT.with_borrow_mut(|text| {
            text.clear();
            text.resize(length, b' ');
            text.as_mut_ptr()
        })
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn lex() -> usize {
        with_text(super::lex)
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn parse() -> usize {
        with_text(super::parse)
    }

    fn with_text(work: impl FnOnce(&str) -> usize) -> usize {
        // SAFETY: the corpus is ASCII; a check of it would be counted as the peer's work.
        TEXT.with_borrow(|text| work(unsafe { std::str::from_utf8_unchecked(text) }))
    }
}
