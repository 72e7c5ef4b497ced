// The example application is real: its migrations apply, and its pgTAP suite passes on PostgreSQL.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { globSync } from 'tinyglobby';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyMigrations,
  countAssertions,
  parseTap,
  readStatements,
  runFile,
  runText,
  startPglite,
  stopPglite,
  tapProblems,
  type Run,
} from './support/pglite.js';

const example = join(import.meta.dirname, '../../examples/bookings');
const migrations = filesOf('supabase/migrations/*.sql');
const testFiles = filesOf('supabase/tests/**/*.sql');

let db: PGlite;
const runs = new Map<string, Run>();
const leftBehind: string[] = [];

// The whole suite runs once, in order, because 000-setup.sql leaves helpers to the files after it.
beforeAll(async () => {
  db = await startPglite();
  await applyMigrations(
    db,
    migrations.map((file) => join(example, file)),
  );
  for (const file of testFiles) {
    const before = await footprint();
    runs.set(file, await runFile(db, join(example, file)));
    if ((await footprint()) !== before) leftBehind.push(file);
  }
}, 120_000);

afterAll(stopPglite);

describe('every test file passes', () => {
  it.each(testFiles)('%s', (file) => {
    const run = runs.get(file)!;
    expect(run.error).toBeUndefined();
    expect(run.warnings).toEqual([]);
    expect(tapProblems(parseTap(run.output)), run.output.join('\n')).toEqual([]);
  });

  it('and leaves nothing behind but the helpers of 000-setup.sql', () => {
    expect(leftBehind).toEqual(['supabase/tests/000-setup.sql']);
  });
});

