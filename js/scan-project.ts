/** Scans of projects on disk. Node only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Coverage } from './coverage.js';
import { CoverageError, withDetails } from './error.js';
import { FileRange, isFileBelow, NewFile, readText, streamFile } from './files.js';
import { includesFrom } from './include.js';
import { liveSource, type Live } from './live.js';
import { findProject, type Project, type ProjectGlobs } from './project.js';
import { scan, type ScanOptions, type ScanResult, type ScanSource } from './scan.js';
import { FsStore } from './stores/fs.js';
import { upPart } from './up-part.js';

export interface ProjectScanOptions
  extends
    LiveScanOptions,
    ProjectGlobs,
    Pick<ScanOptions, 'limits' | 'rules' | 'everything' | 'onProgress' | 'signal'> {
  /** Where to keep the coverage database; default: it goes with `close`. */
  database?: string;
}

/** Reads the schema of a server instead of the text of its migrations. */
export interface LiveScanOptions {
  /** A running server, or PGlite with the migrations applied. */
  live?: Live;
  /** Extensions whose members are kept. */
  extensions?: string[];
}

/** A finished scan with its database, open. */
export interface ProjectScan extends ScanResult {
  project: Project;
  coverage: Coverage;
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
      source: (path) => (known.has(path) ? readText(resolve(directory, path)) : undefined),
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
): Promise<ScanResult> {
  const source = (path: string, role: ScanSource['role']): ScanSource => ({
    path,
    role,
    open: async () => {
      const stream = await streamFile(resolve(directory, path));
      return role === 'schema' ? upPart(stream, project.markers) : stream;
    },
  });
  const file = await NewFile.create(database);
  try {
    const result = await scan({
      sources: [
        ...project.schema.map((path) => source(path, 'schema')),
        // with a server, the text tells the places alone
        ...(options.live ? [await liveSource(options.live, { directory, ...project, ...options })] : []),
        ...project.tests.map((path) => source(path, 'tests')),
      ],
      onInclude: includesFrom(async (path) => {
        if (!(await isFileBelow(directory, path))) return null;
        included(path);
        return streamFile(resolve(directory, path));
      }),
      store: new FsStore(join(scratch, 'segments')),
      write: (bytes) => file.write(bytes),
      ...(options.limits && { limits: options.limits }),
      ...(options.rules && { rules: options.rules }),
      ...(options.everything && { everything: true }),
      ...(options.onProgress && { onProgress: options.onProgress }),
      ...(options.signal && { signal: options.signal }),
    });
    await file.commit();
    return result;
  } catch (error) {
    await file.discard();
    throw error;
  }
}
