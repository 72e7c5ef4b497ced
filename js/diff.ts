/** What one coverage has more or less than another. */
import type { Coverage } from './coverage.js';
import { rowsOf } from './pages.js';
import type { CoveredObject, Kind, ObjectKey, SourceFile, State } from './types.js';

/**
 * What became of an object: `covered` it is now, and was not · `lost` it was, and is not · `stronger`, `weaker` its state
 * changed otherwise · `new` it is in the schema now, and covered · `new-gap` it is, and is not covered · `gone` it is in the
 * schema no more.
 */
export type Change = 'covered' | 'lost' | 'stronger' | 'weaker' | 'new' | 'new-gap' | 'gone';

/** The changes as headings, what is worst first. */
export const CHANGES: Record<Change, string> = {
  lost: 'Lost',
  weaker: 'Weaker',
  'new-gap': 'New and not covered',
  covered: 'Newly covered',
  new: 'New and covered',
  stronger: 'Stronger',
  gone: 'Gone from the schema',
};

/** An object that differs; without `before` or `after` it is in one of the two alone. */
export interface ObjectChange {
  change: Change;
  before?: CoveredObject;
  after?: CoveredObject;
}

/** A source that differs. */
export interface FileChange {
  change: 'new' | 'gone' | 'changed';
  path: string;
}

/**
 * Objects whose state differs between two coverages, by kind, then in the order of their keys. Reads both once, side by
 * side, and holds a page of each.
 */
export async function* diff(base: Coverage, head: Coverage): AsyncIterable<ObjectChange> {
  const kinds = new Set([
    ...Object.keys((await base.summary()).kinds),
    ...Object.keys((await head.summary()).kinds),
  ]);
  for (const kind of kinds) {
    const [before, after] = [cursorOf(base, kind), cursorOf(head, kind)];
    let [left, right] = [await before(), await after()];
    while (left || right) {
      const order = !left ? 1 : !right ? -1 : compareKeys(left, right);
      const change = changeOf(order <= 0 ? left : undefined, order >= 0 ? right : undefined);
      if (change) yield change;
      if (order <= 0) left = await before();
      if (order >= 0) right = await after();
    }
  }
}

/** Sources that are new, gone, or have another content; both lists are held. */
export async function diffFiles(base: Coverage, head: Coverage): Promise<FileChange[]> {
  const before = new Map<string, SourceFile>();
  for await (const file of rowsOf((page) => base.files(page))) before.set(file.path, file);
  const changes: FileChange[] = [];
  for await (const { path, hash, bytes } of rowsOf((page) => head.files(page))) {
    const own = before.get(path);
    before.delete(path);
    if (!own) changes.push({ change: 'new', path });
    else if (own.hash !== hash || own.bytes !== bytes) changes.push({ change: 'changed', path });
  }
  for (const path of before.keys()) changes.push({ change: 'gone', path });
  return changes;
}

const RANK: Record<State, number> = { exercised: 3, asserted: 2, declared: 1, gap: 0 };
const isCovered = ({ state }: CoveredObject) => RANK[state] >= 2;

function changeOf(
  before: CoveredObject | undefined,
  after: CoveredObject | undefined,
): ObjectChange | undefined {
  if (!after) return before && { change: 'gone', before };
  if (!before) return { change: isCovered(after) ? 'new' : 'new-gap', after };
  const step = RANK[after.state] - RANK[before.state];
  if (step === 0) return undefined;
  if (isCovered(before) === isCovered(after))
    return { change: step > 0 ? 'stronger' : 'weaker', before, after };
  return { change: step > 0 ? 'covered' : 'lost', before, after };
}

function cursorOf(coverage: Coverage, kind: Kind): () => Promise<CoveredObject | undefined> {
  const rows = coverage.iterate({ kind: [kind] })[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await rows.next();
    return done ? undefined : value;
  };
}

/** The order of a database among objects of one kind: by the bytes of schema, name, sub-object and arguments. */
export function compareKeys(a: ObjectKey, b: ObjectKey): number {
  for (const part of ['schema', 'name', 'sub', 'args'] as const) {
    if (a[part] !== b[part]) return compareBytes(bytesOf(a[part]), bytesOf(b[part]));
  }
  return 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

const encoder = new TextEncoder();

/** The bytes of a name: what is no UTF-8 is spelled `\xHH`, and backslashes are doubled. */
function bytesOf(spelled: string): Uint8Array {
  if (!spelled.includes('\\')) return encoder.encode(spelled);
  const bytes: number[] = [];
  for (const [part, hex] of spelled.matchAll(/\\x([0-9a-fA-F]{2})|\\\\|[^\\]+|\\/g)) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...encoder.encode(part === '\\\\' ? '\\' : part));
  }
  return Uint8Array.from(bytes);
}
