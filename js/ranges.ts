import { CoverageError, hostError, messageOf } from './error.js';
import type { RangeSource } from './types.js';

/** Anything that {@link Coverage.open} reads from, as a range source. */
export function rangeSource(database: RangeSource | Blob | Uint8Array | URL): RangeSource {
  if (database instanceof Uint8Array) return bytesRange(database);
  if (typeof Blob !== 'undefined' && database instanceof Blob) return blobRange(database);
  if (database instanceof URL) return new UrlRange(database);
  if (isRangeSource(database)) return database;
  throw new CoverageError('CONFIG', 'a database is a RangeSource, a Blob, a Uint8Array or a URL');
}

function isRangeSource(value: unknown): value is RangeSource {
  const { size, read } = (value ?? {}) as Partial<RangeSource>;
  return typeof size === 'function' && typeof read === 'function';
}

function bytesRange(bytes: Uint8Array): RangeSource {
  return {
    size: async () => bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

function blobRange(blob: Blob): RangeSource {
  return {
    size: async () => blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/**
 * A file behind HTTP. The server must answer range requests (206) and give a strong ETag: every read asks for that same
 * version, so that a file replaced meanwhile is an error and not a mixture.
 */
class UrlRange implements RangeSource {
  readonly #url: URL;
  #etag: string | undefined;

  constructor(url: URL) {
    this.#url = url;
  }

  async size(): Promise<number> {
    const response = await this.#fetch({ Range: 'bytes=0-0' });
    await response.body?.cancel();
    // An empty file has no first byte: 416, with its size.
    const size = /^bytes (?:0-0|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    if ((response.status !== 206 && response.status !== 416) || size === undefined) {
      throw this.#error(`answered ${response.status} to a range request: 206 with Content-Range is needed`);
    }
    const etag = response.headers.get('etag');
    if (response.status === 206 && (!etag || etag.startsWith('W/'))) {
      throw this.#error('gave no strong ETag (across origins, expose ETag and Content-Range)');
    }
    this.#etag = etag ?? undefined;
    return Number(size);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#etag === undefined) await this.size();
    const range = `bytes=${offset}-${offset + length - 1}`;
    const response = await this.#fetch({ Range: range, 'If-Range': this.#etag ?? '' });
    if (response.status !== 206 || response.headers.get('etag') !== this.#etag) {
      await response.body?.cancel();
      throw this.#error(
        response.status === 200 || response.status === 206
          ? 'changed while it was read: open it again'
          : `answered ${response.status} to a range request`,
      );
    }
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      throw this.#error(`cannot be read: ${messageOf(cause)}`, cause);
    }
  }

  async #fetch(headers: Record<string, string>): Promise<Response> {
    try {
      return await fetch(this.#url, { headers });
    } catch (cause) {
      throw hostError('INPUT', 'cannot be fetched', cause, { file: this.#url.href });
    }
  }

  #error(message: string, cause?: unknown): CoverageError {
    return new CoverageError('INPUT', message, { file: this.#url.href, cause });
  }
}
