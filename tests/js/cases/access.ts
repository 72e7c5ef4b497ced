// Who may do what, by privileges and by policies.

import type { Case } from '../support/cases.js';
import { NOTES } from './schemas.js';

export const ACCESS: Record<string, Case> = {
  'a role that may not': {
    test: `set local role shop_guest;
      select throws_ok($$ delete from shop.notes $$, '42501', 'permission denied for table notes');`,
    evidence: ['table shop.notes delete behavior'],
    matrix: ['shop.notes delete shop_guest denied privilege'],
    unreached: ['shop.notes delete'],
  },
  'a role that sees rows': {
    test: `set local role shop_guest; select isnt_empty('select body from shop.notes');`,
    evidence: [
      'table shop.notes read behavior',
      'column shop.notes.body read behavior',
      'policy shop.notes.shown read behavior',
    ],
    matrix: ['shop.notes read shop_guest allowed'],
  },
  'what one sees and another does not is denied': {
    test: `set local role shop_user; set local app.who = 'ann';
      set local "request.jwt.claims" = '{"sub": "ann"}';
      select isnt_empty('select body from shop.notes');
      set local "request.jwt.claims" = '{"sub": "eve"}'; set local app.who = 'eve';
      select is_empty('select body from shop.notes');`,
    evidence: [
      'table shop.notes read behavior',
      'column shop.notes.body read behavior',
      'policy shop.notes.own read behavior',
    ],
    matrix: ['shop.notes read shop_user/ann allowed', 'shop.notes read shop_user/eve denied policy'],
  },
  'no rows alone say nothing': {
    test: `set local role shop_user; select is_empty('select body from shop.notes');`,
    evidence: ['table shop.notes read behavior', 'column shop.notes.body read behavior'],
    matrix: ['shop.notes read shop_user no-rows'],
  },
  'rows that are gone are hidden from nobody': {
    schema: `${NOTES} grant select, insert, delete on shop.audit to shop_user; insert into shop.audit values ('x');`,
    test: `set local role shop_user; select isnt_empty('select line from shop.audit'); delete from shop.audit;
      select is_empty('select line from shop.audit');`,
    evidence: [
      'table shop.audit read behavior',
      'column shop.audit.line read behavior',
      'table shop.audit delete act',
    ],
    matrix: ['shop.audit read shop_user allowed'],
  },
  'helpers that a rule tells of': {
    schema: `${NOTES} create schema help; grant usage on schema help to shop_user;
      create function help.login(who text) returns void language plpgsql as $$ begin
        perform set_config('role', 'shop_user', true), set_config('app.who', who, true); end $$;
      create function help.seed() returns void language sql as $$ insert into shop.audit values ('x') $$;
      create function help.has_notes(s text, t text) returns text language sql as $$ select has_table(s::name, t::name) $$;`,
    test: `select help.has_notes('shop', 'notes'); select help.seed(); select help.login('ann');
      select results_eq('select body from shop.notes', array['a']);`,
    rules: [
      { name: 'help\\.log.n', role: 'shop_user', persona: { argument: 1 } },
      { name: 'help\\.seed', effects: ['insert shop.audit'] },
      {
        name: 'help\\.has_\\w+',
        asserts: { kind: 'table', schema: { argument: 1 }, name: { argument: 2 }, aspect: 'exists' },
      },
    ],
    evidence: [
      'function help.has_notes called behavior',
      'function help.login called act',
      'function help.seed called act',
      'table shop.audit insert act',
      'table shop.notes read behavior',
      'column shop.notes.body read behavior',
      'policy shop.notes.own read behavior',
    ],
    matrix: ['shop.notes read shop_user/ann allowed'],
  },
  'a policy that gets other roles': {
    schema: `${NOTES} alter policy shown on shop.notes to shop_user; alter policy own on shop.notes using (owner = 'ann');
      alter policy own on shop.notes to shop_guest;`,
    test: `set local role shop_guest; select results_eq('select owner from shop.notes', array['ann']);`,
    evidence: [
      'table shop.notes read behavior',
      'column shop.notes.owner read behavior',
      'policy shop.notes.own read behavior',
    ],
    matrix: ['shop.notes read shop_guest allowed'],
  },
  'a row that a policy refuses': {
    test: `set local role shop_user; set local app.who = 'ann';
      select throws_ok($$ insert into shop.notes values (3, 'bob', 'x') $$, '42501',
        'new row violates row-level security policy for table "notes"');`,
    evidence: [
      'table shop.notes insert behavior',
      'policy shop.notes.own insert behavior shared',
      'policy shop.notes.quiet insert behavior shared',
    ],
    matrix: ['shop.notes insert shop_user denied policy'],
    unreached: ['shop.notes insert'],
  },
  'a restrictive policy that the message names': {
    test: `set local role shop_user; set local app.who = 'ann';
      select throws_ok($$ insert into shop.notes values (3, 'ann', 'loud') $$, '42501',
        'new row violates row-level security policy "quiet" for table "notes"');`,
    evidence: ['table shop.notes insert behavior', 'policy shop.notes.quiet insert behavior'],
    matrix: ['shop.notes insert shop_user denied policy'],
    unreached: ['shop.notes insert'],
  },
  'a row that is let through': {
    test: `set local role shop_user; set local app.who = 'ann';
      select lives_ok($$ insert into shop.notes values (3, 'ann', 'x') $$);`,
    evidence: [
      'table shop.notes insert behavior',
      'policy shop.notes.own insert behavior',
      'policy shop.notes.quiet insert behavior',
    ],
    matrix: ['shop.notes insert shop_user allowed'],
  },
  'an update that lives proves the privilege only': {
    test: `set local role shop_user; select lives_ok($$ update shop.notes set body = 'x' $$);`,
    evidence: ['table shop.notes update behavior', 'column shop.notes.body update behavior'],
    matrix: ['shop.notes update shop_user privilege-only'],
    unreached: ['shop.notes update'],
  },
  'an update that returns rows': {
    test: `set local role shop_user; set local app.who = 'ann';
      select results_eq($$ update shop.notes set body = 'x' where id = 1 returning id $$, array[1]);`,
    evidence: [
      'table shop.notes update behavior',
      'column shop.notes.body update behavior',
      'column shop.notes.id read behavior',
      'policy shop.notes.own update behavior',
      'policy shop.notes.own read behavior',
    ],
    matrix: ['shop.notes update shop_user allowed'],
  },
  'a count': {
    test: `set local role shop_guest; select is((select count(*) from shop.notes), 1::bigint);`,
    evidence: ['table shop.notes read behavior', 'policy shop.notes.shown read behavior'],
    matrix: ['shop.notes read shop_guest allowed'],
  },
  'a routine': {
    test: `set local role shop_user; select is(shop.whisper(), 'x');
      set local role shop_guest;
      select throws_ok('select shop.whisper()', '42501', 'permission denied for function whisper');`,
    evidence: ['function shop.whisper called behavior'],
    matrix: ['shop.whisper called shop_guest denied privilege', 'shop.whisper called shop_user allowed'],
    unreached: ['shop.whisper called'],
  },
  'a table without row level security': {
    schema: `${NOTES} grant insert on shop.audit to shop_user;`,
    test: `set local role shop_user; select lives_ok($$ insert into shop.audit values ('x') $$);
      reset role; select lives_ok($$ insert into shop.audit values ('x') $$);`,
    evidence: ['table shop.audit insert behavior'],
    matrix: ['shop.audit insert shop_user allowed'],
  },
  'a savepoint brings the role back': {
    test: `savepoint a; set local role shop_guest; rollback to a;
      select lives_ok('select body from shop.notes');`,
    evidence: ['table shop.notes read behavior', 'column shop.notes.body read behavior'],
    matrix: [],
  },
  'a role set by set_config': {
    test: `select set_config('role', 'shop_guest', true);
      select isnt_empty('select body from shop.notes');`,
    evidence: [
      'table shop.notes read behavior',
      'column shop.notes.body read behavior',
      'policy shop.notes.shown read behavior',
    ],
    matrix: ['shop.notes read shop_guest allowed'],
  },
  'a role in the body of a test': {
    test: `create function pg_temp.test_it() returns setof text language plpgsql as $$ begin
        set local role shop_guest;
        return next isnt_empty('select body from shop.notes');
      end $$;
      select pg_temp.test_it();`,
    evidence: [
      'table shop.notes read behavior',
      'column shop.notes.body read behavior',
      'policy shop.notes.shown read behavior',
    ],
    matrix: ['shop.notes read shop_guest allowed'],
  },
};

