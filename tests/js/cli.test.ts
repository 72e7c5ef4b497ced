import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoverageError, type ErrorCode } from '../../js/error.js';
import { describe as describeError, Output, ProgressLine, statusOf } from '../../js/cli/io.js';
import { run } from '../../js/cli/run.js';
import { chosenReporters } from '../../js/cli/reports.js';
import { findProject } from '../../js/project.js';
import { Collector, runArgs as cli } from './support/cli.js';
import { makeProject, SAMPLE, SCHEMA, TESTS } from './support/sample.js';

let temporary: string;
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'pgtap-cov-cli-tests-'));
  process.env.TMPDIR = temporary;
});
afterAll(() => rm(temporary, { recursive: true }));

/** The scratch directories of the command line in the temporary directory, which is this file's own. */
async function scratch(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^pgtap-cov-[A-Za-z0-9]{6}$/.test(name));
}

describe('errors', () => {
  it('are one line with code and place, and a hint', () => {
    const error = new CoverageError('INPUT', 'is no text', { file: 'a.sql', line: 3 });
    expect(describeError(error)).toBe('pgtap-cov: error: INPUT: a.sql:3: is no text\n');
    expect(describeError(new CoverageError('CORRUPT', 'bad', { file: 'x' }))).toMatch(
      /^pgtap-cov: .*\n  hint: .*\n$/,
    );
    expect(describeError(new TypeError('oops'))).toMatch(/^pgtap-cov: error: INTERNAL: oops\n/);
  });

  it('let no file name control the terminal', () => {
    const error = new CoverageError('INPUT', 'no\x1b[2J\ntext', { file: '\x1b]0;x\x07' });
    expect(describeError(error)).toBe('pgtap-cov: error: INPUT: \\x1b]0;x\\x07: no\\x1b[2J text\n');
  });

  it('have the documented exit status', () => {
    const statuses = {
      CONFIG: 2,
      STATE: 2,
      LIMIT: 2,
      INPUT: 3,
      STORE: 3,
      CORRUPT: 4,
      INCOMPLETE: 4,
      VERSION: 4,
    };
    for (const [code, status] of Object.entries({ ...statuses, ABORTED: 130, INTERNAL: 70 })) {
      expect(statusOf(new CoverageError(code as ErrorCode, ''))).toBe(status);
    }
    expect(statusOf(new Error('anything else'))).toBe(70);
  });
});

describe('streams', () => {
  it('end quietly when the reader has gone, and fail loudly otherwise', async () => {
    const failing = (code: string) =>
      new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })) });
    const gone = new Output(failing('EPIPE'));
    await gone.write('a');
    await gone.write('b');
    await expect(new Output(failing('ENOSPC')).write('a')).rejects.toMatchObject({ code: 'STORE' });
  });

  it('that cannot be written are not blamed on the database', async () => {
    const directory = await makeProject();
    const database = join(directory, 'a.ptc');
    await cli(['scan', directory, '--database', database]);
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    const [stderr, signal] = [new Collector(), new AbortController().signal];
    expect(await run(['report', database, '--reporter', 'csv'], { stdout, stderr, signal })).toBe(3);
    expect(stderr.text).toMatch(/^pgtap-cov: error: STORE: stdout cannot be written: full\n  hint: /);
  });

  it('show progress on a terminal only', () => {
    for (const isTTY of [true, false]) {
      const stream = Object.assign(new Collector(), { isTTY, columns: 20 });
      const line = new ProgressLine(stream);
      line.show({
        phase: 'read',
        path: 'a/very/long/path/indeed.sql',
        done: 1,
        total: 2,
        bytes: 3,
        records: 0,
        segments: 0,
      });
      line.clear();
      expect(stream.text).toBe(isTTY ? '\r\x1b[K1/2 a/very/long/pat\r\x1b[K' : '');
    }
  });
});

