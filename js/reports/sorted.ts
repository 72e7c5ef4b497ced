/** Rows in order, of which only so many are held. Node only. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { hostError } from '../error.js';

/** Rows that are held before they go to the disk, sorted. */
const MOST_ROWS = 32_768;
const CHUNK_BYTES = 64 * 1024;

/** Where rows lie: from the first to behind the last. */
export interface Span {
  from: number;
  to: number;
}

/**
 * Sorts rows as texts. What is more than `most` lies in sorted runs in a folder for temporary files, and the runs are merged.
 * A row holds no line feed. Throws `STORE` where that folder cannot be written.
 */
export class SortedRows {
  readonly #most: number;
  #rows: string[] = [];
  #runs: Span[] = [];
  #scratch: Scratch | undefined;

  constructor(most = MOST_ROWS) {
    this.#most = most;
  }

  /** Rows that are held now. */
  get held(): number {
    return this.#rows.length;
  }

  add(row: string): void {
    if (this.#rows.length === this.#most) this.#spill();
    this.#rows.push(row);
  }

  /** Ends adding. Each row is shown once, in order, with the span that {@link read} takes. */
  sort(visit: (row: string, span: Span) => void): void {
    if (!this.#scratch) {
      this.#rows.sort(compare);
      this.#rows.forEach((row, at) => visit(row, { from: at, to: at + 1 }));
      return;
    }
    this.#spill();
    const runs = this.#scratch;
    const merged = new Scratch();
    try {
      for (const row of mergedRows(this.#runs.map((run) => runs.lines(run)))) visit(row, merged.append(row));
      merged.flush();
    } finally {
      this.#scratch = merged;
      runs.close();
    }
  }

  /** The rows of a span, once they are sorted. */
  read({ from, to }: Span): Iterable<string> {
    return this.#scratch ? this.#scratch.lines({ from, to }) : this.#rows.slice(from, to);
  }

  /** Removes what lies on the disk. */
  close(): void {
    this.#scratch?.close();
  }

  #spill(): void {
    const scratch = (this.#scratch ??= new Scratch());
    const from = scratch.end;
    for (const row of this.#rows.sort(compare)) scratch.append(row);
    scratch.flush();
    this.#runs.push({ from, to: scratch.end });
    this.#rows = [];
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The rows of sorted runs in order. */
function* mergedRows(runs: Iterable<string>[]): Iterable<string> {
  const heads = runs.map((run) => run[Symbol.iterator]()).map((rows) => ({ rows, row: rows.next() }));
  let open = heads.filter(({ row }) => !row.done);
  while (open.length > 0) {
    const least = open.reduce((a, b) => (b.row.value < a.row.value ? b : a));
    yield least.row.value;
    least.row = least.rows.next();
    if (least.row.done) open = open.filter((head) => head !== least);
  }
}

/** Lines in a temporary file; spans of it are bytes. */
class Scratch {
  readonly #folder: string;
  readonly #file: number;
  #end = 0;
  #gathered: string[] = [];
  #gatheredBytes = 0;

  constructor() {
    [this.#folder, this.#file] = kept(() => {
      const folder = mkdtempSync(join(tmpdir(), 'pgtap-cov-'));
      return [folder, openSync(join(folder, 'rows'), 'w+')];
    });
  }

  get end(): number {
    return this.#end;
  }

  append(line: string): Span {
    const from = this.#end;
    this.#end += Buffer.byteLength(line) + 1;
    this.#gathered.push(line, '\n');
    this.#gatheredBytes += this.#end - from;
    if (this.#gatheredBytes >= CHUNK_BYTES) this.flush();
    return { from, to: this.#end };
  }

  flush(): void {
    const bytes = Buffer.from(this.#gathered.join(''));
    const start = this.#end - bytes.length;
    kept(() => {
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.#file, bytes, at, bytes.length - at, start + at);
    });
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  *lines({ from, to }: Span): Iterable<string> {
    const decoder = new StringDecoder('utf8');
    let begun = '';
    for (let at = from; at < to;) {
      const bytes = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - at));
      const length = kept(() => {
        const read = readSync(this.#file, bytes, 0, bytes.length, at);
        if (read === 0) throw new Error('a file ended before its end');
        return read;
      });
      at += length;
      const lines = (begun + decoder.write(bytes.subarray(0, length))).split('\n');
      begun = lines.pop()!;
      yield* lines;
    }
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function kept<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const message = 'temporary files cannot be written: make room, or name another folder in TMPDIR';
    throw hostError('STORE', message, cause, { file: tmpdir() });
  }
}
