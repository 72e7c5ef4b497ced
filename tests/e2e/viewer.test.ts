import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDatabase, scanProject } from '../../js/scan-project.js';
import { diff } from '../../js/diff.js';
import { draftTests } from '../../js/drafts/draft.js';
import type { CoveredObject, MatrixRow, Summary } from '../../js/types.js';
import { launch } from './support/browser.js';
import { serve, type Server } from './support/serve.js';
import { view } from './support/view.js';
import { watched } from './support/watch.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EXAMPLE = at('examples/bookings');
const AXE = readFileSync(at('node_modules/axe-core/axe.min.js'), 'utf8');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let scratch: string;
let database: string;
/** The same schema with fewer tests. */
let fewer: string;
let summary: Summary;
let objects: CoveredObject[];
let cells: MatrixRow[];
let browser: Browser;
let page: Page;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  browser = await launch();
  scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-viewer-'));
  database = join(scratch, 'example.pgtapcov');
  const scanned = await scanProject(EXAMPLE, { database });
  summary = scanned.summary;
  objects = [];
  for await (const object of scanned.coverage.iterate()) objects.push(object);
  cells = (await scanned.coverage.matrix({ limit: 1000 })).rows;
  await scanned.close();
  fewer = join(scratch, 'fewer.pgtapcov');
  await (await scanProject(EXAMPLE, { database: fewer, tests: ['supabase/tests/schema/*.sql'] })).close();
});

afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  complaints = watched(page, ({ hostname }) => hostname === '127.0.0.1');
});

afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

