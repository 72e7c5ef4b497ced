import type { Page, PageQuery } from './types.js';

/** Rows that are asked for at a time, unless told. */
export const PAGE_ROWS = 500;

/** All rows of a paged query, page by page. */
export async function* rowsOf<T>(
  query: (page: PageQuery) => Promise<Page<T>>,
  first: PageQuery = { limit: PAGE_ROWS },
): AsyncIterable<T> {
  let page = await query(first);
  for (;;) {
    yield* page.rows;
    if (page.next === undefined) return;
    page = await query({ ...first, after: page.next });
  }
}