describe('reporters', () => {
  it('go to stdout when there is one and no --out', () => {
    expect(chosenReporters({})).toEqual(['text']);
    expect(chosenReporters({ reporter: ['json'] })).toEqual(['json']);
    expect(chosenReporters({ reporter: ['json', 'json'] })).toEqual(['json']);
    expect(chosenReporters({ out: 'x' })).toEqual(['text', 'html']);
    for (const wrong of [['json', 'text'], ['html'], ['nonsense'], ['__proto__']]) {
      expect(() => chosenReporters({ reporter: wrong })).toThrow(expect.objectContaining({ code: 'CONFIG' }));
    }
  });
});

describe('findProject', () => {
  it('discovers the project', async () => {
    const { schema, tests } = await findProject(await makeProject());
    expect([...schema, ...tests]).toEqual(Object.keys(SAMPLE));
  });

  it('takes globs, plain paths and folders in the order given', async () => {
    const directory = await makeProject({
      'b/10.sql': '',
      'b/9.sql': '',
      'a.sql': '',
      'x/t.pg': '',
      'x/readme.md': '',
    });
    const found = await findProject(directory, { schema: ['b/*.sql', './a.sql', 'a.sql'], tests: ['x/'] });
    expect(found).toMatchObject({ schema: ['b/9.sql', 'b/10.sql', 'a.sql'], tests: ['x/t.pg'] });
  });

  it('lets a glob for one part leave the other to discovery', async () => {
    const directory = await makeProject({ ...SAMPLE, 'extra/t.sql': '' });
    const found = await findProject(directory, { tests: ['extra/*.sql'] });
    expect([found.schema.length, found.tests]).toEqual([1, ['extra/t.sql']]);
  });

  it('says CONFIG for a glob without files, a file in both roles, and no schema', async () => {
    const directory = await makeProject();
    const nothing = { schema: ['none/*.sql'] };
    await expect(findProject(directory, nothing)).rejects.toMatchObject({
      code: 'CONFIG',
      file: 'none/*.sql',
    });
    const both = { schema: ['**/*.sql'], tests: ['supabase/tests/*.sql'] };
    await expect(findProject(directory, both)).rejects.toMatchObject({ code: 'CONFIG' });
    const empty = await makeProject({});
    await expect(findProject(empty)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('--schema'),
    });
    const missing = join(empty, 'missing');
    await expect(findProject(missing)).rejects.toMatchObject({ code: 'INPUT', file: missing });
  });
});

