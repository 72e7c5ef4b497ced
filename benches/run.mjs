// Times the built package of dist/ and its peers as WebAssembly in Node, on the corpus: node benches/run.mjs [ROUNDS]
//
// The contenders take turns within a round, so that what else the machine does hits all of them. Printed are medians of
// the rounds, and medians of the ratios within a round, which are steadier than the speeds.
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { loadModule, parseSync } from 'libpg-query';
import { Analyzer, init } from '../dist/index.js';

const CHUNK_BYTES = 64 * 1024;
const at = (path) => fileURLToPath(new URL(`../build/bench/${path}`, import.meta.url));
const rounds = Number(process.argv[2] ?? 11);

const folder = (name) =>
  readdirSync(at(`corpus/${name}`))
    .sort()
    .map((file) => source(`corpus/${name}/${file}`));

function source(path) {
  const bytes = new Uint8Array(readFileSync(at(path)));
  return { path, bytes, text: new TextDecoder().decode(bytes) };
}

await init();
await loadModule();
const { instance } = await WebAssembly.instantiate(readFileSync(at('peers.wasm')));
const peers = instance.exports;

/** The public Analyzer, one source a file. */
async function scan(files, role) {
  let bytes = 0;
  const analyzer = new Analyzer({ onSegment: (segment) => void (bytes += segment.bytes.length) });
  for (const file of files) {
    await analyzer.begin({ path: file.path, role });
    for (let from = 0; from < file.bytes.length; from += CHUNK_BYTES) {
      await analyzer.push(file.bytes.subarray(from, from + CHUNK_BYTES));
    }
    await analyzer.end();
  }
  await analyzer.finish();
  analyzer.free();
  return bytes;
}

/** A file in the memory of the peers. */
function put(bytes) {
  const to = peers.alloc(bytes.length) >>> 0;
  new Uint8Array(peers.memory.buffer, to, bytes.length).set(bytes);
}

function squawk(files, work) {
  let sum = 0;
  for (const { bytes } of files) {
    put(bytes);
    sum += work();
  }
  return sum;
}

function copy(files) {
  const to = peers.alloc(CHUNK_BYTES) >>> 0;
  const room = new Uint8Array(peers.memory.buffer, to, CHUNK_BYTES);
  for (const { bytes } of files) {
    for (let from = 0; from < bytes.length; from += CHUNK_BYTES)
      room.set(bytes.subarray(from, from + CHUNK_BYTES));
  }
  return room[0];
}

function libpgQuery(files) {
  let statements = 0;
  for (const { text } of files) statements += parseSync(text).stmts.length;
  return statements;
}

function parses({ text }) {
  try {
    parseSync(text);
    return true;
  } catch {
    return false;
  }
}

const total = (files) => files.reduce((sum, { bytes }) => sum + bytes.length, 0);
const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** A line for each contender `{ name, files, work }`: its speed, and how it compares with those in `to`. */
async function table(title, contenders, to) {
  // seconds a byte, as not all of them read the same files
  const costs = contenders.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [n, { files, work }] of contenders.entries()) {
      const start = performance.now();
      await work(files);
      // the first round warms up
      if (round > 0) costs[n].push((performance.now() - start) / 1e3 / total(files));
    }
  }
  const ratios = (own, base) => median(own.map((cost, round) => costs[base][round] / cost));
  const heads = to.map((n) => `to ${contenders[n].name.split(':')[0]}`.padStart(18)).join('');
  console.log(`\n  ${title.padEnd(44)} ${'MB/s'.padStart(8)}${heads}`);
  contenders.forEach(({ name }, n) => {
    const speed = median(costs[n].map((cost) => 1 / cost / 1e6));
    const compared = to.map((base) => `${format(ratios(costs[n], base))} x`.padStart(18)).join('');
    console.log(`  ${name.padEnd(44)} ${speed.toFixed(1).padStart(8)}${compared}`);
  });
}

const format = (ratio) => (ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0));

console.log(`wasm in Node ${process.versions.node}, MB/s: medians of ${rounds} rounds; higher is faster`);
for (const [role, files] of ['tests', 'schema'].map((name) => [name, folder(name)])) {
  const parsed = files.filter(parses);
  await table(
    `${role}, ${mb(total(files))} in ${files.length} files`,
    [
      { name: 'squawk-lexer: tokens', files, work: () => squawk(files, peers.lex) },
      { name: 'squawk-syntax: tree', files, work: () => squawk(files, peers.parse) },
      { name: 'libpg-query: tree as JSON', files: parsed, work: libpgQuery },
      { name: 'pgtap-cov: scan', files, work: () => scan(files, role) },
      { name: 'copy into memory alone', files, work: copy },
    ],
    [0, 2],
  );
  const refused = files.length - parsed.length;
  console.log(
    `  libpg-query refuses ${refused} of the files (psql's commands, COPY data); they do not count for it`,
  );
}

const one = [source('corpus/one.sql')];
const split = folder('split');
await table(
  `${mb(total(one))} as one file, and as ${split.length} files`,
  [
    { name: 'one file', files: one, work: () => scan(one, 'tests') },
    { name: 'split', files: split, work: () => scan(split, 'tests') },
  ],
  [0],
);
console.log(`
What bounds the scan: reading tokens takes a twentieth of it natively. The rest is spread over what is made of them: the
types of arguments and the overload of each call, the names that each statement uses in its scopes, and their records,
which are interned and sorted. Following what statements use halves the speed on tests; a scan without it would name
assertions only.`);
