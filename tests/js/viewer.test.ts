/** The parts of the viewer's worker that need no browser: what they hold, and how often they read. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Analyzer, Coverage, MemoryStore, merge } from '../../js/index.js';
import { rowsOf } from '../../js/pages.js';
import type { CoveredObject, ObjectKey, ObjectQuery, RangeSource, State, Tally } from '../../js/types.js';
import { scanTexts } from './support/scan.js';
import { cached } from '../../www/src/worker/cache.js';
import { find, named } from '../../www/src/worker/locate.js';
import { marksOf } from '../../www/src/worker/marks.js';
import { Compared } from '../../www/src/worker/compare.js';
import { cutChanges } from '../../www/src/words.js';
import { drawn, MOST_PIXELS, reveal } from '../../www/src/window.js';
import { Forest } from '../../www/src/worker/tree.js';

/** A range source, and the reads of it. */
function counting(bytes: Uint8Array): RangeSource & { reads: [offset: number, length: number][] } {
  const reads: [number, number][] = [];
  return {
    reads,
    size: async () => bytes.length,
    read: async (offset, length) => {
      reads.push([offset, length]);
      return bytes.subarray(offset, offset + length);
    },
  };
}

describe('the pages of a database that is read over a network', () => {
  const PAGE = 64 * 1024;
  const bytes = Uint8Array.from({ length: 200 * PAGE + 100 }, (_, i) => i * 31 + (i >> 8));

  it('give the bytes of any range, at the end too', async () => {
    const source = cached(counting(bytes));
    for (const [offset, length] of [
      [0, 1],
      [PAGE - 1, 2],
      [5, 3 * PAGE],
      [200 * PAGE - 1, 101],
      [0, 0],
    ] as const) {
      const read = Buffer.from(await source.read(offset, length));
      expect(read.equals(bytes.subarray(offset, offset + length))).toBe(true);
    }
    expect(await source.read(bytes.length - 1, 5)).toHaveLength(1);
  });

  it('are read once, also when many ask at a time', async () => {
    const source = counting(bytes);
    const pages = cached(source);
    await Promise.all(Array.from({ length: 50 }, (_, i) => pages.read(i * 1000, 1000)));
    await pages.read(0, PAGE);
    expect(source.reads).toEqual([[0, PAGE]]);
  });

  it('are held up to 128, those that were used last', async () => {
    const source = counting(new Uint8Array(260 * PAGE));
    const pages = cached(source);
    const read = (page: number) => pages.read(page * PAGE, 1);
    // none beside another: each is asked for alone
    for (let page = 0; page < 256; page += 2) await read(page);
    await read(0);
    await read(256);
    source.reads.length = 0;
    for (const page of [0, 4, 254, 256]) await read(page);
    expect(source.reads).toEqual([]);
    await read(2);
    expect(source.reads).toEqual([[2 * PAGE, PAGE]]);
  });

  it('are read many at once where they follow one another, to the end and no further', async () => {
    const source = counting(bytes);
    const pages = cached(source);
    for (let page = 0; page < 200; page++) {
      const read = Buffer.from(await pages.read(page * PAGE, PAGE));
      expect(read.equals(bytes.subarray(page * PAGE, (page + 1) * PAGE))).toBe(true);
    }
    expect(await pages.read(200 * PAGE, 100)).toEqual(bytes.slice(200 * PAGE));
    const lengths = source.reads.map(([, length]) => length / PAGE);
    expect(lengths.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 32]);
    expect(source.reads.reduce((sum, [, length]) => sum + length, 0)).toBe(bytes.length);
    // elsewhere it begins anew
    source.reads.length = 0;
    await pages.read(20 * PAGE, 2 * PAGE);
    expect(source.reads).toEqual([
      [20 * PAGE, PAGE],
      [21 * PAGE, 2 * PAGE],
    ]);
  });

  it('are asked for again where they could not be read', async () => {
    let fails = true;
    const pages = cached({
      size: async () => 10,
      read: async (offset, length) => {
        if (fails) throw new Error('no network');
        return bytes.subarray(offset, offset + length);
      },
    });
    await expect(pages.read(0, 3)).rejects.toThrow('no network');
    fails = false;
    expect(await pages.read(0, 3)).toEqual(bytes.slice(0, 3));
  });
});

