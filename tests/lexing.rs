//! Our tokens against those of squawk-lexer, another reading of PostgreSQL's scan.l; where both differ, scan.l decides.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

use pgtap_cov::sql::lexer::Dialect::{self, Psql, Server};
use pgtap_cov::sql::lexer::{Flow, Kind, Lexer, Quoting, Sink, Token};
use proptest::prelude::*;
use proptest::sample::select;
use squawk_lexer::{LiteralKind, TokenKind};

#[derive(Default)]
struct Spelled(Vec<String>);

impl Sink for Spelled {
    fn token(&mut self, token: Token<'_>) -> Flow {
        let text = String::from_utf8_lossy(token.text);
        self.0.push(match token.kind {
            Kind::Word => format!("word {text}"),
            Kind::QuotedWord(quoting) => format!("name{} {text}", suffix(quoting)),
            Kind::String(quoting) => format!("string{} {text}", suffix(quoting)),
            Kind::StringContinued(quoting) => format!("continued{} {text}", suffix(quoting)),
            Kind::Number => format!("number {text}"),
            Kind::Param => format!("param {text}"),
            Kind::Variable => format!("variable {text}"),
            Kind::Meta => format!("command {text}"),
            Kind::Operator | Kind::Punct | Kind::Cast | Kind::Assign | Kind::DotDot => text.into_owned(),
        });
        Flow::Continue
    }
}

fn suffix(quoting: Quoting) -> &'static str {
    match quoting {
        Quoting::Plain => "",
        Quoting::Escape => "-e",
        Quoting::Unicode => "-u",
        Quoting::Dollar => "-$",
        Quoting::Bits => "-b",
    }
}

fn ours(sql: &str, dialect: Dialect) -> Vec<String> {
    let mut lexer = Lexer::new(dialect, 1 << 20, 1);
    let mut tokens = Spelled::default();
    assert_eq!(lexer.feed(sql.as_bytes(), &mut tokens), sql.len());
    while lexer.finish(&mut tokens) != Flow::Continue {}
    tokens.0
}

fn squawk(sql: &str) -> Vec<String> {
    let mut rest = sql;
    let mut tokens = Vec::new();
    for token in squawk_lexer::tokenize(sql) {
        let text;
        (text, rest) = rest.split_at(token.len as usize);
        let quoted = |prefix: usize, closed: bool| {
            let text = &text[prefix + 1..];
            if closed { &text[..text.len() - 1] } else { text }
        };
        tokens.push(match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } | TokenKind::Eof => {
                continue;
            }
            TokenKind::Ident => format!("word {text}"),
            TokenKind::QuotedIdent { terminated, uescape: false } => format!("name {}", quoted(0, terminated)),
            TokenKind::QuotedIdent { terminated, uescape: true } => format!("name-u {}", quoted(2, terminated)),
            TokenKind::PositionalParam { .. } if text[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                format!("param {text}")
            }
            TokenKind::Literal { kind } => match kind {
                LiteralKind::Int { .. } | LiteralKind::Numeric { .. } => format!("number {text}"),
                LiteralKind::Str { terminated } => format!("string {}", quoted(0, terminated)),
                LiteralKind::NationalStr { terminated } => format!("string {}", quoted(1, terminated)),
                LiteralKind::EscStr { terminated } => format!("string-e {}", quoted(1, terminated)),
                LiteralKind::BitStr { terminated } | LiteralKind::ByteStr { terminated } => {
                    format!("string-b {}", quoted(1, terminated))
                }
                LiteralKind::UnicodeEscStr { terminated } => format!("string-u {}", quoted(2, terminated)),
                LiteralKind::DollarQuotedString { terminated } => {
                    let tag = text[1..].find('$').map_or(text.len(), |at| at + 2);
                    // of a delimiter that the input ends in, nothing is text
                    let delimiter = (0..tag).rev().find(|n| text.as_bytes()[tag..].ends_with(&text.as_bytes()[..*n]));
                    let end = text.len() - if terminated { tag } else { delimiter.unwrap_or(0) };
                    format!("string-$ {}", &text[tag..end])
                }
            },
            _ => text.to_owned(),
        });
    }
    tokens
}

/// Without what squawk-lexer leaves to its parser: it joins no operators, and no parts of a literal.
fn apart(tokens: Vec<String>) -> Vec<String> {
    let mut out = Vec::new();
    for token in tokens {
        if token.starts_with("continued") {
            out.push(format!("string{}", &token[token.find(' ').unwrap()..]));
        } else if token == "::" || token == ":=" || is_operator(&token) {
            out.extend(token.chars().map(String::from));
        } else {
            out.push(token);
        }
    }
    out
}

