/** Runs pgTAP files against a server, as psql and pg_prove do. Node only. */
import { resolve } from 'node:path';
import { checkAborted } from './abort.js';
import { messageOf } from './error.js';
import { readBelow, readText } from './files.js';
import { includedPaths } from './include.js';
import type { LiveServer, LiveSession } from './live.js';
import { readScript, Unrunnable, type FindScript, type ScriptStatement } from './psql.js';
import { notRun, type FileResult, type NotPassed } from './results.js';
import { emptyTap, takeTapLine, tapProblems, type Tap } from './tap.js';

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

/** Runs files one after another, each in a fresh session and up to its first error. Rejects with `ABORTED` only. */
export async function* runTests(options: TestRunOptions): AsyncIterable<FileResult> {
  for (const path of options.tests) {
    checkAborted(options.signal);
    yield await runFile(path, options);
  }
}

const BEGINS = /^\s*(begin|start\s+transaction)\b/i;
const ENDS = /^\s*(commit|end|rollback|abort)\b(?!\s+(work\s+|transaction\s+)?to\b)/i;
const CREATES_PGTAP = /\bcreate\s+extension\s+(if\s+not\s+exists\s+)?"?pgtap\b/i;
/** Runs tests that stand elsewhere: which of them failed, its lines do not tell. */
const RUNS_OTHERS = /\b(runtests|do_tap)\s*\(/i;

async function runFile(path: string, options: TestRunOptions): Promise<FileResult> {
  const text = readText(resolve(options.directory, path));
  if (text === undefined) return notRun(path, 'cannot be read');
  let session: LiveSession | undefined;
  try {
    session = await options.server.session();
    await providePgtap(session, text);
    const run = new FileRun(path, session, options);
    return await run.all(text);
  } catch (error) {
    checkAborted(options.signal);
    return notRun(path, error instanceof Unrunnable ? placed(error) : messageOf(error));
  } finally {
    await session?.send('rollback').catch(() => {});
    await session?.end();
  }
}

/** Where the tests do not create it themselves, pgTAP is there, in the schema that Supabase has for extensions, if any. */
async function providePgtap(session: LiveSession, text: string): Promise<void> {
  const [found] = await session.send(`select
    (select extname from pg_extension where extname = 'pgtap'),
    (select nspname from pg_namespace where nspname = 'extensions')`);
  const [installed, extensions] = found!.rows[0]!;
  if (extensions) await session.send('set search_path = "$user", public, extensions');
  if (installed || CREATES_PGTAP.test(text)) return;
  await session.send(`create extension pgtap ${extensions ? 'schema extensions' : ''}`);
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
    let hasEnded = false;
    for (const part of readScript(this.#path, text, this.#variables, this.#find)) {
      checkAborted(this.#options.signal);
      if ('echo' in part) {
        if (!hasEnded) await this.#options.print(part.echo, this.#path);
      } else if (hasEnded) {
        this.#notPassed.push(linesOf(part));
      } else {
        hasEnded = !(await this.#statement(part));
      }
    }
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
    let answers;
    try {
      answers = await this.#session.send(sql);
    } catch (error) {
      this.#problems.push(`${part.file}:${part.line}: ${errorOf(error)}`);
      this.#notPassed.push(linesOf(part));
      return false;
    }
    let hasPassed = true;
    for (const { rows } of answers) {
      for (const row of rows) {
        for (const line of row
          .map((value) => value ?? '')
          .join('|')
          .split('\n')) {
          if (part.gset === undefined) await this.#options.print(line, this.#path);
          const test = takeTapLine(this.#tap, line);
          if (test && (!test.ok || test.directive)) hasPassed = false;
        }
      }
    }
    if (part.gset !== undefined) this.#set(part, answers.at(-1));
    if (!hasPassed) this.#notPassed.push(RUNS_OTHERS.test(sql) ? {} : linesOf(part));
    return true;
  }

  #set(part: ScriptStatement, answer: { columns: string[]; rows: (string | null)[][] } | undefined): void {
    const [row, ...more] = answer?.rows ?? [];
    if (!answer || !row || more.length > 0)
      throw new Unrunnable('\\gset takes exactly one row', part.file, part.endLine);
    for (const [at, column] of answer.columns.entries()) {
      const value = row[at];
      if (value === null || value === undefined) this.#variables.delete(`${part.gset}${column}`);
      else this.#variables.set(`${part.gset}${column}`, value);
    }
  }
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
  return code === undefined ? message : `ERROR ${code}: ${message}`;
}
