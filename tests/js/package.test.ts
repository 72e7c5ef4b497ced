import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, installed, run, type Installed, type Packed } from './support/installed.js';
import { makeProject, SAMPLE } from './support/sample.js';

const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));

let package_: Installed;
let packed: Packed;
let app: string;
let write: Installed['write'];

beforeAll(async () => {
  package_ = await installed();
  ({ packed, app, write } = package_);
});
afterAll(() => package_.remove());

/** The program as npm linked it. */
const cli = (...args: string[]) => attempt(join(app, 'node_modules/.bin/pgtap-cov'), args, app);

describe('the archive', () => {
  it('holds what runs, its types and the licences, and no sources', () => {
    const paths = packed.files.map((file) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'LICENSE-APACHE',
        'LICENSE-MIT',
        'README.md',
        'cli/main.js',
        'config.schema.json',
        'reports/viewer.html',
        'wasm/pgtap_cov.js',
        'wasm/pgtap_cov_bg.wasm',
        'www/index.html',
      ]),
    );
    const foreign = paths.filter(
      (path) => !/(\.js|\.d\.ts|\.md|^package\.json|^config\.schema\.json|^LICENSE-\w+)$/.test(path),
    );
    expect(foreign.filter((path) => !/^(wasm\/|www\/|reports\/viewer\.html$)/.test(path))).toEqual([]);
    expect(paths.filter((path) => /\.test\.|\.map$|(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  it('is small without the viewer', async () => {
    const rest = join(app, 'without-viewer');
    await cp(join(app, 'node_modules/pgtap-cov'), rest, { recursive: true });
    await rm(join(rest, 'www'), { recursive: true });
    await rm(join(rest, 'reports/viewer.html'));
    const { stdout } = await run('npm', ['pack', '--json', '--dry-run'], rest);
    const [{ size, files }] = JSON.parse(stdout) as [Packed];
    expect(files.map(({ path }) => path)).toContain('wasm/pgtap_cov_bg.wasm');
    expect(size).toBeLessThan(600_000);
  });

  it('brings few packages with it', async () => {
    const lock = JSON.parse(await readFile(join(app, 'package-lock.json'), 'utf8')) as { packages: object };
    const packages = Object.keys(lock.packages).filter((path) => path !== '');
    expect(packages).toContain('node_modules/pgtap-cov');
    expect(packages.length).toBeLessThan(60);
  });

  it('has every file that its manifest names', async () => {
    const manifest = JSON.parse(await readFile(join(app, 'node_modules/pgtap-cov/package.json'), 'utf8'));
    const named = [manifest.bin, manifest.exports].flatMap(leaves);
    expect(named.length).toBeGreaterThan(5);
    const paths = packed.files.map((file) => `./${file.path}`);
    expect(named.filter((path) => !paths.includes(path))).toEqual([]);
  });
});

/** The strings in a manifest's value, however deep. */
function leaves(value: string | Record<string, unknown>): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value).flatMap((inner) => leaves(inner as string | Record<string, unknown>));
}

describe('the installed program', () => {
  it('says its version', async () => {
    const cargo = await readFile(new URL('../../Cargo.toml', import.meta.url), 'utf8');
    const version = /^version = "(.*)"$/m.exec(cargo)![1];
    expect(await cli('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('scans a project and writes reports', async () => {
    const project = await makeProject();
    const out = join(project, 'coverage');
    const result = await cli('scan', project, '--reporter', 'text', '--reporter', 'html', '--out', out);
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/^table +2 +1 +0 +50\.0%$/m);
    expect(await readFile(join(out, 'html/index.html'), 'utf8')).toContain('20240101000000_init.sql');
  });

  it('ends with the documented status', async () => {
    expect((await cli('scan', join(app, 'missing'))).status).toBe(3);
    expect((await cli('scan', '--nonsense')).status).toBe(2);
  });

  it('names the file that is no text', async () => {
    const project = await makeProject();
    const file = 'supabase/tests/binary.sql';
    await writeFile(join(project, file), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe, 0]));
    const result = await cli('scan', project);
    expect(result.status).toBe(3);
    expect(result.stderr).toContain(file);
  });

  it('names the database that is cut short', async () => {
    const project = await makeProject();
    const database = join(project, 'coverage.ptc');
    expect((await cli('scan', project, '--database', database)).status).toBe(0);
    expect((await cli('report', database)).stdout).toMatch(/^table +2 +1 +0 +50\.0%$/m);
    const bytes = await readFile(database);
    await writeFile(database, bytes.subarray(0, bytes.length - 1));
    const result = await cli('report', database);
    expect(result.status).toBe(4);
    expect(result.stderr).toContain(database);
  });
});