describe('a database that the command line serves', () => {
  let address: string;
  let end: AbortController;
  let status: Promise<number>;

  beforeAll(async () => {
    [address, status, end] = await view(database, EXAMPLE);
  });

  afterAll(async () => {
    end.abort();
    expect(await status).toBe(0);
  });

  test('has its figures, and is read by range', async () => {
    const ranges: (string | null)[] = [];
    context.on('request', async (asked) => {
      if (asked.url().endsWith('/coverage.pgtapcov')) ranges.push(asked.headers()['range'] ?? null);
    });
    await page.goto(address);
    await page.getByTestId('summary').waitFor();
    expect(await figures()).toEqual(wanted(summary));
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges).not.toContain(null);
  });

  test('shows all objects, those that a text, a regular expression, a kind and a state choose', async () => {
    await page.goto(`${address}#/objects`);
    const total = objects.length;
    await expect.poll(() => found()).toBe(total);
    // only what is in view is drawn
    const drawn = await page.locator('[data-index]').count();
    expect(drawn).toBeGreaterThan(10);
    expect(drawn).toBeLessThan(80);
    // and a name has room on every screen
    for (const width of [390, 700, 1000, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const name = await page.locator('[data-index="3"] .name').boundingBox();
      expect(name!.width, `${width} pixels`).toBeGreaterThan(150);
    }

    const like = (test: (path: string) => boolean) =>
      objects.filter(({ schema, name, sub }) => test([schema, name, sub].filter(Boolean).join('.'))).length;
    await page.getByTestId('filter').fill('BOOKING');
    await expect.poll(() => found()).toBe(like((path) => path.includes('booking')));
    await page.getByTestId('filter').fill('app.b');
    await expect.poll(() => found()).toBe(like((path) => path.includes('app.b')));
    await page.getByRole('checkbox').check();
    await page.getByTestId('filter').fill('^app\\.(memberships|plans)(\\.|$)');
    await expect.poll(() => found()).toBe(like((path) => /^app\.(memberships|plans)(\.|$)/.test(path)));
    await page.getByTestId('kind').selectOption('policy');
    await page.getByRole('button', { name: 'gap', exact: true }).click();
    const chosen = objects.filter(
      ({ kind, schema, name, state }) =>
        kind === 'policy' && schema === 'app' && /^(memberships|plans)$/.test(name) && state === 'gap',
    );
    expect(chosen.length).toBeGreaterThan(0);
    await expect.poll(() => found()).toBe(chosen.length);

    // the address alone brings it back
    await page.reload();
    await expect.poll(() => found()).toBe(chosen.length);
    await page.getByTestId('filter').fill('(');
    await page.getByRole('alert').waitFor();
  });

  test('is walked through with the keys to its last object', async () => {
    await page.goto(`${address}#/objects`);
    await page.locator('[data-index="0"] a').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => focusedRow()).toBe('1');
    await page.keyboard.press('End');
    await expect.poll(() => focusedRow()).toBe(String(objects.length - 1));
    await page.keyboard.press('Enter');
    await page.getByTestId('object').waitFor();
    await page.goBack();
    await page.getByTestId('long').waitFor();
  });

  test('has a page for each object, with evidence that leads to the line of the test', async () => {
    const object = objects.find(({ name, kind }) => name === 'book_room' && kind === 'function')!;
    await page.goto(`${address}${objectHash(object)}`);
    await page.locator('[data-testid=verdict][data-state=exercised]').waitFor();
    await page.getByText('create function app.book_room(').waitFor();
    const rows = page.locator('[data-testid=evidence] tbody tr');
    await expect.poll(() => rows.count()).toBe(object.places);
    const { file, line } = (await rows.first().evaluate((row) => ({ ...(row as HTMLElement).dataset }))) as {
      [key: string]: string;
    };
    await rows.first().getByRole('link').click();
    await page.getByTestId('file').waitFor();
    const text = readFileSync(join(EXAMPLE, file!), 'utf8').split('\n')[Number(line) - 1]!;
    await expect.poll(() => page.locator('.cm-shown').innerText()).toBe(text);
    // what the line tests, and signs at all lines that test something
    const marks = page.locator('[data-testid=marks] tbody tr');
    await expect.poll(async () => (await marks.allInnerTexts()).join()).toContain('app.book_room');
    expect(
      new Set(await marks.evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.line))),
    ).toEqual(new Set([line]));
    expect(await page.locator('.cm-sign-behavior').count()).toBeGreaterThan(0);
    await page.goBack();
    await page.locator('[data-testid=verdict]').waitFor();
    await page.goForward();
    await page.getByTestId('file').waitFor();
  });

  test('tells every object by its address', async () => {
    await page.goto(address);
    await page.getByTestId('summary').waitFor();
    for (const object of objects.filter((_, i) => i % 17 === 0)) {
      await page.evaluate((hash) => (location.hash = hash), objectHash(object));
      await page.locator('.object-page h2 code', { hasText: object.sub || object.name }).waitFor();
      const verdict = page.getByTestId('verdict');
      await expect.poll(() => verdict.getAttribute('data-state')).toBe(object.state);
    }
  });

  test('zooms into the treemap by click and key, and back', async () => {
    await page.goto(address);
    const tile = (label: string) => page.locator(`[data-testid=treemap] a[data-label="${label}"]`);
    await page.locator('[data-testid=treemap] a.group[data-label=app]').click({ position: { x: 8, y: 8 } });
    await page.locator('.crumbs b', { hasText: 'app' }).waitFor();
    await tile('rooms').focus();
    await page.keyboard.press('Enter');
    await page.locator('.crumbs b', { hasText: 'rooms' }).waitFor();
    const inside = objects.filter(({ schema, name }) => schema === 'app' && name === 'rooms').length;
    await expect.poll(() => page.locator('[data-testid=treemap] svg a').count()).toBe(inside);
    await page.goBack();
    await page.goBack();
    await page.locator('[data-testid=treemap] a.group[data-label=app]').waitFor();
  });

  test('shows every cell of the access matrix, its places, and what nobody is refused', async () => {
    await page.goto(`${address}#/access`);
    const shown = page.locator('[data-testid=matrix] button[data-outcome]');
    await expect.poll(() => shown.count()).toBe(cells.length);
    const outcomes = await shown.evaluateAll((all) =>
      all.map((cell) => ({ ...(cell as HTMLElement).dataset }) as Record<string, string>),
    );
    const key = (cell: { command?: string; role?: string; persona?: string; outcome?: string }) =>
      [cell.command, cell.role, cell.persona, cell.outcome].join(' ');
    expect(outcomes.map(key).sort()).toEqual(cells.map(key).sort());

    await shown.first().click();
    await expect.poll(() => page.locator('.detail .place').count()).toBe(cells[0]!.places.length);

    await page.getByTestId('never-denied').check();
    const denied = new Set<string>();
    const id = ({ kind, schema, name, args, command }: MatrixRow) =>
      [kind, schema, name, args, command].join('|');
    for (const cell of cells) if (['denied', 'both'].includes(cell.outcome)) denied.add(id(cell));
    const open = cells.filter((cell) => cell.outcome === 'allowed' && !denied.has(id(cell)));
    const wantedNames = new Set(open.map(({ kind, name, args }) => `${kind} ${name} ${args}`)).size;
    await expect.poll(() => page.locator('[data-testid=matrix] tbody').count()).toBe(wantedNames);
  });

  test('sorts the gaps by size, and drafts tests for them to be copied or kept', async () => {
    await page.goto(`${address}#/gaps?sort=size`);
    const rows = page.locator('[data-testid=largest] tbody tr');
    await rows.first().waitFor();
    const shown = await rows.evaluateAll((all) =>
      all.map((row) => Number((row as HTMLElement).dataset.value)),
    );
    expect(shown).toEqual([...shown].sort((a, b) => b - a));
    const { name, schema } = (await rows.first().evaluate((row) => ({
      ...(row as HTMLElement).dataset,
    }))) as { name: string; schema: string };
    const open = objects.filter(
      (object) =>
        object.schema === schema && object.name === name && ['gap', 'declared'].includes(object.state),
    );
    expect(shown[0]).toBe(open.length);

    const coverage = await openDatabase(database);
    const expected = new Map<string, string>();
    for await (const draft of draftTests(coverage, { schema, match: `^${schema}\\.${name}(\\.|$)` }))
      expected.set(draft.name, draft.text);
    await coverage.close();
    await rows.first().getByRole('button', { name: 'Draft tests' }).click();
    const draft = page.locator('[data-testid=drafts] details').first();
    await draft.locator('summary').click();
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }
    const file = (await draft.getAttribute('data-name'))!;
    expect(expected.get(file)).toContain('select plan(');
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await draft.getByRole('button', { name: 'Copy' }).click();
    await page.getByText(`${file} is copied.`).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(expected.get(file));
    const download = page.waitForEvent('download');
    await draft.getByRole('button', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toBe(file);
    expect(await readFile(await (await download).path(), 'utf8')).toBe(expected.get(file));
    expect(await serious(page)).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'has nothing serious against it by the rules of WCAG, wide and narrow, %s',
    async (colorScheme) => {
      const room = objects.find(({ name, kind }) => name === 'book_room' && kind === 'function')!;
      const hashes = [
        '#/overview',
        '#/objects',
        objectHash(room),
        '#/tests',
        '#/access',
        '#/gaps',
        '#/gaps?sort=size',
        '#/blind',
        '#/changes',
      ];
      hashes.push(`#/file?${new URLSearchParams({ path: 'supabase/tests/functions/020-book-room.sql' })}`);
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(address);
        await page.getByTestId('summary').waitFor();
        for (const hash of hashes) {
          await page.evaluate((hash) => (location.hash = hash), hash);
          await page.waitForFunction(
            () => !document.querySelector('.waiting') && document.querySelector('main section'),
          );
          expect(await serious(page), `${hash} ${colorScheme} ${width}`).toEqual([]);
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
            `${hash} ${width} fits`,
          ).toBe(true);
        }
      }
    },
    180_000,
  );
});

