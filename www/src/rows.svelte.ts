import type { Cursor } from '../../js/types.js';
import type { List, Lists, Problem } from './protocol.js';
import type { Session } from './session.js';

/** So many rows are asked for at a time, and drawn. */
export const PAGE_ROWS = 200;

/** The rows of one list that were loaded so far. */
export class Rows<L extends List> {
  loaded = $state.raw<Lists[L]['row'][]>([]);
  loading = $state(false);
  /** Whether there are more rows to load. */
  more = $state(false);
  problem = $state.raw<Problem>();

  readonly #session: Session;
  readonly #list: L;
  readonly #query: Omit<Lists[L]['query'], 'after' | 'limit'>;
  #next: Cursor | undefined;

  constructor(session: Session, list: L, query: Omit<Lists[L]['query'], 'after' | 'limit'>) {
    this.#session = session;
    this.#list = list;
    this.#query = query;
    void this.load();
  }

  /** Loads the next page. */
  async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.problem = undefined;
    try {
      const after = this.#next === undefined ? {} : { after: this.#next };
      const query = { ...this.#query, ...after, limit: PAGE_ROWS } as Lists[L]['query'];
      const { rows, next } = await this.#session.page(this.#list, query);
      this.loaded = [...this.loaded, ...rows];
      this.#next = next;
      this.more = next !== undefined;
    } catch (problem) {
      this.problem = problem as Problem;
      this.more = true;
    } finally {
      this.loading = false;
    }
  }
}
