/** What the commands do; each resolves with its exit status. */
import { basename, resolve } from 'node:path';
import { checkAborted } from '../abort.js';
import { listCalls } from '../calls.js';
import { CoverageError, messageOf, withDetails } from '../error.js';
import { readBelow, readText, streamFile } from '../files.js';
import { rowsOf } from '../pages.js';
import { findProject, type Project } from '../project.js';
import {
  openDatabase,
  scanFiles,
  scanProject,
  type ProjectScan,
  type ProjectScanOptions,
  type ShardNumber,
} from '../scan-project.js';
import type { FileResult } from '../results.js';
import { readTapFiles } from '../tap-files.js';
import { visible } from '../reports/names.js';
import type { CoveredObject, Rule } from '../types.js';
import { loadConfig, type Config } from './config.js';
import { describe, Output, ProgressLine, type Io } from './io.js';
import {
  checkThresholds,
  chosenReporters,
  thresholdsOf,
  withReportConfig,
  writeReports,
  type ReportOptions,
} from './reports.js';

/** Options of commands that may read the schema of a server. */
export interface LiveCommandOptions {
  db?: string;
  embedded?: boolean;
  extension?: string[];
}

export interface ScanCommandOptions extends ReportOptions, LiveCommandOptions {
  schema?: string[];
  tests?: string[];
  rules?: string | Rule[];
  database?: string;
  store?: string;
  shard?: ShardNumber;
  tap?: string[];
  jobs?: number;
  arena?: number;
}

/** Scans a project and reports. The status is 3 when a source could not be read; the rest is counted and reported. */
export async function scanCommand(directory: string, given: ScanCommandOptions, io: Io): Promise<number> {
  const options = withConfig(await loadConfig(directory), given);
  const names = chosenReporters(options);
  const results = options.tap && (await resultsOf(options.tap, directory, options, io));
  const { coverage, run, source, unreadable, close } = await scanned(
    directory,
    options,
    io,
    results && { results },
  );
  try {
    const name = basename(resolve(directory));
    const thresholds = thresholdsOf(options);
    await writeReports(names, { coverage, name, run, source, thresholds }, options.out, io);
    const failed = await checkThresholds(coverage, options, io);
    return unreadable.length > 0 ? 3 : failed;
  } finally {
    await close();
  }
}

/** What TAP files say of the tests of the project; stderr is told what they do not. */
async function resultsOf(
  files: string[],
  directory: string,
  { schema, tests }: ScanCommandOptions,
  io: Io,
): Promise<FileResult[]> {
  const project = await findProject(directory, { ...(schema && { schema }), ...(tests && { tests }) });
  const { results, notes } = await readTapFiles(directory, project.tests, files);
  for (const note of notes) io.stderr.write(`pgtap-cov: warning: ${visible(note)}\n`);
  return results;
}

/** A finished scan, of which stderr was told. `close` must be called. */
export async function scanned(
  directory: string,
  options: ScanCommandOptions,
  io: Io,
  more: Pick<ProjectScanOptions, 'live' | 'results'> = {},
): Promise<ProjectScan> {
  const progress = new ProgressLine(io.stderr);
  const scanOptions: ProjectScanOptions = {
    ...liveOptions(options),
    ...more,
    signal: io.signal,
    onProgress: (now) => progress.show(now),
  };
  if (options.schema) scanOptions.schema = options.schema;
  if (options.tests) scanOptions.tests = options.tests;
  const { rules } = options;
  if (rules !== undefined) scanOptions.rules = typeof rules === 'string' ? readRules(rules) : rules;
  if (options.database !== undefined) scanOptions.database = options.database;
  if (options.store !== undefined) scanOptions.store = options.store;
  if (options.shard !== undefined) scanOptions.shard = options.shard;
  if (options.jobs !== undefined) scanOptions.jobs = options.jobs;
  if (options.arena !== undefined) scanOptions.limits = { arenaBytes: options.arena };
  const scan = await scanProject(directory, scanOptions).finally(() => progress.clear());
  const { project, unreadable, reused } = scan;
  io.stderr.write(`pgtap-cov: ${visible(project.layout)}\n`);
  for (const note of project.notes) io.stderr.write(`pgtap-cov: warning: ${visible(note)}\n`);
  if (project.tests.length === 0)
    io.stderr.write('pgtap-cov: warning: no tests found: name them with --tests GLOB\n');
  for (const error of unreadable) io.stderr.write(describe(error));
  if (reused > 0) io.stderr.write(`pgtap-cov: unchanged, not read again: ${reused}\n`);
  return scan;
}

/** What the command line says wins; a server is asked for by one of the two alone. */
export function withConfig(config: Config, given: ScanCommandOptions): ScanCommandOptions {
  const { db, embedded, ...rest } = config;
  const live =
    given.db !== undefined || given.embedded ? {} : { ...(db && { db }), ...(embedded && { embedded }) };
  return { ...rest, ...live, ...given };
}

function readRules(file: string): Rule[] {
  const text = readText(file);
  if (text === undefined) throw new CoverageError('INPUT', 'cannot be read', { file });
  try {
    const rules: unknown = JSON.parse(text);
    if (Array.isArray(rules)) return rules as Rule[];
  } catch (cause) {
    throw new CoverageError('CONFIG', `is no JSON: ${messageOf(cause)}`, { file, cause });
  }
  throw new CoverageError('CONFIG', 'holds no list of rules: give [{ "name": …, "role": … }]', { file });
}

/**
 * Reports from a database; schema files are looked for below `root`. The status is 4 when the database does not cover
 * all of its sources.
 */
