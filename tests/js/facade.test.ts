import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Driver, type DriverHost } from '../../js/driver.js';
import { CoverageError } from '../../js/error.js';
import { Guard } from '../../js/guard.js';
import { rangeSource } from '../../js/ranges.js';
import type { Manifest, Segment, SegmentSource } from '../../js/types.js';
import { FakeMachine } from './support/fake-machine.js';
import { SCHEMA, TESTS } from './support/sample.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const source = { path: 'a.sql', role: 'tests' } as const;

function drive(capacity: number, host: Partial<DriverHost> = {}) {
  const kept: Segment[] = [];
  const machine = new FakeMachine(capacity);
  const guard = new Guard();
  const onSegment = (segment: Segment) => void kept.push(segment);
  const driver = new Driver(machine, guard, { onSegment, ...host });
  return { driver, machine, guard, kept, text: () => textOf(kept) };
}

function textOf(segments: Segment[]): string {
  return new TextDecoder().decode(Buffer.concat(segments.map((segment) => segment.bytes)));
}

async function failure(promise: Promise<unknown>): Promise<CoverageError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CoverageError);
  return error as CoverageError;
}

/** A callback that fails as often as told, then keeps what it is offered; `offers` records every call. */
function failing(times: number, how: (cause: Error) => void | Promise<void>) {
  const cause = new Error('disk full');
  const offers: Segment[] = [];
  const kept: Segment[] = [];
  const onSegment = (segment: Segment) => {
    offers.push(segment);
    if (offers.length <= times) return how(cause);
    kept.push(segment);
  };
  return { onSegment, cause, offers, kept, text: () => textOf(kept) };
}

describe('the way of a chunk', () => {
  it.each([1, 3, 7, 1000])('gives the same bytes whatever the arena holds (%i)', async (capacity) => {
    const { driver, text } = drive(capacity);
    driver.begin(source);
    await driver.push(bytes('create table '));
    await driver.push('öffnung (€);');
    await driver.end();
    await driver.finish();
    expect(text()).toBe('create table öffnung (€);\n');
  });

  it('feeds windows of at most 64 KiB', async () => {
    const { driver, machine } = drive(1_000_000);
    driver.begin(source);
    await driver.push(new Uint8Array(200_000).fill(0x61));
    await driver.push('€'.repeat(100_000));
    await driver.end();
    expect(Math.max(...machine.windows)).toBeLessThanOrEqual(65_536);
    expect(machine.windows.reduce((sum, length) => sum + length)).toBe(500_000);
  });

  it('keeps surrogate pairs whole inside a chunk and between chunks', async () => {
    const { driver, text } = drive(1_000_000);
    const long = `x${'😀'.repeat(70_000)}`;
    driver.begin(source);
    await driver.push(long);
    for (const unit of 'a😀b') await driver.push(unit);
    await driver.push('\ud83d');
    await driver.push('');
    await driver.push('\ude00');
    await driver.end();
    await driver.finish();
    expect(text()).toBe(`${long}a😀b😀\n`);
  });

  it('replaces half a surrogate pair that bytes or the end follow', async () => {
    const { driver, text } = drive(100);
    driver.begin(source);
    await driver.push('a\ud83d');
    await driver.push(bytes('b'));
    await driver.push('\ud83d');
    await driver.end();
    await driver.finish();
    expect(text()).toBe('a\ufffdb\ufffd\n');
  });

  it('reads nothing more until the callback has resolved', async () => {
    let resolve = () => {};
    const { driver, machine } = drive(2, { onSegment: () => new Promise<void>((done) => (resolve = done)) });
    driver.begin(source);
    const push = driver.push(bytes('abc'));
    await new Promise((done) => setImmediate(done));
    expect(machine.windows).toEqual([3]);
    expect(driver.memory().usedBytes).toBe(2);
    resolve();
    await push;
    expect(machine.windows).toEqual([3, 1]);
  });

  it('lists the sources in their order in the manifest', async () => {
    const { driver } = drive(3);
    for (const path of ['b.sql', 'a.sql']) {
      driver.begin({ path, role: 'schema' });
      await driver.push(bytes(path));
      await driver.end();
    }
    const { manifest, stats } = await driver.finish();
    expect(manifest.format).toBe('pgtap-cov-manifest/1');
    expect(manifest.sources.map(({ path, bytes, complete }) => [path, bytes, complete])).toEqual([
      ['b.sql', 5, true],
      ['a.sql', 5, true],
    ]);
    expect(stats.sources).toBe(2);
  });
});

