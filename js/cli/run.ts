/** The command line: options and commands. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CoverageError } from '../error.js';
import { reporters } from '../reports/index.js';
import type { inventoryCommand, ScanCommandOptions } from './commands.js';
import { describe, Output, statusOf, type Io } from './io.js';
import { MOST_JOBS } from './config.js';
import type { DiffCommandOptions } from './diff.js';
import type { GapsOptions } from './gaps.js';
import type { MergeCommandOptions } from './merge.js';
import type { ReportOptions } from './reports.js';
import { FINDINGS, readFinding, readThreshold, type Finding, type Threshold } from '../thresholds.js';
import type { ShardNumber } from '../scan-project.js';
import type { RunCommandOptions } from './run-tests.js';
import type { ViewOptions } from './view.js';

const commands = () => import('./commands.js');

/** How `diff` prints. */
const DIFF_FORMATS = ['text', 'markdown', 'json'] as const;

const EXAMPLES = `
Examples:
  pgtap-cov                               scan the project in this directory
  pgtap-cov scan app --out coverage       figures to the terminal, pages to coverage/html
  pgtap-cov --schema 'db/*.sql' --tests 'db/t/**/*.sql' --reporter json
  pgtap-cov assertions supabase/tests/*.sql
  pgtap-cov inventory schema.sql
  pgtap-cov --fail-under 80 --fail-under policy:exercised=100 --fail-on stale
  pgtap-cov --store .pgtap-cov --shard 1/4    and, after all four: pgtap-cov merge DIR…
  pgtap-cov --database app.pgtapcov && pgtap-cov report app.pgtapcov --reporter lcov
  pgtap-cov run                           migrations and tests in PGlite: TAP, then the figures
  pgtap-cov gaps --write-tests supabase/tests   drafts pgTAP files for what is not covered
  pgtap-cov view app.pgtapcov             the same in the browser, with sources

Exit status: 0 fine, 1 a threshold is missed, 2 wrong use, 3 input or store unreadable or unwritable, 4 corrupt or incomplete data
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
  configure(program, (text) => (help += text));
  const scan = program
    .command('scan', { isDefault: true })
    .description('find schema and tests of a project, scan them and report (the default)')
    .argument('[dir]', 'the project', '.')
    .option('--watch', 'report anew whenever a file changes')
    .action(async (directory: string, { watch, ...options }: ScanCommandOptions & { watch?: true }) => {
      status = watch
        ? await (await import('./watch.js')).watchCommand(directory, options, io)
        : await (await commands()).scanCommand(directory, options, io);
    });
  const report = program
    .command('report')
    .description('write reports from a coverage database')
    .argument('<database>', 'the file that scan --database kept')
    .option('--root <dir>', 'where the schema files lie, for reports that show them', '.')
    .action(async (database: string, options: ReportOptions & { root: string }) => {
      status = await (await commands()).reportCommand(database, options, io);
    });
  const merge = program
    .command('merge')
    .description('merge what the jobs of a run kept with scan --store, and report')
    .argument('<dir...>', 'folders of scan --store, in any order')
    .option('--database <file>', 'keep the coverage database in this file')
    .option('--root <dir>', 'where the schema files lie, for reports that show them', '.')
    .action(async (folders: string[], options: MergeCommandOptions) => {
      status = await (await import('./merge.js')).mergeCommand(folders, options, io);
    });
  const diff = program
    .command('diff')
    .description('what a coverage database has more or less than another one')
    .argument('<base>', 'the database that scan --database kept of the base')
    .argument('<head>', 'the one of the branch')
    .addOption(
      new Option('--format <name>', 'how it is printed').choices(DIFF_FORMATS).default(DIFF_FORMATS[0]),
    )
    .action(async (base: string, head: string, options: DiffCommandOptions) => {
      status = await (await import('./diff.js')).diffCommand(base, head, options, io);
    });
  const assertions = program
    .command('assertions')
    .description('list the pgTAP calls of files, one JSON line each')
    .argument('<file...>', 'SQL files')
    .option('--pgtap-schema <name>', 'a schema that pgTAP is installed in (repeatable)', each)
    .action(async (files: string[], options: { pgtapSchema?: string[] }) => {
      status = await (await commands()).assertionsCommand(files, options, io);
    });
  const inventory = program
    .command('inventory')
    .description('list the objects that schema files define, one JSON line each')
    .argument(
      '[file...]',
      'SQL files, folders or globs in the order in which they apply (default: those of the project)',
    )
    .option(
      '--check-inventory',
      'compare with --db or --embedded: - only in the files, + only there; status 1 if any',
    )
    .action(async (files: string[], options: Parameters<typeof inventoryCommand>[1]) => {
      status = await (await commands()).inventoryCommand(files, options, io);
    });
  const view = program
    .command('view')
    .description('show a database in the browser: serves the viewer on 127.0.0.1 and prints its address')
    .argument('[database]', 'the file that scan --database kept (default: the project is scanned)')
    .option('--root <dir>', 'the project, with the sources that the viewer shows', '.')
    .option('--port <number>', 'where to listen (default: where it is free)', port, 0)
    .action(async (database: string | undefined, options: ViewOptions) => {
      status = await (await import('./view.js')).viewCommand(database, options, io);
    });
  const gaps = program
    .command('gaps')
    .description('list what no test covers, or draft tests for it')
    .argument('[project]', 'a project, or the file that scan --database kept', '.')
    .option('--root <dir>', 'the project, where a database is given', '.')
    .option('--schema <glob>', 'schema files, as for scan (repeatable)', each)
    .option('--tests <glob>', 'test files, as for scan (repeatable)', each)
    .option('--kind <kind>', 'only objects of this kind: table, column, policy … (repeatable)', each)
    .option('--in <schema>', 'only objects of this schema')
    .option('--match <regex>', 'only objects whose schema.name or schema.name.sub matches')
    .option('--all', 'all kinds, columns, keys and indexes too')
    .option('--json', 'one JSON line for each')
    .option('--write-tests <dir>', 'write a pgTAP file for each relation, routine and schema with gaps')
    .option('--force', 'with --write-tests, write files anew that are there')
    .action(async (project: string, options: GapsOptions) => {
      status = await (await import('./gaps.js')).gapsCommand(project, options, io);
    });
  const tests = program
    .command('run')
    .description('run the tests in PGlite or on a server, and report what they cover')
    .argument('[dir]', 'the project', '.')
    .option('--wrap', 'run each file in a transaction that is rolled back; needed where a file begins none')
    .action(async (directory: string, options: RunCommandOptions) => {
      status = await (await import('./run-tests.js')).runCommand(directory, options, io);
    });
  for (const command of [scan, tests]) {
    command
      .option('--schema <glob>', 'schema files, relative to the project, in natural order (repeatable)', each)
      .option('--tests <glob>', 'test files, relative to the project (repeatable)', each)
      .option('--rules <file>', 'JSON with rules for helper functions: what they assert, assume and do')
      .option('--database <file>', 'keep the coverage database in this file')
      .option('--store <dir>', 'keep what is read in this folder, and read only what changed since')
      .option(
        '--shard <i/n>',
        'with --store, read the schema and this share of the tests, to merge later',
        shard,
      )
      .option('-j, --jobs <n>', 'read with so many threads (default: 1)', jobs)
      .option('--arena <bytes>', 'size of the arena that holds records before they are flushed', bytes);
  }
  for (const command of [scan, tests, inventory, gaps]) {
    command
      .option('--db <url>', 'read the schema from this database instead: postgres://USER@HOST:PORT/NAME')
      .option('--embedded', 'read the schema from PGlite, after it ran the schema files')
      .option(
        '--extension <name>',
        'with --db or --embedded, keep what this extension brings (repeatable)',
        each,
      );
  }
  for (const command of [scan, tests, report, merge, diff, gaps, assertions, inventory, view])
    configure(command, (text) => (help += text));
  for (const command of [scan, tests, report, merge]) {
    command
      .option(
        '--reporter <name>',
        `${Array.from(reporters.keys()).join(', ')} (repeatable; default: text)`,
        each,
      )
      .option(
        '--out <dir>',
        'write each report to a file in here, text still to stdout (default: text and html)',
      )
      .option(
        '--fail-under <percent>',
        'fail when less is covered: 80, exercised=60, policy=100, function:exercised=80, schema.app=70 (repeatable)',
        (value: string, earlier: Threshold[] | undefined) => [...(earlier ?? []), readThreshold(value)],
      )
      .option(
        '--fail-on <what>',
        `fail on any of these: ${FINDINGS.join(', ')} (repeatable)`,
        (value: string, earlier: Finding[] | undefined) => [...(earlier ?? []), readFinding(value)],
      )
      .option(
        '--fail-compare <database>',
        'fail when an object that this database has as covered is no more',
      );
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