describe('the example keeps its promises', () => {
  it('has 15 test files or more, with 150 assertions or more', () => {
    expect(testFiles.length).toBeGreaterThanOrEqual(15);
    const assertions = [...runs.values()].map((run) => countAssertions(parseTap(run.output)));
    expect(assertions.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(150);
  });

  it('has six to ten migrations', () => {
    expect(migrations.length).toBeGreaterThanOrEqual(6);
    expect(migrations.length).toBeLessThanOrEqual(10);
  });

  it('has 12 tables or more in two schemas', async () => {
    const rows = await query<{ schema: string; tables: number }>(`
      SELECT n.nspname AS schema, count(*)::int AS tables
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('app', 'billing') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       GROUP BY 1 ORDER BY 1`);
    expect(rows.map((row) => row.schema)).toEqual(['app', 'billing']);
    expect(rows.reduce((sum, row) => sum + row.tables, 0)).toBeGreaterThanOrEqual(12);
  });

  it('has policies for three roles', async () => {
    const rows = await query<{ role: string }>(
      `SELECT DISTINCT unnest(roles)::text AS role FROM pg_policies ORDER BY 1`,
    );
    expect(rows.map((row) => row.role)).toEqual(['anon', 'authenticated', 'service_role']);
  });

  it.each([
    ['a partitioned table', `SELECT FROM pg_partitioned_table`],
    ['a view', `SELECT FROM pg_views WHERE schemaname = 'app'`],
    ['a materialized view', `SELECT FROM pg_matviews`],
    ['a trigger', `SELECT FROM pg_trigger WHERE NOT tgisinternal`],
    ['an enum', `SELECT FROM pg_type WHERE typtype = 'e' AND typnamespace = 'app'::regnamespace`],
    ['a domain', `SELECT FROM pg_type WHERE typtype = 'd' AND typnamespace = 'app'::regnamespace`],
    ['a procedure', `SELECT FROM pg_proc WHERE prokind = 'p' AND pronamespace = 'billing'::regnamespace`],
    ['a definer function', `SELECT FROM pg_proc WHERE prosecdef AND pronamespace = 'app'::regnamespace`],
    [
      'an overloaded function',
      `SELECT FROM pg_proc WHERE pronamespace = 'app'::regnamespace GROUP BY proname HAVING count(*) > 1`,
    ],
    ['a check', `SELECT FROM pg_constraint WHERE contype = 'c' AND conrelid = 'app.bookings'::regclass`],
    [
      'a foreign key',
      `SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = 'app.bookings'::regclass`,
    ],
    ['an exclusion constraint', `SELECT FROM pg_constraint WHERE contype = 'x'`],
    ['a restrictive policy', `SELECT FROM pg_policies WHERE permissive = 'RESTRICTIVE'`],
  ])('has %s', async (_what, sql) => {
    expect((await query(sql)).length).toBeGreaterThan(0);
  });

  it('does not test what its README calls untested', async () => {
    const tested = [...testFiles, ...filesOf('supabase/tests/**/*.psql')]
      .map((file) => readFileSync(join(example, file), 'utf8').replace(/--.*/g, ''))
      .join('\n');
    const readme = readFileSync(join(example, 'README.md'), 'utf8');
    const list = /^## Not tested\n[^]*?\n((?:(?:- |  ).*\n)+)/m.exec(readme)![1]!;
    const names = [...list.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!.replace(/^\w+\./, ''));
    expect(names.length).toBeGreaterThanOrEqual(10);

    for (const name of names) {
      const known = await query(
        `SELECT relname FROM pg_class WHERE relname = $1
         UNION ALL SELECT proname FROM pg_proc WHERE proname = $1
         UNION ALL SELECT tgname FROM pg_trigger WHERE tgname = $1
         UNION ALL SELECT polname FROM pg_policy WHERE polname = $1`,
        [name],
      );
      expect(known, `${name} exists`).toHaveLength(1);
      expect(tested, `${name} is untested`).not.toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it('has one slip: an assertion that could not fail', async () => {
    const slip = `SELECT hasnt_table('app', 'room_notes');`;
    const holders = testFiles.filter((file) => readFileSync(join(example, file), 'utf8').includes(slip));
    expect(holders).toEqual(['supabase/tests/schema/010-tables.sql']);

    const run = await runText(
      db,
      `BEGIN; SELECT plan(1); CREATE TABLE app.room_notes (id int); ${slip} SELECT * FROM finish(); ROLLBACK;`,
    );
    expect(run.error).toBeUndefined();
    expect(parseTap(run.output).tests).toEqual([{ ok: true, number: 1, description: 'room_notes' }]);
  });
});

describe('the runner notices', () => {
  const problemsOf = async (body: string): Promise<string[]> => {
    const run = await runText(db, `BEGIN; ${body} ROLLBACK;`);
    return [...(run.error === undefined ? [] : [run.error]), ...tapProblems(parseTap(run.output))];
  };

  it('nothing about a good script', async () => {
    expect(await problemsOf(`SELECT plan(1); SELECT pass('good'); SELECT * FROM finish();`)).toEqual([]);
  });

  it('a failed assertion', async () => {
    expect(await problemsOf(`SELECT plan(1); SELECT is(1, 2, 'wrong');`)).toEqual(['not ok 1 - wrong']);
  });

  it('a failed assertion in an xUnit function', async () => {
    const problems = await problemsOf(`
      CREATE SCHEMA unit;
      CREATE FUNCTION unit.test_it() RETURNS SETOF text LANGUAGE sql AS $$ SELECT fail('inside') $$;
      SELECT * FROM runtests('unit'::name);`);
    expect(problems).toEqual(['not ok 1 - unit.test_it', 'not ok 1 - inside']);
  });

  it('a broken plan, and a missing one', async () => {
    expect(await problemsOf(`SELECT plan(2); SELECT pass('one');`)).toEqual(['planned 2 tests, ran 1']);
    expect(await problemsOf(`SELECT 'ok 1';`)).toEqual(['0 plans instead of one']);
  });

  it('an error, with its place', async () => {
    const run = await runText(db, `BEGIN;\nSELECT plan(1);\nSELECT 1 / 0;\nROLLBACK;`, 'broken.sql');
    expect(run.error).toBe('broken.sql:3: 22012: division by zero');
    expect(run.output).toEqual(['1..1']);
  });

  it('a transaction that is left open, and ends it', async () => {
    expect((await runText(db, `BEGIN; SET LOCAL ROLE anon;`)).error).toMatch(/transaction open/);
    expect((await runText(db, `SELECT current_user`)).output).toEqual(['postgres']);
  });
});

describe('the runner reads psql', () => {
  const read = (text: string): string[] => [...readStatements('script.sql', text)].map(({ sql }) => sql);

  it('statements, whatever the semicolon stands in', () => {
    expect(
      read(`SELECT ';', E'\\';', "a;b", $$;$$, $x$;$$;$x$ -- ;\n, (SELECT 1; 2); /* ; /* ; */ ; */ SELECT 2`),
    ).toEqual([`SELECT ';', E'\\';', "a;b", $$;$$, $x$;$$;$x$ -- ;\n, (SELECT 1; 2)`, 'SELECT 2']);
  });

  it('variables outside quotes only, and from their \\set on', () => {
    expect(
      read(
        `SELECT :'v';\n\\set v 'it''s'\n\\set w :v ' ok'\n\\set n 4\n` +
          `SELECT :'v', :"w", :n, ':n', $$:n$$, a[1:2], '1'::int;`,
      ),
    ).toEqual([`SELECT :'v'`, `SELECT 'it''s', "it's ok", 4, ':n', $$:n$$, a[1:2], '1'::int`]);
  });

  it('no other command', () => {
    expect(() => read('SELECT 1 \\gset')).toThrow('script.sql:1: unsupported command \\gset');
    expect(() => read('\n\\set v `date`')).toThrow('script.sql:2: unsupported arguments');
  });
});

function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: example }).sort();
}

async function query<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
  return (await db.query<T>(sql, parameters)).rows;
}

/** The objects of the database and the rows in the example's tables. */
async function footprint(): Promise<string> {
  const [row] = await query<{ footprint: string }>(`
    SELECT md5(string_agg(item, E'\\n' ORDER BY item)) AS footprint
      FROM (
        SELECT oid::text || relname || xmin::text FROM pg_class WHERE relnamespace >= 16384
        UNION ALL SELECT oid::text || proname FROM pg_proc
        UNION ALL SELECT oid::text || nspname FROM pg_namespace
        UNION ALL SELECT table_name || query_to_xml(format('SELECT count(*) FROM %I.%I', table_schema, table_name), false, true, '')::text
                    FROM information_schema.tables
                   WHERE table_schema IN ('app', 'billing') AND table_type = 'BASE TABLE'
      ) AS items (item)`);
  return row!.footprint;
}
