// What one coverage has more or less than another: objects side by side in the order of the database, whatever their
// names.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diff, type Coverage } from '../../js/index.js';
import { cli } from './support/cli.js';
import { makeProject } from './support/sample.js';
import { scanTexts } from './support/scan.js';

const scanOf = (schema: string, tests: string): Promise<Coverage> =>
  scanTexts([
    { path: 'schema.sql', role: 'schema', text: schema },
    { path: 'tests.sql', role: 'tests', text: tests },
  ]);

async function changes(base: Coverage, head: Coverage): Promise<string[]> {
  const found: string[] = [];
  for await (const { change, before, after } of diff(base, head)) {
    const { kind, name, sub } = (after ?? before)!;
    found.push([change, kind, name, sub, before?.state, after?.state].filter(Boolean).join(' '));
  }
  return found;
}

describe('a diff', () => {
  it('tells what became of each object', async () => {
    const base = await scanOf(
      'create table a (x int); create table b (x int); create table c (x int); create table gone (x int); create view v as select 1;',
      `select has_table('public', 'a', 'd'), has_table('public', 'b', 'd'), has_column('public', 'c', 'x', 'd');`,
    );
    const head = await scanOf(
      'create table a (x int); create table b (x int); create table c (x int); create table d (x int); create view v as select 1; create view w as select 1;',
      `select isnt_empty('select x from a'); select has_view('public', 'v', 'd'), has_table('public', 'd', 'd');`,
    );
    expect(await changes(base, head)).toEqual([
      'stronger table a asserted exercised',
      'lost table b asserted gap',
      'weaker table c declared gap',
      'new table d asserted',
      'gone table gone gap',
      'covered view v gap asserted',
      'new-gap view w gap',
      'covered column a x gap exercised',
      'lost column c x asserted gap',
      'new-gap column d x gap',
      'gone column gone x gap',
      'new-gap column w ?column? gap',
    ]);
    expect(await changes(base, base)).toEqual([]);
  });

  it('pairs objects by the bytes of their names', async () => {
    const names = [
      'a',
      'a\\',
      'a\\\\b',
      'a\\x',
      'aé',
      'a€',
      'a\u{1f600}',
      'a\uffee',
      'A',
      '__proto__',
      'ä',
      ' ',
      '"',
    ];
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    const all = names.map((name) => `create table ${quoted(name)} (x int);`);
    const whole = await scanOf(all.join(' '), 'select 1');
    for (let without = 0; without < names.length; without++) {
      const some = await scanOf(all.filter((_, n) => n !== without).join(' '), 'select 1');
      const found = await changes(some, whole);
      expect(found).toHaveLength(2);
      expect(found.every((line) => line.startsWith('new-gap'))).toBe(true);
      expect((await changes(whole, some)).map((line) => line.split(' ')[0])).toEqual(['gone', 'gone']);
    }
  });

  it('holds over pages', async () => {
    const tables = Array.from({ length: 1300 }, (_, n) => `create table t${n} (x int);`);
    const base = await scanOf(tables.join('\n'), 'select 1');
    const head = await scanOf(
      tables.filter((_, n) => n % 600 !== 7).join('\n'),
      `select isnt_empty('select x from t999');`,
    );
    expect(await changes(base, head)).toEqual([
      'gone table t1207 gap',
      'gone table t607 gap',
      'gone table t7 gap',
      'covered table t999 gap exercised',
      'gone column t1207 x gap',
      'gone column t607 x gap',
      'gone column t7 x gap',
      'covered column t999 x gap exercised',
    ]);
  });
});

describe('pgtap-cov diff', () => {
  let directory: string;
  let databases: [string, string];
  beforeAll(async () => {
    const out = await mkdtemp(join(tmpdir(), 'pgtap-cov-diff-'));
    directory = await makeProject({
      'schema.sql': 'create table t (a int); create table "<b>`x`|" (a int);',
      'tests/a.sql': `select isnt_empty('select a from t'); select has_table('public', '<b>\`x\`|', 'd');`,
    });
    databases = [join(out, 'base.ptc'), join(out, 'head.ptc')];
    await cli('scan', directory, '--database', databases[0]);
    await writeFile(join(directory, 'tests/a.sql'), `select has_table('public', 't', 'd');`);
    await cli('scan', directory, '--database', databases[1]);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('prints a table', async () => {
    const { status, stdout } = await cli('diff', ...databases);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        '                  base      head    change',
        'covered         100.0%     50.0%     -50.0',
        'exercised        50.0%      0.0%     -50.0',
        '',
        'Lost: 2',
        '  schema.sql:1  table public.<b>`x`|  asserted to gap',
        '  schema.sql:1  column public.t.a  exercised to gap',
        '',
        'Weaker: 1',
        '  schema.sql:1  table public.t  exercised to asserted',
        '',
        'Files that differ: 1',
        '  tests/a.sql  changed',
        '',
      ].join('\n'),
    );
  });

  it('prints Markdown without live markup', async () => {
    const { stdout } = await cli('diff', ...databases, '--format', 'markdown');
    expect(stdout).toContain('| covered | 100.0% | 50.0% | -50.0 |');
    expect(stdout).toContain('- `` table public.<b>`x`| `` asserted to gap (`schema.sql:1`)');
  });

  it('prints JSON', async () => {
    const { stdout } = await cli('diff', ...databases, '--format', 'json');
    const { format, objects, files } = JSON.parse(stdout);
    expect(format).toBe('pgtap-cov-diff/1');
    expect(objects.map((row: { change: string; name: string }) => `${row.change} ${row.name}`)).toEqual([
      'lost <b>`x`|',
      'weaker t',
      'lost t',
    ]);
    expect(files).toEqual([{ change: 'changed', path: 'tests/a.sql' }]);
  });

  it('makes a job fail that loses something', async () => {
    const { status, stderr } = await cli('report', databases[1], '--fail-compare', databases[0]);
    expect(status).toBe(1);
    expect(stderr).toContain(`pgtap-cov: failed: lost since ${databases[0]}: table public.<b>\`x\`|\n`);
    expect((await cli('report', databases[0], '--fail-compare', databases[1])).status).toBe(0);
    expect((await cli('report', databases[0], '--fail-compare', 'nowhere')).status).toBe(3);
  });
});
