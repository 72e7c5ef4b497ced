//! Text to tokens to statements, resumable at every byte.
//!
//! [`lexer`] follows the server's `scan.l` and psql's `psqlscan.l`; [`statement`] collects the tokens of one statement
//! within a limit; [`literal`] decodes quoted text; [`types`] spells type names as `format_type` does; [`cursor`] walks
//! a statement's tokens; [`array`] reads array literals; [`keywords`] knows which names `quote_ident` quotes.

pub mod array;
pub mod cursor;
pub mod keywords;
pub mod lexer;
pub mod literal;
pub mod statement;
pub mod types;
