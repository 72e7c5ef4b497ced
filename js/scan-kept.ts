/** Scans that keep what they read, and read only what changed since. Node only. */
import { checkAborted } from './abort.js';
import type { Batch, BatchSource } from './batch.js';
import { CoverageError } from './error.js';
import { parts, readBatches } from './jobs.js';
import { includedBy, KeptRuns, keyOf, keyOfEntry } from './kept.js';
import { merge } from './merge.js';
import type { RunFigures, ScanOptions, ScanProgress, ScanResult } from './scan.js';
import type { Manifest, ManifestEntry, Role } from './types.js';

/** Sources that a thread reads before they count as done: a scan that is ended loses no more. */
const BATCH = 512;

export interface KeptScanOptions extends Omit<ScanOptions, 'store' | 'onInclude' | 'sources'> {
  /** The folder of the sources. */
  directory: string;
  /** The folder that keeps segments. */
  kept: string;
  /** The folder goes with this scan: contents are not hashed, which takes longer than reading large dumps. */
  isScratch?: boolean;
  /** What tells this kind of scan from others: options and version. */
  fingerprint: string;
  /** All sources of the project in their order. */
  sources: BatchSource[];
  /** Which of them are read here; default: all. */
  isOwn?(source: { path: string; role: Role }, place: number): boolean;
  /** Threads that read; default: 1. */
  jobs?: number;
  /** Told of each file that a source includes. */
  included?(path: string): void;
}

/** A finished scan, and how many of its sources were not read again. */
export interface KeptScanResult extends ScanResult {
  reused: number;
}

/** As {@link scan}; sources that did not change since they were read into the folder are not read again. */
export async function scanKept(options: KeptScanOptions): Promise<KeptScanResult> {
  const { directory, signal, onProgress, jobs = 1 } = options;
  if (!Number.isSafeInteger(jobs) || jobs < 1) {
    throw new CoverageError('CONFIG', `jobs is a number of threads from 1, not ${String(jobs)}`);
  }
  const project = options.sources.map(({ role, path }): [Role, string] => [role, path]);
  const own = options.sources.filter((source, place) => options.isOwn?.(source, place) ?? true);
  const kept = await KeptRuns.open(options.kept, options.fingerprint);
  try {
    const entries = new Map<string, ManifestEntry>();
    const changed: BatchSource[] = [];
    const worn = kept.worn();
    for (const source of own) {
      checkAborted(signal);
      const entry =
        source.open || worn.has(keyOf(source)) ? undefined : await kept.unchanged(directory, source);
      if (entry) entries.set(keyOf(source), entry);
      else changed.push(source);
    }
    const reused = entries.size;
    for (const source of own) for (const path of kept.includes(source)) options.included?.(path);
    const unreadable: CoverageError[] = [];
    const run: RunFigures = { bytes: 0, records: 0, segments: 0, arenaBytes: 0, linearBytes: 0 };
    let done = reused;
    const { limits, rules } = options;
    for (let at = 0; at < changed.length; at += BATCH * jobs) {
      const sources = changed.slice(at, at + BATCH * jobs);
      const batches = (await parts(directory, sources, jobs)).map((part): Batch => ({
        directory,
        kept: options.kept,
        isScratch: options.isScratch ?? false,
        sources: part,
        ...(limits && { limits }),
        ...(rules && { rules }),
      }));
      const now: ScanProgress[] = [];
      const before = { ...run };
      const reads = await readBatches(batches, {
        onProgress: (progress, number) => {
          now[number] = progress;
          const sum = (key: 'done' | 'bytes' | 'records' | 'segments') =>
            now.reduce((total, of) => total + of[key], 0);
          onProgress?.({
            ...progress,
            done: done + sum('done'),
            total: own.length,
            bytes: before.bytes + sum('bytes'),
            records: before.records + sum('records'),
            segments: before.segments + sum('segments'),
          });
        },
        ...(signal && { signal }),
      });
      for (const read of reads) {
        for (const entry of read.entries) entries.set(keyOfEntry(entry), entry);
        kept.add(read.id, read.entries, read.files);
        unreadable.push(...read.unreadable);
        run.bytes += read.run.bytes;
        run.records += read.run.records;
        run.segments += read.run.segments;
        run.arenaBytes = read.run.arenaBytes;
        run.linearBytes = Math.max(run.linearBytes, read.run.linearBytes);
        for (const { path, role } of sources) {
          const files = read.files.get(keyOf({ path, role })) ?? [];
          for (const included of includedBy({ path }, files)) options.included?.(included);
        }
      }
      await kept.checkpoint(project);
      done += sources.length;
    }
    await kept.commit(project, own);
    const manifest: Manifest = {
      format: 'pgtap-cov-manifest/1',
      sources: own.map((source) => found(entries, source)),
    };
    const summary = await merge({
      segments: [kept.segments()],
      // what a killed merge leaves there is removed with the segments that do not count
      scratch: kept.store,
      manifest,
      write: options.write,
      ...(options.everything && { everything: true }),
      onProgress: () => onProgress?.({ phase: 'merge', done, total: own.length, ...pick(run) }),
      ...(signal && { signal }),
    });
    return { summary, manifest, run, unreadable, reused };
  } finally {
    await kept.close();
  }
}

/** The entry of a source: each that was asked for has one, also where it could not be read. */
function found(
  entries: ReadonlyMap<string, ManifestEntry>,
  source: { path: string; role: Role },
): ManifestEntry {
  const entry = entries.get(keyOf(source));
  if (entry) return entry;
  throw new CoverageError('INTERNAL', 'was not read, and nothing said why', { file: source.path });
}

const pick = ({ bytes, records, segments }: RunFigures) => ({ bytes, records, segments });
