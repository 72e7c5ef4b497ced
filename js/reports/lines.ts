/** The schema files as LCOV, Cobertura, Clover and istanbul see them. */
import type { Coverage } from '../coverage.js';
import { CoverageError } from '../error.js';
import { rowsOf } from '../pages.js';
import type { CoveredObject, MatrixRow, ObjectKey } from '../types.js';
import { nameOf, visible } from './names.js';
import { SortedRows, type Span } from './sorted.js';

/** Kinds that are functions to formats that have functions. */
const FUNCTIONS: ReadonlySet<string> = new Set(['function', 'procedure', 'aggregate', 'trigger']);

/** Covered, of all. */
export interface Share {
  covered: number;
  total: number;
}

export interface Counts {
  definitions: Share;
  lines: Share;
  routines: Share;
  branches: Share;
}

/** A line with definitions: the most hits of one, and the ways through its branches where it has some. */
export interface Line {
  line: number;
  hits: number;
  branches?: Share;
}

export interface Routine {
  name: string;
  line: number;
  hits: number;
}

/** An access, with the hits of each role and persona. */
export interface Access {
  line: number;
  command: string;
  ways: number[];
}

/** What lies where among the rows of all files. */
const SECTIONS = ['routines', 'definitions', 'accesses'] as const;
type Section = (typeof SECTIONS)[number];

const NOTHING: Span = { from: 0, to: 0 };

/** What a file defines, in the order of lines; all lists may be read again. */
export class FileLines {
  readonly path: string;
  readonly counts: Counts = {
    definitions: { covered: 0, total: 0 },
    lines: { covered: 0, total: 0 },
    routines: { covered: 0, total: 0 },
    branches: { covered: 0, total: 0 },
  };
  readonly #rows: SortedRows;
  readonly #spans: Record<Section, Span> = { routines: NOTHING, definitions: NOTHING, accesses: NOTHING };

  constructor(path: string, rows: SortedRows) {
    this.path = path;
    this.#rows = rows;
  }

  /** A row comes behind those of its section before. */
  extend(section: Section, { from, to }: Span): void {
    const known = this.#spans[section];
    this.#spans[section] = known === NOTHING ? { from, to } : { from: known.from, to };
  }

  *routines(): Iterable<Routine> {
    for (const [line, hits, name] of this.#read('routines')) {
      yield { name: name!, line: Number(line), hits: Number(hits) };
    }
  }

