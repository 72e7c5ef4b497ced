// What the host's side gets wrong: callbacks and stores that fail, throw or never answer, a module that traps. Each ends in
// a typed error, and after a retry in the bytes of a clean run. Processes that are killed: kept.test.ts.

import { readFile } from 'node:fs/promises';
import binaryen from 'binaryen';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Analyzer, CoverageError, merge, MemoryStore } from '../../js/index.js';
import { scan } from '../../js/scan.js';
import type { Manifest, Segment, SegmentStore } from '../../js/types.js';

const SMALL = 64 * 1024;
const TABLES = 400;

/** A schema and tests that fill a small arena several times. */
const SOURCES = [
  {
    path: 'schema.sql',
    role: 'schema' as const,
    text: Array.from(
      { length: TABLES },
      (_, n) => `create table public.table_number_${n} (id int primary key, b text);\n`,
    ).join(''),
  },
  ...Array.from({ length: 4 }, (_, file) => ({
    path: `tests/t${file}.sql`,
    role: 'tests' as const,
    text: Array.from({ length: TABLES }, (_, n) =>
      n % 4 === file
        ? `select has_table('public', 'table_number_${n}', 'x'); select lives_ok('delete from table_number_${n}');\n`
        : `select has_column('public', 'table_number_${n}', 'b', 'y');\n`,
    ).join(''),
  })),
];

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}

interface Read {
  store: MemoryStore;
  manifest: Manifest;
}

type OnSegment = (segment: Segment, keep: () => Promise<void>) => void | Promise<void>;

/** Reads the sources; calls whose callback failed are made again as the interface says. */
async function read(onSegment: OnSegment = (_, keep) => keep(), signal?: AbortSignal): Promise<Read> {
  const store = new MemoryStore();
  const analyzer = new Analyzer({
    onSegment: (segment) => onSegment(segment, () => store.put(segment)),
    limits: { arenaBytes: SMALL },
    run: '0'.repeat(31) + '7',
    ...(signal && { signal }),
  });
  const insist = async <T>(call: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof CoverageError) || error.code !== 'STORE') throw error;
      }
    }
  };
  try {
    for (const { path, role, text } of SOURCES) {
      await analyzer.begin({ path, role });
      for (let at = 0; at < text.length; at += 10_000) {
        const chunk = text.slice(at, at + 10_000);
        await analyzer.push(chunk).catch(async (error: unknown) => {
          if (!(error instanceof CoverageError) || error.code !== 'STORE') throw error;
          // the chunk was taken: an empty one is the retry
          expect(error.taken).toBe(true);
          await insist(() => analyzer.push(''));
        });
      }
      await insist(() => analyzer.end());
    }
    return { store, manifest: (await insist(() => analyzer.finish())).manifest };
  } finally {
    analyzer.free();
  }
}

type MergeOptions = Partial<Parameters<typeof merge>[0]>;

async function merged({ store, manifest }: Read, options: MergeOptions = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk), ...options });
  return Buffer.concat(chunks);
}

let clean: Buffer;
let intact: Read;
beforeAll(async () => {
  intact = await read();
  clean = await merged(intact);
  expect((await intact.store.list()).length).toBeGreaterThan(3);
});

describe('callbacks of an analyzer', () => {
  it.each<[string, OnSegment]>([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
    [
      'rejects late',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        throw new Error('full');
      },
    ],
    [
      'throws what is no error',
      () => {
        throw undefined;
      },
    ],
    [
      'keeps the segment and fails all the same',
      async (_, keep) => {
        await keep();
        throw new Error('late');
      },
    ],
    [
      'spoils the bytes that it was given and fails',
      (segment) => {
        segment.bytes.fill(0);
        throw new Error('x');
      },
    ],
  ])('one that %s, again and again, loses nothing', async (_name, fails) => {
    const next = random(1);
    let offers = 0;
    const result = await read((segment, keep) => {
      offers += 1;
      return next() < 0.6 ? fails(segment, keep) : keep();
    });
    expect(offers).toBeGreaterThan((await result.store.list()).length);
    expect((await merged(result)).equals(clean)).toBe(true);
  });

  it('one that never settles is ended by the signal, and a run anew is whole', async () => {
    const controller = new AbortController();
    let offers = 0;
    const stuck = read((_, keep) => {
      offers += 1;
      if (offers < 3) return keep();
      setImmediate(() => controller.abort());
      return new Promise<void>(() => {});
    }, controller.signal);
    await expect(stuck).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await merged(await read())).equals(clean)).toBe(true);
  });

  it('one that keeps each segment twice gives the same', async () => {
    const result = await read(async (_, keep) => {
      await keep();
      await keep();
    });
    expect((await merged(result)).equals(clean)).toBe(true);
  });
});

