import { checkAborted, orAborted } from './abort.js';
import { Driver } from './driver.js';
import { CoverageError, messageOf, withDetails } from './error.js';
import type { OnInclude } from './include.js';
import type { Manifest, ManifestEntry, MemoryUse, Rule, RunStats, Segment, SourceInfo } from './types.js';
import { initialised, ready, type MachineOptions, type Wasm } from './wasm.js';

/** How an analyzer works and where its segments go. */
export interface AnalyzerOptions {
  /**
   * Persists a segment. Once it resolves, the segment counts as kept and its memory is reused; until then nothing more
   * is read. If it throws or rejects, the call in flight rejects with `STORE` and the segment is offered again.
   */
  onSegment(segment: Segment): void | Promise<void>;
  /**
   * Finds files that sources include with `\i` and `\ir`; they are read in the session of their includer and are a part of
   * it, 16 levels deep. If it rejects, or the stream fails, the source cannot be read on: `INPUT`, then `abandon` it.
   * Without it, each such command is a diagnostic.
   */
  onInclude?: OnInclude;
  /** Told after every push and every closed source, in totals of the run. Must not throw. */
  onProgress?(progress: { bytes: number; records: number; segments: number }): void;
  /** The run's id, 32 hex digits; default: random. Two runs whose segments are merged must not share it. */
  run?: string;
  /** Sizes in bytes; the defaults fit ordinary projects. */
  limits?: { arenaBytes?: number; statementBytes?: number };
  /** The search_path that every source starts with. */
  searchPath?: string[];
  /** Schemas where pgTAP may be installed. */
  pgtapSchemas?: string[];
  /** What calls of helper functions stand for; a bad one is `CONFIG` and shows where. */
  rules?: Rule[];
  /** Ends the work: the call in flight and all later ones reject with `ABORTED`. */
  signal?: AbortSignal;
}

/**
 * Reads SQL in chunks and hands out segments of coverage records; memory stays constant whatever is read.
 *
 * For every source: `begin`, any number of `push`, then `end`; `finish` closes the run. Calls do not overlap: one made
 * while another is in flight rejects with `STATE`. A callback may read `memory`.
 *
 * When `onSegment` fails, the call rejects with `STORE` and the host's error as `cause`. The chunk counts as taken and
 * is not pushed again: the next `push`, `end` or `finish` offers the same segment first, then goes on with what is left
 * (a `push` of an empty chunk is the plain retry). While an earlier chunk waits, a `push` of more bytes that fails again
 * rejects with `taken: false`. `end`, `abandon` and `finish` may be repeated.
 *
 * Bytes that the analyzer refuses (`INPUT`) make their source unusable: `abandon` it and begin the next one.
 */
export class Analyzer {
  readonly #options: AnalyzerOptions;
  readonly #run: string;
  #wasm: Wasm | undefined;
  #driver: Driver | undefined;
  #inFlight: string | undefined;
  #freed = false;

  /**
   * Throws `CONFIG` for wrong options: at once if the module is initialised, else the first call rejects with it and
   * initialises the module on demand.
   */
  constructor(options: AnalyzerOptions) {
    if (typeof options?.onSegment !== 'function') {
      throw new CoverageError('CONFIG', 'onSegment must be a function that persists a segment');
    }
    this.#options = options;
    this.#run = options.run ?? randomRun();
    const wasm = initialised();
    if (wasm) this.#start(wasm);
  }

  /** Opens a source. `STATE` while another is open; `INPUT` or `CONFIG` for a path or role that cannot be. */
  begin(source: SourceInfo): Promise<void> {
    return this.#alone('begin', async (driver) => driver.begin(source));
  }

  /**
   * Reads a chunk of the open source, split anywhere: bytes, or text that is encoded as UTF-8. Resolves once the chunk
   * is taken and every segment that it filled is persisted; leave the buffer alone until then. Time is linear in the
   * chunk; at most 64 KiB of it are copied at a time.
   */
  push(chunk: Uint8Array | string): Promise<void> {
    return this.#alone('push', (driver) => driver.push(chunk));
  }

  /** Seals the open source and resolves with its manifest entry; a repetition resolves with the same entry. */
  end(): Promise<ManifestEntry> {
    return this.#alone('end', (driver) => driver.end());
  }

  /** Closes a source that the host could not read on. It does not count, and the coverage is marked incomplete. */
  abandon(reason: string): Promise<ManifestEntry> {
    return this.#alone('abandon', (driver) => driver.abandon(reason));
  }