  *definitions(): Iterable<{ line: number; hits: number }> {
    for (const [line, hits] of this.#read('definitions')) yield { line: Number(line), hits: Number(hits) };
  }

  *accesses(): Iterable<Access> {
    for (const [line, , command, ways] of this.#read('accesses')) {
      yield { line: Number(line), command: command!, ways: ways!.split(' ').map(Number) };
    }
  }

  *lines(): Iterable<Line> {
    const accesses = this.accesses()[Symbol.iterator]();
    let access = accesses.next();
    for (const of of this.#hits()) {
      const branches = { covered: 0, total: 0 };
      for (; !access.done && access.value.line === of.line; access = accesses.next()) {
        for (const hits of access.value.ways) count(branches, hits);
      }
      yield branches.total > 0 ? { ...of, branches } : of;
    }
  }

  /** Counts the lines, once all rows are there. */
  countLines(): void {
    for (const { hits } of this.#hits()) count(this.counts.lines, hits);
  }

  *#hits(): Iterable<{ line: number; hits: number }> {
    let last: { line: number; hits: number } | undefined;
    for (const definition of this.definitions()) {
      if (last?.line === definition.line) {
        last.hits = Math.max(last.hits, definition.hits);
        continue;
      }
      if (last) yield last;
      last = definition;
    }
    if (last) yield last;
  }

  *#read(section: Section): Iterable<string[]> {
    for (const row of this.#rows.read(this.#spans[section])) yield row.slice(PREFIX).split('\t');
  }
}

/** Number of the file and section, before the line. */
const FILE_DIGITS = 8;
const PREFIX = FILE_DIGITS + 1;

/**
 * The files in the order of the project, also those that define nothing, for as long as `work` runs. A definition counts as
 * hit by the places that test it, if the object is covered; else zero. Routines and triggers are functions too. Cells of
 * the access matrix are branches at the object's definition, one for each command, with a way for each role and
 * persona, which is hit where a test shows what comes of it. Holds a few numbers for each file, and `most` rows.
 */
export async function withFileLines<T>(
  coverage: Coverage,
  work: (files: FileLines[]) => Promise<T>,
  most?: number,
): Promise<T> {
  const rows = new SortedRows(most);
  try {
    return await work(await readFiles(coverage, rows));
  } finally {
    rows.close();
  }
}

async function readFiles(coverage: Coverage, rows: SortedRows): Promise<FileLines[]> {
  const files: FileLines[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (path: string) => {
    const known = numbers.get(path);
    if (known !== undefined) return known;
    numbers.set(path, files.length);
    return files.push(new FileLines(path, rows)) - 1;
  };
  for await (const { path, role } of rowsOf((page) => coverage.files(page))) {
    if (role === 'schema') numberOf(path);
  }
  let number = 0;
  for await (const { object, accesses } of definitionsOf(coverage)) {
    const at = numberOf(object.defined.file);
    const { counts } = files[at]!;
    const hits = hitsOf(object);
    const add = (section: Section, ...cells: string[]) => {
      const line = digits(object.defined.line, 10);
      rows.add([digits(at, FILE_DIGITS) + SECTIONS.indexOf(section) + line, ...cells].join('\t'));
    };
    add('definitions', String(hits));
    count(counts.definitions, hits);
    if (FUNCTIONS.has(object.kind)) {
      add('routines', String(hits), nameOf(object));
      count(counts.routines, hits);
    }
    for (const [command, ways] of accesses) {
      add('accesses', digits(number++, 10), visible(command), ways.join(' '));
      for (const way of ways) count(counts.branches, way);
    }
  }
  rows.sort((row, span) => {
    files[Number(row.slice(0, FILE_DIGITS))]!.extend(SECTIONS[Number(row[FILE_DIGITS])]!, span);
  });
  for (const file of files) file.countLines();
  return files;
}

const digits = (of: number, width: number) => String(of).padStart(width, '0');

function count(share: Share, hits: number): void {
  share.total += 1;
  if (hits > 0) share.covered += 1;
}

/** Each object with the hits of each role and persona, by command. Cells are in the order of the objects. */
async function* definitionsOf(
  coverage: Coverage,
): AsyncIterable<{ object: CoveredObject; accesses: Map<string, number[]> }> {
  const cells = rowsOf((page) => coverage.matrix(page))[Symbol.asyncIterator]();
  let cell = await cells.next();
  for await (const object of coverage.iterate()) {
    const accesses = new Map<string, number[]>();
    for (; !cell.done && isSame(cell.value, object); cell = await cells.next()) {
      const ways = accesses.get(cell.value.command) ?? [];
      accesses.set(cell.value.command, ways);
      ways.push(shownBy(cell.value));
    }
    yield { object, accesses };
  }
  if (!cell.done) {
    const message = `the access matrix is not in the order of the objects: ${nameOf(cell.value)}`;
    throw new CoverageError('CORRUPT', message);
  }
}

function isSame(a: ObjectKey, b: ObjectKey): boolean {
  return (
    a.name === b.name && a.schema === b.schema && a.sub === b.sub && a.args === b.args && a.kind === b.kind
  );
}

/** Places that test the object; at least one where it is covered. */
function hitsOf(object: CoveredObject): number {
  const covered = object.state === 'exercised' || object.state === 'asserted';
  return covered ? Math.max(1, object.structure + object.behavior + object.act) : 0;
}

/** Places that show what comes of an access. */
function shownBy(cell: MatrixRow): number {
  return cell.outcome === 'allowed' || cell.outcome === 'denied' || cell.outcome === 'both' ? cell.count : 0;
}

/** Files together. */
export function sumOf(files: FileLines[]): Counts {
  const sum = (of: keyof Counts) => ({
    covered: files.reduce((to, { counts }) => to + counts[of].covered, 0),
    total: files.reduce((to, { counts }) => to + counts[of].total, 0),
  });
  return {
    definitions: sum('definitions'),
    lines: sum('lines'),
    routines: sum('routines'),
    branches: sum('branches'),
  };
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
    return { path, files: inside, counts: sumOf(inside) };
  });
}

/** The last part of a file's path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
