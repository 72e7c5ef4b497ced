/** One scan of a folder, with its progress. */
import {
  CoverageError,
  MemoryStore,
  discover,
  headsOf,
  includesOf,
  scan,
  sourcesOf,
} from '../../../js/browser.js';
import type { Input, InputFile, Made, Problem, Progress, Result } from '../protocol.js';
import { Keeper } from './keep.js';
import { texts, type Texts } from './texts.js';

/** Often enough for the eye, seldom enough for the page. */
const PROGRESS_MS = 60;

export interface Scanned {
  result: Result;
  database: Blob;
  texts: Texts;
}

export async function scanned(
  input: Input,
  problemOf: (error: unknown) => Problem,
  onProgress: (progress: Progress) => void,
): Promise<Scanned> {
  const { name, files } = await filesOf(input);
  const project = files.map(({ path, file }) => ({ path, blob: () => file }));
  const found = await discover(
    files.map((file) => file.path),
    headsOf(project),
  );
  const sizes = new Map(files.map(({ path, file }) => [path, file.size]));
  if (found.schema.length === 0) {
    const message =
      'no schema files were found (supabase/migrations, sqitch, Flyway, migrations, schema.sql, sql …)';
    throw new CoverageError('CONFIG', message, { file: name });
  }
  const report = throttled(PROGRESS_MS, onProgress);
  const bytesTotal = [...found.schema, ...found.tests].reduce((sum, path) => sum + sizes.get(path)!, 0);
  const keeper = await Keeper.create();
  const { summary, run, unreadable } = await scan({
    sources: sourcesOf(project, found),
    onInclude: includesOf(project),
    store: new MemoryStore(),
    write: (chunk) => keeper.write(chunk as Uint8Array<ArrayBuffer>),
    onProgress: ({ phase, path, done, total, bytes, records, segments, arenaBytes, arenaUsedBytes }) =>
      report({
        phase,
        ...(path !== undefined && { path }),
        files: { done, total },
        bytes: { done: bytes, total: bytesTotal },
        arena: { used: arenaUsedBytes ?? 0, total: arenaBytes ?? 0 },
        records,
        segments,
      }),
  });
  const made: Made = {
    layout: [found.layout, ...found.notes].join('; '),
    tests: found.tests.length,
    run,
    unreadable: unreadable.map(problemOf),
  };
  const { database, notKept } = await keeper.finish({ name, made }, files);
  return {
    result: { name, summary, made, sources: true, ...(notKept !== undefined && { notKept }) },
    database,
    texts: texts(files),
  };
}

async function filesOf(input: Input): Promise<{ name: string; files: InputFile[] }> {
  if (input.from === 'folder') return input;
  const { name, files } = await import('./example.js');
  return { name, files: files.map(({ path, text }) => ({ path, file: new Blob([text]) })) };
}

/** Passes on a call if the last one that was passed on is long enough ago. */
function throttled<T>(ms: number, call: (value: T) => void): (value: T) => void {
  let last = -Infinity;
  return (value) => {
    if (performance.now() - last < ms) return;
    last = performance.now();
    call(value);
  };
}
