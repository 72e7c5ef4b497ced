// Who owns a table, who may look into a schema, which expression of a policy decided, and what nobody is refused: each
// case passes on a live PostgreSQL, and the cells are those of its answers.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueSource } from '../../js/catalogue.js';
import type { Coverage } from '../../js/index.js';
import { parseTap, runText, startPglite, stopPglite, tapProblems } from './support/pglite.js';
import { scanTexts, type Source } from './support/scan.js';

interface Case {
  schema: string;
  test: string;
  /** `name command role outcome [causes]` */
  matrix?: string[];
  /** `policy: aspects` */
  policies?: string[];
  /** `code message` of messages about who may do what. */
  says?: string[];
}

const TABLE = `create schema vault; grant usage on schema vault to vault_reader, vault_writer;
  create table vault.t (id int primary key, who text not null);
  grant all on vault.t to vault_reader, vault_writer;
  insert into vault.t values (1, 'vault_reader');
  alter table vault.t enable row level security;`;

const CASES: Record<string, Case> = {
  'the owner is not concerned by policies': {
    schema: `${TABLE} create policy p on vault.t for all using (who = current_user);
      alter table vault.t owner to vault_writer;`,
    test: `set local role vault_writer; select isnt_empty('select id from vault.t');
      select lives_ok('insert into vault.t values (2, $$x$$)');`,
    matrix: [
      't insert vault_writer allowed',
      't read vault_writer allowed',
      'vault usage vault_writer allowed',
    ],
    policies: ['p: '],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: read, insert'],
  },
  'unless they are forced on it': {
    schema: `${TABLE} create policy p on vault.t for all using (who = 'vault_reader');
      alter table vault.t owner to vault_writer; alter table vault.t force row level security;`,
    test: `set local role vault_writer; select isnt_empty('select id from vault.t');
      select throws_ok('insert into vault.t values (2, $$x$$)', '42501',
        'new row violates row-level security policy for table "t"');`,
    matrix: [
      't insert vault_writer denied policy',
      't read vault_writer allowed',
      'vault usage vault_writer allowed',
    ],
    policies: ['p: insert read using'],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: read'],
  },
  'a member of the owner is like the owner': {
    schema: `${TABLE} create policy p on vault.t for all using (false); alter table vault.t owner to vault_owner;
      grant vault_owner to vault_reader;`,
    test: `set local role vault_reader; select isnt_empty('select id from vault.t');`,
    matrix: ['t read vault_reader allowed', 'vault usage vault_reader allowed'],
    policies: ['p: '],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: read'],
  },
  'a table that a role makes is its own': {
    schema: `create schema vault; grant all on schema vault to vault_writer; set role vault_writer;
      create table vault.t (id int); reset role;
      alter table vault.t enable row level security; create policy p on vault.t using (id > 0);`,
    test: `set local role vault_writer; select lives_ok('insert into vault.t values (-1)');`,
    matrix: ['t insert vault_writer allowed', 'vault usage vault_writer allowed'],
    policies: ['p: '],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: insert'],
  },
  'USING and WITH CHECK apart': {
    schema: `${TABLE} create policy p on vault.t for all to vault_reader
      using (who = current_user) with check (id < 10);`,
    test: `set local role vault_reader; select isnt_empty('select id from vault.t');`,
    matrix: ['t read vault_reader allowed', 'vault usage vault_reader allowed'],
    policies: ['p: read using'],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: read'],
  },
  'a new row meets WITH CHECK': {
    schema: `${TABLE} create policy p on vault.t for all to vault_reader
      using (who = current_user) with check (id < 10);`,
    test: `set local role vault_reader;
      select throws_ok('insert into vault.t values (11, $$x$$)',
        'new row violates row-level security policy for table "t"');`,
    matrix: ['t insert vault_reader denied policy', 'vault usage vault_reader allowed'],
    policies: ['p: insert with-check'],
  },
  'an UPDATE that returns rows meets both': {
    schema: `${TABLE} create policy p on vault.t for update to vault_reader
      using (who = current_user) with check (id < 10);
      create policy s on vault.t for select to vault_reader using (true);`,
    test: `set local role vault_reader;
      select isnt_empty('update vault.t set id = 2 where id = 1 returning id');`,
    matrix: ['t update vault_reader allowed', 'vault usage vault_reader allowed'],
    policies: ['p: update using with-check', 's: read using'],
    says: ['never-denied vault.t: tests show who may do this, and nobody who may not: update'],
  },
  'a schema that is closed': {
    schema: `${TABLE} revoke usage on schema vault from vault_reader; create policy p on vault.t using (true);`,
    test: `set local role vault_reader;
      select throws_ok('select id from vault.t', '42501', 'permission denied for schema vault');`,
    matrix: ['t read vault_reader denied privilege', 'vault usage vault_reader denied privilege'],
    policies: ['p: '],
  },
  'a test that is expected to fail shows nothing': {
    schema: `${TABLE} create policy p on vault.t using (true);`,
    test: `set local role vault_reader; select todo('later', 1);
      select isnt_empty('select id from vault.t');`,
    policies: ['p: '],
  },
  'a schema that is open to one and closed to another': {
    schema: `create schema vault; grant usage on schema vault to vault_writer;
      create function vault.f() returns int language sql as 'select 1';`,
    test: `set local role vault_writer; select is(vault.f(), 1);
      set local role vault_reader; select throws_ok('select vault.f()', 'permission denied for schema vault');`,
    matrix: [
      'f called vault_reader denied privilege',
      'f called vault_writer allowed',
      'vault usage vault_reader denied privilege',
      'vault usage vault_writer allowed',
    ],
  },
};

