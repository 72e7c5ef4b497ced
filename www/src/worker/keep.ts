/** Keeps the database of a scan in the browser's private files, so that a reload finds it; else in memory. */
import { messageOf } from '../../../js/error.js';
import { runsFolder, runsIn, type Note } from '../last.js';
import type { Archive, InputFile } from '../protocol.js';

/** Sources beyond this are not kept: the folder has them. */
const MOST_SOURCE_BYTES = 256e6;

/** Other tabs may still read the runs before. */
const RUNS_KEPT = 3;

/** TypeScript's library for pages lacks what only workers have. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  read(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
type File = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };

interface Kept {
  folder: FileSystemDirectoryHandle;
  run: string;
  file: File;
  handle: SyncHandle;
}

export class Keeper {
  #kept: Kept | undefined;
  #size = 0;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #notKept: string | undefined;

  static async create(): Promise<Keeper> {
    const keeper = new Keeper();
    try {
      const folder = await runsFolder();
      const run = `${String(Date.now()).padStart(16, '0')}-${crypto.randomUUID()}`;
      const file = (await folder.getFileHandle(`${run}.pgtapcov`, { create: true })) as File;
      keeper.#kept = { folder, run, file, handle: await file.createSyncAccessHandle() };
    } catch (error) {
      keeper.#notKept = messageOf(error);
    }
    return keeper;
  }

  /** Takes the database in order. What does not fit the browser's files goes on in memory. */
  async write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#kept) {
      try {
        const written = this.#kept.handle.write(chunk, { at: this.#size });
        if (written !== chunk.length) throw new Error('the storage of the browser is full');
        this.#size += chunk.length;
        return;
      } catch (error) {
        await this.#intoMemory(error);
      }
    }
    this.#chunks.push(chunk);
  }

  /** The database, and why it is in memory alone. Sources for which there is no room are not kept. */
  async finish(note: Note, sources: InputFile[]): Promise<{ database: Blob; notKept?: string }> {
    if (this.#kept) {
      const { folder, run, file, handle } = this.#kept;
      try {
        handle.flush();
        const places = await writeSources(folder, `${run}.sources`, sources);
        await writeNote(folder, `${run}.json`, { ...note, ...(places && { places }) });
        handle.close();
        await forgetOthers(folder);
        return { database: await file.getFile() };
      } catch (error) {
        await this.#intoMemory(error);
      }
    }
    return { database: new Blob(this.#chunks), notKept: this.#notKept ?? 'unknown' };
  }

  async #intoMemory(error: unknown): Promise<void> {
    const { folder, run, handle } = this.#kept!;
    this.#kept = undefined;
    this.#notKept = messageOf(error);
    const bytes = new Uint8Array(this.#size);
    handle.read(bytes, { at: 0 });
    handle.close();
    this.#chunks = [bytes];
    for (const name of [`${run}.json`, `${run}.sources`, `${run}.pgtapcov`])
      await folder.removeEntry(name).catch(() => {});
  }
}

/** Writes texts one after another; undefined where they are too large, or the browser has no room. */
async function writeSources(
  folder: FileSystemDirectoryHandle,
  name: string,
  sources: InputFile[],
): Promise<Archive['places'] | undefined> {
  if (sources.reduce((sum, { file }) => sum + file.size, 0) > MOST_SOURCE_BYTES) return undefined;
  const places: Archive['places'] = [];
  try {
    const file = (await folder.getFileHandle(name, { create: true })) as File;
    const handle = await file.createSyncAccessHandle();
    try {
      let at = 0;
      for (const source of sources) {
        const bytes = new Uint8Array(await source.file.arrayBuffer());
        if (handle.write(bytes, { at }) !== bytes.length)
          throw new Error('the storage of the browser is full');
        places.push([source.path, at, bytes.length]);
        at += bytes.length;
      }
      handle.flush();
    } finally {
      handle.close();
    }
    return places;
  } catch {
    await folder.removeEntry(name).catch(() => {});
    return undefined;
  }
}

async function writeNote(folder: FileSystemDirectoryHandle, name: string, note: Note): Promise<void> {
  const file = (await folder.getFileHandle(name, { create: true })) as File;
  const handle = await file.createSyncAccessHandle();
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(note));
    if (handle.write(bytes, { at: 0 }) !== bytes.length)
      throw new Error('the storage of the browser is full');
    handle.flush();
  } finally {
    handle.close();
  }
}

/** Also what cancelled scans left: a database without its note. One that is being written is locked and stays. */
async function forgetOthers(folder: FileSystemDirectoryHandle): Promise<void> {
  const keep = new Set((await runsIn(folder)).slice(-RUNS_KEPT));
  const names: string[] = [];
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
  for (const name of names) {
    if (!keep.has(name.replace(/\.[a-z]+$/, ''))) await folder.removeEntry(name).catch(() => {});
  }
}
