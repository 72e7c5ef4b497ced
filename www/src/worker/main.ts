/** Makes or opens one database, then answers questions about it. */
import { Coverage, CoverageError, init } from '../../../js/browser.js';
import { rangeSource } from '../../../js/ranges.js';
import type { RangeSource } from '../../../js/types.js';
import type {
  Ask,
  AskName,
  Asks,
  Base,
  Comparison,
  FromWorker,
  Opened,
  Problem,
  Result,
  ToWorker,
} from '../protocol.js';
import { accessRows } from './access.js';
import { cached } from './cache.js';
import { Compared } from './compare.js';
import { draftsOf } from './drafts.js';
import { listed } from './listed.js';
import { find } from './locate.js';
import { marksOf } from './marks.js';
import { unpacked } from './packed.js';
import { scanned } from './scanned.js';
import { archived, served, type Texts } from './texts.js';
import { Forest } from './tree.js';

let coverage: Coverage | undefined;
let source: RangeSource;
/** The same database once more, for what goes through all of it: lists need not wait for that. */
let aside: Promise<Coverage> | undefined;
let texts: Texts | undefined;
let compared: Compared | undefined;
let forest: Promise<Forest> | undefined;
/** The questions that are not answered yet. */
const asked = new Map<number, AbortController>();
/** The module, where the page gave it. */
let given: Promise<void> | undefined;

addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'ask') return reply(data);
  if (data.type === 'drop') return asked.get(data.id)?.abort();
  if (data.type === 'module') {
    given = unpacked(data.module).then(async (module) => init(await module.arrayBuffer()));
    // Whoever waits for it says so.
    given.catch(() => {});
    return;
  }
  try {
    await given;
    send({ type: 'ready', result: data.type === 'scan' ? await scan(data.input) : await open(data.opened) });
  } catch (error) {
    send({ type: 'failed', problem: problemOf(error) });
  }
});

async function scan(input: Parameters<typeof scanned>[0]): Promise<Result> {
  const done = await scanned(input, problemOf, (progress) => send({ type: 'progress', progress }));
  source = cached(rangeSource(done.database));
  coverage = await Coverage.open(source);
  texts = done.texts;
  return done.result;
}

async function open({ name, database, sources, made, base }: Opened): Promise<Result> {
  source = await ranges(database);
  coverage = await opened(name, source);
  if (sources !== undefined) texts = typeof sources === 'string' ? served(sources) : await archived(sources);
  return {
    name,
    summary: await coverage.summary(),
    sources: texts !== undefined,
    ...(made !== undefined && { made }),
    ...(base !== undefined && { comparison: await compare(coverage, base) }),
  };
}

async function ranges(database: Opened['database']): Promise<RangeSource> {
  return cached(rangeSource(typeof database === 'string' ? new URL(database) : await unpacked(database)));
}

/** Errors name the database. */
async function opened(file: string, database: RangeSource): Promise<Coverage> {
  try {
    return await Coverage.open(database);
  } catch (error) {
    throw error instanceof CoverageError && error.file === undefined
      ? new CoverageError(error.code, error.message, { file, offset: error.offset, cause: error })
      : error;
  }
}

async function compare(head: Coverage, { name, database }: Base): Promise<Comparison> {
  const base = await opened(name, await ranges(database));
  try {
    compared = await Compared.between(name, base, head);
    return compared.comparison;
  } finally {
    await base.close();
  }
}

function again(): Promise<Coverage> {
  return (aside ??= Coverage.open(source));
}

function counted(): Promise<Forest> {
  return (forest ??= again().then((of) => new Forest(of)));
}

type Answer<N extends AskName> = (
  of: Coverage,
  query: Asks[N]['query'],
  signal: AbortSignal,
) => Promise<Asks[N]['answer']>;

const answers: { [N in AskName]: Answer<N> } = {
  objects: (of, { changes, ...query }, signal) => listed(of, compared, { ...query, signal }, changes),
  object: find,
  evidence: (of, { key, ...page }) => of.evidence(key, page),
  stale: (of, page) => of.stale(page),
  diagnostics: (of, page) => of.diagnostics(page),
  files: (of, page) => of.files(page),
  access: (of, query) => accessRows(of, query),
  tree: async (_, query) => (await counted()).part(query),
  schemas: async (_, query) => (await counted()).schemas(query),
  largest: async (_, page) => (await counted()).largest(page),
  drafts: draftsOf,
  marks: async (_, { path }, signal) => marksOf(await again(), path, signal),
  source: async (_, { path }) => (await texts?.(path)) ?? null,
  compare,
  changes: async (_, query) => compared?.page(query) ?? { rows: [] },
};

async function reply<N extends AskName>({ id, ask, query }: Ask & { ask: N }): Promise<void> {
  const dropped = new AbortController();
  asked.set(id, dropped);
  try {
    if (!coverage) throw new CoverageError('STATE', 'there is no result yet');
    const answer = await answers[ask](coverage, query as Asks[N]['query'], dropped.signal);
    send({ type: 'answer', id, answer });
  } catch (error) {
    send({ type: 'refused', id, problem: problemOf(error) });
  } finally {
    asked.delete(id);
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
