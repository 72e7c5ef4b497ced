import { rowsOf } from '../pages.js';
import { writeObjects } from './json.js';
import type { TextReporter } from './report.js';

/**
 * What `json` holds, one row a line, for databases that do not fit in memory: first `{"type":"coverage"}` with the figures,
 * then lines of type `object`, `cell`, `stale`, `diagnostic` and `file`, at last `run`.
 */
export const ndjson: TextReporter = {
  kind: 'text',
  async write({ coverage, run }, write) {
    const line = (type: string, row: object) => write(`${JSON.stringify({ type, ...row })}\n`);
    const { complete, problems, totals, kinds } = await coverage.summary();
    await line('coverage', { format: 'pgtap-cov/1', complete, problems, totals, kinds });
    await writeObjects(coverage, write, { head: { type: 'object' }, start: () => '', end: '\n' });
    for await (const row of rowsOf((page) => coverage.matrix(page))) await line('cell', row);
    for await (const row of rowsOf((page) => coverage.stale(page))) await line('stale', row);
    for await (const row of rowsOf((page) => coverage.diagnostics(page))) await line('diagnostic', row);
    for await (const row of rowsOf((page) => coverage.files(page))) await line('file', row);
    if (run) await line('run', run);
  },
};