describe('a table of any length', () => {
  const height = 34;
  const room = 500;

  it.each([0, 1, 14, 100, 441_176, 441_177, 1_000_213, 50_000_000])(
    'of %i rows draws those in view, from the first to the last',
    (length) => {
      const rows = { length, height, room };
      const most = Math.max(0, drawn(rows, 0).size - room);
      expect(most).toBeLessThan(MOST_PIXELS);
      for (const share of [0, 0.001, 0.3, 0.5, 0.999, 1]) {
        const top = share * most;
        const { first, count, shift } = drawn(rows, top);
        expect(count).toBeLessThanOrEqual(27);
        // where the drawn rows begin and end, seen from the top of what is in view
        const [begin, end] = [first * height + shift - top, (first + count) * height + shift - top];
        expect(begin).toBeLessThanOrEqual(0.001);
        expect(end).toBeGreaterThanOrEqual(Math.min(room, length * height) - 0.001);
      }
      const { first, count } = drawn(rows, most);
      expect(first + count).toBe(length);
    },
  );

  it('scrolls no further than a row needs to be seen', () => {
    for (const length of [100, 1_000_213]) {
      const rows = { length, height, room };
      for (const [row, from] of [
        [0, 1000],
        [length - 1, 0],
        [50, 0],
        [50, 2000],
      ] as const) {
        const top = reveal(rows, row, from);
        const y = row * height + drawn(rows, top).shift - top;
        expect(y).toBeGreaterThan(-0.001);
        expect(y).toBeLessThan(room - height + 0.001);
        expect(reveal(rows, row, top)).toBeCloseTo(top, 3);
      }
    }
    expect(reveal({ length: 100, height, room }, 3, 20)).toBe(20);
  });
});

