import type { Coverage } from '../../../js/coverage.js';
import { reporters } from '../../../js/reports/index.js';
import type { ReportInput, TextReporter } from '../../../js/reports/report.js';
import { readThreshold } from '../../../js/thresholds.js';
import type { MatrixRow } from '../../../js/types.js';
import { fakeCoverage, object, type Rows } from './fake-coverage.js';

/** Names that are hostile to one format or another. */
export const HOSTILE = [
  '__proto__',
  'constructor',
  'a"b',
  "it's",
  '<script>alert(1)</script>',
  '=1+1',
  '+cmd',
  '-1',
  '@SUM(A1)',
  '\x1b[31m',
  'two\nlines\r',
  'a,b;c:d%e',
  '`tick` ``',
  '& &amp; ]]>',
  '\u202egnp',
  'a b/../c',
  '# | x |',
  ' padded ',
];

/** A database that holds them in every place. */
export const hostileRows: Rows = {
  objects: HOSTILE.map((name, n) =>
    object({
      kind: n % 2 ? 'function' : 'table',
      name,
      sub: '',
      args: n % 2 ? name : '',
      state: n % 3 === 0 ? 'exercised' : 'gap',
      reason: n % 3 === 0 ? '' : `because ${name}`,
      defined: { file: `dir/${name}.sql`, line: n + 1 },
    }),
  ),
  files: HOSTILE.map((name) => ({
    path: `dir/${name}.sql`,
    role: 'schema',
    bytes: 1,
    hash: 'h',
    assertions: 0,
    unresolved: 0,
  })),
  diagnostics: HOSTILE.map((name, n) => ({
    code: n === 0 ? 'contradiction' : n % 2 ? 'dynamic' : 'plan',
    severity: n === 4 ? 'error' : 'warning',
    file: `dir/${name}.sql`,
    line: n,
    message: name,
  })),
  stale: HOSTILE.map((name, n) => ({
    kind: 'table',
    schema: 'public',
    name,
    sub: '',
    args: '',
    file: `dir/${name}.sql`,
    line: n,
    via: name,
  })),
  matrix: HOSTILE.slice(0, 4).map((name, n): MatrixRow => ({
    kind: 'table',
    schema: 'public',
    name: HOSTILE[2 * n]!,
    sub: '',
    args: '',
    command: 'read',
    role: name,
    persona: name,
    outcome: n % 2 ? 'allowed' : 'no-rows',
    causes: [],
    count: 2,
    places: [],
  })),
  problems: HOSTILE,
};

/** What a reporter of text writes of these rows. */
export const report = (name: string, of: Rows = hostileRows) => reportOf(name, fakeCoverage(of));

/** What a reporter of text writes, with thresholds that are missed. */
export async function reportOf(name: string, coverage: Coverage): Promise<string> {
  const reporter = (await reporters.get(name)!.load()) as TextReporter;
  let text = '';
  const under = [readThreshold('80'), readThreshold('schema.<a&"b>=5')];
  const input: ReportInput = { coverage, source: () => undefined, thresholds: { under, on: ['stale'] } };
  await reporter.write(input, (piece) => void (text += piece), { colour: false, width: 80 });
  return text;
}
