/** The texts of sources, where they are at hand. */
import { CoverageError } from '../../../js/browser.js';
import type { Archive, InputFile } from '../protocol.js';
import { unpacked } from './packed.js';

/** The text of a source, or null where there is none of this path. */
export type Texts = (path: string) => Promise<string | null>;

/** What a page can show at once. */
const MOST_BYTES = 8e6;

/** Texts of the files that were scanned. */
export function texts(files: InputFile[]): Texts {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  return async (path) => {
    const file = byPath.get(path);
    if (!file) return null;
    checkSize(path, file.size);
    return file.text();
  };
}

/** Texts that lie in one file. */
export async function archived({ texts, places }: Archive): Promise<Texts> {
  const all = await unpacked(texts);
  const byPath = new Map(places.map(([path, offset, bytes]) => [path, { offset, bytes }]));
  return async (path) => {
    const place = byPath.get(path);
    if (!place) return null;
    checkSize(path, place.bytes);
    return all.slice(place.offset, place.offset + place.bytes).text();
  };
}

/** Texts that the server of the database answers for. */
export function served(address: string): Texts {
  return async (path) => {
    const response = await fetch(`${address}?${new URLSearchParams({ path })}`);
    if (!response.ok) return null;
    checkSize(path, Number(response.headers.get('content-length') ?? 0));
    return response.text();
  };
}

function checkSize(file: string, bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  throw new CoverageError('LIMIT', `has ${bytes} bytes; up to ${MOST_BYTES} are shown here`, { file });
}
