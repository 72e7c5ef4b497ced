/** The schema files as LCOV, Cobertura and Clover see them. */
import type { Coverage } from '../coverage.js';
import { rowsOf } from '../pages.js';
import type { CoveredObject, MatrixRow } from '../types.js';
import { nameOf } from './names.js';

/** Kinds that are functions to formats that have functions. */
export const FUNCTIONS: ReadonlySet<string> = new Set(['function', 'procedure', 'aggregate', 'trigger']);

/** What a file defines, by line; an object costs a few numbers, and a routine its name. */
export interface FileLines {
  path: string;
  /** The most hits of what is defined on a line, in the order of lines. */
  lines: [line: number, hits: number][];
  routines: { name: string; line: number; hits: number }[];
  /** An access, with the hits of each role and persona. */
  branches: { line: number; ways: number[] }[];
}

/** Covered, of all. */
export interface Share {
  covered: number;
  total: number;
}

export interface Counts {
  lines: Share;
  routines: Share;
  branches: Share;
}

/** The files in the order of the project, also those that define nothing. See `coverageMap` for what counts. */
export async function fileLines(coverage: Coverage): Promise<FileLines[]> {
  type Growing = Omit<FileLines, 'lines'> & { hits: Map<number, number> };
  const files = new Map<string, Growing>();
  const fileOf = (path: string) => {
    const file: Growing = files.get(path) ?? { path, hits: new Map(), routines: [], branches: [] };
    files.set(path, file);
    return file;
  };
  for await (const { path, role } of rowsOf((page) => coverage.files(page))) {
    if (role === 'schema') fileOf(path);
  }
  const accesses = await accessesOf(coverage);
  for await (const object of coverage.iterate()) {
    const { line } = object.defined;
    const file = fileOf(object.defined.file);
    const hits = hitsOf(object);
    file.hits.set(line, Math.max(hits, file.hits.get(line) ?? 0));
    if (FUNCTIONS.has(object.kind)) file.routines.push({ name: nameOf(object), line, hits });
    for (const ways of accesses.get(nameOf(object))?.values() ?? []) file.branches.push({ line, ways });
  }
  return Array.from(files.values(), ({ hits, ...file }) => {
    return { ...file, lines: Array.from(hits).sort(([a], [b]) => a - b) };
  });
}

/** The hits of each role and persona, by object and command. */
async function accessesOf(coverage: Coverage): Promise<Map<string, Map<string, number[]>>> {
  const accesses = new Map<string, Map<string, number[]>>();
  for await (const cell of rowsOf((page) => coverage.matrix(page))) {
    const name = nameOf(cell);
    const commands = accesses.get(name) ?? new Map<string, number[]>();
    accesses.set(name, commands.set(cell.command, [...(commands.get(cell.command) ?? []), shownBy(cell)]));
  }
  return accesses;
}

/** Places that test the object; at least one where it is covered. */
export function hitsOf(object: CoveredObject): number {
  const covered = object.state === 'exercised' || object.state === 'asserted';
  return covered ? Math.max(1, object.structure + object.behavior + object.act) : 0;
}

/** Places that show what comes of an access. */
export function shownBy(cell: MatrixRow): number {
  return cell.outcome === 'allowed' || cell.outcome === 'denied' || cell.outcome === 'both' ? cell.count : 0;
}

export function countsOf({ lines, routines, branches }: FileLines): Counts {
  return {
    lines: share(lines.map(([, hits]) => hits)),
    routines: share(routines.map(({ hits }) => hits)),
    branches: share(branches.flatMap(({ ways }) => ways)),
  };
}

/** Files together. */
export function sumOf(all: Counts[]): Counts {
  const sum = (of: keyof Counts) => ({
    covered: all.reduce((to, counts) => to + counts[of].covered, 0),
    total: all.reduce((to, counts) => to + counts[of].total, 0),
  });
  return { lines: sum('lines'), routines: sum('routines'), branches: sum('branches') };
}

function share(hits: number[]): Share {
  return { covered: hits.filter((count) => count > 0).length, total: hits.length };
}

/** The ways through the branches of each line. */
export function branchesByLine({ branches }: FileLines): Map<number, Share> {
  const lines = new Map<number, Share>();
  for (const { line, ways } of branches) {
    const { covered, total } = share(ways);
    const known = lines.get(line) ?? { covered: 0, total: 0 };
    lines.set(line, { covered: known.covered + covered, total: known.total + total });
  }
  return lines;
}

/** A folder with files, and what they come to together. */
export interface Folder {
  /** Empty for the project itself. */
  path: string;
  files: FileLines[];
  counts: Counts;
}

/** The folders that hold files, in the order of the files: what formats take for packages. */
export function foldersOf(files: FileLines[]): Folder[] {
  const folders = new Map<string, FileLines[]>();
  for (const file of files) {
    const path = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
    const inside = folders.get(path);
    if (inside) inside.push(file);
    else folders.set(path, [file]);
  }
  return Array.from(folders, ([path, inside]) => {
    return { path, files: inside, counts: sumOf(inside.map(countsOf)) };
  });
}

/** The last part of a file's path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
