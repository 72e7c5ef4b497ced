import type { RangeSource } from '../../../js/types.js';

const PAGE_BYTES = 64 * 1024;
/** 8 MiB: the index and the rows around what is looked at. */
const PAGES_HELD = 128;

/** The same source in pages, the last of them held: what lies side by side is asked for once. */
export function cached(source: RangeSource): RangeSource {
  const pages = new Map<number, Promise<Uint8Array>>();
  let size: Promise<number> | undefined;
  const sized = () => (size ??= source.size());

  function page(number: number): Promise<Uint8Array> {
    const bytes = pages.get(number) ?? fetched(number);
    pages.delete(number);
    // The last one that was used is the last one of the map.
    pages.set(number, bytes);
    if (pages.size > PAGES_HELD) pages.delete(pages.keys().next().value!);
    return bytes;
  }

  async function fetched(number: number): Promise<Uint8Array> {
    const from = number * PAGE_BYTES;
    try {
      return await source.read(from, Math.min(PAGE_BYTES, (await sized()) - from));
    } catch (error) {
      pages.delete(number);
      throw error;
    }
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
