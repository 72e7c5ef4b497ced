/** The command line: options and commands. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CoverageError } from '../error.js';
import { reporters } from '../reports/index.js';
import type { inventoryCommand, ScanCommandOptions } from './commands.js';
import { describe, Output, statusOf, type Io } from './io.js';
import { MOST_JOBS } from './config.js';
import type { DiffCommandOptions } from './diff.js';
import type { GapsOptions } from './gaps.js';
import { formatHelp } from './help.js';
import type { MergeCommandOptions } from './merge.js';
import type { ReportOptions } from './reports.js';
import { FINDINGS, readFinding, readThreshold, type Finding, type Threshold } from '../thresholds.js';
import type { ShardNumber } from '../scan-project.js';
import type { RunCommandOptions } from './run-tests.js';
import type { ViewOptions } from './view.js';

const commands = () => import('./commands.js');

/** How `diff` prints. */
const DIFF_FORMATS = ['text', 'markdown', 'json'] as const;

const EXAMPLES = `Examples:
  pgtap-cov scan app --out coverage --fail-under 80 --fail-on stale
  pgtap-cov --schema 'db/*.sql' --tests 'db/t/**/*.sql' --reporter json
Reporters: ${Array.from(reporters.keys())
  .join(', ')
  .replace(/^.{1,67},/, '$&\n ')}
Exit status: 0 fine, 1 a threshold is missed, 2 wrong use, 3 input or store
  unreadable or unwritable, 4 corrupt or incomplete data
`;

