//! What a DO block puts together of its variables and of rows that it writes out is read; what it does not tell is named.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use pgtap_cov::limits::{DEFAULT_ARENA_BYTES, SOURCE_ROWS};
use pgtap_cov::scan::SourceRole::Schema;
use support::{database, diagnostics, small, spelled, with};

/// The tables that a DO block makes, and the lines of what only running it can tell.
fn made(block: &str) -> (String, String) {
    let sql = format!("DO $$ {block} $$;");
    let database = database(&[("s.sql", Schema, sql.as_bytes())], 7, DEFAULT_ARENA_BYTES).unwrap();
    let tables: Vec<String> = spelled(&database).iter().map(|line| line.replace("table public.", "")).collect();
    let said: Vec<String> = diagnostics(&database)
        .iter()
        .map(|said| {
            said.strip_prefix("s.sql:").unwrap().split_once(" dynamic-definition EXECUTE").unwrap().0.to_owned()
        })
        .collect();
    (tables.join(" ").replace(" gap", ""), said.join(" "))
}

const CREATE: &str = "EXECUTE format('CREATE TABLE %I ()', t);";

#[test]
fn a_loop_over_rows_that_are_written_out_is_read_for_each() {
    for (head, expected) in [
        ("FOREACH t IN ARRAY ARRAY['a', 'B'] LOOP", "B a"),
        ("FOREACH t IN ARRAY '{a,b}'::text[] LOOP", "a b"),
        ("FOREACH t IN ARRAY ARRAY['a'] || ARRAY['b'] LOOP", "a b"),
        ("FOREACH t IN ARRAY list LOOP", "l m"),
        ("FOREACH t IN ARRAY later LOOP", "n o"),
        ("<<label>> FOREACH t IN ARRAY list LOOP", "l m"),
        ("FOR t IN SELECT unnest(ARRAY['a', 'b']) LOOP", "a b"),
        ("FOR t IN SELECT unnest(list) AS x LOOP", "l m"),
        ("FOR t IN SELECT * FROM unnest(ARRAY['a', 'b']) LOOP", "a b"),
        ("FOR t IN SELECT x FROM unnest(ARRAY['a', 'b']) AS x LOOP", "a b"),
        ("FOR t IN VALUES ('a'), ('b') LOOP", "a b"),
        ("FOR t IN SELECT * FROM (VALUES ('a'), ('b')) AS v (x) LOOP", "a b"),
        ("FOR r IN SELECT * FROM (VALUES ('a', 'b'), ('c', 'd')) AS v (x, y) LOOP t := r.y;", "b d"),
        ("FOR r IN SELECT * FROM unnest(list) AS x LOOP t := r.x;", "l m"),
        ("FOREACH t IN ARRAY list LOOP LOOP x(); END LOOP; EXECUTE 'SELECT 1' INTO x;", "l m"),
        ("FOREACH u IN ARRAY list LOOP FOREACH t IN ARRAY ARRAY[u || '1', u || '2'] LOOP", "l1 l2 m1 m2"),
        ("FOREACH t IN ARRAY list LOOP IF NOT EXISTS (SELECT FROM pg_tables WHERE tablename = t) THEN", "l m"),
        ("FOREACH t IN ARRAY list LOOP BEGIN CREATE TABLE s (); EXCEPTION WHEN others THEN x(); END;", "l m s"),
        ("FOREACH t IN ARRAY list LOOP IF u THEN x(); ELSE y(); END IF; CASE u WHEN 1 THEN x(); END CASE;", "l m"),
        ("FOREACH t IN ARRAY list LOOP u := CASE WHEN x THEN CASE WHEN y THEN z END END;", "l m"),
    ] {
        let open = head.matches(" LOOP").count() - 2 * head.matches("END LOOP").count();
        let (ends, guard) = ("END LOOP; ".repeat(open), if head.ends_with("THEN") { "END IF; " } else { "" });
        let declared = "DECLARE t text; u name; r record; list CONSTANT text[] := ARRAY['l', 'm']; later text[];";
        let block = format!("{declared} BEGIN later := '{{n,o}}'; {head} {CREATE} {guard}{ends} END");
        let (tables, said) = made(&block);
        assert_eq!((tables.as_str(), said.as_str()), (expected, ""), "{block}");
    }
}

