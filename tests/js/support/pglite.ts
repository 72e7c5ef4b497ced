// A real PostgreSQL with pgTAP inside the test process, and as much of psql as pgTAP files need.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { btree_gist } from '@electric-sql/pglite/contrib/btree_gist';
import { pgtap } from '@electric-sql/pglite-pgtap';

let server: Promise<PGlite> | undefined;

/** The one server of this test process: a cold start takes several seconds. */
export function startPglite(): Promise<PGlite> {
  server ??= PGlite.create({ extensions: { pgtap, btree_gist } });
  return server;
}

export async function stopPglite(): Promise<void> {
  const running = server;
  server = undefined;
  await (await running)?.close();
}

/** Applies migrations as the Supabase CLI and `psql -1` do: each file is one transaction. */
export async function applyMigrations(db: PGlite, files: string[]): Promise<void> {
  for (const file of files) {
    try {
      await db.exec(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new Error(`${file}: ${describeError(error)}`, { cause: error });
    }
  }
}

export interface Run {
  /** What `psql -At` would print. */
  output: string[];
  warnings: string[];
  /** The error that ended the run, with file and line. */
  error?: string;
}

/** Runs a file in a fresh session state and up to its first error, like `psql -X -At -v ON_ERROR_STOP=1`. */
export async function runFile(db: PGlite, file: string): Promise<Run> {
  return runStatements(db, readStatements(file, readFileSync(file, 'utf8')));
}

/** The same for a text; `file` is what messages and includes are relative to. */
export async function runText(db: PGlite, text: string, file = 'script.sql'): Promise<Run> {
  return runStatements(db, readStatements(file, text));
}

async function runStatements(db: PGlite, statements: Iterable<Statement>): Promise<Run> {
  const run: Run = { output: [], warnings: [] };
  try {
    for (const statement of statements) {
      const at = `${statement.file}:${statement.line}`;
      try {
        const results = await db.exec(statement.sql, {
          rowMode: 'array',
          onNotice: (notice) => {
            if (notice.severity === 'WARNING') run.warnings.push(`${at}: ${notice.message}`);
          },
        });
        for (const result of results) {
          for (const row of result.rows as unknown as unknown[][]) {
            run.output.push(...row.map(printValue).join('|').split('\n'));
          }
        }
      } catch (error) {
        throw new Error(`${at}: ${describeError(error)}`, { cause: error });
      }
    }
  } catch (error) {
    run.error = (error as Error).message;
  }
  return endSession(db, run);
}

// What a new connection would be: no transaction, role, settings, prepared statements or temporary tables.
async function endSession(db: PGlite, run: Run): Promise<Run> {
  try {
    await db.exec('DISCARD ALL');
  } catch {
    // Refused inside a transaction block only.
    run.error ??= 'the file leaves its transaction open';
    await db.exec('ROLLBACK');
    await db.exec('DISCARD ALL');
  }
  return run;
}

function printValue(value: unknown): string {
  return value === null ? '' : String(value);
}

function describeError(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code === undefined ? message : `${code}: ${message}`;
}

export interface Statement {
  sql: string;
  file: string;
  line: number;
}

const LINE_COMMENT = /--[^\n]*/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[^]|'')*'/y;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const CAST_OR_ASSIGNMENT = /::|:=/y;
const VARIABLE = /:(?:'([\w\u0080-\uffff]+)'|"([\w\u0080-\uffff]+)"|([\w\u0080-\uffff]+))/y;
const COMMAND = /\\[^\n]*/y;
const SPACE = /\s+/y;

/**
 * Cuts a script into statements as psql does, lazily, so that `\set` takes effect from where it stands.
 * Knows `\set`, `\ir` and the three spellings of a variable; any other backslash command is an error.
 */
export function* readStatements(
  file: string,
  text: string,
  variables: Map<string, string> = new Map(),
): Generator<Statement> {
  let at = 0;
  let sql = '';
  let start: number | undefined;
  let depth = 0;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const fail = (message: string): never => {
    throw new Error(`${file}:${lineAt(at)}: ${message}`);
  };
  const take = (piece: string, replacement = piece): void => {
    start ??= at;
    sql += replacement;
    at += piece.length;
  };

  while (at < text.length) {
    let found: RegExpExecArray | null;
    if ((found = match(SPACE) ?? match(LINE_COMMENT))) {
      if (start !== undefined) sql += found[0];
      at += found[0].length;
    } else if (text.startsWith('/*', at)) {
      at = endOfBlockComment(text, at) ?? fail('unterminated comment');
      if (start !== undefined) sql += ' ';
    } else if ((found = match(ESCAPE_STRING) ?? match(QUOTED) ?? match(WORD) ?? match(CAST_OR_ASSIGNMENT))) {
      take(found[0]);
    } else if (text[at] === "'" || text[at] === '"') {
      fail('unterminated quote');
    } else if ((found = match(DOLLAR_TAG))) {
      const close = text.indexOf(found[0], at + found[0].length);
      if (close < 0) fail('unterminated dollar quote');
      take(text.slice(at, close + found[0].length));
    } else if ((found = match(VARIABLE))) {
      take(found[0], substitute(found, variables, fail));
    } else if ((found = match(COMMAND))) {
      const [name, ...words] = commandWords(found[0], variables, fail);
      if (name === '\\set' && words.length > 0) {
        variables.set(words[0]!, words.slice(1).join(''));
      } else if (name === '\\ir' && words.length === 1) {
        if (start !== undefined) fail('\\ir inside a statement');
        const included = resolve(dirname(file), words[0]!);
        yield* readStatements(included, readFileSync(included, 'utf8'), variables);
      } else {
        fail(`unsupported command ${found[0]}`);
      }
      at += found[0].length;
    } else if (text[at] === ';' && depth === 0) {
      if (start !== undefined) yield { sql, file, line: lineAt(start) };
      at += 1;
      sql = '';
      start = undefined;
    } else {
      if (text[at] === '(') depth += 1;
      if (text[at] === ')') depth -= 1;
      take(text[at]!);
    }
  }
  // psql sends what is left at the end of a file, too.
  if (start !== undefined) yield { sql, file, line: lineAt(start) };
}

