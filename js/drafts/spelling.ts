/** Names as the database spells them: a backslash is doubled, and a byte that is no UTF-8 is `\xHH`. */
import type { CoveredObject } from '../types.js';

/** The bytes of a name, one character each: strings of these are in the order of the database. */
export function bytesOf(spelt: string): string {
  const utf8 = Array.from(new TextEncoder().encode(spelt), (byte) => String.fromCharCode(byte)).join('');
  return utf8.replace(/\\(?:\\|x([0-9A-F]{2}))/g, (_, hex?: string) =>
    hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The object under the names that SQL uses; undefined where one is no UTF-8. */
export function plainly(object: CoveredObject): CoveredObject | undefined {
  const { schema, name, sub, args } = object;
  const [s, n, u, a] = [schema, name, sub, args].map(plain);
  if (s === undefined || n === undefined || u === undefined || a === undefined) return undefined;
  return { ...object, schema: s, name: n, sub: u, args: a };
}

/** A name as SQL has it; undefined where it is no UTF-8. */
export function plain(spelt: string): string | undefined {
  if (!spelt.includes('\\')) return spelt;
  const isBytes = /\\(?:\\|(x))/g;
  for (const [, hex] of spelt.matchAll(isBytes)) if (hex) return undefined;
  return spelt.replaceAll('\\\\', '\\');
}
