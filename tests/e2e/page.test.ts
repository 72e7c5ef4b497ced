import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Report } from './support/report.js';
import { launch } from './support/browser.js';
import { serve, type Server } from './support/serve.js';
import { watched } from './support/watch.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EXAMPLE = at('examples/bookings');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: Server;
let browser: Browser;
let expected: Report;
let scratch: string;

let context: BrowserContext;
let page: Page;
/** What must not happen: errors on the console, violations of the policy, requests to elsewhere, failed requests. */
let complaints: string[];

beforeAll(async () => {
  [server, browser, expected, scratch] = await Promise.all([
    serve(at('build/www')),
    launch(),
    reportOf(EXAMPLE),
    mkdtemp(join(tmpdir(), 'pgtap-cov-e2e-')),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (scratch) await rm(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  complaints = watched(page, ({ origin }) => origin === server.origin);
  context.on('response', (response) => {
    if (!response.ok()) complaints.push(`${response.status()} for ${response.url()}`);
  });
  await page.goto(server.origin);
});

afterEach(async () => {
  await context.close();
  expect([...complaints, ...server.violations.splice(0)]).toEqual([]);
});

test('the example has the figures of the command line', async () => {
  await page.getByTestId('example').click();
  await page.getByTestId('summary').waitFor();
  await expectReport(expected);
});

test('a chosen folder has the figures of the command line', async () => {
  await choose(EXAMPLE);
  await page.getByTestId('summary').waitFor();
  await expectReport(expected);
});

test('a dropped folder has the figures of the command line', async () => {
  await drop(EXAMPLE);
  await page.getByTestId('summary').waitFor();
  await expectReport(expected);
});

test('a file that is no text is named, the rest is counted, and the page goes on', async () => {
  const folder = await project('binary', {
    'supabase/migrations/1_app.sql': 'CREATE TABLE app_users (id int PRIMARY KEY);\n',
    'supabase/tests/010_good.sql': "SELECT col_is_pk('app_users', 'id');\n",
    'supabase/tests/020_binary.sql': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x0a, 0x00, 0xff]),
  });
  await choose(folder);
  const error = page.getByTestId('error');
  await error.waitFor();
  expect(await error.getAttribute('data-file')).toBe('supabase/tests/020_binary.sql');
  expect(await error.getAttribute('data-code')).toBe('INPUT');
  expect(await error.innerText()).toContain('supabase/tests/020_binary.sql');
  expect(await page.getByTestId('summary').getAttribute('data-complete')).toBe('false');
  await expectReport(await reportOf(folder, 3));

  await page.getByTestId('close').click();
  await page.getByTestId('example').click();
  await page.locator('[data-testid=summary][data-complete=true]').waitFor();
  await expectReport(expected);
});

test('a layout that its configuration tells has the figures of the command line', async () => {
  const sqitch = await project('planned', {
    'sqitch.conf': '[core]\nengine = pg\ntop_dir = db\nextension = ddl\n',
    'db/sqitch.plan': 'rooms\n@v1\nmore [rooms]\n',
    'db/deploy/more.ddl': 'ALTER TABLE rooms RENAME TO halls;\n',
    'db/deploy/rooms.ddl': 'CREATE TABLE rooms ();\n',
    'db/t/halls.sql': "SELECT has_table('halls');\n",
  });
  await choose(sqitch);
  await page.getByTestId('summary').waitFor();
  expect(await page.getByTestId('layout').innerText()).toContain(
    'sqitch: schema from db/sqitch.plan (2 files)',
  );
  await expectReport(await reportOf(sqitch));
});

test('the undoing part of a migration is no schema, as on the command line', async () => {
  const dbmate = await project('two-ways', {
    'db/migrations/1_a.sql': '-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n',
    'db/schema.sql': 'CREATE TABLE dumped ();\n',
    'db/tests/a.sql': "SELECT has_table('a');\n",
  });
  await choose(dbmate);
  await page.getByTestId('summary').waitFor();
  const report = await reportOf(dbmate);
  expect(report.objects.map(({ name, state }) => `${name} ${state}`)).toEqual(['a asserted']);
  await expectReport(report);
});

test('a configuration that cannot be followed is named with its line', async () => {
  await choose(await project('led-astray', { 'sqitch.conf': '[core]\ntop_dir = ../..\n', 'a.sql': '' }));
  const error = page.getByTestId('failure').getByTestId('error');
  await error.waitFor();
  expect(await error.getAttribute('data-code')).toBe('CONFIG');
  expect(await error.innerText()).toContain('sqitch.conf:2');
});

test('a folder without a schema is named, and the page goes on', async () => {
  await choose(await project('nothing-here', { 'notes.sql': 'SELECT 1;\n', 'readme.md': 'no sql\n' }));
  const error = page.getByTestId('failure').getByTestId('error');
  await error.waitFor();
  expect(await error.getAttribute('data-code')).toBe('CONFIG');
  expect(await error.innerText()).toContain('nothing-here');

  await page.getByTestId('example').click();
  await page.getByTestId('summary').waitFor();
  await expectReport(expected);
});

test('progress is shown, cancel ends the work, and the page goes on', async () => {
  const statement =
    "SELECT is((SELECT count(*) FROM app_users WHERE name = 'someone'), 0::bigint, 'none');\n";
  const folder = await project('long', {
    'supabase/migrations/1_app.sql': 'CREATE TABLE app_users (id int PRIMARY KEY, name text);\n',
    'supabase/tests/long.sql': statement.repeat(Math.ceil(4e6 / statement.length)),
  });
  // Clicked by the page itself as soon as it shows that bytes were read, so that no scan is too fast for it.
  const progress = page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!document.querySelector('[data-testid=progress] progress[value]:not([value="0"])')) return;
          observer.disconnect();
          resolve(document.querySelector<HTMLElement>('[data-testid=progress]')!.innerText);
          document.querySelector<HTMLButtonElement>('[data-testid=cancel]')!.click();
        });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
      }),
  );
  await choose(folder);
  expect(await progress).toMatch(/Files\s+\d of 2\s+Read\s+\S+ k?M?B of 4\.0 MB/);
  await expect.poll(() => page.getByTestId('status').innerText()).toContain('Cancelled');
  expect(await page.getByTestId('page').getAttribute('data-state')).toBe('empty');
  // The browser lets a worker end the piece of work that it is at, for seconds where the machine is busy.
  await expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(0);

  await page.getByTestId('example').click();
  await page.getByTestId('summary').waitFor();
  await expectReport(expected);
});

