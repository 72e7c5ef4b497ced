import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installed, type Installed } from '../js/support/installed.js';
import { SAMPLE } from '../js/support/sample.js';
import { launch } from './support/browser.js';
import { serve } from './support/serve.js';

let package_: Installed;
beforeAll(async () => {
  package_ = await installed();
});
afterAll(() => package_.remove());

/** A page as one writes it by hand: no bundler, no import map. */
const PAGE = `<!doctype html>
<title>plain</title>
<script type="module" src="page.js"></script>
`;
/** A script with the package from where the page has it. */
const script = (from: string) => `import { Analyzer, Coverage, MemoryStore, init, merge } from '${from}';
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

/** Opens the page of a folder, waits for its figures, and holds that nothing comes from elsewhere. */
async function figures(site: string): Promise<{ totals: unknown; requested: string[] }> {
  const [server, browser] = await Promise.all([serve(site), launch()]);
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    const requested: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => requested.push(request.url()));
    await page.goto(server.origin);
    await page.waitForFunction(() => document.title.startsWith('{'));
    expect([...problems, ...server.violations]).toEqual([]);
    expect(requested.filter((url) => new URL(url).origin !== server.origin)).toEqual([]);
    return { totals: JSON.parse(await page.title()), requested };
  } finally {
    await browser.close();
    await server.close();
  }
}

test('the package runs in a page without a bundler', async () => {
  await package_.write('index.html', PAGE);
  await package_.write('page.js', script('./node_modules/pgtap-cov/browser.js'));
  expect((await figures(package_.app)).totals).toMatchObject({ objects: 3 });
});

test.each([
  ['finds its module beside itself', ''],
  ['takes its module from the address that Vite gives it', 'await init(new URL(url, location.href));\n'],
])('an app that Vite builds %s', async (_, start) => {
  const root = join(package_.app, 'src');
  const outDir = join(package_.app, 'site');
  await package_.write('src/index.html', PAGE);
  const [imports, rest] = script('pgtap-cov').split(/(?<=;\n)(?=const store)/);
  const address = start === '' ? '' : "import url from 'pgtap-cov/wasm?url';\n";
  await package_.write('src/page.js', [address, imports, start, rest].join(''));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, target: 'es2022' },
  });
  const { totals, requested } = await figures(outDir);
  expect(totals).toMatchObject({ objects: 3 });
  // one module, under the name that the build gave it
  expect(requested.filter((url) => url.endsWith('.wasm'))).toEqual([
    expect.stringMatching(/\/assets\/pgtap_cov_bg-[\w-]+\.wasm$/),
  ]);
});
