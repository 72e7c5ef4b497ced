// `pgtap-cov run`: tests on a real PostgreSQL, their TAP and what they cover.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoverageError } from '../../js/error.js';
import { openLive, type LiveServer } from '../../js/live.js';
import { runTests } from '../../js/test-run.js';
import { runArgs } from './support/cli.js';
import { startPglite, stopPglite } from './support/pglite.js';
import { makeProject } from './support/sample.js';

const MIGRATION = 'create schema app; create table app.a (id int primary key); create table app.b ();';

let server: LiveServer;
beforeAll(async () => {
  const directory = await makeProject({ '1.sql': MIGRATION });
  const later = ['create extension pgtap'];
  server = await openLive({ embedded: true }, { directory, schema: ['1.sql'], later });
}, 60_000);
afterAll(async () => {
  await server.close();
  await stopPglite();
});

/** Runs files in the order given on one server. */
async function ran(files: Record<string, string>, options: { wrap?: boolean; tests?: string[] } = {}) {
  const directory = await makeProject(files);
  const printed: string[] = [];
  const results = [];
  const run = runTests({
    directory,
    tests: Object.keys(files),
    server,
    print: (line) => void printed.push(line),
    ...options,
  });
  for await (const result of run) results.push(result);
  return { results, printed, result: results[0]! };
}

/** A file with its own transaction. */
const tests = (plan: number, ...body: string[]) =>
  `begin;\nselect plan(${plan});\n${body.join('\n')}\nselect * from finish();\nrollback;\n`;

const lines = (from: number, to = from) => ({ file: 'a.sql', from, to });