test('hostile names stay text', async () => {
  const markup = '<img src=x onerror="window.hacked=1">';
  const quoted = `"${markup.replaceAll('"', '""')}"`;
  const folder = await project('hostile', {
    'supabase/migrations/1_app.sql': [
      `CREATE TABLE public.${quoted} ("__proto__" int, "constructor" text);`,
      'CREATE TABLE public."__proto__" (id int);',
      'CREATE TABLE "constructor" ("toString" int);',
      'CREATE TABLE public."\u202egnp.exe" (id int);',
    ].join('\n'),
    'supabase/tests/<img src=x onerror=hacked=1>.sql': [
      `SELECT has_table('public', 'gone ${markup}', 'x');`,
      `SELECT has_view('public', '<script>window.hacked=1</script>', 'x');`,
    ].join('\n'),
  });
  await choose(folder);
  await page.getByTestId('summary').waitFor();
  await expectReport(await reportOf(folder));
  await tab('gaps');
  const names = (await uncovered()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([markup, '__proto__', 'constructor', '\u202egnp.exe']));
  await tab('gaps');
  await page.locator('[data-testid=gaps] tbody tr').first().waitFor();
  const objects = await page.locator('[data-testid=gaps] .object').allInnerTexts();
  expect(objects).toEqual(
    expect.arrayContaining([`public.${markup}`, 'public.__proto__', 'public.\\u{202e}gnp.exe']),
  );
  await tab('blind');
  await page.locator('[data-testid=stale] tbody tr').first().waitFor();
  const stale = await page.locator('[data-testid=stale] .object').allInnerTexts();
  expect(stale).toEqual(
    expect.arrayContaining([`public.gone ${markup}`, 'public.<script>window.hacked=1</script>']),
  );
  expect(await page.locator('#app img, #app script').count()).toBe(0);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});

