/** The values that cross the package's boundary. Sizes are bytes, lines count from 1, cursors are opaque. */

/**
 * What a source contributes: `schema` defines objects, `tests` exercise them, `inventory` lists the objects of a server's
 * catalogue, `tap` says what a run of the tests came to, see `resultsText`.
 */
export type Role = 'schema' | 'tests' | 'inventory' | 'tap';

/** Names one input. The path identifies it in every report; `/` separates, relative to the project. */
export interface SourceInfo {
  path: string;
  role: Role;
}

/** A text, or the argument of the call at this place, from 1. */
export type RuleValue = string | { argument: number };

/**
 * What calls of a helper function stand for. The first rule whose `name` matches counts; those of the Supabase test
 * helpers (`authenticate_as`, `create_supabase_user`, `rls_enabled` and so on) come last.
 */
export interface Rule {
  /** A regular expression for the whole name: `schema.name`, or `name` where a call has no schema. */
  name: string;
  /** The role that runs the statements after the call. */
  role?: RuleValue;
  /** Who that role stands for. */
  persona?: RuleValue;
  /** The call is an assertion; or it is one about this object. Without a name it is about the schema. */
  asserts?:
    boolean | { kind: string; schema?: RuleValue; name?: RuleValue; sub?: RuleValue; aspect?: string };
  /** What the call does to relations: `insert auth.users`; or `read`, `update`, `delete`. */
  effects?: string[];
}

/** An immutable, checksummed run of records that the analyzer hands to the host. */
export interface Segment {
  /** Run id and sequence number: unique, and safe as a file name. */
  readonly id: string;
  readonly seq: number;
  readonly records: number;
  /** A fresh copy for every offer: the host may keep it or transfer it. */
  readonly bytes: Uint8Array;
}

/** A sealed source as the manifest lists it. */
export interface ManifestEntry {
  path: string;
  role: Role;
  bytes: number;
  /** Hash of the content; with path and role it is the source's identity. */
  hash: string;
  /** `false`: the source was abandoned and does not count. */
  complete: boolean;
}

/** The ordered list of the sources that count. Schema sources are replayed in this order. */
export interface Manifest {
  format: 'pgtap-cov-manifest/1';
  sources: ManifestEntry[];
}

/** What one run of an analyzer read and wrote. */
export interface RunStats {
  bytes: number;
  records: number;
  segments: number;
  sources: number;
}

/** Sizes in bytes: the arena, what of it is in use, and the module's whole linear memory. */
export interface MemoryUse {
  arenaBytes: number;
  usedBytes: number;
  linearBytes: number;
}

/** Where segments are read from. `read` answers with exactly `length` bytes or fails. */
export interface SegmentSource {
  list(): Promise<{ id: string; length: number }[]>;
  read(id: string, offset: number, length: number): Promise<Uint8Array>;
}