describe('a database beside its base', () => {
  test('shows what is newly covered, where the command line serves both', async () => {
    const expected = await changes(fewer, database);
    expect(expected['covered']?.length).toBeGreaterThan(10);
    const [address, status, end] = await view(database, EXAMPLE, fewer);
    await page.goto(address);
    await page.getByTestId('compare').getByText('Since fewer.pgtapcov').waitFor();
    expect(await changeCounts()).toEqual(
      Object.fromEntries(Object.entries(expected).map(([change, { length }]) => [change, length])),
    );
    await page.locator('[data-testid=compare] li[data-change=covered] a').click();
    const rows = page.locator('[data-testid=change][data-change=covered] tbody tr');
    await expect.poll(() => rows.count()).toBeGreaterThan(0);
    const more = page.getByRole('button', { name: 'Show more' });
    while ((await more.count()) > 0) {
      const before = await rows.count();
      await more.click();
      await expect.poll(() => rows.count()).toBeGreaterThan(before);
    }
    const listed = await rows.evaluateAll((all) =>
      all.map((row) => {
        const { kind, schema, name, sub, args } = (row as HTMLElement).dataset;
        return [kind, schema, name, sub, args].join(' ');
      }),
    );
    expect(listed.sort()).toEqual(expected['covered']!.sort());
    expect(await serious(page)).toEqual([]);

    // the list of all objects says it, too, and can be asked for it
    await page.locator('a[data-tab=objects]').click();
    await page.locator('[data-testid=changes] button[data-change=covered]').click();
    await expect.poll(() => found()).toBe(expected['covered']!.length);
    expect(await page.locator('.changed[data-change=covered]').count()).toBeGreaterThan(10);
    await page.locator('[data-testid=changes] button[data-change=stronger]').click();
    const both = expected['covered']!.length + expected['stronger']!.length;
    await expect.poll(() => found()).toBe(both);
    await page.getByTestId('kind').selectOption('function');
    const functions = [...expected['covered']!, ...expected['stronger']!].filter((key) =>
      key.startsWith('function '),
    );
    await expect.poll(() => found()).toBe(functions.length);
    await page.reload();
    await expect.poll(() => found()).toBe(functions.length);
    expect(await page.locator('.changed').count()).toBeGreaterThan(0);
    expect(await serious(page)).toEqual([]);
    await page.goto(`${address}#/objects`);
    await page.getByTestId('filter').fill(expected['covered']![0]!.split(' ').slice(1, 3).join('.'));
    await page.locator('.changed[data-change=covered]').first().waitFor();
    // nothing is asked of the server any more
    await page.getByTestId('schema').waitFor();
    end.abort();
    expect(await status).toBe(0);
  });

  test('shows what is lost, where the base is chosen or dropped', async () => {
    const expected = await changes(database, fewer);
    expect(expected['lost']?.length).toBeGreaterThan(10);
    const wanted = Object.fromEntries(
      Object.entries(expected).map(([change, { length }]) => [change, length]),
    );
    const [address, status, end] = await view(fewer, EXAMPLE);
    await page.goto(address);
    await page.getByTestId('base').setInputFiles(database);
    await expect.poll(() => changeCounts()).toEqual(wanted);
    expect(await serious(page)).toEqual([]);

    await page.getByTestId('base').setInputFiles(join(EXAMPLE, 'README.md'));
    await page.getByTestId('compare').getByRole('alert').waitFor();

    await page.reload();
    const box = (await page.getByTestId('compare').boundingBox())!;
    await page.evaluate((y) => scrollTo(0, y), box.y);
    const at = (await page.getByTestId('compare').boundingBox())!;
    const session = await context.newCDPSession(page);
    const data = { items: [], files: [database], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await session.send('Input.dispatchDragEvent', { type, x: at.x + 20, y: at.y + 20, data });
    }
    await expect.poll(() => changeCounts()).toEqual(wanted);
    end.abort();
    expect(await status).toBe(0);
  });
});

