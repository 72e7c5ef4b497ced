// How strong a statement is by its place, and what the shapes of statements read, write and call.

import type { Case } from '../support/cases.js';

export const FULL = `
  create schema shop;
  create type shop.mood as enum ('sad', 'happy');
  create domain shop.mail as text check (value like '%@%');
  create table shop.users (id int primary key, name text, mood shop.mood);
  create table shop.orders (id int primary key, user_id int, total numeric, twice numeric generated always as (total * 2) stored);
  create table shop.log (line text);
  create view shop.rich as select id, total from shop.orders where total > 100;
  create materialized view shop.sums as select sum(total) as total from shop.orders;
  create sequence shop.numbers;
  create function shop.tax(n numeric) returns numeric language plpgsql as 'begin return n * 0.2; end';
  create function shop.recent(n int) returns setof shop.orders language plpgsql as 'begin return query select * from shop.orders limit n; end';
  create procedure shop.tidy() language plpgsql as 'begin null; end';
  create aggregate shop.biggest(int) (sfunc = int4larger, stype = int);
  insert into shop.users values (1, 'ann', 'happy'); insert into shop.orders values (1, 1, 10);
`;
const TAX = 'function shop.tax called behavior';
const USERS = 'table shop.users read behavior';
const ORDERS = 'table shop.orders read behavior';
const column = (name: string, aspect = 'read', strength = 'behavior') =>
  `column shop.${name} ${aspect} ${strength}`;

