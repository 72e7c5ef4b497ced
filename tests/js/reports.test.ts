import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, safePath } from '../../js/reports/html.js';
import { reporters } from '../../js/reports/index.js';
import { json } from '../../js/reports/json.js';
import { lcov } from '../../js/reports/lcov.js';
import { visible } from '../../js/reports/names.js';
import type { ReportInput, Style, TextReporter } from '../../js/reports/report.js';
import { text } from '../../js/reports/text.js';
import { fakeCoverage, object, type Rows } from './support/fake-coverage.js';

const defined = (line: number, file = 'db/schema.sql') => ({ defined: { file, line } });

const shop: Rows = {
  objects: [
    object({ kind: 'column', name: 'orders', sub: 'id', state: 'gap', ...defined(3) }),
    object({
      kind: 'function',
      name: 'pay',
      args: 'uuid, integer',
      state: 'exercised',
      act: 2,
      ...defined(9),
    }),
    object({
      kind: 'function',
      name: 'refund',
      state: 'gap',
      reason: 'only as fixture at t/a.sql:4',
      ...defined(12),
    }),
    object({ kind: 'policy', name: 'orders', sub: 'own rows', state: 'declared', ...defined(20) }),
    object({
      kind: 'table',
      name: 'orders',
      state: 'asserted',
      structure: 1,
      aspects: ['exists'],
      ...defined(2),
    }),
  ],
  evidence: (key) =>
    key.name === 'pay'
      ? [1, 2, 3].map((line) => ({
          file: 't/a.sql',
          line,
          via: 'is(integer)',
          aspect: 'called',
          strength: 'behavior',
        }))
      : [],
  files: [
    { path: 'db/schema.sql', role: 'schema', bytes: 400, hash: 'h', assertions: 0, unresolved: 0 },
    { path: 'db/empty.sql', role: 'schema', bytes: 0, hash: 'h', assertions: 0, unresolved: 0 },
    { path: 't/a.sql', role: 'tests', bytes: 90, hash: 'h', plan: 3, assertions: 3, unresolved: 2 },
  ],
  diagnostics: [
    { code: 'unknown', severity: 'info', file: 't/a.sql', line: 7, message: 'no such function' },
    { code: 'plan', severity: 'warning', file: 't/a.sql', line: 1, message: 'planned 3, found 4' },
  ],
  stale: [{ ...keyOf('table', 'ordres'), file: 't/a.sql', line: 8, via: 'has_table(name)' }],
};

function keyOf(kind: string, name: string) {
  return { kind, schema: 'public', name, sub: '', args: '' };
}

function input(rows: Rows, extra: Partial<ReportInput> = {}): ReportInput {
  return { coverage: fakeCoverage(rows), source: () => undefined, ...extra };
}

async function written(reporter: TextReporter, of: ReportInput, style: Partial<Style> = {}): Promise<string> {
  let all = '';
  await reporter.write(of, (piece) => void (all += piece), { colour: false, width: 80, ...style });
  return all;
}

