import { withFileLines, type FileLines } from './lines.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

/**
 * LCOV tracefile: a definition is a line, a routine or trigger a function, a cell of the access matrix a branch. Types of
 * arguments stand apart by `;`, as some readers end a function's name at a comma.
 */
export const lcov: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await withFileLines(coverage, async (files) => {
      for (const file of files) {
        for (const line of recordsOf(file)) await write(`${line}\n`);
      }
    });
  },
};

function* recordsOf(file: FileLines): Iterable<string> {
  const { lines, routines, branches } = file.counts;
  yield 'TN:';
  yield `SF:${visible(file.path) || '(no name)'}`;
  for (const { name, line } of file.routines()) yield `FN:${line},${withoutCommas(name)}`;
  yield `FNF:${routines.total}`;
  yield `FNH:${routines.covered}`;
  for (const { name, hits } of file.routines()) yield `FNDA:${hits},${withoutCommas(name)}`;
  for (const { line, hits } of file.lines()) yield `DA:${line},${hits}`;
  yield `LF:${lines.total}`;
  yield `LH:${lines.covered}`;
  let block = 0;
  for (const { line, ways } of file.accesses()) {
    for (const [way, hits] of ways.entries()) yield `BRDA:${line},${block},${way},${hits}`;
    block += 1;
  }
  yield `BRF:${branches.total}`;
  yield `BRH:${branches.covered}`;
  yield 'end_of_record';
}

const withoutCommas = (name: string) => name.replaceAll(/, ?/g, ';');