/** Runs the command line on these arguments (without node and script) and resolves with the exit status. */
export async function run(args: string[], io: Io): Promise<number> {
  let status = 0;
  const output = new Output(io.stdout);
  let help = '';
  const program = new Command('pgtap-cov')
    .description('Which objects of a PostgreSQL schema do its pgTAP tests test, and which not?')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      throw new CommanderError(0, 'version', '');
    })
    .addHelpText('after', EXAMPLES);
  program.configureHelp({ formatHelp });
  configure(program, (text) => (help += text));
  const scan = program
    .command('scan', { isDefault: true })
    .description('scan schema and tests of a project and report (default)')
    .addHelpText('after', 'Example: pgtap-cov scan app --out coverage --store .pgtap-cov --jobs 4')
    .argument('[dir]', 'the project', '.')
    .option('--watch', 'report anew whenever a file changes')
    .option('--tap <file>', 'count only what passed by pg_prove -v; repeatable', each)
    .option('--shard <i/n>', 'with --store: a share of the tests, to merge later', shard)
    .action(async (directory: string, { watch, ...options }: ScanCommandOptions & { watch?: true }) => {
      status = watch
        ? await (await import('./watch.js')).watchCommand(directory, options, io)
        : await (await commands()).scanCommand(directory, options, io);
    });
  const report = program
    .command('report')
    .description('write reports from a coverage database')
    .addHelpText('after', 'Example: pgtap-cov report app.ptc --reporter lcov > lcov.info')
    .argument('<database>', 'the file that scan --database kept')
    .option('--root <dir>', 'where the schema files lie', '.')
    .action(async (database: string, options: ReportOptions & { root: string }) => {
      status = await (await commands()).reportCommand(database, options, io);
    });
  const merge = program
    .command('merge')
    .description('merge what jobs kept with scan --store, and report')
    .addHelpText('after', 'Example: pgtap-cov merge shard1 shard2 --out coverage')
    .argument('<dir...>', 'folders of scan --store, in any order')
    .option('--database <file>', 'keep the coverage database in this file')
    .option('--root <dir>', 'where the schema files lie', '.')
    .action(async (folders: string[], options: MergeCommandOptions) => {
      status = await (await import('./merge.js')).mergeCommand(folders, options, io);
    });
  const diff = program
    .command('diff')
    .description('what one database covers more or less than another')
    .addHelpText('after', 'Example: pgtap-cov diff base.ptc head.ptc --format markdown')
    .argument('<base>', 'the database that scan --database kept of the base')
    .argument('<head>', 'the one of the branch')
    .addOption(new Option('--format <name>', 'form').choices(DIFF_FORMATS).default(DIFF_FORMATS[0]))
    .action(async (base: string, head: string, options: DiffCommandOptions) => {
      status = await (await import('./diff.js')).diffCommand(base, head, options, io);
    });
  const assertions = program
    .command('assertions')
    .description('list the pgTAP calls of files, one JSON line each')
    .addHelpText('after', 'Example: pgtap-cov assertions supabase/tests/*.sql')
    .argument('<file...>', 'SQL files')
    .option('--pgtap-schema <name>', 'a schema that pgTAP is installed in; repeatable', each)
    .action(async (files: string[], options: { pgtapSchema?: string[] }) => {
      status = await (await commands()).assertionsCommand(files, options, io);
    });
  const inventory = program
    .command('inventory')
    .description('list the objects of schema files, one JSON line each')
    .addHelpText('after', 'Example: pgtap-cov inventory supabase/migrations')
    .argument('[file...]', 'SQL files, folders or globs (default: the project)')
    .option('--check-inventory', 'with --db or --embedded: - only here, + only there')
    .action(async (files: string[], options: Parameters<typeof inventoryCommand>[1]) => {
      status = await (await commands()).inventoryCommand(files, options, io);
    });
  const view = program
    .command('view')
    .description('show a database in the browser, from 127.0.0.1')
    .addHelpText('after', 'Example: pgtap-cov view app.ptc --root app')
    .argument('[database]', 'a file of scan --database (default: scan the project)')
    .option('--root <dir>', 'the project, with the sources that it shows', '.')
    .option('--base <database>', 'a database to compare with')
    .option('--port <number>', 'where to listen (default: where it is free)', port, 0)
    .action(async (database: string | undefined, options: ViewOptions) => {
      status = await (await import('./view.js')).viewCommand(database, options, io);
    });
  const gaps = program
    .command('gaps')
    .description('list what no test covers, or draft tests for it')
    .addHelpText('after', 'Example: pgtap-cov gaps --write-tests supabase/tests')
    .argument('[project]', 'a project, or a file of scan --database', '.')
    .option('--root <dir>', 'the project, where a database is given', '.')
    .option('--schema <glob>', 'schema files, as for scan; repeatable', each)
    .option('--tests <glob>', 'test files, as for scan; repeatable', each)
    .option('--kind <kind>', 'only this kind: table, column, policy …; repeatable', each)
    .option('--in <schema>', 'only objects of this schema')
    .option('--match <regex>', 'only where schema.name or schema.name.sub matches')
    .option('--all', 'all kinds, columns, keys and indexes too')
    .option('--json', 'one JSON line for each')
    .option('--write-tests <dir>', 'draft a pgTAP file for each object with gaps')
    .option('--force', 'with --write-tests, write files anew that are there')
    .action(async (project: string, options: GapsOptions) => {
      status = await (await import('./gaps.js')).gapsCommand(project, options, io);
    });
  const tests = program
    .command('run')
    .description('run the tests in PGlite or on a server, and report')
    .addHelpText('after', 'Example: pgtap-cov run --db postgres://me@localhost/test --wrap')
    .argument('[dir]', 'the project', '.')
    .option('--wrap', 'roll each file back, also one without BEGIN')
    .action(async (directory: string, options: RunCommandOptions) => {
      status = await (await import('./run-tests.js')).runCommand(directory, options, io);
    });
  for (const command of [scan, tests]) {
    command
      .option('--schema <glob>', 'schema files of the project, in order; repeatable', each)
      .option('--tests <glob>', 'test files of the project; repeatable', each)
      .option('--rules <file>', 'JSON: what helper functions assert, assume and do')
      .option('--database <file>', 'keep the coverage database in this file')
      .option('--store <dir>', 'keep what is read here, and read only changes later')
      .option('-j, --jobs <n>', 'threads that read (default: 1)', jobs)
      .option('--arena <bytes>', 'memory for records before they are flushed', bytes);
  }
  for (const command of [scan, tests, inventory, gaps]) {
    command
      .option('--db <url>', 'the schema of a server: postgres://USER@HOST/NAME')
      .option('--embedded', 'the schema that PGlite has after the schema files')
      .option('--extension <name>', 'keep what an extension brings there; repeatable', each);
  }
  for (const command of [scan, tests, report, merge, diff, gaps, assertions, inventory, view])
    configure(command, (text) => (help += text));
  for (const command of [scan, tests, report, merge]) {
    command
      .option('--reporter <name>', 'text, html, lcov … (pgtap-cov --help); repeatable', each)
      .option('--out <dir>', 'write reports here (default: text and html)')
      .option(
        '--fail-under <percent>',
        'fail below 80, exercised=60, policy=100; repeatable',
        (value: string, earlier: Threshold[] | undefined) => [...(earlier ?? []), readThreshold(value)],
      )
      .option('--fail-on <what>', FINDINGS.join(', '), (value: string, earlier: Finding[] | undefined) => [
        ...(earlier ?? []),
        readFinding(value),
      ])
      .option('--fail-compare <database>', 'fail when an object covered there is no more');
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return await failed(error, help, output, io);
  }
}

async function failed(error: unknown, help: string, output: Output, io: Io): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.code === 'version') {
      const { ready } = await import('../wasm.js');
      await output.write(`${(await ready()).version()}\n`);
      return 0;
    }
    if (error.exitCode === 0) {
      await output.write(help);
      return 0;
    }
    return failed(new CoverageError('CONFIG', error.message.replace(/^error: /, '')), help, output, io);
  }
  io.stderr.write(describe(error));
  return statusOf(error);
}

/** Commander writes nothing itself and never ends the process. */
function configure(command: Command, takeHelp: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: takeHelp, writeErr: () => {}, outputError: () => {} });
}

function each(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

function shard(value: string): ShardNumber {
  const [, index, count] = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(value) ?? [];
  const number = { index: Number(index), count: Number(count) };
  if (number.index >= 1 && number.index <= number.count) return number;
  throw new InvalidArgumentError('It is a share of all, such as 2/4.');
}

function port(value: string): number {
  if (/^[0-9]{1,5}$/.test(value) && Number(value) < 65536) return Number(value);
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}

function jobs(value: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(value) && Number(value) <= MOST_JOBS) return Number(value);
  throw new InvalidArgumentError(`It is a number of threads, at most ${MOST_JOBS}.`);
}

function bytes(value: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It is a number of bytes.');
}
