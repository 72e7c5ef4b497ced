// What may be called stale: a name that no source can have made.

import { describe, expect, it } from 'vitest';
import type { Coverage } from '../../js/index.js';
import { scanTexts } from './support/scan.js';

const TESTS = `begin; select plan(2);
select has_function('app', 'gone', array['integer']);
select has_table('app', 'lost', 'is there');
rollback;`;

const CATALOG = 'for t in select relname from pg_class loop';
const LIST = "foreach t in array array['a', 'b'] loop";

/** A DO block that runs these expressions in a loop. */
const doing = (loop: string, ...executed: string[]) => `create schema app;
do $$ declare t text; begin
  ${loop}
    ${executed.map((sql) => `execute ${sql};`).join('\n    ')}
  end loop;
end $$;`;

async function found(schema: string): Promise<{ stale: string[]; unknown: string[]; coverage: Coverage }> {
  const coverage = await scanTexts([
    { path: 'schema.sql', role: 'schema', text: schema },
    { path: 't.sql', role: 'tests', text: TESTS },
  ]);
  const stale = (await coverage.stale({ limit: 10 })).rows.map(({ name }) => name);
  const { rows } = await coverage.diagnostics({ limit: 100 });
  const unknown = rows.filter(({ code }) => code === 'unknown-object').map(({ line }) => String(line));
  return { stale, unknown, coverage };
}

describe('a name that is not found', () => {
  it.each<[string, string[], string[]]>([
    ["format('alter table app.%I enable row level security', t)", ['gone', 'lost'], []],
    ["format('create trigger %I before update on app.x execute function app.f()', t)", ['gone', 'lost'], []],
    ["format('alter function app.%I(%s) rename to %I', t, 'integer', t || '_impl')", ['lost'], ['2']],
    ["'create function app.' || t || '() returns int language sql as $f$ select 1 $f$'", ['lost'], ['2']],
    ["format('create table app.%I (id int)', t)", ['gone'], ['3']],
    ["'alter table app.x ' || t", ['gone'], ['3']],
    ["pg_catalog.format('grant select on app.%I to public', t)", ['gone', 'lost'], []],
    ['t', [], ['2', '3']],
  ])('beside EXECUTE %s', async (sql, stale, unknown) => {
    expect(await found(doing(CATALOG, sql))).toMatchObject({ stale, unknown });
  });

  it('beside EXECUTE of what a list tells', async () => {
    const sql = "format('create table app.%I (id int)', t)";
    expect(await found(doing(LIST, sql))).toMatchObject({ stale: ['gone', 'lost'], unknown: [] });
  });

  it('says how the statement begins', async () => {
    const { coverage } = await found(doing(CATALOG, "format('create trigger %I before update on app.x', t)"));
    const { rows } = await coverage.diagnostics({ limit: 10 });
    expect(rows.map(({ message }) => message)).toContain(
      'EXECUTE create trigger %I before update on app.x: only running it can tell what it defines',
    );
  });
});
