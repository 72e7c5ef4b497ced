/**
 * What a run of the tests came to, as a source of role `tap`: evidence from what did not pass does not count. The source
 * stands behind the tests in the manifest.
 */

/** A test file that ran, or did not. */
export interface FileResult {
  path: string;
  status: 'passed' | 'failed' | 'not-run';
  /** Why it did not pass, a line each. */
  problems: string[];
  /** Tests that ran. */
  tests: number;
  /** Lines whose assertions do not count. */
  notPassed: NotPassed[];
}

/** Lines of the file itself, or of one that it includes; of all of them without `file`. */
export interface NotPassed {
  file?: string;
  /** From 1, both included; without them all lines. */
  from?: number;
  to?: number;
}

/** A whole file that did not run. */
export const notRun = (path: string, problem: string): FileResult => ({
  path,
  status: 'not-run',
  problems: [problem],
  tests: 0,
  notPassed: [{}],
});

const LAST_LINE = 0xffffffff;

/** The text of a source of role `tap`: one statement for each range of lines, which only the analyzer understands. */
export function resultsText(results: Iterable<FileResult>): string {
  let text = '';
  for (const { path, notPassed } of results) {
    for (const { file = '', from = 1, to = LAST_LINE } of notPassed)
      text += `not_passed ${quoted(path)} ${quoted(file)} ${from} ${to};\n`;
  }
  return text;
}

const quoted = (path: string) => `'${path.replaceAll("'", "''")}'`;