describe('a callback that fails', () => {
  it.each([
    [
      'throws',
      (cause: Error) => {
        throw cause;
      },
    ],
    ['rejects', (cause: Error) => Promise.reject(cause)],
  ] as const)('loses nothing when it %s once: the next call offers the same segment', async (_, how) => {
    const host = failing(1, how);
    const { driver } = drive(4, host);
    driver.begin(source);
    const error = await failure(driver.push(bytes('abcdefghij')));
    expect(error).toMatchObject({ code: 'STORE', taken: true, cause: host.cause });
    await driver.push(bytes('kl'));
    await driver.end();
    await driver.finish();
    expect(host.offers[1]).toEqual(host.offers[0]);
    expect(host.offers[1]!.bytes).not.toBe(host.offers[0]!.bytes);
    expect(host.text()).toBe('abcdefghijkl\n');
  });

  it('is tried again by the push of an empty chunk', async () => {
    const host = failing(2, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    driver.begin(source);
    await failure(driver.push(bytes('abcdef')));
    expect(await failure(driver.push(new Uint8Array()))).toMatchObject({ code: 'STORE' });
    await driver.push('');
    expect(host.kept).toHaveLength(1);
    await driver.end();
    await driver.finish();
    expect(host.text()).toBe('abcdef\n');
  });

  it('says taken: false for a chunk of which nothing was read', async () => {
    const host = failing(2, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    driver.begin(source);
    expect((await failure(driver.push(bytes('abcdef')))).taken).toBe(true);
    expect((await failure(driver.push(bytes('gh')))).taken).toBe(false);
    await driver.push(bytes('gh'));
    await driver.end();
    await driver.finish();
    expect(host.text()).toBe('abcdefgh\n');
  });

  it('does not lose the rest of a chunk whose buffer is used again', async () => {
    const host = failing(1, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    const buffer = bytes('abcdefgh');
    driver.begin(source);
    await failure(driver.push(buffer));
    buffer.fill(0x21);
    await driver.end();
    await driver.finish();
    expect(host.text()).toBe('abcdefgh\n');
  });

  it('lets end and finish be repeated', async () => {
    let broken = true;
    const kept: string[] = [];
    const { driver } = drive(4, {
      onSegment: ({ bytes }) => {
        if ((broken = !broken)) kept.push(new TextDecoder().decode(bytes));
        else throw new Error('every other time');
      },
    });
    driver.begin(source);
    await driver.push(bytes('abcd'));
    expect((await failure(driver.end())).code).toBe('STORE');
    const entry = await driver.end();
    expect(await driver.end()).toEqual(entry);
    expect((await failure(driver.finish())).code).toBe('STORE');
    const first = await driver.finish();
    expect(await driver.finish()).toEqual(first);
    expect(kept.join('')).toBe('abcd\n');
    expect(first.manifest.sources).toEqual([entry]);
  });

  it('lets finish complete an end that failed', async () => {
    const host = failing(1, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    driver.begin(source);
    await driver.push(bytes('abcd'));
    await failure(driver.end());
    const { manifest } = await driver.finish();
    expect(manifest.sources).toHaveLength(1);
    expect(host.text()).toBe('abcd\n');
  });

  it('allows no more bytes once end was called', async () => {
    const host = failing(1, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    driver.begin(source);
    await driver.push(bytes('abcd'));
    await failure(driver.end());
    expect((await failure(driver.push(bytes('e')))).code).toBe('STATE');
    expect((await driver.end()).bytes).toBe(4);
  });
});

describe('a source that cannot be read on', () => {
  it('is refused with its place, can only be abandoned, and the next one counts', async () => {
    const { driver } = drive(4);
    driver.begin(source);
    const refusal = { code: 'INPUT', message: 'is no text', file: 'a.sql', line: 1, offset: 2 };
    expect(await failure(driver.push(Uint8Array.of(0x61, 0x62, 0)))).toMatchObject(refusal);
    expect(await failure(driver.push(bytes('c')))).toMatchObject(refusal);
    expect(await failure(driver.end())).toMatchObject(refusal);
    expect(await driver.abandon('no text')).toMatchObject({ path: 'a.sql', complete: false });
    driver.begin({ path: 'b.sql', role: 'tests' });
    await driver.push(bytes('x'));
    expect(await driver.end()).toMatchObject({ path: 'b.sql', complete: true });
  });

  it('drops what is left of a chunk but not the segment that waits', async () => {
    const host = failing(1, () => Promise.reject(new Error('no')));
    const { driver } = drive(4, host);
    driver.begin(source);
    await failure(driver.push(bytes('abcdefgh')));
    expect((await driver.abandon('gone')).complete).toBe(false);
    await driver.finish();
    expect(host.text()).toBe('abcd\n');
  });
});

describe('calls in the wrong state', () => {
  it('says STATE', async () => {
    const { driver } = drive(4);
    expect((await failure(driver.push(bytes('a')))).code).toBe('STATE');
    expect((await failure(driver.end())).code).toBe('STATE');
    driver.begin(source);
    expect(() => driver.begin(source)).toThrow(expect.objectContaining({ code: 'STATE', file: 'a.sql' }));
    expect((await failure(driver.finish())).code).toBe('STATE');
  });

  it('says CONFIG for a chunk that is neither bytes nor text', async () => {
    const { driver } = drive(4);
    driver.begin(source);
    expect((await failure(driver.push([1, 2] as unknown as Uint8Array))).code).toBe('CONFIG');
  });
});

describe('a trap', () => {
  it('poisons the instance: this call and every later one reject with INTERNAL', async () => {
    const { driver, machine, kept } = drive(4);
    driver.begin(source);
    const error = await failure(driver.push(Uint8Array.of(0x61, 0xff)));
    expect(error.code).toBe('INTERNAL');
    expect(error.cause).toBeInstanceOf(WebAssembly.RuntimeError);
    for (const call of [() => driver.push(bytes('a')), () => driver.end(), () => driver.finish()]) {
      expect((await failure(call())).code).toBe('INTERNAL');
    }
    expect(() => driver.memory()).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    driver.free();
    expect(machine.freed).toBe(false);
    expect(kept).toEqual([]);
  });
});

describe('an abort', () => {
  it('ends a call whose callback never settles, and every later call', async () => {
    const controller = new AbortController();
    const { driver } = drive(2, { signal: controller.signal, onSegment: () => new Promise<void>(() => {}) });
    driver.begin(source);
    const push = failure(driver.push(bytes('abc')));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await push).toMatchObject({ code: 'ABORTED', cause: reason });
    for (const call of [() => driver.push(bytes('a')), () => driver.end(), () => driver.finish()]) {
      expect((await failure(call())).code).toBe('ABORTED');
    }
    expect(() => driver.begin(source)).toThrow(expect.objectContaining({ code: 'ABORTED' }));
  });

  it('acknowledges nothing that the callback persists after it', async () => {
    const controller = new AbortController();
    let persisted = () => {};
    const onSegment = () => new Promise<void>((resolve) => (persisted = resolve));
    const { driver, machine } = drive(2, { signal: controller.signal, onSegment });
    driver.begin(source);
    const push = failure(driver.push(bytes('abc')));
    controller.abort();
    await push;
    persisted();
    await new Promise((resolve) => setImmediate(resolve));
    expect(machine.stats().segments).toBe(0);
  });
});

describe('the package on its WebAssembly module', () => {
  type Package = typeof import('../../js/index.js');
  let pkg: Package;
  let json: typeof import('../../js/reports/json.js').json;

  beforeAll(async () => {
    pkg = await import('../../js/index.js');
    ({ json } = await import('../../js/reports/json.js'));
  });

  /** Reads the sample in pieces of a size, merges it, and opens the database. */
  async function sample(pieces: number) {
    const store = new pkg.MemoryStore();
    const analyzer = new pkg.Analyzer({ onSegment: (segment) => store.put(segment) });
    for (const [path, role, content] of [
      ['schema.sql', 'schema', SCHEMA],
      ['t/a.sql', 'tests', TESTS],
    ] as const) {
      await analyzer.begin({ path, role });
      const all = bytes(content);
      for (let at = 0; at < all.length; at += pieces) await analyzer.push(all.subarray(at, at + pieces));
      await analyzer.end();
    }
    const { manifest } = await analyzer.finish();
    analyzer.free();
    return { store, manifest };
  }

  async function merged({ store, manifest }: { store: SegmentSource; manifest: Manifest }) {
    const chunks: Uint8Array[] = [];
    const summary = await pkg.merge({
      segments: [store],
      manifest,
      write: (chunk) => void chunks.push(chunk),
    });
    return { summary, database: Buffer.concat(chunks) };
  }

  async function jsonOf(database: Uint8Array): Promise<string> {
    const coverage = await pkg.Coverage.open(database);
    let all = '';
    await json.write({ coverage, source: () => undefined }, (text) => void (all += text), {
      colour: false,
      width: 80,
    });
    await coverage.close();
    return all;
  }

  it('initialises once, however often and concurrently it is asked', async () => {
    const [first, second] = [pkg.init(), pkg.init()];
    expect(second).toBe(first);
    await first;
  });

  it('finds what the tests cover and what not', async () => {
    const { summary, database } = await merged(await sample(1 << 20));
    expect(summary.complete).toBe(true);
    expect(summary.kinds.table).toMatchObject({ objects: 2, covered: 1, gap: 1, percent: 50 });
    const coverage = await pkg.Coverage.open(database);
    expect(await coverage.summary()).toEqual(summary);
    const gaps = await coverage.objects({ kind: ['table'], state: ['gap'], limit: 10 });
    expect(gaps.rows).toMatchObject([{ name: 'forgotten', defined: { file: 'schema.sql', line: 6 } }]);
    const orders = { kind: 'table', schema: 'public', name: 'orders', sub: '', args: '' };
    const evidence = await coverage.evidence(orders, { limit: 10 });
    expect(evidence.rows).toContainEqual(
      expect.objectContaining({ file: 't/a.sql', line: 3, aspect: 'exists' }),
    );
    await coverage.close();
  });

  it('gives the same database for one push, for single bytes and for text', async () => {
    const { database } = await merged(await sample(1 << 20));
    expect((await merged(await sample(1))).database).toEqual(database);
    const store = new pkg.MemoryStore();
    const analyzer = new pkg.Analyzer({ onSegment: (segment) => store.put(segment) });
    await analyzer.begin({ path: 'schema.sql', role: 'schema' });
    await analyzer.push(SCHEMA);
    await analyzer.end();
    await analyzer.begin({ path: 't/a.sql', role: 'tests' });
    for (const unit of TESTS.split('')) await analyzer.push(unit);
    await analyzer.end();
    const { manifest } = await analyzer.finish();
    expect((await merged({ store, manifest })).database).toEqual(database);
    expect(await jsonOf(database)).toContain('"forgotten"');
  });

  it('gives the same database whatever the arena, and loses nothing when every other offer fails', async () => {
    const tables = Array.from({ length: 3000 }, (_, i) => `table_with_a_rather_long_name_${i}`);
    const schema = tables.map((name) => `create table public.${name} (id integer);\n`).join('');
    const tests = tables.map((name) => `select has_table('public', '${name}', 'is there');\n`).join('');
    const read = async (arenaBytes: number, fails: boolean) => {
      const store = new pkg.MemoryStore();
      let offers = 0;
      const onSegment = (segment: Segment) => {
        if (fails && offers++ % 2 === 0) throw new Error('every other time');
        return store.put(segment);
      };
      const analyzer = new pkg.Analyzer({ onSegment, limits: { arenaBytes } });
      const insist = async <T>(call: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await call();
          } catch (error) {
            expect(error).toMatchObject({ code: 'STORE' });
          }
        }
      };
      for (const [path, role, content] of [
        ['schema.sql', 'schema', schema],
        ['tests.sql', 'tests', tests],
      ] as const) {
        await analyzer.begin({ path, role });
        await analyzer
          .push(content)
          .catch((error) => expect(error).toMatchObject({ code: 'STORE', taken: true }));
        await insist(() => analyzer.end());
      }
      const { manifest, stats } = await insist(() => analyzer.finish());
      return { ...(await merged({ store, manifest })), segments: stats.segments };
    };
    const large = await read(64 * 1024 * 1024, false);
    const small = await read(64 * 1024, true);
    expect(small.segments).toBeGreaterThan(large.segments);
    expect(large.summary.kinds.table).toMatchObject({ objects: 3000, covered: 3000 });
    expect(small.database.equals(large.database)).toBe(true);
    expect((await failure(read(1, false))).code).toBe('CONFIG');
  });

  it('turns pages without losing or doubling a row', async () => {
    const { database } = await merged(await sample(1 << 20));
    const coverage = await pkg.Coverage.open(new Blob([Uint8Array.from(database)]));
    const whole = (await coverage.objects({ limit: 1000 })).rows;
    const single = [];
    for await (const row of coverage.iterate({ limit: 1 })) single.push(row);
    expect(single).toEqual(whole);
    const together = await Promise.all([coverage.objects({ limit: 1000 }), coverage.files({ limit: 10 })]);
    expect(together[0].rows).toEqual(whole);
    expect(together[1].rows.map(({ path }) => path).sort()).toEqual(['schema.sql', 't/a.sql']);
    await coverage.close();
    expect((await failure(coverage.summary())).code).toBe('STATE');
    expect((await failure(coverage.files({ limit: 1 }))).code).toBe('STATE');
  });

  it('starts a page at any row', async () => {
    const { database } = await merged(await sample(1 << 20));
    const coverage = await pkg.Coverage.open(database);
    const whole = (await coverage.objects({ limit: 1000 })).rows;
    for (const after of whole.keys()) {
      const { rows } = await coverage.objects({ after: String(after), limit: 1 });
      expect(rows).toEqual([whole[after]]);
      const { kind } = whole[after]!;
      // what the query passes over counts, too
      const next = whole.findIndex((row, at) => at > after && row.kind === kind);
      const page = await coverage.objects({ kind: [kind], after: String(after + 1), limit: 1 });
      expect(page.rows).toEqual(next < 0 ? [] : [whole[next]]);
      if (page.next !== undefined) expect(page.next).toBe(String(next + 1));
    }
    await coverage.close();
  });

  it('gives a query up when its signal fires, and answers the next one', async () => {
    const store = new pkg.MemoryStore();
    const analyzer = new pkg.Analyzer({ onSegment: (segment) => store.put(segment) });
    await analyzer.begin({ path: 'schema.sql', role: 'schema' });
    for (let i = 0; i < 5000; i++) await analyzer.push(`CREATE TABLE t${i} ();`);
    await analyzer.end();
    const { manifest } = await analyzer.finish();
    const { database } = await merged({ store, manifest });
    const aborts = new AbortController();
    let reads = 0;
    const coverage = await pkg.Coverage.open({
      size: async () => database.length,
      read: async (offset, length) => {
        reads += 1;
        if (reads === 2) aborts.abort();
        return database.subarray(offset, offset + length);
      },
    });
    const query = { match: 'none like this', limit: 1, signal: aborts.signal };
    const given = failure(coverage.objects(query));
    const next = coverage.objects({ kind: ['table'], limit: 10_000 });
    expect((await given).code).toBe('ABORTED');
    expect((await next).rows).toHaveLength(5000);
    const before = reads;
    expect((await failure(coverage.objects(query))).code).toBe('ABORTED');
    expect(reads).toBe(before);
    await coverage.close();
  });

  it('says STATE to a call while another is in flight, and answers the getters in a callback', async () => {
    const seen: number[] = [];
    const late: Promise<unknown>[] = [];
    const analyzer: InstanceType<Package['Analyzer']> = new pkg.Analyzer({
      onSegment: () => {
        seen.push(analyzer.memory.usedBytes);
        late.push(failure(analyzer.push('x')));
        expect(() => analyzer.free()).toThrow(expect.objectContaining({ code: 'STATE' }));
      },
    });
    await analyzer.begin({ path: 'a.sql', role: 'schema' });
    await analyzer.push(SCHEMA);
    await analyzer.end();
    await analyzer.finish();
    expect(seen.length).toBeGreaterThan(0);
    for (const error of await Promise.all(late)) expect(error).toMatchObject({ code: 'STATE' });
    expect(analyzer.memory.linearBytes).toBeGreaterThanOrEqual(analyzer.memory.arenaBytes);
    analyzer.free();
    expect((await failure(analyzer.finish())).code).toBe('STATE');
    expect(() => analyzer.memory).toThrow(expect.objectContaining({ code: 'STATE' }));
  });

  it('abandons a piped source whose stream fails, and marks the coverage incomplete', async () => {
    const store = new pkg.MemoryStore();
    const analyzer = new pkg.Analyzer({ onSegment: (segment) => store.put(segment) });
    const cause = new Error('connection lost');
    let chunks = 0;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (chunks++ === 0) controller.enqueue(bytes('create table a ('));
        else controller.error(cause);
      },
    });
    const error = await failure(analyzer.pipe({ path: 'a.sql', role: 'schema' }, broken));
    expect(error).toMatchObject({ code: 'INPUT', file: 'a.sql', cause });
    await analyzer.pipe({ path: 'b.sql', role: 'schema' }, new Blob([SCHEMA]).stream());
    const { manifest } = await analyzer.finish();
    expect(manifest.sources.map(({ path, complete }) => [path, complete])).toEqual([
      ['a.sql', false],
      ['b.sql', true],
    ]);
    const { summary } = await merged({ store, manifest });
    expect(summary.complete).toBe(false);
    expect(summary.problems.join()).toContain('a.sql');
    expect(summary.kinds.table?.objects).toBe(2);
  });

  it('refuses a source that is no text with its place', async () => {
    const analyzer = new pkg.Analyzer({ onSegment: () => {} });
    await analyzer.begin({ path: 'logo.png', role: 'schema' });
    const error = await failure(analyzer.push(bytes('select 1;\n\0')));
    expect(error).toMatchObject({ code: 'INPUT', file: 'logo.png', line: 2, offset: 10 });
    expect((await analyzer.abandon('no text')).complete).toBe(false);
    await analyzer.finish();
  });

  it('names the segment that is missing, truncated or damaged', async () => {
    const whole = await sample(1 << 20);
    const [{ id, length }] = (await whole.store.list()) as [{ id: string; length: number }];
    const content = await whole.store.read(id, 0, length);
    const with_ = async (put: (store: InstanceType<Package['MemoryStore']>) => Promise<void>) => {
      const store = new pkg.MemoryStore();
      await put(store);
      return failure(merged({ store, manifest: whole.manifest }));
    };
    expect((await with_(async () => {})).code).toBe('INCOMPLETE');
    const cut = await with_((store) => store.put({ id, bytes: content.slice(0, length - 5) }));
    expect(cut).toMatchObject({ code: 'CORRUPT', file: id });
    const damaged = content.slice();
    damaged[length >> 1]! ^= 1;
    expect((await with_((store) => store.put({ id, bytes: damaged }))).code).toBe('CORRUPT');
  });

  it('refuses a database that is truncated or something else', async () => {
    const { database } = await merged(await sample(1 << 20));
    for (const bad of [
      database.subarray(0, database.length - 3),
      database.subarray(9),
      bytes('hello'),
      new Uint8Array(),
    ]) {
      expect(['CORRUPT', 'VERSION']).toContain((await failure(pkg.Coverage.open(bad))).code);
    }
    expect((await failure(pkg.Coverage.open('path' as never))).code).toBe('CONFIG');
  });

  it('aborts a merge whose store never answers', async () => {
    const { store, manifest } = await sample(1 << 20);
    const controller = new AbortController();
    const stuck = { list: () => store.list(), read: () => new Promise<Uint8Array>(() => {}) };
    const merging = pkg.merge({ segments: [stuck], manifest, write: () => {}, signal: controller.signal });
    setImmediate(() => controller.abort());
    expect((await failure(merging)).code).toBe('ABORTED');
  });
});