/** Everyone's own rows, with more roles: staff, of which a user may be a member; an admin whom policies do not concern. */
export const ROLES_APART = `
  create schema shop;
  create table shop.cards (id int primary key, who text not null default current_user, pin text);
  create table shop.open (n int);
  create view shop.pins as select pin from shop.cards;
  create view shop.mine with (security_invoker) as select id from shop.cards;
  create function shop.count_cards() returns bigint language sql security definer as 'select count(*) from shop.cards';
  create function shop.count_mine() returns bigint language sql as 'select count(*) from shop.cards';
  create procedure shop.wipe() language sql as 'delete from shop.open';
  revoke execute on all routines in schema shop from public;
  grant execute on all functions in schema shop to shop_user;
  grant usage on schema shop to shop_user, shop_guest, shop_staff, shop_admin;
  grant select, insert, update, delete on shop.cards to shop_user, shop_staff, shop_admin;
  grant select on shop.pins, shop.mine to shop_user;
  grant select, insert on shop.open to shop_guest;
  alter table shop.cards enable row level security;
  insert into shop.cards values (1, 'shop_user', 'x'), (2, 'shop_staff', 'y'); insert into shop.open values (1);
`;
const withPolicies = (...policies: string[]) =>
  `${ROLES_APART} ${policies.map((p) => `create policy ${p};`).join(' ')}`;