fn is_operator(token: &str) -> bool {
    token.chars().all(|c| "~!@#^&|`?+-*/%<>=".contains(c))
}

/// Junk behind a number or a parameter, which the server refuses.
fn is_junk(token: squawk_lexer::Token) -> bool {
    match token.kind {
        TokenKind::PositionalParam { trailing_junk_start } => (2..token.len).contains(&trailing_junk_start),
        TokenKind::Literal { kind: LiteralKind::Int { trailing_junk_start, empty_int, .. } } => {
            empty_int || trailing_junk_start < token.len
        }
        TokenKind::Literal { kind: LiteralKind::Numeric { trailing_junk_start, empty_exponent_start } } => {
            empty_exponent_start.is_some() || trailing_junk_start < token.len
        }
        _ => false,
    }
}

/// Where no difference of the table is in the way.
fn agree(sql: &str) {
    let (tokens, theirs) = (ours(sql, Server), squawk(sql));
    let goes_on =
        |token: &String| token.starts_with("continued-b") || token.starts_with("continued-e") && token.contains('\\');
    let doubled_in_bits = |token: &String| token.starts_with("string-b") && token.contains('\'');
    let differs = tokens.iter().any(goes_on) || theirs.iter().any(doubled_in_bits);
    if !differs && !squawk_lexer::tokenize(sql).any(is_junk) {
        assert_eq!(apart(tokens), theirs, "left: ours; right: squawk-lexer; of {sql:?}");
    }
}

/// A token of any kind but numbers.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z_é][A-Za-z0-9_$é]{0,5}",
        "[Uu]&\"[a\\\\0 'é]{0,4}\"",
        "\"([a;$ '-]|\"\"|\n){0,5}\"",
        "[Nn]?'([a;$\\\\\" -]|''|\n){0,5}'",
        "[Ee]'([a;$\" -]|''|\\\\.|\n){0,5}'",
        "[Uu]&'([a;$\\\\\" -]|''){0,5}'",
        "[BbXx]'[01aF;\"$-]{0,5}'",
        "\\$\\$([a;'\" -]|\n){0,5}\\$\\$",
        "\\$x\\$([a;'\"x -]|\\$|\\$y\\$|\n){0,5} \\$x\\$",
        "\\$é\\$[^$\0]{0,8}\\$é\\$",
        "[~!@#^&|`?+*/%<>=-]{1,4}",
        select(vec!["::", ":=", "..", ":", ".", ",", "(", ")", "[", "]", ";", "{", "}", "$", "\\"])
            .prop_map(str::to_owned),
        "/\\*([a'\";$ -]|\n){0,6}\\*/",
        "/\\* /\\* [a'] \\*/ [b\"] \\*/",
        "--[a'\";$* /-]{0,6}[\n\r]",
        "[ \t\n\r\x0B\x0C]{1,3}",
        select(vec!["'", "\"", "$$", "$x$", "/*", "--", "E'", "U&'", "U&"]).prop_map(str::to_owned),
    ]
}

/// A number or a parameter. What may stand behind it without a space: see the table below.
fn number() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        "[0-9]{1,3}(_[0-9]{1,2})?(\\.\\.?)?",
        "[0-9]{0,2}\\.[0-9]{1,2}([eE][+-]?[0-9]{1,2})?",
        "0[xX][0-9a-fA-F]{1,3}|0[oO][0-7]{1,3}|0[bB][01]{1,3}",
        "\\$[0-9]{1,3}",
    ];
    (number, select(vec![" ", "\n", ",", "-", "::", "'a'", "\"a\"", "--\n", "(", "]"]))
        .prop_map(|(number, behind)| number + behind)
}

fn text() -> impl Strategy<Value = String> {
    let separator = select(vec!["", "", " ", "\n", "/**/", "--\n"]);
    let token = prop_oneof![5 => token(), 1 => number()];
    prop::collection::vec((token, separator), 0..12)
        .prop_map(|tokens| tokens.into_iter().map(|(token, separator)| token + separator).collect())
}

proptest! {
    #[test]
    fn random_tokens_are_those_of_squawk_lexer(sql in text()) {
        agree(&sql);
    }
}

#[test]
fn the_tokens_of_the_seeds_are_those_of_squawk_lexer() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for seed in std::fs::read_dir(seeds).unwrap() {
        let sql = String::from_utf8_lossy(&std::fs::read(seed.unwrap().path()).unwrap()).into_owned();
        agree(&sql);
        // a line of the table's kind is in the way of its own only
        sql.lines().for_each(agree);
    }
}

/// Whose tokens are PostgreSQL's.
#[derive(Debug, Clone, Copy)]
enum Right {
    Ours,
    /// Ours differ in what the server refuses only: how such text goes on is nobody's concern.
    Squawk,
}

