/** Runs pgTAP files against a server, as psql and pg_prove do. Node only. */
import { resolve } from 'node:path';
import { checkAborted, orAborted } from './abort.js';
import { listCalls } from './calls.js';
import { messageOf } from './error.js';
import { readBelow, readText } from './files.js';
import { includedPaths } from './include.js';
import type { LiveRows, LiveServer, LiveSession } from './live.js';
import { booleanOf, readScript, Unrunnable, type FindScript, type ScriptStatement } from './psql.js';
import { notRun, type FileResult, type NotPassed } from './results.js';
import { emptyTap, takeTapLine, tapProblems, type Tap, type TapTest } from './tap.js';

export interface TestRunOptions {
  /** The folder of the files. */
  directory: string;
  /** Paths in it, in the order in which they run. */
  tests: string[];
  server: LiveServer;
  /** Runs each file in a transaction that is rolled back; without, a file that begins none does not run. */
  wrap?: boolean;
  /** Told of each line that a file prints. */
  print(line: string, file: string): void | Promise<void>;
  signal?: AbortSignal;
}

/**
 * Runs files one after another, each in a fresh session and up to its first error, or past errors where the file turns
 * ON_ERROR_STOP off. Rejects with `ABORTED` only.
 */
export async function* runTests(options: TestRunOptions): AsyncIterable<FileResult> {
  for (const path of options.tests) {
    checkAborted(options.signal);
    yield await runFile(path, options);
  }
}