/** Where segments are kept. `put` is idempotent by id and resolves once the bytes are persisted. */
export interface SegmentStore extends SegmentSource {
  put(segment: { id: string; bytes: Uint8Array }): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Random access to a coverage database. `read` answers with exactly `length` bytes or fails. */
export interface RangeSource {
  size(): Promise<number>;
  read(offset: number, length: number): Promise<Uint8Array>;
  close?(): Promise<void>;
}

/** Kinds of objects, in kebab-case. */
export const KINDS = [
  'schema',
  'extension',
  'table',
  'partitioned-table',
  'view',
  'materialized-view',
  'foreign-table',
  'sequence',
  'column',
  'index',
  'trigger',
  'constraint-trigger',
  'rule',
  'policy',
  'function',
  'window-function',
  'procedure',
  'aggregate',
  'operator',
  'operator-class',
  'cast',
  'enum',
  'domain',
  'composite-type',
  'range-type',
  'base-type',
  'primary-key',
  'unique-constraint',
  'foreign-key',
  'check-constraint',
  'exclusion-constraint',
  'domain-constraint',
  'role',
  'role-membership',
  'language',
  'event-trigger',
  'publication',
  'foreign-data-wrapper',
  'foreign-server',
] as const;

/** One of {@link KINDS}; newer versions may add kinds. */
export type Kind = (typeof KINDS)[number] | (string & {});

/**
 * `exercised`: a test runs it under an assertion (a routine or trigger also before one) · `asserted`: a test asserts
 * something about it beyond its mere presence · `declared`: only its presence is asserted · `gap`: nothing that counts.
 * The first two are *covered*.
 */
export type State = 'exercised' | 'asserted' | 'declared' | 'gap';

/** How a test uses an object, strongest kind of use first: see {@link State}. */
export type Strength = 'structure' | 'behavior' | 'act' | 'fixture';

/** Identifies an object. `sub` names a column, trigger, policy, index or constraint; `args` only a routine's types. */
export interface ObjectKey {
  kind: Kind;
  schema: string;
  name: string;
  sub: string;
  args: string;
}

/** A place in a source. */
export interface Place {
  file: string;
  line: number;
}

/** An object of the schema with what the tests do with it; the four strengths are numbers of places. */
export interface CoveredObject extends ObjectKey {
  defined: Place;
  state: State;
  structure: number;
  behavior: number;
  act: number;
  fixture: number;
  /** Pieces of evidence, those that do not count too. */
  places: number;
  aspects: string[];
  /** What makes a gap worse. */
  risk?: Risk;
  /** Why a gap is one, where that is known. */
  reason?: string;
}

/**
 * Row level security is off, while another table of the schema has it; the routine runs with the rights of its owner.
 */
export type Risk = 'row-security-off' | 'security-definer';

/** One place that tests an object, and through which call. */
export interface Evidence extends Place {
  /** The pgTAP function as PostgreSQL prints it, `has_table(name, text)`, or the statement. */
  via: string;
  aspect: string;
  strength: Strength;
  /**
   * Why it does not count: the test is expected to fail, it stands in a branch of `\if` that may not run, the trigger has
   * a condition, another permissive policy may have let the statement pass, or the test failed or did not run.
   */
  flags?: ('todo' | 'branch' | 'may-fire' | 'shared' | 'not-passed')[];
}

/** A place in a file, and what it tests. */
export interface FileEvidence extends Evidence {
  object: ObjectKey;
}

/**
 * A relation or routine: how many of it and of what hangs on it are in each state. The key is that of the first of these;
 * `sub` is empty where that is itself.
 */
export interface Tally extends ObjectKey {
  exercised: number;
  asserted: number;
  declared: number;
  gap: number;
}

/** A source that was read. `unresolved`: calls that could not be understood. */
export interface SourceFile {
  path: string;
  role: Role;
  bytes: number;
  /** Hash of the content, included files with it; empty for a file that others include. */
  hash: string;
  plan?: number;
  assertions: number;
  unresolved: number;
}

export type Severity = 'error' | 'warning' | 'info';

/** Something that a reader of the figures should know. */
export interface Diagnostic extends Place {
  code: string;
  severity: Severity;
  message: string;
}

/** Evidence that names an object which no schema source defines. */
export interface Stale extends ObjectKey, Place {
  via: string;
}

/** What came of an access: `privilege-only` says that the statement ran, not whether it hit a row. */
export type Outcome = 'allowed' | 'denied' | 'both' | 'no-rows' | 'privilege-only';

/** A cell of the access matrix: what a role, standing for a persona, may do with a relation or a routine. */
export interface MatrixRow extends ObjectKey {
  /** `read`, `insert`, `update`, `delete`, `truncate`, `called` */
  command: string;
  role: string;
  /** Empty where nobody was named. */
  persona: string;
  outcome: Outcome;
  /** Why it was refused. */
  causes: ('privilege' | 'policy' | 'unknown')[];
  /** Number of places, of which `places` has the first 16. */
  count: number;
  places: Place[];
}

/** Figures of a group of objects. `percent` is covered of objects, one decimal, rounded down; null without objects. */
export interface Count {
  objects: number;
  covered: number;
  exercised: number;
  asserted: number;
  declared: number;
  gap: number;
  percent: number | null;
}

/** The figures of a database. */
export interface Summary {
  complete: boolean;
  /** Why it is not complete. */
  problems: string[];
  /** Tables, views, materialized views, functions, procedures, triggers and policies. */
  totals: Count;
  kinds: Record<string, Count>;
  files: number;
  evidence: number;
  stale: number;
  /** Cells of the access matrix. */
  matrix: number;
  diagnostics: Record<Severity, number>;
  bytes: number;
  assertions: number;
  unresolved: number;
}

/**
 * Where the next page starts, of this database only: the number of rows of that sort before it, as text, whether the query
 * wants them or not. Any such number is a place to start from.
 */
export type Cursor = string;

/** Rows in the order of the database; `next` is absent on the last page. */
export interface Page<T> {
  rows: T[];
  next?: Cursor;
}

/** Which page of rows. */
export interface PageQuery {
  after?: Cursor;
  /** The most rows that one page holds, at least 1. */
  limit: number;
  /** Gives the query up: it rejects with `ABORTED`, at the latest when the block that is being read has come. */
  signal?: AbortSignal;
}

/** Which objects; all conditions hold together. */
export interface ObjectQuery extends PageQuery {
  kind?: Kind[];
  schema?: string;
  /** A regular expression on `schema.name` or `schema.name.sub`, unanchored; classes and case folding are those of ASCII. */
  match?: string;
  state?: State[];
  risk?: Risk;
}

/** A call of a pgTAP function as `listCalls` finds it. */
export interface ListedCall {
  line: number;
  function: string;
  /** The overload that PostgreSQL runs, as it prints it: `has_table(name, text)`; null with a problem. */
  signature: string | null;
  class: 'structural' | 'set_comparison' | 'behavioural' | 'test_control' | 'other';
  /** The object that is tested; null where the call tests none, or only running it can tell. */
  target: CallTarget | null;
  /** What the target is instead, where PostgreSQL decides at run time. */
  alternatives: CallTarget[];
  aspect: string;
  /** The assertion says that something is not so. */
  negated: boolean;
  /** Where the call stands: in the script itself, a routine, a DO block, or a string that an assertion runs. */
  context: 'script' | 'routine' | 'do' | 'string';
  /** Why there is no signature. */
  problem: 'ambiguous' | 'undefined' | 'mismatch' | 'dynamic' | 'limit' | 'unknown' | null;
}

/** An object as a call names it. */
export interface CallTarget {
  kind: string;
  /** Null where the call gives none: the name is looked for along search_path. */
  schema: string | null;
  /** Of a sub-object: the relation. */
  name: string | null;
  sub: string | null;
  /** Argument types of a routine. */
  args: string[] | null;
}
