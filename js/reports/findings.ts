/** What is wrong, in the order in which one would look at it: for reports that show places. */
import type { Coverage } from '../coverage.js';
import { rowsOf } from '../pages.js';
import { HEADLINE_KINDS, nameOf } from './names.js';

/** Something at a place. */
export interface Finding {
  rule: keyof typeof RULES;
  level: 'error' | 'warning' | 'note';
  file: string;
  line: number;
  message: string;
  /** What tells it from others of its rule, without its line. */
  key: string;
}

/** The rules, and what they find. */
export const RULES = {
  'refused-call': 'PostgreSQL rejects the call, or the statement',
  contradiction: 'A test says that there is no such object, and the schema defines it',
  stale: 'A test names an object that the schema does not define',
  'blind-spot': 'A call that could not be understood',
  warning: 'A test or a definition deserves attention',
  gap: 'No test covers the object',
} as const;

const BLIND = new Set(['dynamic', 'limit', 'unknown', 'catalog']);

/**
 * Hands on the first `most` findings, worst first: errors, contradictions, stale names, blind spots, warnings, then gaps in the
 * order of kinds. How many are left; gaps that are left are not read.
 */
export async function eachFinding(
  coverage: Coverage,
  most: number,
  take: (finding: Finding, place: number) => Promise<void>,
): Promise<number> {
  let count = 0;
  for await (const finding of problems(coverage)) {
    if (count < most) await take(finding, count);
    count += 1;
  }
  const { objects, covered } = (await coverage.summary()).totals;
  const all = count + objects - covered;
  if (count < most) {
    for await (const finding of gaps(coverage)) {
      await take(finding, count);
      count += 1;
      if (count === most) break;
    }
  }
  return Math.max(0, all - most);
}

async function* problems(coverage: Coverage): AsyncIterable<Finding> {
  const said = (
    wanted: (
      code: string,
      severity: string,
    ) => Omit<Finding, 'file' | 'line' | 'message' | 'key'> | undefined,
  ) => diagnosticsOf(coverage, wanted);
  yield* said((_code, severity) =>
    severity === 'error' ? { rule: 'refused-call', level: 'error' } : undefined,
  );
  yield* said((code) => (code === 'contradiction' ? { rule: 'contradiction', level: 'warning' } : undefined));
  for await (const row of rowsOf((page) => coverage.stale(page))) {
    const name = nameOf(row);
    const message = `${name} is tested by ${row.via}, but the schema does not define it`;
    yield { rule: 'stale', level: 'warning', file: row.file, line: row.line, message, key: name };
  }
  yield* said((code) => (BLIND.has(code) ? { rule: 'blind-spot', level: 'note' } : undefined));
  yield* said((code, severity) =>
    severity === 'warning' && code !== 'contradiction' && !BLIND.has(code)
      ? { rule: 'warning', level: 'note' }
      : undefined,
  );
}

async function* gaps(coverage: Coverage): AsyncIterable<Finding> {
  for (const kind of [...HEADLINE_KINDS].reverse()) {
    for await (const object of coverage.iterate({ kind: [kind], state: ['gap', 'declared'] })) {
      const name = nameOf(object);
      const message = `${name} is not covered${object.reason ? `: ${object.reason}` : ''}`;
      yield { rule: 'gap', level: 'note', ...object.defined, message, key: name };
    }
  }
}

async function* diagnosticsOf(
  coverage: Coverage,
  wanted: (code: string, severity: string) => Pick<Finding, 'rule' | 'level'> | undefined,
): AsyncIterable<Finding> {
  for await (const { code, severity, file, line, message } of rowsOf((page) => coverage.diagnostics(page))) {
    const found = wanted(code, severity);
    if (found) yield { ...found, file, line, message: `${code}: ${message}`, key: `${code} ${message}` };
  }
}
