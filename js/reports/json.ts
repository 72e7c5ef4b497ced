import type { Coverage } from '../coverage.js';
import { CoverageError } from '../error.js';
import { rowsOf } from '../pages.js';
import type { Count, CoveredObject, Page, PageQuery } from '../types.js';
import { kindOrder } from './names.js';
import type { ReportInput, TextReporter, Write } from './report.js';

/** `pgtap-cov/1`: everything in one JSON object, one row of a list on a line, keys always in the same order. */
export const json: TextReporter = {
  kind: 'text',
  async write({ coverage, run }: ReportInput, write: Write) {
    const { complete, problems, totals, kinds } = await coverage.summary();
    const { objects, covered, exercised, percent } = totals;
    await write(
      `{"format":"pgtap-cov/1",\n"complete":${complete},\n"problems":${JSON.stringify(problems)},\n`,
    );
    await write(`"totals":${JSON.stringify({ objects, covered, exercised, percent })},\n"kinds":{`);
    const names = Object.keys(kinds).sort(kindOrder);
    await write(
      names.map((kind) => `\n${JSON.stringify(kind)}:${JSON.stringify(counts(kinds[kind]!))}`).join(','),
    );
    await write('},\n');
    await write('"objects":[');
    await writeObjects(coverage, write, { start: (at) => (at === 0 ? '\n' : ',\n'), end: '' });
    await write(']');
    await write(',\n');
    await list(
      'matrix',
      picked((page) => coverage.matrix(page), CELL),
      write,
    );
    await write(',\n');
    await list(
      'stale',
      picked((page) => coverage.stale(page), STALE),
      write,
    );
    await write(',\n');
    await list(
      'diagnostics',
      picked((page) => coverage.diagnostics(page), DIAGNOSTIC),
      write,
    );
    await write(',\n');
    await list(
      'files',
      picked((page) => coverage.files(page), FILE),
      write,
    );
    if (run) {
      const { bytes, records, segments, arenaBytes, linearBytes } = run;
      await write(`,\n"run":${JSON.stringify({ bytes, records, segments, arenaBytes, linearBytes })}`);
    }
    await write('}\n');
  },
};

const EVIDENCE = ['file', 'line', 'via', 'aspect', 'strength', 'flags'] as const;
const CELL = [
  'kind',
  'schema',
  'name',
  'sub',
  'args',
  'command',
  'role',
  'persona',
  'outcome',
  'causes',
  'count',
  'places',
] as const;
const STALE = ['kind', 'schema', 'name', 'sub', 'args', 'file', 'line', 'via'] as const;
const DIAGNOSTIC = ['code', 'severity', 'file', 'line', 'message'] as const;
const FILE = ['path', 'role', 'bytes', 'plan', 'assertions', 'unresolved'] as const;

async function list(name: string, rows: AsyncIterable<unknown>, write: Write): Promise<void> {
  await write(`${JSON.stringify(name)}:[`);
  let separator = '\n';
  for await (const row of rows) {
    await write(separator + JSON.stringify(row));
    separator = ',\n';
  }
  await write(']');
}

/**
 * Every object with its evidence, keys in their order, those of `head` first. All evidence is read once, beside the objects,
 * and none is held.
 */
export async function writeObjects(
  coverage: Coverage,
  write: Write,
  { head = {}, start, end }: { head?: object; start: (at: number) => string; end: string },
): Promise<void> {
  const evidence = picked((page) => coverage.allEvidence(page), EVIDENCE)[Symbol.asyncIterator]();
  let number = 0;
  for await (const object of coverage.iterate()) {
    const row = JSON.stringify({ ...head, ...objectRow(object) });
    await write(`${start(number++)}${row.slice(0, -1)},"evidence":[`);
    for (let at = 0; at < object.places; at += 1) {
      const { value, done } = await evidence.next();
      if (done) throw new CoverageError('CORRUPT', 'objects have more evidence than the database holds');
      await write((at > 0 ? ',' : '') + JSON.stringify(value));
    }
    await write(`]}${end}`);
  }
}

function objectRow(object: CoveredObject): object {
  const {
    kind,
    schema,
    name,
    sub,
    args,
    defined,
    state,
    structure,
    behavior,
    act,
    fixture,
    aspects,
    risk,
    reason,
  } = object;
  const { file, line } = defined;
  const uses = { state, structure, behavior, act, fixture, aspects, risk, reason };
  return { kind, schema, name, sub, args, defined: { file, line }, ...uses };
}

function counts({ objects, covered, exercised, asserted, declared, gap, percent }: Count): object {
  return { objects, covered, exercised, asserted, declared, gap, percent };
}

/** Rows with just these keys, in this order; keys without a value are left out. */
async function* picked<T extends object>(
  query: (page: PageQuery) => Promise<Page<T>>,
  keys: readonly (keyof T)[],
): AsyncIterable<object> {
  for await (const row of rowsOf(query)) yield Object.fromEntries(keys.map((key) => [key, row[key]]));
}
