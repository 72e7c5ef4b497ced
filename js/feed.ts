/** Chunks as windows of bytes: what the analyzer's machine is fed with, piece by piece. */

/** The most bytes that one window holds. */
export const WINDOW_BYTES = 64 * 1024;

/** A chunk that is being fed; `window` shows the next bytes, `advance` says how many of them were taken. */
export interface Feed {
  /** The next bytes, empty at the end; the same bytes until `advance`. */
  window(): Uint8Array;
  advance(bytes: number): void;
  /** Makes the rest independent of the buffer that the host passed. */
  detach(): void;
}

/** Bytes, seen through subarrays. */
export class BytesFeed implements Feed {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  window(): Uint8Array {
    return this.#rest.subarray(0, WINDOW_BYTES);
  }

  advance(bytes: number): void {
    this.#rest = this.#rest.subarray(bytes);
  }

  detach(): void {
    this.#rest = this.#rest.slice();
  }
}

/** Text, encoded as UTF-8 one window at a time. */
class TextFeed implements Feed {
  #text: string;
  #at = 0;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #window: Uint8Array = new Uint8Array();

  constructor(text: string) {
    this.#text = text;
  }

  window(): Uint8Array {
    if (this.#window.length === 0 && this.#at < this.#text.length) this.#encode();
    return this.#window;
  }

  advance(bytes: number): void {
    this.#window = this.#window.subarray(bytes);
  }

  detach(): void {}

  #encode(): void {
    this.#buffer ??= new Uint8Array(Math.min(WINDOW_BYTES, 3 * this.#text.length));
    let end = Math.min(this.#text.length, this.#at + this.#buffer.length);
    // A piece never ends inside a surrogate pair; the text itself does not end in a high one.
    if (end < this.#text.length && isHighSurrogate(this.#text.charCodeAt(end - 1))) end -= 1;
    const { read, written } = new TextEncoder().encodeInto(this.#text.slice(this.#at, end), this.#buffer);
    this.#at += read;
    this.#window = this.#buffer.subarray(0, written);
  }
}

/** Turns the chunks of one source into feeds; a surrogate pair may be split between two text chunks. */
export class ChunkReader {
  #high = '';

  feed(chunk: Uint8Array | string): Feed {
    if (typeof chunk !== 'string') return this.#high === '' ? new BytesFeed(chunk) : this.#join(chunk);
    if (chunk === '') return new BytesFeed(new Uint8Array());
    let text = this.#high + chunk;
    this.#high = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : '';
    if (this.#high) text = text.slice(0, -1);
    return new TextFeed(text);
  }

  /** What is left at the end of the source: half a pair becomes the replacement character. */
  last(): Feed {
    const rest = this.#high;
    this.#high = '';
    return new BytesFeed(new TextEncoder().encode(rest));
  }

  #join(chunk: Uint8Array): Feed {
    if (chunk.length === 0) return new BytesFeed(chunk);
    const feeds = [this.last(), new BytesFeed(chunk)];
    return {
      window: () => feeds.find((feed) => feed.window().length > 0)?.window() ?? new Uint8Array(),
      advance: (bytes) => feeds.find((feed) => feed.window().length > 0)?.advance(bytes),
      detach: () => feeds.forEach((feed) => feed.detach()),
    };
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
