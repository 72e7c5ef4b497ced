import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analyzer, Coverage, CoverageError, includedPaths, MemoryStore, merge } from '../../js/index.js';
import { includesOf, scan, sourcesOf } from '../../js/browser.js';
import { scanProject } from '../../js/scan-project.js';
import type { AnalyzerOptions } from '../../js/analyzer.js';
import { makeProject } from './support/sample.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream of these texts, chunk by chunk. */
const stream = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes(chunk));
      controller.close();
    },
  });

const schema = { path: 'schema.sql', role: 'schema' } as const;
const source = { path: 'tests/a.sql', role: 'tests' } as const;
const calls = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `select has_table('table_number_${from + n}');\n`).join('');

/** What the tables are after these sources. */
async function tables(options: Partial<AnalyzerOptions>, test: (analyzer: Analyzer) => Promise<unknown>) {
  const store = new MemoryStore();
  const analyzer = new Analyzer({
    onSegment: ({ id, bytes }) => store.put({ id, bytes }),
    limits: { arenaBytes: 65536 },
    ...options,
  });
  await analyzer.begin(schema);
  await analyzer.push('create table a (); create table b (); create table c ();');
  await analyzer.end();
  await test(analyzer);
  const { manifest } = await analyzer.finish();
  analyzer.free();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const write = (chunk: Uint8Array) => void chunks.push(chunk as Uint8Array<ArrayBuffer>);
  const summary = await merge({ segments: [store], manifest, write });
  const coverage = await Coverage.open(new Blob(chunks));
  const page = await coverage.objects({ kind: ['table'], limit: 10 });
  const files = await coverage.files({ limit: 100 });
  return {
    states: page.rows.map((row) => `${row.name} ${row.state}`),
    files: files.rows.map((row) => row.path),
    diagnostics: (await coverage.diagnostics({ limit: 100 })).rows.map(
      (row) => `${row.file}:${row.line} ${row.code}`,
    ),
    summary,
  };
}

describe('onInclude', () => {
  it('supplies files, which may include others, in the session of the source', async () => {
    const asked: unknown[] = [];
    const files: Record<string, string> = {
      'lib/setup.sql': '\\set name b\n\\ir more.sql',
      'lib/more.sql': "select has_table(:'name', 'x');",
    };
    const found = await tables(
      {
        onInclude: async (path, relative, from) => {
          asked.push([path, relative, from]);
          const file = includedPaths(path, relative, from)[0]!;
          return files[file] === undefined ? null : stream(...files[file].split(/(?<= )/));
        },
      },
      (analyzer) =>
        analyzer.pipe(
          source,
          stream(
            '\\i lib/se',
            "tup.sql\nselect has_table('a', 'x');\n\\i gone.sql\nselect has_ta",
            "ble('c', 'x');",
          ),
        ),
    );
    expect(asked).toEqual([
      ['lib/setup.sql', false, 'tests/a.sql'],
      ['more.sql', true, 'lib/setup.sql'],
      ['gone.sql', false, 'tests/a.sql'],
    ]);
    expect(found.states).toEqual(['a asserted', 'b asserted', 'c asserted']);
    expect(found.files).toEqual(['schema.sql', 'tests/a.sql', 'lib/more.sql', 'lib/setup.sql']);
    expect(found.diagnostics).toEqual(['tests/a.sql:3 include-not-read']);
    expect(found.summary.problems).toEqual(['included files not read: 1; what they hold is missing']);
  });

  it('may name the file', async () => {
    const found = await tables(
      {
        onInclude: async (path) => ({
          path: `elsewhere${path}`,
          stream: stream("select has_table('a', 'x')"),
        }),
      },
      (analyzer) => analyzer.pipe(source, stream('\\i /x.sql')),
    );
    expect(found.files.at(-1)).toBe('elsewhere/x.sql');
    expect(found.states[0]).toBe('a asserted');
  });

  it('is not asked without being given', async () => {
    const found = await tables({}, (analyzer) => analyzer.pipe(source, stream('\\i x.sql\nselect pass();')));
    expect(found.diagnostics).toEqual(['tests/a.sql:1 include-not-read']);
  });

  it.each([1, 2, 5])('loses nothing where every %ith segment is refused once', async (every) => {
    const files: Record<string, string> = {
      'b.sql': `${calls(0, 900)}\\i c.sql\n${calls(900, 900)}`,
      'c.sql': calls(1800, 900),
    };
    const onInclude = async (path: string) => stream(...files[path]!.match(/.{1,9000}/gs)!);
    const work = (retry: boolean) => {
      const store = new MemoryStore();
      let offers = 0;
      const options: Partial<AnalyzerOptions> = {
        onInclude,
        onSegment: ({ id, bytes }) => {
          if (retry && ++offers % (every + 1) !== 0) throw new Error('full');
          return store.put({ id, bytes });
        },
      };
      return { store, options };
    };
    const run = async (retry: boolean) => {
      const { store, options } = work(retry);
      const analyzer = new Analyzer({
        ...options,
        run: '7'.repeat(32),
        limits: { arenaBytes: 65536 },
      } as AnalyzerOptions);
      let refused = 0;
      const until = async <T>(call: () => Promise<T>, again: () => Promise<T>): Promise<T> => {
        for (let next = call; ; next = again) {
          try {
            return await next();
          } catch (error) {
            if ((error as CoverageError).code !== 'STORE') throw error;
            refused += 1;
          }
        }
      };
      await analyzer.begin(source);
      await until(
        () => analyzer.push(`\\i b.sql\n${calls(2700, 900)}\\i b.sql`),
        () => analyzer.push(''),
      );
      const end = () => analyzer.end();
      await until(end, end);
      const finish = () => analyzer.finish();
      const { manifest } = await until(finish, finish);
      analyzer.free();
      const chunks: Uint8Array[] = [];
      await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
      return { refused, manifest, database: Buffer.concat(chunks) };
    };
    const [clean, retried] = [await run(false), await run(true)];
    expect(retried.refused).toBeGreaterThan(3);
    expect(retried.manifest).toEqual(clean.manifest);
    expect(retried.database.equals(clean.database)).toBe(true);
  });

  it('that fails, or whose stream fails, makes the source unreadable', async () => {
    const broken = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new Error('unplugged'));
        },
      });
    const hosts: [AnalyzerOptions['onInclude'], Partial<CoverageError>][] = [
      [() => Promise.reject(new Error('no permission')), { code: 'INPUT', file: 'tests/a.sql' }],
      [async () => broken(), { code: 'INPUT', file: 'x.sql' }],
      [async () => stream('select 1;\n\0'), { code: 'INPUT', file: 'x.sql', line: 2 }],
    ];
    for (const [onInclude, expected] of hosts) {
      const found = await tables({ onInclude: onInclude! }, async (analyzer) => {
        const piped = analyzer.pipe(source, stream("select has_table('a', 'x');\n\\i x.sql\n"));
        await expect(piped).rejects.toMatchObject(expected);
        await analyzer.pipe({ ...source, path: 'b.sql' }, stream("select has_table('b', 'x');"));
      });
      expect(found.states).toEqual(['a gap', 'b asserted', 'c gap']);
      expect(found.summary.complete).toBe(false);
    }
  });
});