describe('a file that runs', () => {
  it.each<[string, string, string[], object]>([
    [
      'passes',
      tests(2, "select has_table('app', 'a', 'a');", 'select ok(true);'),
      ['1..2', 'ok 1 - a', 'ok 2'],
      { status: 'passed', problems: [], tests: 2, notPassed: [] },
    ],
    [
      'leaves out an assertion that failed',
      tests(2, 'select ok(true);', "select is(1,\n  2, 'one');"),
      expect.arrayContaining(['ok 1', 'not ok 2 - one', '# Failed test 2: "one"']),
      { status: 'failed', problems: ['failed test 2: one'], tests: 2, notPassed: [lines(4, 5)] },
    ],
    [
      'leaves out what is skipped or to be done',
      tests(3, "select skip('x');", "select todo('y', 1);", 'select ok(false);', 'select ok(true);'),
      expect.arrayContaining(['ok 1 # SKIP x', 'not ok 2 # TODO y']),
      { status: 'passed', problems: [], tests: 3, notPassed: [lines(3), lines(5)] },
    ],
    [
      'ends at an error, and leaves out what follows',
      tests(2, 'select ok(true);', 'select 1 / 0;', 'select ok(true);'),
      ['1..2', 'ok 1'],
      {
        status: 'failed',
        problems: ['a.sql:4: ERROR 22012: division by zero', 'planned 2 tests, ran 1'],
        notPassed: [lines(4), { file: 'a.sql', from: 4 }],
      },
    ],
    [
      'goes on where it says so',
      `\\set ON_ERROR_ROLLBACK 1\n\\unset ON_ERROR_STOP\n${tests(1, 'select 1 / 0;', 'select ok(true);')}`,
      expect.arrayContaining(['ok 1']),
      { status: 'passed', problems: [], tests: 1, notPassed: [lines(5)] },
    ],
    [
      'leaves out the bodies of what failed',
      tests(
        1,
        "create function check_it() returns text language sql as $$ select ok(false, 'deep') $$;",
        'select check_it();',
      ),
      expect.arrayContaining(['not ok 1 - deep']),
      { status: 'failed', notPassed: [{}] },
    ],
    [
      'has variables of \\gset as the server spells them',
      tests(
        2,
        "select date '2024-01-02' as d, array[1, 2] as n, true as t \\gset x_",
        "select is(:'x_d'::text, '2024-01-02');",
        "select is(:'x_n' || :'x_t', '{1,2}t');",
      ),
      ['1..2', 'ok 1', 'ok 2'],
      { status: 'passed' },
    ],
    [
      'fails where \\gset has no row',
      tests(1, 'select 1 as a where false \\gset', 'select ok(true);'),
      ['1..1'],
      {
        status: 'failed',
        problems: [
          expect.stringContaining('a.sql:3: \\gset takes exactly one row, not 0'),
          'planned 1 tests, ran 0',
        ],
      },
    ],
    [
      'counts tests that \\echo prints',
      'begin;\n\\echo 1..2\n\\echo ok 1 - by hand\n\\echo not ok 2\nrollback;',
      ['1..2', 'ok 1 - by hand', 'not ok 2'],
      { status: 'failed', problems: ['failed test 2: '] },
    ],
    [
      'ends at \\q',
      'begin;\nselect plan(1);\nselect ok(true);\nrollback;\n\\q\nselect ok(false);',
      ['1..1', 'ok 1'],
      { status: 'passed', notPassed: [{ file: 'a.sql', from: 5 }] },
    ],
    [
      'prints no plan',
      'begin;\nselect no_plan();\nselect ok(true);\nrollback;',
      ['ok 1'],
      { status: 'failed', problems: ['printed no plan'] },
    ],
  ])('%s', async (_, text, printed, expected) => {
    const run = await ran({ 'a.sql': text });
    expect(run.result).toMatchObject(expected);
    expect(run.printed).toEqual(printed);
  });

  it('is in a session of its own, with pgTAP whoever creates it', async () => {
    const leaves =
      "set role nobody; set search_path = app; set my.x = '1'; prepare p as select 1; create temp table left_over ();";
    const fresh =
      "select is(coalesce(current_setting('my.x', true), ''), ''); select is((select count(*) from pg_prepared_statements), 0::bigint);";
    const { results } = await ran({
      'a.sql': `create role nobody; begin; select plan(1); select ok(true); ${leaves} `,
      'b.sql': tests(2, fresh),
      'c.sql': `begin; create extension pgtap; select plan(1); select ok(true); rollback;`,
      'd.sql': tests(1, "select hasnt_table('left_over');"),
      'e.sql': 'begin; create extension if not exists pgtap; select plan(1); select ok(true); rollback;',
      'f.sql': 'drop role nobody; begin; select plan(1); select ok(true); rollback;',
    });
    expect(results.map(({ problems }) => problems)).toEqual([[], [], [], [], [], []]);
  });

  it('is rolled back with --wrap, whatever it says of transactions', async () => {
    const { results } = await ran(
      {
        'a.sql': 'create table app.w (); select plan(1); select ok(true);',
        'b.sql': 'begin; create table app.w (); commit; select plan(1); select ok(true); rollback;',
        'c.sql':
          "select plan(1); savepoint s; create table app.w (); rollback to s; select hasnt_table('app', 'w', 'no');",
      },
      { wrap: true },
    );
    expect(results.map(({ problems }) => problems)).toEqual([[], [], []]);
  });
});

describe('a file that does not run', () => {
  it.each<[string, string, RegExp]>([
    ['begins no transaction', 'select plan(1);', /has no BEGIN.*--wrap/],
    ['wants another database', 'begin;\n\\connect other', /^a\.sql:2: \\connect cannot be honoured/],
    ['wants a shell', 'begin;\nselect plan(1);\n\\! ls', /^a\.sql:3: \\! cannot be honoured/],
    ['has data of COPY', 'begin;\ncopy app.a from stdin;\n1\n\\.\n', /^a\.sql:2: COPY/],
    ['includes what is not there', 'begin;\n\\ir b.sql\n', /^a\.sql:2: b\.sql: there is no such file/],
  ])('%s', async (_, text, problem) => {
    const { result, printed } = await ran({ 'a.sql': text });
    expect(result).toMatchObject({
      status: 'not-run',
      problems: [expect.stringMatching(problem)],
      notPassed: [{}],
    });
    expect(printed.filter((line) => /^(not )?ok/.test(line))).toEqual([]);
  });

  it('because it is not there costs the others nothing', async () => {
    const { results } = await ran(
      { 'a.sql': tests(1, 'select ok(true);') },
      { tests: ['none.sql', 'a.sql'] },
    );
    expect(results.map(({ path, status }) => [path, status])).toEqual([
      ['none.sql', 'not-run'],
      ['a.sql', 'passed'],
    ]);
  });

  it('because the work was aborted is an error', async () => {
    const directory = await makeProject({
      'a.sql': tests(1, 'select ok(true);'),
      'b.sql': tests(1, 'select ok(true);'),
    });
    const controller = new AbortController();
    const printed: string[] = [];
    const print = (line: string) => {
      printed.push(line);
      // as a signal does: not before the thread is free
      if (line === 'ok 1') setImmediate(() => controller.abort());
    };
    const run = (async () => {
      for await (const _ of runTests({
        directory,
        tests: ['a.sql', 'b.sql'],
        server,
        print,
        signal: controller.signal,
      }));
    })();
    await expect(run).rejects.toMatchObject({ code: 'ABORTED' } satisfies Partial<CoverageError>);
    expect(printed).toEqual(['1..1', 'ok 1']);
  });
});

