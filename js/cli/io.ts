/** What the command line talks to: two streams, and how errors and progress look on them. */
import type { Writable } from 'node:stream';
import { CoverageError, messageOf, type ErrorCode } from '../error.js';
import { visible } from '../reports/names.js';
import type { ScanProgress } from '../scan.js';

/** A stream that may be a terminal. */
export type Stream = Writable & { isTTY?: boolean; columns?: number };

/** The surroundings of one run of the command line. */
export interface Io {
  stdout: Stream;
  stderr: Stream;
  signal: AbortSignal;
}

const STATUS: Record<ErrorCode, number> = {
  CONFIG: 2,
  STATE: 2,
  LIMIT: 2,
  INPUT: 3,
  STORE: 3,
  CORRUPT: 4,
  INCOMPLETE: 4,
  VERSION: 4,
  ABORTED: 130,
  INTERNAL: 70,
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  CONFIG: 'pgtap-cov --help shows how it is used',
  STORE: 'is there room, and may you write there? Temporary files go where TMPDIR says',
  CORRUPT: 'the data is damaged: make it anew with pgtap-cov scan --database FILE',
  VERSION:
    'the file is of another version of pgtap-cov, or something else: make it anew with pgtap-cov scan --database FILE',
  INTERNAL: 'this is a defect of pgtap-cov: please report it with the input that led to it',
};

/** The exit status that an error stands for. */
export function statusOf(error: unknown): number {
  return error instanceof CoverageError ? STATUS[error.code] : STATUS.INTERNAL;
}

/** `pgtap-cov: error: CODE: file:line: message` in one line, and what to do about it in a second one. */
export function describe(error: unknown): string {
  const code = error instanceof CoverageError ? error.code : 'INTERNAL';
  const { file, line } = error instanceof CoverageError ? error : {};
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  // Wasm's messages may lead with the place themselves.
  const message = messageOf(error).replace(place, '');
  const hint = HINTS[code];
  return `pgtap-cov: error: ${code}: ${visible(place + message)}\n${hint ? `  hint: ${hint}\n` : ''}`;
}

/** Writes to stdout at its reader's pace. A reader that has gone away ends the output, not the program. */
export class Output {
  readonly #stream: Writable;
  #gone = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Other failures reach the caller of `write`.
      if (error.code === 'EPIPE') this.#gone = true;
    });
  }

  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#gone || text === '') return resolve();
      this.#stream.write(text, (error) => {
        const { code } = (error ?? {}) as NodeJS.ErrnoException;
        if (!error || code === 'EPIPE') return resolve();
        reject(new CoverageError('STORE', `stdout cannot be written: ${messageOf(error)}`, { cause: error }));
      });
    });
  }
}

/** One line on a terminal that says what is being read; nothing anywhere else. */
export class ProgressLine {
  readonly #stream: Stream;
  #shown = '';

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  show({ phase, path, done, total }: ScanProgress): void {
    if (!this.#stream.isTTY) return;
    const text = phase === 'merge' ? 'merging' : `${done}/${total} ${visible(path ?? '')}`;
    const line = text.slice(0, (this.#stream.columns ?? 80) - 1);
    if (line !== this.#shown) this.#stream.write(`\r\x1b[K${line}`);
    this.#shown = line;
  }

  clear(): void {
    if (this.#shown !== '') this.#stream.write('\r\x1b[K');
    this.#shown = '';
  }
}
