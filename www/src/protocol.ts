/** Everything that crosses between the page and its worker. */
import type {
  CoveredObject,
  Diagnostic,
  ObjectQuery,
  Page,
  PageQuery,
  SourceFile,
  Stale,
  Summary,
} from '../../js/types.js';
import type { ErrorCode } from '../../js/error.js';
import type { RunFigures } from '../../js/scan.js';

/** What to analyse: the files of a folder that the user chose, or the example that ships with the page. */
export type Input = { from: 'folder'; name: string; files: InputFile[] } | { from: 'example' };

/** A file and its path inside the folder, `/` between the parts. */
export interface InputFile {
  path: string;
  file: Blob;
}

/** A worker does one scan, then answers for its result until it is terminated; terminating also cancels. */
export type ToWorker = { type: 'scan'; input: Input } | PageRequest;

export type FromWorker =
  | { type: 'progress'; progress: Progress }
  | { type: 'scanned'; result: Result }
  | { type: 'failed'; problem: Problem }
  | { type: 'page'; id: number; page: Page<Lists[List]['row']> }
  | { type: 'page-failed'; id: number; problem: Problem };

/** The lists of a coverage database that the page shows, each with its query and its rows. */
export interface Lists {
  objects: { query: ObjectQuery; row: CoveredObject };
  stale: { query: PageQuery; row: Stale };
  diagnostics: { query: PageQuery; row: Diagnostic };
  files: { query: PageQuery; row: SourceFile };
}
export type List = keyof Lists;

/** Asks for one page of a list; the answer bears the same id. */
export type PageRequest = {
  [L in List]: { type: 'page'; id: number; list: L; query: Lists[L]['query'] };
}[List];

export interface Progress {
  phase: 'read' | 'merge';
  /** The file that is being read. */
  path?: string;
  files: { done: number; total: number };
  bytes: { done: number; total: number };
  records: number;
  segments: number;
}

export interface Result {
  name: string;
  /** What was taken for schema and for tests. */
  layout: string;
  /** How many test files there are. */
  tests: number;
  summary: Summary;
  run: RunFigures;
  /** Files that could not be read; the figures are without them. */
  unreadable: Problem[];
}

/** A CoverageError as a message: errors lose their own properties when they are cloned. */
export interface Problem {
  code: ErrorCode;
  message: string;
  file?: string;
  line?: number;
}