type Call = 'put' | 'read' | 'list' | 'remove';

/** A store whose call number `k` of a kind fails, as often as it is asked for. */
class Faulty implements SegmentStore {
  calls: Record<Call, number> = { put: 0, read: 0, list: 0, remove: 0 };
  readonly inner: SegmentStore;
  readonly fails: Call;
  readonly at: number;

  constructor(inner: SegmentStore, fails: Call, at: number) {
    this.inner = inner;
    this.fails = fails;
    this.at = at;
  }

  #call<T>(kind: Call, call: () => Promise<T>): Promise<T> {
    if (this.calls[kind]++ === this.at && kind === this.fails)
      return Promise.reject(new Error(`${kind} failed`));
    return call();
  }

  put(segment: { id: string; bytes: Uint8Array }): Promise<void> {
    return this.#call('put', () => this.inner.put(segment));
  }
  list(): Promise<{ id: string; length: number }[]> {
    return this.#call('list', () => this.inner.list());
  }
  read(id: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#call('read', () => this.inner.read(id, offset, length));
  }
  remove(id: string): Promise<void> {
    return this.#call('remove', () => this.inner.remove(id));
  }
}

/** Calls that are tried: all of few, else some of all. */
function some(calls: number): number[] {
  return Array.from({ length: Math.min(calls, 25) }, (_, n) => Math.floor((n * calls) / Math.min(calls, 25)));
}

describe('stores', () => {
  const streams = SOURCES.map(({ path, role, text }) => ({
    path,
    role,
    open: () => new Blob([text]).stream() as ReadableStream<Uint8Array>,
  }));

  async function scanned(store: SegmentStore, evidenceLimit?: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    await scan({
      sources: streams,
      store,
      write: (chunk) => void chunks.push(chunk),
      limits: { arenaBytes: SMALL },
      ...(evidenceLimit !== undefined && { scratch: store, evidenceLimit }),
    });
    return Buffer.concat(chunks);
  }

  it.each<Call>(['put', 'read', 'list'])(
    'that fail at any %s: STORE, and the next scan is whole',
    async (kind) => {
      const counted = new Faulty(new MemoryStore(), kind, -1);
      expect((await scanned(counted)).equals(clean)).toBe(true);
      for (const at of some(counted.calls[kind])) {
        const inner = new MemoryStore();
        await expect(scanned(new Faulty(inner, kind, at)), `call ${at}`).rejects.toMatchObject({
          code: 'STORE',
        });
        // what the failed scan left behind does no harm
        expect((await scanned(inner)).equals(clean)).toBe(true);
      }
    },
  );

  it('of a merge that holds little: the same bytes, and nothing is left in the scratch store', async () => {
    for (const evidenceLimit of [1, 50, 1000, 1 << 20]) {
      const scratch = new MemoryStore();
      expect((await merged(intact, { scratch, evidenceLimit })).equals(clean)).toBe(true);
      expect(await scratch.list()).toEqual([]);
    }
    await expect(merged(intact, { scratch: new MemoryStore(), evidenceLimit: 0 })).rejects.toMatchObject({
      code: 'CONFIG',
    });
  });

  it.each<Call>(['put', 'read', 'remove'])('that fail at any %s of the scratch store', async (kind) => {
    const counted = new Faulty(new MemoryStore(), kind, -1);
    await merged(intact, { scratch: counted, evidenceLimit: 100 });
    expect(counted.calls[kind]).toBeGreaterThan(5);
    for (const at of some(counted.calls[kind])) {
      const inner = new MemoryStore();
      const failing = merged(intact, { scratch: new Faulty(inner, kind, at), evidenceLimit: 100 });
      // what cannot be removed is left over, and no failure
      if (kind === 'remove') expect((await failing).equals(clean)).toBe(true);
      else await expect(failing, `call ${at}`).rejects.toMatchObject({ code: 'STORE' });
      expect((await merged(intact, { scratch: inner, evidenceLimit: 100 })).equals(clean)).toBe(true);
      expect(await inner.list()).toEqual([]);
    }
  });

  it('that give back other bytes of the scratch store: CORRUPT', async () => {
    const inner = new MemoryStore();
    const lying = Object.assign(Object.create(inner) as SegmentStore, {
      put: (segment: { id: string; bytes: Uint8Array }) => {
        const bytes = segment.bytes.slice();
        bytes[bytes.length - 1]! ^= 1;
        return inner.put({ id: segment.id, bytes });
      },
      read: inner.read.bind(inner),
      list: inner.list.bind(inner),
      remove: inner.remove.bind(inner),
    });
    await expect(merged(intact, { scratch: lying, evidenceLimit: 100 })).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  });

  it('whose writing fails at any chunk: STORE, and the next merge is whole', async () => {
    let writes = 0;
    await merged(intact, { write: () => void (writes += 1) });
    for (let at = 0; at < writes; at++) {
      let call = 0;
      const write = () => (call++ === at ? Promise.reject(new Error('disk full')) : undefined);
      await expect(merged(intact, { write })).rejects.toMatchObject({ code: 'STORE' });
    }
    expect((await merged(intact)).equals(clean)).toBe(true);
  });
});