let db: PGlite;
beforeAll(async () => {
  db = await startPglite();
  await db.exec(`create extension if not exists pgtap;
    create role vault_reader; create role vault_writer; create role vault_owner`);
});
afterAll(stopPglite);

describe('access', () => {
  for (const [name, { schema, test, matrix = [], policies = [], says = [] }] of Object.entries(CASES)) {
    it(name, async () => {
      const script = `begin;\nselect no_plan();\n${test}\nselect * from finish();\nrollback;\n`;
      try {
        await db.exec(schema);
        const run = await runText(db, script);
        expect(run.error).toBeUndefined();
        expect(tapProblems(parseTap(run.output))).toEqual([]);
        const listed = await catalogueSource(
          async (sql) => (await db.query<Record<string, unknown>>(sql)).rows,
        );
        const tests: Source = { path: 'test.sql', role: 'tests', text: script };
        for (const source of [
          { path: 'schema.sql', role: 'schema', text: schema },
          { path: 'catalogue', role: 'inventory', text: listed },
        ] satisfies Source[]) {
          const coverage = await scanTexts([source, tests]);
          expect(await cells(coverage)).toEqual(matrix);
          expect(await policyAspects(coverage)).toEqual(policies);
          expect(await messages(coverage)).toEqual(says);
        }
      } finally {
        await db.exec(`reset role; reset search_path; drop schema vault cascade;
          revoke vault_owner from vault_reader`);
      }
    });
  }
});

async function cells(coverage: Coverage): Promise<string[]> {
  const { rows } = await coverage.matrix({ limit: 100 });
  return rows
    .map(({ name, command, role, outcome, causes }) => [name, command, role, outcome, ...causes].join(' '))
    .sort();
}

async function policyAspects(coverage: Coverage): Promise<string[]> {
  const { rows } = await coverage.objects({ kind: ['policy'], limit: 100 });
  return rows.map(({ sub, aspects }) => `${sub}: ${[...aspects].sort().join(' ')}`);
}

async function messages(coverage: Coverage): Promise<string[]> {
  const { rows } = await coverage.diagnostics({ limit: 100 });
  return rows
    .filter(({ code }) => code === 'never-denied')
    .map(({ code, message }) => `${code} ${message}`)
    .sort();
}
