/** The schema files as istanbul's coverage of files. */
import coverageLibrary, { type CoverageSummary, type Totals } from 'istanbul-lib-coverage';
import type { Counts, FileLines, Share } from './lines.js';

/**
 * A file as JSON that istanbul reads, in pieces: definitions are its statements, routines and triggers its functions, accesses
 * its branches.
 */
export function* fileJson(file: FileLines, path: string): Iterable<string> {
  yield `{"path":${JSON.stringify(path)}`;
  yield* section('statementMap', file.definitions(), ({ line }) => wholeLine(line));
  yield* section('fnMap', file.routines(), ({ name, line }) => {
    return { name, decl: wholeLine(line), loc: wholeLine(line), line };
  });
  yield* section('branchMap', file.accesses(), ({ line, command, ways }) => {
    return { loc: wholeLine(line), line, type: command, locations: ways.map(() => wholeLine(line)) };
  });
  yield* section('s', file.definitions(), ({ hits }) => hits);
  yield* section('f', file.routines(), ({ hits }) => hits);
  yield* section('b', file.accesses(), ({ ways }) => ways);
  yield '}';
}

function* section<T>(name: string, rows: Iterable<T>, value: (row: T) => unknown): Iterable<string> {
  yield `,"${name}":{`;
  let id = 0;
  for (const row of rows) yield `${id > 0 ? ',' : ''}"${id++}":${JSON.stringify(value(row))}`;
  yield '}';
}

/** The database knows the line of a definition; columns beyond a line's end are cut by whoever shows it. */
function wholeLine(line: number): object {
  return { start: { line, column: 0 }, end: { line, column: 1_000_000 } };
}

/** The figures of all files together; unknown where there are none. */
export function totalOf(files: FileLines[]): CoverageSummary {
  const total = coverageLibrary.createCoverageSummary();
  for (const { counts } of files) total.merge(summaryOf(counts));
  return total;
}

/** The figures of a file. */
export function summaryOf({ definitions, lines, routines, branches }: Counts): CoverageSummary {
  const summary = coverageLibrary.createCoverageSummary();
  summary.merge(
    coverageLibrary.createCoverageSummary({
      lines: totals(lines),
      statements: totals(definitions),
      functions: totals(routines),
      branches: totals(branches),
    }),
  );
  return summary;
}

/** The percentage is the library's, which counts it when it merges. */
function totals(share: Share): Totals {
  return { ...share, skipped: 0, pct: 0 };
}
