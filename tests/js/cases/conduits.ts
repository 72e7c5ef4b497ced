// What tests create, and what passes through it: functions, procedures, views, tables, triggers, statements, cursors.

import type { Case } from '../support/cases.js';

const READS_LOG = ['table shop.log read behavior', 'column shop.log.line read behavior'];
const TAX = ['function shop.tax called behavior'];

export const CONDUITS: Record<string, Case> = {
  'a test function with RETURN NEXT': {
    test: `create function pg_temp.checks() returns setof text language plpgsql as $$ begin
        return next is(shop.tax(10), 2.0); return next is_empty('select line from shop.log'); end $$;
      select * from pg_temp.checks();`,
    evidence: [...TAX, ...READS_LOG],
  },
  'a test function with RETURN QUERY': {
    test: `create function pg_temp.checks() returns setof text language plpgsql as $$ begin
        return query select is(shop.tax(10), 2.0); end $$;
      select * from pg_temp.checks();`,
    evidence: TAX,
  },
  'a test function in SQL': {
    test: `create function pg_temp.checks() returns setof text language sql as $$
        select is(shop.tax(10), 2.0) $$;
      select * from pg_temp.checks();`,
    evidence: TAX,
  },
  'test functions that do_tap runs': {
    test: `create schema help;
      create function help.test_tax() returns setof text language plpgsql as $$ begin
        return next is(shop.tax(10), 2.0); end $$;
      create function help.setup() returns void language plpgsql as $$ begin perform 1 from shop.log where line = 'x'; end $$;
      select * from do_tap('help'::name, '^test_');`,
    evidence: TAX,
  },
  'statements before the assertion of a test function are acts': {
    test: `create function pg_temp.checks() returns setof text language plpgsql as $$ begin
        insert into shop.log values ('x'); return next is(count(*)::int, 1) from shop.log; end $$;
      select * from pg_temp.checks();`,
    evidence: ['table shop.log insert act', 'table shop.log read behavior'],
  },
  'an assertion that is assigned': {
    test: `create function pg_temp.checks() returns text language plpgsql as $$ declare t text; begin
        t := is(shop.tax(10), 2.0); return t; end $$; select pg_temp.checks();`,
    evidence: TAX,
  },
  'EXECUTE of a text that stands there': {
    test: `create function pg_temp.run() returns void language plpgsql as $$ begin
        execute 'insert into shop.log (line) values (''x'')'; end $$;
      select lives_ok('select pg_temp.run()');`,
    evidence: ['table shop.log insert behavior', 'column shop.log.line insert behavior'],
  },
  'a loop over a query': {
    test: `create function pg_temp.run() returns int language plpgsql as $$ declare r record; n int := 0; begin
        for r in select line from shop.log loop n := n + 1; end loop; return n; end $$;
      select is(pg_temp.run(), 0);`,
    evidence: READS_LOG,
  },
  'an assignment from a query': {
    test: `create function pg_temp.run() returns numeric language plpgsql as $$ declare n numeric; begin
        n := shop.tax(5); return n; end $$;
      select is(pg_temp.run(), 1.0);`,
    evidence: TAX,
  },
  'SELECT INTO and IF EXISTS': {
    test: `create function pg_temp.run() returns text language plpgsql as $$ declare t text; begin
        select line into t from shop.log limit 1;
        if exists (select 1 from shop.orders) then t := 'x'; end if; return t; end $$;
      select is(pg_temp.run(), null);`,
    evidence: [...READS_LOG, 'table shop.orders read behavior'],
  },
  'a cursor of a function': {
    test: `create function pg_temp.run() returns text language plpgsql as $$
        declare c cursor for select line from shop.log; t text; begin
        open c; fetch c into t; close c; return t; end $$;
      select is(pg_temp.run(), null);`,
    evidence: READS_LOG,
  },
  'a block that catches an error': {
    test: `create function pg_temp.run() returns text language plpgsql as $$ begin
        perform shop.tax(1 / 0); return 'no'; exception when division_by_zero then
        insert into shop.log (line) values (sqlerrm); return 'caught'; end $$;
      select is(pg_temp.run(), 'caught');`,
    evidence: [...TAX, 'table shop.log insert behavior', 'column shop.log.line insert behavior'],
    unreached: ['shop.tax called'],
  },
  'the default of a declaration': {
    test: `create function pg_temp.run() returns numeric language plpgsql as $$ declare n numeric := shop.tax(10); begin
        return n; end $$;
      select is(pg_temp.run(), 2.0);`,
    evidence: TAX,
  },
  'a procedure of the test': {
    test: `create procedure pg_temp.fill() language plpgsql as $$ begin insert into shop.log values ('x'); end $$;
      call pg_temp.fill(); select isnt_empty('table shop.log');`,
    evidence: ['table shop.log insert act', 'table shop.log read behavior'],
  },
  'a function with RETURN': {
    test: `create function pg_temp.price() returns numeric return shop.tax(50); select is(pg_temp.price(), 10.0);`,
    evidence: TAX,
  },
  'a helper before an assertion is an act': {
    test: `create function pg_temp.fill() returns void language sql as $$ insert into shop.log values ('x') $$;
      select pg_temp.fill(); select pass();`,
    evidence: ['table shop.log insert act'],
  },
  'a helper that no assertion follows': {
    test: `create function pg_temp.fill() returns void language sql as $$ insert into shop.log values ('x') $$;
      select pass(); select pg_temp.fill();`,
    evidence: ['table shop.log insert fixture'],
  },
  'a helper that is called in both ways counts by the stronger': {
    test: `create function pg_temp.price() returns numeric language sql as $$ select shop.tax(50) $$;
      select pg_temp.price(); select is(pg_temp.price(), 10.0);`,
    evidence: ['function shop.tax called behavior'],
  },
  'a helper that calls itself': {
    test: `create function pg_temp.down(n int) returns numeric language plpgsql as $$ begin
        if n = 0 then return shop.tax(0); end if; return pg_temp.down(n - 1); end $$;
      select is(pg_temp.down(3), 0.0);`,
    evidence: TAX,
  },
  'a helper in a schema of the search path': {
    test: `create schema help; set local search_path = help, public;
      create function price() returns numeric language sql as $$ select shop.tax(50) $$;
      select is(price(), 10.0);`,
    evidence: TAX,
  },
  'views of views of the test': {
    test: `create temp view a as select line from shop.log; create temp view b as select * from a where line <> '';
      select is(count(*)::int, 0) from b;`,
    evidence: READS_LOG,
  },
  'a view of the test that nobody reads': {
    test: `create temp view a as select line from shop.log; select pass();`,
    evidence: [],
  },
  'a table of results that is filled later': {
    test: `create temp table got (n numeric); insert into got select shop.tax(5); select results_eq('select n from got', array[1.0]);`,
    evidence: ['function shop.tax called act'],
  },
  'a table made by SELECT INTO': {
    test: `select line into temp got from shop.log; select is_empty('select line from got');`,
    evidence: ['table shop.log read act', 'column shop.log.line read act', ...READS_LOG],
  },
  'a prepared statement with parameters': {
    test: `prepare taxed (numeric) as select shop.tax($1); select results_eq('execute taxed(5)', 'values (1.0)');`,
    evidence: TAX,
  },
  'two prepared statements': {
    test: `prepare have as select line from shop.log; prepare want as select ''::text where false; select results_eq('have', 'want');`,
    evidence: READS_LOG,
  },
  'a prepared statement and an array': {
    test: `prepare have as select line from shop.log; select set_eq('have', array[]::text[]);`,
    evidence: READS_LOG,
  },
  'a statement that replaces another of its name': {
    test: `prepare p as select id from shop.orders; deallocate p; prepare p as select line from shop.log; select is_empty('p');`,
    evidence: READS_LOG,
  },
  'a cursor that FETCH reads': {
    test: `declare c cursor for select line from shop.log; fetch all from c; select pass();`,
    evidence: ['table shop.log read act', 'column shop.log.line read act'],
  },
  'a function of the test that hides one of the schema': {
    test: `create schema help; create function help.tax(n numeric) returns numeric language sql as 'select n';
      set local search_path = help, shop, public; select is(tax(10), 10.0);`,
    evidence: [],
  },
  'a table of the test that hides one of the schema': {
    test: `set local search_path = shop, public; create temp table log (line text); select is_empty('select line from log');`,
    evidence: [],
  },
};