describe('text', () => {
  it('has a row for every kind and the headline total, in at most 80 columns', async () => {
    const report = await written(text, input(shop));
    const table = report.slice(0, report.indexOf('Not covered'));
    expect(table).toMatch(/^function +2 +1 +1 +50\.0%$/m);
    expect(table).toMatch(/^total +4 +2 +1 +50\.0%$/m);
    expect(table).toMatch(/^column +1 +0 +0 +0\.0%$/m);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has the other states, too, where there is room', async () => {
    const table = (await written(text, input(shop), { width: 100 })).split('\n\n')[0]!;
    expect(table).toMatch(/^kind +objects +covered +exercised +asserted +declared +gap +percent$/m);
    expect(table).toMatch(/^total +4 +2 +1 +1 +1 +1 +50\.0%$/m);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('shows the first ten of a list and how to see the others', async () => {
    const tables = Array.from({ length: 13 }, (_, at) =>
      object({
        kind: 'table',
        name: `t${at}`,
        state: 'gap',
        reason: 'no test names it',
        ...defined(at, 'a.sql'),
      }),
    );
    const routine = object({ kind: 'function', name: 'f', state: 'gap', ...defined(20, 'a.sql') });
    const report = await written(text, input({ objects: [...tables, routine] }));
    expect(report).toContain('Not covered: 14\n  a.sql:0  table public.t0\n');
    expect(report).toContain(
      'table public.t9\n  … 3 more: pgtap-cov gaps --kind table\n  a.sql:20  function public.f',
    );
  });

  it('lists gaps with their place and reason, stale evidence, diagnostics and blind spots', async () => {
    const report = await written(text, input(shop));
    expect(report).toContain('Not covered: 2\n');
    expect(report).toContain('  db/schema.sql:12  function public.refund() - only as fixture at t/a.sql:4\n');
    expect(report).toContain(
      '  db/schema.sql:20  policy public.orders.own rows - only its existence is tested\n',
    );
    expect(report).not.toContain('function public.pay');
    expect(report).toContain('column 1');
    expect(report).toContain('  t/a.sql:8  table public.ordres by has_table(name)\n');
    expect(report).toContain('  t/a.sql:1  warning plan: planned 3, found 4\n');
    expect(report).toContain('Notes: 1');
    expect(report).toContain('Blind spots: 2 calls');
  });

  it('says what is missing from incomplete figures', async () => {
    const report = await written(text, input({ ...shop, problems: ['t/b.sql was abandoned: gone'] }));
    expect(report).toContain('INCOMPLETE');
    expect(report).toContain('  t/b.sql was abandoned: gone\n');
    expect(await written(text, input(shop))).not.toContain('INCOMPLETE');
  });

  it('has no percentage where there is nothing to cover', async () => {
    expect(await written(text, input({ objects: [] }))).toMatch(/^total +0 +0 +0 +-$/m);
  });

  it('folds what a terminal has no room for, and leaves a pipe its rows', async () => {
    const why = 'the function public.somewhere_else, which tests exercise, reaches it';
    const gap = object({ kind: 'table', name: 'a_name', state: 'gap', reason: why, ...defined(3) });
    const unfolded = `  db/schema.sql:3  table public.a_name - ${why}`;
    const lines = async (style: Partial<Style>) => {
      const all = (await written(text, input({ objects: [gap] }), style)).split('\n');
      return all.slice(all.indexOf('Not covered: 1') + 1).filter((line) => line !== '');
    };
    expect(await lines({ width: 40 })).toEqual([unfolded]);
    expect(await lines({ width: unfolded.length, folds: true })).toEqual([unfolded]);
    expect(await lines({ width: 40, folds: true })).toEqual([
      '  db/schema.sql:3',
      '      table public.a_name - the function',
      '      public.somewhere_else, which tests',
      '      exercise, reaches it',
    ]);
  });

  it('is coloured only when asked', async () => {
    expect(await written(text, input(shop))).not.toContain('\x1b');
    expect(await written(text, input(shop), { colour: true })).toContain('\x1b[');
  });

  it('lets no name control the terminal', async () => {
    const evil = '\x1b[2J\x07\r\n\u202e\u2028\x9b31m';
    const rows: Rows = {
      objects: [object({ kind: 'table', name: evil, state: 'gap', reason: evil, ...defined(1, evil) })],
      stale: [{ ...keyOf('table', evil), file: evil, line: 1, via: evil }],
      diagnostics: [{ code: evil, severity: 'error', file: evil, line: 1, message: evil }],
      problems: [evil],
    };
    expect(await written(text, input(rows))).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
    expect(visible(`${evil}\ud83d`)).toBe('\\x1b[2J\\x07\\x0d\\x0a\\u{202e}\\u{2028}\\x9b31m\\u{d83d}');
    expect(visible('naïve 名前 😀 a\\b')).toBe('naïve 名前 😀 a\\b');
  });
});

describe('json', () => {
  it('is one object with its keys in the documented order', async () => {
    const report = JSON.parse(await written(json, input(shop)));
    const keys = [
      'format',
      'complete',
      'problems',
      'totals',
      'kinds',
      'objects',
      'matrix',
      'stale',
      'diagnostics',
      'files',
    ];
    expect(Object.keys(report)).toEqual(keys);
    expect(report.format).toBe('pgtap-cov/1');
    expect(report.totals).toEqual({ objects: 4, covered: 2, exercised: 1, percent: 50 });
    expect(Object.keys(report.kinds)).toEqual(['table', 'function', 'policy', 'column']);
    expect(report.objects).toHaveLength(5);
    expect(Object.keys(report.objects[2])).toEqual(
      'kind schema name sub args defined state structure behavior act fixture aspects reason evidence'.split(
        ' ',
      ),
    );
    expect(report.objects[1].evidence.map((row: { line: number }) => row.line)).toEqual([1, 2, 3]);
    const { hash: _, ...file } = shop.files![2]!;
    expect(report.files[2]).toEqual(file);
    expect(report.files[0]).not.toHaveProperty('plan');
    expect(report.stale[0].name).toBe('ordres');
  });

  it('has figures of the run only from a scan', async () => {
    const run = { bytes: 1, records: 2, segments: 3, arenaBytes: 4, linearBytes: 5 };
    expect(JSON.parse(await written(json, input(shop, { run }))).run).toEqual(run);
    expect(JSON.parse(await written(json, input(shop)))).not.toHaveProperty('run');
  });

  it('carries hostile names as data', async () => {
    const names = ['__proto__', 'constructor', '"},{"', '\0\ud83d', '</script>'];
    const objects = names.map((name) => object({ kind: 'table', name, state: 'gap' }));
    const report = JSON.parse(await written(json, input({ objects })));
    expect(report.objects.map((row: { name: string }) => row.name)).toEqual(names);
  });

  it('is valid without any row', async () => {
    expect(JSON.parse(await written(json, input({ objects: [] }))).objects).toEqual([]);
  });
});

describe('lcov', () => {
  it('has definitions as lines, routines and triggers as functions', async () => {
    const report = await written(lcov, input(shop));
    const file = report.slice(report.indexOf('SF:db/schema.sql'));
    expect(file).toContain('FN:9,function public.pay(uuid;integer)\n');
    expect(file).toContain('FNDA:3,function public.pay(uuid;integer)\n');
    expect(file).toContain('FNDA:0,function public.refund()\n');
    expect(file).toContain('FNF:2\nFNH:1\n');
    expect(file).toMatch(/DA:2,1\nDA:3,0\nDA:9,3\nDA:12,0\nDA:20,0\nLF:5\nLH:2\n/);
    expect(report).toContain('SF:db/empty.sql');
    expect(report).not.toContain('t/a.sql');
  });

  it('keeps one record a line whatever the names are', async () => {
    const name = 'x\nend_of_record\nSF:forged';
    const rows = { objects: [object({ kind: 'function', name, state: 'gap', ...defined(1, `__proto__`) })] };
    const report = await written(lcov, input(rows));
    expect(report.match(/^SF:.*$/gm)).toEqual(['SF:__proto__']);
    expect(report.match(/^end_of_record$/gm)).toHaveLength(1);
  });
});

describe('html', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgtap-cov-html-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('shows the schema files with what is not covered', async () => {
    const out = join(directory, 'shop');
    const source = (path: string) =>
      path === 'db/schema.sql' ? '-- shop\ncreate table orders (\n  id int\n);\n' : undefined;
    await html.write(input(shop, { source }), out);
    expect(await readFile(join(out, 'html/index.html'), 'utf8')).toContain('schema.sql.html');
    const page = await readFile(join(out, 'html/schema.sql.html'), 'utf8');
    expect(page).toContain('create table orders');
    expect(page).toMatch(/<span class="cstat-no"[^>]*>[^<]*id int/);
    expect(await readFile(join(out, 'html/empty.sql.html'), 'utf8')).toContain('The source is not at hand.');
  });

  it('carries no live markup and writes nothing outside its folder', async () => {
    const out = join(directory, 'evil', 'deep', 'down');
    const evil = '<img src=x onerror=alert(1)>';
    const paths = [
      evil,
      `../../${evil}/x`,
      '../../../escape.sql',
      '/abs.sql',
      'javascript:alert(1)//x',
      '__proto__',
      'a/index',
      '',
    ];
    const source = () => `${evil}\n\u0001img src=x onerror=alert(1)\u0002\n"'&lt;`;
    const objects = paths.map((path) =>
      object({ kind: 'function', name: evil, state: 'gap', ...defined(1, path) }),
    );
    await html.write(input({ objects }, { source }), out);
    const outside = await readdir(join(directory, 'evil'), { recursive: true });
    expect(outside.filter((path) => !path.startsWith(join('deep', 'down', 'html')))).toEqual([
      'deep',
      join('deep', 'down'),
    ]);
    const pages = (await readdir(out, { recursive: true })).filter((path) => path.endsWith('.html'));
    expect(pages.filter((path) => !path.endsWith('index.html') || path.includes('=index'))).toHaveLength(
      paths.length,
    );
    for (const path of pages) {
      const page = await readFile(join(out, path), 'utf8');
      expect(page).not.toMatch(/<img/i);
      expect(page).not.toMatch(/(href|src)=["']\s*javascript:/i);
    }
  });

  it('links to files that exist', async () => {
    const out = join(directory, 'links');
    const paths = ['a b/c+d.sql', 'a b/ünï.sql', 'x/#hash?.sql', 'x/50%.sql', 'x/y/z.sql', 'top.sql'];
    const objects = paths.map((path) =>
      object({ kind: 'table', name: 't', state: 'gap', ...defined(1, path) }),
    );
    await html.write(input({ objects }), out);
    const pages = (await readdir(out, { recursive: true })).filter((path) => path.endsWith('.html'));
    expect(pages.length).toBeGreaterThan(paths.length);
    const known = new Set((await readdir(out, { recursive: true })).map((path) => join(out, path)));
    for (const path of pages) {
      const page = await readFile(join(out, path), 'utf8');
      for (const [, href] of page.matchAll(/(?:href|src)="([^"#]+)"/g)) {
        if (!href!.startsWith('https:'))
          expect(known).toContain(join(out, path, '..', decodeURIComponent(href!)));
      }
    }
  });

  it('names different paths differently', () => {
    const paths = ['a', '=61.', '../a', './a', '/a', 'a/', '...', '<', '=3c.', '__proto__', '=5f._proto__'];
    expect(new Set(paths.map(safePath)).size).toBe(paths.length);
    expect(safePath('supabase/migrations/20240101_init.sql')).toBe('supabase/migrations/20240101_init.sql');
  });
});

describe('the list of reporters', () => {
  it('loads each under its name', async () => {
    expect(Array.from(reporters.keys())).toEqual([
      'text',
      'json',
      'ndjson',
      'lcov',
      'cobertura',
      'clover',
      'istanbul',
      'json-summary',
      'html',
      'markdown',
      'sarif',
      'github',
      'gitlab',
      'junit',
      'csv',
      'viewer',
      'badge',
    ]);
    for (const entry of reporters.values()) {
      expect((await entry.load()).kind).toBe(entry.folder ? 'folder' : 'text');
    }
  });
});
