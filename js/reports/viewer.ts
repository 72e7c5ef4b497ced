/** The viewer with everything in one file. The build puts its page next to this module. */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CoverageError } from '../error.js';
import { rowsOf } from '../pages.js';
import { readInNode } from '../wasm.js';
import type { TextReporter } from './report.js';

/** The database and the sources together, before they are packed: what a browser still opens at once. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Where the page expects what it shows. */
const PLACE = '<!--embedded-->';

/**
 * The viewer as one HTML file, with the module, the database and the sources in it; it works from a disk and asks for
 * nothing. `LIMIT` where database and sources are more than 32 MiB.
 */
export const viewer: TextReporter = {
  kind: 'text',
  async write({ coverage, source, name = 'coverage' }, write) {
    checkSize(coverage.size);
    const texts: Buffer[] = [];
    const places: [path: string, offset: number, bytes: number][] = [];
    let size = 0;
    for await (const { path } of rowsOf((page) => coverage.files(page))) {
      const text = source(path);
      if (text === undefined) continue;
      const bytes = Buffer.from(text);
      places.push([path, size, bytes.length]);
      texts.push(bytes);
      size += bytes.length;
      checkSize(coverage.size + size);
    }
    const database: Uint8Array[] = [];
    for await (const piece of coverage.bytes()) database.push(piece);
    const page = await readFile(new URL('viewer.html', import.meta.url), 'utf8');
    const [head, tail] = page.split(PLACE) as [string, string];
    await write(head);
    // A name may be anything, the end of the block too.
    const embedded = JSON.stringify({ name, places }).replaceAll('<', '\\u003c');
    await write(`<script type="application/json" id="embedded">${embedded}</script>\n`);
    await write(await block('module', readInNode() as Uint8Array));
    await write(await block('database', Buffer.concat(database)));
    await write(await block('sources', Buffer.concat(texts)));
    await write(tail);
  },
};

async function block(id: string, bytes: Uint8Array): Promise<string> {
  const zipped = await promisify(gzip)(bytes);
  return `<script type="text/plain" id="${id}">${zipped.toString('base64')}</script>\n`;
}

function checkSize(bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  const message =
    `the viewer in one file holds up to ${MOST_BYTES} bytes of database and sources, and these are more: ` +
    'use pgtap-cov view';
  throw new CoverageError('LIMIT', message);
}
