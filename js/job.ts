/** A thread that reads one batch, see `jobs`. */
import { parentPort, workerData } from 'node:worker_threads';
import { readBatch, type Batch } from './batch.js';
import { CoverageError, messageOf } from './error.js';
import { toPlain, type FromJob } from './jobs.js';

/** How often progress is told. */
const TELL_MS = 50;

const host = parentPort!;
const controller = new AbortController();
host.once('message', () => controller.abort());
const tell = (said: FromJob) => host.postMessage(said);

try {
  let told = 0;
  const { unreadable, ...read } = await readBatch(workerData as Batch, {
    signal: controller.signal,
    onProgress: (progress) => {
      const now = performance.now();
      if (now - told < TELL_MS) return;
      told = now;
      tell({ said: 'progress', progress });
    },
  });
  tell({ said: 'read', read: { ...read, unreadable: unreadable.map(toPlain) } });
} catch (error) {
  const known = error instanceof CoverageError ? error : new CoverageError('INTERNAL', messageOf(error));
  tell({ said: 'failed', error: toPlain(known) });
}
// nothing more is said to it
host.close();
