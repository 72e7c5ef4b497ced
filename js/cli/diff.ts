/** `pgtap-cov diff`, and `--fail-compare`: what a coverage has more or less than its base. */
import { CoverageError, withDetails } from '../error.js';
import type { Coverage } from '../coverage.js';
import { CHANGES, diff, diffFiles, type Change, type FileChange, type ObjectChange } from '../diff.js';
import { codeSpan, nameOf, visible } from '../reports/names.js';
import { openDatabase } from '../scan-project.js';
import type { Count } from '../types.js';
import { Output, type Io } from './io.js';

export interface DiffCommandOptions {
  format: 'text' | 'markdown' | 'json';
}

/** Objects of a change that text and Markdown list; `json` has all. */
const LISTED = 200;

/** Prints what differs. The status is 0 whatever it is. */
export async function diffCommand(
  base: string,
  head: string,
  { format }: DiffCommandOptions,
  io: Io,
): Promise<number> {
  const [before, after] = [await openDatabase(base), await openDatabase(head)];
  const output = new Output(io.stdout);
  try {
    const files = await diffFiles(before, after);
    const totals = { base: (await before.summary()).totals, head: (await after.summary()).totals };
    if (format === 'json') await writeJson(before, after, totals, files, output);
    else await output.write(await page(before, after, totals, files, format === 'markdown'));
    return 0;
  } finally {
    await before.close();
    await after.close();
  }
}

/** Says on stderr which objects were covered in the base and are not any more; the status is 1 if any. */
export async function checkLost(base: string, coverage: Coverage, io: Io): Promise<number> {
  const before = await openDatabase(base).catch((error: unknown) => {
    throw error instanceof CoverageError ? withDetails(error, { file: error.file ?? base }) : error;
  });
  let lost = 0;
  try {
    for await (const { change, after } of diff(before, coverage)) {
      if (change !== 'lost') continue;
      lost += 1;
      if (lost <= LISTED)
        io.stderr.write(`pgtap-cov: failed: lost since ${visible(base)}: ${nameOf(after!)}\n`);
    }
  } finally {
    await before.close();
  }
  if (lost > LISTED) io.stderr.write(`pgtap-cov: failed: and ${lost - LISTED} more lost\n`);
  return lost > 0 ? 1 : 0;
}

interface Totals {
  base: Count;
  head: Count;
}

async function writeJson(
  base: Coverage,
  head: Coverage,
  totals: Totals,
  files: FileChange[],
  output: Output,
): Promise<void> {
  await output.write(`{"format":"pgtap-cov-diff/1",\n"totals":${JSON.stringify(totals)},\n"objects":[`);
  let separator = '\n';
  for await (const { change, before, after } of diff(base, head)) {
    const { kind, schema, name, sub, args, defined } = (after ?? before)!;
    const row = {
      change,
      kind,
      schema,
      name,
      sub,
      args,
      defined,
      before: before?.state,
      after: after?.state,
    };
    await output.write(separator + JSON.stringify(row));
    separator = ',\n';
  }
  await output.write(`],\n"files":${JSON.stringify(files)}}\n`);
}

async function page(
  base: Coverage,
  head: Coverage,
  totals: Totals,
  files: FileChange[],
  markdown: boolean,
): Promise<string> {
  const found = new Map<Change, { count: number; lines: string[] }>();
  for await (const change of diff(base, head)) {
    const of = found.get(change.change) ?? { count: 0, lines: [] };
    found.set(change.change, of);
    of.count += 1;
    if (of.lines.length < LISTED) of.lines.push(lineOf(change, markdown));
  }
  let text = figures(totals, markdown);
  for (const [change, title] of Object.entries(CHANGES) as [Change, string][]) {
    const of = found.get(change);
    if (!of) continue;
    text += markdown ? `\n### ${title}: ${of.count}\n\n` : `\n${title}: ${of.count}\n`;
    text += of.lines.join('');
    if (of.count > of.lines.length)
      text += `${markdown ? '- ' : '  '}and ${of.count - of.lines.length} more\n`;
  }
  if (found.size === 0) text += markdown ? '\nNo object differs.\n' : '\nNo object differs.\n';
  const changed = files.length;
  if (changed > 0) text += `\nFiles that differ: ${changed}\n${markdown ? '\n' : ''}`;
  for (const { change, path } of files.slice(0, LISTED)) {
    text += markdown ? `- ${codeSpan(path)} ${change}\n` : `  ${visible(path)}  ${change}\n`;
  }
  return text;
}

function figures({ base, head }: Totals, markdown: boolean): string {
  const row = (what: 'covered' | 'exercised') => {
    const [from, to] = [share(base, what), share(head, what)];
    return [what, spell(from), spell(to), from === null || to === null ? '' : signed(to - from)];
  };
  const rows = [row('covered'), row('exercised')];
  if (markdown) {
    const lines = rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
    return `| | base | head | change |\n|---|---:|---:|---:|\n${lines}`;
  }
  const line = ([what, ...cells]: string[]) => what!.padEnd(12) + cells.map((c) => c.padStart(10)).join('');
  return `${[['', 'base', 'head', 'change'], ...rows].map((cells) => line(cells)).join('\n')}\n`;
}

/** In percent, rounded down as everywhere. */
const share = (count: Count, what: 'covered' | 'exercised') =>
  count.objects === 0 ? null : Math.floor((count[what] * 1000) / count.objects) / 10;
const spell = (percent: number | null) => (percent === null ? '-' : `${percent.toFixed(1)}%`);
const signed = (change: number) => `${change > 0 ? '+' : ''}${change.toFixed(1)}`;

function lineOf({ before, after }: ObjectChange, markdown: boolean): string {
  const object = (after ?? before)!;
  const states = [before?.state, after?.state].filter((state) => state !== undefined).join(' to ');
  const { file, line } = object.defined;
  if (markdown) return `- ${codeSpan(nameOf(object))} ${states} (${codeSpan(`${file}:${line}`)})\n`;
  return `  ${visible(file)}:${line}  ${nameOf(object)}  ${states}\n`;
}
