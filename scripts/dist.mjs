// Fills dist/, the npm package: the compiled JavaScript, the module, the page, and pkg.json completed with the version.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const version = /^version = "(.+)"$/m.exec(await readFile(at('Cargo.toml'), 'utf8'))?.[1];
if (!version) throw new Error('dist: Cargo.toml has no version');
const { name, ...rest } = JSON.parse(await readFile(at('pkg.json'), 'utf8'));

await rm(at('dist'), { recursive: true, force: true });
await mkdir(at('dist/wasm'), { recursive: true });
await cp(at('build/js'), at('dist'), { recursive: true });
for (const name of ['pgtap_cov.js', 'pgtap_cov.d.ts', 'pgtap_cov_bg.wasm']) {
  await cp(at(`build/wasm/${name}`), at(`dist/wasm/${name}`));
}
await rewrite('dist/wasm.js', (source) => {
  // a page without a bundler knows no imports map
  if (source.split("'#wasm'").length !== 3) throw new Error("dist: wasm.js does not name '#wasm' twice");
  return source.replaceAll("'#wasm'", "'./wasm/pgtap_cov.js'");
});
await cp(at('js/config.schema.json'), at('dist/config.schema.json'));
await cp(at('build/www'), at('dist/www'), { recursive: true });
await cp(at('build/viewer/index.html'), at('dist/reports/viewer.html'));
for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE-MIT', 'LICENSE-APACHE']) {
  await cp(at(name), at(`dist/${name}`));
}
await writeFile(at('dist/package.json'), JSON.stringify({ name, version, ...rest }, null, 2) + '\n');

const packed = gzipSync(Buffer.concat(await contents('dist'))).length;
console.log(`package: ${packed} bytes gzip without the viewer`);

/** The files that npm packs, apart from the viewer. */
async function contents(folder) {
  const entries = await readdir(at(folder), { recursive: true, withFileTypes: true });
  const isViewer = ({ parentPath, name }) => parentPath.startsWith(at('dist/www')) || name === 'viewer.html';
  const files = entries.filter((entry) => entry.isFile() && !isViewer(entry));
  return Promise.all(files.map((entry) => readFile(`${entry.parentPath}/${entry.name}`)));
}

async function rewrite(path, change) {
  await writeFile(at(path), change(await readFile(at(path), 'utf8')));
}
