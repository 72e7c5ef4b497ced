import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyzer } from '../../js/index.js';
import { FileRange, NewFile, streamFile } from '../../js/files.js';
import { FsStore } from '../../js/stores/fs.js';
import { MemoryStore } from '../../js/stores/memory.js';
import type { SegmentStore } from '../../js/types.js';
import { PROMISES } from './support/conformance.js';

let directory: string;
let fresh = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgtap-cov-stores-'));
});
afterAll(() => rm(directory, { recursive: true }));

const stores: [string, () => SegmentStore][] = [
  ['MemoryStore', () => new MemoryStore()],
  ['FsStore', () => new FsStore(join(directory, `store-${fresh++}`))],
];

// those of browsers: tests/e2e/stores.test.ts
describe.each(stores)('%s', (_, make) => {
  it.each(Object.entries(PROMISES))('%s', (_name, promise) => promise(make));
});

describe('FsStore', () => {
  it('takes no id that is not a plain file name', async () => {
    const store = new FsStore(join(directory, 'ids'));
    for (const id of ['../out', 'a/b', 'a\\b', '', '.', '..', '.hidden', 'a\0', 'x'.repeat(200)]) {
      await expect(store.put({ id, bytes: new Uint8Array() })).rejects.toMatchObject({ code: 'CONFIG' });
      await expect(store.read(id, 0, 0)).rejects.toMatchObject({ code: 'CONFIG' });
      await expect(store.remove(id)).rejects.toMatchObject({ code: 'CONFIG' });
    }
  });

  it('leaves nothing beside the segment, and lists no half-written one', async () => {
    const store = new FsStore(join(directory, 'half'));
    await store.put({ id: 'run-1', bytes: Uint8Array.of(1) });
    expect(await readdir(store.directory)).toEqual(['run-1.segment']);
    await writeFile(join(store.directory, 'run-2.crashed.partial'), 'x');
    expect((await store.list()).map(({ id }) => id)).toEqual(['run-1']);
  });

  it('says STORE with the path when the directory cannot be', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const put = new FsStore(join(file, 'below')).put({ id: 'run-1', bytes: new Uint8Array() });
    await expect(put).rejects.toMatchObject({ code: 'STORE', file: expect.stringContaining('a-file') });
  });

  it('is named with its path by a scan that cannot keep its segments', async () => {
    const file = join(directory, 'no-folder');
    await writeFile(file, '');
    const store = new FsStore(join(file, 'below'));
    const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment) });
    await analyzer.begin({ path: 'a.sql', role: 'schema' });
    await analyzer.push('create table t (id int);');
    await analyzer.end();
    const finish = analyzer.finish();
    await expect(finish).rejects.toMatchObject({ code: 'STORE', file: expect.stringContaining(file) });
    analyzer.free();
  });
});

describe('files', () => {
  it('reads ranges and names the file in errors', async () => {
    const path = join(directory, 'range');
    await writeFile(path, 'abcdef');
    const range = await FileRange.open(path);
    expect(await range.size()).toBe(6);
    expect(new TextDecoder().decode(await range.read(2, 3))).toBe('cde');
    await truncate(path, 3);
    await expect(range.read(2, 3)).rejects.toMatchObject({ code: 'INPUT', file: path });
    await range.close();
    const missing = FileRange.open(join(directory, 'missing'));
    await expect(missing).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining('no such file'),
    });
    await expect(FileRange.open(directory)).rejects.toMatchObject({ code: 'INPUT', file: directory });
  });

  it('streams a file to its end', async () => {
    const path = join(directory, 'stream');
    const text = Array.from({ length: 300_000 }, (_, n) => `${n}\n`).join('');
    await writeFile(path, text);
    const lengths: number[] = [];
    let read = '';
    for await (const chunk of await streamFile(path)) {
      lengths.push(chunk.length);
      read += Buffer.from(chunk).toString();
    }
    expect(read === text).toBe(true);
    expect(lengths.slice(0, 2)).toEqual([64 * 1024, 512 * 1024]);
    await expect(streamFile(join(directory, 'missing'))).rejects.toThrow('no such file or directory');
  });

  it('shows a new file under its name only once it is committed', async () => {
    const path = join(directory, 'new', 'file');
    const file = await NewFile.create(path);
    await file.write('one');
    await file.write(new TextEncoder().encode('two'));
    expect(await readdir(join(directory, 'new'))).not.toContain('file');
    await file.commit();
    expect(await readdir(join(directory, 'new'))).toEqual(['file']);
    const range = await FileRange.open(path);
    expect(new TextDecoder().decode(await range.read(0, 6))).toBe('onetwo');
    await range.close();
    const dropped = await NewFile.create(join(directory, 'new', 'dropped'));
    await dropped.discard();
    expect(await readdir(join(directory, 'new'))).toEqual(['file']);
  });
});
