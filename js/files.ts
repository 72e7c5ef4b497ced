/** Files of Node as the package's sources and sinks. */
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { CoverageError, hostError, messageOf } from './error.js';
import type { RangeSource } from './types.js';

/** Most files fit the first chunk; the others are so large that waiting for the system is no part of the time. */
const FIRST_BYTES = 64 * 1024;
const CHUNK_BYTES = 512 * 1024;

/** A file, read by range. `INPUT` where it cannot be opened or read, with the file's name. */
export class FileRange implements RangeSource {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<FileRange> {
    try {
      return new FileRange(path, await openFile(path));
    } catch (cause) {
      throw new CoverageError('INPUT', `cannot be opened: ${reason(cause)}`, { file: path, cause });
    }
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await this.#file
        .read(bytes, at, length - at, offset + at)
        .catch((cause: unknown) => {
          throw new CoverageError('INPUT', `cannot be read: ${reason(cause)}`, {
            file: this.path,
            offset,
            cause,
          });
        });
      if (bytesRead === 0) {
        throw new CoverageError('INPUT', `ends before byte ${offset + length}`, { file: this.path, offset });
      }
      at += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Opens a file as a stream of chunks of at most 512 KiB; the error of a failed open or read says why in few words. All
 * chunks are parts of one buffer: each lives until the next one is asked for.
 */
export async function streamFile(path: string): Promise<ReadableStream<Uint8Array>> {
  const file = await openFile(path).catch(plain);
  let chunk = new Uint8Array(FIRST_BYTES);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
          const bytes = chunk.subarray(0, bytesRead);
          if (bytesRead === FIRST_BYTES) chunk = new Uint8Array(CHUNK_BYTES);
          if (bytesRead > 0) return controller.enqueue(bytes);
          await file.close();
          controller.close();
        } catch (cause) {
          await file.close().catch(() => {});
          plain(cause);
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}

/** The first bytes of a file, at most so many; the error says why in few words. */
export async function readHead(path: string, bytes: number): Promise<Uint8Array> {
  const file = await openFile(path).catch(plain);
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(bytes, size));
    const { bytesRead } = await file.read(head, 0, head.length, 0).catch(plain);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A file of the project, not one that a link leads to outside of it: any line of SQL or of a configuration may name any path. */
export async function isFileBelow(directory: string, path: string): Promise<boolean> {
  try {
    const real = await realpath(resolve(directory, path));
    const root = (await realpath(directory)).replace(/[\\/]$/, '');
    return real.startsWith(root + sep) && (await stat(real)).isFile();
  } catch {
    return false;
  }
}

/**
 * The files below a folder, relative to it; links are followed, hidden files, `node_modules` and folders that may not be read
 * are left out. Names that are no UTF-8 are listed with U+FFFD, by which they cannot be opened: the scan will say so.
 */
export async function filesBelow(directory: string): Promise<string[]> {
  const found: string[] = [];
  /** `above` are the real folders on the way: a link back to one of them is a circle. */
  const visit = async (folder: Buffer, path: string, above: readonly string[]): Promise<void> => {
    const entries = await readdir(folder, { encoding: 'buffer', withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const bytes = entry.name as unknown as Buffer;
      const name = bytes.toString();
      if (name.startsWith('.') || name === 'node_modules') continue;
      const inner = Buffer.concat([folder, Buffer.from('/'), bytes]);
      const kind = entry.isSymbolicLink() ? await stat(inner).catch(() => undefined) : entry;
      if (kind?.isFile()) found.push(path + name);
      if (!kind?.isDirectory()) continue;
      const real = (await realpath(inner, { encoding: 'buffer' })).toString('latin1');
      if (!above.includes(real)) await visit(inner, `${path}${name}/`, [...above, real]);
    }
  };
  await visit(Buffer.from(directory), '', [(await realpath(directory, 'buffer')).toString('latin1')]);
  return found;
}

/** The text of a file, or undefined where it cannot be read. Invalid bytes become U+FFFD. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch {
    return undefined;
  }
}

/** The text of a file, if it lies below the directory: a path may come from anywhere. */
export function readBelow(directory: string, path: string): string | undefined {
  try {
    const real = realpathSync(resolve(directory, path));
    return real.startsWith(realpathSync(directory).replace(/[\\/]$/, '') + sep) ? readText(real) : undefined;
  } catch {
    return undefined;
  }
}

/** How a file's name ends while it is written. */
export const PARTIAL = '.partial';

/**
 * A file that is written beside and takes its name only when it is whole. `commit` or `discard` must be called.
 * Failures are `STORE` with the file's name.
 */
export class NewFile {
  readonly path: string;
  readonly #beside: string;
  readonly #file: FileHandle;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.path = path;
    this.#beside = beside;
    this.#file = file;
  }

  static async create(path: string): Promise<NewFile> {
    const beside = `${path}.${randomUUID()}${PARTIAL}`;
    return written(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      return new NewFile(path, beside, await open(beside, 'wx'));
    });
  }

  write(bytes: Uint8Array | string): Promise<void> {
    return written(this.path, () => this.#file.writeFile(bytes));
  }

  commit(): Promise<void> {
    return written(this.path, async () => {
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#beside, this.path);
    });
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#beside, { force: true });
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, 'r');
  // A directory can be opened; reading it would fail later and less clearly.
  if (!(await file.stat()).isDirectory()) return file;
  await file.close();
  throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
}

async function written<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw hostError('STORE', 'cannot be written', reason(cause), { file: path, cause });
  }
}

function plain(cause: unknown): never {
  throw new Error(reason(cause), { cause });
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EEXIST: 'a part of its path is no directory',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of its path is no directory',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
};

/** Why a file system call failed, without the call and the path that Node puts into the message. */
export function reason(cause: unknown): string {
  const { code, path } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT' && path?.includes('\ufffd'))
    return 'no such file or directory: if its name is no UTF-8, rename it';
  return (code !== undefined && Object.hasOwn(REASONS, code) && REASONS[code]) || messageOf(cause);
}
