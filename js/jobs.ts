/** Reads batches of sources side by side, each in a thread with an instance of its own. Node only. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkAborted } from './abort.js';
import { readBatch, type Batch, type BatchRead, type BatchSource } from './batch.js';
import { CoverageError, type ErrorCode } from './error.js';
import { costOf, SMALL_COST } from './kept.js';
import type { ScanProgress } from './scan.js';

/** An error on its way between threads, which would lose its class. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  file?: string;
  line?: number;
  offset?: number;
}

/** What a thread says. */
export type FromJob =
  | { said: 'progress'; progress: ScanProgress }
  | { said: 'read'; read: Omit<BatchRead, 'unreadable'> & { unreadable: PlainError[] } }
  | { said: 'failed'; error: PlainError };

/**
 * Parts of about equal bytes, at most `count` and no smaller than a thread is worth; each keeps the order of the sources.
 * Those that are no files are in the first.
 */
export async function parts(
  directory: string,
  sources: BatchSource[],
  count: number,
): Promise<BatchSource[][]> {
  if (count === 1) return [sources];
  const costs = await Promise.all(
    sources.map(async ({ path, open }) =>
      open ? Infinity : costOf({ bytes: await sizeOf(resolve(directory, path)) }),
    ),
  );
  const files = costs.filter(Number.isFinite);
  const [total, most] = [
    files.reduce((sum, cost) => sum + cost, 0),
    files.reduce((a, b) => Math.max(a, b), 0),
  ];
  const loads = Array.from({ length: Math.min(count, 1 + Math.floor((total - most) / SMALL_COST)) }, () => ({
    cost: 0,
    places: [] as number[],
  }));
  for (const place of Array.from(costs.keys()).sort((a, b) => costs[b]! - costs[a]!)) {
    const isFile = Number.isFinite(costs[place]);
    const to = isFile ? loads.reduce((a, b) => (b.cost < a.cost ? b : a)) : loads[0]!;
    to.places.push(place);
    if (isFile) to.cost += costs[place]!;
  }
  return loads.map(({ places }) => places.sort((a, b) => a - b).map((place) => sources[place]!));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // reading it says what is wrong with it
    return 0;
  }
}

/**
 * Reads batches at the same time, the first in this thread. `onProgress` is told of each by its number. When one fails,
 * the others are ended before this rejects.
 */
export async function readBatches(
  batches: Batch[],
  options: { onProgress?(progress: ScanProgress, batch: number): void; signal?: AbortSignal },
): Promise<BatchRead[]> {
  const { onProgress, signal } = options;
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const reads = batches.map(async (batch, number) => {
    const own = { onProgress: (now: ScanProgress) => onProgress?.(now, number), signal: either };
    try {
      return await (number === 0 ? readBatch(batch, own) : readInThread(batch, own));
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(reads);
  checkAborted(signal);
  // the first that failed, not those which were ended for it
  if (failure.signal.aborted) throw failure.signal.reason;
  return Promise.all(reads);
}

function readInThread(
  batch: Batch,
  { onProgress, signal }: { onProgress(progress: ScanProgress): void; signal: AbortSignal },
): Promise<BatchRead> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL('./job.js', import.meta.url), { workerData: batch });
    const abort = () => worker.postMessage('abort');
    worker.on('message', (said: FromJob) => {
      if (said.said === 'progress') onProgress(said.progress);
      else if (said.said === 'failed') fail(fromPlain(said.error));
      else done({ ...said.read, unreadable: said.read.unreadable.map(fromPlain) });
    });
    worker.on('error', (cause) =>
      fail(new CoverageError('INTERNAL', 'a thread that reads sources broke', { cause })),
    );
    worker.on('exit', () => {
      signal.removeEventListener('abort', abort);
      fail(new CoverageError('INTERNAL', 'a thread that reads sources ended early'));
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

export function toPlain({ code, message, file, line, offset }: CoverageError): PlainError {
  return {
    code,
    message,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(offset !== undefined && { offset }),
  };
}

function fromPlain({ code, message, ...details }: PlainError): CoverageError {
  return new CoverageError(code, message, details);
}
