/** Scans of projects on disk. Node only. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Coverage } from './coverage.js';
import { CoverageError, withDetails } from './error.js';
import { FileRange, NewFile, readText } from './files.js';
import { givenPath, joinShards, openShard, segmentsOfAll } from './kept.js';
import { liveSource, type Live } from './live.js';
import { merge, type MergeOptions } from './merge.js';
import { findProject, type Project, type ProjectGlobs } from './project.js';
import { resultsText, type FileResult } from './results.js';
import type { ScanOptions, ScanResult } from './scan.js';
import type { BatchSource } from './batch.js';
import { scanKept, type KeptScanResult } from './scan-kept.js';
import { FsStore } from './stores/fs.js';
import type { Manifest, Role } from './types.js';
import { readInNode } from './wasm.js';

export interface ProjectScanOptions
  extends
    LiveScanOptions,
    ProjectGlobs,
    Pick<ScanOptions, 'limits' | 'rules' | 'everything' | 'onProgress' | 'signal'> {
  /** Where to keep the coverage database; default: it goes with `close`. */
  database?: string;
  /**
   * A folder that keeps what was read: the next scan with it reads only sources that changed, and one that was ended
   * is gone on with. One process at a time; `STORE` else.
   */
  store?: string;
  /** Threads that read, each with memory of its own; default: 1. The result is the same. */
  jobs?: number;
  /** With `store`: reads the schema and this share of the tests, for `mergeShards`. */
  shard?: ShardNumber;
}

/** The share `index`, from 1, of `count`. */
export interface ShardNumber {
  index: number;
  count: number;
}

/** Reads the schema of a server instead of the text of its migrations. */
export interface LiveScanOptions {
  /** A running server, or PGlite with the migrations applied. */
  live?: Live;
  /** Extensions whose members are kept. */
  extensions?: string[];
  /** What a run of the tests came to: what did not pass does not count. */
  results?: FileResult[];
}

/** A finished scan with its database, open. */
export interface ProjectScan extends ScanResult {
  project: Project;
  coverage: Coverage;
  /** Sources that a store had already. */
  reused: number;
  /** The text of a source of this scan. */
  source(path: string): string | undefined;
  /** Closes the database and removes the scratch files. */
  close(): Promise<void>;
}

/**
 * Scans the project in a directory. Segments go to a scratch directory below the system's temporary one, which `close`
 * removes. Rejects as `findProject` and `scan` do; the scratch directory is removed then, too.
 */
export async function scanProject(directory: string, options: ProjectScanOptions = {}): Promise<ProjectScan> {
  return scanFiles(directory, await findProject(directory, options), options);
}

/** Scans files of a directory that are known already. */
export async function scanFiles(
  directory: string,
  project: Project,
  options: Omit<ProjectScanOptions, keyof ProjectGlobs>,
): Promise<ProjectScan> {
  const scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-'));
  try {
    const database = options.database ?? join(scratch, 'coverage.pgtapcov');
    const known = new Set([...project.schema, ...project.tests]);
    const included = (path: string) => known.add(path);
    const result = await scanInto(database, scratch, directory, project, included, options);
    const coverage = await openDatabase(database);
    return {
      ...result,
      project,
      coverage,
      source: (spelled) => {
        const path = givenPath(spelled);
        return known.has(path) ? readText(resolve(directory, path)) : undefined;
      },
      close: async () => {
        await coverage.close();
        await rm(scratch, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}

/** Opens a database file; errors name it. */
export async function openDatabase(path: string): Promise<Coverage> {
  const file = await FileRange.open(path);
  try {
    return await Coverage.open(file);
  } catch (error) {
    await file.close();
    throw error instanceof CoverageError ? withDetails(error, { file: error.file ?? path }) : error;
  }
}

async function scanInto(
  database: string,
  scratch: string,
  directory: string,
  project: Project,
  included: (path: string) => void,
  options: Omit<ProjectScanOptions, keyof ProjectGlobs>,
): Promise<KeptScanResult> {
  const { store, shard, jobs, limits, rules, everything, onProgress, signal } = options;
  if (shard && store === undefined) {
    throw new CoverageError('CONFIG', 'a shard is kept in a folder of its own: name it with --store DIR');
  }
  const { markers } = project;
  const text = (path: string, role: Role): BatchSource =>
    role === 'schema' && markers ? { path, role, markers } : { path, role };
  const file = await NewFile.create(database);
  try {
    const sources = [
      ...project.schema.map((path) => text(path, 'schema')),
      // with a server, the text tells the places alone
      ...(options.live ? [await liveSource(options.live, { directory, ...project, ...options })] : []),
      ...project.tests.map((path) => text(path, 'tests')),
      ...(options.results ? [resultsSource(options.results)] : []),
    ];
    const tests = sources.findIndex(({ role }) => role === 'tests');
    const result = await scanKept({
      directory,
      kept: store ?? join(scratch, 'segments'),
      isScratch: store === undefined,
      fingerprint: fingerprint(project, options),
      sources,
      isOwn: ({ role }, place) =>
        !shard || role !== 'tests' || (place - tests) % shard.count === shard.index - 1,
      included,
      ...(jobs !== undefined && { jobs }),
      write: (bytes) => file.write(bytes),
      ...(limits && { limits }),
      ...(rules && { rules }),
      ...(everything && { everything }),
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    });
    await file.commit();
    return result;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

const resultsSource = (results: FileResult[]): BatchSource => ({
  path: '(results)',
  role: 'tap',
  open: () => new Blob([resultsText(results)]).stream(),
});

/** Changes with whatever changes what is read of equal files: the module, options, what undoes a migration. */
function fingerprint(
  project: Project,
  { limits, rules }: Omit<ProjectScanOptions, keyof ProjectGlobs>,
): string {
  const module_ = readInNode();
  const options = JSON.stringify([limits?.statementBytes ?? null, rules ?? [], project.markers ?? null]);
  const hash = createHash('sha256').update(options);
  if (module_) hash.update(new Uint8Array(module_ as ArrayBuffer));
  return hash.digest('hex');
}

export interface MergeShardsOptions extends Pick<ScanOptions, 'signal'> {
  /** Where to keep the coverage database; default: it goes with `close`. */
  database?: string;
  onProgress?: MergeOptions['onProgress'];
}

/** Shards as one coverage. */
export interface MergedShards {
  coverage: Coverage;
  manifest: Manifest;
  /** Closes the database and removes the scratch files. */
  close(): Promise<void>;
}

/**
 * Merges what scans kept in these folders, in whatever order, into the database that one scan of all would have written.
 * Rejects as `joinShards` and `merge` do.
 */
export async function mergeShards(
  folders: string[],
  options: MergeShardsOptions = {},
): Promise<MergedShards> {
  const shards = await Promise.all(folders.map(openShard));
  const manifest = joinShards(shards);
  const scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-'));
  try {
    const database = options.database ?? join(scratch, 'coverage.pgtapcov');
    const file = await NewFile.create(database);
    try {
      await merge({
        segments: segmentsOfAll(shards),
        scratch: new FsStore(scratch),
        manifest,
        write: (bytes) => file.write(bytes),
        ...(options.onProgress && { onProgress: options.onProgress }),
        ...(options.signal && { signal: options.signal }),
      });
      await file.commit();
    } catch (error) {
      await file.discard();
      throw error;
    }
    const coverage = await openDatabase(database);
    return {
      coverage,
      manifest,
      close: async () => {
        await coverage.close();
        await rm(scratch, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    throw error;
  }
}