describe('the page on its own', () => {
  let server: Server;
  beforeAll(async () => void (server = await serve(at('build/www'))));
  afterAll(() => server.close());
  afterEach(() => expect(server.violations.splice(0)).toEqual([]));

  test('opens a database that was chosen', async () => {
    await page.goto(server.origin);
    await page.getByTestId('database').setInputFiles(database);
    await page.getByTestId('summary').waitFor();
    expect(await figures()).toEqual(wanted(summary));
  });

  test('names a database that is damaged, and goes on', async () => {
    const bytes = await readFile(database);
    await page.goto(server.origin);
    for (const [name, content] of [
      ['cut.pgtapcov', bytes.subarray(0, bytes.length - 100)],
      ['other.pgtapcov', Buffer.from('SELECT 1;\n'.repeat(100))],
      ['empty.pgtapcov', Buffer.alloc(0)],
    ] as const) {
      await writeFile(join(scratch, name), content);
      await page.getByTestId('database').setInputFiles(join(scratch, name));
      const error = page.locator(`[data-testid=error][data-file="${name}"]`);
      await error.waitFor();
      expect(await error.getAttribute('data-code')).toMatch(/^(CORRUPT|VERSION)$/);
    }
    await page.getByTestId('database').setInputFiles(database);
    await page.getByTestId('summary').waitFor();
  });

  test('opens no database of another origin', async () => {
    await page.goto(`${server.origin}/?database=${encodeURIComponent('http://127.0.0.2:1/x.pgtapcov')}`);
    const failure = page.locator('[data-testid=failure][data-code=CONFIG]');
    await failure.waitFor();
    expect(await failure.innerText()).toContain('of another origin');
  });

  test('has the last run again after a reload, at the same place', async () => {
    await page.goto(server.origin);
    await page.getByTestId('folder').setInputFiles(EXAMPLE);
    await page.getByTestId('summary').waitFor();
    await page.locator('a[data-tab=gaps]').click();
    await page.reload();
    await page.locator('[data-risk=policies] tbody tr').first().waitFor();
    // routines with the rights of their owner first, as no table of the example lies open
    const listed = () =>
      page.getByTestId('risk').evaluateAll((all) => all.map(({ dataset }) => dataset['risk']));
    await expect.poll(listed).toContain('definer');
    expect((await listed()).slice(0, 2)).toEqual(['definer', 'policies']);
    await page.locator('a[data-tab=overview]').click();
    expect(await figures()).toEqual(wanted(summary));
    expect(await page.getByTestId('layout').innerText()).toContain('Supabase');
    // and the texts
    const path = 'supabase/tests/090-smoke.sql';
    await page.goto(`${server.origin}/#/file?${new URLSearchParams({ path, line: '2' })}`);
    await page.reload();
    const line = readFileSync(join(EXAMPLE, path), 'utf8').split('\n')[1]!;
    await expect.poll(() => page.locator('.cm-shown').innerText()).toBe(line);
  });

  test('has the example again after a reload, with its sources', async () => {
    await page.goto(server.origin);
    await page.getByTestId('example').click();
    await page.getByTestId('summary').waitFor();
    await page.goto(`${server.origin}/#/object?kind=table&schema=app&name=rooms`);
    await page.reload();
    await page.getByText('create table app.rooms').waitFor();
  });

  test('goes on in memory where the browser has no room, and says so', async () => {
    await page.goto(server.origin);
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 2000 });
    await page.getByTestId('folder').setInputFiles(EXAMPLE);
    await page.getByTestId('not-kept').waitFor();
    expect(await figures()).toEqual(wanted(summary));
    await page.reload();
    await page.locator('[data-state=empty]').waitFor();
  });

  test('finds objects and files of any name, and shows them as text', async () => {
    const names = [
      '<img src=x onerror="window.hacked=1">',
      '__proto__',
      'a.b',
      '.*',
      'né 😀',
      'x%2Fy&z=1#',
      "it's\u202e",
    ];
    const folder = join(scratch, 'hostile');
    const tests = 'supabase/tests/<b>1&2 #%41.sql';
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    await mkdir(join(folder, 'supabase/migrations'), { recursive: true });
    await mkdir(join(folder, 'supabase/tests'), { recursive: true });
    await writeFile(
      join(folder, 'supabase/migrations/1.sql'),
      names.map((name) => `CREATE TABLE ${quoted(name)} (${quoted(name)} int);\n`).join(''),
    );
    await writeFile(
      join(folder, tests),
      names.map((name) => `SELECT has_table('public', '${name.replaceAll("'", "''")}', 'x');\n`).join(''),
    );
    await page.goto(server.origin);
    await page.getByTestId('folder').setInputFiles(folder);
    await page.getByTestId('summary').waitFor();
    for (const name of names) {
      for (const [kind, sub] of [
        ['table', ''],
        ['column', name],
      ]) {
        const query = new URLSearchParams({ kind: kind!, schema: 'public', name, sub: sub! });
        await page.evaluate((hash) => (location.hash = hash), `#/object?${query}`);
        await page.locator('.object-page .kind-lead', { hasText: kind! }).waitFor();
        await page.locator(`[data-testid=verdict][data-state=${sub ? 'gap' : 'asserted'}]`).waitFor();
        await page.getByText('CREATE TABLE').first().waitFor();
      }
      const zoom = new URLSearchParams({ schema: 'public', name });
      await page.evaluate((hash) => (location.hash = hash), `#/overview?${zoom}`);
      await expect.poll(() => page.locator('[data-testid=treemap] svg a').count()).toBe(2);
      await page.evaluate(() => (location.hash = '#/objects'));
      await page.getByTestId('filter').fill(name);
      await expect.poll(() => found()).toBe(2);
    }
    await page.locator('a[data-tab=tests]').click();
    await page.locator('[data-testid=files] a', { hasText: '#%41' }).click();
    await expect.poll(() => page.locator('[data-testid=marks] tbody tr').count()).toBe(names.length);
    expect(await page.locator('#app img, #app script, #app b b').count()).toBe(0);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  });

  test('scrolls through more objects than it holds', async () => {
    const tables = Array.from(
      { length: 9000 },
      (_, i) => `CREATE TABLE t${String(i).padStart(5, '0')} ();\n`,
    );
    const folder = join(scratch, 'many');
    const schema = join(folder, 'supabase/migrations/1_many.sql');
    await mkdir(dirname(schema), { recursive: true });
    await writeFile(schema, tables.join(''));
    await page.goto(server.origin);
    await page.getByTestId('folder').setInputFiles(folder);
    await page.getByTestId('summary').waitFor();
    await page.evaluate(() => {
      const counted = globalThis as unknown as { asked: number };
      counted.asked = 0;
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (message: { ask?: string }) {
        if (message.ask === 'objects') counted.asked += 1;
        postMessage.call(this, message);
      };
    });
    const asked = () => page.evaluate(() => (globalThis as unknown as { asked: number }).asked);
    await page.locator('a[data-tab=objects]').click();
    await expect.poll(() => found()).toBe(9000);
    const row = (index: number) => page.locator(`[data-index="${index}"] .object`);
    for (const [share, index] of [
      [1, 8999],
      [0, 0],
      [0.5, 4505],
    ] as const) {
      await page
        .locator('.long-body')
        .evaluate((body, share) => (body.scrollTop = share * body.scrollHeight), share);
      await expect.poll(() => row(index).innerText()).toBe(`public.t${String(index).padStart(5, '0')}`);
    }
    // a jump costs the page that it leads to, and not those between; a page may begin in what is in view
    expect(await asked()).toBeLessThan(10);
    await page.getByRole('button', { name: 'gap', exact: true }).click();
    await expect.poll(() => row(0).innerText()).toBe('public.t00000');
    await page.locator('.long-body').evaluate((body) => (body.scrollTop = body.scrollHeight));
    await expect.poll(() => row(8999).innerText()).toBe('public.t08999');
    const drawn = await page.locator('[data-index]').count();
    expect(drawn).toBeLessThan(80);
  });
});

