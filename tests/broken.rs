//! Broken SQL in one statement costs that statement.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use pgtap_cov::limits::{DEFAULT_ARENA_BYTES, MIN_ARENA_BYTES};
use pgtap_cov::scan::SourceRole::{Schema, Tests};
use support::{database, said, spelled};

#[test]
fn broken_statements_are_named_with_their_line_and_the_next_one_is_read() {
    for (broken, line) in [
        ("creat table x (a int);", 1),
        ("create tabel x (a int);", 1),
        ("create table x (a int;", 1),
        ("select now(\n  (1;", 2),
        ("insert into x values (1, (2);", 1),
        ("alter tabel x add y int;", 1),
        ("<<<<<<< HEAD\n;", 0),
        ("\"create\" table x ();", 1),
        ("'text';", 1),
        ("drop everything;", 1),
    ] {
        for (role, after) in [(Schema, "create table after ();"), (Tests, "select has_table('after');")] {
            let text = format!("{broken}\n{after}\n");
            let sources = [("s.sql", Schema, &b"create table after ();"[..]), ("x.sql", role, text.as_bytes())];
            let sources = if role == Schema { &sources[1..] } else { &sources };
            let found = database(sources, 1 << 16, DEFAULT_ARENA_BYTES).unwrap();
            let state = if role == Schema { "gap" } else { "asserted" };
            assert_eq!(spelled(&found), [format!("table public.after {state}")], "{broken}");
            let told: Vec<String> = said(&found).into_iter().filter(|text| text.contains("broken-statement")).collect();
            let expected = if line > 0 { vec![format!("x.sql:{line} broken-statement")] } else { vec![] };
            assert_eq!(told, expected, "{broken}");
            assert_eq!(database(sources, 1, MIN_ARENA_BYTES).unwrap(), found, "byte by byte");
        }
    }
}

#[test]
fn what_postgresql_runs_is_not_called_broken() {
    let text = br"
        create rule r as on insert to t do also (select 1; select 2);
        create or replace rule r as on insert to t do (select 1; select (2));
        create function f() returns int begin atomic select (1); select 2; end;
        (select 1) union (select 2); values (1); table t; with a as (select 1) select * from a; ;
        start transaction; end; abort; analyze; checkpoint; security label on table t is 'x'; listen a; \echo x
        import foreign schema a from server b into c; reassign owned by a to b; drop owned by a; alter system set x = 1;
        create temp table a (); create unlogged table b (); create recursive view v (a) as select 1;
        create or replace trusted language x; create global temporary table g (); alter large object 1 owner to x;
        select $1, ':;', $$(;$$, E'\'(;', (1 /* ; ) */); explain select 1; :variable; move next from c; :'x';
        comment on table t is '('; prepare transaction 'x'; commit prepared 'x'; discard all; lock table t;
    ";
    for role in [Schema, Tests] {
        let found = database(&[("x.sql", role, text)], 3, DEFAULT_ARENA_BYTES).unwrap();
        assert_eq!(said(&found).into_iter().filter(|text| text.contains("broken")).collect::<Vec<_>>(), [""; 0]);
    }
}
