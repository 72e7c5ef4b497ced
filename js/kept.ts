/**
 * Runs that are kept in a folder, so that a later scan reads only what changed, and so that the runs of several jobs are
 * merged. Node only.
 *
 * The folder holds segments and `scan.json`, which says what they are of; it is replaced when all segments that it speaks
 * of are on the disk, so that a process may end at any moment. What it does not speak of is left over, and removed.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CoverageError } from './error.js';
import { NewFile, PARTIAL, reason, streamFile } from './files.js';
import { FsStore } from './stores/fs.js';
import type { Manifest, ManifestEntry, Role, SegmentSource } from './types.js';

/** A file of a source as it was read: itself, or one that it includes. */
export interface FileState {
  path: string;
  /** Null where there was none to include. */
  sha256: string | null;
  size: number;
  mtimeMs: number;
  ino: number;
}

/** A source that was read, with what its segments hold of it. */
interface KeptSource {
  entry: ManifestEntry;
  /** The run that read it. */
  run: string;
  files: FileState[];
}

/** What `scan.json` holds. */
export interface KeptIndex {
  format: 'pgtap-cov-store/1';
  /** Of options and version: what other ones read is of no use. */
  fingerprint: string;
  /** All sources of the project in their order, those of other shards too: role and path. */
  project: [Role, string][];
  sources: KeptSource[];
}

const FORMAT = 'pgtap-cov-store/1';
const INDEX = 'scan.json';
const LOCK = 'lock';
/** A file that changed within this time before it was read may change again without another time: its content is compared. */
const RACY_MS = 2000;

/** The folder of kept runs, for one process at a time. `close` must be called. */
export class KeptRuns {
  readonly store: FsStore;
  readonly #directory: string;
  readonly #fingerprint: string;
  /** By role and path. */
  readonly #sources = new Map<string, KeptSource>();
  /** Runs of this process: they also say why a source could not be read. */
  readonly #own = new Set<string>();

  private constructor(directory: string, fingerprint: string, sources: KeptSource[]) {
    this.#directory = directory;
    this.#fingerprint = fingerprint;
    this.store = new FsStore(directory);
    for (const source of sources) this.#sources.set(keyOfEntry(source.entry), source);
  }

  /**
   * Opens a folder, which is made when it is missing. What other options or another version read is forgotten. `STORE`
   * where another process has it open, or it cannot be written; `CORRUPT` where `scan.json` is none.
   */
  static async open(directory: string, fingerprint: string): Promise<KeptRuns> {
    await lock(directory);
    try {
      await removePartial(directory);
      const index = await readIndex(directory);
      const fits = index?.fingerprint === fingerprint;
      return new KeptRuns(directory, fingerprint, fits ? index.sources : []);
    } catch (error) {
      await rm(join(directory, LOCK), { force: true });
      throw error;
    }
  }