function endOfBlockComment(text: string, from: number): number | undefined {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return undefined;
}

function substitute(
  [spelling, literal, identifier, bare]: RegExpExecArray,
  variables: Map<string, string>,
  fail: (message: string) => never,
): string {
  const value = variables.get((literal ?? identifier ?? bare)!);
  if (value === undefined) return spelling; // psql leaves it alone as well: array[1:2]
  if (literal !== undefined) {
    const quoted = `'${value.replaceAll("'", "''")}'`;
    return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
  }
  if (identifier !== undefined) return `"${value.replaceAll('"', '""')}"`;
  // psql reads the value as SQL; one that could end a statement or open a quote is not worth it here.
  if (!/^[\w\s.,+*/<>=-]*$/.test(value) || value.includes('--') || value.includes('/*')) {
    fail(`unsupported value in ${spelling}`);
  }
  return value;
}

// The command and its arguments: words, quoted words and variables; glued pieces make one word.
function commandWords(
  command: string,
  variables: Map<string, string>,
  fail: (message: string) => never,
): string[] {
  const piece = /'((?:[^'\\]|'')*)'|:([\w\u0080-\uffff]+)|([^\s'":`\\]+)|(\s+)/y;
  const name = /^\\\S*/.exec(command)![0];
  const words: string[] = [];
  let glued = false;
  piece.lastIndex = name.length;
  while (piece.lastIndex < command.length) {
    const found = piece.exec(command) ?? fail(`unsupported arguments: ${command.trimEnd()}`);
    const [spelling, quoted, variable, plain, space] = found;
    if (space !== undefined) {
      glued = false;
      continue;
    }
    const value = quoted?.replaceAll("''", "'") ?? plain ?? variables.get(variable!) ?? spelling;
    if (glued) words.push(words.pop() + value);
    else words.push(value);
    glued = true;
  }
  return [name, ...words];
}

export interface Tap {
  /** Every plan line; a good script prints exactly one. */
  plans: number[];
  tests: { ok: boolean; number: number; description: string }[];
  subtests: Tap[];
}

/** Reads TAP as pg_prove does: what is no TAP is ignored, what is indented belongs to a subtest. */
export function parseTap(lines: string[]): Tap {
  const tap: Tap = { plans: [], tests: [], subtests: [] };
  let indented: string[] = [];
  for (const line of [...lines, '']) {
    if (line.startsWith('    ')) {
      indented.push(line.slice(4));
      continue;
    }
    if (indented.length > 0) tap.subtests.push(parseTap(indented));
    indented = [];

    const plan = /^1\.\.(\d+)/.exec(line);
    const test = /^(not )?ok\b(?: (\d+))?(?: -)? ?(.*)/.exec(line);
    if (plan) tap.plans.push(Number(plan[1]));
    if (test) tap.tests.push({ ok: !test[1], number: Number(test[2]), description: test[3]! });
  }
  return tap;
}

/** The number of assertions: subtests count by what is in them. */
export function countAssertions(tap: Tap): number {
  return tap.subtests.length === 0
    ? tap.tests.length
    : tap.subtests.reduce((sum, subtest) => sum + countAssertions(subtest), 0);
}

/** Everything that is wrong with a run; empty when it passed. */
export function tapProblems(tap: Tap): string[] {
  const problems: string[] = [];
  const [plan] = tap.plans;
  if (tap.plans.length !== 1) problems.push(`${tap.plans.length} plans instead of one`);
  else if (plan !== tap.tests.length) problems.push(`planned ${plan} tests, ran ${tap.tests.length}`);
  if (tap.tests.length === 0) problems.push('no tests');
  tap.tests.forEach((test, index) => {
    if (!test.ok) problems.push(`not ok ${test.number} - ${test.description}`);
    if (test.number !== index + 1) problems.push(`test ${index + 1} is numbered ${test.number}`);
  });
  return [...problems, ...tap.subtests.flatMap(tapProblems)];
}
