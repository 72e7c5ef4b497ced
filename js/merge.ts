import { checkAborted, orAborted } from './abort.js';
import { CoverageError, hostError } from './error.js';
import type { Manifest, SegmentSource, Summary } from './types.js';
import { ready, type MergeMachine, type Wasm } from './wasm.js';

/** What is merged and where the result goes. */
export interface MergeOptions {
  /** The stores that hold the segments, of one run or of several. */
  segments: SegmentSource[];
  /** The sources that count, in their order. */
  manifest: Manifest;
  /** Lists objects that do not count, too: partitions, and schemas of tests. */
  everything?: boolean;
  /** Takes the coverage database in order, piece by piece; the next piece comes once it resolved. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Told after every read and write, in totals. Must not throw. */
  onProgress?(progress: { segments: number; bytesRead: number; bytesWritten: number }): void;
  /** Ends the work with `ABORTED`. */
  signal?: AbortSignal;
}

/** A segment and where it lies; the machine knows it by its index. */
interface Listed {
  id: string;
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
  checkAborted(options.signal);
  const wasm = await ready();
  const machine = wasm.guard.run(() => new wasm.MergeMachine(options.manifest, options.everything));
  try {
    return await drive(wasm, machine, options);
  } finally {
    if (!wasm.guard.poisoned) wasm.guard.run(() => machine.free());
  }
}

async function drive(wasm: Wasm, machine: MergeMachine, options: MergeOptions): Promise<Summary> {
  const { signal, onProgress } = options;
  const listed = await addSegments(wasm, machine, options);
  const done = { segments: listed.length, bytesRead: 0, bytesWritten: 0 };
  for (;;) {
    checkAborted(signal);
    const step = wasm.guard.run(() => machine.next());
    if (step.step === 'done') return step.summary;
    if (step.step === 'read') {
      const bytes = await read(listed[step.segment], step.offset, step.length, signal);
      wasm.guard.run(() => machine.supply(bytes));
      done.bytesRead += bytes.length;
    } else {
      try {
        await orAborted(options.write(step.bytes), signal);
      } catch (cause) {
        checkAborted(signal);
        throw hostError('STORE', 'the coverage database cannot be written', cause);
      }
      done.bytesWritten += step.bytes.length;
    }
    onProgress?.({ ...done });
  }
}

async function addSegments(wasm: Wasm, machine: MergeMachine, options: MergeOptions): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const source of options.segments) {
    let entries;
    try {
      entries = await orAborted(source.list(), options.signal);
    } catch (cause) {
      checkAborted(options.signal);
      throw hostError('STORE', 'the segments cannot be listed', cause);
    }
    for (const { id, length } of entries) {
      listed[wasm.guard.run(() => machine.addSegment(id, length))] = { id, source };
    }
  }
  return listed;
}

async function read(
  segment: Listed | undefined,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (!segment) throw new CoverageError('INTERNAL', 'the merge asked for a segment that was never added');
  const { id, source } = segment;
  let bytes;
  try {
    bytes = await orAborted(source.read(id, offset, length), signal);
  } catch (cause) {
    checkAborted(signal);
    throw hostError('STORE', `segment ${id} cannot be read`, cause, { file: id, offset });
  }
  if (bytes.length === length) return bytes;
  const message = `segment ${id} answered ${bytes.length} of ${length} bytes at ${offset}: it is truncated`;
  throw new CoverageError('CORRUPT', message, { file: id, offset });
}
