/** The coverage database as a coverage map of istanbul, which its reporters turn into HTML and JSON. */
import coverageLibrary from 'istanbul-lib-coverage';
import type { CoverageMap, FileCoverageData, Range } from 'istanbul-lib-coverage';
import type { Coverage } from '../coverage.js';
import { rowsOf } from '../pages.js';
import type { CoveredObject, MatrixRow } from '../types.js';
import { FUNCTIONS, hitsOf, shownBy } from './lines.js';
import { nameOf, visible } from './names.js';

/**
 * The schema files are the files, definitions the statements; routines and triggers are functions too. A definition
 * counts as hit by the places that test it, if the object is covered; else zero. Cells of the access matrix are
 * branches at the object's definition, one for each command, with a way for each role and persona, which is hit where a test
 * shows what comes of it. Holds all objects at once.
 */
export async function coverageMap(
  coverage: Coverage,
  pathOf: (path: string) => string,
): Promise<CoverageMap> {
  const files = new Map<string, FileCoverageData>();
  let id = 0;
  for await (const { path, role } of rowsOf((page) => coverage.files(page))) {
    if (role === 'schema') files.set(path, emptyFile(pathOf(path)));
  }
  const defined = new Map<string, { file: string; line: number }>();
  for await (const object of coverage.iterate()) {
    const { file } = object.defined;
    if (!files.has(file)) files.set(file, emptyFile(pathOf(file)));
    defined.set(nameOf(object), object.defined);
    add(files.get(file)!, String(id++), object);
  }
  const branches = new Map<string, string>();
  for await (const cell of rowsOf((page) => coverage.matrix(page))) {
    const name = nameOf(cell);
    const at = defined.get(name);
    if (!at) continue;
    const key = `${name} ${cell.command}`;
    const known = branches.get(key);
    if (known === undefined) branches.set(key, String(id));
    addWay(files.get(at.file)!, known ?? String(id++), at.line, cell);
  }
  const map = coverageLibrary.createCoverageMap();
  for (const file of files.values()) map.addFileCoverage(file);
  return map;
}

function add(file: FileCoverageData, id: string, object: CoveredObject): void {
  const hits = hitsOf(object);
  const range = wholeLine(object.defined.line);
  file.statementMap[id] = range;
  file.s[id] = hits;
  if (!FUNCTIONS.has(object.kind)) return;
  file.fnMap[id] = { name: nameOf(object), decl: range, loc: range, line: object.defined.line };
  file.f[id] = hits;
}

function addWay(file: FileCoverageData, id: string, line: number, cell: MatrixRow): void {
  const range = wholeLine(line);
  const branch = (file.branchMap[id] ??= { loc: range, line, type: visible(cell.command), locations: [] });
  branch.locations.push(range);
  (file.b[id] ??= []).push(shownBy(cell));
}

/** The database knows the line of a definition; columns beyond a line's end are cut by whoever shows it. */
function wholeLine(line: number): Range {
  return { start: { line, column: 0 }, end: { line, column: 1_000_000 } };
}

function emptyFile(path: string): FileCoverageData {
  return { path, statementMap: {}, fnMap: {}, branchMap: {}, s: {}, f: {}, b: {} };
}
