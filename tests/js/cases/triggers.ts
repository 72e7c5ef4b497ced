// Which triggers a statement fires, by event, level, time, columns and state.

import type { Case } from '../support/cases.js';

export const TRIGGERED = `
  create schema shop;
  create table shop.t (id int primary key, a text, b text);
  create table shop.log (line text);
  create function shop.f() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$;
  create function shop.g() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$;
`;
const FILLED = `${TRIGGERED} insert into shop.t values (1, 'a', 'b'), (2, 'c', 'd');`;

/** A trigger and its function that fire. */
function fired(trigger: string, routine = 'f', strength = 'behavior'): string[] {
  return [`trigger shop.${trigger} fired ${strength}`, `function shop.${routine} fired ${strength}`];
}

export const TRIGGERS: Record<string, Case> = {
  'a statement trigger fires without a row': {
    schema: `${TRIGGERED} create trigger x after update on shop.t for each statement execute function shop.f();`,
    test: `select lives_ok('update shop.t set a = null');`,
    evidence: ['table shop.t update behavior', 'column shop.t.a update behavior', ...fired('t.x')],
    unreached: ['shop.t update'],
  },
  'a statement trigger fires where the result is empty': {
    schema: `${TRIGGERED} create trigger x before delete on shop.t for each statement execute function shop.f();
      create trigger y before delete on shop.t for each row execute function shop.g();`,
    test: `select is_empty('delete from shop.t returning 1');`,
    evidence: ['table shop.t delete behavior', ...fired('t.x')],
    unreached: ['shop.t delete'],
  },
  'each event has its own': {
    schema: `${FILLED} create trigger i before insert on shop.t for each row execute function shop.f();
      create trigger d after delete on shop.t for each row execute function shop.g();`,
    test: `delete from shop.t where id = 1; select pass();`,
    evidence: ['table shop.t delete act', 'column shop.t.id read act', ...fired('t.d', 'g', 'act')],
  },
  'one trigger for several events': {
    schema: `${FILLED} create trigger x before insert or delete or update on shop.t for each row execute function shop.f();`,
    test: `select results_eq('insert into shop.t values (3) returning id', array[3]);`,
    evidence: ['table shop.t insert behavior', 'column shop.t.id read behavior', ...fired('t.x')],
  },
  'two triggers with one function': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f('one');
      create trigger y after insert on shop.t for each row execute function shop.f('two');`,
    test: `select lives_ok('insert into shop.t values (3)');`,
    evidence: ['table shop.t insert behavior', ...fired('t.x'), 'trigger shop.t.y fired behavior'],
  },
  'transition tables': {
    schema: `${TRIGGERED} create function shop.h() returns trigger language plpgsql as $$
        begin insert into shop.log select a from fresh; return null; end $$;
      create trigger x after insert on shop.t referencing new table as fresh for each statement execute function shop.h();`,
    test: `insert into shop.t values (1, 'a'), (2, 'b'); select is(count(*)::int, 2) from shop.log;`,
    evidence: ['table shop.t insert act', 'table shop.log read behavior', ...fired('t.x', 'h', 'act')],
    indirect: ['shop.log insert'],
  },
  'an upsert fires the statement triggers of both events': {
    schema: `${TRIGGERED} create trigger i after insert on shop.t for each statement execute function shop.f();
      create trigger u after update on shop.t for each statement execute function shop.g();`,
    test: `select lives_ok($$ insert into shop.t (id) values (7) on conflict (id) do update set a = 'x' $$);`,
    evidence: [
      'table shop.t insert behavior',
      'table shop.t update behavior',
      'column shop.t.id insert behavior',
      'column shop.t.id read behavior',
      'column shop.t.a update behavior',
      ...fired('t.i'),
      ...fired('t.u', 'g'),
    ],
    unreached: ['shop.t update'],
  },
  'an insert that does nothing on conflict fires BEFORE INSERT': {
    schema: `${FILLED} create trigger i before insert on shop.t for each row execute function shop.f();
      create trigger u before update on shop.t for each row execute function shop.g();`,
    test: `select lives_ok($$ insert into shop.t values (1) on conflict do nothing $$);`,
    evidence: ['table shop.t insert behavior', ...fired('t.i')],
    unreached: ['shop.t insert'],
    indirect: ['shop.t read'],
  },
  'INSTEAD OF UPDATE': {
    schema: `${FILLED} create view shop.v as select id, a from shop.t;
      create trigger x instead of update on shop.v for each row execute function shop.f();
      create trigger y instead of delete on shop.v for each row execute function shop.g();`,
    test: `select lives_ok($$ update shop.v set a = 'z' where id = 1 $$);`,
    evidence: [
      'view shop.v update behavior',
      'column shop.v.a update behavior',
      'column shop.v.id read behavior',
      ...fired('v.x'),
    ],
    indirect: ['shop.t read'],
  },
  'INSTEAD OF DELETE': {
    schema: `${FILLED} create view shop.v as select id, a from shop.t;
      create trigger y instead of delete on shop.v for each row execute function shop.g();`,
    test: `delete from shop.v where id = 1; select pass();`,
    evidence: ['view shop.v delete act', 'column shop.v.id read act', ...fired('v.y', 'g', 'act')],
    indirect: ['shop.t read'],
  },
  'ENABLE REPLICA fires on a replica only': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      alter table shop.t enable replica trigger x;`,
    test: `select lives_ok('insert into shop.t values (1)');`,
    evidence: ['table shop.t insert behavior'],
  },
  'the triggers of the user that are disabled': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `alter table shop.t disable trigger user; insert into shop.t values (1); select pass();`,
    evidence: ['table shop.t insert act'],
  },
  'a trigger that migrations drop': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      drop trigger x on shop.t;`,
    test: `select lives_ok('insert into shop.t values (1)');`,
    evidence: ['table shop.t insert behavior'],
  },
  'a trigger that migrations rename': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      alter trigger x on shop.t rename to y;`,
    test: `select lives_ok('insert into shop.t values (1)');`,
    evidence: ['table shop.t insert behavior', ...fired('t.y')],
  },
  'a trigger that migrations replace': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      create or replace trigger x after update on shop.t for each statement execute function shop.g();`,
    test: `select lives_ok('insert into shop.t values (1)'); select lives_ok('update shop.t set b = null');`,
    evidence: [
      'table shop.t insert behavior',
      'table shop.t update behavior',
      'column shop.t.b update behavior',
      ...fired('t.x', 'g'),
    ],
  },
  'a table that migrations rename keeps its triggers': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      alter table shop.t rename to u;`,
    test: `select lives_ok('insert into shop.u values (1)');`,
    evidence: ['table shop.u insert behavior', ...fired('u.x')],
  },
  'SET CONSTRAINTS fires what was deferred': {
    schema: `${TRIGGERED} create constraint trigger x after insert on shop.t deferrable initially deferred
      for each row execute function shop.f();`,
    test: `insert into shop.t values (1); set constraints all immediate; select pass();`,
    evidence: ['table shop.t insert act', ...fired('t.x', 'f', 'act')],
  },
  'a deferrable trigger that is immediate': {
    schema: `${TRIGGERED} create constraint trigger x after insert on shop.t deferrable initially immediate
      for each row execute function shop.f();`,
    test: `select lives_ok('insert into shop.t values (1)');`,
    evidence: ['table shop.t insert behavior', ...fired('t.x')],
  },
  'SET CONSTRAINTS before the statement': {
    schema: `${TRIGGERED} create constraint trigger x after insert on shop.t deferrable initially deferred
      for each row execute function shop.f();`,
    test: `set constraints all immediate; select lives_ok('insert into shop.t values (1)');`,
    evidence: ['table shop.t insert behavior', ...fired('t.x')],
  },
  'a truncate under an assertion': {
    schema: `${TRIGGERED} create trigger x before truncate on shop.t execute function shop.f();
      create trigger y before delete on shop.t for each statement execute function shop.g();`,
    test: `select lives_ok('truncate table only shop.t restart identity cascade');`,
    evidence: ['table shop.t truncate behavior', ...fired('t.x')],
    indirect: ['shop.t read'],
  },
  'a truncate of several tables': {
    schema: `${TRIGGERED} create trigger x before truncate on shop.log execute function shop.f();`,
    test: `truncate shop.t, shop.log; select pass();`,
    evidence: ['table shop.t truncate act', 'table shop.log truncate act', ...fired('log.x', 'f', 'act')],
    indirect: ['shop.t read'],
  },
  'MERGE fires the statement triggers of its actions': {
    schema: `${FILLED} create trigger i after insert on shop.t for each statement execute function shop.f();
      create trigger d after delete on shop.t for each statement execute function shop.g();`,
    test: `select lives_ok($$ merge into shop.t using (values (9)) as s (id) on s.id = t.id
      when not matched then insert (id) values (s.id) $$);`,
    evidence: [
      'table shop.t insert behavior',
      'column shop.t.id insert behavior',
      'column shop.t.id read behavior',
      ...fired('t.i'),
    ],
    indirect: ['shop.t read'],
  },
  'a CTE that writes': {
    schema: `${FILLED} create trigger d after delete on shop.t for each row execute function shop.f();
      create trigger i after insert on shop.log for each row execute function shop.g();`,
    test: `select results_eq($$ with gone as (delete from shop.t where id = 1 returning a)
      insert into shop.log select a from gone returning line $$, array['a']);`,
    evidence: [
      'table shop.t delete behavior',
      'column shop.t.id read behavior',
      'column shop.t.a read behavior',
      'table shop.log insert behavior',
      'column shop.log.line read behavior',
      ...fired('t.d'),
      ...fired('log.i', 'g'),
    ],
  },
  'a trigger of a partitioned table': {
    schema: `${TRIGGERED} create table shop.p (id int) partition by range (id);
      create table shop.p1 partition of shop.p for values from (0) to (10);
      create trigger x before insert on shop.p for each row execute function shop.f();`,
    test: `select lives_ok('insert into shop.p values (1)');`,
    evidence: ['partitioned-table shop.p insert behavior', ...fired('p.x')],
    indirect: ['shop.p1 insert'],
    unreached: ['shop.p insert'],
  },
  'a child of a table has triggers of its own': {
    schema: `${TRIGGERED} create table shop.c (extra int) inherits (shop.t);
      create trigger x before insert on shop.t for each row execute function shop.f();
      create trigger y before insert on shop.c for each row execute function shop.g();`,
    test: `select lives_ok('insert into shop.c (id) values (1)');`,
    evidence: ['table shop.c insert behavior', 'column shop.c.id insert behavior', ...fired('c.y', 'g')],
  },
  'UPDATE OF and a list of columns': {
    schema: `${FILLED} create trigger x before update of b on shop.t for each row execute function shop.f();`,
    test: `select lives_ok($$ update shop.t set (a, b) = ('x', 'y') $$);`,
    evidence: [
      'table shop.t update behavior',
      'column shop.t.a update behavior',
      'column shop.t.b update behavior',
      ...fired('t.x'),
    ],
  },
  'UPDATE OF of another column': {
    schema: `${FILLED} create trigger x after update of b on shop.t for each row execute function shop.f();
      create trigger y after update of a, id on shop.t for each row execute function shop.g();`,
    test: `select lives_ok($$ update shop.t set a = b $$);`,
    evidence: [
      'table shop.t update behavior',
      'column shop.t.a update behavior',
      'column shop.t.b read behavior',
      ...fired('t.y', 'g'),
    ],
  },
  'a prepared statement fires when it is executed': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `prepare ins as insert into shop.t values (5); select lives_ok('ins');`,
    evidence: ['table shop.t insert behavior', ...fired('t.x')],
  },
  'a prepared statement that nobody executes': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `prepare ins as insert into shop.t values (5); select pass(); deallocate ins;`,
    evidence: [],
  },
  'EXECUTE of a prepared statement with parameters': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `prepare ins (int) as insert into shop.t values ($1); select lives_ok('execute ins(5)'); execute ins(6); select pass();`,
    evidence: [
      'table shop.t insert behavior',
      'table shop.t insert act',
      ...fired('t.x'),
      ...fired('t.x', 'f', 'act'),
    ],
  },
  'a helper of the test that writes': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `create function pg_temp.fill(n int) returns void language plpgsql as $$
        begin for i in 1..n loop insert into shop.t (id) values (i); end loop; end $$;
      select lives_ok('select pg_temp.fill(3)');`,
    evidence: ['table shop.t insert behavior', 'column shop.t.id insert behavior', ...fired('t.x')],
  },
  'a DO block under an assertion': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `select lives_ok($$ do $x$ begin insert into shop.t values (1); end $x$ $$);`,
    evidence: ['table shop.t insert behavior', ...fired('t.x')],
  },
  'names that need quotes': {
    schema: `create schema shop; create table shop."Ünï Code" ("Ö" int);
      create function shop."Do; it"() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger "a ""b""" before insert on shop."Ünï Code" for each row execute function shop."Do; it"();`,
    test: `select lives_ok($$ insert into shop."Ünï Code" ("Ö") values (1) $$);`,
    evidence: [
      'table shop.Ünï Code insert behavior',
      'column shop.Ünï Code.Ö insert behavior',
      'trigger shop.Ünï Code.a "b" fired behavior',
      'function shop.Do; it fired behavior',
    ],
  },
  'a refused statement fires nothing': {
    schema: `${FILLED} create trigger x before delete on shop.t for each statement execute function shop.f();
      grant usage on schema shop to shop_user;`,
    test: `set local role shop_user; select throws_ok('delete from shop.t', '42501');`,
    evidence: ['table shop.t delete behavior'],
    matrix: ['shop.t delete shop_user denied unknown'],
    unreached: ['shop.t delete'],
  },
  'what a routine of the schema writes is indirect': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();
      create function shop.add(n int) returns int language plpgsql as $$
        begin insert into shop.t (id) values (n); return n; end $$;`,
    test: `select is(shop.add(3), 3);`,
    evidence: ['function shop.add called behavior'],
    indirect: ['shop.f called', 'shop.t insert'],
  },
  'a cascade is indirect': {
    schema: `${FILLED} create table shop.child (t_id int references shop.t on delete cascade);
      insert into shop.child values (1);
      create trigger x before delete on shop.child for each row execute function shop.f();`,
    test: `select lives_ok('delete from shop.t where id = 1');`,
    evidence: ['table shop.t delete behavior', 'column shop.t.id read behavior'],
    indirect: ['shop.child delete', 'shop.child read', 'shop.f called'],
  },
  'what is rolled back did fire': {
    schema: `${TRIGGERED} create trigger x before insert on shop.t for each row execute function shop.f();`,
    test: `savepoint s; insert into shop.t values (1); rollback to s; select pass();`,
    evidence: ['table shop.t insert act', ...fired('t.x', 'f', 'act')],
  },
};
