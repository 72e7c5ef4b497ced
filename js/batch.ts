/** Reads sources of a folder into its kept runs: what one thread does. Node only. */
import { resolve } from 'node:path';
import { isFileBelow, streamFile } from './files.js';
import { includesFrom, type OnInclude } from './include.js';
import { hashed, keyOf, stateOf, type FileState } from './kept.js';
import {
  readSources,
  type RunFigures,
  type ScanOptions,
  type ScanProgress,
  type ScanSource,
} from './scan.js';
import { FsStore } from './stores/fs.js';
import type { CoverageError } from './error.js';
import type { ManifestEntry, Role } from './types.js';
import { upPart, type MarkerTool } from './up-part.js';

/** What is read in one run; apart from sources with `open`, it can be handed to another thread. */
export interface Batch extends Pick<ScanOptions, 'limits' | 'rules'> {
  /** The folder of the sources. */
  directory: string;
  /** The folder that keeps segments. */
  kept: string;
  /** Contents are not hashed: nobody will ask whether they changed. */
  isScratch: boolean;
  sources: BatchSource[];
}

/** A source: a file of the folder, or else what `open` makes. */
export interface BatchSource {
  path: string;
  role: Role;
  /** The tool whose markers part what applies from what undoes. */
  markers?: MarkerTool;
  /** Of a source that is no file. */
  open?: ScanSource['open'];
}

/** What a batch came to. Its segments are on the disk. */
export interface BatchRead {
  /** The run. */
  id: string;
  entries: ManifestEntry[];
  /** The files of each source that was opened, by role and path. */
  files: Map<string, FileState[]>;
  unreadable: CoverageError[];
  run: RunFigures;
}

/** Reads a batch, see {@link readSources}. */
export async function readBatch(
  batch: Batch,
  options: { onProgress?(progress: ScanProgress): void; signal?: AbortSignal },
): Promise<BatchRead> {
  const { limits, rules } = batch;
  const files = new Map<string, FileState[]>();
  const { id, manifest, unreadable, run } = await readSources({
    ...watched(batch, files),
    store: new FsStore(batch.kept),
    ...(limits && { limits }),
    ...(rules && { rules }),
    ...options,
  });
  return { id, entries: manifest.sources, files, unreadable, run };
}

/** Sources that note the state of each file which is read for them. */
function watched(
  { directory, isScratch, sources }: Batch,
  files: Map<string, FileState[]>,
): { sources: ScanSource[]; onInclude: OnInclude } {
  let states: FileState[] = [];
  const noted = isScratch ? (stream: ReadableStream<Uint8Array>) => stream : hashed;
  const opened = sources.map(({ path, role, markers, open }): ScanSource => ({
    path,
    role,
    open: async () => {
      // sources are read one after another
      states = [];
      files.set(keyOf({ path, role }), states);
      if (open) return open();
      const state = await stateOf(directory, path);
      states.push(state);
      return upPart(noted(await streamFile(resolve(directory, path)), state), markers);
    },
  }));
  const onInclude = includesFrom(async (path) => {
    const state = await stateOf(directory, path);
    states.push(state);
    if (!(await isFileBelow(directory, path))) {
      state.sha256 = null;
      return null;
    }
    return noted(await streamFile(resolve(directory, path)), state);
  });
  return { sources: opened, onInclude };
}