/** What the library finds to differ: the keys of the objects of each change. */
async function changes(base: string, head: string): Promise<Record<string, string[]>> {
  const [before, after] = [await openDatabase(base), await openDatabase(head)];
  const found: Record<string, string[]> = {};
  for await (const change of diff(before, after)) {
    const { kind, schema, name, sub, args } = (change.after ?? change.before)!;
    (found[change.change] ??= []).push([kind, schema, name, sub, args].join(' '));
  }
  await before.close();
  await after.close();
  return found;
}

async function changeCounts(): Promise<Record<string, number>> {
  const found = await page
    .locator('[data-testid=compare] li[data-change]')
    .evaluateAll((all) =>
      all.map((item) => [(item as HTMLElement).dataset.change, Number((item as HTMLElement).dataset.value)]),
    );
  return Object.fromEntries(found);
}

async function figures(): Promise<Record<string, number>> {
  const value = async (id: string) => Number(await page.getByTestId(id).getAttribute('data-value'));
  return {
    objects: await value('objects'),
    covered: await value('covered'),
    exercised: await value('exercised'),
  };
}

function wanted({ totals: { objects, covered, exercised } }: Summary): Record<string, number> {
  return { objects, covered, exercised };
}

async function found(): Promise<number> {
  return Number((await page.getByTestId('found').getAttribute('data-value')) ?? NaN);
}

function focusedRow(): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-index]')?.dataset.index);
}

function objectHash({ kind, schema, name, sub, args }: CoveredObject): string {
  return `#/object?${new URLSearchParams({ kind, schema, name, sub, args })}`;
}

/** What axe finds, as rule and element. */
async function serious(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { target: unknown }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes[0]!.target)} and ${nodes.length - 1} more`);
  });
}