/** A folder with these files, whose own name is the given one. */
async function project(name: string, files: Record<string, string | Buffer>): Promise<string> {
  const folder = join(scratch, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

async function choose(folder: string): Promise<void> {
  await page.getByTestId('folder').setInputFiles(folder);
}

/** A drop as the browser gets it from the desktop. */
async function drop(folder: string): Promise<void> {
  // before it listens, Chromium opens what is dropped
  await page.getByTestId('example').waitFor();
  const session = await context.newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  }
}

/** What the command line reports about a project. */
async function reportOf(folder: string, status = 0): Promise<Report> {
  const args = [at('dist/cli/main.js'), 'scan', folder, '--reporter', 'json'];
  const run = promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
  const failed = (error: { stdout: string; code: number }) => error;
  const { stdout, code } = await run.then((done) => ({ ...done, code: 0 }), failed);
  expect(code, `exit status of ${args.join(' ')}`).toBe(status);
  return JSON.parse(stdout) as Report;
}

/** Holds the page against a report of the command line: totals, kinds, what is not covered, stale, diagnostics, files. */
async function expectReport(report: Report): Promise<void> {
  const { objects, covered, exercised, percent } = report.totals;
  expect({
    objects: await value('[data-testid=objects]'),
    covered: await value('[data-testid=covered]'),
    exercised: await value('[data-testid=exercised]'),
    percent: await number('[data-testid=covered]', 'data-percent'),
  }).toEqual({ objects, covered, exercised, percent });
  expect(await page.getByTestId('headline').innerText()).toContain(`${percent!.toFixed(1)} %`);
  expect(await page.getByTestId('covered').innerText()).toContain(`${percent!.toFixed(1)} %`);
  expect(await kinds()).toEqual(
    Object.fromEntries(Object.entries(report.kinds).filter(([, { objects }]) => objects > 0)),
  );
  await tab('gaps');
  expect(sorted(await uncovered())).toEqual(
    sorted(
      report.objects
        .filter(({ state }) => state === 'gap' || state === 'declared')
        .map(({ kind, schema, name, sub, args, state, defined: { file, line } }) => ({
          ...{ kind, schema, name, sub, args, state, file, line: String(line) },
        })),
    ),
  );
  const risks = report.objects.filter(({ state, risk }) => risk && (state === 'gap' || state === 'declared'));
  await expect
    .poll(async () => sorted(await rows('risks', ['kind', 'name'])))
    .toEqual(sorted(risks.map(({ kind, name }) => ({ kind, name }))));
  await tab('blind');
  expect(sorted(await rows('stale', ['kind', 'schema', 'name', 'sub', 'file', 'line']))).toEqual(
    sorted(
      report.stale.map(({ kind, schema, name, sub, file, line }) => ({
        ...{ kind, schema, name, sub, file, line: String(line) },
      })),
    ),
  );
  const notes = page.getByTestId('notes');
  if ((await notes.count()) > 0) await notes.check();
  expect(sorted(await rows('diagnostics', ['code', 'file', 'line']))).toEqual(
    sorted(report.diagnostics.map(({ code, file, line }) => ({ code, file, line: String(line) }))),
  );
  await tab('tests');
  expect(await rows('files', ['path', 'role', 'assertions'])).toEqual(
    report.files.map(({ path, role, assertions }) => ({ path, role, assertions: String(assertions) })),
  );
}

async function tab(view: string): Promise<void> {
  await page.locator(`.tabs a[data-tab=${view}]`).click();
  await page.locator(`.tabs a[data-tab=${view}][aria-current=page]`).waitFor();
}

async function uncovered(): Promise<Record<string, string>[]> {
  return rows('gaps', ['kind', 'schema', 'name', 'sub', 'args', 'state', 'file', 'line']);
}

/** The data attributes of the rows of all lists of this name, once all pages of them are shown. */
async function rows(list: string, keys: string[]): Promise<Record<string, string>[]> {
  const all = [];
  const sections = page.locator('section').filter({ has: page.getByTestId(list) });
  for (let i = 0; i < (await sections.count()); i += 1)
    all.push(...(await rowsIn(sections.nth(i), list, keys)));
  return all;
}

async function rowsIn(section: Locator, list: string, keys: string[]): Promise<Record<string, string>[]> {
  const more = section.getByRole('button', { name: 'Show more' });
  const loaded = section.getByTestId(list).locator('tbody tr');
  for (;;) {
    // Both figures are drawn together, so a list that is complete has no button.
    await expect.poll(async () => (await more.count()) > 0 || (await loaded.count()) > 0).toBe(true);
    if ((await more.count()) === 0) break;
    const before = await loaded.count();
    await more.click();
    await expect.poll(() => loaded.count()).toBeGreaterThan(before);
  }
  return loaded.evaluateAll(
    (elements, keys) =>
      elements.map((element) =>
        Object.fromEntries(keys.map((key) => [key, (element as HTMLElement).dataset[key] ?? ''])),
      ),
    keys,
  );
}

async function kinds(): Promise<Record<string, Record<string, number | null>>> {
  const found = await page.locator('[data-testid=kinds] tr[data-kind]').evaluateAll((elements) =>
    elements.map((row) => {
      const cells = Array.from(row.querySelectorAll<HTMLElement>('[data-figure]'));
      const figures = cells.map(({ dataset }) => [
        dataset.figure,
        dataset.value === undefined ? null : Number(dataset.value),
      ]);
      return [(row as HTMLElement).dataset.kind, Object.fromEntries(figures)];
    }),
  );
  const { total: _, ...kinds } = Object.fromEntries(found);
  return kinds;
}

function value(selector: string): Promise<number | null> {
  return number(selector, 'data-value');
}

async function number(selector: string, attribute: string): Promise<number | null> {
  const text = await page.locator(selector).getAttribute(attribute);
  return text === null ? null : Number(text);
}

function sorted<T extends object>(list: T[]): T[] {
  return list
    .map((row) => [JSON.stringify(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row);
}
