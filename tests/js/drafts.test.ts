// Drafted tests: they pass against the schema as it is, and what they are about is covered then. PostgreSQL decides.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist';
import { pgtap } from '@electric-sql/pglite-pgtap';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draftTests, type Draft } from '../../js/drafts/draft.js';
import { factsOf, type Facts } from '../../js/drafts/facts.js';
import { fileNames } from '../../js/drafts/names.js';
import { splitArgs } from '../../js/drafts/sql.js';
import { scanProject, type ProjectScan } from '../../js/scan-project.js';
import { parseTap, runText, tapProblems } from './support/pglite.js';
import { makeProject } from './support/sample.js';

/** Names that need care, and a case of each kind. */
const SCHEMA = `
create extension if not exists btree_gist;
create schema app;
create schema "My ""odd"" Schema";
create type app.mood as enum ('so so', 'it''s', 'Ünïcode');
create type "My ""odd"" Schema"."Mood, too" as enum ();
create domain app.percent as numeric(5, 2) check (value between 0 and 100);
create domain app.moods as app.mood;
create type app.pair as (a int, "b c" app.mood[]);
create type app.span as range (subtype = int);
create sequence app.counter;
create table app.customers (
  id bigint generated always as identity primary key,
  email varchar(80) not null unique,
  "select" text default 'a''b',
  mood app.mood not null default 'so so',
  "Mood" "My ""odd"" Schema"."Mood, too"[],
  share app.percent check (share > 1),
  made timestamptz(3) default now(),
  spent interval,
  whole int generated always as (1) stored,
  constraint "odd ""check" check (id > 0 and share < 90)
);
create table app.orders (
  customer bigint, number int, during int4range, note text,
  primary key (customer, number),
  constraint fk foreign key (customer) references app.customers (id),
  exclude using gist (during with &&),
  constraint anything check (true)
);
alter table app.orders add constraint swapped unique (number, customer);
create table app.lines (customer bigint, number int, position smallint,
  constraint two foreign key (number, customer) references app.orders (number, customer));
create index on app.lines (abs(position), lower(customer::text));
create index "Hash it" on app.lines using hash (number);
create table app.days (day date not null, value int) partition by range (day);
create table app.days_2020 partition of app.days for values from ('2020-01-01') to ('2021-01-01');
create table "My ""odd"" Schema"."semi;colon" ("a.b" int, "$$" text, "back\\\\slash" text, "合計" int);
create table app.${'x'.repeat(63)} (${'y'.repeat(63)} int);
create table app."UPPER" (a int);
create table app.upper (a int);
create view app.names as select id, email as "E mail" from app.customers;
create materialized view app.sums as select count(*) as n from app.orders;
create function app.total(bigint) returns numeric language sql stable security definer as 'select 1.5';
create function app.total(app.mood, "My ""odd"" Schema"."Mood, too"[], variadic text[]) returns setof app.customers
  language plpgsql strict immutable as 'begin end';
create function app.total() returns table (a int, b text) language sql as $$ select 1, 'b' $$;
create function app."it's"(a int, out b int) language sql as 'select a';
create procedure app.clean(inout n int, app.mood) language plpgsql as 'begin end';
create aggregate app.largest(int) (sfunc = int4larger, stype = int);
create function app.number_of() returns bigint language internal window as 'window_row_number';
create function app.touch() returns trigger language plpgsql as 'begin return new; end';
create function "My ""odd"" Schema".audit() returns event_trigger language plpgsql as 'begin end';
create trigger touch before insert or update on app.customers for each row execute function app.touch();
create constraint trigger "later!" after insert on app.orders for each row execute function app.touch();
create trigger through instead of insert on app.names for each row execute function app.touch();
create rule quiet as on delete to app.names do instead nothing;
create role clerk; create role "Head clerk"; grant clerk to "Head clerk";
alter table app.customers enable row level security;
create policy "reads, all" on app.customers for select to clerk, "Head clerk" using (true);
create policy writes on app.customers for insert with check (true);
create policy any_thing on app.orders as restrictive to clerk using (true);
create cast (app.mood as app.pair) with inout;
create function app.eq(app.mood, app.mood) returns boolean language sql as 'select true';
create operator app.=== (leftarg = app.mood, rightarg = app.mood, function = app.eq);
`;

const LEFT = [
  'gap primary-key app.customers.customers_pkey',
  'gap primary-key app.orders.orders_pkey',
  'gap unique-constraint app.customers.customers_email_key',
  'gap unique-constraint app.orders.swapped',
  'gap foreign-key app.lines.two',
  'gap foreign-key app.orders.fk',
  'gap check-constraint app.customers.customers_share_check',
  'gap check-constraint app.customers.odd "check',
  'gap check-constraint app.orders.anything',
  'gap exclusion-constraint app.orders.orders_during_excl',
  'gap constraint-trigger app.orders.later!',
  'gap domain-constraint app.percent.percent_check',
  'gap range-type app.span',
  'gap operator app.===',
  'gap cast app.mood AS app.pair',
  'gap cast app.span AS app.span_multirange',
  'gap role-membership clerk.Head clerk',
];

let db: PGlite;
let project: string;
let scan: ProjectScan;
let facts: Facts;

