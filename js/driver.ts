import { checkAborted, orAborted } from './abort.js';
import { CoverageError, fileOf, hostError, withDetails } from './error.js';
import { BytesFeed, ChunkReader, type Feed } from './feed.js';
import type { Guard } from './guard.js';
import { includedPaths, type OnInclude } from './include.js';
import type { Manifest, ManifestEntry, RunStats, Segment, SourceInfo } from './types.js';
import type { AnalyzerMachine, Step } from './wasm.js';

/** The host's side of a run. */
export interface DriverHost {
  onSegment(segment: Segment): void | Promise<void>;
  onInclude?: OnInclude | undefined;
  onProgress?: ((progress: { bytes: number; records: number; segments: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The source that is being read. */
interface OpenSource {
  info: SourceInfo;
  chunks: ChunkReader;
  /** The call that closes it, once it was made: a failed one is completed by its repetition. */
  closing?: { how: 'end' } | { how: 'abandon'; reason: string };
  /** Why the machine refused its bytes; it can only be abandoned. */
  refused?: CoverageError;
}

/** A file that the open source includes, and what is left of its last chunk. */
interface OpenInclude {
  path: string;
  reader: ReadableStreamDefaultReader<Uint8Array>;
  held?: Feed;
}

/**
 * Drives one analyzer machine: windows in, segments out through the host's callback, acknowledged once that resolved.
 *
 * A chunk whose segment could not be stored is held in `#held` and goes on before anything else; so are the files that
 * it includes, innermost last in `#includes`. The callers see to it that calls do not overlap.
 */
export class Driver {
  readonly #machine: AnalyzerMachine;
  readonly #guard: Guard;
  readonly #host: DriverHost;
  #open: OpenSource | undefined;
  #held: Feed | undefined;
  #includes: OpenInclude[] = [];
  #sealed: ManifestEntry[] = [];

  constructor(machine: AnalyzerMachine, guard: Guard, host: DriverHost) {
    this.#machine = machine;
    this.#guard = guard;
    this.#host = host;
  }

  begin(info: SourceInfo): void {
    this.#check();
    if (this.#open) {
      throw new CoverageError(
        'STATE',
        'a source is open: end or abandon it before the next begin',
        this.#place(),
      );
    }
    this.#guard.run(() => this.#machine.begin(info.path, info.role));
    this.#open = { info, chunks: new ChunkReader() };
  }

  async push(chunk: Uint8Array | string): Promise<void> {
    const source = this.#source('push');
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new CoverageError('CONFIG', 'push takes a Uint8Array or a string', this.#place());
    }
    if (source.closing && chunk.length > 0) {
      throw new CoverageError(
        'STATE',
        `${source.closing.how} was called: repeat it until it resolves`,
        this.#place(),
      );
    }
    try {
      await this.#resume();
    } catch (error) {
      throw tell(error, chunk.length === 0);
    }
    if (chunk.length === 0) return;
    try {
      this.#held = source.chunks.feed(chunk);
      await this.#resume();
    } catch (error) {
      throw tell(error, true);
    }
    this.#progress();
  }

  async end(): Promise<ManifestEntry> {
    this.#check();
    const last = this.#sealed.at(-1);
    if (!this.#open && last) return last;
    const source = this.#source('end');
    if (source.closing?.how === 'abandon') {
      throw new CoverageError('STATE', 'abandon was called: repeat it until it resolves', this.#place());
    }
    source.closing = { how: 'end' };
    return this.#close(source, source.closing);
  }

  async abandon(reason: string): Promise<ManifestEntry> {
    const source = this.#source('abandon', true);
    if (source.closing?.how === 'end') {
      throw new CoverageError('STATE', 'end was called: repeat it until it resolves', this.#place());
    }
    source.closing ??= { how: 'abandon', reason };
    return this.#close(source, source.closing);
  }

  async finish(): Promise<{ manifest: Manifest; stats: RunStats }> {
    this.#check();
    if (this.#open) {
      if (!this.#open.closing) {
        throw new CoverageError('STATE', 'a source is open: end or abandon it before finish', this.#place());
      }
      await this.#close(this.#open, this.#open.closing);
    }
    await this.#drainUntilDone(() => this.#machine.finish());
    const sources = this.#sealed.map((entry) => ({ ...entry }));
    return { manifest: { format: 'pgtap-cov-manifest/1', sources }, stats: this.stats() };
  }

  stats(): RunStats {
    return this.#guard.run(() => this.#machine.stats());
  }

  memory(): { arenaBytes: number; usedBytes: number } {
    return this.#guard.run(() => ({
      arenaBytes: this.#machine.arenaBytes,
      usedBytes: this.#machine.usedBytes,
    }));
  }

  /** A poisoned instance is not entered again, not even to free memory in it. */
  free(): void {
    this.#closeIncludes();
    if (!this.#guard.poisoned) this.#guard.run(() => this.#machine.free());
  }

  /** Offers what is pending, then feeds the held chunk, and what it includes, to the end. */
  async #resume(): Promise<void> {
    await this.#offerPending();
    for (;;) {
      checkAborted(this.#host.signal);
      const include = this.#includes.at(-1);
      const held = include ? include.held : this.#held;
      const window = held?.window();
      if (held && window && window.length > 0) {
        const { consumed, step } = this.#feed(window);
        held.advance(consumed);
        if (step === 'segment-ready') await this.#offer();
        else if (step === 'include') await this.#include();
        else if (consumed === 0) throw stuck('took no bytes');
      } else if (include) {
        const chunk = await this.#read(include);
        if (chunk) include.held = new BytesFeed(chunk);
        else await this.#endInclude();
      } else {
        break;
      }
    }
    this.#held = undefined;
  }

  /** Asks the host for the file that the machine wants, and opens or refuses it. */
  async #include(): Promise<void> {
    const wanted = this.#guard.run(() => this.#machine.wanted());
    if (!wanted) throw stuck('announced an include and has none');
    const { path, relative, from } = wanted;
    let found;
    try {
      found = await orAborted(this.#host.onInclude?.(path, relative, from) ?? null, this.#host.signal);
    } catch (cause) {
      checkAborted(this.#host.signal);
      throw hostError('INPUT', `${path}, which it includes, cannot be opened`, cause, { file: from });
    }
    if (!found) {
      const step = this.#guard.run(() => this.#machine.refuseInclude());
      if (step === 'segment-ready') await this.#offer();
      return;
    }
    const file =
      'stream' in found ? found : { path: includedPaths(path, relative, from)[0] ?? path, stream: found };
    if (file.stream.locked) throw new CoverageError('CONFIG', 'the stream is locked', { file: file.path });
    this.#guard.run(() => this.#machine.include(file.path));
    this.#includes.push({ path: file.path, reader: file.stream.getReader() });
  }

  async #read({ reader, path }: OpenInclude): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await orAborted(reader.read(), this.#host.signal);
      return done ? undefined : value;
    } catch (cause) {
      checkAborted(this.#host.signal);
      throw hostError('INPUT', 'cannot be read', cause, { file: path });
    }
  }

  /** The included file has ended, unless its last line includes another one. */
  async #endInclude(): Promise<void> {
    const step = this.#guard.run(() => this.#machine.end());
    if (step === 'segment-ready') await this.#offer();
    else if (step === 'include') await this.#include();
    else this.#includes.pop()?.reader.releaseLock();
  }

  /** Gives up the files that are open. */
  #closeIncludes(): void {
    for (const { reader } of this.#includes.splice(0)) {
      reader.cancel().catch(() => {});
      reader.releaseLock();
    }
  }

  /** A refusal says something about the bytes, so the source cannot go on; what is left of the chunk is dropped. */
  #feed(window: Uint8Array): { consumed: number; step: Step } {
    try {
      return this.#guard.run(() => this.#machine.push(window));
    } catch (error) {
      this.#held = undefined;
      if (this.#open && error instanceof CoverageError) this.#open.refused = error;
      throw error;
    }
  }

  /** Closes the source as it was asked for first; a repetition goes on where the store failed. */
  async #close(source: OpenSource, closing: NonNullable<OpenSource['closing']>): Promise<ManifestEntry> {
    try {
      if (closing.how === 'end') {
        await this.#resume();
        this.#held = source.chunks.last();
        await this.#resume();
        await this.#drainUntilDone(() => this.#machine.end());
      } else {
        this.#held = undefined;
        this.#closeIncludes();
        await this.#drainUntilDone(() => this.#machine.abandon(closing.reason));
      }
    } catch (error) {
      // Only host code may be tried again. What the machine refused can still be abandoned.
      if (!(error instanceof CoverageError && error.code === 'STORE')) delete source.closing;
      throw error;
    }
    const entry = this.#guard.run(() => this.#machine.entry());
    this.#sealed.push(entry);
    this.#open = undefined;
    this.#progress();
    return entry;
  }

  async #drainUntilDone(call: () => Step): Promise<void> {
    for (;;) {
      await this.#offerPending();
      checkAborted(this.#host.signal);
      const step = this.#guard.run(call);
      if (step === 'done') return;
      if (step === 'include') {
        await this.#include();
        await this.#resume();
      } else if (step === 'segment-ready') {
        await this.#offer();
      } else {
        throw stuck(`answered ${step}`);
      }
    }
  }

  async #offer(): Promise<void> {
    if (!(await this.#offerPending())) throw stuck('announced a segment and has none');
  }

  async #offerPending(): Promise<boolean> {
    checkAborted(this.#host.signal);
    const segment = this.#guard.run(() => this.#machine.pending());
    if (!segment) return false;
    const { seq, id } = segment;
    try {
      await orAborted(this.#host.onSegment(segment), this.#host.signal);
    } catch (cause) {
      this.#held?.detach();
      for (const { held } of this.#includes) held?.detach();
      if (this.#host.signal?.aborted) checkAborted(this.#host.signal);
      throw hostError('STORE', `segment ${id} was not stored`, cause, { file: fileOf(cause) ?? id });
    }
    this.#guard.run(() => this.#machine.ack(seq));
    return true;
  }

  #progress(): void {
    if (!this.#host.onProgress) return;
    const { bytes, records, segments } = this.stats();
    try {
      this.#host.onProgress({ bytes, records, segments });
    } catch (cause) {
      throw hostError('CONFIG', 'onProgress threw', cause);
    }
  }

  #check(): void {
    checkAborted(this.#host.signal);
    this.#guard.check();
  }

  #source(call: string, refusedToo = false): OpenSource {
    this.#check();
    if (!this.#open) throw new CoverageError('STATE', `no source is open: call begin before ${call}`);
    if (this.#open.refused && !refusedToo) throw withDetails(this.#open.refused, {});
    return this.#open;
  }

  #place(): { file?: string } {
    return this.#open ? { file: this.#open.info.path } : {};
  }
}

function tell(error: unknown, taken: boolean): unknown {
  return error instanceof CoverageError && error.code === 'STORE' ? withDetails(error, { taken }) : error;
}

function stuck(what: string): CoverageError {
  return new CoverageError('INTERNAL', `the analyzer ${what}`);
}
