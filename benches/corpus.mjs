// Writes the corpus of the benchmarks to build/bench/corpus, the same bytes on every run:
// tests/ (pgTAP files), schema/ (migrations), one.sql (all of tests/ up to 4 MB), and split/ (the same bytes in 4 KB files).
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeTables } from './model.mjs';
import { Random } from './random.mjs';
import { migration } from './schema.mjs';
import { testFile } from './tests.mjs';

const TOTAL_BYTES = 4_000_000;
const PIECES = 1000;
const [SMALLEST, LARGEST] = [1024, 40 * 1024];

const out = fileURLToPath(new URL('../build/bench/corpus', import.meta.url));
rmSync(out, { recursive: true, force: true });
for (const folder of ['tests', 'schema', 'split']) mkdirSync(`${out}/${folder}`, { recursive: true });

const random = new Random(20240517);
const tables = makeTables(random);
const all = [];

let bytes = 0;
let made = 0;
for (let n = 0; bytes < TOTAL_BYTES; n++) {
  const some = tables.slice(made, (made += random.between(1, 3)));
  bytes += write(`schema/${number(n)}_${some[0].singular}.sql`, migration(random, some));
}

bytes = 0;
for (let n = 0; bytes < TOTAL_BYTES; n++) {
  // as many files between 1 and 2 KB as between 20 and 40
  const size = SMALLEST * (LARGEST / SMALLEST) ** random.fraction();
  const table = tables[random.between(0, made - 1)];
  const statements = testFile(random, tables, table, size);
  bytes += write(`tests/${number(n)}_${table.singular}.test.sql`, statements);
  all.push(...statements);
}

// text that ends where a statement ends, in pieces that do
const parts = [];
bytes = 0;
let piece = '';
for (const statement of all) {
  if (bytes >= TOTAL_BYTES) break;
  piece += `${statement}\n\n`;
  bytes += statement.length + 2;
  if (bytes >= ((parts.length + 1) * TOTAL_BYTES) / PIECES) {
    parts.push(piece);
    piece = '';
  }
}
if (piece) parts.push(piece);
writeFileSync(`${out}/one.sql`, parts.join(''));
parts.forEach((part, n) => writeFileSync(`${out}/split/${number(n)}.sql`, part));

function number(n) {
  return String(n).padStart(5, '0');
}

function write(name, statements) {
  const text = `${statements.join('\n\n')}\n`;
  writeFileSync(`${out}/${name}`, text);
  return Buffer.byteLength(text);
}