describe('a trap inside of the module', () => {
  const names = ['analyzermachine_push', 'analyzermachine_end', 'mergemachine_next', 'mergemachine_supply'];

  it.each(names)(
    'in %s: INTERNAL, nothing counts, and a fresh instance gives the same bytes',
    async (name) => {
      const wasm = await readFile(new URL('../../build/wasm/pgtap_cov_bg.wasm', import.meta.url));
      for (const call of [1, 3]) {
        vi.resetModules();
        const pkg: typeof import('../../js/index.js') = await import('../../js/index.js');
        const fresh: typeof import('../../js/scan.js') = await import('../../js/scan.js');
        await pkg.init(trapping(wasm, name, call));
        const write = vi.fn();
        const store = new pkg.MemoryStore();
        const sources = SOURCES.map(({ path, role, text }) => ({
          path,
          role,
          open: () => new Blob([text]).stream() as ReadableStream<Uint8Array>,
        }));
        const failed = fresh.scan({ sources, store, write, limits: { arenaBytes: SMALL } });
        await expect(failed).rejects.toMatchObject({
          code: 'INTERNAL',
          cause: expect.any(WebAssembly.RuntimeError),
        });
        expect(write).not.toHaveBeenCalled();
        await expect(
          pkg.merge({ segments: [store], manifest: intact.manifest, write }),
        ).rejects.toMatchObject({ code: 'INTERNAL' });
      }
      // this file's own instance is another one
      expect((await merged(await read())).equals(clean)).toBe(true);
    },
  );
});

/** The module with an `unreachable` in an exported function at its call of this number, from 1. */
function trapping(wasm: Uint8Array, name: string, call: number): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(wasm);
  const exported = Array.from({ length: module.getNumExports() }, (_, n) =>
    binaryen.getExportInfo(module.getExportByIndex(n)),
  ).find((of) => of.name === name);
  if (!exported) throw new Error(`the module exports no ${name}`);
  const own = binaryen.getFunctionInfo(module.getFunction(exported.value));
  module.addGlobal('calls', binaryen.i32, true, module.i32.const(0));
  const counted = module.i32.add(module.global.get('calls', binaryen.i32), module.i32.const(1));
  const params = binaryen.expandType(own.params);
  const passed = params.map((type, at) => module.local.get(at, type));
  module.addFunction(
    'trapping',
    own.params,
    own.results,
    [],
    module.block(null, [
      module.global.set('calls', counted),
      module.if(
        module.i32.eq(module.global.get('calls', binaryen.i32), module.i32.const(call)),
        module.unreachable(),
      ),
      module.return(module.call(exported.value, passed, own.results)),
    ]),
  );
  module.removeExport(name);
  module.addFunctionExport('trapping', name);
  const binary = module.emitBinary();
  module.dispose();
  return binary as Uint8Array<ArrayBuffer>;
}
