// `pgtap-cov gaps`: what is not covered, and files of drafted tests.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from './support/cli.js';
import { makeProject } from './support/sample.js';

const SCHEMA = `
create schema app;
create table app.users (id int primary key, name text);
create table app.orders (id int primary key);
create function app.pay(int) returns int language sql as 'select 1';
alter table app.users enable row level security;
create policy own on app.users using (true);
`;
const TESTS = `select tables_are('app', array['users', 'orders'], 'd'); select isnt_empty('select id from app.orders');`;

let directory: string;
let out: string;
beforeAll(async () => {
  directory = await makeProject({ 'schema.sql': SCHEMA, 'tests/a.sql': TESTS });
  out = await mkdtemp(join(tmpdir(), 'pgtap-cov-gaps-'));
});
afterAll(() => Promise.all([directory, out].map((path) => rm(path, { recursive: true, force: true }))));

const gaps = (...args: string[]) =>
  cli('gaps', directory, '--schema', '*.sql', '--tests', 'tests/*.sql', ...args);

describe('pgtap-cov gaps', () => {
  it('lists what is not covered beside its table, with its place and why', async () => {
    const { status, stdout } = await gaps();
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        'table app.users                                                    schema.sql:3',
        '    only listed among others (tests/a.sql:1)',
        'policy app.users.own                                               schema.sql:7',
        '    no test names it',
        'function app.pay(integer)                                          schema.sql:5',
        '    no test names it',
        '',
        'Not covered: 3 (--all for all kinds). Drafts of tests: pgtap-cov gaps --write-tests DIR',
        '',
      ].join('\n'),
    );
  });

  it('lists other kinds, one kind, one name, as JSON, and from a database', async () => {
    const names = async (...args: string[]) =>
      (await gaps('--json', ...args)).stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .map(({ kind, name, sub }) => [kind, name, sub].filter(Boolean).join(' '));
    expect(await names('--all')).toContain('column users name');
    expect(await names('--kind', 'column', '--kind', 'policy')).toEqual([
      'column users id',
      'column users name',
      'policy users own',
    ]);
    expect(await names('--match', 'pay$')).toEqual(['function pay']);
    expect(await names('--in', 'public')).toEqual([]);
    const database = join(out, 'db');
    await cli('scan', directory, '--schema', '*.sql', '--tests', 'tests/*.sql', '--database', database);
    expect((await cli('gaps', database)).stdout).toBe((await gaps()).stdout);
    expect((await cli('gaps', database, '--kind', 'schema', '--in', 'none')).stdout).toBe(
      'Everything is covered.\n',
    );
  });

  it('says what is wrong with its options', async () => {
    expect(await gaps('--kind', 'tabel')).toMatchObject({ status: 2, stdout: '' });
    expect((await gaps('--match', '(')).status).toBe(2);
    const missing = await cli('gaps', join(out, 'nowhere'));
    expect(missing.status).toBe(3);
    expect(missing.stderr).toContain('nowhere');
  });

  it('drafts tests, and keeps files that are there', async () => {
    const tests = join(out, 'drafts');
    const first = await gaps('--write-tests', tests);
    expect([first.status, first.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(first.stdout).toMatch(/: 3 files, \d+ tests of \d+ objects; 2 of them are marked TODO/);
    expect((await readdir(tests)).sort()).toEqual([
      'app.orders.sql',
      'app.pay.function.sql',
      'app.users.sql',
    ]);
    const text = await readFile(join(tests, 'app.users.sql'), 'utf8');
    expect(text).toContain(`select col_type_is('app', 'users', 'name', 'text', `);
    expect(text).toContain(`select policies_are('app', 'users', array['own'], `);
    expect(text).toContain(`set local role "authenticated";`);
    await writeFile(join(tests, 'app.users.sql'), 'mine');
    const second = await gaps('--write-tests', tests);
    expect(second.stdout).toContain('kept as they are (--force writes them anew): app.orders.sql, ');
    expect(await readFile(join(tests, 'app.users.sql'), 'utf8')).toBe('mine');
    await gaps('--write-tests', tests, '--force');
    expect(await readFile(join(tests, 'app.users.sql'), 'utf8')).toBe(text);
  }, 60_000);

  it('drafts what it knows where no server takes the schema, and says so', async () => {
    const broken = await makeProject({
      'schema.sql': `${SCHEMA} select no_such_function();`,
      'tests/a.sql': '',
    });
    const args = ['gaps', broken, '--schema', '*.sql', '--write-tests', join(out, 'broken')];
    const { status, stderr } = await cli(...args);
    expect(status).toBe(0);
    expect(stderr).toContain('warning: INPUT: schema.sql:8: function no_such_function() does not exist');
    const text = await readFile(join(out, 'broken/app.users.sql'), 'utf8');
    expect(text).toContain('has_column');
    expect(text).not.toContain('col_type_is');
    expect((await cli(...args, '--embedded')).status).toBe(3);
    await rm(broken, { recursive: true });
  }, 60_000);
});
