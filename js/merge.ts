import { checkAborted, orAborted } from './abort.js';
import { CoverageError, hostError } from './error.js';
import type { Manifest, SegmentSource, SegmentStore, Summary } from './types.js';
import { ready, type MergeMachine, type Wasm } from './wasm.js';

/** What is merged and where the result goes. */
export interface MergeOptions {
  /** The stores that hold the segments, of one run or of several. */
  segments: SegmentSource[];
  /** The sources that count, in their order. */
  manifest: Manifest;
  /**
   * Keeps what does not fit into memory while the merge works: sorted runs of evidence, about 10 bytes a piece. It holds
   * nothing else, or segments that were listed before; the runs are removed at the end. Without it all is held.
   */
  scratch?: SegmentStore;
  /** With a scratch store: pieces of evidence that are held at once, twice 24 bytes each. Default: 524,288. */
  evidenceLimit?: number;
  /** Lists objects that do not count, too: partitions, and schemas of tests. */
  everything?: boolean;
  /** Takes the coverage database in order, piece by piece; the next piece comes once it resolved. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Told after every read and write, in totals; `bytesToRead` are those of all segments. Must not throw. */
  onProgress?(progress: MergeProgress): void;
  /** Ends the work with `ABORTED`. */
  signal?: AbortSignal;
}

/** How far a merge is. Definitions are read twice, so that more may be read than there is. */
export interface MergeProgress {
  segments: number;
  bytesToRead: number;
  bytesRead: number;
  bytesWritten: number;
}

/** Pieces of evidence that are held where a scratch store takes the rest. */
const EVIDENCE_LIMIT = 1 << 19;

/** A segment and where it lies; the machine knows it by its index. */
interface Listed {
  id: string;
  length: number;
  source: SegmentSource;
}

/**
 * Merges segments into one coverage database. The order of the segments does not matter; time is n log n in their
 * records.
 *
 * Rejects with `INCOMPLETE` when the segments do not hold what the manifest lists, `CORRUPT` or `VERSION` for a segment
 * that is damaged or foreign (its id is the error's `file`), `STORE` when reading or writing fails.
 */
export async function merge(options: MergeOptions): Promise<Summary> {
  const { scratch, evidenceLimit = EVIDENCE_LIMIT, signal } = options;
  checkAborted(signal);
  if (!Number.isInteger(evidenceLimit) || evidenceLimit < 1 || evidenceLimit > 2 ** 31) {
    throw new CoverageError('CONFIG', `evidenceLimit is ${evidenceLimit}; give a number of pieces from 1`);
  }
  const wasm = await ready();
  const machine = wasm.guard.run(
    () => new wasm.MergeMachine(options.manifest, options.everything, scratch && evidenceLimit),
  );
  const runs: string[] = [];
  try {
    return await drive(wasm, machine, options, runs);
  } finally {
    if (!wasm.guard.poisoned) wasm.guard.run(() => machine.free());
    // what cannot be removed must not hide why the merge ended
    for (const run of runs) await told(() => scratch?.remove(run), undefined, '').catch(() => {});
  }
}

async function drive(
  wasm: Wasm,
  machine: MergeMachine,
  options: MergeOptions,
  runs: string[],
): Promise<Summary> {
  const { scratch, signal, onProgress } = options;
  const listed = await addSegments(wasm, machine, options);
  const done = {
    segments: listed.length,
    bytesToRead: listed.reduce((sum, { length }) => sum + length, 0),
    bytesRead: 0,
    bytesWritten: 0,
  };
  for (;;) {
    checkAborted(signal);
    const step = wasm.guard.run(() => machine.next());
    switch (step.step) {
      case 'done':
        return step.summary;
      case 'read': {
        const bytes = await read(listed[step.segment], step, signal);
        wasm.guard.run(() => machine.supply(bytes));
        done.bytesRead += bytes.length;
        break;
      }
      case 'keep': {
        const id = runId(step.run);
        runs.push(id);
        await told(() => scratch?.put({ id, bytes: step.bytes }), signal, `run ${id} was not stored`, {
          file: id,
        });
        break;
      }
      case 'read-run': {
        const id = runId(step.run);
        const bytes = await read(scratch && { id, source: scratch }, step, signal);
        wasm.guard.run(() => machine.supply(bytes));
        break;
      }
      case 'write': {
        await told(() => options.write(step.bytes), signal, 'the coverage database cannot be written');
        done.bytesWritten += step.bytes.length;
        break;
      }
    }
    onProgress?.({ ...done });
  }
}

const runId = (run: number) => `evidence-${String(run).padStart(8, '0')}`;

/** What the host's code answers; its failure becomes a `STORE` error. */
async function told<T>(
  call: () => T | Promise<T>,
  signal: AbortSignal | undefined,
  message: string,
  place: { file?: string; offset?: number } = {},
): Promise<T> {
  try {
    return await orAborted(Promise.resolve(call()), signal);
  } catch (cause) {
    checkAborted(signal);
    throw hostError('STORE', message, cause, place);
  }
}

async function addSegments(wasm: Wasm, machine: MergeMachine, options: MergeOptions): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const source of options.segments) {
    const entries = await told(() => source.list(), options.signal, 'the segments cannot be listed');
    for (const { id, length } of entries) {
      listed[wasm.guard.run(() => machine.addSegment(id, length))] = { id, length, source };
    }
  }
  return listed;
}

async function read(
  from: { id: string; source: SegmentSource } | undefined,
  { offset, length }: { offset: number; length: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (!from) throw new CoverageError('INTERNAL', 'the merge asked for a segment that was never added');
  const { id, source } = from;
  const place = { file: id, offset };
  const bytes = await told(
    () => source.read(id, offset, length),
    signal,
    `segment ${id} cannot be read`,
    place,
  );
  if (bytes.length === length) return bytes;
  const message = `segment ${id} answered ${bytes.length} of ${length} bytes at ${offset}: it is truncated`;
  throw new CoverageError('CORRUPT', message, place);
}
