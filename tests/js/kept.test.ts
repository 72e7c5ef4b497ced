// Scans that keep what they read: the next one reads only what changed, a killed one is gone on with, shards of one
// project are merged; the database is always the one that a scan of everything writes, byte for byte.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeShards, scanProject, type ProjectScan, type ProjectScanOptions } from '../../js/node.js';
import { MOMENTS, runCli } from './support/kill.js';
import { makeProject } from './support/sample.js';

const TESTS = 40;

/** A project whose files include others, and one file that is not there. */
function files(): Record<string, string> {
  const made: Record<string, string> = {
    'schema/1.sql': 'create schema app; create table app.a (id int primary key, b text);\\n',
    'schema/2.sql':
      '\\\\ir parts/view.sql\ncreate function app.f() returns int language sql as $$ select 1 $$;\n',
    'schema/parts/view.sql': 'create view app.v as select id from app.a;\n',
    'tests/helper.inc': `select has_column('app', 'a', 'b', 'b');\n`,
  };
  for (let n = 0; n < TESTS; n++) {
    made[`tests/t${n}.sql`] =
      `begin; select plan(2);\n${n % 3 === 0 ? '\\ir helper.inc\n' : ''}${n === 7 ? '\\ir late.inc\n' : ''}` +
      `select is(app.f(), ${n}); select has_table('app', 'a', 't${n}');\nselect * from finish(); rollback;\n`;
  }
  made['schema/1.sql'] = made['schema/1.sql']!.replace('\\n', '\n');
  made['schema/2.sql'] = made['schema/2.sql']!.replace('\\\\', '\\');
  return made;
}

const GLOBS = { schema: ['schema/1.sql', 'schema/2.sql'], tests: ['tests/*.sql'] };

let folder: string;
const projects: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgtap-cov-kept-'));
});
afterAll(async () => {
  for (const path of [folder, ...projects]) await rm(path, { recursive: true, force: true });
});

async function project(): Promise<string> {
  const path = await makeProject(files());
  projects.push(path);
  // files that changed just now are compared by their content
  for (const name of Object.keys(files())) await utimes(join(path, name), 1e9, 1e9);
  return path;
}

let counter = 0;
const fresh = (name: string) => join(folder, `${name}-${counter++}`);

/** The bytes of the database, and what else the scan told. */
async function scanned(
  directory: string,
  options: ProjectScanOptions = {},
): Promise<Pick<ProjectScan, 'reused' | 'run' | 'unreadable'> & { database: Buffer }> {
  const path = fresh('database');
  const { close, reused, run, unreadable } = await scanProject(directory, {
    ...GLOBS,
    database: path,
    ...options,
  });
  await close();
  return { database: await readFile(path), reused, run, unreadable };
}

