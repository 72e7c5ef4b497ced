/** Writes the reports that were asked for, to stdout or into a directory. */
import { join } from 'node:path';
import { checkAborted } from '../abort.js';
import { CoverageError } from '../error.js';
import { NewFile } from '../files.js';
import { reporters } from '../reports/index.js';
import type { ReportInput, Style, TextReporter, Write } from '../reports/report.js';
import { visible } from '../reports/names.js';
import { missed, type Finding, type Threshold, type Thresholds } from '../thresholds.js';
import type { Coverage } from '../coverage.js';
import { loadConfig } from './config.js';
import { Output, type Io } from './io.js';

export interface ReportOptions {
  reporter?: string[];
  out?: string;
  failUnder?: Threshold[];
  failOn?: Finding[];
  failCompare?: string;
}

/** The options with what the configuration of the project says of reports and thresholds; the options win. */
export async function withReportConfig<T extends ReportOptions & { root: string }>(options: T): Promise<T> {
  const { reporter, out, failUnder, failOn, failCompare } = await loadConfig(options.root);
  const said = { reporter, out, failUnder, failOn, failCompare };
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { ...known, ...options };
}

/** What the options ask for. */
export function thresholdsOf({ failUnder = [], failOn = [] }: ReportOptions): Thresholds {
  return { under: failUnder, on: failOn };
}

/**
 * Says on stderr where the coverage does not come up to what `--fail-under`, `--fail-on` and `--fail-compare` ask for, one line a reason; the
 * status is 1 then.
 */
export async function checkThresholds(
  coverage: Coverage,
  { failUnder = [], failOn = [], failCompare }: ReportOptions,
  io: Io,
): Promise<number> {
  const asked = failUnder.length > 0 || failOn.length > 0;
  const reasons = asked ? await missed(coverage, { under: failUnder, on: failOn }) : [];
  for (const reason of reasons) io.stderr.write(`pgtap-cov: failed: ${reason}\n`);
  const lost =
    failCompare === undefined ? 0 : await (await import('./diff.js')).checkLost(failCompare, coverage, io);
  return reasons.length > 0 ? 1 : lost;
}

/**
 * The names to write, checked. Without `--out` there is one, default `text`. With `--out` the default is `text` and
 * `html`.
 */
export function chosenReporters({ reporter, out }: ReportOptions): string[] {
  const names = Array.from(new Set(reporter ?? (out === undefined ? ['text'] : ['text', 'html'])));
  for (const name of names) {
    if (reporters.has(name)) continue;
    const known = Array.from(reporters.keys()).join(', ');
    throw new CoverageError('CONFIG', `there is no reporter ${JSON.stringify(name)}: use ${known}`);
  }
  if (out !== undefined) return names;
  if (names.length > 1) throw new CoverageError('CONFIG', 'several reporters need a directory: --out DIR');
  if (reporters.get(names[0]!)!.folder) {
    throw new CoverageError('CONFIG', `${names[0]} writes a folder of files: name it with --out DIR`);
  }
  return names;
}

/** With `--out`, `text` still goes to stdout and everything else into the directory; each file is told on stderr. */
export async function writeReports(
  names: string[],
  input: ReportInput,
  out: string | undefined,
  io: Io,
): Promise<void> {
  const output = new Output(io.stdout);
  for (const name of names) {
    const entry = reporters.get(name)!;
    const reporter = await entry.load();
    checkAborted(io.signal);
    if (out === undefined || name === 'text') {
      await writeText(reporter as TextReporter, input, (text) => output.write(text), io, styleOf(io));
      continue;
    }
    const path = join(out, entry.file);
    if (reporter.kind === 'folder') await reporter.write(input, out);
    else await writeFile(reporter, input, path, io);
    io.stderr.write(`pgtap-cov: wrote ${visible(path)}\n`);
  }
}

async function writeFile(reporter: TextReporter, input: ReportInput, path: string, io: Io): Promise<void> {
  const file = await NewFile.create(path);
  try {
    await writeText(reporter, input, (text) => file.write(text), io, PLAIN);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Rows are short and many: they are gathered to pieces worth a write. */
async function writeText(
  reporter: TextReporter,
  input: ReportInput,
  write: (text: string) => Promise<void>,
  io: Io,
  style: Style,
): Promise<void> {
  let gathered = '';
  const gather: Write = async (text) => {
    checkAborted(io.signal);
    gathered += text;
    if (gathered.length < 16 * 1024) return;
    await write(gathered);
    gathered = '';
  };
  await reporter.write(input, gather, style);
  await write(gathered);
}

/** What no terminal shows. */
const PLAIN: Style = { colour: false, width: 80 };

function styleOf({ stdout }: Io): Style {
  if (!stdout.isTTY) return PLAIN;
  const colour = !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return { colour, width: stdout.columns ?? PLAIN.width, folds: true };
}
