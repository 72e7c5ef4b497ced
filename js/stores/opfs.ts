import { CoverageError, hostError, messageOf } from '../error.js';
import type { SegmentStore } from '../types.js';
import { checkedId } from './ids.js';

/** A file is a segment when it is as long as its name says: one that was being written when the page ended is none. */
const NAME = /^(.+)\.([0-9]+)\.segment$/;

/**
 * Keeps segments as files of the origin's private file system, in a folder of their own. For workers: the writing handle
 * exists there alone. A segment is there whole or not at all. Failures are `STORE`, a full disk named as that; an id that
 * is no plain file name, `CONFIG`.
 */
export class OpfsStore implements SegmentStore {
  readonly #folder: Promise<FileSystemDirectoryHandle>;

  /** In the folder of this name, which is made when it is missing. */
  constructor(name = 'pgtap-cov') {
    this.#folder = navigator.storage
      .getDirectory()
      .then((root) => root.getDirectoryHandle(name, { create: true }));
    // whoever asks first is told
    this.#folder.catch(() => {});
  }

  async put({ id, bytes }: { id: string; bytes: Uint8Array }): Promise<void> {
    const name = `${checkedId(id)}.${bytes.length}.segment`;
    await told(id, 'cannot be written', async () => {
      const folder = await this.#folder;
      const file = await folder.getFileHandle(name, { create: true });
      try {
        await writeWhole(file, bytes);
      } catch (error) {
        await folder.removeEntry(name).catch(() => {});
        throw error;
      }
      for (const other of await this.#named(id)) if (other !== name) await folder.removeEntry(other);
    });
  }

  async list(): Promise<{ id: string; length: number }[]> {
    return told('', 'cannot be listed', async () => {
      const found: { id: string; length: number }[] = [];
      for await (const [name, handle] of (await this.#folder).entries()) {
        const [, id, length] = NAME.exec(name) ?? [];
        if (id === undefined || handle.kind !== 'file') continue;
        const { size } = await (handle as FileSystemFileHandle).getFile();
        if (size === Number(length)) found.push({ id, length: size });
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  async read(id: string, offset: number, length: number): Promise<Uint8Array> {
    checkedId(id);
    return told(id, 'cannot be read', async () => {
      const folder = await this.#folder;
      for (const name of await this.#named(id)) {
        const file = await (await folder.getFileHandle(name)).getFile();
        if (file.size !== Number(NAME.exec(name)![2])) continue;
        if (offset + length > file.size) throw new Error(`it ends before ${offset + length}`);
        return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      }
      throw new Error('there is no such segment');
    });
  }

  async remove(id: string): Promise<void> {
    checkedId(id);
    await told(id, 'cannot be removed', async () => {
      for (const name of await this.#named(id)) await (await this.#folder).removeEntry(name);
    });
  }

  async #named(id: string): Promise<string[]> {
    const names: string[] = [];
    for await (const name of (await this.#folder).keys()) if (NAME.exec(name)?.[1] === id) names.push(name);
    return names;
  }
}

/** What workers have of a file; the types of pages do not know it. */
interface Writing {
  truncate(size: number): void;
  write(bytes: Uint8Array, at: { at: number }): number;
  flush(): void;
  close(): void;
}

async function writeWhole(file: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  const open = file as unknown as { createSyncAccessHandle?(): Promise<Writing> };
  if (!open.createSyncAccessHandle) throw new Error('files are written in a worker alone');
  const handle = await open.createSyncAccessHandle();
  try {
    handle.truncate(0);
    const written = handle.write(bytes, { at: 0 });
    if (written !== bytes.length) {
      throw new Error(
        `${written} of ${bytes.length} bytes were written: the quota of the origin is exceeded`,
      );
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

async function told<T>(id: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CoverageError) throw cause;
    const isFull = (cause as DOMException | undefined)?.name === 'QuotaExceededError';
    const why = isFull ? 'the quota of the origin is exceeded' : messageOf(cause);
    throw hostError('STORE', `${id === '' ? 'segments' : `segment ${id}`} ${what}: ${why}`, cause, {
      file: id,
    });
  }
}
