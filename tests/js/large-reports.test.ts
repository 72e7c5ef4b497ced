// Reports of large schemas: complete, and with as much memory for many objects as for a few.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { lcovParser } from '@friedemannsommer/lcov-parser';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Coverage, CoverageError } from '../../js/index.js';
import { withFileLines, type FileLines } from '../../js/reports/lines.js';
import { reporters } from '../../js/reports/index.js';
import type { TextReporter } from '../../js/reports/report.js';
import { SortedRows, type Span } from '../../js/reports/sorted.js';
import type { CoveredObject, MatrixRow, ObjectQuery, Page, PageQuery, Summary } from '../../js/types.js';
import { object } from './support/fake-coverage.js';
import { reportOf } from './support/hostile.js';
import { scanTexts } from './support/scan.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgtap-cov-test-'));
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true }));

describe('sorted rows', () => {
  const rows = Array.from({ length: 500 }, (_, n) => `${(n * 7919) % 500}\tname ä€😀 ${n}`);
  // longer than what is read at once
  rows.push(`25\t${'ö'.repeat(100_000)}`);

  it.each([1, 2, 50, 500, 501, 1000])(
    'come in order, and again by their spans, where %i are held',
    (most) => {
      vi.stubEnv('TMPDIR', folder);
      const sorted = new SortedRows(most);
      for (const row of rows) {
        sorted.add(row);
        expect(sorted.held).toBeLessThanOrEqual(most);
      }
      const shown: string[] = [];
      const spans: Span[] = [];
      sorted.sort((row, span) => {
        shown.push(row);
        spans.push(span);
      });
      expect(shown).toEqual([...rows].sort());
      for (const [from, to] of [
        [0, 0],
        [0, rows.length - 1],
        [120, 180],
      ] as const) {
        const span = { from: spans[from]!.from, to: spans[to]!.to };
        expect([...sorted.read(span)]).toEqual(shown.slice(from, to + 1));
      }
      sorted.close();
    },
  );

  it('leave nothing on the disk', async () => {
    vi.stubEnv('TMPDIR', folder);
    const sorted = new SortedRows(10);
    for (const row of rows) sorted.add(row);
    expect(await readdir(folder)).not.toEqual([]);
    sorted.sort(() => {});
    sorted.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('say which folder has no room, and what to do', () => {
    vi.stubEnv('TMPDIR', join(folder, 'not', 'there'));
    const sorted = new SortedRows(1);
    sorted.add('a');
    expect(() => sorted.add('b')).toThrow(
      expect.objectContaining<Partial<CoverageError>>({
        code: 'STORE',
        file: join(folder, 'not', 'there'),
        message: expect.stringContaining('name another folder in TMPDIR'),
      }),
    );
  });
});

/** `count` objects in ten files, each made when its page is asked for, and as many cells of the access matrix as tables. */
function madeCoverage(count: number): Coverage {
  const kinds = ['table', 'column', 'function', 'trigger', 'policy'];
  const kindOf = (n: number) => kinds[Math.floor((n * kinds.length) / count)]!;
  const objectAt = (n: number): CoveredObject =>
    object({
      kind: kindOf(n),
      name: `object_with_a_name_that_is_as_long_as_names_are_${n}`,
      state: n % 2 ? 'gap' : 'asserted',
      structure: n % 2 ? 0 : 1,
      places: 0,
      defined: { file: `db/${n % 10}.sql`, line: (n * 7919) % count },
    });
  const cellAt = (n: number): MatrixRow => {
    const { kind, schema, name, sub, args } = objectAt(n);
    const shown = { command: 'read', role: 'member', persona: '', outcome: 'allowed' as const };
    return { kind, schema, name, sub, args, ...shown, causes: [], count: 1, places: [] };
  };
  const page = <T>(rows: number, at: (n: number) => T, { after, limit }: PageQuery): Page<T> => {
    const from = Number(after ?? 0);
    const to = Math.min(rows, from + limit);
    const made = Array.from({ length: to - from }, (_, n) => at(from + n));
    return to < rows ? { rows: made, next: String(to) } : { rows: made };
  };
  const half = { objects: count, covered: count / 2, exercised: 0, asserted: count / 2, declared: 0 };
  const figures = { ...half, gap: count / 2, percent: 50 };
  const summary: Summary = {
    complete: true,
    problems: [],
    totals: figures,
    kinds: Object.fromEntries(kinds.map((kind) => [kind, figures])),
    files: 0,
    evidence: 0,
    stale: 0,
    matrix: count / kinds.length,
    diagnostics: { error: 0, warning: 0, info: 0 },
    bytes: 0,
    assertions: 0,
    unresolved: 0,
  };
  const made = {
    summary: async () => summary,
    matrix: async (query: PageQuery) => page(count / kinds.length, cellAt, query),
    async *iterate({ kind, state }: Partial<ObjectQuery> = {}) {
      for (let n = 0; n < count; n += 1) {
        const row = objectAt(n);
        if (kind?.includes(row.kind) !== false && state?.includes(row.state) !== false) yield row;
      }
    },
  };
  const none = async () => ({ rows: [] });
  return { ...made, files: none, diagnostics: none, stale: none, allEvidence: none } as unknown as Coverage;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The most that is held while a report is written, in bytes. */
async function mostHeld(name: string, coverage: Coverage): Promise<number> {
  const reporter = (await reporters.get(name)!.load()) as TextReporter;
  let most = 0;
  let pieces = 0;
  const measure = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    most = Math.max(most, heapUsed + external);
  };
  const write = () => {
    if (pieces++ % 20_000 === 0) measure();
  };
  measure();
  const before = most;
  await reporter.write({ coverage, source: () => undefined }, write, { colour: false, width: 80 });
  measure();
  return most - before;
}

/** Texts of any length; `viewer` holds the database and says above which size it does not. */
const STREAMED = Array.from(reporters)
  .filter(([name, { folder }]) => !folder && name !== 'viewer')
  .map(([name]) => name);

describe('memory', () => {
  it.each(STREAMED)('of %s is that of a third of the objects', async (name) => {
    await mostHeld(name, madeCoverage(1000));
    const some = await mostHeld(name, madeCoverage(35_000));
    const many = await mostHeld(name, madeCoverage(105_000));
    // a hundredth of what the names of the others take
    expect(many - some).toBeLessThan(4 * 1024 * 1024);
  });
});

describe('a database of thousands of objects', () => {
  const TABLES = 600;
  let coverage: Coverage;
  let summary: Summary;
  let reads = 0;

  /** Each file has tables with a column a line, a function and a trigger for each; a test names every second table. */
  beforeAll(async () => {
    const sources = Array.from({ length: 6 }, (_, file) => ({
      path: `db/${file}.sql`,
      role: 'schema' as const,
      text: Array.from({ length: TABLES / 6 }, (_, n) => {
        const table = `f${file}_t${n}`;
        return (
          `CREATE TABLE ${table} (\n  id int,\n  a text,\n  b text);\n` +
          `CREATE FUNCTION ${table}_f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';\n` +
          `CREATE TRIGGER touch BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_f();\n`
        );
      }).join(''),
    }));
    const calls = Array.from({ length: TABLES }, (_, n) => `f${n % 6}_t${Math.floor(n / 6)}`)
      .filter((_, n) => n % 2 === 0)
      .map((table) => `SELECT has_table('${table}');\nSELECT has_column('${table}', 'a');\n`);
    const scanned = await scanTexts([...sources, { path: 't/a.sql', role: 'tests', text: calls.join('') }]);
    const pieces: Uint8Array[] = [];
    for await (const piece of scanned.bytes()) pieces.push(piece);
    await scanned.close();
    const bytes = Buffer.concat(pieces);
    coverage = await Coverage.open({
      size: async () => bytes.length,
      read: async (offset, length) => {
        reads += 1;
        return bytes.subarray(offset, offset + length);
      },
    });
    summary = await coverage.summary();
  });
  afterAll(() => coverage.close());

  const allObjects = () => Object.values(summary.kinds).reduce((to, { objects }) => to + objects, 0);

  it('has each definition as a line of LCOV, and each routine and trigger as a function', async () => {
    const files = await lcovParser({ from: await reportOf('lcov', coverage) });
    expect(files.map(({ path }) => path)).toEqual([0, 1, 2, 3, 4, 5].map((file) => `db/${file}.sql`));
    for (const { lines, functions } of files) {
      // the table, its columns, the function and the trigger
      expect(lines.details).toHaveLength((TABLES / 6) * 6);
      expect(lines.details.map(({ line }) => line)).toEqual(Array.from({ length: TABLES }, (_, n) => n + 1));
      expect(functions.details).toHaveLength((TABLES / 6) * 2);
      expect([lines.instrumented, functions.instrumented]).toEqual([TABLES, TABLES / 3]);
    }
    const hit = files.flatMap(({ lines }) => lines.details.filter(({ hit }) => hit > 0));
    expect(hit).toHaveLength(summary.kinds.table!.covered + summary.kinds.column!.covered);
  });

  it('has the same figures in Cobertura, Clover and json-summary', async () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '',
      parseAttributeValue: true,
    });
    const { coverage: cobertura } = parser.parse(await reportOf('cobertura', coverage));
    const { metrics } = parser.parse(await reportOf('clover', coverage)).coverage.project;
    const { total } = JSON.parse(await reportOf('json-summary', coverage));
    const covered = summary.kinds.table!.covered + summary.kinds.column!.covered;
    expect([cobertura['lines-valid'], cobertura['lines-covered']]).toEqual([allObjects(), covered]);
    expect([metrics.statements, metrics.coveredstatements]).toEqual([allObjects(), covered]);
    expect(total).toMatchObject({
      statements: { total: allObjects(), covered },
      lines: { total: allObjects(), covered },
      functions: { total: TABLES * 2, covered: 0 },
    });
  });

  it('has each object as a row of NDJSON and CSV', async () => {
    const rows = (await reportOf('ndjson', coverage))
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row));
    const objects = rows.filter(({ type }) => type === 'object');
    expect(objects).toHaveLength(allObjects());
    for (const row of objects.slice(0, 50)) {
      const { rows: evidence } = await coverage.evidence(row, { limit: 100 });
      expect(row.evidence).toEqual(evidence);
    }
    expect(objects.flatMap(({ evidence }) => evidence)).toHaveLength(summary.evidence);
    expect((await reportOf('csv', coverage)).trimEnd().split('\r\n')).toHaveLength(allObjects() + 1);
  });

  it('is the same however few rows are held', async () => {
    const read = (most: number) => withFileLines(coverage, async (files) => files.map(contents), most);
    expect(await read(100)).toEqual(await read(1_000_000));
  });

  it.each(STREAMED)('is read by %s in few reads', async (name) => {
    reads = 0;
    await reportOf(name, coverage);
    expect(reads).toBeLessThan(allObjects() / 50);
  });
});

function contents(file: FileLines): object {
  const { path, counts } = file;
  return {
    path,
    counts,
    lines: [...file.lines()],
    definitions: [...file.definitions()],
    routines: [...file.routines()],
    accesses: [...file.accesses()],
  };
}
