/** What a database has more or less than a base. */
import { diff, diffFiles, type Change, type Coverage, type ObjectKey } from '../../../js/browser.js';
import type { Asks, ChangeRow, Comparison } from '../protocol.js';

/** Objects of a change that are held; of further ones only the number is known. */
const MOST_ROWS = 20_000;

export class Compared {
  readonly comparison: Comparison;
  readonly #rows = new Map<Change, ChangeRow[]>();
  readonly #changes = new Map<string, Change>();

  private constructor(comparison: Comparison) {
    this.comparison = comparison;
  }

  /** Reads both databases once. */
  static async between(name: string, base: Coverage, head: Coverage): Promise<Compared> {
    const { totals } = await base.summary();
    const files = (await diffFiles(base, head)).length;
    const compared = new Compared({ name, totals, counts: {}, most: MOST_ROWS, files });
    for await (const { change, before, after } of diff(base, head)) {
      const { kind, schema, name, sub, args, defined } = (after ?? before)!;
      const key = { kind, schema, name, sub, args };
      compared.#add(change, {
        ...{ ...key, defined },
        ...(before && { before: before.state }),
        ...(after && { after: after.state }),
      });
    }
    return compared;
  }

  /** What became of an object, as far as its change is held. */
  changeOf(key: ObjectKey): Change | undefined {
    return this.#changes.get(idOf(key));
  }

  page({ change, after, limit }: Asks['changes']['query']): Asks['changes']['answer'] {
    const rows = this.#rows.get(change) ?? [];
    const from = Number(after ?? 0);
    const to = from + limit;
    return { rows: rows.slice(from, to), ...(to < rows.length && { next: String(to) }) };
  }

  #add(change: Change, row: ChangeRow): void {
    const { counts } = this.comparison;
    counts[change] = (counts[change] ?? 0) + 1;
    const rows = this.#rows.get(change) ?? [];
    this.#rows.set(change, rows);
    if (rows.length >= MOST_ROWS) return;
    rows.push(row);
    this.#changes.set(idOf(row), change);
  }
}

function idOf({ kind, schema, name, sub, args }: ObjectKey): string {
  return JSON.stringify([kind, schema, name, sub, args]);
}
