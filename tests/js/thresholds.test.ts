// What a job fails on: the percentages by kind and schema, and findings.

import { beforeAll, describe, expect, it } from 'vitest';
import type { Coverage } from '../../js/index.js';
import { missed, readFinding, readThreshold } from '../../js/thresholds.js';
import { scanTexts } from './support/scan.js';

let coverage: Coverage;
beforeAll(async () => {
  coverage = await scanTexts([
    {
      path: 'schema.sql',
      role: 'schema',
      text: `create schema a; create schema b;
        create table a.t (id int); create table a.u (id int); create table b.v (id int);
        create function a.f() returns int language sql as 'select 1';`,
    },
    {
      path: 'tests.sql',
      role: 'tests',
      text: `select isnt_empty('select id from a.t'); select has_table('a', 'u', 'there');
        select has_table('a', 'gone', 'x'); select hasnt_table('b', 'v', 'x'); select has_table(x);`,
    },
  ]);
});

describe('a threshold', () => {
  it.each<[string[], string[]]>([
    [['50'], []],
    [['50.1'], ['all: 50.0% covered (2 of 4), less than 50.1%']],
    [['exercised=25', 'table=66'], []],
    [['exercised=26'], ['all: 25.0% exercised (1 of 4), less than 26%']],
    [['table=67'], ['table: 66.6% covered (2 of 3), less than 67%']],
    [['table:exercised=40%'], ['table: 33.3% exercised (1 of 3), less than 40%']],
    [['policy=100'], []],
    [['schema.a=66', 'schema.b=0'], []],
    [
      ['schema.a:exercised=50', 'schema.b=1'],
      ['schema a: 33.3% exercised (1 of 3), less than 50%', 'schema b: 0.0% covered (0 of 1), less than 1%'],
    ],
    [['schema.c=0'], ['schema c: there are no objects in it']],
  ])('%j', async (under, reasons) => {
    expect(await missed(coverage, { under: under.map(readThreshold), on: [] })).toEqual(reasons);
  });

  it.each(['', 'x', '101', '-1', 'tabel=80', 'table:covred=80', '8 0', 'table='])(
    'that is none is CONFIG: %j',
    (text) => {
      expect(() => readThreshold(text)).toThrow(expect.objectContaining({ code: 'CONFIG' }));
    },
  );
});

describe('a finding', () => {
  it.each<[string, string[]]>([
    ['gaps', ['objects that are not covered: 2']],
    ['stale', ['tested names that the schema does not define: 1']],
    ['blind', ['calls that could not be understood: 1']],
    ['contradiction', ['tests that contradict the schema: 1']],
    ['incomplete', []],
  ])('%s', async (what, reasons) => {
    expect(await missed(coverage, { under: [], on: [readFinding(what)] })).toEqual(reasons);
  });

  it('that is none is CONFIG', () => {
    expect(() => readFinding('gap')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});