const OWN = withPolicies('own on shop.cards to shop_user using (who = current_user) with check (id < 10)');
const READ = ['table shop.cards read behavior', 'column shop.cards.id read behavior'];
const REFUSED = 'new row violates row-level security policy for table "cards"';

export const MATRIX: Record<string, Case> = {
  'SELECT that is not granted': {
    test: `set local role shop_guest; select throws_ok('select id from shop.cards', 42501, 'permission denied for table cards');`,
    evidence: READ,
    matrix: ['shop.cards read shop_guest denied privilege'],
    unreached: ['shop.cards read'],
  },
  'INSERT that is not granted': {
    test: `set local role shop_guest;
      select throws_ok('insert into shop.cards values (3)', 'permission denied for table cards');`,
    evidence: ['table shop.cards insert behavior'],
    matrix: ['shop.cards insert shop_guest denied privilege'],
    unreached: ['shop.cards insert'],
  },
  'UPDATE that is not granted, by a pattern': {
    test: `set local role shop_guest; select throws_like('update shop.open set n = 2', '%permission denied for%');`,
    evidence: ['table shop.open update behavior', 'column shop.open.n update behavior'],
    matrix: ['shop.open update shop_guest denied privilege'],
    unreached: ['shop.open update'],
  },
  'DELETE that is not granted, by an expression': {
    test: `set local role shop_guest; select throws_matching('delete from shop.open', 'permission denied');`,
    evidence: ['table shop.open delete behavior'],
    matrix: ['shop.open delete shop_guest denied privilege'],
    unreached: ['shop.open delete'],
  },
  'TRUNCATE that is not granted': {
    test: `set local role shop_user;
      select throws_ok('truncate shop.cards', '42501', 'permission denied for table cards');`,
    evidence: ['table shop.cards truncate behavior'],
    matrix: ['shop.cards truncate shop_user denied privilege'],
  },
  'a procedure that is not granted': {
    test: `set local role shop_user;
      select throws_ok('call shop.wipe()', '42501', 'permission denied for procedure wipe');`,
    evidence: ['procedure shop.wipe called behavior'],
    matrix: ['shop.wipe called shop_user denied privilege'],
    unreached: ['shop.wipe called'],
  },
  'a view that is not granted': {
    test: `set local role shop_guest;
      select throws_ok('select pin from shop.pins', '42501', 'permission denied for view pins');`,
    evidence: ['view shop.pins read behavior', 'column shop.pins.pin read behavior'],
    matrix: ['shop.pins read shop_guest denied privilege'],
  },
  'INSERT that lives': {
    test: `set local role shop_guest; select lives_ok('insert into shop.open values (2)');`,
    evidence: ['table shop.open insert behavior'],
    matrix: ['shop.open insert shop_guest allowed'],
  },
  'SELECT that lives proves the privilege': {
    test: `set local role shop_guest; select lives_ok('select n from shop.open');`,
    evidence: ['table shop.open read behavior', 'column shop.open.n read behavior'],
    matrix: ['shop.open read shop_guest privilege-only'],
  },
  'rows that are written out': {
    test: `set local role shop_guest; select results_eq('select n from shop.open', 'values (1)');`,
    evidence: ['table shop.open read behavior', 'column shop.open.n read behavior'],
    matrix: ['shop.open read shop_guest allowed'],
  },
  'INSERT that returns rows': {
    test: `set local role shop_guest; select results_eq('insert into shop.open values (7) returning n', array[7]);`,
    evidence: ['table shop.open insert behavior', 'column shop.open.n read behavior'],
    matrix: ['shop.open insert shop_guest allowed'],
  },
  'allowed and denied is both': {
    schema: OWN,
    test: `set local role shop_user; select lives_ok('insert into shop.cards values (5)');
      select throws_ok('insert into shop.cards values (50)', '42501', '${REFUSED}');`,
    evidence: ['table shop.cards insert behavior', 'policy shop.cards.own insert behavior'],
    matrix: ['shop.cards insert shop_user both policy'],
  },
  'DELETE that returns rows': {
    schema: OWN,
    test: `set local role shop_user; select results_eq('delete from shop.cards where id = 1 returning id', array[1]);`,
    evidence: [
      'table shop.cards delete behavior',
      'column shop.cards.id read behavior',
      'policy shop.cards.own delete behavior',
      'policy shop.cards.own read behavior',
    ],
    matrix: ['shop.cards delete shop_user allowed'],
  },
  'DELETE of what is hidden': {
    schema: OWN,
    test: `set local role shop_user; select is_empty('delete from shop.cards where id = 2 returning id');`,
    evidence: ['table shop.cards delete behavior', 'column shop.cards.id read behavior'],
    matrix: ['shop.cards delete shop_user no-rows'],
    unreached: ['shop.cards delete'],
  },
  'an UPDATE that WITH CHECK refuses': {
    schema: OWN,
    test: `set local role shop_user; select throws_ok('update shop.cards set id = 99', '42501', '${REFUSED}');`,
    evidence: [
      'table shop.cards update behavior',
      'column shop.cards.id update behavior',
      'policy shop.cards.own update behavior',
    ],
    matrix: ['shop.cards update shop_user denied policy'],
    unreached: ['shop.cards update'],
  },
  'one role sees and another does not': {
    schema: withPolicies(
      'own on shop.cards to shop_user, shop_staff using (id = 1 and current_user = $$shop_user$$)',
    ),
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');
      set local role shop_staff; select is_empty('select id from shop.cards');`,
    evidence: [...READ, 'policy shop.cards.own read behavior'],
    matrix: ['shop.cards read shop_staff denied policy', 'shop.cards read shop_user allowed'],
  },
  'a count of none': {
    schema: OWN,
    test: `set local role shop_staff; select is((select count(*) from shop.cards), 0::bigint);`,
    evidence: ['table shop.cards read behavior'],
    matrix: ['shop.cards read shop_staff no-rows'],
    unreached: ['shop.cards read'],
  },
  'no policy lets nobody in': {
    test: `set local role shop_user; select is_empty('select id from shop.cards');
      select throws_ok('insert into shop.cards values (4)', '42501', '${REFUSED}');`,
    evidence: [...READ, 'table shop.cards insert behavior'],
    matrix: ['shop.cards insert shop_user denied policy', 'shop.cards read shop_user no-rows'],
    unreached: ['shop.cards insert', 'shop.cards read'],
  },
  'a policy for PUBLIC': {
    schema: withPolicies('everyone on shop.cards for select using (id = 1)'),
    test: `set local role shop_staff; select results_eq('select id from shop.cards', array[1]);`,
    evidence: [...READ, 'policy shop.cards.everyone read behavior'],
    matrix: ['shop.cards read shop_staff allowed'],
  },
  'BEFORE triggers make the row that a policy refuses': {
    schema: `${OWN} create function shop.f() returns trigger language plpgsql as 'begin return new; end';
      create function shop.g() returns trigger language plpgsql as 'begin return new; end';
      create trigger f before insert on shop.cards for each row execute function shop.f();
      create trigger g after insert on shop.cards for each row execute function shop.g();`,
    test: `set local role shop_user; select throws_ok('insert into shop.cards values (50)', '42501', '${REFUSED}');`,
    evidence: [
      'table shop.cards insert behavior',
      'policy shop.cards.own insert behavior',
      'trigger shop.cards.f fired behavior',
      'function shop.f fired behavior',
    ],
    matrix: ['shop.cards insert shop_user denied policy'],
    unreached: ['shop.cards insert'],
  },
  'several permissive policies share': {
    schema: withPolicies(
      'a on shop.cards for select using (id = 1)',
      'b on shop.cards for all to shop_user using (true)',
    ),
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');`,
    evidence: [
      ...READ,
      'policy shop.cards.a read behavior shared',
      'policy shop.cards.b read behavior shared',
    ],
    matrix: ['shop.cards read shop_user allowed'],
  },
  'a policy of another role is not concerned': {
    schema: withPolicies(
      'a on shop.cards to shop_staff using (true)',
      'b on shop.cards to shop_user using (true)',
    ),
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');`,
    evidence: [...READ, 'policy shop.cards.b read behavior'],
    matrix: ['shop.cards read shop_user allowed'],
  },
  'a policy of another command is not concerned': {
    schema: withPolicies(
      'a on shop.cards for insert with check (true)',
      'b on shop.cards for select using (true)',
    ),
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');
      select lives_ok('insert into shop.cards values (3)');`,
    evidence: [
      ...READ,
      'table shop.cards insert behavior',
      'policy shop.cards.a insert behavior',
      'policy shop.cards.b read behavior',
    ],
    matrix: ['shop.cards insert shop_user allowed', 'shop.cards read shop_user allowed'],
  },
  'a restrictive policy lets pass beside a permissive one': {
    schema: withPolicies(
      'a on shop.cards using (true)',
      'strict on shop.cards as restrictive for select using (id < 10)',
    ),
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');`,
    evidence: [...READ, 'policy shop.cards.a read behavior', 'policy shop.cards.strict read behavior'],
    matrix: ['shop.cards read shop_user allowed'],
  },
  BYPASSRLS: {
    schema: OWN,
    test: `set local role shop_admin; select results_eq('select id from shop.cards', array[1, 2]);`,
    evidence: READ,
    matrix: ['shop.cards read shop_admin allowed'],
  },
  'a superuser is no role that a test assumes': {
    schema: OWN,
    test: `select results_eq('select id from shop.cards', array[1, 2]);`,
    evidence: READ,
    matrix: [],
  },
  'row level security that is switched off': {
    schema: `${OWN} alter table shop.cards disable row level security;`,
    test: `set local role shop_user; select results_eq('select id from shop.cards', array[1, 2]);`,
    evidence: READ,
    matrix: ['shop.cards read shop_user allowed'],
  },
  'a member of the role of a policy': {
    schema: `${withPolicies('staff on shop.cards to shop_staff using (true)')} grant shop_staff to shop_user;`,
    test: `set local role shop_user; select isnt_empty('select id from shop.cards');`,
    evidence: [...READ, 'policy shop.cards.staff read behavior'],
    matrix: ['shop.cards read shop_user allowed'],
  },
  'the role of a policy is no member of its members': {
    schema: `${withPolicies('own on shop.cards to shop_user using (true)')} grant shop_staff to shop_user;`,
    test: `set local role shop_staff; select is_empty('select id from shop.cards');`,
    evidence: READ,
    matrix: ['shop.cards read shop_staff no-rows'],
    unreached: ['shop.cards read'],
  },
  'a view acts as its owner': {
    schema: OWN,
    test: `set local role shop_user; select results_eq('select pin from shop.pins', array['x', 'y']);`,
    evidence: ['view shop.pins read behavior', 'column shop.pins.pin read behavior'],
    matrix: ['shop.pins read shop_user allowed'],
    indirect: ['shop.cards read'],
  },
  'a function acts as its owner': {
    schema: OWN,
    test: `set local role shop_user; select is(shop.count_cards(), 2::bigint);`,
    evidence: ['function shop.count_cards called behavior'],
    matrix: ['shop.count_cards called shop_user allowed'],
    indirect: ['shop.cards read'],
  },
  'a function that is not granted': {
    test: `set local role shop_staff;
      select throws_ok('select shop.count_mine()', 42501, 'permission denied for function count_mine', 'no');`,
    evidence: ['function shop.count_mine called behavior'],
    matrix: ['shop.count_mine called shop_staff denied privilege'],
    unreached: ['shop.count_mine called'],
  },
  'one column is granted': {
    schema: `${ROLES_APART} grant select (id) on shop.cards to shop_guest;`,
    test: `set local role shop_guest; select lives_ok('select id from shop.cards');
      select throws_ok('select pin from shop.cards', '42501', 'permission denied for table cards');`,
    evidence: [...READ, 'column shop.cards.pin read behavior'],
    matrix: ['shop.cards read shop_guest denied privilege'],
    unreached: ['shop.cards read'],
  },
  'the claims of a request tell who it is': {
    schema: withPolicies(
      `own on shop.cards to shop_user using (who = current_setting('request.jwt.claims', true)::json ->> 'sub')`,
    ),
    test: `set local role shop_user; select set_config('request.jwt.claims', '{"sub": "shop_user"}', true);
      select results_eq('select id from shop.cards', array[1]);
      select set_config('request.jwt.claims', '{"sub": "nobody"}', true); select is_empty('select id from shop.cards');`,
    evidence: [...READ, 'policy shop.cards.own read behavior'],
    matrix: ['shop.cards read shop_user/nobody denied policy', 'shop.cards read shop_user/shop_user allowed'],
  },
  'a claim of its own setting': {
    schema: withPolicies(
      `own on shop.cards to shop_user using (who = current_setting('request.jwt.claim.sub', true))`,
    ),
    test: `set local role shop_user; set local "request.jwt.claim.sub" = 'shop_staff';
      select results_eq('select id from shop.cards', array[2]);`,
    evidence: [...READ, 'policy shop.cards.own read behavior'],
    matrix: ['shop.cards read shop_user/shop_staff allowed'],
  },
  'RESET ROLE and SET ROLE NONE': {
    schema: OWN,
    test: `set local role shop_user; reset role; select isnt_empty('select id from shop.cards');
      set local role shop_staff; set local role none; select isnt_empty('select id from shop.cards');`,
    evidence: READ,
    matrix: [],
  },
  'SET ROLE TO with quotes': {
    schema: OWN,
    test: `set role to "shop_user"; select isnt_empty('select id from shop.cards'); reset role;`,
    evidence: [...READ, 'policy shop.cards.own read behavior'],
    matrix: ['shop.cards read shop_user allowed'],
  },
  'what a fixture does as a role is no cell': {
    schema: OWN,
    test: `set local role shop_user; insert into shop.cards values (4); select pass();`,
    evidence: ['table shop.cards insert act'],
    matrix: [],
  },
};
