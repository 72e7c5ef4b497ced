import { CoverageError } from '../error.js';
import type { SegmentStore } from '../types.js';

/** Keeps segments in memory: for tests, pages and small projects. */
export class MemoryStore implements SegmentStore {
  readonly #segments = new Map<string, Uint8Array>();

  /** Keeps the bytes themselves, not a copy. */
  async put(segment: { id: string; bytes: Uint8Array }): Promise<void> {
    this.#segments.set(segment.id, segment.bytes);
  }

  async list(): Promise<{ id: string; length: number }[]> {
    return Array.from(this.#segments, ([id, bytes]) => ({ id, length: bytes.length }));
  }

  /** A copy of the range. `STORE` for an unknown segment or a range beyond its end. */
  async read(id: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.#segments.get(id);
    if (!bytes) throw new CoverageError('STORE', `there is no segment ${id}`, { file: id });
    if (offset + length > bytes.length) {
      throw new CoverageError('STORE', `segment ${id} ends before ${offset + length}`, { file: id, offset });
    }
    return bytes.slice(offset, offset + length);
  }

  async remove(id: string): Promise<void> {
    this.#segments.delete(id);
  }
}
