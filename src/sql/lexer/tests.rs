//! Tokens of small texts, at several chunkings.

use super::*;

#[derive(Default)]
struct Tokens(Vec<(Kind, String, u32)>);

impl Sink for Tokens {
    fn token(&mut self, token: Token<'_>) -> Flow {
        self.0.push((token.kind, String::from_utf8_lossy(token.text).into_owned(), token.line));
        Flow::Continue
    }
}

fn lex(sql: &[u8], dialect: Dialect, window: usize) -> Vec<(Kind, String, u32)> {
    let mut lexer = Lexer::new(dialect, 1 << 16, 1);
    let mut tokens = Tokens::default();
    for chunk in sql.chunks(window) {
        assert_eq!(lexer.feed(chunk, &mut tokens), chunk.len());
    }
    while lexer.finish(&mut tokens) != Flow::Continue {}
    tokens.0
}

fn spell(sql: &str) -> String {
    let tokens = lex(sql.as_bytes(), Dialect::Psql, usize::MAX >> 1);
    for window in [1, 2, 3, 7] {
        assert_eq!(lex(sql.as_bytes(), Dialect::Psql, window), tokens, "window {window} of {sql:?}");
    }
    let spelled: Vec<String> = tokens
        .iter()
        .map(|(kind, text, _)| match kind {
            Kind::Word => text.clone(),
            Kind::QuotedWord(q) => format!("id{}<{text}>", short(*q)),
            Kind::String(q) => format!("str{}<{text}>", short(*q)),
            Kind::StringContinued(q) => format!("more{}<{text}>", short(*q)),
            Kind::Variable => format!("var<{text}>"),
            Kind::Meta => format!("meta<{text}>"),
            Kind::Param => format!("param<{text}>"),
            _ => text.clone(),
        })
        .collect();
    spelled.join(" ")
}

fn short(quoting: Quoting) -> &'static str {
    match quoting {
        Quoting::Plain => "",
        Quoting::Escape => "E",
        Quoting::Unicode => "U",
        Quoting::Dollar => "$",
        Quoting::Bits => "B",
    }
}

#[test]
fn tokens_follow_scan_l() {
    for (sql, expected) in [
        ("SELECT a.b, $1;", "SELECT a . b , param<$1> ;"),
        ("'it''s' E'a\\'b' N'c' B'01' X'1F'", "str<it''s> strE<a\\'b> str<c> strB<01> strB<1F>"),
        ("B'0''1' x''''", "strB<0> str<1> strB<> str<>"),
        ("U&'\\0041' U&\"d\" u&x", "strU<\\0041> idU<d> u & x"),
        ("'a'\n  'b' 'c'", "str<a> more<b> str<c>"),
        ("'a' -- note\n 'b'", "str<a> more<b>"),
        ("'a' /* x\n */ 'b'", "str<a> str<b>"),
        ("E'a'\n'b\\''", "strE<a> moreE<b\\'>"),
        ("$$a$b$$ $x$ $$ $x$ a$$b", "str$<a$b> str$< $$ > a$$b"),
        ("$a$b$a$ $ab$$a$ab$ $1x", "str$<b> str$<$a> param<$1> x"),
        ("/* a /* b */ c */ d -- e\nf", "d f"),
        ("1..10 1.5 .5 1.e3 1e-5 0x1F 1_000", "1 .. 10 1.5 .5 1.e3 1e-5 0x1F 1_000"),
        ("0x1F.5 0b1e+5 0xE+1 0o17..2", "0x1F .5 0b1e + 5 0xE + 1 0o17 .. 2"),
        ("a<=-1 b=-1 c*-+d e@-f x--y\n", "a <= - 1 b = - 1 c * - + d e @- f x"),
        ("a+/*c*/b -/**/- 1", "a + b - - 1"),
        ("a::text b:=c d => e", "a :: text b := c d => e"),
        (":v :'v' :\"v\" a[1:n] :'no var'", "var<v> var<v> var<v> a [ 1 var<n> ] : str<no var>"),
        ("\\set x 'y'\nSELECT 1 \\gset\n2", "meta<set x 'y'> SELECT 1 meta<gset> 2"),
        ("\"a\"\"b\" \"\"", "id<a\"\"b> id<>"),
        ("\u{feff}SELECT 1", "SELECT 1"),
        ("\u{feff} SELECT é", "SELECT é"),
        ("--\n\u{feff}SELECT 1", "\u{feff}SELECT 1"),
        (" \u{feff} 1", "\u{feff} 1"),
        ("", ""),
        ("'open", "str<open>"),
        (":'open", ": str<open>"),
        (":\"", ": id<>"),
        ("$$open$", "str$<open>"),
        ("$x", "$x"),
        ("u&", "u &"),
    ] {
        assert_eq!(spell(sql), expected, "{sql:?}");
    }
}

#[test]
fn lines_are_those_of_the_first_byte() {
    let tokens = lex(b"a\nb 'c\nd' e\n\n$$\n$$ f", Dialect::Server, 2);
    let lines: Vec<u32> = tokens.iter().map(|t| t.2).collect();
    assert_eq!(lines, [1, 2, 2, 3, 5, 6]);
}

#[test]
fn the_server_knows_neither_variables_nor_backslash_commands() {
    let tokens = lex(b"a[1:n] \\set", Dialect::Server, 3);
    let kinds: Vec<Kind> = tokens.iter().map(|t| t.0).collect();
    assert!(!kinds.contains(&Kind::Variable) && !kinds.contains(&Kind::Meta), "{tokens:?}");
}

struct Copy(Vec<String>);

impl Sink for Copy {
    fn token(&mut self, token: Token<'_>) -> Flow {
        self.0.push(String::from_utf8_lossy(token.text).into_owned());
        if token.text == b";" { Flow::StopForCopyData } else { Flow::Continue }
    }
}

#[test]
fn copy_data_is_skipped_up_to_its_end_line() {
    let sql = b"COPY t; -- rest\n1\t'x\n\\.x\n\\\n\\.\r\nSELECT";
    for window in 1..sql.len() {
        let mut lexer = Lexer::new(Dialect::Psql, 100, 1);
        let mut sink = Copy(Vec::new());
        for chunk in sql.chunks(window) {
            let mut rest = chunk;
            while !rest.is_empty() {
                let n = lexer.feed(rest, &mut sink);
                rest = &rest[n..];
            }
        }
        lexer.finish(&mut sink);
        assert_eq!(sink.0, ["COPY", "t", ";", "SELECT"], "window {window}");
        assert_eq!(lexer.line(), 6);
    }
}

#[test]
fn text_beyond_the_limit_is_cut_and_what_follows_is_read() {
    let sql = format!("'{}' {} $${}$$ x", "a".repeat(5000), "b".repeat(5000), "c".repeat(5000));
    for window in [1, 100, 100_000] {
        let mut lexer = Lexer::new(Dialect::Server, 64, 1);
        let mut tokens = Tokens::default();
        for chunk in sql.as_bytes().chunks(window) {
            lexer.feed(chunk, &mut tokens);
        }
        lexer.finish(&mut tokens);
        let lengths: Vec<usize> = tokens.0.iter().map(|t| t.1.len()).collect();
        assert_eq!(lengths, [64, 64, 64, 1], "window {window}");
    }
}
