import type { Coverage } from '../coverage.js';
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
    await list('objects', objectRows(coverage), write);
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

/** Every object with its evidence, keys in their order. */
export async function* objectRows(coverage: Coverage): AsyncIterable<object> {
  for await (const object of coverage.iterate()) {
    const evidence = [];
    if (object.places > 0) {
      for await (const row of picked((page) => coverage.evidence(object, page), EVIDENCE)) evidence.push(row);
    }
    yield { ...objectRow(object), evidence };
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
    reason,
  } = object;
  const { file, line } = defined;
  const uses = { state, structure, behavior, act, fixture, aspects, reason };
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