describe('the installed program in a container', () => {
  it('needs no terminal, no home and no folder to write to', async () => {
    const project = await makeProject();
    await chmod(project, 0o555);
    const env = { PATH: process.env.PATH, CI: '1' };
    const program = join(app, 'node_modules/.bin/pgtap-cov');
    // nobody, not even root, can write a file to /proc
    for (const cwd of ['/proc', project]) {
      const { status, stdout, stderr } = await attempt(
        program,
        ['scan', project, '--fail-under', '50'],
        cwd,
        env,
      );
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^pgtap-cov: Supabase.*\npgtap-cov: failed: [^\n]*\n$/),
      });
      expect(stdout).toMatch(/^total +3 +1 +0 +33\.3%$/m);
      expect(stdout + stderr).not.toMatch(/[\x1b\r]/);
    }
    const home = await attempt(program, ['scan', project], project, { ...env, HOME: '/nonexistent' });
    expect(home.status).toBe(0);
  });
});

describe('what a command loads', () => {
  /** The packages that a run of the program loads, by Node's record of coverage. */
  async function loaded(...args: string[]): Promise<string[]> {
    const folder = await mkdtemp(join(app, 'loaded-'));
    await attempt(join(app, 'node_modules/.bin/pgtap-cov'), args, app, {
      ...process.env,
      NODE_V8_COVERAGE: folder,
    });
    const names = new Set<string>();
    for (const file of await readdir(folder)) {
      const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as {
        result: { url: string }[];
      };
      for (const { url } of result) {
        const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
        if (name !== undefined && name !== 'pgtap-cov') names.add(name);
      }
    }
    expect(names).toContain('commander');
    return Array.from(names).filter((name) => name !== 'commander');
  }
  const GLOBS = ['fdir', 'lilconfig', 'picomatch', 'tinyglobby'];

  it('is what it uses', async () => {
    const project = await makeProject();
    const [schema, tests] = Object.keys(SAMPLE).map((path) => join(project, path));
    const database = join(project, 'coverage.ptc');
    const store = join(project, 'store');
    const scanned = await loaded('scan', project, '--database', database, '--store', store);
    expect(scanned.sort()).toEqual(['lilconfig', 'picocolors']);
    const commands: [string[], string[]][] = [
      [['--version'], []],
      [['--help'], []],
      [['assertions', tests!], []],
      [['diff', database, database], []],
      [['inventory', schema!], []],
      [['scan', project, '--reporter', 'json', '--schema', '**/migrations/*.sql'], GLOBS],
      [
        ['merge', store],
        ['lilconfig', 'picocolors'],
      ],
      [
        ['report', database, '--root', project],
        ['lilconfig', 'picocolors'],
      ],
      [['gaps', database, '--root', project], ['lilconfig']],
      [['report', database, '--reporter', 'json'], ['lilconfig']],
      [['report', database, '--reporter', 'ndjson'], ['lilconfig']],
      [['report', database, '--reporter', 'sarif'], ['lilconfig']],
      [['report', database, '--reporter', 'markdown'], ['lilconfig']],
      [['report', database, '--reporter', 'lcov'], ['lilconfig']],
      [['report', database, '--reporter', 'cobertura'], ['lilconfig']],
    ];
    for (const [args, packages] of commands)
      expect([args[0], args.at(-1), (await loaded(...args)).sort()]).toEqual([
        args[0],
        args.at(-1),
        packages,
      ]);
  });
});