export async function reportCommand(
  database: string,
  given: ReportOptions & { root: string },
  io: Io,
): Promise<number> {
  const options = await withReportConfig(given);
  const names = chosenReporters(options);
  const coverage = await openDatabase(database);
  try {
    const source = (path: string) => readBelow(options.root, path);
    const name = basename(resolve(database));
    await writeReports(names, { coverage, name, source, thresholds: thresholdsOf(options) }, options.out, io);
    const failed = await checkThresholds(coverage, options, io);
    return (await coverage.summary()).complete ? failed : 4;
  } catch (error) {
    // Whoever writes a file names it; another error without one came from reading the database.
    const isReading = error instanceof CoverageError && error.code !== 'STORE' && !error.file;
    throw isReading ? withDetails(error, { file: database }) : error;
  } finally {
    await coverage.close();
  }
}

/** Lists the calls of files, one JSON line each. The status is 3 when a file could not be read; the rest is listed. */
export async function assertionsCommand(
  files: string[],
  options: { pgtapSchema?: string[] },
  io: Io,
): Promise<number> {
  const output = new Output(io.stdout);
  let status = 0;
  for (const file of files) {
    try {
      const stream = await streamFile(file).catch((cause: unknown) => {
        throw new CoverageError('INPUT', `cannot be opened: ${messageOf(cause)}`, { file, cause });
      });
      const calls = listCalls(
        stream,
        options.pgtapSchema ? { path: file, pgtapSchemas: options.pgtapSchema } : { path: file },
      );
      let lines = '';
      for await (const { line, ...call } of calls) {
        checkAborted(io.signal);
        lines += `${JSON.stringify({ file, line, ...call })}\n`;
        if (lines.length < LINES_BYTES) continue;
        await output.write(lines);
        lines = '';
      }
      await output.write(lines);
    } catch (error) {
      if (!(error instanceof CoverageError) || error.code !== 'INPUT') throw error;
      io.stderr.write(describe(error));
      status = 3;
    }
  }
  return status;
}

/**
 * Lists the objects that schema files define, one JSON line each; without files, those of the project here. What the
 * text does not tell goes to stderr. The status is 3 when a file could not be read; the rest is listed.
 */
export async function inventoryCommand(
  files: string[],
  options: LiveCommandOptions & { checkInventory?: boolean },
  io: Io,
): Promise<number> {
  const asked = liveOptions(options);
  const { live } = asked;
  if (options.checkInventory && !live) {
    throw new CoverageError(
      'CONFIG',
      '--check-inventory compares with a server: give --db or --embedded, too',
    );
  }
  const serverAlone = files.length === 0 && live && 'url' in live && !options.checkInventory;
  const found = serverAlone
    ? { schema: [], layout: '', notes: [] }
    : await findProject('.', files.length > 0 ? { schema: files } : {});
  const project: Project = { ...found, tests: [] };
  if (!options.checkInventory) return listInventory(project, asked, io, objectLine);
  // objects of the text alone, then of the server alone
  const [text, server]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const status = await listInventory(project, {}, io, collect(text));
  await listInventory(project, asked, io, collect(server));
  const output = new Output(io.stdout);
  for (const key of text) if (!server.has(key)) await output.write(`- ${key}\n`);
  for (const key of server) if (!text.has(key)) await output.write(`+ ${key}\n`);
  const equal = text.size === server.size && Array.from(text).every((key) => server.has(key));
  return status || (equal ? 0 : 1);
}

/** Throws `CONFIG` where both are asked for. */
export function checkLive(db: string | undefined, embedded: boolean | undefined): void {
  if (db !== undefined && embedded) throw new CoverageError('CONFIG', 'give either --db or --embedded');
}

function liveOptions({
  db,
  embedded,
  extension,
}: LiveCommandOptions): Pick<ProjectScanOptions, 'live' | 'extensions'> {
  checkLive(db, embedded);
  return {
    ...(db !== undefined && { live: { url: db } }),
    ...(embedded && { live: { embedded: true } }),
    ...(extension && { extensions: extension }),
  };
}

function objectLine({ kind, schema, name, sub, args, defined: { file, line } }: CoveredObject): string {
  return `${JSON.stringify({ kind, schema, name, sub, args, file, line })}\n`;
}

/** Keeps the key of each object as a line of JSON and prints nothing. */
function collect(keys: Set<string>): (object: CoveredObject) => string {
  return ({ kind, schema, name, sub, args }) => {
    keys.add(JSON.stringify({ kind, schema, name, sub, args }));
    return '';
  };
}

async function listInventory(
  project: Project,
  asked: Pick<ProjectScanOptions, 'live' | 'extensions'>,
  io: Io,
  lineOf: (object: CoveredObject) => string,
): Promise<number> {
  const progress = new ProgressLine(io.stderr);
  const scanned = await scanFiles('.', project, {
    everything: true,
    ...asked,
    signal: io.signal,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.clear());
  try {
    const output = new Output(io.stdout);
    let lines = '';
    for await (const object of scanned.coverage.iterate()) {
      checkAborted(io.signal);
      lines += lineOf(object);
      if (lines.length < LINES_BYTES) continue;
      await output.write(lines);
      lines = '';
    }
    await output.write(lines);
    for (const error of scanned.unreadable) io.stderr.write(describe(error));
    for await (const said of rowsOf((page) => scanned.coverage.diagnostics(page))) {
      const { file, line, severity, code, message } = said;
      io.stderr.write(`pgtap-cov: ${severity}: ${visible(`${file}:${line}: ${code}: ${message}`)}\n`);
    }
    return scanned.unreadable.length > 0 ? 3 : 0;
  } finally {
    await scanned.close();
  }
}

/** How much is written at once. */
const LINES_BYTES = 64 * 1024;