export const STATEMENTS: Record<string, Case> = {
  'an assertion in a CASE': {
    test: `select case when shop.tax(5) = 1 then pass('x') else fail('y') end;`,
    evidence: [TAX],
  },
  'an assertion in a subquery': {
    test: `select * from (select is(shop.tax(5), 1.0)) as x;`,
    evidence: [TAX],
  },
  'an assertion in FROM': {
    test: `select t.* from is(shop.tax(5), 1.0) as t;`,
    evidence: [TAX],
  },
  'an assertion for each row': {
    test: `select is(u.name, 'ann') from shop.users u join shop.orders o on o.user_id = u.id;`,
    evidence: [USERS, ORDERS, column('users.name'), column('users.id'), column('orders.user_id')],
  },
  'an assertion in a CTE': {
    test: `with x as (select shop.tax(5) as n) select is(n, 1.0) from x;`,
    evidence: [TAX],
  },
  'an assertion beside a LATERAL query': {
    test: `select is(l.total, 10::numeric) from shop.users u,
      lateral (select o.total from shop.orders o where o.user_id = u.id limit 1) l;`,
    evidence: [USERS, ORDERS, column('orders.total'), column('orders.user_id'), column('users.id')],
  },
  'assertions that collect_tap joins': {
    test: `select collect_tap(is(shop.tax(5), 1.0), isnt_empty('select id from shop.users'));`,
    evidence: [TAX, USERS, column('users.id')],
  },
  'assertions in UNION ALL': {
    test: `select is(shop.tax(5), 1.0) union all select isnt_empty('table shop.users');`,
    evidence: [TAX, USERS],
  },
  'todo does not count': {
    test: `select todo('later', 1); select is(shop.tax(5), 1.0); select is(count(*)::int, 1) from shop.users;`,
    evidence: ['function shop.tax called behavior todo', USERS],
    indirect: ['shop.tax called'],
  },
  'between todo_start and todo_end': {
    test: `select todo_start('later'); select is(shop.tax(5), 1.0); select todo_end(); select isnt_empty('table shop.users');`,
    evidence: ['function shop.tax called behavior todo', USERS],
    indirect: ['shop.tax called'],
  },
  'what is skipped does not run': {
    test: `select skip('not here', 1); select case when true then skip('x', 1) else is(shop.tax(5), 1.0) end;`,
    evidence: [TAX],
    unreached: ['shop.tax called'],
  },
  'an act in a transaction of its own': {
    test: `rollback; begin; insert into shop.log values ('x'); select shop.tax(1); rollback; begin;
      select no_plan(); select pass();`,
    evidence: ['table shop.log insert fixture', 'function shop.tax called fixture'],
  },
  'an act before a savepoint': {
    test: `select shop.tax(1); savepoint s; select pass(); release s; select shop.tax(2);`,
    evidence: ['function shop.tax called act', 'function shop.tax called fixture'],
  },
  'CALL before an assertion': {
    test: `call shop.tidy(); select pass();`,
    evidence: ['procedure shop.tidy called act'],
  },
  'CALL under an assertion': {
    test: `select lives_ok('call shop.tidy()');`,
    evidence: ['procedure shop.tidy called behavior'],
  },
  'results_eq with VALUES': {
    test: `select results_eq('select id, name from shop.users', $$ values (1, 'ann') $$, 'from shop.orders');`,
    evidence: [USERS, column('users.id'), column('users.name')],
  },
  'results_eq of two queries': {
    test: `select results_eq('select user_id from shop.orders', 'select id from shop.users');`,
    evidence: [USERS, ORDERS, column('orders.user_id'), column('users.id')],
  },
  'results_ne, set_ne and bag_ne': {
    test: `select results_ne('select id from shop.users', array[2]); select set_ne('select id from shop.orders', array[2]);
      select bag_ne('select line from shop.log', array['x']);`,
    evidence: [
      USERS,
      ORDERS,
      'table shop.log read behavior',
      column('users.id'),
      column('orders.id'),
      column('log.line'),
    ],
  },
  'set_has, bag_has, set_hasnt, bag_hasnt': {
    test: `select set_has('select id from shop.users', 'values (1)'); select bag_has('select id from shop.orders', 'values (1)');
      select set_hasnt('select id from shop.rich', 'values (1)'); select bag_hasnt('select total from shop.sums', 'values (1.5)');`,
    evidence: [
      USERS,
      ORDERS,
      'view shop.rich read behavior',
      'materialized-view shop.sums read behavior',
      column('users.id'),
      column('orders.id'),
      column('rich.id'),
      column('sums.total'),
    ],
    indirect: ['shop.sums read'],
  },
  row_eq: {
    test: `select row_eq('select id, name, mood from shop.users', row(1, 'ann', 'happy')::shop.users);`,
    evidence: [
      USERS,
      column('users.id'),
      column('users.name'),
      column('users.mood'),
      'table shop.users used behavior',
    ],
  },
  'results_eq of a cursor and a query': {
    test: `declare c cursor for select id from shop.users; select results_eq('c'::refcursor, 'select 1');`,
    evidence: [USERS, column('users.id')],
  },
  'performs_ok and performs_within': {
    test: `select performs_ok('select shop.tax(1)', 60000); select performs_within('select id from shop.users', 1000, 60000, 1);`,
    evidence: [TAX, USERS, column('users.id')],
  },
  'cmp_ok, ok, matches, alike': {
    test: `select cmp_ok(shop.tax(5), '<', 2.0); select ok(exists(select from shop.users));
      select matches((select name from shop.users), '^a'); select alike((select total::text from shop.orders), '1%');`,
    evidence: [TAX, USERS, ORDERS, column('users.name'), column('orders.total')],
  },
  'isa_ok of a function': {
    test: `select isa_ok(shop.tax(5), 'numeric');`,
    evidence: [TAX],
  },
  'the expected value calls, too': {
    test: `select is(1.0, shop.tax(5), 'tax'); select isnt(0, (select max(id) from shop.users));`,
    evidence: [TAX, USERS, column('users.id')],
  },
  'a description that calls': {
    test: `select is(1, 1, 'tax ' || shop.tax(5));`,
    evidence: [TAX],
  },
  'a table function': {
    test: `select is(count(*)::int, 1) from shop.recent(5) r where r.total > 1;`,
    evidence: ['function shop.recent called behavior'],
    indirect: ['shop.orders read'],
  },
  'an aggregate of the schema': {
    test: `select is(shop.biggest(id), 1) from shop.users;`,
    evidence: ['aggregate shop.biggest called behavior', USERS, column('users.id')],
  },
  'a view': {
    test: `select is_empty('select id from shop.rich where total > 5');`,
    evidence: ['view shop.rich read behavior', column('rich.id'), column('rich.total')],
    indirect: ['shop.orders read'],
  },
  'a materialized view that is refreshed': {
    test: `refresh materialized view shop.sums; select results_eq('select total from shop.sums', array[10.0]);`,
    evidence: [
      'materialized-view shop.sums read act',
      'materialized-view shop.sums read behavior',
      column('sums.total'),
    ],
    indirect: ['shop.orders read', 'shop.sums insert', 'shop.sums read'],
  },
  'an upsert': {
    test: `select results_eq($$ insert into shop.users as u (id, name) values (1, 'bob')
      on conflict (id) do update set name = excluded.name where u.mood is not null returning u.name $$, array['bob']);`,
    evidence: [
      'table shop.users insert behavior',
      'table shop.users update behavior',
      column('users.id', 'insert'),
      column('users.name', 'insert'),
      column('users.name', 'update'),
      column('users.id'),
      column('users.mood'),
      column('users.name'),
    ],
    unreached: ['shop.users insert'],
  },
  MERGE: {
    test: `select lives_ok($$ merge into shop.orders o using shop.users u on o.user_id = u.id
      when matched and o.total > 5 then update set total = 0 when matched then delete
      when not matched then insert (id, user_id) values (9, u.id) $$);`,
    evidence: [
      'table shop.orders update behavior',
      'table shop.orders delete behavior',
      'table shop.orders insert behavior',
      USERS,
      column('orders.user_id'),
      column('orders.total'),
      column('orders.total', 'update'),
      column('orders.id', 'insert'),
      column('orders.user_id', 'insert'),
      column('users.id'),
    ],
    unreached: ['shop.orders delete', 'shop.orders insert'],
  },
  'INSERT … SELECT': {
    test: `select lives_ok('insert into shop.log (line) select name from shop.users');`,
    evidence: ['table shop.log insert behavior', column('log.line', 'insert'), USERS, column('users.name')],
  },
  'UPDATE … FROM': {
    test: `select lives_ok('update shop.users u set name = o.id::text from shop.orders o where o.user_id = u.id');`,
    evidence: [
      'table shop.users update behavior',
      column('users.name', 'update'),
      column('users.id'),
      ORDERS,
      column('orders.id'),
      column('orders.user_id'),
    ],
  },
  'DELETE … USING': {
    test: `select lives_ok('delete from shop.users u using shop.orders o where o.user_id = u.id');`,
    evidence: ['table shop.users delete behavior', column('users.id'), ORDERS, column('orders.user_id')],
  },
  'a generated column': {
    test: `select results_eq('select twice from shop.orders', array[20.0]);`,
    evidence: [ORDERS, column('orders.twice')],
  },
  'a domain and an enum': {
    test: `select throws_ok($$ select cast('x' as shop.mail) $$, '23514'); select is('sad'::shop.mood < 'happy'::shop.mood, true);`,
    evidence: ['domain shop.mail used behavior', 'enum shop.mood used behavior'],
  },
  'a search path': {
    test: `set local search_path = shop, public; select isnt_empty('select name from users'); select is(tax(5), 1.0);`,
    evidence: [USERS, column('users.name'), TAX],
  },
  'a search path by set_config': {
    test: `select set_config('search_path', 'shop, public', true); select isnt_empty('select name from users');`,
    evidence: [USERS, column('users.name')],
  },
  'a search path that is rolled back': {
    test: `savepoint s; set local search_path = shop, public; rollback to s; create temp table users (name text);
      select is_empty('select name from users');`,
    evidence: [],
  },
  'a CTE that hides a table': {
    test: `set local search_path = shop, public; select is_empty('with users as (select 1 where false) select * from users');`,
    evidence: [],
  },
  'an alias that is the name of a table': {
    test: `set local search_path = shop, public; select is(count(*)::int, 1) from users orders where orders.id = 1;`,
    evidence: [USERS, column('users.id')],
  },
  'ONLY and a child': {
    schema: `${FULL} create table shop.vip () inherits (shop.users);`,
    test: `select isnt_empty('select id from only shop.users'); select is_empty('select id from shop.vip');`,
    evidence: [USERS, column('users.id'), 'table shop.vip read behavior', column('vip.id')],
  },
  'a parent reads its children': {
    schema: `${FULL} create table shop.vip () inherits (shop.users);`,
    test: `select isnt_empty('select id from shop.users');`,
    evidence: [USERS, column('users.id')],
    indirect: ['shop.vip read'],
  },
  'a partitioned table': {
    schema: `${FULL} create table shop.p (id int) partition by list (id); create table shop.p1 partition of shop.p for values in (1);`,
    test: `select lives_ok('insert into shop.p (id) values (1)'); select isnt_empty('select id from shop.p');`,
    evidence: [
      'partitioned-table shop.p insert behavior',
      'partitioned-table shop.p read behavior',
      column('p.id', 'insert'),
      column('p.id'),
    ],
    indirect: ['shop.p1 insert', 'shop.p1 read'],
    unreached: ['shop.p insert', 'shop.p read'],
  },
  'quoted and folded names': {
    schema: `${FULL} create table shop."Users" ("Name" text); create table shop."наряд" (id int);`,
    test: `select is_empty('select "Name" from shop."Users"'); select is_empty('select ID from SHOP.НАРЯД') where false;
      select is_empty('select id from "shop"."наряд"');`,
    evidence: [
      'table shop.Users read behavior',
      column('Users.Name'),
      'table shop.наряд read behavior',
      column('наряд.id'),
    ],
  },
  'dollar quotes in dollar quotes': {
    test: `select lives_ok($a$ do $b$ begin perform shop.tax(1); end $b$ $a$);`,
    evidence: [TAX],
  },
  'EXPLAIN does not run': {
    test: `select lives_ok('explain select shop.tax(id) from shop.users');`,
    evidence: [],
  },
  'EXPLAIN ANALYZE runs': {
    test: `select lives_ok('explain analyze select shop.tax(id) from shop.users');`,
    evidence: [TAX, USERS, column('users.id')],
  },
  'statements of one text': {
    test: `select lives_ok('insert into shop.log values (''x''); delete from shop.log; select shop.tax(1)');`,
    evidence: ['table shop.log insert behavior', 'table shop.log delete behavior', TAX],
  },
  'WHERE CURRENT OF': {
    test: `declare c cursor for select id from shop.users for update; fetch c; update shop.users set name = 'x' where current of c; select pass();`,
    evidence: [
      'table shop.users read act',
      column('users.id', 'read', 'act'),
      'table shop.users update act',
      column('users.name', 'update', 'act'),
    ],
  },
  'a window, a filter, a grouping': {
    test: `select results_eq($$ select user_id, sum(total) filter (where total > 0) over (partition by user_id) from shop.orders $$,
      $$ values (1, 10.0) $$);`,
    evidence: [ORDERS, column('orders.user_id'), column('orders.total')],
  },
  'named arguments': {
    test: `select is(shop.tax(n => 5), 1.0);`,
    evidence: [TAX],
  },
  'a text that format puts together': {
    test: `select lives_ok(format('select shop.tax(%s)', 5));`,
    evidence: [TAX],
  },
  'a text of two parts': {
    test: `select lives_ok('select shop.tax(5) ' || 'from shop.users');`,
    evidence: [TAX, USERS],
  },
};
