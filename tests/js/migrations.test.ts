// Migrations that are made up: whatever the server takes of them, our inventory is the server's.
//
// MIGRATIONS_SEED=7 MIGRATIONS_COUNT=10000 npx vitest run tests/js/migrations.test.ts runs other ones, for as long as
// that takes. A script that differs is cut down to the statements that matter.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listLive, readInventory } from './support/inventories.js';
import { Rehearsal, Writer, readSchema } from './support/migrations.js';
import { startPglite, stopPglite } from './support/pglite.js';

const FIRST_SEED = Number(process.env.MIGRATIONS_SEED ?? 1);
const COUNT = Number(process.env.MIGRATIONS_COUNT ?? 40);

let db: PGlite;
let empty: Set<string>;

beforeAll(async () => {
  db = await startPglite();
  empty = new Set(await listLive(db, true));
});
afterAll(stopPglite);

/** A script that the server takes as a whole. */
async function write(seed: number): Promise<string[]> {
  const writer = new Writer(seed);
  const script: string[] = [];
  const server = await Rehearsal.start(db);
  let schema = await readSchema(db);
  try {
    const length = 20 + writer.below(61);
    // most of what is refused is so for good reasons; of the rest there is enough
    let tries = 0;
    for (; script.length < length && tries < 4 * length; tries++) {
      const statement = writer.statement(schema, server.inTransaction);
      if (await server.accepts(statement)) {
        script.push(statement);
        schema = await readSchema(db);
      }
    }
    return script;
  } finally {
    await server.end();
  }
}

/** What differs after those statements of a script that the server takes. */
async function difference(statements: string[]): Promise<{ script: string[]; lines: string[] }> {
  const script: string[] = [];
  const server = await Rehearsal.start(db);
  let expected: string[];
  try {
    for (const statement of statements) if (await server.accepts(statement)) script.push(statement);
    expected = await listLive(db, true);
  } finally {
    await server.end();
  }
  const { objects: found, diagnostics } = await readInventory(script.join('\n'), true);
  const lines = [
    ...expected
      .filter((object) => !empty.has(object) && !found.includes(object))
      .map((object) => `missing ${object}`),
    ...found.filter((object) => !expected.includes(object)).map((object) => `extra   ${object}`),
  ].sort();
  // what is said to be unknown may differ
  const isUnsure = diagnostics.some(({ code }) => code === 'definition-not-read');
  return { script, lines: isUnsure ? [] : lines };
}

/** The fewest statements that differ still: whole chunks are left out, then single ones. */
async function shrink(script: string[]): Promise<string[]> {
  let size = Math.ceil(script.length / 2);
  for (;;) {
    const before = script.length;
    for (let at = script.length - size; at > -size; at -= size) {
      const start = Math.max(at, 0);
      const less = await difference([...script.slice(0, start), ...script.slice(at + size)]);
      if (less.lines.length > 0) script = less.script;
    }
    if (size === 1 && script.length === before) return script;
    size = Math.max(1, Math.floor(size / 2));
  }
}

it('the inventory of a migration is PostgreSQL’s', { timeout: 0x7fffffff }, async () => {
  const failures: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT && failures.length < 5; seed++) {
    const { script, lines } = await difference(await write(seed));
    if (lines.length === 0) continue;
    const least = await shrink(script);
    const left = await difference(least);
    failures.push([`seed ${seed}`, ...left.script, ...left.lines].join('\n'));
  }
  expect(failures.join('\n\n')).toBe('');
});
