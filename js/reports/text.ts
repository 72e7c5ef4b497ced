import pc from 'picocolors';
import type { Coverage } from '../coverage.js';
import { rowsOf } from '../pages.js';
import type { Count, CoveredObject, Summary } from '../types.js';
import { HEADLINE_KINDS, kindOrder, nameOf, visible } from './names.js';
import type { TextReporter, Write } from './report.js';

type Colors = ReturnType<typeof pc.createColors>;

/** Kinds of this many letters keep the table within 80 columns; a longer one moves only its own row. */
const KIND_WIDTH = 22;

/** A table of figures by kind, then what is not covered, what is stale and what could not be read. */
export const text: TextReporter = {
  kind: 'text',
  async write({ coverage }, write, { colour }) {
    const colors = pc.createColors(colour);
    const summary = await coverage.summary();
    await write(table(summary, colors));
    await gaps(coverage, summary, write, colors);
    await access(coverage, summary, write, colors);
    await stale(coverage, summary, write, colors);
    await diagnostics(coverage, write, colors);
    await write(blindSpots(summary));
    await write(problems(summary, colors));
  },
};

function table(summary: Summary, colors: Colors): string {
  const kinds = Object.keys(summary.kinds).sort(kindOrder);
  const rows = (headline: boolean) =>
    kinds
      .filter((kind) => HEADLINE_KINDS.includes(kind) === headline && summary.kinds[kind]!.objects > 0)
      .map((kind) => row(kind, summary.kinds[kind]!, colors));
  const head = line('kind', ['objects', 'covered', 'exercised', 'percent']);
  const rule = '-'.repeat(head.length);
  const others = rows(false);
  const lines = [head, rule, ...rows(true), rule, colors.bold(row('total', summary.totals, colors))];
  if (others.length > 0) lines.push('', 'not in the total', rule, ...others);
  return `${lines.join('\n')}\n`;
}

function row(kind: string, count: Count, colors: Colors): string {
  const percent = count.percent === null ? '-' : `${count.percent.toFixed(1)}%`;
  const plain = line(visible(kind), [count.objects, count.covered, count.exercised, percent].map(String));
  if (count.percent === null) return plain;
  return count.percent >= 80
    ? colors.green(plain)
    : count.percent >= 50
      ? colors.yellow(plain)
      : colors.red(plain);
}

function line(kind: string, cells: string[]): string {
  return kind.padEnd(KIND_WIDTH) + cells.map((cell) => cell.padStart(11)).join('');
}

async function gaps(coverage: Coverage, summary: Summary, write: Write, colors: Colors): Promise<void> {
  const headline = HEADLINE_KINDS.filter((kind) => Object.hasOwn(summary.kinds, kind));
  const count = summary.totals.objects - summary.totals.covered;
  if (count > 0) await write(`\n${colors.bold(`Not covered: ${count}`)}\n`);
  if (headline.length > 0) {
    for await (const object of coverage.iterate({ kind: headline, state: ['gap', 'declared'] })) {
      await write(`  ${place(object.defined)}  ${nameOf(object)}${why(object)}\n`);
    }
  }
  const rest = Object.entries(summary.kinds)
    .filter(([kind, { objects, covered }]) => !HEADLINE_KINDS.includes(kind) && objects > covered)
    .sort(([a], [b]) => kindOrder(a, b))
    .map(([kind, { objects, covered }]) => `${visible(kind)} ${objects - covered}`);
  if (rest.length > 0)
    await write(`\nNot covered, other kinds (--reporter json lists them):\n  ${rest.join(', ')}\n`);
}

function why(object: CoveredObject): string {
  if (object.reason) return ` - ${visible(object.reason)}`;
  return object.state === 'declared' ? ' - only its existence is tested' : '';
}

/** Accesses that tests see allowed and nobody sees denied: what a missing policy would let through unnoticed. */
async function access(coverage: Coverage, summary: Summary, write: Write, colors: Colors): Promise<void> {
  if (summary.matrix === 0) return;
  const open = new Map<string, Set<string>>();
  const denied = new Set<string>();
  for await (const cell of rowsOf((page) => coverage.matrix(page))) {
    const what = `${nameOf(cell)} ${visible(cell.command)}`;
    if (cell.outcome === 'denied' || cell.outcome === 'both') denied.add(what);
    if (cell.outcome !== 'allowed' || cell.command === 'usage') continue;
    if (!open.has(what)) open.set(what, new Set());
    open.get(what)!.add(visible(cell.role));
  }
  const lines = [...open].filter(([what]) => !denied.has(what));
  await write(`\n${colors.bold(`Access by role: ${summary.matrix} shown by tests`)}\n`);
  if (lines.length > 0) await write('  allowed and never denied:\n');
  for (const [what, roles] of lines) await write(`    ${what}  (${[...roles].join(', ')})\n`);
}

async function stale(coverage: Coverage, summary: Summary, write: Write, colors: Colors): Promise<void> {
  if (summary.stale === 0) return;
  await write(`\n${colors.bold(`Stale, tested but not in the schema: ${summary.stale}`)}\n`);
  for await (const row of rowsOf((page) => coverage.stale(page))) {
    await write(`  ${place(row)}  ${nameOf(row)} by ${visible(row.via)}\n`);
  }
}

/** Errors and warnings, each with its place; the informative ones only as a number. */
async function diagnostics(coverage: Coverage, write: Write, colors: Colors): Promise<void> {
  let infos = 0;
  let titled = false;
  for await (const row of rowsOf((page) => coverage.diagnostics(page))) {
    if (row.severity === 'info') {
      infos += 1;
      continue;
    }
    if (!titled) await write(`\n${colors.bold('Diagnostics')}\n`);
    titled = true;
    const severity = row.severity === 'error' ? colors.red('error') : colors.yellow('warning');
    await write(`  ${place(row)}  ${severity} ${visible(row.code)}: ${visible(row.message)}\n`);
  }
  if (infos > 0) await write(`\nNotes: ${infos} (--reporter json lists them under "diagnostics")\n`);
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