describe('a database behind HTTP', () => {
  const body = Buffer.from('0123456789');
  let etag = '"one"';
  let ranges = true;
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const condition = request.headers['if-range'];
    if (request.url !== '/db') return void response.writeHead(404).end();
    if (!ranges || !range || (condition && condition !== etag)) {
      return void response.writeHead(200, { ETag: etag }).end(body);
    }
    const [from, to] = [Number(range[1]), Number(range[2])];
    const headers = { ETag: etag, 'Content-Range': `bytes ${from}-${to}/${body.length}` };
    response.writeHead(206, headers).end(body.subarray(from, to + 1));
  });
  let base: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    etag = '"one"';
    ranges = true;
  });

  it('is read by range', async () => {
    const database = rangeSource(new URL('/db', base));
    expect(await database.size()).toBe(10);
    expect(new TextDecoder().decode(await database.read(3, 4))).toBe('3456');
  });

  it('must not change while it is read', async () => {
    const database = rangeSource(new URL('/db', base));
    await database.size();
    etag = '"two"';
    expect(await failure(database.read(3, 4))).toMatchObject({ code: 'INPUT', file: `${base}/db` });
  });

  it('needs ranges, a strong ETag, and to be there', async () => {
    etag = 'W/"weak"';
    expect((await failure(rangeSource(new URL('/db', base)).size())).message).toContain('ETag');
    ranges = false;
    expect((await failure(rangeSource(new URL('/db', base)).size())).message).toContain('206');
    const missing = await failure(rangeSource(new URL('/nothing', base)).size());
    expect(missing).toMatchObject({ code: 'INPUT', message: expect.stringContaining('404') });
    const nobody = await failure(rangeSource(new URL('http://127.0.0.1:1/')).size());
    expect(nobody).toMatchObject({ code: 'INPUT', file: 'http://127.0.0.1:1/' });
  });
});
