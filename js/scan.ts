import { checkAborted, orAborted } from './abort.js';
import { Analyzer, randomRun, type AnalyzerOptions } from './analyzer.js';
import { CoverageError, messageOf } from './error.js';
import { merge, type MergeOptions } from './merge.js';
import type { Manifest, Role, SegmentStore, Summary } from './types.js';

/** A source that can be opened. */
export interface ScanSource {
  path: string;
  role: Role;
  open(): ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
}

/** What a scan is doing, in totals. */
export interface ScanProgress {
  phase: 'read' | 'merge';
  /** The source that is being read. */
  path?: string;
  /** Sources that are done, of all. */
  done: number;
  total: number;
  bytes: number;
  /** Records made so far, and segments that were kept. */
  records: number;
  segments: number;
  /** How far the arena is filled, once something was read; it empties with every segment. */
  arenaBytes?: number;
  arenaUsedBytes?: number;
}

export interface ScanOptions extends Pick<MergeOptions, 'scratch' | 'evidenceLimit'> {
  /** Schema sources in the order in which they apply, then tests; every path once. */
  sources: Iterable<ScanSource>;
  /** Keeps the segments; an empty store. They may be removed afterwards. */
  store: SegmentStore;
  /** Takes the coverage database in order. */
  write(chunk: Uint8Array): void | Promise<void>;
  limits?: AnalyzerOptions['limits'];
  /** What calls of helper functions stand for. */
  rules?: AnalyzerOptions['rules'];
  /** Finds files that sources include, see `AnalyzerOptions`. */
  onInclude?: AnalyzerOptions['onInclude'];
  /** Must not throw. */
  onProgress?(progress: ScanProgress): void;
  /** Lists objects that do not count, too, see `MergeOptions`. */
  everything?: boolean;
  signal?: AbortSignal;
}

/** What a run read and how much memory it had; differs between runs over the same input. */
export interface RunFigures {
  bytes: number;
  records: number;
  segments: number;
  arenaBytes: number;
  linearBytes: number;
}

export interface ScanResult {
  summary: Summary;
  manifest: Manifest;
  run: RunFigures;
  /** Why sources could not be read, one `INPUT` or `LIMIT` error each; the rest was counted. */
  unreadable: CoverageError[];
}

/**
 * Reads sources one after another and merges what was found into a coverage database.
 *
 * A source that cannot be read is abandoned and reported in `unreadable`; the summary is then incomplete. Anything else
 * that fails rejects: `STORE`, `ABORTED`, `CONFIG` …
 */
export async function scan(options: ScanOptions): Promise<ScanResult> {
  const { progress, manifest, run, unreadable } = await readSources(options);
  const { signal, onProgress } = options;
  progress.phase = 'merge';
  const summary = await merge({
    segments: [options.store],
    manifest,
    write: options.write,
    ...(options.everything && { everything: true }),
    ...(options.scratch && { scratch: options.scratch }),
    ...(options.evidenceLimit !== undefined && { evidenceLimit: options.evidenceLimit }),
    onProgress: () => onProgress?.({ ...progress }),
    ...(signal && { signal }),
  });
  return { summary, manifest, run, unreadable };
}

/** What reading came to: a scan without its merge; `id` is that of the run. */
export type SourcesRead = Omit<ScanResult, 'summary'> & { progress: ScanProgress; id: string };

/** Reads sources one after another into the store, see {@link scan}. */
export async function readSources(options: Omit<ScanOptions, 'write' | 'everything'>): Promise<SourcesRead> {
  const { store, signal, onProgress } = options;
  const sources = Array.from(options.sources);
  const progress: ScanProgress = {
    phase: 'read',
    done: 0,
    total: sources.length,
    bytes: 0,
    records: 0,
    segments: 0,
  };
  const id = randomRun();
  const analyzer: Analyzer = new Analyzer({
    run: id,
    onSegment: (segment) => store.put({ id: segment.id, bytes: segment.bytes }),
    onProgress: (made) => {
      const { arenaBytes, usedBytes } = analyzer.memory;
      onProgress?.({ ...Object.assign(progress, made, { arenaBytes, arenaUsedBytes: usedBytes }) });
    },
    ...(options.limits && { limits: options.limits }),
    ...(options.rules && { rules: options.rules }),
    ...(options.onInclude && { onInclude: options.onInclude }),
    ...(signal && { signal }),
  });
  const unreadable: CoverageError[] = [];
  let run: RunFigures;
  let manifest: Manifest;
  try {
    for (const source of sources) {
      progress.path = source.path;
      await read(analyzer, source, signal).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error;
        unreadable.push(error);
      });
      progress.done += 1;
    }
    const finished = await analyzer.finish();
    // A source that was refused before it was opened has no entry, and the figures would not say that it is missing.
    if (finished.manifest.sources.length !== sources.length) throw unreadable[0];
    const { bytes, records, segments } = finished.stats;
    const { arenaBytes, linearBytes } = analyzer.memory;
    run = { bytes, records, segments, arenaBytes, linearBytes };
    manifest = finished.manifest;
  } finally {
    analyzer.free();
  }
  delete progress.path;
  return { manifest, run, unreadable, progress, id };
}

async function read(analyzer: Analyzer, source: ScanSource, signal?: AbortSignal): Promise<void> {
  let stream;
  let opening: Promise<ReadableStream<Uint8Array>> | undefined;
  try {
    opening = Promise.resolve(source.open());
    stream = await orAborted(opening, signal);
  } catch (cause) {
    // what is opened too late is closed
    opening?.then((late) => late.cancel()).catch(() => {});
    checkAborted(signal);
    await analyzer.begin(source);
    await analyzer.abandon(messageOf(cause));
    throw new CoverageError('INPUT', `cannot be opened: ${messageOf(cause)}`, { file: source.path, cause });
  }
  try {
    await analyzer.pipe(source, stream);
  } catch (error) {
    // Not awaited: a source that never answers must not hold up the end.
    stream.cancel(error).catch(() => {});
    throw error;
  }
}

function isUnreadable(error: unknown): error is CoverageError {
  return error instanceof CoverageError && (error.code === 'INPUT' || error.code === 'LIMIT') && !!error.file;
}
