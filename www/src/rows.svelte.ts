/** Lists that are loaded page by page: one that grows, and one of any length of which a window is held. */
import type { Asks, Cursor, List, Problem, RowOf } from './protocol.js';
import type { Session } from './session.js';

/** So many rows are asked for at a time. */
export const PAGE_ROWS = 200;
/** So many pages of a long list are held. */
const PAGES_HELD = 12;

type Query<L extends List> = Omit<Asks[L]['query'], 'after' | 'limit'>;

/** The rows of one list that were loaded so far. */
export class Rows<L extends List> {
  loaded = $state.raw<RowOf<L>[]>([]);
  loading = $state(false);
  /** Whether there are more rows to load. */
  more = $state(false);
  problem = $state.raw<Problem>();

  readonly #page: (after: Cursor | undefined) => Promise<{ rows: RowOf<L>[]; next?: Cursor }>;
  #next: Cursor | undefined;

  constructor(session: Session, list: L, query: Query<L>, limit = PAGE_ROWS) {
    this.#page = pages(session, list, query, limit);
    void this.load();
  }

  /** Loads the next page. */
  async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.problem = undefined;
    try {
      const { rows, next } = await this.#page(this.#next);
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

/**
 * A list of any length. It holds the pages around what was last looked at. In a dense list, where rows follow one another
 * in the database, any page costs one question; in others the cursors of the pages that were passed are held, and a jump
 * ahead costs the pages between.
 */
export class LongRows<L extends List> {
  /** How many rows are known to exist. */
  known = $state(0);
  /** Whether the end was seen, so that `known` is the number of all. */
  ended = $state(false);
  problem = $state.raw<Problem>();
  /** Changes when other rows are held: who reads {@link at} reads it, too. */
  version = $state(0);

  readonly #page: (after: Cursor | undefined) => Promise<{ rows: RowOf<L>[]; next?: Cursor }>;
  readonly #stopped = new AbortController();
  readonly #dense: boolean;
  /** Where the pages begin that were passed; of a dense list the second alone. */
  readonly #cursors: (Cursor | undefined)[] = [undefined];
  readonly #held = new Map<number, RowOf<L>[]>();
  #wanted: [first: number, last: number] = [0, 0];
  #busy = false;

  constructor(session: Session, list: L, query: Query<L>, dense = false) {
    this.#page = pages(session, list, query, PAGE_ROWS, this.#stopped.signal);
    this.#dense = dense;
    this.want(0, 0);
  }

  /** Gives up what is still being looked for. */
  stop(): void {
    this.#stopped.abort();
  }

  /** The row of this number, if it is held. */
  at(index: number): RowOf<L> | undefined {
    return this.#held.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Loads the rows between these numbers. The last call counts. */
  want(first: number, last: number): void {
    this.#wanted = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
    if (!this.#busy) void this.#fill();
  }

  async #fill(): Promise<void> {
    this.#busy = true;
    this.problem = undefined;
    try {
      for (let page; (page = this.#missing()) !== undefined;) {
        const { rows, next } = await this.#page(this.#cursor(page));
        this.#held.set(page, rows);
        this.#forget();
        if (next !== undefined && (page === 0 || !this.#dense)) this.#cursors[page + 1] = next;
        this.known = Math.max(this.known, page * PAGE_ROWS + rows.length);
        this.ended ||= next === undefined;
        this.version += 1;
      }
    } catch (problem) {
      this.problem = problem as Problem;
    } finally {
      this.#busy = false;
    }
  }

  /** The next page to load: one that is wanted, or one on the way to it. */
  #missing(): number | undefined {
    const [first, last] = this.#wanted;
    for (let page = first; page <= last; page += 1) {
      if (this.#held.has(page)) continue;
      const passed = this.#cursors.length;
      if (page < passed || (this.#dense && passed > 1)) return page;
      return this.ended ? undefined : passed - 1;
    }
    return undefined;
  }

  #cursor(page: number): Cursor | undefined {
    if (page < this.#cursors.length) return this.#cursors[page];
    return String(Number(this.#cursors[1]) + (page - 1) * PAGE_ROWS);
  }

  #forget(): void {
    const middle = (this.#wanted[0] + this.#wanted[1]) / 2;
    const far = (page: number) => Math.abs(page - middle);
    while (this.#held.size > PAGES_HELD) {
      this.#held.delete([...this.#held.keys()].reduce((a, b) => (far(a) >= far(b) ? a : b)));
    }
  }
}

function pages<L extends List>(
  session: Session,
  list: L,
  query: Query<L>,
  limit: number,
  signal?: AbortSignal,
) {
  return (after: Cursor | undefined) => {
    const page = { ...query, ...(after !== undefined && { after }), limit } as Asks[L]['query'];
    return session.ask(list, page, signal) as Promise<{ rows: RowOf<L>[]; next?: Cursor }>;
  };
}
