// Names of files and objects that are hostile to a shell, a terminal, a spreadsheet, a page or JavaScript, on the way from
// the disk to every report.

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow } from '../../js/files.js';
import { reporters } from '../../js/reports/index.js';
import { cli } from './support/cli.js';
import { HOSTILE } from './support/hostile.js';

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'pgtap-cov-names-'));
});
afterAll(() => rm(project, { recursive: true }));

/** Writes a file whose name is given as text or bytes, below a folder of the project. */
async function write(folder: string, name: string | Buffer, content: string): Promise<void> {
  await mkdir(join(project, folder), { recursive: true });
  await writeFile(Buffer.concat([Buffer.from(join(project, folder, '/')), Buffer.from(name)]), content);
}

const NAMES = [
  'two words',
  "it's",
  'a"b',
  'new\nline',
  'x..y',
  'back\\slash',
  'back\\\\slashes',
  '-dash',
  '[a]',
  '*',
  '{a,b}',
  '!not',
  '__proto__',
  'constructor',
  '\x1b[31mred',
  '<script>alert(1)</script>'.replace('/', '∕'),
  '=1+1',
  '$(id)',
  '%41',
  ' padded ',
  '\u202eright to left',
];

describe('names of files', () => {
  it('are read, whatever they are, in whatever folder', async () => {
    for (const [n, name] of NAMES.entries()) {
      await write('supabase/migrations', `${n}_${name}.sql`, `create table t${n} (id int);`);
      await write(`supabase/tests/in ${name}`, `${name}.sql`, `select has_table('t${n}');`);
    }
    const store = await mkdtemp(join(tmpdir(), 'pgtap-cov-store-'));
    // the second time, all of it is known
    for (const known of [0, 2 * NAMES.length]) {
      const { status, stdout, stderr } = await cli('scan', project, '--reporter', 'json', '--store', store);
      expect(status).toBe(0);
      expect(stderr.includes(`unchanged, not read again: ${known}`)).toBe(known > 0);
      const { totals, complete, files } = JSON.parse(stdout);
      expect({ totals, complete, files: files.length }).toMatchObject({
        totals: { objects: NAMES.length, covered: NAMES.length },
        complete: true,
        files: 2 * NAMES.length,
      });
    }
    await rm(store, { recursive: true });
  });

  it('come back from html with their sources', async () => {
    const out = join(project, 'coverage');
    expect((await cli('scan', project, '--reporter', 'html', '--out', out)).status).toBe(0);
    const pages = (await readdir(join(out, 'html'), { recursive: true })).filter((name) =>
      name.endsWith('.sql.html'),
    );
    expect(pages).toHaveLength(NAMES.length);
    for (const page of pages)
      expect(await readFile(join(out, 'html', page), 'utf8')).toContain('create table t');
    await rm(out, { recursive: true });
  });

  it.runIf(process.platform === 'linux')('that are no UTF-8 are told, and cost nothing else', async () => {
    await write('supabase/tests', Buffer.from('bad\xff.sql', 'latin1'), "select has_table('t0');");
    const folder = Buffer.concat([Buffer.from(join(project, 'supabase/tests/')), Buffer.from([0xfe])]);
    await mkdir(folder);
    await writeFile(Buffer.concat([folder, Buffer.from('/in.sql')]), "select has_table('t1');");
    const { status, stdout, stderr } = await cli('scan', project, '--reporter', 'json');
    expect(status).toBe(3);
    for (const file of ['bad\ufffd.sql', '\ufffd/in.sql'])
      expect(stderr).toContain(`error: INPUT: supabase/tests/${file}: cannot be opened: no such file`);
    expect(stderr).toContain('if its name is no UTF-8, rename it');
    const { totals, complete, problems } = JSON.parse(stdout);
    expect({ totals, complete, problems: problems.length }).toMatchObject({
      totals: { objects: NAMES.length, covered: NAMES.length },
      complete: false,
      problems: 2,
    });
  });
});

describe('filesBelow', () => {
  it('follows links but not in circles, and leaves out what is hidden', async () => {
    const root = await mkdtemp(join(tmpdir(), 'pgtap-cov-links-'));
    const other = await mkdtemp(join(tmpdir(), 'pgtap-cov-links-'));
    await mkdir(join(root, 'db/node_modules'), { recursive: true });
    await mkdir(join(root, '.git'));
    for (const path of ['db/a.sql', 'db/node_modules/b.sql', '.git/c.sql', 'db/.d.sql'])
      await writeFile(join(root, path), '');
    await writeFile(join(other, 'e.sql'), '');
    await symlink(root, join(root, 'db/up'));
    await symlink(other, join(root, 'other'));
    await symlink(root, join(other, 'back'));
    await symlink(join(root, 'missing.sql'), join(root, 'broken.sql'));
    expect((await filesBelow(root)).sort()).toEqual(['db/a.sql', 'other/e.sql']);
    await Promise.all([root, other].map((folder) => rm(folder, { recursive: true })));
  });
});

describe('names of objects', () => {
  // PostgreSQL has no name of spaces alone, and keeps 63 bytes
  const names = HOSTILE.map((name) => name.replaceAll('\r', ''));
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  let hostile: string;
  beforeAll(async () => {
    hostile = await mkdtemp(join(tmpdir(), 'pgtap-cov-objects-'));
    await mkdir(join(hostile, 'migrations'));
    await mkdir(join(hostile, 'tests'));
    const tables = names.map((name) => `create table ${quoted(name)} (${quoted(name)} int);\n`);
    await writeFile(join(hostile, 'migrations/1.sql'), tables.join(''));
    const tests = names.map((name) => `select has_table('gone ${name.replaceAll("'", "''")}'::name);\n`);
    await writeFile(join(hostile, 'tests/1.sql'), tests.join(''));
  });
  afterAll(() => rm(hostile, { recursive: true }));

  it('are in the JSON as they are', async () => {
    const { stdout } = await cli('scan', hostile, '--reporter', 'json');
    const { objects, stale } = JSON.parse(stdout) as Record<string, { kind: string; name: string }[]>;
    const tables = objects!.filter(({ kind }) => kind === 'table').map(({ name }) => name);
    expect(tables.sort()).toEqual([...names].sort());
    expect(stale!.map(({ name }) => name).sort()).toEqual(names.map((name) => `gone ${name}`).sort());
  });

  // the viewer's one file needs the build: tests/e2e/one-file.test.ts opens it
  it.each([...reporters.keys()].filter((name) => name !== 'viewer' && !reporters.get(name)!.folder))(
    'are harmless in %s, and all are there',
    async (name) => {
      const { status, stdout } = await cli('scan', hostile, '--reporter', name, '--fail-under', '1');
      expect(status).toBe(1);
      expect(stdout).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
      if (/cobertura|clover|junit|badge/.test(name)) expect(stdout).not.toContain('<script');
      if (/text|github|gitlab|sarif|markdown/.test(name)) {
        for (const of of ['__proto__', 'constructor', '=1+1', '\\x1b[31m'])
          expect(stdout).toContain(name === 'sarif' || name === 'gitlab' ? of.replace('\\', '\\\\') : of);
      }
    },
  );

  it.each([['gaps'], ['inventory', 'migrations/1.sql'], ['assertions', 'tests/1.sql']])(
    'control no terminal from %s',
    async (command, ...files) => {
      const paths = files.length > 0 ? files.map((file) => join(hostile, file)) : [hostile];
      const { stdout, stderr } = await cli(command, ...paths);
      expect(stdout).toContain('__proto__');
      expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
    },
  );
});