describe('pgtap-cov run', () => {
  const files = {
    'migrations/1.sql': MIGRATION,
    'tests/a.sql': tests(
      2,
      "select has_table('app', 'a', 'a');",
      "select hasnt_pk('app', 'a', 'no key');",
      "select has_table('app', 'b', 'b');",
    ),
    'tests/b.sql': 'begin;\n\\! ls',
  };
  const signal = new AbortController().signal;

  it('prints TAP, what is wrong and what passed tests cover', async () => {
    const directory = await makeProject(files);
    const { status, stdout, stderr } = await runArgs(['run', directory, '--embedded'], signal);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^# tests\/a\.sql\n1\.\.2\nok 1 - a\nnot ok 2 - no key\n/);
    expect(stdout).toMatch(/Files=2, Tests=3, files: 1 failed, 1 not run\nResult: FAIL\n[^]*table +2 +2 /);
    expect(stderr).toContain('pgtap-cov: tests/a.sql: failed test 2: no key\n');
    expect(stderr).toContain('pgtap-cov: tests/a.sql: planned 2 tests, ran 3\n');
    expect(stderr).toContain('pgtap-cov: tests/b.sql:2: \\! cannot be honoured');
  }, 60_000);

  it('does on a server what it does embedded, and its TAP means the same to scan', async () => {
    const directory = await makeProject({
      ...files,
      'tests/b.sql': tests(1, "select has_table('app', 'nothing', 'x');"),
    });
    const db = await startPglite();
    await db.exec(MIGRATION);
    const socket = new PGLiteSocketServer({ db, port: 0, host: '127.0.0.1', maxConnections: 4 });
    await socket.start();
    try {
      const { port } = (socket as unknown as { server: { address(): { port: number } } }).server.address();
      const url = `postgres://postgres:x@127.0.0.1:${port}/postgres`;
      const json = ['--reporter', 'json'];
      const bare = await runArgs(['run', directory, '--db', url, ...json], signal);
      expect(bare.status).toBe(1);
      expect(bare.stderr).toContain('plan(integer) does not exist; is pgTAP there? CREATE EXTENSION pgtap');
      await db.exec('create extension pgtap');
      const live = await runArgs(['run', directory, '--db', url, ...json], signal);
      const embedded = await runArgs(['run', directory, ...json], signal);
      const tap = join(directory, 'prove.txt');
      await writeFile(tap, live.stderr);
      const scanned = await runArgs(['scan', directory, '--tap', tap, ...json], signal);
      expect([live.status, embedded.status, scanned.status]).toEqual([1, 1, 0]);
      // what there is on the server for pgTAP is beside the point
      const states = ({ stdout }: { stdout: string }) =>
        (JSON.parse(stdout) as { objects: { schema: string; name: string; state: string }[] }).objects
          .filter(({ schema }) => schema === 'app')
          .map(({ name, state }) => `${name} ${state}`);
      expect(states(embedded)).toContain('a asserted');
      expect(states(live)).toEqual(states(embedded));
      expect(states(scanned)).toEqual(states(embedded));
      expect(live.stderr).toMatch(/^# tests\/a\.sql\n1\.\.2\n/);
    } finally {
      await socket.stop();
    }
  }, 60_000);

  it('refuses both servers at once', async () => {
    const directory = await makeProject({ 'migrations/1.sql': MIGRATION });
    const both = await runArgs(['run', directory, '--embedded', '--db', 'postgres://x@y/z'], signal);
    expect(both.status).toBe(2);
    expect(both.stderr).toContain('either --db or --embedded');
  });
});
