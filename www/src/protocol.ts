/** Everything that crosses between the page and its worker. */
import type { GapQuery } from '../../js/drafts/draft.js';
import type { ErrorCode } from '../../js/error.js';
import type { Change } from '../../js/diff.js';
import type { RunFigures } from '../../js/scan.js';
import type {
  Count,
  CoveredObject,
  Cursor,
  Diagnostic,
  Evidence,
  FileEvidence,
  MatrixRow,
  ObjectKey,
  ObjectQuery,
  Page,
  PageQuery,
  Place,
  SourceFile,
  Stale,
  State,
  Summary,
} from '../../js/types.js';

/** The files of a folder that the user chose or dropped, or the example that ships with the page. */
export type Input = { from: 'folder'; name: string; files: InputFile[] } | { from: 'example' };

/** A file and its path inside the folder, `/` between the parts. */
export interface InputFile {
  path: string;
  file: Blob;
}

/** Bytes that came with the page: gzip, as base64. */
export interface Packed {
  base64: string;
}

/** Texts one after another, and where each lies: its path, its offset and its length in bytes. */
export interface Archive {
  texts: Blob | Packed;
  places: [path: string, offset: number, bytes: number][];
}

/**
 * A finished database: a file, bytes in the page, or an address that answers ranges. `sources` are texts, or an address
 * that answers `?path=` with one.
 */
export interface Opened {
  name: string;
  database: Blob | Packed | string;
  sources?: Archive | string;
  /** What was written beside it when this page made it. */
  made?: Made;
  /** What to compare it with. */
  base?: Base;
}

/** A database to compare with: a file, or an address that answers ranges. */
export interface Base {
  name: string;
  database: Blob | string;
}

/**
 * A worker does one job, then answers for its result until it is terminated; terminating also cancels. A page that
 * carries the module hands it over first.
 */
export type ToWorker =
  | { type: 'module'; module: Packed }
  | { type: 'scan'; input: Input }
  | { type: 'open'; opened: Opened }
  /** The answer is not wanted any more. */
  | { type: 'drop'; id: number }
  | Ask;

export type FromWorker =
  | { type: 'progress'; progress: Progress }
  | { type: 'ready'; result: Result }
  | { type: 'failed'; problem: Problem }
  | { type: 'answer'; id: number; answer: unknown }
  | { type: 'refused'; id: number; problem: Problem };

/** What a worker answers. Each question is bounded: a page of rows, or a list with a stated limit. */
export interface Asks {
  /** With `changes`, only objects of which that became since the base. */
  objects: { query: ObjectQuery & { changes?: Change[] }; answer: Page<ListedObject> };
  /** One object, or null where the database has none of this key. */
  object: { query: ObjectKey; answer: CoveredObject | null };
  evidence: { query: PageQuery & { key: ObjectKey }; answer: Page<Evidence> };
  stale: { query: PageQuery; answer: Page<Stale> };
  diagnostics: { query: PageQuery; answer: Page<Diagnostic> };
  files: { query: PageQuery; answer: Page<SourceFile> };
  access: { query: PageQuery & { neverDenied: boolean }; answer: Page<AccessRow> };
  /** From the objects of the headline, mostly sooner, or from all: `whole`. */
  tree: { query: TreeQuery & { whole?: boolean }; answer: Tree };
  /** Likewise. */
  schemas: { query: { whole?: boolean }; answer: Schemas };
  marks: { query: { path: string }; answer: Marks };
  source: { query: { path: string }; answer: string | null };
  /** Relations and routines with most that is not covered first. */
  largest: { query: PageQuery; answer: Page<Uncovered> };
  drafts: { query: GapQuery; answer: Drafts };
  /** Compares with a base; until the next one, the other answers know of it. */
  compare: { query: Base; answer: Comparison };
  changes: { query: PageQuery & { change: Change }; answer: Page<ChangeRow> };
}
export type AskName = keyof Asks;

/** The questions that are answered with pages. */
export type List =
  'objects' | 'evidence' | 'stale' | 'diagnostics' | 'files' | 'access' | 'changes' | 'largest';
export type RowOf<L extends List> = Asks[L]['answer'] extends Page<infer Row> ? Row : never;

/** The answer bears the same id. */
export type Ask = { [N in AskName]: { type: 'ask'; id: number; ask: N; query: Asks[N]['query'] } }[AskName];

/** An object, and what became of it since the base, where one is known. */
export interface ListedObject extends CoveredObject {
  change?: Change;
}

/** What differs from a base: its figures, and the number of objects of each change. */
export interface Comparison {
  name: string;
  totals: Count;
  counts: Partial<Record<Change, number>>;
  /** So many objects of each change are told, the first of them. */
  most: number;
  /** Sources that are new, gone or changed. */
  files: number;
}

/** An object that differs; without `before` or `after` it is in one of the two alone. */
export interface ChangeRow extends ObjectKey {
  before?: State;
  after?: State;
  /** In the base, where the object is gone. */
  defined: Place;
}

/** All that tests show about one object: a line for each role and persona. */
export interface AccessRow extends ObjectKey {
  lines: { role: string; persona: string; cells: MatrixRow[] }[];
}

/** A relation or routine, and how much of it and of what hangs on it is not covered. */
export interface Uncovered {
  object: ObjectKey;
  count: Pick<Count, 'objects' | 'declared' | 'gap'>;
}

/** Drafted test files, and whether there are more than these. */
export interface Drafts {
  files: { name: string; text: string; objects: number }[];
  further: boolean;
}

/** Which part of the tree: all schemas, one schema, or what hangs on one relation. */
export interface TreeQuery {
  schema?: string;
  name?: string;
}

export interface Tree {
  nodes: TreeNode[];
  /** Whether all objects are counted. */
  whole: boolean;
}

/** Schemas with the number of their objects, largest first. */
export interface Schemas {
  schemas: { schema: string; objects: number }[];
  /** Whether all objects are counted. */
  whole: boolean;
}

/** A node is a schema, a relation or routine in it, an object, or the rest that is too small to draw. */
export interface TreeNode {
  label: string;
  kind: string;
  count: Pick<Count, 'exercised' | 'asserted' | 'declared' | 'gap'>;
  /** Where a click leads: deeper into the tree, or to an object. */
  into?: TreeQuery;
  object?: ObjectKey;
  children?: TreeNode[];
}

/** What the lines of one file test. */
export interface Marks {
  marks: FileEvidence[];
  diagnostics: Diagnostic[];
  /** Further ones that are not listed. */
  further: number;
}

export interface Progress {
  phase: 'read' | 'merge';
  /** The file that is being read. */
  path?: string;
  files: { done: number; total: number };
  bytes: { done: number; total: number };
  arena: { used: number; total: number };
  records: number;
  segments: number;
}

/** What is known of a scan beside its database. */
export interface Made {
  /** What was taken for schema and for tests. */
  layout: string;
  /** How many test files there are. */
  tests: number;
  run: RunFigures;
  /** Files that could not be read; the figures are without them. */
  unreadable: Problem[];
}

export interface Result {
  name: string;
  summary: Summary;
  /** Absent where a database was opened that another program made. */
  made?: Made;
  /** Whether texts of sources may be had. */
  sources: boolean;
  comparison?: Comparison;
  /** Why a scan will be gone when the page is closed. */
  notKept?: string;
}

/** A CoverageError as a message: errors lose their own properties when they are cloned. */
export interface Problem {
  code: ErrorCode;
  message: string;
  file?: string;
  line?: number;
}

export type { Cursor, Place };
