import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hostError } from '../error.js';
import { FileRange, PARTIAL } from '../files.js';
import type { SegmentStore } from '../types.js';
import { checkedId, isSafeId } from './ids.js';

const SUFFIX = '.segment';

/**
 * Keeps segments as files `ID.segment` in one directory, which is made when it is missing. A segment is there whole or
 * not at all: it is written beside, synced, then renamed. Failures are `STORE`; an id that is no plain file name,
 * `CONFIG`.
 */
export class FsStore implements SegmentStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Resolves once the segment would survive a crash: one write, two syncs. */
  async put(segment: { id: string; bytes: Uint8Array }): Promise<void> {
    const path = this.#path(segment.id);
    const beside = join(this.directory, `${segment.id}.${randomUUID()}${PARTIAL}`);
    try {
      await mkdir(this.directory, { recursive: true });
      await writeSynced(beside, segment.bytes);
      await rename(beside, path);
      await syncDirectory(this.directory);
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => {});
      throw hostError('STORE', 'a segment cannot be written', cause, { file: path });
    }
  }

  async list(): Promise<{ id: string; length: number }[]> {
    try {
      const names = (await readdir(this.directory)).filter((name) => name.endsWith(SUFFIX)).sort();
      const ids = names.map((name) => name.slice(0, -SUFFIX.length)).filter(isSafeId);
      const sizes = ids.map(async (id) => ({ id, length: (await stat(this.#path(id))).size }));
      return await Promise.all(sizes);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw hostError('STORE', 'segments cannot be listed', cause, { file: this.directory });
    }
  }

  async read(id: string, offset: number, length: number): Promise<Uint8Array> {
    const path = this.#path(id);
    let file: FileRange | undefined;
    try {
      file = await FileRange.open(path);
      return await file.read(offset, length);
    } catch (cause) {
      throw hostError('STORE', 'a segment cannot be read', cause, { file: path, offset });
    } finally {
      await file?.close();
    }
  }

  async remove(id: string): Promise<void> {
    const path = this.#path(id);
    try {
      await rm(path, { force: true });
    } catch (cause) {
      throw hostError('STORE', 'a segment cannot be removed', cause, { file: path });
    }
  }

  #path(id: string): string {
    return join(this.directory, checkedId(id) + SUFFIX);
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable. Some systems cannot sync a directory; there the file system keeps the order. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