describe('a project', () => {
  const files: Record<string, string> = {
    'supabase/migrations/1_a.sql': 'create table a ();\n\\ir parts/b.sql\n',
    'supabase/migrations/parts/b.sql': 'create table b ();',
    'supabase/tests/a.test.sql':
      'begin;\n\\ir ../lib/setup.sql\n\\i supabase/lib/other.sql\n\\i ../../../outside.sql\n\\ir link.sql\n',
    'supabase/lib/setup.sql': "select has_table('public', 'a', 'x');",
    'supabase/lib/other.sql': "select has_table('public', 'b', 'x');",
  };

  it('has the files that its sources include, and none outside of it', async () => {
    const directory = await makeProject(files);
    const outside = join(dirname(directory), `${Math.random()}.sql`);
    await writeFile(outside, "select has_table('public', 'c', 'x');");
    await mkdir(join(directory, 'supabase/tests'), { recursive: true });
    await symlink(outside, join(directory, 'supabase/tests/link.sql'));
    const scanned = await scanProject(directory, { schema: ['supabase/migrations/*.sql'] });
    const page = await scanned.coverage.objects({ kind: ['table'], limit: 10 });
    expect(
      page.rows.map((row) => `${row.name} ${row.defined.file}:${row.defined.line} ${row.state}`),
    ).toEqual(['a supabase/migrations/1_a.sql:1 asserted', 'b supabase/migrations/parts/b.sql:1 asserted']);
    const said = await scanned.coverage.diagnostics({ limit: 10 });
    expect(said.rows.map((row) => `${row.file}:${row.line} ${row.code}`)).toEqual([
      'supabase/tests/a.test.sql:4 include-not-read',
      'supabase/tests/a.test.sql:5 include-not-read',
    ]);
    expect(scanned.source('supabase/lib/setup.sql')).toContain('has_table');
    expect(scanned.source('supabase/tests/link.sql')).toBeDefined();
    await scanned.close();
    await rm(outside);
  });

  it('in a browser has those of its folder', async () => {
    const folder = Object.entries(files).map(([path, text]) => ({ path, blob: () => new Blob([text]) }));
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const { summary } = await scan({
      sources: sourcesOf(folder, {
        schema: ['supabase/migrations/1_a.sql'],
        tests: ['supabase/tests/a.test.sql'],
      }),
      onInclude: includesOf(folder),
      store: new MemoryStore(),
      write: (chunk) => void chunks.push(chunk as Uint8Array<ArrayBuffer>),
    });
    expect(summary.kinds['table']).toMatchObject({ objects: 2, asserted: 2 });
    expect(summary.files).toBe(5);
  });
});

it('looks for included files where psql would, then beside the includer', () => {
  expect(includedPaths('x.sql', true, 'a/b/c.sql')).toEqual(['a/b/x.sql']);
  expect(includedPaths('../x.sql', true, 'a/b/c.sql')).toEqual(['a/x.sql']);
  expect(includedPaths('./x.sql', false, 'c.sql')).toEqual(['x.sql']);
  expect(includedPaths('t/x.sql', false, 'a/c.sql')).toEqual(['t/x.sql', 'a/t/x.sql']);
  expect(includedPaths('../../x.sql', true, 'a/c.sql')).toEqual(['../x.sql']);
  expect(includedPaths('/etc/passwd', true, 'a/c.sql')).toEqual(['/etc/passwd']);
});
