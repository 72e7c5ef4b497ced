/** TAP that something else printed, such as `pg_prove --verbose`, as results of the test files. Node only. */
import { resolve } from 'node:path';
import { listCalls } from './calls.js';
import { CoverageError } from './error.js';
import { readBelow, readText } from './files.js';
import { includedPaths, normalized } from './include.js';
import { readScript, type ScriptStatement } from './psql.js';
import { notRun, type FileResult, type NotPassed } from './results.js';
import { emptyTap, takeTapLine, tapProblems, type Tap } from './tap.js';

/** What TAP files say of the tests of a project. */
export interface TapResults {
  /** One for each test file. */
  results: FileResult[];
  /** What could not be told, a line each. */
  notes: string[];
}

/** As pg_prove and `pgtap-cov run` head what a file prints, and what pg_prove says at its end. */
const HEADING = /^(\S.*?) \.{2,} ?(.*)$/;
const OWN_HEADING = /^# (\S.*)$/;
const VERDICT =
  /^(ok|skipped:.*|All \d+ subtests passed|Failed \d+\/\d+ subtests|Dubious, .*|No subtests run)\s*$/;

/**
 * Reads TAP files. What did not pass is marked by its lines where these can be told, else the whole file is; so is a test
 * file that no TAP is of.
 *
 * Rejects with `INPUT` for a file that cannot be read or holds no TAP, `CONFIG` for TAP of which the test file is not
 * known.
 */
export async function readTapFiles(directory: string, tests: string[], files: string[]): Promise<TapResults> {
  const taps = new Map<string, Tap[]>();
  const notes: string[] = [];
  for (const file of files) readTapFile(file, tests, taps, notes);
  const results: FileResult[] = [];
  for (const path of tests) {
    const own = taps.get(path);
    if (!own) {
      results.push(notRun(path, 'no TAP is of it'));
      continue;
    }
    const notPassed: NotPassed[] = [];
    for (const tap of own) {
      const lines = await notPassedLines(directory, path, tap);
      notPassed.push(...(lines ?? [{}]));
      if (!lines) notes.push(`${path}: which assertions did not pass cannot be told, so none of it counts`);
    }
    const problems = own.flatMap(tapProblems);
    results.push({
      path,
      status: problems.length === 0 ? 'passed' : 'failed',
      problems,
      tests: own.reduce((sum, { tests: { length } }) => sum + length, 0),
      notPassed,
    });
  }
  const missing = results.filter(({ status }) => status === 'not-run').map(({ path }) => path);
  if (missing.length > 0) {
    const [first, ...more] = missing;
    notes.push(
      `${first}${more.length > 0 ? ` and ${more.length} more` : ''}: never ran, so that nothing counts`,
    );
  }
  return { results, notes };
}

/** Adds what one TAP file says of each test file. */
function readTapFile(file: string, tests: string[], taps: Map<string, Tap[]>, notes: string[]): void {
  const text = readText(file);
  if (text === undefined) throw new CoverageError('INPUT', 'cannot be read', { file });
  const found: Tap[] = [];
  let tap: Tap | undefined;
  let isOver = false;
  const begin = (path: string | undefined) => {
    tap = emptyTap();
    found.push(tap);
    isOver = false;
    if (path !== undefined) taps.set(path, [...(taps.get(path) ?? []), tap]);
  };
  const lines = text.split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    const [, heading, verdict] = HEADING.exec(line) ?? [];
    const [, own] = OWN_HEADING.exec(line) ?? [];
    const isHeading = heading !== undefined && !isTap(line) && (verdict === '' || VERDICT.test(verdict!));
    if (isHeading && own === undefined) {
      const path = testOf(heading, tests, file, at + 1);
      if (verdict !== '') {
        throw new CoverageError('INPUT', `holds only a verdict on ${heading}: run pg_prove with --verbose`, {
          file,
          line: at + 1,
        });
      }
      if (path === undefined) notes.push(`${file}:${at + 1}: ${heading} is no test of this project`);
      begin(path);
    } else if (own !== undefined && tests.includes(own)) {
      begin(own);
    } else if (VERDICT.test(line)) {
      isOver = true;
    } else if (!isOver) {
      if (!tap && isTap(line)) begin(testOfName(file, tests));
      if (tap) takeTapLine(tap, line);
    }
  }
  if (!found.some(({ tests: { length }, plan }) => length > 0 || plan !== undefined))
    throw new CoverageError('INPUT', 'holds no TAP: give what pg_prove --verbose prints', { file });
}

const isTap = (line: string): boolean => /^(not )?ok\b|^1\.\.\d/.test(line);

/** The test that a heading names; undefined where it is none. */
function testOf(heading: string, tests: string[], file: string, line: number): string | undefined {
  const path = normalized(heading);
  if (tests.includes(path)) return path;
  const ending = tests.filter((test) => path.endsWith(`/${test}`) || test.endsWith(`/${path}`));
  if (ending.length <= 1) return ending[0];
  throw new CoverageError(
    'CONFIG',
    `${heading} may be ${ending.slice(0, 2).join(' or ')}: run pg_prove where the project is, or name fewer with --tests`,
    { file, line },
  );
}

