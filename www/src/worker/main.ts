/** Makes or opens one database, then answers questions about it. */
import { Coverage, CoverageError, init } from '../../../js/browser.js';
import { rangeSource } from '../../../js/ranges.js';
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
let texts: Texts | undefined;
let compared: Compared | undefined;
let forest: Forest | undefined;
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
  coverage = await Coverage.open(done.database);
  texts = done.texts;
  return done.result;
}

async function open({ name, database, sources, made, base }: Opened): Promise<Result> {
  coverage = await opened(name, database);
  if (sources !== undefined) texts = typeof sources === 'string' ? served(sources) : await archived(sources);
  return {
    name,
    summary: await coverage.summary(),
    sources: texts !== undefined,
    ...(made !== undefined && { made }),
    ...(base !== undefined && { comparison: await compare(coverage, base) }),
  };
}

/** Errors name the database. */
async function opened(file: string, database: Opened['database']): Promise<Coverage> {
  try {
    return await Coverage.open(
      typeof database === 'string' ? cached(rangeSource(new URL(database))) : await unpacked(database),
    );
  } catch (error) {
    throw error instanceof CoverageError && error.file === undefined
      ? new CoverageError(error.code, error.message, { file, offset: error.offset, cause: error })
      : error;
  }
}

async function compare(head: Coverage, { name, database }: Base): Promise<Comparison> {
  const base = await opened(name, database);
  try {
    compared = await Compared.between(name, base, head);
    return compared.comparison;
  } finally {
    await base.close();
  }
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
  tree: (of, query) => (forest ??= new Forest(of)).part(query),
  schemas: (of, query) => (forest ??= new Forest(of)).schemas(query),
  largest: (of, page) => (forest ??= new Forest(of)).largest(page),
  drafts: draftsOf,
  marks: (of, { path }, signal) => marksOf(of, path, signal),
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