  /**
   * Reads a whole source from a stream: `begin`, `push` for every chunk, `end`.
   *
   * If the stream fails, or its bytes are refused, the source is abandoned and the call rejects with `INPUT` and the
   * stream's error as `cause`. If `onSegment` fails (`STORE`), the source stays open and the stream unlocked after the
   * last taken chunk: go on with `push` and `end`, or `abandon`. In every other case the stream is cancelled.
   */
  pipe(source: SourceInfo, stream: ReadableStream<Uint8Array>): Promise<ManifestEntry> {
    return this.#alone('pipe', async (driver) => {
      if (stream.locked) throw new CoverageError('CONFIG', 'the stream is locked', { file: source.path });
      driver.begin(source);
      const reader = stream.getReader();
      try {
        for (;;) {
          const chunk = await this.#read(reader, source);
          if (chunk === undefined) return await driver.end();
          await driver.push(chunk);
        }
      } catch (error) {
        if (!(error instanceof CoverageError)) throw error;
        if (error.code !== 'STORE') reader.cancel(error).catch(() => {});
        if (error.code !== 'INPUT' && error.code !== 'LIMIT') throw error;
        await driver.abandon(messageOf(error));
        throw withDetails(error, { file: error.file ?? source.path });
      } finally {
        reader.releaseLock();
      }
    });
  }

  /** Flushes what is left and resolves with the manifest of all sources in the order of their `begin`. */
  finish(): Promise<{ manifest: Manifest; stats: RunStats }> {
    return this.#alone('finish', (driver) => driver.finish());
  }

  /** Gives the memory back. Every later call says `STATE`; `STATE` too while a call is in flight. */
  free(): void {
    if (this.#inFlight) throw busy('free', this.#inFlight);
    if (this.#freed) return;
    this.#freed = true;
    this.#driver?.free();
  }

  /** Sizes now. Throws `STATE` before the module is initialised and after `free`. */
  get memory(): MemoryUse {
    if (this.#freed) throw freed();
    if (!this.#driver || !this.#wasm)
      throw new CoverageError('STATE', 'not initialised yet: await init() first');
    return { ...this.#driver.memory(), linearBytes: this.#wasm.linearBytes() };
  }

  async #alone<T>(call: string, work: (driver: Driver) => Promise<T>): Promise<T> {
    if (this.#inFlight) throw busy(call, this.#inFlight);
    if (this.#freed) throw freed();
    this.#inFlight = call;
    try {
      checkAborted(this.#options.signal);
      return await work(this.#driver ?? this.#start(await ready()));
    } finally {
      this.#inFlight = undefined;
    }
  }

  #start(wasm: Wasm): Driver {
    const { limits = {}, searchPath, pgtapSchemas, rules, onInclude, onProgress, signal } = this.#options;
    const options: MachineOptions = { run: this.#run, ...limits };
    if (searchPath) options.searchPath = searchPath;
    if (pgtapSchemas) options.pgtapSchemas = pgtapSchemas;
    if (rules) options.rules = rules;
    if (onInclude) options.includes = true;
    const machine = wasm.guard.run(() => new wasm.AnalyzerMachine(options));
    this.#wasm = wasm;
    this.#driver = new Driver(machine, wasm.guard, {
      onSegment: (segment) => this.#options.onSegment(segment),
      onInclude: onInclude && ((path, relative, from) => onInclude.call(this.#options, path, relative, from)),
      onProgress: onProgress && ((progress) => this.#options.onProgress?.(progress)),
      signal,
    });
    return this.#driver;
  }

  async #read(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    source: SourceInfo,
  ): Promise<Uint8Array | undefined> {
    const { signal } = this.#options;
    try {
      const { done, value } = await orAborted(reader.read(), signal);
      return done ? undefined : value;
    } catch (cause) {
      checkAborted(signal);
      throw new CoverageError('INPUT', `cannot be read: ${messageOf(cause)}`, { file: source.path, cause });
    }
  }
}

/** The id of a run: 32 hex digits. */
export function randomRun(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function busy(call: string, inFlight: string): CoverageError {
  return new CoverageError('STATE', `${call} was called while ${inFlight} is in flight: await it first`);
}

function freed(): CoverageError {
  return new CoverageError('STATE', 'the analyzer was freed');
}
