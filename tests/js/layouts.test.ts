import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanProject } from '../../js/scan-project.js';
import { makeProject } from './support/sample.js';

interface Project {
  files: Record<string, string>;
  /** The tables with their states. */
  tables: string[];
  /** Where the first one is defined. */
  at?: string;
  options?: { schema?: string[]; tests?: string[] };
}

const table = (name: string) => `create table ${name} ();\n`;
const rename = (from: string, to: string) => `alter table ${from} rename to ${to};\n`;
const test = (...names: string[]) => names.map((name) => `select has_table('${name}');\n`).join('');

/** Renames tell the order: read in another one, they leave other tables. */
const PROJECTS: Record<string, Project> = {
  sqitch: {
    files: {
      'sqitch.conf': '[core]\n\tengine = pg\n',
      'sqitch.plan': '%project=x\nz\n@v1\na [z]\nz [z@v1]\n',
      'deploy/z@v1.sql': `begin;\n${table('first')}commit;\n`,
      'deploy/z.sql': rename('second', 'third'),
      'deploy/a.sql': rename('first', 'second'),
      'revert/a.sql': 'drop table first;',
      'verify/a.sql': test('first'),
      't/a.sql': test('third'),
    },
    tables: ['third asserted'],
    at: 'deploy/z@v1.sql:2',
  },
  Flyway: {
    files: {
      'sql/V10__c.sql': rename('b', 'c'),
      'sql/V9__b.sql': rename('a', 'b'),
      'sql/V1__a.sql': table('a'),
      'sql/U10__c.sql': 'drop table c;',
      'sql/R__z.sql': table('z'),
      'spec/a.sql': test('z'),
    },
    tables: ['c gap', 'z asserted'],
  },
  'Flyway with a baseline and locations': {
    files: {
      'flyway.toml': '[flyway]\nlocations = ["filesystem:m"]\n',
      'm/V1__a.sql': table('a'),
      'm/B2__b.sql': table('b'),
      'm/V3__c.sql': rename('b', 'c'),
      'sql/V1__no.sql': table('no'),
    },
    tables: ['c gap'],
  },
  dbmate: {
    files: {
      'db/migrations/20240101_a.sql': `-- migrate:up\n\n${table('a')}\n-- migrate:down\ndrop table a; -- 合計\n`,
      'db/migrations/20240102_b.sql': `-- migrate:up\n${rename('a', 'b')}-- migrate:down\n${rename('b', 'a')}`,
      'db/schema.sql': table('b') + table('schema_migrations'),
      'db/test/b.sql': test('b'),
    },
    tables: ['b asserted'],
    at: 'db/migrations/20240101_a.sql:3',
  },
  'dbmate, named by a glob, with a configuration that nothing is asked of': {
    files: {
      'sqitch.conf': 'broken',
      'x/1.sql': `-- migrate:up\n${table('a')}-- migrate:down\ndrop table a;\n`,
      't/a.sql': test('a'),
    },
    options: { schema: ['x/*.sql'] },
    tables: ['a asserted'],
  },
  goose: {
    files: {
      'migrations/10_b.sql': `-- +goose Up\n${rename('a', 'b')}-- +goose Down\ndrop table b;\n`,
      'migrations/9_a.sql': `-- +goose Up\n-- +goose StatementBegin\n${table('a')}-- +goose StatementEnd\n-- +goose Down\ndrop table a;`,
    },
    tables: ['b gap'],
  },
  'node-pg-migrate': {
    files: {
      'migrations/1700000000000_a.sql': `-- Down Migration\ndrop table a;\n-- Up Migration\n${table('a')}`,
      'migrations/1800000000000_b.sql': table('b'),
      'test/a.test.sql': test('a'),
    },
    tables: ['a asserted', 'b gap'],
    at: 'migrations/1700000000000_a.sql:4',
  },
  'golang-migrate': {
    files: {
      'migrations/0001_a.up.sql': table('a'),
      'migrations/0001_a.down.sql': 'drop table a;',
      'migrations/0002_b.up.sql': rename('a', 'b'),
    },
    tables: ['b gap'],
  },
  'Graphile Migrate': {
    files: {
      'migrations/committed/000001.sql': `--! Previous: -\n--! Hash: sha1:x\n${table('a')}`,
      'migrations/committed/000002-b.sql': rename('a', 'b'),
      'migrations/current.sql': rename('b', 'c'),
    },
    tables: ['c gap'],
  },
  Prisma: {
    files: {
      'prisma/migrations/20240102_b/migration.sql': rename('a', 'b'),
      'prisma/migrations/20240101_a/migration.sql': table('a'),
    },
    tables: ['b gap'],
  },
  Atlas: {
    files: {
      'migrations/atlas.sum': 'h1:x\n',
      'migrations/20240102.sql': rename('a', 'b'),
      'migrations/20240101.sql': table('a'),
    },
    tables: ['b gap'],
  },
  plain: {
    files: { 'db/structure.sql': table('public.a'), 'structure.txt': '', 'pgtap/a.sql': test('a') },
    tables: ['a asserted'],
  },
};

describe('a project of', () => {
  it.each(Object.entries(PROJECTS))('%s has the tables that its tool makes', async (name, project) => {
    const directory = await makeProject(project.files);
    const scanned = await scanProject(directory, project.options ?? {});
    try {
      const { rows } = await scanned.coverage.objects({ kind: ['table'], limit: 100 });
      expect(rows.map((row) => `${row.name} ${row.state}`)).toEqual(project.tables);
      if (project.at) expect(`${rows[0]!.defined.file}:${rows[0]!.defined.line}`).toBe(project.at);
      expect(scanned.unreadable).toEqual([]);
      if (!project.options)
        expect(scanned.project.layout).toContain(`${name.split(' with')[0]}: schema from `);
    } finally {
      await scanned.close();
      await rm(directory, { recursive: true });
    }
  });

  it('a configuration behind a link out of it is not read', async () => {
    const outside = await makeProject({ 'sqitch.conf': '[core]\ntop_dir = secret\n' });
    const directory = await makeProject({ 'sql/a.sql': table('a') });
    await symlink(join(outside, 'sqitch.conf'), join(directory, 'sqitch.conf'));
    await expect(scanProject(directory)).rejects.toMatchObject({
      code: 'INPUT',
      file: 'sqitch.conf',
      message: expect.stringContaining('leads out of the project'),
    });
  });
});
