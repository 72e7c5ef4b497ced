// The table of pgTAP's functions against a live pgTAP, so that a new version of it shows as a diff.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPglite, stopPglite } from './support/pglite.js';

const TABLE = fileURLToPath(new URL('../../src/pgtap/catalogue.tsv', import.meta.url));

/**
 * What an extension's member functions take: `has_table(name, text)`, with the fewest arguments where some have
 * defaults, or `variadic`, and the names of the parameters. pgTAP's own helpers begin with an underscore.
 */
const LIVE = `
  select p.proname as name,
    coalesce((select string_agg(format_type(t, null), ', ' order by n)
              from unnest(p.proargtypes::oid[]) with ordinality as a (t, n)), '') as types,
    case when p.provariadic <> 0 then 'variadic'
         when p.pronargdefaults > 0 then (p.pronargs - p.pronargdefaults)::text
         else '-' end as fewest,
    coalesce(array_to_string(p.proargnames, ','), '-') as parameters
  from pg_proc p
  join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid
  where e.extname = 'pgtap' and p.proname not like '\\_%'`;

const HINT =
  'a difference means another version of pgTAP: change src/pgtap/catalogue.tsv, whose head explains it';

let live: string[];

beforeAll(async () => {
  const db = await startPglite();
  await db.exec('create schema catalogue; create extension if not exists pgtap with schema catalogue');
  const { rows } = await db.query<Record<'name' | 'types' | 'fewest' | 'parameters', string>>(LIVE);
  live = rows.map((row) => `${row.name}(${row.types}) ${row.fewest} ${row.parameters}`).sort();
});
afterAll(stopPglite);

it('the catalogue has the functions of a live pgTAP, overload by overload', () => {
  const ours = readFileSync(TABLE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .map((field) => `${field[0]}(${field[1]}) ${field[2]} ${field[10]}`)
    .sort();
  expect(ours.length).toBeGreaterThan(800);
  expect(ours, HINT).toEqual(live);
});