describe('a kept scan', () => {
  it('reads nothing twice that did not change', async () => {
    const [directory, store] = [await project(), fresh('store')];
    const first = await scanned(directory, { store });
    expect(first.reused).toBe(0);
    const second = await scanned(directory, { store });
    expect(second.reused).toBe(TESTS + 2);
    expect(second.run.bytes).toBe(0);
    const clean = await scanned(directory);
    expect(second.database.equals(clean.database)).toBe(true);
    expect(first.database.equals(clean.database)).toBe(true);
  });

  it.each<[string, (directory: string) => Promise<void>, number]>([
    ['a test', (d) => writeFile(join(d, 'tests/t3.sql'), `select has_view('app', 'v', 'v');`), 1],
    [
      'an equal length, with another time',
      async (d) => {
        const path = join(d, 'tests/t5.sql');
        await writeFile(path, (await readFile(path, 'utf8')).replace('is(app.f(), 5)', 'is(app.g(), 5)'));
      },
      1,
    ],
    ['only the time', (d) => utimes(join(d, 'tests/t5.sql'), 2e9, 2e9), 0],
    [
      'a file that tests include',
      (d) => writeFile(join(d, 'tests/helper.inc'), `select has_column('app', 'a', 'id', 'id');\n`),
      Math.ceil(TESTS / 3),
    ],
    [
      'a file that was missing',
      (d) => writeFile(join(d, 'tests/late.inc'), `select has_schema('app');\n`),
      1,
    ],
    [
      'a file that the schema includes',
      (d) => writeFile(join(d, 'schema/parts/view.sql'), 'create view app.v as select b from app.a;\n'),
      1,
    ],
    ['a file that is gone', (d) => rm(join(d, 'tests/t9.sql')), 0],
    ['a new file', (d) => writeFile(join(d, 'tests/t99.sql'), `select has_schema('app');`), 1],
  ])('reads what changed: %s', async (_name, change, read) => {
    const [directory, store] = [await project(), fresh('store')];
    await scanned(directory, { store });
    await change(directory);
    const again = await scanned(directory, { store });
    const clean = await scanned(directory);
    expect(again.database.equals(clean.database)).toBe(true);
    const total =
      (await readdir(join(directory, 'tests'))).filter((name) => name.endsWith('.sql')).length + 2;
    expect(total - again.reused).toBe(read);
  });

  it('reads all with other options', async () => {
    const [directory, store] = [await project(), fresh('store')];
    await scanned(directory, { store });
    const rules = [{ name: 'app.f', role: 'x' }];
    const again = await scanned(directory, { store, rules });
    expect(again.reused).toBe(0);
    expect(again.database.equals((await scanned(directory, { rules })).database)).toBe(true);
  });

  it('keeps few segments however often something changes', async () => {
    const [directory, store] = [await project(), fresh('store')];
    for (let turn = 0; turn < 40; turn++) {
      await writeFile(join(directory, `tests/t${turn}.sql`), `select has_table('app', 'a', 'turn ${turn}');`);
      await scanned(directory, { store });
    }
    const segments = (await readdir(store)).filter((name) => name.endsWith('.segment'));
    expect(segments.length).toBeLessThan(20);
    const again = await scanned(directory, { store });
    expect(again.database.equals((await scanned(directory)).database)).toBe(true);
  });

  it('reads again what could not be read', async () => {
    const [directory, store] = [await project(), fresh('store')];
    await rm(join(directory, 'tests/t4.sql'));
    const tests = Array.from({ length: TESTS }, (_, n) => `tests/t${n}.sql`);
    const broken = await scanned(directory, { store, tests });
    expect(broken.unreadable).toHaveLength(1);
    await writeFile(join(directory, 'tests/t4.sql'), files()['tests/t4.sql']!);
    const mended = await scanned(directory, { store, tests });
    expect(mended.unreadable).toEqual([]);
    expect(mended.database.equals((await scanned(directory, { tests })).database)).toBe(true);
  });

  it('lets nobody else into its folder', async () => {
    const [directory, store] = [await project(), fresh('store')];
    await mkdir(store, { recursive: true });
    // a process that runs as long as this test
    await writeFile(join(store, 'lock'), `${process.ppid}\n`);
    await expect(scanned(directory, { store })).rejects.toMatchObject({
      code: 'STORE',
      file: store,
      message: expect.stringContaining(`process ${process.ppid} works with this folder`),
    });
    await writeFile(join(store, 'lock'), '999999999\n');
    await scanned(directory, { store });
  });

  it.each([
    ['{', 'CORRUPT'],
    ['{"format":"pgtap-cov-store/9"}', 'VERSION'],
  ])('refuses a list that is none: %s', async (text, code) => {
    const [directory, store] = [await project(), fresh('store')];
    await scanned(directory, { store });
    await writeFile(join(store, 'scan.json'), text);
    await expect(scanned(directory, { store })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('remove the folder and scan again'),
    });
  });

  it('names a segment that is gone, and reads nothing into the gap', async () => {
    const [directory, store] = [await project(), fresh('store')];
    await scanned(directory, { store });
    const segment = (await readdir(store)).find((name) => name.endsWith('.segment'))!;
    await rm(join(store, segment));
    await expect(scanned(directory, { store })).rejects.toMatchObject({ code: 'INCOMPLETE' });
  });
});

