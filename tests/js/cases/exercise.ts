// What a test exercises.

import type { Case } from '../support/cases.js';
import { SHOP } from './schemas.js';

export const EXERCISE: Record<string, Case> = {
  'a statement under an assertion': {
    test: `select results_eq('select name from shop.users', array[]::text[]);`,
    evidence: ['table shop.users read behavior', 'column shop.users.name read behavior'],
  },
  'the query that holds an assertion': {
    test: `select is(count(*)::int, 0) from shop.users where age > 3;`,
    evidence: ['table shop.users read behavior', 'column shop.users.age read behavior'],
  },
  'an argument that calls a function': {
    test: `select is(shop.tax(10), 2.0);`,
    evidence: ['function shop.tax called behavior'],
  },
  'a statement before an assertion of the transaction is an act': {
    test: `insert into shop.log values ('x'); select pass();`,
    evidence: ['table shop.log insert act'],
  },
  'what no assertion follows is a fixture': {
    test: `select pass(); select shop.tax(1); delete from shop.log;`,
    evidence: ['function shop.tax called fixture', 'table shop.log delete fixture'],
    unreached: ['shop.log delete'],
  },
  'overloads told apart by the types that stand there': {
    schema: `${SHOP} create function shop.price(a int) returns int language sql return 1;
      create function shop.price(a text) returns int language sql return 2;
      create function shop.price(a date, b int) returns int language sql return 3;
      create function shop.price(a timestamptz, b int) returns int language sql return 4;
      create function shop.price(a numeric, b int) returns int language sql return 5;`,
    test: `select is(shop.price(7), 1); select is(shop.price('x'), 2); select is(shop.price('x'::varchar), 2);
      select is(shop.price('2024-01-01'::date, 1), 3); select is(shop.price(now()::timestamp, 1), 4);
      select is(shop.price(1::bigint, 1), 5);`,
    overloads: [
      'price(integer)',
      'price(text)',
      'price(date, integer)',
      'price(timestamp with time zone, integer)',
      'price(numeric, integer)',
    ],
    evidence: ['function shop.price called behavior'],
    unreached: ['shop.price called'],
  },
  'texts that name objects': {
    test: `select ok(has_table_privilege('public', 'shop.users', 'select') is not null);
      select ok(to_regclass('shop.log') is not null); select ok(to_regclass('shop.gone') is null);
      select ok(has_function_privilege('shop.tax(numeric)', 'execute'));
      select isnt('shop.adults'::regclass::oid, 0::oid); select ok(has_column_privilege('SHOP.Orders', 'total', 'select'));
      select ok(to_regprocedure('"shop".stamp()') is not null); select 'shop.orders'::regclass;`,
    structure: [
      'table shop.users privileges',
      'table shop.log named',
      'function shop.tax privileges',
      'view shop.adults named',
      'table shop.orders privileges',
      'function shop.stamp named',
    ],
    evidence: [],
  },
  'queries of the catalogue that name objects': {
    test: `select ok(exists(select 1 from information_schema.columns where table_schema = 'shop'
          and table_name = 'users' and column_name in ('id', 'age') group by table_name having count(*) = 2));
      select is((select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'shop' and c.relname = 'log'), 1);
      select results_eq($$ select tgenabled::text from pg_trigger where tgrelid = 'shop.users'::regclass and tgname = 'stamp' $$,
        array['O']);
      select isnt_empty($$ select from pg_catalog.pg_proc where proname = 'tax' $$);
      select isnt_empty($$ select from pg_constraint where conrelid = 'shop.orders'::regclass and conname = 'orders_pkey' $$);
      select isnt_empty($$ select from pg_views where schemaname = 'shop' and (viewname = 'adults') $$);
      select is_empty($$ select from pg_tables where schemaname = 'shop' and tablename = 'gone' $$);
      select isnt_empty($$ select from pg_indexes where tablename = 'users' and (indexname = 'y' or 1 = 1) $$);
      select isnt_empty($$ select from pg_class where relname = 'orders' or relname = 'x' $$);
      select isnt_empty($$ select from pg_class where not relname = 'orders' $$);
      select isnt_empty($$ select from pg_class c where relname = 'orders' and relname <> 'x' and relkind = 'r' $$);`,
    structure: [
      'column shop.users named',
      'table shop.users named',
      'table shop.log named',
      'trigger shop.users named',
      'function shop.tax named',
      'primary-key shop.orders named',
      'view shop.adults named',
      'table shop.orders named',
    ],
    evidence: [],
  },
  'an error that a routine raises': {
    schema: `${SHOP} create function shop.pay(n int) returns int language plpgsql as $$
      begin if n < 0 then raise exception 'cannot pay % to %', n, current_user using errcode = 'P0009'; end if; return n; end $$;`,
    test: `select throws_like('select shop.pay(-1)', 'cannot pay -1 to %');`,
    evidence: ['function shop.pay called behavior', 'function shop.pay raised behavior'],
    unreached: ['shop.pay called'],
  },
  'an error that a trigger’s function raises': {
    schema: `${SHOP} create function shop.refuse() returns trigger language plpgsql as $$
      begin raise exception 'the log is closed'; end $$;
      create trigger refuse before insert on shop.log for each row execute function shop.refuse();`,
    test: `select throws_ok($$ insert into shop.log values ('x') $$, 'P0001', 'the log is closed');`,
    evidence: [
      'table shop.log insert behavior',
      'function shop.refuse fired behavior',
      'function shop.refuse raised behavior',
      'trigger shop.log.refuse fired behavior',
    ],
    unreached: ['shop.log insert', 'shop.refuse called'],
  },
  'triggers of an insert fire before and after': {
    test: `insert into shop.users values (1, ' a ', 20); select is(name, 'a') from shop.users;`,
    evidence: [
      'table shop.users insert act',
      'trigger shop.users.stamp fired act',
      'function shop.stamp fired act',
      'trigger shop.users.note fired act',
      'function shop.note fired act',
      'table shop.users read behavior',
      'column shop.users.name read behavior',
    ],
    indirect: ['shop.log insert'],
  },
  'UPDATE OF fires for its columns only': {
    test: `insert into shop.log values ('x'); update shop.users set age = 3; select pass();`,
    evidence: [
      'table shop.log insert act',
      'table shop.users update act',
      'column shop.users.age update act',
    ],
    unreached: ['shop.users update'],
  },
  'UPDATE OF fires for its columns': {
    schema: `${SHOP} insert into shop.users values (1, 'a', 20);`,
    test: `select lives_ok('update shop.users set name = ''b'' where id = 1');`,
    evidence: [
      'table shop.users update behavior',
      'column shop.users.name update behavior',
      'column shop.users.id read behavior',
      'trigger shop.users.stamp fired behavior',
      'function shop.stamp fired behavior',
    ],
  },
  'under an expected error BEFORE triggers fire, AFTER triggers do not': {
    test: `select throws_ok('insert into shop.users values (1, ''a'', -1)', '23514');`,
    evidence: [
      'table shop.users insert behavior',
      'trigger shop.users.stamp fired behavior',
      'function shop.stamp fired behavior',
      'check-constraint shop.users.users_age_check violated behavior',
    ],
    unreached: ['shop.users insert'],
  },
  'no trigger fires where triggers are off': {
    test: `set local session_replication_role = replica; delete from shop.users; select pass();`,
    evidence: ['table shop.users delete act'],
    unreached: ['shop.users delete'],
  },
  'no trigger fires while the table has them disabled': {
    test: `alter table shop.users disable trigger all; insert into shop.users values (1, 'a', 2);
      alter table shop.users enable trigger all; delete from shop.users; select pass();`,
    evidence: [
      'table shop.users insert act',
      'table shop.users delete act',
      'trigger shop.users.note fired act',
      'function shop.note fired act',
    ],
    indirect: ['shop.log insert', 'shop.orders read'],
  },
  'row triggers need a row': {
    test: `select is_empty('delete from shop.users returning id');`,
    evidence: ['table shop.users delete behavior', 'column shop.users.id read behavior'],
    unreached: ['shop.users delete'],
  },
  'a trigger with a condition may fire': {
    schema: `${SHOP} insert into shop.log values ('a'), ('b');
      create function shop.f() returns trigger language plpgsql as 'begin return new; end';
      create trigger t before update on shop.log for each row when (old.line <> new.line) execute function shop.f();`,
    test: `select lives_ok('update shop.log set line = ''c''');`,
    evidence: [
      'table shop.log update behavior',
      'column shop.log.line update behavior',
      'trigger shop.log.t fired behavior may-fire',
      'function shop.f fired behavior may-fire',
    ],
    indirect: ['shop.f called'],
  },
  'INSTEAD OF triggers of a view': {
    schema: `${SHOP}
      create function shop.instead() returns trigger language plpgsql as 'begin return new; end';
      create trigger i instead of insert on shop.adults for each row execute function shop.instead();`,
    test: `select lives_ok('insert into shop.adults (id, name) values (1, ''a'')');`,
    evidence: [
      'view shop.adults insert behavior',
      'column shop.adults.id insert behavior',
      'column shop.adults.name insert behavior',
      'trigger shop.adults.i fired behavior',
      'function shop.instead fired behavior',
    ],
  },
  'a truncate fires its own triggers': {
    schema: `${SHOP}
      create function shop.f() returns trigger language plpgsql as 'begin return null; end';
      create trigger t after truncate on shop.log for each statement execute function shop.f();
      create trigger d after delete on shop.log for each statement execute function shop.note();`,
    test: `truncate shop.log; select pass();`,
    evidence: ['table shop.log truncate act', 'trigger shop.log.t fired act', 'function shop.f fired act'],
  },
  'a disabled trigger does not fire': {
    schema: `${SHOP} alter table shop.users disable trigger note;`,
    test: `select lives_ok('insert into shop.users values (1, ''a'', 2)');`,
    evidence: [
      'table shop.users insert behavior',
      'trigger shop.users.stamp fired behavior',
      'function shop.stamp fired behavior',
    ],
  },
  'a deferred trigger does not fire before the end': {
    schema: `${SHOP}
      create function shop.f() returns trigger language plpgsql as 'begin return null; end';
      create constraint trigger c after insert on shop.log deferrable initially deferred
        for each row execute function shop.f();`,
    test: `insert into shop.log values ('a'); select pass();`,
    evidence: ['table shop.log insert act'],
  },
  'a deferred trigger fires once constraints are immediate': {
    schema: `${SHOP}
      create function shop.f() returns trigger language plpgsql as 'begin return null; end';
      create constraint trigger c after insert on shop.log deferrable initially deferred
        for each row execute function shop.f();`,
    test: `insert into shop.log values ('a'); set constraints all immediate; select pass();`,
    evidence: ['table shop.log insert act', 'trigger shop.log.c fired act', 'function shop.f fired act'],
  },
  'a unique constraint that the message quotes': {
    schema: `${SHOP} insert into shop.users values (1, 'a', 2);`,
    test: `select throws_ok('insert into shop.users values (2, ''a'', 2)', '23505',
      'duplicate key value violates unique constraint "users_name_key"');`,
    evidence: [
      'table shop.users insert behavior',
      'trigger shop.users.stamp fired behavior',
      'function shop.stamp fired behavior',
      'unique-constraint shop.users.users_name_key violated behavior',
    ],
  },
  'a unique violation without a name is of none where several could be': {
    schema: `${SHOP} insert into shop.users values (1, 'a', 2);`,
    test: `select throws_ok('insert into shop.users values (2, ''a'', 2)', 23505);`,
    evidence: [
      'table shop.users insert behavior',
      'trigger shop.users.stamp fired behavior',
      'function shop.stamp fired behavior',
    ],
  },
  'a pattern that quotes a foreign key': {
    test: `select throws_like('insert into shop.orders values (1, 9)', '%foreign key constraint "orders_user_id_fkey"%');`,
    evidence: [
      'table shop.orders insert behavior',
      'foreign-key shop.orders.orders_user_id_fkey violated behavior',
    ],
    indirect: ['shop.users read'],
  },
  'the only foreign key': {
    test: `select throws_ok('insert into shop.orders (id, user_id) values (1, 9)', '23503');`,
    evidence: [
      'table shop.orders insert behavior',
      'column shop.orders.id insert behavior',
      'column shop.orders.user_id insert behavior',
      'foreign-key shop.orders.orders_user_id_fkey violated behavior',
    ],
    indirect: ['shop.users read'],
  },
  'a foreign key of another table': {
    schema: `${SHOP} insert into shop.users values (1, 'a', 2); insert into shop.orders values (1, 1);`,
    test: `select throws_ok('delete from shop.users', null,
      'update or delete on table "users" violates foreign key constraint "orders_user_id_fkey" on table "orders"');`,
    evidence: [
      'table shop.users delete behavior',
      'foreign-key shop.orders.orders_user_id_fkey violated behavior',
    ],
    indirect: ['shop.orders read'],
  },
  'NULL in a column that takes none': {
    test: `select throws_ok('insert into shop.orders (id) values (1)', '23502',
      'null value in column "user_id" of relation "orders" violates not-null constraint');`,
    evidence: [
      'table shop.orders insert behavior',
      'column shop.orders.id insert behavior',
      'column shop.orders.user_id not-null behavior',
    ],
    unreached: ['shop.orders insert'],
  },
  'a unique index': {
    schema: `${SHOP} create unique index one_line on shop.log (lower(line)); insert into shop.log values ('a');`,
    test: `select throws_ok($$ insert into shop.log values ('A') $$, '23505');`,
    evidence: ['table shop.log insert behavior', 'index shop.log.one_line violated behavior'],
  },
  'a function that the test makes passes on': {
    test: `create function pg_temp.fill() returns void language sql as $$ insert into shop.log values ('x') $$;
      select lives_ok('select pg_temp.fill()');`,
    evidence: ['table shop.log insert behavior'],
  },
  'a function that the test makes and nobody calls is nothing': {
    test: `create function pg_temp.fill() returns void language sql as $$ insert into shop.log values ('x') $$;
      select pass();`,
    evidence: [],
  },
  'functions that call functions pass on': {
    test: `create function pg_temp.a() returns numeric language sql as $$ select shop.tax(1) $$;
      create function pg_temp.b() returns numeric language plpgsql as $$ begin return pg_temp.a(); end $$;
      select is(pg_temp.b(), 0.2);`,
    evidence: ['function shop.tax called behavior'],
  },
  'a view of the test': {
    test: `create temp view v as select name from shop.users; select is_empty('select * from v');`,
    evidence: ['table shop.users read behavior', 'column shop.users.name read behavior'],
  },
  'a table made as a query': {
    test: `create temp table t as select id from shop.orders; select is(count(*)::int, 0) from t;`,
    evidence: [
      'table shop.orders read act',
      'column shop.orders.id read act',
      'table shop.orders read behavior',
      'column shop.orders.id read behavior',
    ],
  },
  'a prepared statement and a cursor': {
    test: `prepare p as select id from shop.orders; select is_empty('p');
      declare c cursor for select line from shop.log; select results_eq('c'::refcursor, array[]::text[]);`,
    evidence: [
      'table shop.orders read behavior',
      'column shop.orders.id read behavior',
      'table shop.log read behavior',
      'column shop.log.line read behavior',
    ],
  },
  'a trigger that the test makes': {
    test: `create function pg_temp.spy() returns trigger language plpgsql as $$
        begin perform shop.tax(1); return new; end $$;
      create trigger spy before insert on shop.log for each row execute function pg_temp.spy();
      select lives_ok($$ insert into shop.log values ('x') $$);`,
    evidence: ['table shop.log insert behavior', 'function shop.tax called behavior'],
  },
  'a DO block before an assertion': {
    test: `do $$ begin perform shop.tax(1); end $$; select pass();`,
    evidence: ['function shop.tax called act'],
  },
  'strings that nobody runs are nothing': {
    test: `select is('select * from shop.users'::text, 'select * from shop.users', 'insert into shop.users');
      -- select * from shop.orders
      comment on table shop.log is 'delete from shop.users';`,
    evidence: [],
  },
  'types that are named': {
    schema: `${SHOP} create domain shop.mail as text; create type shop.mood as enum ('a');`,
    test: `select is('x'::shop.mail::text, 'x'); select lives_ok($$ select 'a'::shop.mood $$);`,
    evidence: ['domain shop.mail used behavior', 'enum shop.mood used behavior'],
  },
};
