/** TAP, the Test Anything Protocol, as pgTAP and pg_prove print it. */

/** One test. */
export interface TapTest {
  ok: boolean;
  /** As printed; without one, its place. */
  number: number;
  description: string;
  directive?: 'todo' | 'skip';
}

/** What the lines of one file say. */
export interface Tap {
  tests: TapTest[];
  /** The number of tests that were planned; undefined without a plan. */
  plan?: number;
  /** Why all tests were skipped, or why the file gave up. */
  skippedAll?: string;
  bailedOut?: string;
}

export const emptyTap = (): Tap => ({ tests: [] });

const TEST = /^(not )?ok\b(?:\s+(\d+))?(?:\s+-)?\s*(.*)$/;
const DIRECTIVE = /(?:^|[^\\])#\s*(todo|skip)\b/i;

/** Takes a line; what is indented belongs to a subtest, whose result follows. Returns the test that it is. */
export function takeTapLine(tap: Tap, line: string): TapTest | undefined {
  const plan = /^1\.\.(\d+)(?:\s*#\s*skip\S*\s*(.*))?/i.exec(line);
  if (plan) {
    tap.plan = Number(plan[1]);
    if (tap.plan === 0) tap.skippedAll = plan[2] ?? '';
  }
  const bail = /^Bail out!\s*(.*)/.exec(line);
  if (bail) tap.bailedOut = bail[1]!;
  const found = TEST.exec(line);
  if (!found) return undefined;
  const [, not, number, rest = ''] = found;
  const directive = DIRECTIVE.exec(rest)?.[1]?.toLowerCase() as 'todo' | 'skip' | undefined;
  const test: TapTest = {
    ok: not === undefined,
    number: number === undefined ? tap.tests.length + 1 : Number(number),
    description: rest
      .replace(/(^|[^\\])#\s*(todo|skip)\b.*$/i, '$1')
      .trimEnd()
      .replaceAll('\\#', '#'),
    ...(directive && { directive }),
  };
  tap.tests.push(test);
  return test;
}

/** It failed, and nobody said that it would. */
export const hasFailed = ({ ok, directive }: TapTest): boolean => !ok && directive !== 'todo';

/** What is wrong with the tests of a file, a line each; empty where all passed. */
export function tapProblems({ tests, plan, bailedOut, skippedAll }: Tap): string[] {
  const problems = tests
    .filter(hasFailed)
    .map(({ number, description }) => `failed test ${number}: ${description}`);
  if (bailedOut !== undefined) problems.push(`bailed out: ${bailedOut}`);
  if (skippedAll !== undefined) return problems;
  if (plan === undefined) problems.push(tests.length === 0 ? 'printed no test' : 'printed no plan');
  else if (plan !== tests.length) problems.push(`planned ${plan} tests, ran ${tests.length}`);
  return problems;
}
