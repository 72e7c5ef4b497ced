/** Finds objects by their keys without passing over all that lie before them. */
import type { Coverage, CoveredObject, Cursor, ObjectKey } from '../../../js/browser.js';
import { compareKeys } from '../../../js/diff.js';

/** Where the objects of a kind begin that do not come before a key. */
export async function locate(of: Coverage, key: ObjectKey): Promise<Cursor> {
  const { kinds } = await of.summary();
  let low = 0;
  let high = Object.values(kinds).reduce((sum, { objects }) => sum + objects, 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { rows, next } = await of.objects({ kind: [key.kind], after: String(middle), limit: 1 });
    if (rows[0] && compareKeys(rows[0], key) < 0) low = next === undefined ? high : Number(next);
    else high = middle;
  }
  return String(low);
}

/** The object of this key, or null where the database has none. */
export async function find(of: Coverage, key: ObjectKey): Promise<CoveredObject | null> {
  const after = await locate(of, key);
  const {
    rows: [row],
  } = await of.objects({ kind: [key.kind], after, limit: 1 });
  return row && compareKeys(row, key) === 0 ? row : null;
}

/** The objects of a name in a schema and what hangs on them, by kind. */
export async function* named(of: Coverage, schema: string, name: string): AsyncIterable<CoveredObject> {
  const { kinds } = await of.summary();
  for (const kind of Object.keys(kinds)) {
    const after = await locate(of, { kind, schema, name, sub: '', args: '' });
    for await (const object of of.iterate({ kind: [kind], after, limit: ROWS })) {
      if (object.schema !== schema || object.name !== name) break;
      yield object;
    }
  }
}

/** As many as most names have of a kind. */
const ROWS = 20;