struct Difference {
    /// The rule of PostgreSQL that decides, and where it stands.
    rule: &'static str,
    dialect: Dialect,
    sql: &'static str,
    ours: &'static [&'static str],
    squawk: &'static [&'static str],
    right: Right,
}

/// Every known difference; one that disappears fails the test, too.
const DIFFERENCES: &[Difference] = &[
    Difference {
        rule: "scan.l operator: the longest run is one token",
        dialect: Server,
        sql: "a <= b !~~* c",
        ours: &["word a", "<=", "word b", "!~~*", "word c"],
        squawk: &["word a", "<", "=", "word b", "!", "~", "~", "*", "word c"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l operator: + and - end one only behind one of ~!@#^&|`?%",
        dialect: Server,
        sql: "a<=-b @-c *-+d",
        ours: &["word a", "<=", "-", "word b", "@-", "word c", "*", "-", "+", "word d"],
        squawk: &["word a", "<", "=", "-", "word b", "@", "-", "word c", "*", "-", "+", "word d"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l typecast, colon_equals, equals_greater",
        dialect: Server,
        sql: "a::b := c => d",
        ours: &["word a", "::", "word b", ":=", "word c", "=>", "word d"],
        squawk: &["word a", ":", ":", "word b", ":", "=", "word c", "=", ">", "word d"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l xqs, quotecontinue: behind a newline a literal goes on",
        dialect: Server,
        sql: "'a' -- b\n'c' 'd'",
        ours: &["string a", "continued c", "string d"],
        squawk: &["string a", "string c", "string d"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l xqs, state_before_str_stop: a part is read as the literal that it continues",
        dialect: Server,
        sql: "E'a'\n'b\\'c' d",
        ours: &["string-e a", "continued-e b\\'c", "word d"],
        squawk: &["string-e a", "string b\\", "word c", "string  d"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l xbinside, xhinside: no quote is doubled in a bit string",
        dialect: Server,
        sql: "B'0''1' c",
        ours: &["string-b 0", "string 1", "word c"],
        squawk: &["string-b 0''1", "word c"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l realfail: the sign belongs to the broken exponent",
        dialect: Server,
        sql: "1e+ 2",
        ours: &["number 1e+", "number 2"],
        squawk: &["number 1e", "+", "number 2"],
        right: Right::Ours,
    },
    Difference {
        rule: "scan.l integer_junk since 16: the identifier behind a number may hold a $",
        dialect: Server,
        sql: "1a$$b$$",
        ours: &["number 1a", "string-$ b"],
        squawk: &["number 1a$$b$$"],
        right: Right::Squawk,
    },
    Difference {
        rule: "scan.l param_junk since 15",
        dialect: Server,
        sql: "$1a",
        ours: &["param $1", "word a"],
        squawk: &["param $1a"],
        right: Right::Squawk,
    },
    Difference {
        rule: "psqlscan.l :{variable_char}+, :'{variable_char}+', :\"{variable_char}+\"",
        dialect: Psql,
        sql: ":v :'v' :\"v\" :'a b'",
        ours: &["variable v", "variable v", "variable v", ":", "string a b"],
        squawk: &[":", "word v", ":", "string v", ":", "name v", ":", "string a b"],
        right: Right::Ours,
    },
    Difference {
        rule: "psqlscan.l \"\\\\\"[;:]: a semicolon that does not send, a colon that is no variable's",
        dialect: Psql,
        sql: "a \\; b \\:c",
        ours: &["word a", ";", "word b", ":", "word c"],
        squawk: &["word a", "\\", ";", "word b", "\\", ":", "word c"],
        right: Right::Ours,
    },
    Difference {
        rule: "psqlscanslash.l xslasharg, xslashquote: a command ends with its line, or at a backslash outside of quotes",
        dialect: Psql,
        sql: "\\set a 'it\\'s' \"\n\\pset b \\\\ c",
        ours: &["command set a 'it\\'s' \"", "command pset b ", "word c"],
        squawk: &["\\", "word set", "word a", "string it\\", "word s", "string  \"\n\\pset b \\\\ c"],
        right: Right::Ours,
    },
];

#[test]
fn differences_are_known_and_decided_by_postgresql() {
    for Difference { rule, dialect, sql, ours: expected, squawk: theirs, right } in DIFFERENCES {
        assert_eq!(ours(sql, *dialect), *expected, "ours, by {rule}");
        assert_eq!(squawk(sql), *theirs, "squawk-lexer's; right by {rule}: {right:?}");
        assert_ne!(expected, theirs, "no difference is left by {rule}");
    }
}