beforeAll(async () => {
  db = await PGlite.create({ extensions: { pgtap, btree_gist } });
  await db.exec(`create schema extensions; create extension pgtap schema extensions;`);
  await db.exec(SCHEMA);
  project = await makeProject({ 'db/schema.sql': SCHEMA, 'tests/none.sql': 'select 1;' });
  scan = await scanned();
  facts = await factsOf(async (sql) => (await db.query<Record<string, unknown>>(sql)).rows);
}, 120_000);
afterAll(async () => {
  await scan.close();
  await db.close();
  await rm(project, { recursive: true, force: true });
});

const scanned = () => scanProject(project, { schema: ['db/*.sql'], tests: ['tests/*.sql'] });

async function drafts(options: Parameters<typeof draftTests>[1] = {}): Promise<Draft[]> {
  const found: Draft[] = [];
  for await (const draft of draftTests(scan.coverage, options)) found.push(draft);
  return found;
}

/** What is wrong with a draft when it is run, whatever the path of the session. */
async function problemsOf({ name, text, plan, todo }: Draft, path: string): Promise<string[]> {
  const { output, error } = await runText(
    db,
    `set search_path = ${path}; set client_min_messages = warning; ${text}`,
  );
  if (error !== undefined) return [`${name}: ${error}`];
  const tap = parseTap(output);
  const marked = output.filter((line) => /^not ok .*# TODO/.test(line)).length;
  const wrong = tapProblems(tap).filter((problem) => !/# TODO/.test(problem));
  if (tap.tests.length !== plan) wrong.push(`${tap.tests.length} tests, not ${plan}`);
  if (marked !== todo) wrong.push(`${marked} tests to do, not ${todo}`);
  return wrong.map((problem) => `${name}: ${problem}`);
}

describe('drafted tests', () => {
  it.each(['extensions', 'public, extensions', 'app, "My ""odd"" Schema", extensions'])(
    'pass with search_path %s',
    async (path) => {
      const found = await drafts({ facts });
      expect(found.length).toBeGreaterThan(20);
      const problems: string[] = [];
      for (const draft of found) problems.push(...(await problemsOf(draft, path)));
      expect(problems).toEqual([]);
    },
    120_000,
  );

  it('pass without a server, too, and say what they do not know', async () => {
    const found = await drafts();
    const problems: string[] = [];
    for (const draft of found) problems.push(...(await problemsOf(draft, 'extensions')));
    expect(problems).toEqual([]);
    expect(found.flatMap(({ left }) => left).join('\n')).toContain('not known without a server');
  }, 120_000);

  it('cover what they are about', async () => {
    const found = await drafts({ facts });
    for (const { name, text } of found) await writeFile(join(project, 'tests', name), text);
    const after = await scanned();
    const left: string[] = [];
    for await (const { kind, schema, name, sub, state } of after.coverage.iterate({
      state: ['gap', 'declared'],
    }))
      left.push(`${state} ${kind} ${[schema, name, sub].filter(Boolean).join('.')}`);
    const stale: string[] = [];
    for (const row of (await after.coverage.stale({ limit: 50 })).rows)
      stale.push(`${row.kind} ${row.name} ${row.sub}`);
    const { unresolved } = await after.coverage.summary();
    await after.close();
    for (const { name } of found) await rm(join(project, 'tests', name));
    expect(stale).toEqual([]);
    expect(unresolved).toBe(0);
    // what pgTAP has no assertion for, or only one that does not say which it means
    expect(left).toEqual(LEFT);
  });

  it('are asked for by kind, schema and name', async () => {
    const of = async (options: Parameters<typeof draftTests>[1]) =>
      (await drafts(options)).flatMap(({ objects }) =>
        objects.map(({ kind, name, sub }) => `${kind} ${name} ${sub}`),
      );
    expect(await of({ kind: ['policy'] })).toEqual([
      'policy customers reads, all',
      'policy customers writes',
      'policy orders any_thing',
    ]);
    expect(await of({ kind: ['table'], schema: 'My "odd" Schema' })).toEqual(['table semi;colon ']);
    expect(await of({ kind: ['partitioned-table', 'column'], match: '^app\\.days$' })).toEqual([
      'partitioned-table days ',
    ]);
  });
});

describe('names of drafts', () => {
  it('are safe on every system and told apart', () => {
    const name = fileNames();
    expect(name('app', 'users')).toBe('app.users.sql');
    expect(name('app', 'Users')).toBe('app.Users~2.sql');
    expect(name('..', '/etc\u0000')).toBe('%2e%2e.%2fetc%00.sql');
    expect(name('con', '-x')).toBe('%63on.%2dx.sql');
    expect(name('ü', 'a b')).toBe('%c3%bc.a%20b.sql');
    expect(name('x'.repeat(63), '合'.repeat(21)).length).toBeLessThan(200);
  });

  it('leave types of arguments whole', () => {
    expect(splitArgs('integer, "a, b".c[], numeric(5, 2), character varying')).toEqual([
      'integer',
      '"a, b".c[]',
      'numeric(5, 2)',
      'character varying',
    ]);
    expect(splitArgs('')).toEqual([]);
  });
});
