/** What a coverage must come up to, and where it does not. */
import type { Coverage } from './coverage.js';
import { CoverageError } from './error.js';
import { rowsOf } from './pages.js';
import { HEADLINE_KINDS, visible } from './reports/names.js';
import { KINDS, type Count, type Kind } from './types.js';

/** A percentage, from 0 to 100, that objects must come up to. */
export interface Threshold {
  /** What is counted: covered is exercised or asserted. */
  measure: 'covered' | 'exercised';
  /** Objects of one kind. */
  kind?: Kind;
  /** Objects of one schema, of the kinds of the total. */
  schema?: string;
  percent: number;
}

/** What must not be there at all. */
export const FINDINGS = ['gaps', 'stale', 'blind', 'contradiction', 'incomplete'] as const;
export type Finding = (typeof FINDINGS)[number];

export interface Thresholds {
  under: Threshold[];
  on: Finding[];
}

/**
 * Reads `80`, `exercised=60`, `policy=100`, `function:exercised=80`, `schema.app=70`. `CONFIG` for all else, with the
 * forms.
 */
export function readThreshold(text: string): Threshold {
  const [, what, measure, number] =
    /^(?:(?:(.+?)(?::(covered|exercised))?)=)?([0-9]+(?:\.[0-9]+)?)%?$/.exec(text) ?? [];
  const percent = Number(number);
  if (number === undefined || percent > 100) {
    throw new CoverageError(
      'CONFIG',
      `${JSON.stringify(text)} is no threshold: give 80, exercised=60, policy=100, function:exercised=80 or schema.app=70`,
    );
  }
  if (what === undefined) return { measure: 'covered', percent };
  if (what === 'covered' || what === 'exercised') return { measure: what, percent };
  const of = { measure: (measure as Threshold['measure'] | undefined) ?? 'covered', percent };
  if (what.startsWith('schema.')) return { ...of, schema: what.slice('schema.'.length) };
  if ((KINDS as readonly string[]).includes(what)) return { ...of, kind: what as Kind };
  throw new CoverageError(
    'CONFIG',
    `${JSON.stringify(what)} is no kind of object: ${KINDS.join(', ')}, or schema.NAME`,
  );
}

/** Reads one of {@link FINDINGS}. `CONFIG` for all else. */
export function readFinding(text: string): Finding {
  const found = FINDINGS.find((finding) => finding === text);
  if (found) return found;
  throw new CoverageError(
    'CONFIG',
    `there is no ${JSON.stringify(text)} to fail on: use ${FINDINGS.join(', ')}`,
  );
}

/**
 * Why the coverage does not come up to these, one line each; empty where it does. Reads all objects where a schema is
 * asked for, all diagnostics for contradictions, else the summary alone.
 */
export async function missed(coverage: Coverage, { under, on }: Thresholds): Promise<string[]> {
  const summary = await coverage.summary();
  const reasons: string[] = [];
  const schemas = under.some(({ schema }) => schema !== undefined) ? await countSchemas(coverage) : undefined;
  for (const threshold of under) {
    const { schema, kind } = threshold;
    const [count, what] =
      schema !== undefined
        ? [schemas?.get(schema), `schema ${visible(schema)}`]
        : kind !== undefined
          ? [summary.kinds[kind], kind]
          : [summary.totals, 'all'];
    const reason = below(count, what, threshold);
    if (reason) reasons.push(reason);
  }
  for (const finding of on) {
    const reason = await found(coverage, finding);
    if (reason) reasons.push(reason);
  }
  return reasons;
}

type Figures = Pick<Count, 'objects' | 'covered' | 'exercised'>;

function below(
  count: Figures | undefined,
  what: string,
  { measure, schema, percent }: Threshold,
): string | undefined {
  // a schema that is misspelt must not pass; of a kind there may be none
  if (schema !== undefined && !count) return `${what}: there are no objects in it`;
  if (!count || count[measure] * 100 >= percent * count.objects) return undefined;
  const reached = Math.floor((count[measure] * 1000) / count.objects) / 10;
  return `${what}: ${reached.toFixed(1)}% ${measure} (${count[measure]} of ${count.objects}), less than ${percent}%`;
}

async function countSchemas(coverage: Coverage): Promise<Map<string, Figures>> {
  const counts = new Map<string, Figures>();
  for await (const { schema, state } of coverage.iterate({ kind: [...HEADLINE_KINDS] as Kind[] })) {
    let count = counts.get(schema);
    if (!count) counts.set(schema, (count = { objects: 0, covered: 0, exercised: 0 }));
    count.objects += 1;
    if (state === 'exercised' || state === 'asserted') count.covered += 1;
    if (state === 'exercised') count.exercised += 1;
  }
  return counts;
}

async function found(coverage: Coverage, finding: Finding): Promise<string | undefined> {
  const summary = await coverage.summary();
  const counted = (count: number, what: string) => (count > 0 ? `${what}: ${count}` : undefined);
  switch (finding) {
    case 'gaps':
      return counted(summary.totals.objects - summary.totals.covered, 'objects that are not covered');
    case 'stale':
      return counted(summary.stale, 'tested names that the schema does not define');
    case 'blind':
      return counted(summary.unresolved, 'calls that could not be understood');
    case 'incomplete':
      return summary.complete ? undefined : `incomplete: ${summary.problems.map(visible).join('; ')}`;
    case 'contradiction': {
      let count = 0;
      for await (const { code } of rowsOf((page) => coverage.diagnostics(page))) {
        if (code === 'contradiction') count += 1;
      }
      return counted(count, 'tests that contradict the schema');
    }
  }
}
