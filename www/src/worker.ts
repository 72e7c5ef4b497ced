/** Does one scan, holds its result, and answers for pages of it. */
import {
  Coverage,
  CoverageError,
  MemoryStore,
  discover,
  headsOf,
  includesOf,
  scan,
  sourcesOf,
} from '../../js/browser.js';
import type {
  FromWorker,
  Input,
  InputFile,
  PageRequest,
  Problem,
  Progress,
  Result,
  ToWorker,
} from './protocol.js';

/** Often enough for the eye, seldom enough for the page. */
const PROGRESS_MS = 60;

let coverage: Coverage | undefined;

addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'page') return answer(data);
  try {
    send({ type: 'scanned', result: await analyse(data.input) });
  } catch (error) {
    send({ type: 'failed', problem: problemOf(error) });
  }
});

async function analyse(input: Input): Promise<Result> {
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
  const store = new MemoryStore();
  const report = throttled(PROGRESS_MS, (progress: Progress) => send({ type: 'progress', progress }));
  const bytesTotal = [...found.schema, ...found.tests].reduce((sum, path) => sum + sizes.get(path)!, 0);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const { summary, run, unreadable } = await scan({
    sources: sourcesOf(project, found),
    onInclude: includesOf(project),
    store,
    write: (chunk) => void chunks.push(chunk as Uint8Array<ArrayBuffer>),
    onProgress: ({ phase, path, done, total, bytes, records, segments }) =>
      report({
        phase,
        ...(path !== undefined && { path }),
        files: { done, total },
        bytes: { done: bytes, total: bytesTotal },
        records,
        segments,
      }),
  });
  coverage = await Coverage.open(new Blob(chunks));
  const tests = found.tests.length;
  const layout = [found.layout, ...found.notes].join('; ');
  return { name, layout, tests, summary, run, unreadable: unreadable.map(problemOf) };
}

async function filesOf(input: Input): Promise<{ name: string; files: InputFile[] }> {
  if (input.from === 'folder') return input;
  const { name, files } = await import('./example.js');
  return { name, files: files.map(({ path, text }) => ({ path, file: new Blob([text]) })) };
}

async function answer({ id, list, query }: PageRequest): Promise<void> {
  try {
    if (!coverage) throw new CoverageError('STATE', 'there is no result yet');
    send({ type: 'page', id, page: await coverage[list](query) });
  } catch (error) {
    send({ type: 'page-failed', id, problem: problemOf(error) });
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof CoverageError)) return { code: 'INTERNAL', message: String(error) };
  const { code, message, file, line } = error;
  return { code, message, ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
}

function send(message: FromWorker): void {
  postMessage(message);
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
