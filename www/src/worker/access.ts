/** The access matrix, folded: one row for an object, a line in it for each role and persona. */
import type { Coverage, MatrixRow, Page } from '../../../js/browser.js';
import type { AccessRow, Asks } from '../protocol.js';

/** Cells that are read at a time. */
const CELLS = 500;

/** Pages end between objects. With the filter a page may be short or empty and still have a next one. */
export async function accessRows(of: Coverage, query: Asks['access']['query']): Promise<Page<AccessRow>> {
  const rows: AccessRow[] = [];
  let { after } = query;
  do {
    const { cells, next } = await wholeObjects(of, after);
    rows.push(...folded(cells).filter((row) => !query.neverDenied || isNeverDenied(row)));
    after = next;
  } while (after !== undefined && rows.length < query.limit);
  return { rows, ...(after !== undefined && { next: after }) };
}

/** At least one object's cells, and of no object only a part. */
async function wholeObjects(of: Coverage, after: string | undefined) {
  const from = after === undefined ? {} : { after };
  for (let limit = CELLS; ; limit *= 4) {
    const { rows, next } = await of.matrix({ ...from, limit });
    if (next === undefined) return { cells: rows, next };
    const whole = rows.findLastIndex((row) => !same(row, rows.at(-1)!)) + 1;
    // Asked again for just these, so that the next page starts where the next object does.
    if (whole > 0) {
      const { rows: cells, next } = await of.matrix({ ...from, limit: whole });
      return { cells, next };
    }
  }
}

function folded(cells: MatrixRow[]): AccessRow[] {
  const rows: AccessRow[] = [];
  for (const cell of cells) {
    let row = rows.at(-1);
    if (!row || !same(row, cell)) {
      const { kind, schema, name, sub, args } = cell;
      rows.push((row = { kind, schema, name, sub, args, lines: [] }));
    }
    const { role, persona } = cell;
    let line = row.lines.find((one) => one.role === role && one.persona === persona);
    if (!line) row.lines.push((line = { role, persona, cells: [] }));
    line.cells.push(cell);
  }
  return rows;
}

/** Somebody may, and no test shows anybody who may not: for at least one command. */
function isNeverDenied({ lines }: AccessRow): boolean {
  const cells = lines.flatMap((line) => line.cells);
  const denied = new Set(
    cells.filter(({ outcome }) => outcome === 'denied' || outcome === 'both').map(commandOf),
  );
  return cells.some((cell) => cell.outcome === 'allowed' && !denied.has(cell.command));
}

function commandOf({ command }: MatrixRow): string {
  return command;
}

function same(a: Omit<AccessRow, 'lines'>, b: Omit<AccessRow, 'lines'>): boolean {
  return (
    a.kind === b.kind && a.schema === b.schema && a.name === b.name && a.sub === b.sub && a.args === b.args
  );
}
