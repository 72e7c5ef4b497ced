import { CoverageError } from './error.js';

/** Throws `ABORTED` if the signal has fired. */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

/**
 * The promise's result, or `ABORTED` as soon as the signal fires, even if the promise never settles. What the promise
 * does after that is ignored.
 */
export async function orAborted<T>(promise: T | PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const work = Promise.resolve(promise);
  let listener: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    listener = () => reject(abortedError(signal));
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', listener!);
  }
}

function abortedError(signal: AbortSignal): CoverageError {
  return new CoverageError('ABORTED', 'the work was aborted', { cause: signal.reason });
}
