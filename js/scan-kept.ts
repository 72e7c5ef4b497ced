/** Scans that keep what they read, and read only what changed since. Node only. */
import { checkAborted } from './abort.js';
import { isFileBelow, streamFile } from './files.js';
import { includesFrom, type OnInclude } from './include.js';
import { hashed, KeptRuns, keyOf, stateOf, type FileState } from './kept.js';
import { merge } from './merge.js';
import { readSources, type RunFigures, type ScanOptions, type ScanResult, type ScanSource } from './scan.js';
import type { CoverageError } from './error.js';
import type { Manifest, ManifestEntry, Role } from './types.js';
import { resolve } from 'node:path';

/** Sources that are read before they count as done: a scan that is ended loses no more. */
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
  /** All sources of the project in their order; `open` is handed the stream of the file, if it lies on the disk. */
  sources: KeptSource[];
  /** Which of them are read here; default: all. */
  isOwn?(source: { path: string; role: Role }, place: number): boolean;
  /** Told of each file that a source includes. */
  included?(path: string): void;
}

/** A source: a file of the folder, or else what `open` makes. */
export interface KeptSource extends Omit<ScanSource, 'open'> {
  /** Makes a stream of what the file holds, see `upPart`. */
  through?(
    stream: ReadableStream<Uint8Array>,
  ): ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
  /** Of a source that is no file, which is read each time. */
  open?: ScanSource['open'];
}

/** A finished scan, and how many of its sources were not read again. */
export interface KeptScanResult extends ScanResult {
  reused: number;
}

/** As {@link scan}; sources that did not change since they were read into the folder are not read again. */
export async function scanKept(options: KeptScanOptions): Promise<KeptScanResult> {
  const { directory, signal, onProgress } = options;
  const project = options.sources.map(({ role, path }): [Role, string] => [role, path]);
  const own = options.sources.filter((source, place) => options.isOwn?.(source, place) ?? true);
  const kept = await KeptRuns.open(options.kept, options.fingerprint);
  try {
    const entries = new Map<string, ManifestEntry>();
    const changed: KeptSource[] = [];
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
    for (let at = 0; at < changed.length; at += BATCH) {
      const batch = changed.slice(at, at + BATCH);
      const files = new Map<string, FileState[]>();
      const before = { ...run };
      const read = await readSources({
        ...options,
        ...watched(options, batch, files),
        store: kept.store,
        onProgress: (now) =>
          onProgress?.({
            ...now,
            done: done + now.done,
            total: own.length,
            bytes: before.bytes + now.bytes,
            records: before.records + now.records,
            segments: before.segments + now.segments,
          }),
      });
      for (const entry of read.manifest.sources) entries.set(keyOf(entry), entry);
      kept.add(read.id, read.manifest.sources, files);
      await kept.checkpoint(project);
      unreadable.push(...read.unreadable);
      done += batch.length;
      run.bytes += read.run.bytes;
      run.records += read.run.records;
      run.segments += read.run.segments;
      run.arenaBytes = read.run.arenaBytes;
      run.linearBytes = Math.max(run.linearBytes, read.run.linearBytes);
    }
    await kept.commit(project, own);
    const manifest: Manifest = {
      format: 'pgtap-cov-manifest/1',
      sources: own.flatMap((source) => entries.get(keyOf(source)) ?? []),
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

const pick = ({ bytes, records, segments }: RunFigures) => ({ bytes, records, segments });

/** Sources that note the state of each file which is read for them. */
function watched(
  { directory, isScratch, included }: KeptScanOptions,
  batch: KeptSource[],
  files: Map<string, FileState[]>,
): { sources: ScanSource[]; onInclude: OnInclude } {
  let states: FileState[] = [];
  const noted = isScratch ? (stream: ReadableStream<Uint8Array>) => stream : hashed;
  const sources = batch.map(({ path, role, through, open }): ScanSource => ({
    path,
    role,
    open: async () => {
      // sources are read one after another
      states = [];
      files.set(keyOf({ path, role }), states);
      if (open) return open();
      const state = await stateOf(directory, path);
      states.push(state);
      const stream = noted(await streamFile(resolve(directory, path)), state);
      return through ? through(stream) : stream;
    },
  }));
  const onInclude = includesFrom(async (path) => {
    const state = await stateOf(directory, path);
    states.push(state);
    if (!(await isFileBelow(directory, path))) {
      state.sha256 = null;
      return null;
    }
    included?.(path);
    return noted(await streamFile(resolve(directory, path)), state);
  });
  return { sources, onInclude };
}
