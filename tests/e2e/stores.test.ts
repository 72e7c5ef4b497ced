// The stores of browsers keep the promises that every store keeps, in a real one: OPFS in a worker, IndexedDB in a page and
// in a worker; what they keep is there after a reload, and an exceeded quota is named.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launch } from './support/browser.js';
import { serve, type Server } from './support/serve.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Answers the requests of {@link ask}: in a page or in a worker. */
const RUNNER = `
import { IndexedDbStore, OpfsStore } from './pgtap-cov/browser.js';
import { broken } from './conformance.js';
let fresh = 0;
const STORES = { IndexedDbStore, OpfsStore };
export async function answer({ store, what, name }) {
  const make = (own = name + fresh++) => new STORES[store](own);
  if (what === 'conform') return broken(() => make());
  const kept = make(name);
  if (what === 'put') return kept.put({ id: 'run-1', bytes: Uint8Array.of(1, 2, 3) });
  if (what === 'list') return kept.list();
  if (what === 'ids') {
    const codes = [];
    for (const id of ['../out', 'a/b', '', '.hidden']) {
      codes.push((await kept.put({ id, bytes: new Uint8Array() }).catch((error) => error)).code);
    }
    return codes;
  }
  // until the origin has no room
  try {
    for (let n = 0; n < 200; n++) await kept.put({ id: 'big-' + n, bytes: new Uint8Array(4 << 20).fill(n) });
    return 'no end of room';
  } catch (error) {
    const listed = await kept.list();
    return { code: error.code, message: error.message, whole: listed.every(({ length }) => length === 4 << 20) };
  }
}
`;
const WORKER = `
import { answer } from './runner.js';
addEventListener('message', async ({ data: { id, request } }) => {
  const result = await answer(request).catch((error) => ({ error: String(error), code: error.code }));
  postMessage({ id, result });
});
postMessage('ready');
`;
const PAGE = `
import { answer } from './runner.js';
const worker = new Worker('worker.js', { type: 'module' });
const waiting = new Map();
const ready = new Promise((resolve) => {
  worker.addEventListener('message', ({ data }) => (data === 'ready' ? resolve() : waiting.get(data.id)(data.result)));
});
let next = 0;
globalThis.ask = async (where, request) => {
  if (where === 'page') return answer(request);
  await ready;
  const id = next++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, request });
  });
};
`;

let site: string;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'pgtap-cov-stores-'));
  await cp(at('dist'), join(site, 'pgtap-cov'), { recursive: true });
  const source = await readFile(at('tests/js/support/conformance.ts'), 'utf8');
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const files = {
    'index.html': '<!doctype html><title>stores</title><script type="module" src="page.js"></script>',
    'conformance.js': ts.transpileModule(source, { compilerOptions: options }).outputText,
    'runner.js': RUNNER,
    'worker.js': WORKER,
    'page.js': PAGE,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(site, name), text);
  [server, browser] = await Promise.all([serve(site), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (site) await rm(site, { recursive: true });
});

interface Request {
  store: 'OpfsStore' | 'IndexedDbStore';
  what: 'conform' | 'put' | 'list' | 'ids' | 'fill';
  name: string;
}

async function ask(page: Page, where: 'page' | 'worker', request: Request): Promise<unknown> {
  await page.waitForFunction(() => 'ask' in globalThis);
  return page.evaluate(
    ([place, asked]) =>
      (globalThis as unknown as { ask(where: string, request: unknown): Promise<unknown> }).ask(place, asked),
    [where, request] as const,
  );
}

async function opened(): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.origin);
  return page;
}

test.each<[Request['store'], 'page' | 'worker']>([
  ['OpfsStore', 'worker'],
  ['IndexedDbStore', 'worker'],
  ['IndexedDbStore', 'page'],
])('%s in a %s keeps the promises of a store', async (store, where) => {
  const page = await opened();
  expect(await ask(page, where, { store, what: 'conform', name: 'conform' })).toEqual([]);
  expect(await ask(page, where, { store, what: 'ids', name: 'ids' })).toEqual(Array(4).fill('CONFIG'));
  await ask(page, where, { store, what: 'put', name: 'kept' });
  await page.reload();
  expect(await ask(page, where, { store, what: 'list', name: 'kept' })).toEqual([{ id: 'run-1', length: 3 }]);
  await page.context().close();
});

test('OpfsStore says in a page that it needs a worker', async () => {
  const page = await opened();
  const told = page.evaluate(() =>
    (globalThis as unknown as { ask(where: string, request: unknown): Promise<unknown> })
      .ask('page', { store: 'OpfsStore', what: 'put', name: 'x' })
      .then(String, (error: { code: string; message: string }) => `${error.code} ${error.message}`),
  );
  expect(await told).toMatch(/^STORE .*in a worker alone/);
  await page.context().close();
});

test.each<Request['store']>(['OpfsStore', 'IndexedDbStore'])(
  '%s names an exceeded quota and keeps what it has whole',
  async (store) => {
    const page = await opened();
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 20 << 20 });
    const told = await ask(page, 'worker', { store, what: 'fill', name: 'full' });
    expect(told).toMatchObject({ code: 'STORE', whole: true });
    expect((told as { message: string }).message).toContain('quota of the origin is exceeded');
    await page.context().close();
  },
);
