/** What the server of `pgtap-cov view` answers, and whom. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanProject } from '../../js/scan-project.js';
import { ask, view, type Answer } from '../e2e/support/view.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EXAMPLE = at('examples/bookings');
const DATABASES = ['coverage.pgtapcov', 'base.pgtapcov'] as const;
const SOURCE = 'supabase/tests/090-smoke.sql';

let scratch: string;
const bytes: Record<string, Buffer> = {};
let port: number;
/** The path below which all is served: it holds the token. */
let home: string;
let end: AbortController;
let status: Promise<number>;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-view-test-'));
  const [database, base] = [join(scratch, 'head.ptc'), join(scratch, 'base.ptc')];
  await (await scanProject(EXAMPLE, { database })).close();
  await (await scanProject(EXAMPLE, { database: base, tests: ['supabase/tests/schema/*.sql'] })).close();
  bytes['coverage.pgtapcov'] = await readFile(database);
  bytes['base.pgtapcov'] = await readFile(base);
  let address: string;
  [address, status, end] = await view(database, EXAMPLE, base);
  port = Number(new URL(address).port);
  home = new URL(address).pathname;
});

afterAll(async () => {
  end?.abort();
  expect(await status).toBe(0);
  await rm(scratch, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => ask(port, path, headers);
const source = (path: string) => `${home}source?${new URLSearchParams({ path })}`;
const endpoints = () => [home, `${home}index.html`, source(SOURCE), ...DATABASES.map((name) => home + name)];

/** What every answer says, a refusal too. */
function expectHeaders({ headers }: Answer): void {
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['access-control-allow-origin']).toBeUndefined();
}

describe('every address', () => {
  it('is answered to those who know it, with the headers that hold the page in', async () => {
    for (const path of endpoints()) {
      const answer = await get(path);
      expect(answer.status, path).toBe(200);
      expect(answer.body.length, path).toBeGreaterThan(0);
      expectHeaders(answer);
      const head = await ask(port, path, {}, 'HEAD');
      expect([head.status, head.body.length, head.headers['content-length']]).toEqual([
        200,
        0,
        String(answer.body.length),
      ]);
    }
  });

  it('is refused to other names of this machine, and to names that were made to point here', async () => {
    const names = [
      `evil.example:${port}`,
      `localhost:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `[::1]:${port}`,
    ];
    for (const path of endpoints()) {
      for (const Host of names) {
        const answer = await get(path, { Host });
        expect([answer.status, answer.body.length], `${Host} ${path}`).toEqual([403, 0]);
        expectHeaders(answer);
      }
    }
  });

  it('is not there without the token, or with another one', async () => {
    const token = home.split('/')[1]!;
    const wrong = [
      `${token.slice(0, -1)}`,
      `${token}x`,
      'x'.repeat(token.length),
      token.toLowerCase() + token,
    ];
    for (const path of endpoints()) {
      for (const other of wrong) {
        const answer = await get(path.replace(token, other));
        expect([answer.status, answer.body.length], `${other} ${path}`).toEqual([404, 0]);
        expectHeaders(answer);
      }
      expect((await get(path.replace(`/${token}`, ''))).status).toBe(404);
    }
  });

  it('is only read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      for (const path of endpoints()) {
        const answer = await ask(port, path, {}, method);
        expect(answer.status, `${method} ${path}`).toBe(405);
        expectHeaders(answer);
      }
    }
  });
});

describe('what lies elsewhere', () => {
  it('is not reached by any spelling of a path', async () => {
    const paths = [
      '../package.json',
      '..%2fpackage.json',
      '%2e%2e/%2e%2e/package.json',
      '..%5c..%5cpackage.json',
      'assets/../../package.json',
      'assets/..%2f..%2f..%2fpackage.json',
      '%2fetc%2fpasswd',
      '/etc/passwd',
      'base.pgtapcov/../../package.json',
      'index.html%00.js',
      '%',
      '%c0%ae%c0%ae/package.json',
    ];
    for (const path of paths) {
      const answer = await get(home + path);
      expect([400, 404], path).toContain(answer.status);
      expect(answer.body.length, path).toBe(0);
      expectHeaders(answer);
    }
  });

  it('is no source, listed ones apart', async () => {
    expect((await get(source(SOURCE))).body).toEqual(await readFile(join(EXAMPLE, SOURCE)));
    const others = [
      '',
      '../../package.json',
      'supabase/config.toml',
      'README.md',
      '/etc/passwd',
      join(EXAMPLE, SOURCE),
      `./${SOURCE}`,
      `supabase/../${SOURCE}`,
      `${SOURCE}\0`,
    ];
    for (const path of others) {
      const answer = await get(source(path));
      expect([answer.status, answer.body.length], path).toEqual([404, 0]);
    }
    expect((await get(`${home}source`)).status).toBe(404);
  });

  it('is no base where none was given', async () => {
    const [address, status, end] = await view(join(scratch, 'head.ptc'), EXAMPLE);
    const { port, pathname } = new URL(address);
    expect((await ask(Number(port), `${pathname}coverage.pgtapcov`)).status).toBe(200);
    expect((await ask(Number(port), `${pathname}base.pgtapcov`)).status).toBe(404);
    end.abort();
    expect(await status).toBe(0);
  });
});

describe.each(DATABASES)('the range endpoint %s', (name) => {
  const range = (Range: string, more = {}) => get(home + name, { Range, ...more });

  it('gives the whole database, and any part of it', async () => {
    const all = bytes[name]!;
    const whole = await get(home + name);
    expect(whole.body.equals(all)).toBe(true);
    expect(whole.headers['accept-ranges']).toBe('bytes');
    const etag = String(whole.headers['etag']);
    expect(etag).toMatch(/^"[^"]+"$/);
    const { length } = all;
    for (const [asked, from, to] of [
      ['bytes=5-9', 5, 9],
      ['bytes=0-0', 0, 0],
      [`bytes=${length - 3}-`, length - 3, length - 1],
      [`bytes=7-${length + 1000}`, 7, length - 1],
    ] as const) {
      const part = await range(asked, { 'If-Range': etag });
      expect([part.status, part.headers['content-range'], part.headers['etag']]).toEqual([
        206,
        `bytes ${from}-${to}/${length}`,
        etag,
      ]);
      expect(part.body.equals(all.subarray(from, to + 1)), asked).toBe(true);
      expectHeaders(part);
    }
  });

  it('says 416 to a range that is not there', async () => {
    const { length } = bytes[name]!;
    for (const asked of [
      `bytes=${length}-`,
      `bytes=${length + 5}-${length + 9}`,
      'bytes=9-5',
      `bytes=${'9'.repeat(30)}-`,
    ]) {
      const answer = await range(asked);
      expect([answer.status, answer.headers['content-range'], answer.body.length], asked).toEqual([
        416,
        `bytes */${length}`,
        0,
      ]);
      expectHeaders(answer);
    }
  });

  it('gives all where a range is none that it knows, or is one of another version', async () => {
    const { length } = bytes[name]!;
    for (const asked of ['bytes=-5', 'bytes=1-2,5-6', 'items=1-2', 'bytes=a-b', '']) {
      const answer = await range(asked);
      expect([answer.status, answer.body.length], asked).toEqual([200, length]);
    }
    const old = await range('bytes=5-9', { 'If-Range': '"old"' });
    expect([old.status, old.body.length]).toEqual([200, length]);
  });

  it('is another one than that beside it', async () => {
    const tags = await Promise.all(DATABASES.map(async (one) => (await get(home + one)).headers['etag']));
    expect(tags[0]).not.toBe(tags[1]);
  });
});