#[test]
fn what_a_loop_does_not_tell_is_named_once() {
    for inside in [
        "FOREACH t IN ARRAY f() LOOP {} END LOOP;",
        "FOREACH t IN ARRAY ARRAY['a', x] LOOP {} END LOOP;",
        "FOREACH t IN ARRAY ARRAY[NULL, NULL] LOOP {} END LOOP;",
        "FOREACH t IN ARRAY ARRAY[]::text[] LOOP {} END LOOP;",
        "FOREACH t SLICE 1 IN ARRAY ARRAY['a'] LOOP {} END LOOP;",
        "FOREACH t IN ARRAY ARRAY[['a', 'b']] LOOP {} END LOOP;",
        "FOR u, t IN SELECT * FROM (VALUES ('a', 'b')) AS v LOOP {} END LOOP;",
        "FOR t IN SELECT y FROM (VALUES ('a', 'b')) AS v (x, y) LOOP {} END LOOP;",
        "FOREACH t IN ARRAY ARRAY['a']::regclass[] LOOP {} END LOOP;",
        "FOREACH u IN ARRAY list LOOP FOR u IN SELECT relname FROM pg_class LOOP t := u; {} END LOOP; END LOOP;",
        "FOR t IN SELECT relname FROM pg_class LOOP {} END LOOP;",
        "FOR t IN SELECT x FROM unnest(ARRAY['a']) AS x WHERE x <> 'a' LOOP {} END LOOP;",
        "FOR t IN SELECT unnest(ARRAY['a']) LIMIT 0 LOOP {} END LOOP;",
        "FOR t IN SELECT 'a' UNION SELECT unnest(ARRAY['a']) LOOP {} END LOOP;",
        "FOR t IN SELECT * FROM (VALUES ('a')) AS v (x), pg_class LOOP {} END LOOP;",
        "FOR t IN SELECT * FROM (VALUES ('a', 'b')) AS v LOOP {} END LOOP;",
        "FOR t IN EXECUTE 'SELECT 1' LOOP {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF t = 'l' THEN {} END IF; END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF NOT EXISTS (SELECT FROM data WHERE x = t) THEN {} END IF; END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF NOT EXISTS (SELECT FROM pg_class) AND x THEN {} END IF; END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF NOT EXISTS (SELECT FROM pg_class) THEN x(); ELSE {} END IF; END LOOP;",
        "FOREACH t IN ARRAY list LOOP CASE t WHEN 'l' THEN {} END CASE; END LOOP;",
        "FOREACH t IN ARRAY list LOOP WHILE x LOOP {} END LOOP; END LOOP;",
        "FOREACH t IN ARRAY list LOOP CONTINUE WHEN t = 'l'; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF t = 'l' THEN CONTINUE; END IF; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF x THEN RETURN; END IF; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP LOOP CONTINUE outer_loop WHEN x; END LOOP; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP BEGIN x(); EXCEPTION WHEN others THEN {} END; END LOOP;",
        "FOREACH t IN ARRAY list LOOP t := f(t); {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP IF x THEN t := 'a'; END IF; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP SELECT x INTO STRICT y, t FROM z; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP CALL f(t); {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP GET DIAGNOSTICS x = row_count, t = y; {} END LOOP;",
        "FOREACH t IN ARRAY list LOOP DECLARE t text := 'a'; BEGIN {} END; END LOOP;",
        "FOREACH t IN ARRAY list LOOP END LOOP; {}",
        "FOREACH t IN ARRAY changed LOOP {} END LOOP;",
        "FOR r IN SELECT * FROM (VALUES ('a', 'b')) AS v (x, y) LOOP t := r.z; {} END LOOP;",
        "FOR r IN SELECT * FROM (VALUES ('a', NULL)) AS v (x, y) LOOP t := r.y; {} END LOOP;",
        "FOR r IN SELECT * FROM (VALUES ('a')) AS v (x) LOOP r.x := y; t := r.x; {} END LOOP;",
    ] {
        let declared = "DECLARE t text; u text; r record; list text[] := ARRAY['l', 'm']; changed text[] := list;";
        let block = format!("{declared} BEGIN changed[1] := 'x';\n{} END", inside.replace("{}", CREATE));
        let (tables, said) = made(&block);
        assert_eq!((tables.as_str(), said.as_str()), ("", "2"), "{block}");
    }
}

