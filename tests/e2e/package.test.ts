import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SAMPLE } from '../js/support/sample.js';
import { launch } from './support/browser.js';
import { serve } from './support/serve.js';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** A page as one writes it by hand: no bundler, no import map. */
const PAGE = `<!doctype html>
<title>plain</title>
<script type="module" src="page.js"></script>
`;
const SCRIPT = `import { Analyzer, Coverage, MemoryStore, merge } from './pgtap-cov/browser.js';
const store = new MemoryStore();
const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment) });
for (const [path, content] of Object.entries(${JSON.stringify(SAMPLE)})) {
  await analyzer.begin({ path, role: path.includes('/tests/') ? 'tests' : 'schema' });
  await analyzer.push(content);
  await analyzer.end();
}
const { manifest } = await analyzer.finish();
const chunks = [];
await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
const coverage = await Coverage.open(new Blob(chunks));
document.title = JSON.stringify((await coverage.summary()).totals);
`;

test('the package runs in a page without a bundler', async () => {
  const site = await mkdtemp(join(tmpdir(), 'pgtap-cov-plain-'));
  await cp(dist, join(site, 'pgtap-cov'), { recursive: true });
  await writeFile(join(site, 'index.html'), PAGE);
  await writeFile(join(site, 'page.js'), SCRIPT);
  const [server, browser] = await Promise.all([serve(site), launch()]);
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(server.origin);
    await page.waitForFunction(() => document.title.startsWith('{'));
    expect(JSON.parse(await page.title())).toMatchObject({ objects: 3 });
    expect([...errors, ...server.violations]).toEqual([]);
  } finally {
    await browser.close();
    await server.close();
    await rm(site, { recursive: true });
  }
});
