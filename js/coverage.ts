import { checkAborted } from './abort.js';
import { CoverageError, hostError } from './error.js';
import { PAGE_ROWS, rowsOf } from './pages.js';
import { rangeSource } from './ranges.js';
import type {
  CoveredObject,
  Diagnostic,
  Evidence,
  FileEvidence,
  ObjectKey,
  ObjectQuery,
  Page,
  PageQuery,
  RangeSource,
  SourceFile,
  MatrixRow,
  Stale,
  Summary,
  Tally,
} from './types.js';
import { ready, type ReaderMachine, type Wasm } from './wasm.js';

/** How much of a database is read at once where all of it is. */
const PIECE_BYTES = 1024 * 1024;

type Query = Parameters<ReaderMachine['query']>[0];

/**
 * A coverage database, read by range: only the blocks that a query needs are read and held. Queries may be made at any
 * time; they run one after another. They reject with `CORRUPT` for a damaged database, `INPUT` where it cannot be read,
 * `CONFIG` for a wrong query, `ABORTED` when their signal fires, `STATE` after `close`.
 */
export class Coverage {
  readonly #wasm: Wasm;
  readonly #source: RangeSource;
  readonly #size: number;
  #machine: ReaderMachine | undefined;
  #summary: Summary | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(wasm: Wasm, source: RangeSource, size: number) {
    this.#wasm = wasm;
    this.#source = source;
    this.#size = size;
  }

  /**
   * Opens a database and reads its summary. A URL must answer range requests with 206 and a strong ETag.
   * Rejects with `CORRUPT` or `VERSION` for what is no complete database of this format.
   */
  static async open(database: RangeSource | Blob | Uint8Array | URL): Promise<Coverage> {
    const wasm = await ready();
    const source = rangeSource(database);
    const size = await answered(() => source.size());
    const coverage = new Coverage(wasm, source, size);
    coverage.#summary = await coverage.#query<Summary>({ q: 'summary' });
    return coverage;
  }

  /** The figures; no read. */
  async summary(): Promise<Summary> {
    if (this.#closed) throw closed();
    return structuredClone(this.#summary!);
  }

  /** Objects of the schema with their state, in the order of their keys. */
  objects(query: ObjectQuery): Promise<Page<CoveredObject>> {
    return this.#query({ ...query, q: 'objects' });
  }

  /**
   * Objects counted by state, a row for each relation or routine. A page may have 100,000 rows; what has rows on several
   * pages is their sum.
   */
  tally(query: ObjectQuery): Promise<Page<Tally>> {
    return this.#query({ ...query, q: 'tally' });
  }

  /** The places that test one object. */
  evidence(key: ObjectKey, query: PageQuery): Promise<Page<Evidence>> {
    const { kind, schema, name, sub, args } = key;
    return this.#query({ ...query, q: 'evidence', key: { kind, schema, name, sub, args } });
  }

  /** The places that test objects, of all objects in their order: as many of each as its `places` says. */
  allEvidence(query: PageQuery): Promise<Page<Evidence>> {
    return this.#query({ ...query, q: 'all-evidence' });
  }

  /** The places in one file that test objects, in the order of the objects. */
  fileEvidence(path: string, query: PageQuery): Promise<Page<FileEvidence>> {
    return this.#query({ ...query, q: 'file-evidence', path });
  }

  /** The sources that count. */
  files(query: PageQuery): Promise<Page<SourceFile>> {
    return this.#query({ ...query, q: 'files' });
  }

  /** What a reader of the figures should know, blind spots among it. */
  diagnostics(query: PageQuery): Promise<Page<Diagnostic>> {
    return this.#query({ ...query, q: 'diagnostics' });
  }

  /** Evidence that names objects which the schema does not define. */
  stale(query: PageQuery): Promise<Page<Stale>> {
    return this.#query({ ...query, q: 'stale' });
  }

  /** What tests show of who may do what. */
  matrix(query: PageQuery): Promise<Page<MatrixRow>> {
    return this.#query({ ...query, q: 'matrix' });
  }

  /** All objects that a query finds, page by page; `limit` is the size of a page, 500 unless told. */
  async *iterate(query: Omit<ObjectQuery, 'limit'> & { limit?: number } = {}): AsyncIterable<CoveredObject> {
    const { limit = PAGE_ROWS, ...rest } = query;
    yield* rowsOf((page) => this.objects({ ...rest, ...page }), { ...rest, limit });
  }

  /** The size of the database in bytes. */
  get size(): number {
    return this.#size;
  }

  /** The database itself, in pieces. Rejects as queries do. */
  async *bytes(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < this.#size; at += PIECE_BYTES) {
      if (this.#closed) throw closed();
      yield await this.#read(at, Math.min(PIECE_BYTES, this.#size - at));
    }
  }

  /** Waits for the queries that were made, then gives memory and source back. May be repeated. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    this.#drop();
    await this.#source.close?.();
  }

  #query<T>({ signal, ...query }: Query & { signal?: AbortSignal }): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    const answer = this.#queue.then(() => this.#answer<T>(query as Query, signal));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  async #answer<T>(query: Query, signal: AbortSignal | undefined): Promise<T> {
    checkAborted(signal);
    const { guard, ReaderMachine } = this.#wasm;
    const machine = (this.#machine ??= guard.run(() => new ReaderMachine(this.#size)));
    try {
      guard.run(() => machine.query(query));
      for (;;) {
        const step = guard.run(() => machine.next());
        if (step.step === 'done') return step.result as T;
        const bytes = await this.#read(step.offset, step.length);
        checkAborted(signal);
        guard.run(() => machine.supply(bytes));
      }
    } catch (error) {
      // A query that ended half-way leaves its machine in the middle: the next one starts with a new machine.
      this.#drop();
      throw error;
    }
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await answered(() => this.#source.read(offset, length));
    if (bytes.length === length) return bytes;
    throw new CoverageError('INPUT', `the database answered ${bytes.length} of ${length} bytes`, { offset });
  }

  #drop(): void {
    const machine = this.#machine;
    this.#machine = undefined;
    if (machine && !this.#wasm.guard.poisoned) this.#wasm.guard.run(() => machine.free());
  }
}

async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof CoverageError) throw cause;
    throw hostError('INPUT', 'the database cannot be read', cause);
  }
}

function closed(): CoverageError {
  return new CoverageError('STATE', 'the coverage database was closed');
}
