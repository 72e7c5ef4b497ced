// Which constraint or routine an expected error is about, by SQLSTATE and by message, in every form of throws_….

import type { Case } from '../support/cases.js';

export const LIMITED = `
  create schema shop;
  create domain shop.mail as text constraint has_at check (value like '%@%');
  create table shop.items (id int primary key, n int constraint positive check (n > 0), m int constraint small check (m < 9));
  create table shop.notes (body text not null unique);
  create table shop.stays (during int4range, exclude using gist (during with &&));
  create table shop.people (mail shop.mail, boss int references shop.items);
  insert into shop.items values (1, 1, 1); insert into shop.notes values ('a'); insert into shop.stays values ('[1,5]');
  create function shop.check_age(age int) returns int language plpgsql as $$
    begin if age < 0 then raise exception 'age % is below zero', age; end if;
      if age > 150 then raise 'too old' using errcode = '22003', hint = 'die'; end if; return age; end $$;
`;
const refused = (kind: string, name: string) => `${kind} shop.${name} violated behavior`;

export const CONSTRAINTS: Record<string, Case> = {
  'a primary key by its state': {
    test: `select throws_ok('insert into shop.items values (1)', '23505');`,
    evidence: ['table shop.items insert behavior', refused('primary-key', 'items.items_pkey')],
  },
  'the message without a state': {
    test: `select throws_ok('insert into shop.items values (1)', 'duplicate key value violates unique constraint "items_pkey"');`,
    evidence: ['table shop.items insert behavior', refused('primary-key', 'items.items_pkey')],
  },
  'state, message and description': {
    test: `select throws_ok('insert into shop.items values (1)', '23505',
      'duplicate key value violates unique constraint "items_pkey"', 'violates check constraint "small"');`,
    evidence: ['table shop.items insert behavior', refused('primary-key', 'items.items_pkey')],
  },
  'a state as a number': {
    test: `select throws_ok('insert into shop.items values (1)', 23505, null, 'no doubles');`,
    evidence: ['table shop.items insert behavior', refused('primary-key', 'items.items_pkey')],
  },
  'a number that several checks could have': {
    test: `select throws_ok('insert into shop.items values (2, -1)', 23514, null);`,
    evidence: ['table shop.items insert behavior'],
    unreached: ['shop.items insert'],
  },
  'a check that the message names': {
    test: `select throws_ok('insert into shop.items values (2, -1)', '23514',
      'new row for relation "items" violates check constraint "positive"');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.positive')],
    unreached: ['shop.items insert'],
  },
  'any error at all': {
    test: `select throws_ok('insert into shop.items values (2, -1)');`,
    evidence: ['table shop.items insert behavior'],
    unreached: ['shop.items insert'],
  },
  throws_like: {
    test: `select throws_like('insert into shop.items values (2, 1, 10)', '%constraint "small"%', 'small numbers');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.small')],
    unreached: ['shop.items insert'],
  },
  throws_ilike: {
    test: `select throws_ilike('insert into shop.items values (2, 1, 10)', '%CHECK CONSTRAINT "small"');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.small')],
    unreached: ['shop.items insert'],
  },
  throws_matching: {
    test: `select throws_matching('insert into shop.items values (2, 1, 10)', 'check constraint "small"$');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.small')],
    unreached: ['shop.items insert'],
  },
  throws_imatching: {
    test: `select throws_imatching('insert into shop.items values (2, 1, 10)', 'CHECK CONSTRAINT "small"');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.small')],
    unreached: ['shop.items insert'],
  },
  'an update that a check refuses': {
    test: `select throws_ok('update shop.items set n = -1 where id = 1', '23514',
      'new row for relation "items" violates check constraint "positive"');`,
    evidence: [
      'table shop.items update behavior',
      'column shop.items.n update behavior',
      'column shop.items.id read behavior',
      refused('check-constraint', 'items.positive'),
    ],
    unreached: ['shop.items update'],
  },
  'an exclusion constraint': {
    test: `select throws_ok($$ insert into shop.stays values ('[2,3]') $$, '23P01');`,
    evidence: [
      'table shop.stays insert behavior',
      refused('exclusion-constraint', 'stays.stays_during_excl'),
    ],
    indirect: ['shop.stays read'],
  },
  'a unique constraint beside NOT NULL': {
    test: `select throws_ok($$ insert into shop.notes values ('a') $$, '23505');
      select throws_ok($$ insert into shop.notes values (null) $$, '23502',
      'null value in column "body" of relation "notes" violates not-null constraint');`,
    evidence: [
      'table shop.notes insert behavior',
      refused('unique-constraint', 'notes.notes_body_key'),
      'column shop.notes.body not-null behavior',
    ],
  },
  'a domain': {
    test: `select throws_ok($$ select 'x'::shop.mail $$, '23514', 'value for domain shop.mail violates check constraint "has_at"');`,
    evidence: ['domain shop.mail used behavior', refused('domain-constraint', 'mail.has_at')],
  },
  'a row that no partition takes violates no constraint': {
    schema: `${LIMITED} create table shop.p (id int check (id < 100)) partition by range (id);`,
    test: `select throws_ok('insert into shop.p values (1)', '23514', 'no partition of relation "p" found for row');`,
    evidence: ['partitioned-table shop.p insert behavior'],
    unreached: ['shop.p insert'],
  },
  'the check option of a view is no constraint of its table': {
    schema: `${LIMITED} create view shop.few as select * from shop.items where n < 3 with check option;`,
    test: `select throws_ok('insert into shop.few values (5, 5, 5)', '44000');`,
    evidence: ['view shop.few insert behavior'],
    indirect: ['shop.items insert'],
  },
  'a generated column': {
    schema: `${LIMITED} create table shop.g (a int, b int generated always as (a * 2) stored, i int generated always as identity);`,
    test: `select throws_ok('insert into shop.g (b) values (1)', '428C9');
      select throws_ok('insert into shop.g (i) values (1)', '428C9');`,
    evidence: [
      'table shop.g insert behavior',
      'column shop.g.b insert behavior',
      'column shop.g.i insert behavior',
    ],
    unreached: ['shop.g insert'],
  },
  'a partial unique index': {
    schema: `${LIMITED} create unique index once on shop.items (n) where m is null; insert into shop.items values (5, 5);`,
    test: `select throws_ok('insert into shop.items values (6, 5)', '23505',
      'duplicate key value violates unique constraint "once"');`,
    evidence: ['table shop.items insert behavior', refused('index', 'items.once')],
  },
  'a constraint that a migration adds': {
    schema: `${LIMITED} alter table shop.stays add column n int, add constraint even check (n % 2 = 0);`,
    test: `select throws_ok($$ insert into shop.stays values ('[8,9]', 3) $$, '23514');`,
    evidence: ['table shop.stays insert behavior', refused('check-constraint', 'stays.even')],
    unreached: ['shop.stays insert'],
  },
  'a constraint that a migration drops leaves one': {
    schema: `${LIMITED} alter table shop.items drop constraint small;`,
    test: `select throws_ok('insert into shop.items values (2, -1)', '23514');`,
    evidence: ['table shop.items insert behavior', refused('check-constraint', 'items.positive')],
    unreached: ['shop.items insert'],
  },
  'a constraint that a routine runs into': {
    schema: `${LIMITED} create function shop.add(n int) returns void language sql as 'insert into shop.items values (n, n)';`,
    test: `select throws_ok('select shop.add(-1)', '23514',
      'new row for relation "items" violates check constraint "positive"');`,
    evidence: ['function shop.add called behavior', refused('check-constraint', 'items.positive')],
    unreached: ['shop.add called'],
  },
  'a RAISE with a value in it': {
    test: `select throws_ok('select shop.check_age(-5)', 'age -5 is below zero');`,
    evidence: ['function shop.check_age called behavior', 'function shop.check_age raised behavior'],
    unreached: ['shop.check_age called'],
  },
  'a RAISE by state and message': {
    test: `select throws_ok('select shop.check_age(200)', '22003', 'too old', 'age has a limit');`,
    evidence: ['function shop.check_age called behavior', 'function shop.check_age raised behavior'],
    unreached: ['shop.check_age called'],
  },
  'a RAISE of a pattern': {
    test: `select throws_matching('select shop.check_age(-5)', '^age .* is below zero$');`,
    evidence: ['function shop.check_age called behavior', 'function shop.check_age raised behavior'],
    unreached: ['shop.check_age called'],
  },
  'an error of the server is raised by nobody': {
    test: `select throws_ok($$ select shop.check_age('x'::int) $$, '22P02', 'invalid input syntax for type integer: "x"');`,
    evidence: ['function shop.check_age called behavior'],
    unreached: ['shop.check_age called'],
  },
  'an error that a procedure raises': {
    schema: `${LIMITED} create procedure shop.close() language plpgsql as $$ begin raise exception 'closed already'; end $$;`,
    test: `select throws_ok('call shop.close()', 'P0001', 'closed already');`,
    evidence: ['procedure shop.close called behavior', 'procedure shop.close raised behavior'],
    unreached: ['shop.close called'],
  },
  'an error of a prepared statement': {
    test: `prepare again as insert into shop.items values (1); select throws_ok('again', '23505');`,
    evidence: ['table shop.items insert behavior', refused('primary-key', 'items.items_pkey')],
  },
};
