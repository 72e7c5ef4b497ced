// What every store of segments keeps to, whatever keeps its bytes. It needs nothing of a test runner: it also runs in a page
// and in a worker. Each promise is a name and a function that throws where it is broken.

import type { SegmentStore } from '../../../js/types.js';

type Make = () => SegmentStore;

function equal(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}

async function refused(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: { name?: string; code?: string }) => thrown,
  );
  equal([error?.name, error?.code], ['CoverageError', code]);
}

const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, at) => (at + from) % 251);

export const PROMISES: Record<string, (make: Make) => Promise<void>> = {
  'keeps segments and reads them by range': async (make) => {
    const store = make();
    equal(await store.list(), []);
    await store.put({ id: 'run-2', bytes: new Uint8Array() });
    await store.put({ id: 'run-1', bytes: Uint8Array.of(1, 2, 3, 4) });
    const listed = (await store.list()).sort((a, b) => (a.id < b.id ? -1 : 1));
    equal(listed, [
      { id: 'run-1', length: 4 },
      { id: 'run-2', length: 0 },
    ]);
    equal(Array.from(await store.read('run-1', 1, 2)), [2, 3]);
    equal(Array.from(await store.read('run-1', 0, 4)), [1, 2, 3, 4]);
    equal(Array.from(await store.read('run-2', 0, 0)), []);
  },
  'keeps one segment when it is put twice, the later one': async (make) => {
    const store = make();
    await store.put({ id: 'run-1', bytes: Uint8Array.of(7) });
    await store.put({ id: 'run-1', bytes: Uint8Array.of(8, 9) });
    equal(await store.list(), [{ id: 'run-1', length: 2 }]);
    equal(Array.from(await store.read('run-1', 0, 2)), [8, 9]);
    await store.put({ id: 'run-1', bytes: Uint8Array.of(5) });
    equal(await store.list(), [{ id: 'run-1', length: 1 }]);
    equal(Array.from(await store.read('run-1', 0, 1)), [5]);
  },
  'forgets removed segments, also unknown ones': async (make) => {
    const store = make();
    await store.put({ id: 'run-1', bytes: Uint8Array.of(7) });
    await store.remove('run-1');
    await store.remove('run-1');
    equal(await store.list(), []);
  },
  'says STORE for an unknown segment and for a range beyond the end': async (make) => {
    const store = make();
    await refused(store.read('run-9', 0, 1), 'STORE');
    await store.put({ id: 'run-1', bytes: Uint8Array.of(1, 2) });
    await refused(store.read('run-1', 1, 2), 'STORE');
  },
  'keeps segments of megabytes, put and read side by side': async (make) => {
    const store = make();
    const ids = Array.from({ length: 8 }, (_, n) => `run-${n}`);
    await Promise.all(ids.map((id, n) => store.put({ id, bytes: bytes(1 << 20, n) })));
    equal((await store.list()).length, ids.length);
    const parts = await Promise.all(ids.map((id) => store.read(id, 500_000, 5)));
    equal(
      parts.map((part) => Array.from(part)),
      ids.map((_, n) => Array.from(bytes(5, 500_000 + n))),
    );
  },
};

/** The promises that a store breaks, with what it did. */
export async function broken(make: Make): Promise<string[]> {
  const found: string[] = [];
  for (const [name, promise] of Object.entries(PROMISES)) {
    try {
      await promise(make);
    } catch (error) {
      found.push(`${name}: ${String(error)}`);
    }
  }
  return found;
}
