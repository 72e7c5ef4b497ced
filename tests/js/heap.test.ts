// What a scan costs in JavaScript: segments are handed over, not kept, and chunks are not held.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Analyzer } from '../../js/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const CHUNK = 64 * 1024;
const FILE_BYTES = 2 * 1024 * 1024;

/** Bytes of JavaScript's heap and of its buffers. */
function held(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Calls of tables of which no two are the same, about `bytes` of them. */
function* chunks(file: number, bytes: number): Iterable<string> {
  let chunk = '';
  for (let at = 0, table = 0; at < bytes; at += chunk.length) {
    chunk = '';
    while (chunk.length < CHUNK)
      chunk += `select has_table('app', 'f${file}_table_${table++}', 'is there');\n`;
    yield chunk;
  }
}

it('a scan holds as much after 32 MB as after 8', async () => {
  let handed = 0;
  const analyzer = new Analyzer({
    onSegment: ({ bytes }) => {
      handed += bytes.length;
    },
    limits: { arenaBytes: 256 * 1024 },
  });
  const after: { heap: number; linear: number; handed: number }[] = [];
  for (let file = 0; file < 16; file += 1) {
    await analyzer.begin({ path: `t/${file}.sql`, role: 'tests' });
    for (const chunk of chunks(file, FILE_BYTES)) await analyzer.push(chunk);
    await analyzer.end();
    if (file % 4 === 3) after.push({ heap: held(), linear: analyzer.memory.linearBytes, handed });
  }
  analyzer.free();
  const [first, last] = [after[0]!, after.at(-1)!];
  expect(last.linear).toBe(first.linear);
  // neither the segments nor a tenth of the chunks between is kept
  expect(last.heap - first.heap).toBeLessThan((last.handed - first.handed) * 0.8);
  expect(last.heap - first.heap).toBeLessThan((12 * FILE_BYTES) / 10);
});
