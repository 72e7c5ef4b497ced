/**
 * What kind of failure this is. The spelling is stable: exit statuses and hosts are built on it.
 *
 * - `INPUT` the input cannot be read as what it claims to be
 * - `LIMIT` a limit does not admit this
 * - `CORRUPT` stored data contradicts its own checksums or structure
 * - `INCOMPLETE` data that the manifest lists is missing
 * - `VERSION` written by a format version that this reader does not know
 * - `STATE` the call is not allowed now
 * - `STORE` the host's callback or store failed; its error is the `cause`
 * - `CONFIG` the options or arguments are wrong
 * - `ABORTED` the host's signal ended the work; its reason is the `cause`
 * - `INTERNAL` a defect of pgtap-cov
 */
export type ErrorCode =
  | 'INPUT'
  | 'LIMIT'
  | 'CORRUPT'
  | 'INCOMPLETE'
  | 'VERSION'
  | 'STATE'
  | 'STORE'
  | 'CONFIG'
  | 'ABORTED'
  | 'INTERNAL';

const CODES: ReadonlySet<unknown> = new Set<ErrorCode>([
  'INPUT',
  'LIMIT',
  'CORRUPT',
  'INCOMPLETE',
  'VERSION',
  'STATE',
  'STORE',
  'CONFIG',
  'ABORTED',
  'INTERNAL',
]);

/** Where a failure was found, and what caused it. */
export interface ErrorDetails {
  /** The source, segment or file concerned. */
  file?: string | undefined;
  /** 1-based line in `file`. */
  line?: number | undefined;
  /** Byte offset in `file`. */
  offset?: number | undefined;
  /** The error underneath: the host's own for `STORE`, the signal's reason for `ABORTED`. */
  cause?: unknown;
  /** See {@link CoverageError.taken}. */
  taken?: boolean | undefined;
}

/** The one error type that every function of this package throws or rejects with. */
export class CoverageError extends Error {
  readonly code: ErrorCode;
  /** The source, segment or file concerned. */
  readonly file?: string;
  /** 1-based line in `file`. */
  readonly line?: number;
  /** Byte offset in `file`. */
  readonly offset?: number;
  /**
   * Set where `Analyzer.push` failed in host code. `true`: the chunk of this call is held and must not be pushed
   * again. `false`: an earlier chunk is still waiting, and nothing of this call's chunk was read.
   */
  readonly taken?: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = 'CoverageError';
    this.code = code;
    if (details.file !== undefined) this.file = details.file;
    if (details.line !== undefined) this.line = details.line;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.taken !== undefined) this.taken = details.taken;
  }
}

/** The same failure with details added; its cause and stack stay. */
export function withDetails(error: CoverageError, details: ErrorDetails): CoverageError {
  const { file, line, offset, taken } = error;
  const merged: ErrorDetails = { file, line, offset, taken, ...details };
  if (!('cause' in details) && 'cause' in error) merged.cause = error.cause;
  const copy = new CoverageError(error.code, error.message, merged);
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

/** A failure of host code (a callback, a store, a file system) as a {@link CoverageError} of the given code. */
export function hostError(
  code: ErrorCode,
  what: string,
  cause: unknown,
  details: ErrorDetails = {},
): CoverageError {
  return new CoverageError(code, `${what}: ${messageOf(cause)}`, { cause, ...details });
}

/** The file that a failure names. */
export function fileOf(cause: unknown): string | undefined {
  return cause instanceof CoverageError ? cause.file : undefined;
}

/** What a thrown value says, in one line; any value at all. */
export function messageOf(value: unknown): string {
  try {
    const text = value instanceof Error ? value.message || value.name : String(value);
    return text.replace(/\s*\n\s*/g, ' ');
  } catch {
    return 'a value that has no text';
  }
}

/** Is this one of the stable codes? */
export function isErrorCode(value: unknown): value is ErrorCode {
  return CODES.has(value);
}
