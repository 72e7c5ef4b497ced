/** `pgtap-cov run`: runs the tests, and tells what they cover. */
import { resolve } from 'node:path';
import { readText } from '../files.js';
import { catalogueOf, openLive } from '../live.js';
import { findProject } from '../project.js';
import { visible } from '../reports/names.js';
import type { FileResult } from '../results.js';
import { runTests } from '../test-run.js';
import { checkLive, scanned, withConfig, type ScanCommandOptions } from './commands.js';
import { loadConfig } from './config.js';
import { Output, type Io } from './io.js';
import { checkThresholds, chosenReporters, thresholdsOf, writeReports } from './reports.js';

export interface RunCommandOptions extends ScanCommandOptions {
  wrap?: boolean;
}

/**
 * Runs the tests of a project in PGlite after its migrations, or on a server as it is, prints their TAP and reports what
 * they cover; what did not pass does not count. TAP goes to stdout, or to stderr where a report for programs takes that.
 * The status is 1 when a test failed or a file did not run, else that of a scan.
 */
export async function runCommand(directory: string, given: RunCommandOptions, io: Io): Promise<number> {
  const options: RunCommandOptions = withConfig(await loadConfig(directory), given);
  const names = chosenReporters(options);
  const { schema, tests, db, embedded, extension } = options;
  checkLive(db, embedded);
  const project = await findProject(directory, { ...(schema && { schema }), ...(tests && { tests }) });
  const server = await openLive(db === undefined ? { embedded: true } : { url: db }, {
    directory: resolve(directory),
    ...project,
    later: project.tests
      .map((path) => readText(resolve(directory, path)) ?? '')
      .concat('create extension pgtap'),
  });
  const output = new Output(names.includes('text') || options.out !== undefined ? io.stdout : io.stderr);
  const results: FileResult[] = [];
  let inventory;
  try {
    // before tests that leave something behind
    inventory = await catalogueOf(server, extension);
    let file = '';
    const print = async (line: string, path: string) => {
      if (path !== file) await output.write(`# ${visible(path)}\n`);
      file = path;
      await output.write(`${visible(line)}\n`);
    };
    const ran = runTests({
      directory,
      tests: project.tests,
      server,
      wrap: options.wrap ?? false,
      print,
      signal: io.signal,
    });
    for await (const result of ran) {
      results.push(result);
      for (const problem of result.problems) {
        const isPlaced = problem.startsWith(`${result.path}:`);
        io.stderr.write(`pgtap-cov: ${visible(isPlaced ? problem : `${result.path}: ${problem}`)}\n`);
      }
    }
  } finally {
    await server.close();
  }
  await output.write(`${summary(results)}\n`);
  const { coverage, run, source, unreadable, close } = await scanned(directory, withoutLive(options), io, {
    live: { source: inventory },
    results,
  });
  try {
    await writeReports(names, { coverage, run, source, thresholds: thresholdsOf(options) }, options.out, io);
    const failed = await checkThresholds(coverage, options, io);
    if (unreadable.length > 0) return 3;
    return results.every(({ status }) => status === 'passed') ? failed : 1;
  } finally {
    await close();
  }
}

function withoutLive({ db: _, embedded: __, ...rest }: RunCommandOptions): ScanCommandOptions {
  return rest;
}

/** As pg_prove ends. */
function summary(results: FileResult[]): string {
  const count = (status: FileResult['status']) => results.filter((result) => result.status === status).length;
  const [failed, notRun] = [count('failed'), count('not-run')];
  const tests = results.reduce((sum, result) => sum + result.tests, 0);
  const parts = [failed > 0 && `${failed} failed`, notRun > 0 && `${notRun} not run`].filter(Boolean);
  const figures = `Files=${results.length}, Tests=${tests}${parts.length > 0 ? `, files: ${parts.join(', ')}` : ''}`;
  return `${figures}\nResult: ${parts.length > 0 ? 'FAIL' : results.length > 0 ? 'PASS' : 'NOTESTS'}\n`;
}