describe('a large database', () => {
  const TABLES = 3000;
  const COLUMNS = 8;
  let database: Uint8Array;
  let objects: CoveredObject[];

  beforeAll(async () => {
    const store = new MemoryStore();
    const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment) });
    await analyzer.begin({ path: 'schema.sql', role: 'schema' });
    const columns = Array.from({ length: COLUMNS }, (_, i) => `column_${i} int`).join(', ');
    for (const schema of ['a', 'b', 'c']) await analyzer.push(`CREATE SCHEMA ${schema};\n`);
    for (let i = 0; i < TABLES; i++) {
      await analyzer.push(`CREATE TABLE ${'abc'[i % 3]}.t${String(i).padStart(4, '0')} (${columns});\n`);
    }
    await analyzer.push('CREATE FUNCTION a.f(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;\n');
    await analyzer.push('CREATE FUNCTION a.f(text) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$;\n');
    await analyzer.end();
    await analyzer.begin({ path: 'a.test.sql', role: 'tests' });
    for (let i = 0; i < TABLES; i += 4) {
      await analyzer.push(`SELECT has_table('${'abc'[i % 3]}', 't${String(i).padStart(4, '0')}', 'x');\n`);
    }
    await analyzer.end();
    const { manifest } = await analyzer.finish();
    const chunks: Uint8Array[] = [];
    await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
    database = Buffer.concat(chunks);
    const coverage = await Coverage.open(database);
    objects = [];
    for await (const object of coverage.iterate()) objects.push(object);
    await coverage.close();
    expect(objects.length).toBeGreaterThan(TABLES * (COLUMNS + 1));
  });

  const keyOf = ({ kind, schema, name, sub, args }: ObjectKey) => ({ kind, schema, name, sub, args });

  it('is opened with one read', async () => {
    const source = counting(database);
    await (await Coverage.open(source)).close();
    expect(source.reads).toHaveLength(1);
  });

  it('finds an object of any key with few reads, and none that is not there', async () => {
    const source = counting(database);
    const coverage = await Coverage.open(source);
    const ends = [objects[0]!, objects.at(-1)!];
    const edges = objects.filter(
      ({ kind }, i) => kind !== objects[i - 1]?.kind || kind !== objects[i + 1]?.kind,
    );
    for (const object of [...ends, ...edges, ...objects.filter((_, i) => i % 997 === 0)]) {
      source.reads.length = 0;
      expect(await find(coverage, keyOf(object))).toEqual(object);
      expect(source.reads.length).toBeLessThan(24);
    }
    for (const change of [
      { name: 'zz' },
      { name: '' },
      { schema: 'd' },
      { sub: 'x' },
      { args: 'x' },
      { kind: 'view' },
    ]) {
      expect(await find(coverage, { ...keyOf(objects[5000]!), ...change })).toBeNull();
    }
    await coverage.close();
  });

  it('answers the questions of filters as one who looks at every object', async () => {
    const source = counting(database);
    const coverage = await Coverage.open(source);
    const queries: Omit<ObjectQuery, 'limit'>[] = [
      { schema: 'b' },
      { schema: '' },
      { schema: 'd' },
      { kind: ['table'], schema: 'c' },
      { match: '(?i)T29' },
      { match: 'T29' },
      { match: 'b.t00[0-4]' },
      { match: 'a\\.t0000' },
      { match: '(?i)zz', state: ['gap'] },
      { state: ['asserted', 'declared'], schema: 'a' },
    ];
    for (const query of queries) {
      const { kind, schema, match, state } = query;
      const pattern =
        match === undefined
          ? /()/
          : new RegExp(match.replace('(?i)', ''), match.startsWith('(?i)') ? 'i' : '');
      const wanted = objects.filter(
        (object) =>
          (!kind || kind.includes(object.kind)) &&
          (schema === undefined || object.schema === schema) &&
          (!state || state.includes(object.state)) &&
          pattern.test([object.schema, object.name, object.sub].filter((part) => part !== '').join('.')),
      );
      source.reads.length = 0;
      const found = [];
      for await (const object of coverage.iterate({ ...query, limit: 700 })) found.push(object);
      expect(found).toEqual(wanted);
      if (schema !== undefined && wanted.length === 0) expect(source.reads.length).toBeLessThan(4);
    }
    await coverage.close();
  });

  it('tells what each relation and routine comes to, on any number of pages', async () => {
    const coverage = await Coverage.open(database);
    const count = (rows: Iterable<ObjectKey & { state?: State }>) => {
      const counts = new Map<string, Record<string, number>>();
      for (const { schema, name, args, kind: _, sub: __, ...states } of rows) {
        const key = `${schema}.${name}(${args})`;
        const of = counts.get(key) ?? { exercised: 0, asserted: 0, declared: 0, gap: 0 };
        counts.set(key, of);
        if (states.state) of[states.state]! += 1;
        else for (const state of Object.keys(of)) of[state]! += (states as Record<string, number>)[state]!;
      }
      return counts;
    };
    for (const query of [{}, { schema: 'a' }, { kind: ['column'], match: 't1' }]) {
      const found = [];
      for await (const object of coverage.iterate(query)) found.push(object);
      for (const limit of [500, 100_000]) {
        const tallied: Tally[] = [];
        for await (const row of rowsOf((page) => coverage.tally({ ...query, ...page }), { limit }))
          tallied.push(row);
        expect(count(tallied)).toEqual(count(found));
        if (limit === 100_000) expect(tallied).toHaveLength(count(found).size);
      }
    }
    await expect(coverage.tally({ limit: 100_001 })).rejects.toMatchObject({ code: 'CONFIG' });
    await coverage.close();
  });

  it('says of which changes it tells the first alone', async () => {
    const [base, head] = [
      await scanTexts([{ path: 's.sql', role: 'schema', text: '' }]),
      await Coverage.open(database),
    ];
    const compared = await Compared.between('base', base, head);
    const { counts, most } = compared.comparison;
    expect(counts['new-gap']).toBeGreaterThan(most);
    const last = compared.page({ change: 'new-gap', after: String(most - 5), limit: 10 });
    expect([last.rows.length, last.next]).toEqual([5, undefined]);
    expect(compared.changeOf(last.rows[4]!)).toBe('new-gap');
    const cut = cutChanges(compared.comparison, ['new', 'new-gap']);
    expect(cut).toContain(counts['new-gap']!.toLocaleString('en'));
    expect(cut).toContain(most.toLocaleString('en'));
    expect(cutChanges(compared.comparison, ['new'])).toBe('');
    await Promise.all([base.close(), head.close()]);
  });

  it('tells what the lines of a file test', async () => {
    const coverage = await Coverage.open(database);
    const { marks } = await marksOf(coverage, 'a.test.sql', new AbortController().signal);
    const wanted = objects.filter(({ places }) => places > 0);
    expect(marks).toHaveLength(wanted.reduce((sum, { places }) => sum + places, 0));
    expect(marks.map(({ line }) => line)).toEqual(Array.from(marks, (_, i) => i + 1));
    for (const { object, line, via } of marks) {
      expect([object.name, via]).toEqual([
        `t${String((line - 1) * 4).padStart(4, '0')}`,
        'has_table(name, name, text)',
      ]);
    }
    expect((await coverage.fileEvidence('schema.sql', { limit: 9 })).rows).toEqual([]);
    await coverage.close();
  });

  it('tells what has a name, overloads and columns, and no more', async () => {
    const coverage = await Coverage.open(database);
    for (const [schema, name] of [
      ['a', 't0000'],
      ['c', 't2999'],
      ['a', 'f'],
      ['a', 't0001'],
    ]) {
      const found = [];
      for await (const object of named(coverage, schema!, name!)) found.push(object);
      const wanted = objects.filter((object) => object.schema === schema && object.name === name);
      expect(found.map(keyOf)).toEqual(expect.arrayContaining(wanted.map(keyOf)));
      expect(found).toHaveLength(wanted.length);
    }
    await coverage.close();
  });

  it('has a treemap of the headline before all objects are read, and then one of all', async () => {
    const source = counting(database);
    const coverage = await Coverage.open(source);
    const forest = new Forest(coverage);
    const first = await forest.part({});
    const early = source.reads.length;
    expect(first.whole).toBe(false);
    const sums = ({ nodes }: Awaited<ReturnType<Forest['part']>>) =>
      nodes.flatMap(({ count }) => Object.values(count)).reduce((sum, count) => sum + count, 0);
    const headline = objects.filter(({ kind }) => kind === 'table' || kind === 'function');
    expect(sums(first)).toBe(headline.length);

    const all = await forest.part({ whole: true });
    expect(all.whole).toBe(true);
    expect(sums(all)).toBe(objects.length);
    // only the blocks of the headline's kinds were read for the first answer
    expect(early).toBeLessThan(source.reads.length / 3);
    const before = source.reads.length;
    expect((await forest.schemas({})).schemas).toEqual(
      expect.arrayContaining(
        ['a', 'b', 'c'].map((schema) => ({
          schema,
          objects: objects.filter((object) => object.schema === schema).length,
        })),
      ),
    );
    const { rows } = await forest.largest({ limit: 10_000 });
    expect(rows.reduce((sum, { count }) => sum + count.gap + count.declared, 0)).toBe(
      objects.filter(({ state }) => state === 'gap' || state === 'declared').length,
    );
    // asked again, nothing is read
    expect(source.reads).toHaveLength(before);
    await coverage.close();
  });
});
