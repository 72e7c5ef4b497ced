import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { Coverage } from '../coverage.js';
import { rowsOf } from '../pages.js';
import type { Count, CoveredObject, Summary } from '../types.js';
import { HEADLINE_KINDS, kindOrder, nameOf, visible } from './names.js';
import type { TextReporter, Write } from './report.js';

type Colors = ReturnType<typeof pc.createColors>;

/** Kinds of this many letters keep the table within its width; a longer one moves only its own row. */
const KIND_WIDTH = 22;
const CELL_WIDTH = 11;

const FIGURES = ['objects', 'covered', 'exercised'] as const;
/** Where there is room: the other states. */
const MORE_FIGURES = [...FIGURES, 'asserted', 'declared', 'gap'] as const;

/** Rows of a list that are shown; what follows says how to see the others. */
const MOST = 10;

/** Before what goes on from the row above. */
const FOLD = '      ';

/** A table of figures by kind, then in short what is not covered, what is stale and what could not be read. */
export const text: TextReporter = {
  kind: 'text',
  async write({ coverage }, write, { colour, width, folds }) {
    const colors = pc.createColors(colour);
    const list: List = (lines, total, others) =>
      first(lines, total, others, write, folds ? width : undefined);
    const summary = await coverage.summary();
    await write(table(summary, width, colors));
    await gaps(coverage, summary, write, list, colors);
    await access(coverage, summary, write, list, colors);
    await stale(coverage, summary, write, list, colors);
    await diagnostics(coverage, summary, write, list, colors);
    await write(blindSpots(summary));
    await write(problems(summary, colors));
  },
};

function table(summary: Summary, width: number, colors: Colors): string {
  const isWide = width >= KIND_WIDTH + CELL_WIDTH * (MORE_FIGURES.length + 1);
  const figures = isWide ? MORE_FIGURES : FIGURES;
  const kinds = Object.keys(summary.kinds).sort(kindOrder);
  const row = (kind: string, count: Count) => rowOf(kind, count, figures, colors);
  const rows = (headline: boolean) =>
    kinds
      .filter((kind) => HEADLINE_KINDS.includes(kind) === headline && summary.kinds[kind]!.objects > 0)
      .map((kind) => row(kind, summary.kinds[kind]!));
  const head = line('kind', [...figures, 'percent']);
  const rule = '-'.repeat(head.length);
  const others = rows(false);
  const lines = [head, rule, ...rows(true), rule, colors.bold(row('total', summary.totals))];
  if (others.length > 0) lines.push('', 'not in the total', rule, ...others);
  return `${lines.join('\n')}\n`;
}

function rowOf(
  kind: string,
  count: Count,
  figures: readonly (typeof MORE_FIGURES)[number][],
  colors: Colors,
): string {
  const percent = count.percent === null ? '-' : `${count.percent.toFixed(1)}%`;
  const plain = line(visible(kind), [...figures.map((figure) => String(count[figure])), percent]);
  if (count.percent === null) return plain;
  return count.percent >= 80
    ? colors.green(plain)
    : count.percent >= 50
      ? colors.yellow(plain)
      : colors.red(plain);
}

function line(kind: string, cells: string[]): string {
  return kind.padEnd(KIND_WIDTH) + cells.map((cell) => cell.padStart(CELL_WIDTH)).join('');
}

/** Writes the first lines of `total`, and how to see the others. */
type List = (lines: AsyncIterable<string> | Iterable<string>, total: number, others: string) => Promise<void>;

async function first(
  lines: AsyncIterable<string> | Iterable<string>,
  total: number,
  others: string,
  write: Write,
  width: number | undefined,
): Promise<void> {
  let shown = 0;
  for await (const text of lines) {
    if (shown === MOST) break;
    await write(`${width === undefined ? `  ${text}` : folded(`  ${text}`, width)}\n`);
    shown += 1;
  }
  if (total > shown) await write(`  … ${total - shown} more: ${others}\n`);
}

/** A row, and below it what does not fit: what two spaces set apart begins there, and goes on by words. */
function folded(line: string, width: number): string {
  const fits = (row: string) => stripVTControlCharacters(row).length <= width;
  const rows = [''];
  for (const part of line.trimStart().split('  ')) {
    const isWhole = rows.length === 1 && (rows[0] === '' || fits(`${rows[0]}  ${part}`));
    if (isWhole) rows[0] += `  ${part}`;
    else {
      const [first, ...words] = part.split(' ');
      rows.push(FOLD + first);
      for (const word of words) {
        if (fits(`${rows.at(-1)} ${word}`)) rows.push(`${rows.pop()} ${word}`);
        else rows.push(FOLD + word);
      }
    }
  }
  return rows.join('\n');
}

