// The overload that we say runs against the one that a live server runs, and our table of its functions' results.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listCalls } from '../../js/index.js';
import { startPglite, stopPglite } from './support/pglite.js';

const at = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const rowsOf = (path: string) =>
  readFileSync(at(path), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

/** Arguments in the forms that suites use. None of them asks the server for an object that is not there. */
const ARGUMENTS = [
  ...["'a'", "'a'", "'a'", "'a'::name", "'a'::text", "'a'::varchar", "name 'a'", "CAST('a' AS name)", "E'a'"],
  ...["'{a}'", "ARRAY['a']", "ARRAY['a']::name[]", "ARRAY['a'::name]", "'{a}'::text[]", 'ARRAY[1, 2]'],
  ...['1', '-1', '1.5', '3000000000', 'true', 'NULL', 'NULL::text', '1 + 1', '2 * 1.5', '1 = 1', 'NOT true'],
  ...["'a' || 'b'", "'a'::name || 'b'", "format('%I', 'a')", "lower('A')", "(SELECT 'a')", 'current_user'],
  ...['current_schema()', 'current_date', 'now()', '(SELECT count(*) FROM pg_class)', "coalesce(NULL, 'a')"],
  ...["CASE WHEN true THEN 'a' ELSE 'b' END", "'{}'::jsonb", "'{}'::jsonb ->> 'a'", '\'a\'::"char"'],
  ...['ARRAY(SELECT relname FROM pg_class)', "'a'::information_schema.sql_identifier", "interval '1 day'"],
  ...['1::bigint', '1::smallint', '1::numeric', '1::float8', '\'a\' COLLATE "C"', "(ARRAY['a'])[1]", "'1'"],
];

/** What the server says in place of a signature. */
const PROBLEMS: Record<string, string> = {
  '42725': 'ambiguous',
  '42804': 'mismatch',
  '42883': 'undefined',
  '22P02': 'mismatch',
  '42P18': 'mismatch',
};

/** regtype's input function knows no such type: that is decided by the server's objects, not by the text. */
const NO_SUCH_TYPE = ['42601', '42704'];

const OVERLOAD = `
  select p.oid::regprocedure::text as signature
  from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
  join pg_proc p on p.oid = d.refobjid and d.refclassid = 'pg_proc'::regclass
  where r.ev_class = 'resolved'::regclass`;

let db: PGlite;

beforeAll(async () => {
  db = await startPglite();
  await db.exec('create extension if not exists pgtap');
});
afterAll(stopPglite);

/** The overload that the server puts into a view of the call. */
async function served(call: string): Promise<string> {
  await db.exec('begin');
  try {
    await db.exec(`create view resolved as select ${call} as call`);
    const { rows } = await db.query<{ signature: string }>(OVERLOAD);
    return rows.map((row) => row.signature.replaceAll(',', ', ').replaceAll('"', '')).join(' ');
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return PROBLEMS[code] ?? `${code} ${message}`;
  } finally {
    await db.exec('rollback');
  }
}

async function ours(call: string): Promise<string> {
  const found = [];
  for await (const { signature, problem } of listCalls(chunks(`SELECT ${call};`)))
    found.push(signature ?? problem);
  return found.join(' ');
}

async function* chunks(text: string) {
  yield text;
}

/** A generator of numbers below a bound, the same in every run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

it('of six hundred generated calls the overloads are those of a live server', async () => {
  const next = random(Number(process.env.SEED ?? 1));
  const functions = rowsOf('pgtap/catalogue.tsv').filter(
    ([, , , kind]) => kind !== 'control' && kind !== 'other',
  );
  const disagreements: Record<string, unknown>[] = [];
  const total = Number(process.env.CALLS ?? 600);
  let certain = 0;
  for (let n = 0; n < total; n += 1) {
    const [name, types] = functions[next(functions.length)]!;
    const count = types === '' ? 0 : types!.split(', ').length;
    const given = Array.from({ length: count }, () => ARGUMENTS[next(ARGUMENTS.length)]);
    const call = `${name}(${given.join(', ')})`;
    const [expected, found] = [await served(call), await ours(call)];
    // "dynamic" says that the text does not tell: no disagreement, but it must be rare
    if (found === 'dynamic' || NO_SUCH_TYPE.includes(expected.slice(0, 5))) continue;
    certain += 1;
    if (found !== expected) disagreements.push({ call, expected, found });
  }
  expect(disagreements).toEqual([]);
  expect(certain).toBeGreaterThan(0.95 * total);
});

it('functions of the server have the result types of the table', async () => {
  const table = rowsOf('scan/expression/results.tsv');
  const { rows } = await db.query<{ name: string; types: string[] }>(
    `select proname as name, array_agg(distinct format_type(prorettype, null)) as types
     from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname = any($1) group by 1`,
    [table.map(([name]) => name)],
  );
  const live = new Map(rows.map(({ name, types }) => [name, types.join()]));
  expect(Object.fromEntries(table.map(([name]) => [name, live.get(name!)]))).toEqual(
    Object.fromEntries(table),
  );
});