#[test]
fn a_variable_stands_for_what_its_block_gives_it() {
    for (block, expected) in [
        ("DECLARE t text := 'a'; BEGIN {} END", ("a", "")),
        ("DECLARE t CONSTANT name NOT NULL DEFAULT 'a'; BEGIN {} END", ("a", "")),
        ("DECLARE s text = 'a'; t text := s || '_b'; BEGIN IF x THEN {} END IF; END", ("a_b", "")),
        ("DECLARE t text; BEGIN t := 'a'; {} END", ("a", "")),
        ("DECLARE t text := 'a'; BEGIN BEGIN {} EXCEPTION WHEN others THEN NULL; END; END", ("a", "")),
        ("DECLARE t text := 'a'; BEGIN FOR x IN SELECT 1 LOOP {} END LOOP; END", ("a", "")),
        ("DECLARE t text := 'a'; BEGIN INSERT INTO t VALUES (t); {} END", ("a", "")),
        ("DECLARE t text := 'a'; BEGIN EXECUTE format('CREATE TABLE %I ()', t) USING x; END", ("a", "")),
        ("DECLARE t text := 'a'; BEGIN t := 'b'; t := 'c'; {} END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN IF x THEN t := 'b'; END IF; {} END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN LOOP {} t := 'b'; END LOOP; END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN BEGIN t := 'b'; EXCEPTION WHEN others THEN NULL; END; {} END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN DECLARE t text := 'b'; BEGIN x(); END; {} END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN FETCH c INTO t; {} END", ("", "1")),
        ("DECLARE t text := 'a'; BEGIN FOR u, t IN SELECT 1, 2 LOOP x(); END LOOP; {} END", ("", "1")),
        ("DECLARE t text := f(); BEGIN {} END", ("", "1")),
        ("DECLARE t varchar(1) := 'ab'; BEGIN {} END", ("", "1")),
        ("DECLARE t regclass := 'ab'; BEGIN {} END", ("", "1")),
        ("DECLARE t a.b%TYPE := 'ab'; BEGIN {} END", ("", "1")),
        ("BEGIN {} END", ("", "1")),
    ] {
        let block = block.replace("{}", CREATE);
        let (tables, said) = made(&block);
        assert_eq!((tables.as_str(), said.as_str()), expected, "{block}");
    }
}

/// It is taken to be made once, as outside of loops.
#[test]
fn what_only_one_turn_may_make_is_made_once() {
    let index = "CREATE INDEX ON x (a);";
    let block = format!(
        "DECLARE t text; BEGIN CREATE TABLE x (a int); FOREACH t IN ARRAY ARRAY['a', 'b', 'c'] LOOP {index}
        IF t = 'b' THEN {index} EXECUTE 'CREATE INDEX ON x (a, a)'; EXECUTE f(); END IF; END LOOP; END"
    );
    let (made, said) = made(&block);
    assert_eq!(made.matches("index").count(), 3 + 2, "{made}");
    assert_eq!(said, "2");
}

#[test]
fn rows_that_are_known_are_read_beside_one_that_is_not() {
    let block =
        format!("DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', NULL, 'b', NULL] LOOP {CREATE} END LOOP; END");
    assert_eq!(made(&block), ("a b".to_owned(), "1".to_owned()));
}

/// In the order in which the turns of a loop run, each line that of its EXECUTE.
#[test]
fn turns_run_one_after_the_other() {
    let block = "DECLARE t text; BEGIN CREATE TABLE x (a int, b int); FOREACH t IN ARRAY ARRAY['a', 'b'] LOOP
        EXECUTE format('ALTER TABLE x RENAME %I TO now', t);
        EXECUTE format('ALTER TABLE x RENAME now TO %I', t || '2'); END LOOP; END";
    let sql = format!("DO $$ {block} $$;");
    let database = database(&[("s.sql", Schema, sql.as_bytes())], usize::MAX, DEFAULT_ARENA_BYTES).unwrap();
    assert_eq!(spelled(&database), ["table public.x gap", "column public.x.a2 gap", "column public.x.b2 gap"]);
    assert_eq!(diagnostics(&database), [""; 0]);
}

#[test]
fn more_than_a_limit_of_rows_is_named() {
    let rows = |count: usize| (0..count).map(|n| format!("'t{n}'")).collect::<Vec<_>>().join(",");
    let block = |rows: &str, pad: &str| {
        format!("DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY[{rows}] LOOP {CREATE} {pad} END LOOP; END")
    };
    assert_eq!(made(&block(&rows(SOURCE_ROWS), "")).0.split(' ').count(), SOURCE_ROWS);
    assert_eq!(made(&block(&rows(SOURCE_ROWS + 1), "")), (String::new(), "1".to_owned()));
    // its text is read for all rows together a few times as long as a statement may be
    assert_eq!(made(&block(&rows(SOURCE_ROWS), &"x();".repeat(2000))), (String::new(), "1".to_owned()));
}

/// Each variable is twice as long as the one before.
#[test]
fn constants_that_grow_end_where_the_limit_is() {
    let mut block = "DECLARE v0 text := 'CREATE TABLE a ()';".to_owned();
    for n in 1..60 {
        block += &format!(" v{n} text := v{} || v{};", n - 1, n - 1);
    }
    let sql = format!("DO $$ {block} BEGIN EXECUTE v0; EXECUTE v59; END $$;");
    let database = with(small(), Schema, sql.as_bytes(), usize::MAX);
    assert_eq!(spelled(&database), ["table public.a gap"]);
    assert_eq!(diagnostics(&database).len(), 1);
}
