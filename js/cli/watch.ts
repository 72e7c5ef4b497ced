/** `pgtap-cov scan --watch`: the report anew whenever something changes. */
import { mkdtemp, rm, watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { CoverageError } from '../error.js';
import { scanCommand, type ScanCommandOptions } from './commands.js';
import { describe, type Io } from './io.js';

/** Editors write a file in several steps. */
const QUIET_MS = 150;

/**
 * Scans, reports, and does so again after each change below the directory, until the signal ends it. Only what changed is
 * read again. What goes wrong is said, and mended by the next change; the status is that of the last scan.
 */
export async function watchCommand(directory: string, options: ScanCommandOptions, io: Io): Promise<number> {
  const scratch = options.store === undefined ? await mkdtemp(join(tmpdir(), 'pgtap-cov-watch-')) : undefined;
  const store = options.store ?? scratch!;
  const own = [store, options.out, options.database]
    .filter((path) => path !== undefined)
    .map((path) => resolve(path));
  const changes = watched(resolve(directory), own, io.signal);
  let status = 0;
  try {
    for (;;) {
      // before the scan: what changes during it counts
      const changed = changes.next();
      status = await scanCommand(directory, { ...options, store }, io).catch((error: unknown) => {
        if (error instanceof CoverageError && error.code === 'ABORTED') throw error;
        io.stderr.write(describe(error));
        return 2;
      });
      io.stderr.write('pgtap-cov: waiting for changes\n');
      if ((await changed).done) return status;
    }
  } catch (error) {
    if (io.signal.aborted) return status;
    throw error;
  } finally {
    await changes.return(undefined);
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

/** A value for each time that something changed and was quiet then; it ends with the signal. */
async function* watched(
  root: string,
  own: string[],
  signal: AbortSignal,
): AsyncGenerator<undefined, undefined> {
  const isOwn = (path: string) => own.some((of) => path === of || path.startsWith(of + sep));
  const counts = (name: string | null) => {
    if (name === null) return true;
    const path = resolve(root, name);
    return (
      !isOwn(path) &&
      !relative(root, path)
        .split(sep)
        .some((part) => part === 'node_modules' || part === '.git')
    );
  };
  let wake: () => void = () => {};
  let pending = false;
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  const reading = (async () => {
    for await (const { filename } of watch(root, { recursive: true, signal })) {
      if (!counts(filename)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        pending = true;
        wake();
      }, QUIET_MS);
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) failure = error;
    wake();
  });
  try {
    for (;;) {
      while (!pending && !signal.aborted && failure === undefined) {
        await new Promise<void>((done) => {
          wake = done;
          signal.addEventListener('abort', () => done(), { once: true });
        });
      }
      if (failure !== undefined) throw failure;
      if (signal.aborted) return undefined;
      pending = false;
      yield undefined;
    }
  } finally {
    clearTimeout(timer);
    void reading;
  }
}