async function gaps(
  coverage: Coverage,
  summary: Summary,
  write: Write,
  list: List,
  colors: Colors,
): Promise<void> {
  const open = Object.entries(summary.kinds)
    .filter(([, { objects, covered }]) => objects > covered)
    .map(([kind, { objects, covered }]) => ({ kind, count: objects - covered }))
    .sort((a, b) => kindOrder(a.kind, b.kind));
  const count = summary.totals.objects - summary.totals.covered;
  if (count > 0) await write(`\n${colors.bold(`Not covered: ${count}`)}\n`);
  for (const { kind, count } of open.filter(({ kind }) => HEADLINE_KINDS.includes(kind))) {
    await list(gapsOf(coverage, kind), count, `pgtap-cov gaps --kind ${visible(kind)}`);
  }
  const rest = open.filter(({ kind }) => !HEADLINE_KINDS.includes(kind));
  if (rest.length > 0) {
    const counts = rest.map(({ kind, count }) => `${visible(kind)} ${count}`).join(', ');
    await write('\nNot covered, other kinds (pgtap-cov gaps --all lists them):\n');
    await list([counts], 1, '');
  }
}

async function* gapsOf(coverage: Coverage, kind: string): AsyncIterable<string> {
  for await (const object of coverage.iterate({ kind: [kind], state: ['gap', 'declared'], limit: MOST })) {
    yield `${place(object.defined)}  ${nameOf(object)}${why(object)}`;
  }
}

/** That no test names it goes without saying. */
function why({ reason, state }: CoveredObject): string {
  if (reason) {
    const more = reason.replace(/^no test names it(; |$)/, '');
    return more && ` - ${visible(more)}`;
  }
  return state === 'declared' ? ' - only its existence is tested' : '';
}

/** Accesses that tests see allowed and nobody sees denied: what a missing policy would let through unnoticed. */
async function access(
  coverage: Coverage,
  summary: Summary,
  write: Write,
  list: List,
  colors: Colors,
): Promise<void> {
  if (summary.matrix === 0) return;
  const lines: string[] = [];
  let count = 0;
  for await (const line of neverDenied(coverage)) {
    if (count < MOST) lines.push(line);
    count += 1;
  }
  const title = `Access by role: ${summary.matrix} shown by tests`;
  await write(`\n${colors.bold(title)}${count > 0 ? `, allowed and never denied: ${count}` : ''}\n`);
  await list(lines, count, '--reporter json lists all under "matrix"');
}

/** The cells of an object and command follow each other. */
async function* neverDenied(coverage: Coverage): AsyncIterable<string> {
  let access = '';
  let isDenied = false;
  let roles = new Set<string>();
  const line = () => (isDenied || roles.size === 0 ? [] : [`${access}  (${[...roles].join(', ')})`]);
  for await (const cell of rowsOf((page) => coverage.matrix(page))) {
    const what = `${nameOf(cell)} ${visible(cell.command)}`;
    if (what !== access) {
      yield* line();
      [access, isDenied, roles] = [what, false, new Set()];
    }
    if (cell.outcome === 'denied' || cell.outcome === 'both') isDenied = true;
    if (cell.outcome === 'allowed' && cell.command !== 'usage') roles.add(visible(cell.role));
  }
  yield* line();
}

async function stale(
  coverage: Coverage,
  summary: Summary,
  write: Write,
  list: List,
  colors: Colors,
): Promise<void> {
  if (summary.stale === 0) return;
  await write(`\n${colors.bold(`Stale, tested but not in the schema: ${summary.stale}`)}\n`);
  await list(staleLines(coverage), summary.stale, '--reporter json lists them under "stale"');
}

async function* staleLines(coverage: Coverage): AsyncIterable<string> {
  for await (const row of rowsOf((page) => coverage.stale(page))) {
    yield `${place(row)}  ${nameOf(row)} by ${visible(row.via)}`;
  }
}

/** Errors and warnings, each with its place; the informative ones only as a number. */
async function diagnostics(
  coverage: Coverage,
  summary: Summary,
  write: Write,
  list: List,
  colors: Colors,
): Promise<void> {
  const { error, warning, info } = summary.diagnostics;
  if (error + warning > 0) {
    await write(`\n${colors.bold(`Diagnostics: ${error + warning}`)}\n`);
    const others = '--reporter json lists them under "diagnostics"';
    await list(diagnosticLines(coverage, colors), error + warning, others);
  }
  if (info > 0) await write(`\nNotes: ${info} (--reporter json lists them under "diagnostics")\n`);
}

async function* diagnosticLines(coverage: Coverage, colors: Colors): AsyncIterable<string> {
  for await (const row of rowsOf((page) => coverage.diagnostics(page))) {
    if (row.severity === 'info') continue;
    const severity = row.severity === 'error' ? colors.red('error') : colors.yellow('warning');
    yield `${place(row)}  ${severity} ${visible(row.code)}: ${visible(row.message)}`;
  }
}

function blindSpots(summary: Summary): string {
  const { unresolved, assertions } = summary;
  if (unresolved === 0) return '';
  return (
    `\nBlind spots: ${unresolved} ${unresolved === 1 ? 'call' : 'calls'} could not be understood, beside ` +
    `${assertions} assertions\n  (--reporter json counts them by file under "files")\n`
  );
}

function problems(summary: Summary, colors: Colors): string {
  if (summary.complete) return '';
  const lines = summary.problems.map((problem) => `  ${visible(problem)}`);
  return `\n${colors.red('INCOMPLETE: the figures do not cover everything')}\n${lines.join('\n')}${lines.length ? '\n' : ''}`;
}

function place({ file, line }: { file: string; line: number }): string {
  return `${visible(file)}:${line}`;
}
