import { createHash } from 'node:crypto';
import type { ManifestEntry, RunStats, Segment } from '../../../js/types.js';
import type { AnalyzerMachine, Step } from '../../../js/wasm.js';

/**
 * An analyzer machine that obeys the protocol and has the simplest records there are: every byte is one. Its arena holds
 * `capacity` of them. A NUL is refused, as the real machine does; 0xff traps.
 */
export class FakeMachine implements AnalyzerMachine {
  readonly arenaBytes: number;
  /** Windows that were pushed, by length. */
  readonly windows: number[] = [];
  freed = false;
  #arena: number[] = [];
  #ready = false;
  #seq = 0;
  #open: { path: string; role: string; bytes: number[]; complete: boolean } | undefined;
  #last: ManifestEntry | undefined;
  #stats: RunStats = { bytes: 0, records: 0, segments: 0, sources: 0 };

  constructor(capacity: number) {
    this.arenaBytes = capacity;
  }

  get usedBytes(): number {
    return this.#arena.length;
  }

  begin(path: string, role: string): void {
    if (this.#open) throw { code: 'STATE', message: 'a source is open' };
    this.#open = { path, role, bytes: [], complete: true };
  }

  push(window: Uint8Array): { consumed: number; step: Step } {
    this.#mustBeDrained();
    this.windows.push(window.length);
    let consumed = 0;
    for (const byte of window) {
      if (this.#arena.length === this.arenaBytes) {
        this.#ready = true;
        return { consumed, step: 'segment-ready' };
      }
      if (byte === 0)
        throw { code: 'INPUT', message: 'is no text', file: this.#open!.path, line: 1, offset: consumed };
      if (byte === 0xff) throw new WebAssembly.RuntimeError('unreachable');
      this.#arena.push(byte);
      this.#open!.bytes.push(byte);
      this.#stats.bytes += 1;
      this.#stats.records += 1;
      consumed += 1;
    }
    return { consumed, step: 'need-input' };
  }

  /** It includes nothing. */
  wanted(): undefined {}

  include(): void {
    throw { code: 'STATE', message: 'no file is to be included' };
  }

  refuseInclude(): Step {
    throw { code: 'STATE', message: 'no file is to be included' };
  }

  end(): Step {
    this.#mustBeDrained();
    // The seal is a record, too.
    if (this.#arena.length === this.arenaBytes) {
      this.#ready = true;
      return 'segment-ready';
    }
    const { path, role, bytes, complete } = this.#open!;
    this.#arena.push(0x0a);
    const hash = createHash('sha256').update(Uint8Array.from(bytes)).digest('hex');
    this.#last = { path, role: role as ManifestEntry['role'], bytes: bytes.length, hash, complete };
    this.#open = undefined;
    this.#stats.sources += 1;
    return 'done';
  }

  abandon(): Step {
    this.#open!.complete = false;
    return this.end();
  }

  finish(): Step {
    this.#mustBeDrained();
    if (this.#arena.length === 0) return 'done';
    this.#ready = true;
    return 'segment-ready';
  }

  pending(): Segment | undefined {
    if (!this.#ready) return undefined;
    const bytes = Uint8Array.from(this.#arena);
    return { id: `fake-${this.#seq}`, seq: this.#seq, records: bytes.length, bytes };
  }

  ack(seq: number): void {
    if (seq !== this.#seq || !this.#ready) return;
    this.#ready = false;
    this.#arena = [];
    this.#seq += 1;
    this.#stats.segments += 1;
  }

  entry(): ManifestEntry {
    return this.#last!;
  }

  stats(): RunStats {
    return { ...this.#stats };
  }

  free(): void {
    this.freed = true;
  }

  #mustBeDrained(): void {
    if (this.#ready) throw { code: 'STATE', message: 'a segment is pending' };
  }
}