describe('pgtap-cov', () => {
  it('scans a project and prints its coverage', async () => {
    const { status, stdout, stderr } = await cli([await makeProject()]);
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('Supabase') });
    expect(stdout).toMatch(/^table +2 +1 +0 +50\.0%$/m);
    expect(stdout).toContain('supabase/migrations/20240101000000_init.sql:6  table public.forgotten');
    expect(stdout).not.toContain('\x1b');
    expect(await scratch()).toEqual([]);
  });

  it('says which layout it took, what it left out, and which line of a configuration is wrong', async () => {
    const flyway = await makeProject({
      'flyway.conf': 'flyway.locations=filesystem:/flyway/sql,filesystem:db',
      'db/V1__a.sql': 'create table a ();',
    });
    const { status, stderr } = await cli([flyway]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        'pgtap-cov: Flyway: schema from db (1 file), no tests\n' +
        'pgtap-cov: warning: flyway.conf:1: filesystem:/flyway/sql: leads out of the project or is none that can be ' +
        'followed, left out\npgtap-cov: warning: no tests found: name them with --tests GLOB\n',
    });
    const wrong = await cli([await makeProject({ 'sqitch.plan': '\nrooms\n' })]);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toMatch(
      /CONFIG: sqitch\.plan:2: deploy\/rooms\.sql, its deploy script, is not in the project/,
    );
  });

  it('gives the same json report whatever the arena and from a kept database', async () => {
    const directory = await makeProject();
    const database = join(directory, 'kept', 'app.pgtapcov');
    const report = async (...args: string[]) => {
      const { status, stdout } = await cli([...args, '--reporter', 'json']);
      expect(status).toBe(0);
      const { run, ...rest } = JSON.parse(stdout);
      return { run, rest };
    };
    const scanned = await report('scan', directory, '--database', database);
    expect(scanned.run.bytes).toBe(Buffer.byteLength(SCHEMA) + Buffer.byteLength(TESTS));
    const small = await report(directory, '--arena', '65536');
    expect(small.rest).toEqual(scanned.rest);
    const kept = await report('report', database);
    expect(kept).toEqual({ run: undefined, rest: scanned.rest });
  });

  it('writes each report to its file with --out, and text to stdout', async () => {
    const directory = await makeProject();
    const out = join(directory, 'coverage');
    const args = ['text', 'json', 'lcov', 'html'].flatMap((name) => ['--reporter', name]);
    const { status, stdout, stderr } = await cli(['scan', directory, ...args, '--out', out]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^kind /);
    expect((await readdir(out)).sort()).toEqual(['coverage.json', 'html', 'lcov.info']);
    expect(stderr).toContain(`wrote ${join(out, 'html/index.html')}`);
    const page = await readFile(join(out, 'html/20240101000000_init.sql.html'), 'utf8');
    expect(page).toContain('create table public.forgotten');
  });

  it('shows sources below --root only', async () => {
    const directory = await makeProject();
    const database = join(directory, 'app.pgtapcov');
    await cli([directory, '--database', database]);
    const pages = async (root: string) => {
      const out = join(directory, 'out');
      expect(
        (await cli(['report', database, '--root', root, '--out', out, '--reporter', 'html'])).status,
      ).toBe(0);
      return readFile(join(out, 'html/20240101000000_init.sql.html'), 'utf8');
    };
    expect(await pages(directory)).toContain('create table public.forgotten');
    expect(await pages(join(directory, 'supabase'))).toContain('The source is not at hand.');
  });

  it('counts the rest when a file cannot be read or is no text, and ends with 3', async () => {
    const directory = await makeProject({
      ...SAMPLE,
      'supabase/tests/logo.sql': Uint8Array.of(0x89, 0x50, 0, 1),
    });
    const database = join(directory, 'app.pgtapcov');
    const { status, stdout, stderr } = await cli([directory, '--database', database]);
    expect(status).toBe(3);
    expect(stderr).toContain('pgtap-cov: error: INPUT: supabase/tests/logo.sql:1: ');
    expect(stdout).toMatch(/^table +2 +1 /m);
    expect(stdout).toContain('INCOMPLETE');
    expect(await cli(['report', database])).toMatchObject({ status: 4, stdout });
    const args = [
      '--schema',
      'supabase/migrations',
      '--tests',
      'supabase/tests/orders.test.sql',
      '--tests',
      'gone.sql',
    ];
    const missing = await cli([directory, ...args]);
    expect(missing.status).toBe(3);
    expect(missing.stderr).toContain('INPUT: gone.sql: cannot be opened: no such file or directory');
    expect(missing.stdout).toMatch(/^table +2 +1 /m);
  });

  it('says what is wrong with a path, a database or the use, with the right status', async () => {
    const directory = await makeProject();
    const database = join(directory, 'app.pgtapcov');
    expect((await cli([directory, '--database', database])).status).toBe(0);
    const wrong = async (...args: string[]) => {
      const { status, stdout, stderr } = await cli(args);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^pgtap-cov: error: [A-Z]+: /);
      return `${status} ${stderr}`;
    };
    expect(await wrong(join(directory, 'missing'))).toMatch(/^3 .*INPUT: .*missing: .*no such file/);
    expect(await wrong('report', join(directory, 'missing'))).toMatch(
      /^3 .*INPUT: .*missing: .*no such file/,
    );
    await truncate(database, (await readFile(database)).length - 7);
    expect(await wrong('report', database)).toMatch(/^4 .*CORRUPT: .*app\.pgtapcov/);
    await writeFile(database, 'hello');
    expect(await wrong('report', database)).toMatch(/^4 .*app\.pgtapcov/);
    expect(await wrong('report')).toMatch(/^2 .*CONFIG: /);
    expect(await wrong(directory, '--nonsense')).toMatch(/^2 .*CONFIG: .*--nonsense/);
    expect(await wrong(directory, '--arena', 'big')).toMatch(/^2 .*CONFIG: /);
    expect(await wrong(directory, '--arena', '1')).toMatch(/^2 .*CONFIG: /);
    expect(await wrong(directory, '--reporter', 'html')).toMatch(/^2 .*CONFIG: .*--out/);
    expect(await wrong(directory, '--database', join(database, 'below'))).toMatch(/^3 .*STORE: .*below/);
  });

  it('lists the calls of files as JSON lines, and ends with 3 when one cannot be read', async () => {
    const directory = await makeProject({ 'a.sql': "select has_table('a', 'b');\nselect is('a', 'b');" });
    const file = join(directory, 'a.sql');
    const { status, stdout, stderr } = await cli(['assertions', file, join(directory, 'gone.sql')]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/INPUT: .*gone\.sql: cannot be opened: no such file or directory/);
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      file,
      line: 1,
      function: 'has_table',
      signature: 'has_table(name, text)',
      class: 'structural',
      target: { kind: 'table', schema: null, name: 'a', sub: null, args: null },
      alternatives: [],
      aspect: 'exists',
      negated: false,
      context: 'script',
      problem: null,
    });
    expect(second).toMatchObject({ line: 2, function: 'is', signature: null, problem: 'mismatch' });
  });

  it('names file and line of what is no text in assertions', async () => {
    const directory = await makeProject({ 'a.sql': Uint8Array.of(0x61, 0x0a, 0x00) });
    const { status, stderr } = await cli(['assertions', join(directory, 'a.sql')]);
    expect(status).toBe(3);
    expect(stderr).toMatch(/INPUT: .*a\.sql:2: this is no text/);
  });

  it('lists every object that schema files define, and says what the text does not tell', async () => {
    const directory = await makeProject({
      '1.sql':
        'create table p (a int primary key) partition by list (a);\ncreate table p1 partition of p default;\n',
      '2.sql':
        'create schema tests;\ncreate table tests.t ();\ncreate function f(a int4, text default null) returns int\nlanguage sql as $$ select 1 $$;\n',
      '10.sql': "do $$ begin execute current_setting('x'); end $$;\ndrop table tests.t;\n\n\\ir more/a.sql\n",
      'more/a.sql': 'create view v (x) as select 1;',
    });
    const files = [join(directory, '*.sql'), join(directory, 'gone.sql')];
    const { status, stdout, stderr } = await cli(['inventory', ...files]);
    expect(status).toBe(3);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((o) => `${o.kind} ${o.schema}.${o.name}.${o.sub}(${o.args})`)).toEqual(
      expect.arrayContaining(['schema .tests.()', 'table public.p1.()', 'function public.f.(integer, text)']),
    );
    expect(lines.find((o) => o.kind === 'function')).toEqual({
      kind: 'function',
      schema: 'public',
      name: 'f',
      sub: '',
      args: 'integer, text',
      file: expect.stringMatching(/\b2\.sql$/),
      line: 3,
    });
    expect(lines.some((o) => o.schema === 'tests' && o.kind === 'table')).toBe(false);
    expect(stderr).toMatch(/INPUT: .*gone\.sql: cannot be opened/);
    expect(stderr).toMatch(/warning: .*10\.sql:1: dynamic-definition: /);
  });

  it('lists the objects of the project where no file is given', async () => {
    const here = process.cwd();
    try {
      process.chdir(await makeProject());
      const { status, stdout } = await cli(['inventory']);
      expect(status).toBe(0);
      expect(stdout).toContain('"name":"forgotten"');
      expect((await cli(['inventory', 'nothing/*.sql'])).status).toBe(2);
    } finally {
      process.chdir(here);
    }
  });

  it('ends with 130 and without scratch files when it is interrupted', async () => {
    const { status, stderr } = await cli([await makeProject()], AbortSignal.abort());
    expect({ status, stderr }).toMatchObject({ status: 130, stderr: expect.stringContaining('ABORTED') });
    expect(await scratch()).toEqual([]);
  });

  it('prints help with an example, and its version', async () => {
    const help = await cli(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('Examples:') });
    expect((await cli(['scan', '--help'])).stdout).toContain('--schema <glob>');
    expect(await cli(['--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
