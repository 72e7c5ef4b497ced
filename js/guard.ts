import { CoverageError, isErrorCode, messageOf } from './error.js';

/**
 * Runs calls into an instance and translates what they throw. Errors that the module throws on purpose are plain
 * objects with a code. Anything else is a trap: the memory can no longer be trusted, so every later call fails too.
 */
export class Guard {
  #trap: { cause: unknown } | undefined;

  /** Whether an earlier call trapped. */
  get poisoned(): boolean {
    return this.#trap !== undefined;
  }

  /** Throws `INTERNAL` if an earlier call trapped. */
  check(): void {
    if (this.#trap) throw poisonedError(this.#trap.cause);
  }

  run<T>(call: () => T): T {
    this.check();
    try {
      return call();
    } catch (thrown) {
      const error = thrownOnPurpose(thrown);
      if (error) throw error;
      this.#trap = { cause: thrown };
      throw poisonedError(thrown);
    }
  }
}

function thrownOnPurpose(thrown: unknown): CoverageError | undefined {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof Error) return undefined;
  const { code, message, file, line, offset } = thrown as Record<string, unknown>;
  if (!isErrorCode(code) || typeof message !== 'string') return undefined;
  return new CoverageError(code, message, {
    file: typeof file === 'string' ? file : undefined,
    line: typeof line === 'number' ? line : undefined,
    offset: typeof offset === 'number' ? offset : undefined,
  });
}

function poisonedError(cause: unknown): CoverageError {
  return new CoverageError(
    'INTERNAL',
    `the WebAssembly module failed (${messageOf(cause)}); nothing of this run counts: start a new process or page`,
    { cause },
  );
}
