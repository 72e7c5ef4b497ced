/** What the lines of one file test. */
import type { Coverage } from '../../../js/browser.js';
import { rowsOf } from '../../../js/pages.js';
import type { Marks } from '../protocol.js';

/** More marks than one reads. */
const MOST = 20_000;
/** Pieces of evidence that are asked for at a time: each page looks for its objects anew. */
const ROWS = 10_000;

/** The database is sorted by object, so all evidence is passed; rows are those of the one file. */
export async function marksOf(of: Coverage, path: string, signal: AbortSignal): Promise<Marks> {
  const marks: Marks['marks'] = [];
  let further = 0;
  for await (const mark of rowsOf((page) => of.fileEvidence(path, { ...page, signal }), { limit: ROWS })) {
    if (marks.length < MOST) marks.push(mark);
    else further += 1;
  }
  const diagnostics: Marks['diagnostics'] = [];
  for await (const diagnostic of rowsOf((page) => of.diagnostics({ ...page, signal }))) {
    if (diagnostic.file !== path) continue;
    if (diagnostics.length < MOST) diagnostics.push(diagnostic);
    else further += 1;
  }
  marks.sort((a, b) => a.line - b.line);
  return { marks, diagnostics, further };
}
