import { CoverageError, hostError, messageOf } from '../error.js';
import type { SegmentStore } from '../types.js';
import { checkedId } from './ids.js';

const SEGMENTS = 'segments';

/**
 * Keeps segments in a database of the browser, for pages and for browsers without a private file system. A segment is
 * there whole or not at all, and on the disk when `put` resolves. Failures are `STORE`, an exceeded quota named as that; an
 * id that other stores would not take, `CONFIG`.
 */
export class IndexedDbStore implements SegmentStore {
  readonly #name: string;
  #database: Promise<IDBDatabase> | undefined;

  /** In the database of this name, which is made when it is missing. */
  constructor(name = 'pgtap-cov') {
    this.#name = name;
  }

  async put({ id, bytes }: { id: string; bytes: Uint8Array }): Promise<void> {
    checkedId(id);
    // a Blob is read by range
    const blob = new Blob([bytes as BlobPart]);
    await this.#run('readwrite', id, 'cannot be written', (segments) => segments.put(blob, id));
  }

  async list(): Promise<{ id: string; length: number }[]> {
    const [ids, blobs] = [
      await this.#run('readonly', '', 'cannot be listed', (segments) => segments.getAllKeys()),
      await this.#run<Blob[]>('readonly', '', 'cannot be listed', (segments) => segments.getAll()),
    ];
    return ids.map((id, at) => ({ id: String(id), length: blobs[at]!.size }));
  }

  async read(id: string, offset: number, length: number): Promise<Uint8Array> {
    checkedId(id);
    const blob = await this.#run<Blob | undefined>('readonly', id, 'cannot be read', (segments) =>
      segments.get(id),
    );
    if (!blob) throw new CoverageError('STORE', `there is no segment ${id}`, { file: id });
    if (offset + length > blob.size) {
      throw new CoverageError('STORE', `segment ${id} ends before ${offset + length}`, { file: id, offset });
    }
    return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  }

  async remove(id: string): Promise<void> {
    checkedId(id);
    await this.#run('readwrite', id, 'cannot be removed', (segments) => segments.delete(id));
  }

  /** Gives the database back; a later call opens it again. */
  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    (await database?.catch(() => undefined))?.close();
  }

  async #run<T>(
    mode: IDBTransactionMode,
    id: string,
    what: string,
    ask: (segments: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    try {
      this.#database ??= opened(this.#name);
      const transaction = (await this.#database).transaction(SEGMENTS, mode, { durability: 'strict' });
      const request = ask(transaction.objectStore(SEGMENTS));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? request.error);
      });
      return request.result;
    } catch (cause) {
      const isFull = (cause as DOMException | undefined)?.name === 'QuotaExceededError';
      const why = isFull ? 'the quota of the origin is exceeded' : messageOf(cause);
      throw hostError('STORE', `${id === '' ? 'segments' : `segment ${id}`} ${what}: ${why}`, cause, {
        file: id,
      });
    }
  }
}

function opened(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(SEGMENTS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another page has an older version of it open'));
  });
}
