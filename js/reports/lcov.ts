import type { FileCoverage } from 'istanbul-lib-coverage';
import { coverageMap } from './istanbul.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

/**
 * LCOV tracefile: a definition is a line, a routine or trigger a function, a cell of the access matrix a branch. Types of
 * arguments stand apart by `;`, as some readers end a function's name at a comma.
 */
export const lcov: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const map = await coverageMap(coverage, (path) => path);
    for (const path of map.files()) {
      for (const line of linesOf(map.fileCoverageFor(path))) await write(`${line}\n`);
    }
  },
};

function* linesOf(file: FileCoverage): Iterable<string> {
  const { functions, lines, branches } = file.toSummary();
  yield 'TN:';
  yield `SF:${visible(file.path) || '(no name)'}`;
  const routines = Object.entries(file.fnMap).map(([id, { name, line }]) => {
    return { name: name.replaceAll(/, ?/g, ';'), line, hits: file.f[id]! };
  });
  for (const { name, line } of routines) yield `FN:${line},${name}`;
  yield `FNF:${functions.total}`;
  yield `FNH:${functions.covered}`;
  for (const { name, hits } of routines) yield `FNDA:${hits},${name}`;
  for (const [line, hits] of Object.entries(file.getLineCoverage())) yield `DA:${line},${hits}`;
  yield `LF:${lines.total}`;
  yield `LH:${lines.covered}`;
  for (const [id, { line }] of Object.entries(file.branchMap)) {
    for (const [way, hits] of file.b[id]!.entries()) yield `BRDA:${line},${id},${way},${hits}`;
  }
  yield `BRF:${branches.total}`;
  yield `BRH:${branches.covered}`;
  yield 'end_of_record';
}
