import type { RangeSource } from '../../../js/types.js';

const PAGE_BYTES = 64 * 1024;
/** 8 MiB: the index and the rows around what is looked at. */
const PAGES_HELD = 128;

/** 2 MiB: what is read from end to end takes few answers. */
const MOST_AT_ONCE = 32;

/**
 * The same source in pages, the last of them held: what lies side by side is asked for once. Where pages follow one
 * another, as many are read at once as were just before, and of a long run the next ones while these are looked at.
 */
export function cached(source: RangeSource): RangeSource {
  const pages = new Map<number, Promise<Uint8Array>>();
  let size: Promise<number> | undefined;
  const sized = () => (size ??= source.size());
  /** Where the last long run begins and ends. */
  let run: [first: number, next: number] | undefined;

  function page(number: number): Promise<Uint8Array> {
    if (!pages.has(number)) fetch(number);
    if (number === run?.[0] && !pages.has(run[1])) fetch(run[1]);
    const bytes = pages.get(number)!;
    pages.delete(number);
    // The last one that was used is the last one of the map.
    pages.set(number, bytes);
    return bytes;
  }

  function fetch(first: number): void {
    let before = 1;
    while (before < MOST_AT_ONCE && pages.has(first - before)) before += 1;
    let count = 1;
    while (count < before && !pages.has(first + count)) count += 1;
    if (count === MOST_AT_ONCE) run = [first, first + count];
    const all = fetched(first, count);
    for (let i = 0; i < count; i += 1) {
      // A copy: a part would hold all of them.
      const part = all.then((bytes) => bytes.slice(i * PAGE_BYTES, (i + 1) * PAGE_BYTES));
      // Whoever asks for it says so.
      part.catch(() => pages.delete(first + i));
      pages.set(first + i, part);
    }
    while (pages.size > PAGES_HELD) pages.delete(pages.keys().next().value!);
  }

  async function fetched(first: number, count: number): Promise<Uint8Array> {
    const from = first * PAGE_BYTES;
    const length = Math.min(count * PAGE_BYTES, (await sized()) - from);
    return length > 0 ? source.read(from, length) : new Uint8Array();
  }

  return {
    size: sized,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length;) {
        const number = Math.floor((offset + at) / PAGE_BYTES);
        const start = offset + at - number * PAGE_BYTES;
        const part = (await page(number)).subarray(start, start + length - at);
        // The source ended early; the reader says so.
        if (part.length === 0) return bytes.subarray(0, at);
        bytes.set(part, at);
        at += part.length;
      }
      return bytes;
    },
  };
}
