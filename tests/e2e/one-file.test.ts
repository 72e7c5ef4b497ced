import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { launch } from './support/browser.js';
import type { Report } from './support/report.js';
import { watched } from './support/watch.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EXAMPLE = at('examples/bookings');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let scratch: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What must not happen: errors, violations of the policy, requests. */
let complaints: string[];

beforeAll(async () => {
  [browser, scratch] = await Promise.all([launch(), mkdtemp(join(tmpdir(), 'pgtap-cov-one-file-'))]);
});

afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`violation of ${violatedDirective}: ${blockedURI}`),
    ),
  );
  complaints = watched(
    page,
    ({ protocol, pathname }) =>
      (protocol === 'file:' && pathname.endsWith('/viewer.html')) || /^(blob|data):/.test(protocol),
  );
});

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

test('opens from the disk with the figures, the sources and the addresses of the viewer', async () => {
  const out = join(scratch, 'example');
  await cli('scan', EXAMPLE, '--reporter', 'json', '--reporter', 'viewer', '--out', out);
  const { totals, kinds } = JSON.parse(await readFile(join(out, 'coverage.json'), 'utf8')) as Report;
  const address = pathToFileURL(join(out, 'viewer.html')).href;
  await page.goto(address);
  await page.getByTestId('summary').waitFor();
  expect(await page.locator('.project').innerText()).toBe('bookings');
  expect(await value('objects')).toBe(totals.objects);
  expect(await value('covered')).toBe(totals.covered);
  expect(await value('exercised')).toBe(totals.exercised);
  for (const [kind, { gap }] of Object.entries(kinds).filter(([, { objects }]) => objects > 0)) {
    const cell = page.locator(`[data-testid=kinds] tr[data-kind="${kind}"] [data-figure=gap]`);
    expect(Number(await cell.getAttribute('data-value')), kind).toBe(gap);
  }

  const path = 'supabase/tests/functions/020-book-room.sql';
  await page.goto(`${address}#/file?${new URLSearchParams({ path, line: '5' })}`);
  await page.reload();
  const line = (await readFile(join(EXAMPLE, path), 'utf8')).split('\n')[4]!;
  await expect.poll(() => page.locator('.cm-shown').innerText()).toBe(line);
  await expect.poll(() => page.locator('.cm-sign').count()).toBeGreaterThan(1);
});

test('keeps names and sources that look like markup as text', async () => {
  const folder = join(scratch, 'hostile <!--<script>');
  const hostile = '</script><script>window.hacked=1</script><!--';
  await mkdir(join(folder, 'migrations'), { recursive: true });
  const schema = `CREATE TABLE "${hostile}" (id int); -- ${hostile}\n`;
  await writeFile(join(folder, 'migrations/1.sql'), schema);
  const database = join(scratch, 'hostile.pgtapcov');
  await cli('scan', folder, '--database', database);
  const html = await cli('report', database, '--root', folder, '--reporter', 'viewer');
  const file = join(scratch, 'viewer.html');
  await writeFile(file, html);
  const query = new URLSearchParams({ kind: 'table', schema: 'public', name: hostile });
  await page.goto(`${pathToFileURL(file).href}#/object?${query}`);
  await page.locator('[data-testid=verdict][data-state=gap]').waitFor();
  await expect.poll(() => page.locator('.cm-shown').innerText()).toBe(schema.trimEnd());
  expect(await page.locator('.project').innerText()).toBe('hostile.pgtapcov');

  await writeFile(file, await cli('scan', folder, '--reporter', 'viewer'));
  await page.reload();
  await page.locator('.project', { hasText: 'hostile <!--<script>' }).waitFor();
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});

test('is refused where the sources are too large, with the remedy', async () => {
  const folder = join(scratch, 'large');
  await mkdir(join(folder, 'migrations'), { recursive: true });
  const comment = `-- ${'x'.repeat(1020)}\n`;
  await writeFile(join(folder, 'migrations/1.sql'), `CREATE TABLE t ();\n${comment.repeat(33 * 1024)}`);
  const refused = await cli('scan', folder, '--reporter', 'viewer').then(
    () => undefined,
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  expect(refused?.code).toBe(2);
  expect(refused?.stdout).toBe('');
  expect(refused?.stderr).toMatch(/error: LIMIT: .* use pgtap-cov view/);
});

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [at('dist/cli/main.js'), ...args], {
    maxBuffer: 1 << 28,
  });
  return stdout;
}

async function value(id: string): Promise<number> {
  return Number(await page.getByTestId(id).getAttribute('data-value'));
}