const BEGINS = /^\s*(begin|start\s+transaction)\b/i;
const ENDS = /^\s*(commit|end|rollback|abort)\b(?!\s+(work\s+|transaction\s+)?to\b)/i;
/** Statements after which psql does not release its savepoint. */
const MOVES_SAVEPOINTS = /^\s*(commit|end|rollback|abort|savepoint|release)\b/i;
const CREATES_PGTAP = /\bcreate\s+extension\s+(if\s+not\s+exists\s+)?"?pgtap\b/i;
/** Runs tests that stand elsewhere: which of them failed, its lines do not tell. */
const RUNS_OTHERS = /\b(runtests|do_tap)\s*\(/i;

async function runFile(path: string, options: TestRunOptions): Promise<FileResult> {
  const text = readText(resolve(options.directory, path));
  if (text === undefined) return notRun(path, 'cannot be read');
  let session: LiveSession | undefined;
  try {
    session = await options.server.session();
    if (options.server.isEmbedded) await providePgtap(session, text);
    const run = new FileRun(path, session, options);
    return await run.all(text);
  } catch (error) {
    checkAborted(options.signal);
    return notRun(path, error instanceof Unrunnable ? placed(error) : messageOf(error));
  } finally {
    if (options.signal?.aborted) await session?.cancel();
    else await session?.send('rollback').catch(() => {});
    await session?.end();
  }
}

/**
 * pgTAP as a server for tests has it: created where the file does not create it itself, in the schema that Supabase has
 * for extensions, if any, which is on the search path.
 */
async function providePgtap(session: LiveSession, text: string): Promise<void> {
  const [found] = await session.send(`select
    (select extname from pg_extension where extname = 'pgtap'),
    (select nspname from pg_namespace where nspname = 'extensions')`);
  const [installed, extensions] = found!.rows[0]!;
  if (extensions) await session.send('set search_path = "$user", public, extensions');
  const creates = CREATES_PGTAP.exec(text);
  if (!installed && !creates)
    await session.send(`create extension pgtap ${extensions ? 'schema extensions' : ''}`);
  // what an earlier file was given would be in the way
  if (installed && creates && !creates[1]) await session.send('drop extension pgtap cascade');
}

/** One file on its way. */
class FileRun {
  readonly #path: string;
  readonly #session: LiveSession;
  readonly #options: TestRunOptions;
  readonly #tap: Tap = emptyTap();
  readonly #notPassed: NotPassed[] = [];
  readonly #problems: string[] = [];
  readonly #variables = new Map([['ON_ERROR_STOP', '1']]);
  readonly #wraps: boolean;

  constructor(path: string, session: LiveSession, options: TestRunOptions) {
    this.#path = path;
    this.#session = session;
    this.#options = options;
    this.#wraps = options.wrap ?? false;
  }

  async all(text: string): Promise<FileResult> {
    if (!this.#wraps && !begins(this.#path, text, this.#find)) {
      return notRun(
        this.#path,
        'has no BEGIN, so that what it does would stay: begin it with BEGIN and end it with ROLLBACK, or give --wrap',
      );
    }
    if (this.#wraps) {
      await this.#session.send('begin');
    }
    for (const part of readScript(this.#path, text, this.#variables, this.#find)) {
      checkAborted(this.#options.signal);
      if ('echo' in part) {
        await this.#printed(part.to === 'stdout' ? part.echo : `# ${part.echo}`);
      } else if ('quit' in part) {
        this.#notPassed.push(part.includes ? {} : { file: part.file, from: part.line });
      } else if (!(await this.#statement(part))) {
        this.#notPassed.push(...this.#after(text, part));
        break;
      }
    }
    if (this.#tap.skippedAll !== undefined) this.#notPassed.push({});
    const problems = [...this.#problems, ...tapProblems(this.#tap)];
    return {
      path: this.#path,
      status: problems.length === 0 ? 'passed' : 'failed',
      problems,
      tests: this.#tap.tests.length,
      notPassed: this.#notPassed,
    };
  }

  readonly #find: FindScript = (path, relative, from) => {
    for (const place of includedPaths(path, relative, from)) {
      const text = readBelow(this.#options.directory, place);
      if (text !== undefined) return { path: place, text };
    }
    return undefined;
  };

  /** False when it failed, and with it the file. */
  async #statement(part: ScriptStatement): Promise<boolean> {
    const { sql } = part;
    if (this.#wraps && (BEGINS.test(sql) || ENDS.test(sql))) return true;
    const stops = this.#isOn('ON_ERROR_STOP');
    const isSaved = !stops && this.#isOn('ON_ERROR_ROLLBACK') && (await this.#tries(`savepoint ${SAVED}`));
    let answers;
    try {
      answers = await orAborted(this.#session.send(sql), this.#options.signal);
    } catch (error) {
      checkAborted(this.#options.signal);
      const problem = `${part.file}:${part.line}: ${errorOf(error)}`;
      this.#notPassed.push(linesOf(part));
      if (stops) {
        this.#problems.push(problem);
        return false;
      }
      await this.#printed(`# ${problem}`);
      if (isSaved) await this.#tries(`rollback to savepoint ${SAVED}`);
      return true;
    }
    if (isSaved && !MOVES_SAVEPOINTS.test(sql)) await this.#tries(`release savepoint ${SAVED}`);
    if (part.gset !== undefined) return this.#set(part, answers.at(-1));
    let hasPassed = true;
    for (const { rows } of answers) {
      for (const row of rows) {
        for (const line of row
          .map((value) => value ?? '')
          .join('|')
          .split('\n')) {
          const test = await this.#printed(line);
          if (test && (!test.ok || test.directive)) hasPassed = false;
        }
      }
    }
    if (!hasPassed) this.#notPassed.push((await assertsElsewhere(sql)) ? {} : linesOf(part));
    return true;
  }

  /** Takes a line that the file prints. The empty ones of functions that return nothing are left out. */
  async #printed(line: string): Promise<TapTest | undefined> {
    if (line !== '') await this.#options.print(line, this.#path);
    return takeTapLine(this.#tap, line);
  }

  #isOn(variable: string): boolean {
    return booleanOf(this.#variables.get(variable) ?? 'off') ?? true;
  }

  async #tries(sql: string): Promise<boolean> {
    return this.#session.send(sql).then(
      () => true,
      () => false,
    );
  }

  /** What does not run because this statement failed. */
  #after(text: string, { file, endLine }: ScriptStatement): NotPassed[] {
    // what an included file leaves out, its includer leaves out as well
    if (file !== this.#path) return [{}];
    const rest = text.split('\n').slice(endLine - 1);
    return [rest.some((line) => /\\i/.test(line)) ? {} : { file, from: endLine }];
  }

  /** False where it is not one row. */
  #set(part: ScriptStatement, answer: LiveRows | undefined): boolean {
    const [row, ...more] = answer?.rows ?? [];
    if (!answer || !row || more.length > 0) {
      const rows = answer?.rows.length ?? 0;
      this.#problems.push(`${part.file}:${part.endLine}: \\gset takes exactly one row, not ${rows}`);
      this.#notPassed.push(linesOf(part));
      return !this.#isOn('ON_ERROR_STOP');
    }
    for (const [at, column] of answer.columns.entries()) {
      const value = row[at];
      if (value === null || value === undefined) this.#variables.delete(`${part.gset}${column}`);
      else this.#variables.set(`${part.gset}${column}`, value);
    }
    return true;
  }
}

/** As psql calls it. */
const SAVED = 'pg_psql_temporary_savepoint';

/** The statement prints tests of assertions that stand in other statements: bodies, prepared ones, xUnit functions. */
async function assertsElsewhere(sql: string): Promise<boolean> {
  if (RUNS_OTHERS.test(sql)) return true;
  const source = new Blob([`${sql};`]).stream() as unknown as AsyncIterable<Uint8Array>;
  for await (const call of listCalls(source)) if (call.function) return false;
  return true;
}

/** The file begins a transaction somewhere, as far as can be told without running it. */
function begins(path: string, text: string, find: FindScript): boolean {
  try {
    for (const part of readScript(path, text, new Map(), find))
      if ('sql' in part && BEGINS.test(part.sql)) return true;
    return false;
  } catch {
    return /^\s*(begin|start\s+transaction)\b[^;]*;/im.test(text);
  }
}

const linesOf = ({ file, line, endLine }: ScriptStatement): NotPassed => ({ file, from: line, to: endLine });

const placed = ({ file, line, message }: Unrunnable) => `${file}:${line}: ${message}`;

function errorOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  const remedy = /^function (no_)?plan\(/.test(message) ? '; is pgTAP there? CREATE EXTENSION pgtap' : '';
  return code === undefined ? message : `ERROR ${code}: ${message}${remedy}`;
}
