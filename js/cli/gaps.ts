/** `pgtap-cov gaps`: what no test covers, and drafts of tests for it. */
import { mkdir, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkAborted } from '../abort.js';
import type { Coverage } from '../coverage.js';
import { draftTests, gapGroups, type Draft, type DraftOptions, type GapQuery } from '../drafts/draft.js';
import { factsOf } from '../drafts/facts.js';
import { CoverageError, hostError, messageOf } from '../error.js';
import { openLive, type LiveServer } from '../live.js';
import { findProject } from '../project.js';
import { HEADLINE_KINDS, nameOf, visible } from '../reports/names.js';
import { openDatabase } from '../scan-project.js';
import { KINDS, type CoveredObject } from '../types.js';
import { scanned, withConfig, type LiveCommandOptions, type ScanCommandOptions } from './commands.js';
import { loadConfig } from './config.js';
import { describe, Output, type Io, type Stream } from './io.js';

export interface GapsOptions
  extends LiveCommandOptions, Pick<ScanCommandOptions, 'schema' | 'tests' | 'rules'> {
  /** The project, where a database is given. */
  root: string;
  kind?: string[];
  in?: string;
  match?: string;
  all?: boolean;
  json?: boolean;
  writeTests?: string;
  force?: boolean;
}

/**
 * Lists what a database, or a scan of a project, has as not covered, or drafts tests for it. The status is 3 when a
 * source could not be read.
 */
export async function gapsCommand(target: string, given: GapsOptions, io: Io): Promise<number> {
  const query = queryOf(given);
  const isProject = await isDirectory(target);
  const directory = isProject ? target : given.root;
  const { database: _, ...config } = await loadConfig(directory);
  const options = { ...given, ...withConfig(config, given) };
  if (isProject) {
    const { coverage, unreadable, close } = await scanned(directory, options, io);
    try {
      await tell(coverage, directory, query, options, io);
      return unreadable.length > 0 ? 3 : 0;
    } finally {
      await close();
    }
  }
  const coverage = await openDatabase(target);
  try {
    await tell(coverage, directory, query, options, io);
    return 0;
  } finally {
    await coverage.close();
  }
}

function queryOf({ kind, all, in: schema, match, writeTests }: GapsOptions): GapQuery {
  for (const name of kind ?? []) {
    if (!KINDS.includes(name as (typeof KINDS)[number]))
      throw new CoverageError(
        'CONFIG',
        `there is no kind ${JSON.stringify(name)}: the kinds are ${KINDS.join(', ')}`,
      );
  }
  const kinds = kind ?? (all || writeTests !== undefined ? undefined : [...HEADLINE_KINDS]);
  return {
    ...(kinds && { kind: kinds }),
    ...(schema !== undefined && { schema }),
    ...(match !== undefined && { match }),
  };
}

async function tell(
  coverage: Coverage,
  directory: string,
  query: GapQuery,
  options: GapsOptions,
  io: Io,
): Promise<void> {
  if (options.writeTests !== undefined) return write(coverage, directory, query, options, io);
  const output = new Output(io.stdout);
  let count = 0;
  for await (const objects of gapGroups(coverage, query)) {
    checkAborted(io.signal);
    count += objects.length;
    await output.write(objects.map(options.json ? jsonLine : textLine(io.stdout)).join(''));
  }
  if (options.json) return;
  const more = query.kind && !options.kind ? ' (--all for all kinds)' : '';
  await output.write(
    count === 0
      ? `${more ? 'Every table, view, routine, trigger and policy' : 'Everything'} is covered${more}.\n`
      : `\nNot covered: ${count}${more}. Drafts of tests: pgtap-cov gaps --write-tests DIR\n`,
  );
}

function jsonLine(object: CoveredObject): string {
  const { kind, schema, name, sub, args, state, defined, risk, reason } = object;
  const why = { ...(risk && { risk }), ...(reason && { reason }) };
  return `${JSON.stringify({ kind, schema, name, sub, args, state, ...defined, ...why })}\n`;
}

/** Name and place in one line if they fit, else in two; the reason below. */
function textLine({ columns = 80 }: Stream): (object: CoveredObject) => string {
  return (object) => {
    const [name, place] = [nameOf(object), visible(`${object.defined.file}:${object.defined.line}`)];
    const gap = columns - name.length - place.length - 1;
    const first = gap > 0 ? `${name}${' '.repeat(gap)}${place}\n` : `${name}\n    ${place}\n`;
    const why = object.reason ?? (object.state === 'declared' ? 'only its existence is tested' : undefined);
    return why === undefined ? first : `${first}    ${visible(why)}\n`;
  };
}

async function write(
  coverage: Coverage,
  directory: string,
  query: GapQuery,
  options: GapsOptions,
  io: Io,
): Promise<void> {
  const folder = options.writeTests!;
  const server = await factsServer(directory, options, io);
  const [totals, kept, left] = [{ files: 0, plan: 0, todo: 0, objects: 0 }, [] as string[], [] as string[]];
  try {
    const given: DraftOptions = { ...query, ...(server && { facts: await factsOf(server.ask) }) };
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw hostError('STORE', 'cannot be made', cause, { file: folder });
    });
    for await (const draft of draftTests(coverage, given)) {
      checkAborted(io.signal);
      left.push(...draft.left);
      if (!(await wrote(draft, folder, options.force ?? false))) {
        kept.push(draft.name);
        continue;
      }
      totals.files += 1;
      totals.plan += draft.plan;
      totals.todo += draft.todo;
      totals.objects += draft.objects.length;
    }
  } finally {
    await server?.close();
  }
  const output = new Output(io.stdout);
  const { files, plan, todo, objects } = totals;
  await output.write(
    `${visible(folder)}: ${files} ${files === 1 ? 'file' : 'files'}, ${plan} tests of ${objects} objects; ` +
      `${todo} of them are marked TODO: write what the object does\n`,
  );
  if (kept.length > 0)
    await output.write(`kept as they are (--force writes them anew): ${kept.map(visible).join(', ')}\n`);
  if (left.length > 0)
    await output.write(`without an assertion: ${left.length}, named in the drafts as TODO\n`);
}

/** Writes a draft, unless there is such a file. */
async function wrote({ name, text }: Draft, folder: string, force: boolean): Promise<boolean> {
  const path = join(folder, name);
  try {
    const file = await open(path, force ? 'w' : 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw hostError('STORE', 'cannot be written', cause, { file: path });
  }
}

/** The server that knows types and the like: what was asked for, else PGlite where it is installed and takes the schema. */
async function factsServer(directory: string, options: GapsOptions, io: Io): Promise<LiveServer | undefined> {
  const { db, embedded, schema } = options;
  if (db !== undefined) return openLive({ url: db }, { directory, schema: [] });
  try {
    const project = await findProject(directory, { ...(schema && { schema }) });
    return await openLive({ embedded: true }, { directory: resolve(directory), ...project });
  } catch (error) {
    if (embedded || !(error instanceof CoverageError) || !['CONFIG', 'INPUT'].includes(error.code))
      throw error;
    io.stderr.write(describe(error).replace('error:', 'warning:'));
    io.stderr.write('pgtap-cov: warning: without a server, drafts only say what exists: give --db URL\n');
    return undefined;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new CoverageError('INPUT', `cannot be read: ${messageOf(cause)}`, { file: path, cause });
  }
}
