// Pictures of the built page, to be looked at: build/screenshots/VIEW-{light,dark}-{390,1280,1920}.png
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';
import { scanProject } from '../build/js/scan-project.js';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = at('build/screenshots');

/** Each view of the example: its address, and what is there once it is drawn. */
const VIEWS = {
  overview: ['#/overview', '[data-testid=treemap] svg a'],
  schema: ['#/overview?schema=app', '[data-testid=treemap] svg a'],
  objects: ['#/objects', '[data-testid=long] a'],
  object: [
    '#/object?kind=function&schema=app&name=book_room&args=bigint%2C+tstzrange%2C+integer',
    '.code, [data-testid=no-source]',
  ],
  gap: ['#/object?kind=table&schema=app&name=opening_hours', '[data-testid=verdict]'],
  tests: ['#/tests', '[data-testid=files] tbody tr'],
  file: ['#/file?path=supabase%2Ftests%2Ffunctions%2F020-book-room.sql', '[data-testid=marks] tbody tr'],
  access: ['#/access', '[data-testid=matrix]'],
  gaps: ['#/gaps', '[data-risk=rest] tbody tr'],
  sizes: ['#/gaps?sort=size', '[data-testid=largest] tbody tr'],
  blind: ['#/blind', '#stale-title'],
  unmatched: ['#/objects?text=none+like+this', '.nothing'],
};

/** Likewise, beside a base that had fewer tests. */
const SINCE = {
  compare: ['#/overview', '[data-testid=compare] li[data-change]'],
  changes: ['#/changes', '[data-testid=change] tbody tr'],
  'changed-objects': ['#/objects?change=covered.new', '.changed'],
};

const scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-screenshots-'));
const base = join(scratch, 'main.pgtapcov');
await (
  await scanProject(at('examples/bookings'), { database: base, tests: ['supabase/tests/schema/*.sql'] })
).close();

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });

const server = await preview({
  configFile: at('www/vite.config.ts'),
  preview: { port: 0 },
  logLevel: 'warn',
});
const browser = await chromium.launch({
  executablePath: process.env.CHROME ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1280, 1920]) await pictures(colorScheme, width);
  }
} finally {
  await browser.close();
  await rm(scratch, { recursive: true, force: true });
  await server.close();
}

async function pictures(colorScheme, width) {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  await page.goto(server.resolvedUrls.local[0]);
  const shot = async (name) => {
    const path = `${folder}/${name}-${colorScheme}-${width}.png`;
    await page.screenshot({ path, fullPage: true });
    console.log(path);
  };
  await page.locator('[data-state=empty]').waitFor();
  await shot('empty');
  await page.getByTestId('example').click();
  await page.getByTestId('summary').waitFor();
  // Nothing is pointed at.
  await page.mouse.move(0, 0);
  const all = async (views) => {
    for (const [name, [address, drawn]] of Object.entries(views)) {
      await page.evaluate((hash) => (location.hash = hash), address);
      await page.locator(drawn).first().waitFor({ state: 'attached' });
      if (name === 'object' || name === 'file') await page.locator('.cm-line').first().waitFor();
      await shot(name);
    }
  };
  await all(VIEWS);
  await page.evaluate((hash) => (location.hash = hash), '#/changes');
  await page.getByText('There is no base').waitFor();
  await shot('no-base');
  await page.evaluate((hash) => (location.hash = hash), '#/overview');
  await page.getByTestId('base').setInputFiles(base);
  await all(SINCE);
  await page.close();
}
