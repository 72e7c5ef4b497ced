// Pictures of the built page, to be looked at: build/screenshots/{empty,example}-{light,dark}-{390,1280}.png
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folder = at('build/screenshots');

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
    for (const width of [390, 1280]) await picture(colorScheme, width);
  }
} finally {
  await browser.close();
  await server.close();
}

async function picture(colorScheme, width) {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  await page.goto(server.resolvedUrls.local[0]);
  const shot = async (name) => {
    const path = `${folder}/${name}-${colorScheme}-${width}.png`;
    await page.screenshot({ path, fullPage: true });
    console.log(path);
  };
  await page.getByTestId('page').waitFor();
  await shot('empty');
  await page.getByTestId('example').click();
  await page.getByTestId('summary').waitFor();
  await page.locator('[data-testid=gaps] tbody tr').first().waitFor();
  await page.locator('[data-testid=files] tbody tr').first().waitFor();
  await shot('example');
  await page.close();
}
