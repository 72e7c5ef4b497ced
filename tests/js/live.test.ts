import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoverageError } from '../../js/error.js';
import { liveSource } from '../../js/live.js';
import { scanProject, type ProjectScanOptions } from '../../js/scan-project.js';
import { startPglite, stopPglite } from './support/pglite.js';
import { makeProject } from './support/sample.js';

const SCHEMA = `
  create schema app; set search_path = app;
  create extension if not exists btree_gist;
  create type mood as enum ('a'); create type pair as (a int, "B c" mood[]); create type span as range (subtype = int);
  create domain size as int check (value > 0) constraint small check (value < 9);
  create table t (id int generated always as identity primary key, a int unique, b size, m mood default 'a',
    check (a > 1), exclude using gist (a with =), constraint "odd""name" foreign key (a) references t (a));
  create index on t (abs(a)); create table parted (a int primary key references t) partition by range (a);
  create table part_1 partition of parted default; create index on parted (a);
  create view v (x, y) as select 1, 2; create materialized view mv (z) as select 1; create sequence s;
  create function f(int, text[], app.mood default 'a') returns int language sql as 'select 1';
  create procedure p(inout a int) language sql as 'select 1'; create aggregate g(int) (sfunc = int4pl, stype = int);
  create function tf() returns trigger language plpgsql as 'begin return new; end';
  create trigger tr before insert on t for each row execute function tf();
  create constraint trigger ct after insert on t for each row execute function tf();
  alter table t enable row level security; create policy pol on t for select using (true);
  create rule r as on insert to v do instead nothing; create role "Some one";
  create role member; grant "Some one" to member; create cast (mood as pair) with inout;
  create function eq(mood, mood) returns boolean language sql immutable as 'select true';
  create operator === (leftarg = mood, rightarg = mood, function = eq);
  create function d() returns int security definer language sql as 'select 1';
  create function e() returns int language sql security definer return 1; alter function d() reset all;
  create or replace function d() returns int language sql as 'select 2';
  create procedure e(int) language sql as 'select 1'; alter procedure e external security definer;
  create function w() returns bigint language internal window as 'window_row_number';
`;

beforeAll(startPglite, 60_000);
afterAll(stopPglite);

/** Keys of all objects of a scan. */
async function keys(directory: string, options: ProjectScanOptions) {
  const scanned = await scanProject(directory, { ...options, everything: true });
  const found: string[] = [];
  const places: string[] = [];
  for await (const { kind, schema, name, sub, args, risk, defined } of scanned.coverage.iterate()) {
    found.push(JSON.stringify([kind, schema, name, sub, args, risk]));
    places.push(`${kind} ${name} ${sub} ${defined.file}:${defined.line}`);
  }
  const files = (await scanned.coverage.files({ limit: 9 })).rows.map(({ path, role }) => `${role} ${path}`);
  const { totals } = await scanned.coverage.summary();
  await scanned.close();
  return { found: found.sort(), places: places.sort(), files, totals };
}

describe('the schema of a server', () => {
  const files = {
    'supabase/migrations/1_a.sql': SCHEMA,
    'supabase/migrations/2_b.sql': 'create table in_public (a int);',
    'supabase/tests/a.test.sql':
      "select has_table('app', 't', 'there'); select has_view('app', 'v', 'there');",
  };

  it('is that of the text, where PGlite runs it', async () => {
    const directory = await makeProject(files);
    const [text, embedded] = [await keys(directory, {}), await keys(directory, { live: { embedded: true } })];
    expect(embedded.found).toEqual(text.found);
    expect(embedded.totals).toEqual(text.totals);
    expect(embedded.files).toEqual([
      'schema supabase/migrations/1_a.sql',
      'schema supabase/migrations/2_b.sql',
      'inventory (embedded)',
      'tests supabase/tests/a.test.sql',
    ]);
    expect(embedded.places).toEqual(text.places);
    expect(text.found.length).toBeGreaterThan(40);
  }, 60_000);

  it('is read from a running one, whose password is told to nobody', async () => {
    const directory = await makeProject(files);
    const db = await startPglite();
    await db.exec(`${SCHEMA}; reset all; create table in_public (a int);`);
    const server = new PGLiteSocketServer({ db, port: 0, host: '127.0.0.1' });
    await server.start();
    const { port } = (server as unknown as { server: { address(): { port: number } } }).server.address();
    try {
      const url = `postgres://postgres:se%20cret@127.0.0.1:${port}/postgres`;
      const [text, live] = [await keys(directory, {}), await keys(directory, { live: { url } })];
      expect(live.found).toEqual(text.found);
      expect(live.files[2]).toBe(`inventory postgres://127.0.0.1:${port}/postgres`);
    } finally {
      await server.stop();
    }
  }, 60_000);

  it('that cannot be had is an error that names it and its remedy', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pgtap-cov-live-'));
    const options = { directory, schema: [] };
    const failed = async (live: Parameters<typeof liveSource>[0], more = {}) => {
      const error = await liveSource(live, { ...options, ...more }).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(CoverageError);
      return error as CoverageError;
    };
    const down = await failed({ url: 'postgres://me:se%20cret@127.0.0.1:1/db?password=other' });
    expect(down).toMatchObject({ code: 'INPUT', file: 'postgres://127.0.0.1:1/db' });
    expect(`${down.message} ${JSON.stringify(down)} ${String(down.cause)}`).not.toMatch(
      /se( |%20)cret|other/,
    );
    expect(await failed({ url: 'nonsense' })).toMatchObject({ code: 'CONFIG' });
    expect(await failed({ url: 'https://me:secret@host/db' })).toMatchObject({ code: 'CONFIG' });
    const project = await makeProject({ 'a.sql': 'create table a ();\n\ncreate table ä (x nonsense);' });
    expect(await failed({ embedded: true }, { directory: project, schema: ['a.sql'] })).toMatchObject({
      code: 'INPUT',
      file: 'a.sql',
      line: 3,
      message: expect.stringContaining('nonsense'),
    });
    const dump = await makeProject({
      'a.sql': 'create table a (x int, y text);\n\ncopy a (x, y) from stdin;\n1\tone\n\\.\nselect 1;',
      'b.sql': "create table b ();\n-- copy b from stdin;\nselect 'x;\n';\nselect from from;",
    });
    expect(await failed({ embedded: true }, { directory: dump, schema: ['a.sql'] })).toMatchObject({
      code: 'INPUT',
      file: 'a.sql',
      line: 3,
      message: expect.stringMatching(/^data of COPY .* --inserts$/),
    });
    const other = await failed({ embedded: true }, { directory: dump, schema: ['b.sql'] });
    expect(other).toMatchObject({ line: 5, message: expect.stringContaining('syntax error') });
  }, 60_000);
});