  /** The files that a source was found to include. */
  includes(source: { path: string; role: Role }): string[] {
    return includedBy(source, this.#sources.get(keyOf(source))?.files ?? []);
  }

  /** What was read of a source, if neither it nor what it includes changed since. Reads no file that looks the same. */
  async unchanged(root: string, source: { path: string; role: Role }): Promise<ManifestEntry | undefined> {
    const kept = this.#sources.get(keyOf(source));
    if (!kept) return undefined;
    for (const file of kept.files) {
      if (!(await isSame(resolve(root, file.path), file))) {
        this.#sources.delete(keyOf(source));
        return undefined;
      }
    }
    return kept.entry;
  }

  /** Takes what a run read; `files` are those of each source, by role and path. Nothing is durable before `commit`. */
  add(run: string, entries: ManifestEntry[], files: ReadonlyMap<string, FileState[]>): void {
    this.#own.add(run);
    for (const entry of entries) {
      const key = keyOfEntry(entry);
      const states = files.get(key);
      // what could not be read is read again
      if (entry.complete && states) this.#sources.set(key, { entry, run, files: states });
    }
  }

  /**
   * The sources of the smallest runs, or of which little is left, where there are many: they are read anew, so that
   * their segments can go.
   */
  worn(): Set<string> {
    const runs = new Map<string, { keys: string[]; cost: number }>();
    for (const [key, { run, entry }] of this.#sources) {
      const of = runs.get(run) ?? { keys: [], cost: 0 };
      of.keys.push(key);
      of.cost += costOf(entry);
      runs.set(run, of);
    }
    const small = Array.from(runs.values()).filter(({ cost }) => cost < SMALL_COST);
    const worn = small.sort((a, b) => a.cost - b.cost).slice(0, Math.max(0, small.length - MOST_SMALL));
    return new Set(worn.flatMap(({ keys }) => keys));
  }

  /** Says that these sources count and that the project has no others, and removes all segments that hold nothing of them. */
  async commit(project: [Role, string][], own: Iterable<{ path: string; role: Role }>): Promise<void> {
    const wanted = new Set(Array.from(own, keyOf));
    for (const key of this.#sources.keys()) if (!wanted.has(key)) this.#sources.delete(key);
    await this.checkpoint(project);
    const runs = this.#runs();
    for (const { id } of await this.store.list()) if (!runs.has(runOf(id))) await this.store.remove(id);
  }

  /** Says what was read so far: a scan that ends here is gone on with by the next one. */
  async checkpoint(project: [Role, string][]): Promise<void> {
    const sources = Array.from(this.#sources.values());
    const index: KeptIndex = { format: FORMAT, fingerprint: this.#fingerprint, project, sources };
    const file = await NewFile.create(join(this.#directory, INDEX));
    try {
      await file.write(`${JSON.stringify(index)}\n`);
      await file.commit();
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  /** The segments that hold sources which count. */
  segments(): SegmentSource {
    return segmentsOf(this.store, this.#runs());
  }

  #runs(): Set<string> {
    return new Set([...this.#own, ...Array.from(this.#sources.values(), ({ run }) => run)]);
  }

  async close(): Promise<void> {
    await rm(join(this.#directory, LOCK), { force: true });
  }
}

/** Small runs beyond which the smallest are read anew. */
const MOST_SMALL = 16;

/** A run that reads less is small, and not worth a thread of its own: bytes. */
export const SMALL_COST = 2 * 1024 * 1024;

/** What reading a source costs, in bytes: opening it, too. */
export const costOf = ({ bytes }: { bytes: number }) => bytes + 16 * 1024;

/** A folder that a scan kept, to be merged with others. */
export interface Shard {
  directory: string;
  index: KeptIndex;
  segments: SegmentSource;
}

/** Reads what a folder holds. `INPUT` where it is none that a scan kept. */
export async function openShard(directory: string): Promise<Shard> {
  const index = await readIndex(directory);
  if (!index) {
    throw new CoverageError('INPUT', 'holds no kept scan: name a folder of pgtap-cov scan --store', {
      file: directory,
    });
  }
  return {
    directory,
    index,
    segments: segmentsOf(new FsStore(directory), new Set(index.sources.map(({ run }) => run))),
  };
}

/**
 * The sources of several shards as one run would have read them, whatever the order of the shards: schema and tests in
 * the order of the project. What several shards read is counted once.
 *
 * Rejects with `CONFIG` where shards were scanned with other options or versions, know other files of the project, or
 * read a file with other contents: the first of these files are named; `INCOMPLETE` where no shard read a file of the
 * project.
 */
export function joinShards(shards: Shard[]): Manifest {
  const [first] = shards;
  if (!first)
    throw new CoverageError('CONFIG', 'there is nothing to merge: name folders of pgtap-cov scan --store');
  const entries = new Map<string, { entry: ManifestEntry; directory: string }>();
  const differing = new Set<string>();
  for (const { directory, index } of shards) {
    if (index.fingerprint !== first.index.fingerprint) {
      const message = `was scanned with other options, or by another version, than ${first.directory}: scan both alike`;
      throw new CoverageError('CONFIG', message, { file: directory });
    }
    const [own, others] = [new Set(index.project.map(spell)), new Set(first.index.project.map(spell))];
    for (const source of own) if (!others.has(source)) differing.add(source);
    for (const source of others) if (!own.has(source)) differing.add(source);
    for (const { entry } of index.sources) {
      const known = entries.get(keyOfEntry(entry))?.entry;
      if (known && (known.hash !== entry.hash || known.bytes !== entry.bytes)) differing.add(entry.path);
      entries.set(keyOfEntry(entry), { entry, directory });
    }
  }
  if (differing.size > 0) {
    const files = Array.from(differing).slice(0, NAMED_FILES);
    const more = differing.size - files.length;
    const message = `the shards are of different projects or versions of it: ${files.join(', ')}${more > 0 ? ` and ${more} more` : ''} differ`;
    throw new CoverageError('CONFIG', message, { file: files[0]! });
  }
  const sources = first.index.project.map(([role, path]) => {
    const found = entries.get(keyOf({ role, path }));
    if (found) return found.entry;
    throw new CoverageError('INCOMPLETE', 'was read by none of the shards: one of them is missing', {
      file: path,
    });
  });
  return { format: 'pgtap-cov-manifest/1', sources };
}

/** The segments of several shards, each once: a folder may be the copy of another. */
export function segmentsOfAll(shards: Shard[]): SegmentSource[] {
  const lengths = new Map<string, number>();
  return shards.map(({ segments }) => ({
    list: async () => {
      const listed = await segments.list();
      const own = listed.filter(({ id, length }) => lengths.get(id) !== length);
      for (const { id, length } of own) lengths.set(id, length);
      return own;
    },
    read: (id, offset, length) => segments.read(id, offset, length),
  }));
}

/** Files that an error names. */
const NAMED_FILES = 10;

const spell = ([, path]: [Role, string]) => path;
/** Names a source. */
export const keyOf = ({ role, path }: { role: Role; path: string }) => `${role} ${path}`;
/** Names the source of an entry. */
export const keyOfEntry = ({ role, path }: ManifestEntry) => keyOf({ role, path: givenPath(path) });
/** A path as it was given to the module, which doubles backslashes. */
export const givenPath = (spelled: string) => spelled.replaceAll('\\\\', '\\');

/** The files that a source includes, by the states of what was read for it. */
export function includedBy(source: { path: string }, files: FileState[]): string[] {
  return files.filter(({ path, sha256 }) => sha256 !== null && path !== source.path).map(({ path }) => path);
}

/** The run that a segment's id begins with. */
const runOf = (id: string) => id.slice(0, id.lastIndexOf('-'));

function segmentsOf(store: FsStore, runs: ReadonlySet<string>): SegmentSource {
  return {
    list: async () => (await store.list()).filter(({ id }) => runs.has(runOf(id))),
    read: (id, offset, length) => store.read(id, offset, length),
  };
}

async function readIndex(directory: string): Promise<KeptIndex | undefined> {
  const path = join(directory, INDEX);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CoverageError('INPUT', `cannot be read: ${reason(cause)}`, { file: path, cause });
  }
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    index = undefined;
  }
  const { format, sources, project } = (index ?? {}) as Partial<KeptIndex>;
  if (format === FORMAT && Array.isArray(sources) && Array.isArray(project)) return index as KeptIndex;
  if (typeof format === 'string' && format.startsWith('pgtap-cov-store/')) {
    throw new CoverageError(
      'VERSION',
      `is of another version (${format}): remove the folder and scan again`,
      {
        file: path,
      },
    );
  }
  throw new CoverageError('CORRUPT', 'is no list of a kept scan: remove the folder and scan again', {
    file: path,
  });
}

/** Takes the folder for this process; one whose process is gone is taken over. */
async function lock(directory: string): Promise<void> {
  const path = join(directory, LOCK);
  try {
    await mkdir(directory, { recursive: true });
    for (let attempt = 0; ; attempt++) {
      try {
        const file = await open(path, 'wx');
        await file.writeFile(`${process.pid}\n`);
        await file.close();
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw cause;
        const holder = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
        if (holder !== process.pid && isRunning(holder)) {
          const message = `process ${holder} works with this folder; if it does not, remove ${path}`;
          throw new CoverageError('STORE', message, { file: directory });
        }
        await rm(path, { force: true });
      }
    }
  } catch (cause) {
    if (cause instanceof CoverageError) throw cause;
    throw new CoverageError('STORE', `cannot be used: ${reason(cause)}`, { file: directory, cause });
  }
}

/** Removes what a process that ended wrote and did not rename; the folder is this process's alone. */
async function removePartial(directory: string): Promise<void> {
  const left = (await readdir(directory)).filter((name) => name.endsWith(PARTIAL));
  for (const name of left) await rm(join(directory, name), { force: true });
}

function isRunning(process_: number): boolean {
  if (!Number.isInteger(process_) || process_ <= 0) return false;
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A file's state before it is read; the hash comes when it was. */
export async function stateOf(root: string, path: string): Promise<FileState> {
  try {
    const { size, mtimeMs, ino } = await stat(resolve(root, path));
    const racy = Date.now() - mtimeMs < RACY_MS;
    return { path, sha256: '', size, mtimeMs: racy ? -1 : mtimeMs, ino };
  } catch {
    return { path, sha256: null, size: 0, mtimeMs: -1, ino: 0 };
  }
}

/** The stream with its hash put into `state` as it passes; a stream that is not read to its end leaves none. */
export function hashed(stream: ReadableStream<Uint8Array>, state: FileState): ReadableStream<Uint8Array> {
  const hash = createHash('sha256');
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) {
          hash.update(value);
          return controller.enqueue(value);
        }
        state.sha256 = hash.digest('hex');
        controller.close();
      },
      cancel: (cause) => reader.cancel(cause),
    },
    { highWaterMark: 0 },
  );
}

async function isSame(path: string, kept: FileState): Promise<boolean> {
  let now;
  try {
    now = await stat(path);
  } catch (error) {
    // what was missing still is
    return kept.sha256 === null && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  if (kept.sha256 === null || kept.sha256 === '' || now.size !== kept.size) return false;
  if (now.mtimeMs === kept.mtimeMs && now.ino === kept.ino) return true;
  try {
    const state = { ...kept, sha256: '' };
    const reader = hashed(await streamFile(path), state).getReader();
    while (!(await reader.read()).done);
    return state.sha256 === kept.sha256;
  } catch {
    // reading it says what is wrong with it
    return false;
  }
}