describe('threads', () => {
  /** So large that threads are worth it. */
  async function large(): Promise<string> {
    const directory = await project();
    for (let n = 0; n < TESTS; n++) {
      const text = files()[`tests/t${n}.sql`]!;
      await writeFile(join(directory, `tests/t${n}.sql`), `${text}${'-- more\n'.repeat(40_000)}`);
      await utimes(join(directory, `tests/t${n}.sql`), 1e9, 1e9);
    }
    return directory;
  }
  const args = (directory: string, database: string) => [
    ...['scan', directory, '--database', database, '--reporter', 'json'],
    ...[...GLOBS.schema.flatMap((glob) => ['--schema', glob]), '--tests', ...GLOBS.tests],
  ];

  it.each([2, 3, 64])('%i give the bytes of one', async (jobs) => {
    const directory = await large();
    const clean = await scanned(directory);
    const [database, store] = [fresh('database'), fresh('store')];
    const { status } = await runCli([...args(directory, database), '--store', store, '-j', String(jobs)]);
    expect(status).toBe(0);
    expect((await readFile(database)).equals(clean.database)).toBe(true);
    // each thread reads a run
    const runs = new Set(
      (await readdir(store)).flatMap((name) => /^(.*)-\d+\.segment$/.exec(name)?.[1] ?? []),
    );
    expect(runs.size).toBe(Math.min(jobs, 7));
    const again = await scanned(directory, { store });
    expect(again.reused).toBe(TESTS + 2);
    expect(again.database.equals(clean.database)).toBe(true);
  });

  it('name each file that cannot be read, and count the rest', async () => {
    const directory = await large();
    for (const n of [4, 20]) await rm(join(directory, `tests/t${n}.sql`));
    const tests = Array.from({ length: TESTS }, (_, n) => ['--tests', `tests/t${n}.sql`]).flat();
    const [one, two] = [fresh('database'), fresh('database')];
    const alone = await runCli([...args(directory, one), ...tests]);
    const both = await runCli([...args(directory, two), ...tests, '-j', '2']);
    expect([alone.status, both.status]).toEqual([3, 3]);
    const lines = (text: string) => text.trim().split('\n').sort();
    expect(lines(both.stderr)).toEqual(lines(alone.stderr));
    expect(both.stderr).toContain('tests/t4.sql');
    expect(both.stderr).toContain('tests/t20.sql');
    expect((await readFile(two)).equals(await readFile(one))).toBe(true);
  });

  it('end with the first failure', async () => {
    const directory = await large();
    const full = await runCli([...args(directory, fresh('database')), '-j', '3', '--store', fresh('store')], {
      shell: 'ulimit -f 1',
    });
    expect(full.stderr).toContain('STORE');
    expect(full.status).toBe(3);
  });

  it('are a number from 1', async () => {
    const directory = await project();
    await expect(scanned(directory, { jobs: 0 })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

describe('a process that is killed', () => {
  const globs = [...GLOBS.schema.flatMap((glob) => ['--schema', glob]), '--tests', ...GLOBS.tests];
  const timeout = 20_000 * MOMENTS;

  /** Kills at moments between the start and the end of a whole run. */
  async function atMoments(
    args: (store: string) => string[],
    check: (store: string) => Promise<void>,
  ): Promise<void> {
    const { time, status, stderr } = await runCli(args(fresh('store')));
    expect([status, stderr.includes('error')]).toEqual([0, false]);
    for (let moment = 0; moment < MOMENTS; moment++) {
      const store = fresh('store');
      await runCli(args(store), { after: (time * (moment + 0.5)) / MOMENTS });
      await check(store);
    }
  }

  /** Another scan of the folder gives the clean bytes, and leaves nothing else there. */
  async function isFinished(directory: string, store: string, clean: Buffer): Promise<void> {
    const again = await scanned(directory, { store });
    expect(again.database.equals(clean)).toBe(true);
    const left = (await readdir(store)).filter((name) => !/\.segment$|^scan\.json$/.test(name));
    expect(left).toEqual([]);
  }

  it('leaves files that it did not finish, and the next scan removes them', async () => {
    const directory = await project();
    const clean = await scanned(directory);
    const store = fresh('store');
    await scanned(directory, { store });
    for (const name of ['scan.json', 'run-1.segment']) {
      await writeFile(join(store, `${name}.0f3c.partial`), 'half of');
    }
    await isFinished(directory, store, clean.database);
  });

  it(`in a scan, at ${MOMENTS} moments, is finished by the next one`, { timeout }, async () => {
    const directory = await project();
    const { database } = await scanned(directory);
    await atMoments(
      (store) => ['scan', directory, '--store', store, '--reporter', 'json', ...globs],
      (store) => isFinished(directory, store, database),
    );
  });

  it(`in a merge of shards, at ${MOMENTS} moments, leaves the shards whole`, { timeout }, async () => {
    const directory = await project();
    const clean = await scanned(directory);
    const shards = [fresh('shard'), fresh('shard')];
    for (const [at, store] of shards.entries()) {
      await scanned(directory, { store, shard: { index: at + 1, count: 2 } });
    }
    await atMoments(
      (database) => ['merge', ...shards, '--database', database, '--reporter', 'json'],
      async (database) => {
        // whole, or not there
        const found = await readFile(database).catch(() => undefined);
        if (found) expect(found.equals(clean.database)).toBe(true);
        const { close } = await mergeShards(shards, { database });
        await close();
        expect((await readFile(database)).equals(clean.database)).toBe(true);
      },
    );
  });

  it(`while it watches, at ${MOMENTS} moments, is finished by the next scan`, { timeout }, async () => {
    const directory = await project();
    for (let moment = 0; moment < MOMENTS; moment++) {
      const store = fresh('store');
      let changed = false;
      const ended = await runCli(
        ['scan', directory, '--store', store, '--watch', '--reporter', 'json', ...globs],
        {
          when: (stderr, kill) => {
            if (changed || !stderr.includes('waiting for changes')) return;
            changed = true;
            const text = `select has_table('app', 'a', 'moment ${moment}');`;
            void writeFile(join(directory, 'tests/t1.sql'), text);
            // some moment of what the change sets off
            setTimeout(kill, 150 + (moment * 300) / MOMENTS);
          },
        },
      );
      expect(ended.status).toBe(null);
      const { database } = await scanned(directory);
      await isFinished(directory, store, database);
    }
  });
});

describe('a disk that is full', () => {
  // sizes of files in KiB that the process may write
  it.each([1, 2, 4])('STORE, status 3, and the next scan is whole: %i KiB', async (size) => {
    const directory = await project();
    const clean = await scanned(directory);
    const [store, database] = [fresh('store'), fresh('database')];
    const args = ['scan', directory, '--store', store, '--database', database, '--tests', ...GLOBS.tests];
    const full = await runCli([...args, '--schema', GLOBS.schema[0]!, '--schema', GLOBS.schema[1]!], {
      shell: `ulimit -f ${size}`,
    });
    expect(full.stderr).toContain('STORE');
    expect(full.status).toBe(3);
    await expect(readFile(database)).rejects.toMatchObject({ code: 'ENOENT' });
    const again = await scanned(directory, { store });
    expect(again.database.equals(clean.database)).toBe(true);
  });
});

describe('shards', () => {
  it('give the database of one run, in any order', async () => {
    const directory = await project();
    const clean = await scanned(directory);
    const stores: string[] = [];
    for (let index = 1; index <= 3; index++) {
      const store = fresh('shard');
      stores.push(store);
      const { run } = await scanned(directory, { store, shard: { index, count: 3 } });
      expect(run.bytes).toBeLessThan(clean.run.bytes);
    }
    // one of them twice, as a job that was run again leaves it
    await cp(stores[1]!, join(folder, 'twice'), { recursive: true });
    for (const order of [stores, [...stores].reverse(), [...stores, join(folder, 'twice')]]) {
      const database = fresh('merged');
      const { close } = await mergeShards(order, { database });
      await close();
      expect((await readFile(database)).equals(clean.database)).toBe(true);
    }
  });

  it('that are missing or of another schema are refused by name', async () => {
    const directory = await project();
    const [one, two] = [fresh('shard'), fresh('shard')];
    await scanned(directory, { store: one, shard: { index: 1, count: 2 } });
    await expect(mergeShards([one])).rejects.toMatchObject({ code: 'INCOMPLETE', file: 'tests/t1.sql' });
    await writeFile(join(directory, 'schema/parts/view.sql'), 'create view app.v as select 1 as id;\n');
    await scanned(directory, { store: two, shard: { index: 2, count: 2 } });
    await expect(mergeShards([one, two])).rejects.toMatchObject({ code: 'CONFIG', file: 'schema/2.sql' });
    await scanned(directory, {
      store: two,
      shard: { index: 2, count: 2 },
      rules: [{ name: 'x', role: 'y' }],
    });
    await expect(mergeShards([one, two])).rejects.toMatchObject({ code: 'CONFIG', file: two });
    await expect(mergeShards([folder])).rejects.toMatchObject({ code: 'INPUT', file: folder });
    await expect(scanned(directory, { shard: { index: 1, count: 2 } })).rejects.toMatchObject({
      code: 'CONFIG',
    });
  });
});