describe('the installed library', () => {
  it('gives one report for one push, for single bytes, and for the smallest arena', async () => {
    const script = await write(
      'invariants.mjs',
      `import { Analyzer, Coverage, MemoryStore, merge } from 'pgtap-cov';
async function report(step, arenaBytes) {
  const store = new MemoryStore();
  const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment), limits: { arenaBytes } });
  for (const [path, content] of Object.entries(${JSON.stringify(SAMPLE)})) {
    await analyzer.begin({ path, role: path.includes('/tests/') ? 'tests' : 'schema' });
    const bytes = new TextEncoder().encode(content);
    for (let at = 0; at < bytes.length; at += step) await analyzer.push(bytes.subarray(at, at + step));
    await analyzer.end();
  }
  const { manifest } = await analyzer.finish();
  analyzer.free();
  const chunks = [];
  await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
  const coverage = await Coverage.open(Buffer.concat(chunks));
  const objects = [];
  for await (const object of coverage.iterate()) objects.push(object);
  return JSON.stringify([await coverage.summary(), objects]);
}
const whole = await report(Infinity, undefined);
console.log(JSON.stringify([await report(1, undefined) === whole, await report(1, 65536) === whole, whole.length > 500]));
`,
    );
    expect(JSON.parse((await run('node', [script], app)).stdout)).toEqual([true, true, true]);
  });

  it('gives the figures of the program', async () => {
    const script = await write(
      'figures.mjs',
      `import { Analyzer, Coverage, MemoryStore, merge } from 'pgtap-cov';
const store = new MemoryStore();
const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment) });
for (const [path, content] of Object.entries(${JSON.stringify(SAMPLE)})) {
  await analyzer.begin({ path, role: path.includes('/tests/') ? 'tests' : 'schema' });
  await analyzer.push(content);
  await analyzer.end();
}
const { manifest } = await analyzer.finish();
analyzer.free();
const chunks = [];
await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
const coverage = await Coverage.open(Buffer.concat(chunks));
const { totals, kinds } = await coverage.summary();
await coverage.close();
console.log(JSON.stringify({ totals, kinds }));
`,
    );
    const { stdout } = await run('node', [script], app);
    const figures = JSON.parse(stdout);
    const report = JSON.parse((await cli('scan', await makeProject(), '--reporter', 'json')).stdout);
    expect(report.totals.objects).toBe(3);
    expect(figures).toMatchObject({ totals: report.totals, kinds: report.kinds });
  });

  it('has its entries and nothing else', async () => {
    const script = await write(
      'entries.mjs',
      `import * as main from 'pgtap-cov';
import * as node from 'pgtap-cov/node';
import * as browser from 'pgtap-cov/browser';
const names = (entry, more) => more.filter((name) => typeof entry[name] === 'function');
console.log(JSON.stringify({
  shared: Object.keys(main).every((name) => node[name] === main[name] && browser[name] === main[name]),
  node: names(node, ['FsStore', 'scanProject']),
  browser: names(browser, ['filesOf', 'FsStore']),
  manifest: import.meta.resolve('pgtap-cov/package.json').endsWith('/pgtap-cov/package.json'),
  inner: await import('pgtap-cov/wasm.js').catch((error) => error.code),
  module: await main.init(new URL(import.meta.resolve('pgtap-cov/wasm'))).then(() => 'loaded'),
}));
`,
    );
    expect(JSON.parse((await run('node', [script], app)).stdout)).toEqual({
      shared: true,
      node: ['FsStore', 'scanProject'],
      browser: ['filesOf'],
      manifest: true,
      inner: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      module: 'loaded',
    });
  });

  it.each(['nodenext', 'bundler'])('has types that hold under %s resolution', async (resolution) => {
    const consumer = (wrong: boolean) => `import { Analyzer, type Manifest, type Segment } from 'pgtap-cov';
import { scan } from 'pgtap-cov/browser';
import { FsStore } from 'pgtap-cov/node';
const store = new FsStore('segments');
export const analyzer = new Analyzer({ onSegment: (segment: Segment) => store.put(segment) });
export const finished: Promise<{ manifest: Manifest }> = analyzer.finish();
export const used: ${wrong ? 'string' : 'number'} = analyzer.memory.usedBytes;
export type Scan = typeof scan;
`;
    await write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          types: [],
          lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
          target: 'ES2023',
          module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
          moduleResolution: resolution,
        },
        files: ['consumer.ts'],
      }),
    );
    await write('consumer.ts', consumer(false));
    expect(await attempt(tsc, ['-p', app], app)).toEqual({ status: 0, stdout: '', stderr: '' });
    await write('consumer.ts', consumer(true));
    expect((await attempt(tsc, ['-p', app], app)).stdout).toContain('TS2322');
  });
});