/** TAP without a heading: of the test that is called as its file is, with or without `.tap`. */
function testOfName(file: string, tests: string[]): string {
  const name = normalized(file.replaceAll('\\', '/')).replace(/\.tap$/, '');
  const parts = name.split('/');
  // the longest path that some test ends with
  for (let from = 0; from < parts.length; from++) {
    const ending = parts.slice(from).join('/');
    const found = tests.filter((test) =>
      [test, test.replace(/\.[^./]+$/, '')].some((path) => `/${path}`.endsWith(`/${ending}`)),
    );
    if (found.length === 1) return found[0]!;
    if (found.length > 1) break;
  }
  throw new CoverageError(
    'CONFIG',
    'does not say which test it is of: give what pg_prove --verbose prints, or call it as the test is, with .tap',
    { file },
  );
}

/** The lines that did not pass; undefined where it cannot be told which. */
async function notPassedLines(directory: string, path: string, tap: Tap): Promise<NotPassed[] | undefined> {
  const hasPassed = tap.tests.every(({ ok, directive }) => ok && !directive);
  if (hasPassed && tapProblems(tap).length === 0 && tap.skippedAll === undefined) return [];
  const isInOrder = tap.tests.every(({ number }, at) => number === at + 1);
  const statements = await plainAssertions(directory, path);
  if (!isInOrder || statements?.length !== tap.tests.length) return undefined;
  const notPassed: NotPassed[] = [];
  for (const [at, { ok, directive, description }] of tap.tests.entries()) {
    const { sql, file, line, endLine } = statements[at]!;
    const literal = `'${description.replaceAll("'", "''")}'`;
    const isElsewhere = !sql.includes(literal) && statements.some((other) => other.sql.includes(literal));
    if (isElsewhere) return undefined;
    if (!ok || directive) notPassed.push({ file, from: line, to: endLine });
  }
  return notPassed;
}

/** pgTAP functions that print as many tests as they are told, or as others make. */
const PRINTS_MORE = new Set(['skip', 'collect_tap', 'check_test', 'runtests', 'do_tap']);
const ASSERTIONS = new Set(['structural', 'set_comparison', 'behavioural']);

/**
 * The statements of a script that print a test each, in order; undefined where that depends on how it runs: on rows,
 * variables and conditions.
 */
async function plainAssertions(directory: string, path: string): Promise<ScriptStatement[] | undefined> {
  const statements = scriptStatements(directory, path);
  if (!statements) return undefined;
  const starts: number[] = [];
  let [text, lines] = ['', 1];
  for (const { sql } of statements) {
    starts.push(lines);
    text += `${sql};\n`;
    lines += sql.split('\n').length;
  }
  const found = new Set<ScriptStatement>();
  const source = new Blob([text]).stream() as unknown as AsyncIterable<Uint8Array>;
  for await (const call of listCalls(source)) {
    const statement = statements[starts.findLastIndex((start) => start <= call.line)]!;
    if (PRINTS_MORE.has(call.function)) return undefined;
    if (!ASSERTIONS.has(call.class)) continue;
    if (call.context !== 'script' || found.has(statement) || !isOneRow(statement.sql)) return undefined;
    found.add(statement);
  }
  return Array.from(found);
}

/** Undefined where a command of psql stands in the way. */
function scriptStatements(directory: string, path: string): ScriptStatement[] | undefined {
  const statements: ScriptStatement[] = [];
  const find = (wanted: string, relative: boolean, from: string) => {
    for (const place of includedPaths(wanted, relative, from)) {
      const text = readBelow(directory, place);
      if (text !== undefined && !/\\(?:if|q)/.test(text)) return { path: place, text };
    }
    return undefined;
  };
  const text = readText(resolve(directory, path));
  if (text === undefined || /\\(?:if|q)/.test(text)) return undefined;
  try {
    for (const part of readScript(path, text, new Map(), find)) if ('sql' in part) statements.push(part);
    return statements;
  } catch {
    return undefined;
  }
}

const COMMENT_OR_STRING =
  /--[^\n]*|\/\*[^]*?\*\/|\b[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[^]*?\$\1\$/g;

/** A call and nothing else, such as `SELECT is(1, 1) AS one`: one row, whatever the tables hold. */
function isOneRow(sql: string): boolean {
  let bare = sql.replace(COMMENT_OR_STRING, (piece) => (/^(--|\/\*)/.test(piece) ? ' ' : 'x'));
  if (/\b(unnest|generate_series|generate_subscripts)\b|_to_table\b/i.test(bare)) return false;
  for (let before = ''; before !== bare;) {
    before = bare;
    bare = bare.replace(/\([^()]*\)/g, ' ');
  }
  return /^\s*select\s+[\w.]+\s*(\bas\s+\w+\s*)?$/i.test(bare);
}
