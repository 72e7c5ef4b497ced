// Why objects are not covered, and through what tests reach them: each case is run on a live PostgreSQL, which says of
// every function that our path leads to whether it ran. It inlines those in SQL, and counts only the others.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTap, runText, startPglite, stopPglite, tapProblems } from './support/pglite.js';
import { scanTexts } from './support/scan.js';

interface Case {
  schema: string;
  test: string;
  /** By `kind name` */
  reasons: Record<string, string>;
}

const AT = 'test.sql:3';

const CASES: Record<string, Case> = {
  'nothing comes near': {
    schema: 'create table shop.a (x int); create table shop.b (x int);',
    test: `select has_table('shop', 'a', 'there');`,
    reasons: { 'table b': 'no test names it' },
  },
  'a fixture': {
    schema: 'create table shop.a (x int); create function shop.f() returns int language sql return 1;',
    test: `select pass(); insert into shop.a values (1); select shop.f();`,
    reasons: { 'table a': `only as fixture (${AT})`, 'function f': `only as fixture (${AT})` },
  },
  'an act that is not read': {
    schema: 'create table shop.a (x int);',
    test: `insert into shop.a values (1); select pass();`,
    reasons: { 'table a': `used before an assertion that does not read it (${AT})` },
  },
  'a test that is expected to fail': {
    schema: 'create table shop.a (x int);',
    test: `select * from todo('later', 1); select is_empty('select 1 from shop.a');`,
    reasons: { 'table a': `only in a test that is expected to fail (${AT})` },
  },
  'existence and lists': {
    schema: `create function shop.f() returns int language sql return 1;
      create function shop.g() returns int language sql return 1;`,
    test: `select has_function('shop', 'f', array[]::text[]); select functions_are('shop', array['f', 'g']);`,
    reasons: {
      'function f': `only its existence is tested (${AT})`,
      'function g': `only listed among others (${AT})`,
    },
  },
  'a function that another calls': {
    schema: `create table shop.log (x int);
      create function shop.deep() returns int language plpgsql as $$ begin insert into shop.log values (1); return 1; end $$;
      create function shop.middle() returns int language plpgsql as 'begin return (select shop.deep()); end';
      create function shop.top() returns int language plpgsql as $$ declare n int; begin n := shop.middle(); return n; end $$;`,
    test: `select is(shop.top(), 1);`,
    reasons: {
      'function middle': 'no test names it; the function shop.top, which tests exercise, reaches it',
      'function deep':
        'no test names it; the function shop.top, which tests exercise, reaches it through function shop.middle',
      'table log':
        'no test names it; the function shop.top, which tests exercise, reaches it through function shop.middle, ' +
        'function shop.deep',
    },
  },
  'what a body calls before it is defined': {
    schema: `create function shop.top() returns int language plpgsql as $$ begin perform shop.later(1); return 1; end $$;
      create function shop.later(n int) returns void language plpgsql as 'begin end';`,
    test: `select is(shop.top(), 1);`,
    reasons: {
      'function later': 'no test names it; the function shop.top, which tests exercise, reaches it',
    },
  },
  'views, defaults and constraints': {
    schema: `create function shop.one() returns int language plpgsql as 'begin return 1; end';
      create function shop.ok(n int) returns boolean language plpgsql as 'begin return n > 0; end';
      create table shop.a (x int default shop.one() check (shop.ok(x)));
      create view shop.v as select x from shop.a;`,
    test: `insert into shop.a default values; select results_eq('select x from shop.v', array[1]);`,
    reasons: {
      'table a': `used before an assertion that does not read it (${AT}); the view shop.v, which tests exercise, reaches it`,
      'function one':
        'no test names it; the view shop.v, which tests exercise, reaches it through table shop.a',
      'function ok':
        'no test names it; the view shop.v, which tests exercise, reaches it through table shop.a',
    },
  },
  'a body that was replaced': {
    schema: `create table shop.a (x int);
      create function shop.f() returns bigint language sql as 'select count(*) from shop.a';
      create or replace function shop.f() returns bigint language sql as 'select 1::bigint';`,
    test: `select is(shop.f(), 1::bigint);`,
    reasons: { 'table a': 'no test names it' },
  },
  'what only refers to a table': {
    schema: `create table shop.a (x int primary key); create table shop.b (x int references shop.a);`,
    test: `select is_empty('select x from shop.b');`,
    reasons: { 'table a': 'no test names it' },
  },
};

let db: PGlite;
beforeAll(async () => {
  db = await startPglite();
  await db.exec(`create extension if not exists pgtap`);
});
afterAll(stopPglite);

describe('reasons', () => {
  it.each(Object.entries(CASES))('%s', async (_name, { schema, test, reasons }) => {
    const script = `begin;\nselect no_plan();\n${test}\nselect * from finish();\n`;
    const asks = `select '# called ' || funcname from pg_stat_xact_user_functions;`;
    try {
      await db.exec(`create schema shop; ${schema}`);
      const run = await runText(db, `set track_functions = 'all';\n${script}${asks}\nrollback;\n`);
      expect(run.error).toBeUndefined();
      expect(tapProblems(parseTap(run.output))).toEqual([]);
      const called = run.output.flatMap((line) => (line.startsWith('# called ') ? [line.slice(9)] : []));
      const coverage = await scanTexts([
        { path: 'schema.sql', role: 'schema', text: `create schema shop; ${schema}` },
        { path: 'test.sql', role: 'tests', text: script },
      ]);
      const found: Record<string, string> = {};
      for await (const { kind, name, reason } of coverage.iterate()) {
        if (!['table', 'view', 'function'].includes(kind) || reason === undefined) continue;
        found[`${kind} ${name}`] = reason;
        if (kind === 'function' && reason.includes('reaches it')) expect(called).toContain(name);
      }
      expect(found).toEqual(reasons);
    } finally {
      await db.exec('drop schema shop cascade');
    }
  });
});
