/** The list of all objects, with what became of them since the base. */
import type { Change, Coverage, ObjectQuery, Page } from '../../../js/browser.js';
import type { ListedObject } from '../protocol.js';
import type { Compared } from './compare.js';

/** Rows that are gone through at a time for those that changed. */
const ROWS = 2000;

/** A page of objects; with `changes`, of those alone of which that became. */
export async function listed(
  of: Coverage,
  compared: Compared | undefined,
  query: ObjectQuery,
  changes: Change[] | undefined,
): Promise<Page<ListedObject>> {
  const marked = ({ rows, next }: Page<ListedObject>) => ({
    ...(next !== undefined && { next }),
    rows: rows.map((row) => {
      const change = compared?.changeOf(row);
      return change === undefined ? row : { ...row, change };
    }),
  });
  if (changes === undefined) return marked(await of.objects(query));
  const found: ListedObject[] = [];
  let { after } = query;
  do {
    const from = after === undefined ? {} : { after };
    const page = marked(await of.objects({ ...query, ...from, limit: ROWS }));
    for (const [at, row] of page.rows.entries()) {
      if (row.change === undefined || !changes.includes(row.change)) continue;
      found.push(row);
      if (found.length < query.limit) continue;
      // Asked again for just these, so that the next page starts behind the last of them.
      const { next } = await of.objects({ ...query, ...from, limit: at + 1 });
      return { rows: found, ...(next !== undefined && { next }) };
    }
    after = page.next;
  } while (after !== undefined);
  return { rows: found };
}
