import { rowsOf } from '../pages.js';
import type { Summary } from '../types.js';
import { codeSpan, HEADLINE_KINDS, kindOrder, nameOf } from './names.js';
import type { TextReporter } from './report.js';

/** A comment of GitHub holds 65,536 characters; there are words around it, too. */
const LIMIT = 60_000;

/** For the summary of a job or a comment: the figures, then what is not covered and stale, as far as there is room. */
export const markdown: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const summary = await coverage.summary();
    let text = head(summary);
    const room = (line: string) => text.length + line.length < LIMIT;
    const section = async (title: string, count: number, lines: AsyncIterable<string>) => {
      if (count === 0) return;
      text += `\n<details><summary>${title}: ${count}</summary>\n\n`;
      let listed = 0;
      for await (const line of lines) {
        if (!room(line)) break;
        text += line;
        listed += 1;
      }
      if (listed < count) text += `- and ${count - listed} more\n`;
      text += '\n</details>\n';
    };
    const headline = HEADLINE_KINDS.filter((kind) => Object.hasOwn(summary.kinds, kind));
    const gaps = async function* () {
      if (headline.length === 0) return;
      for await (const object of coverage.iterate({ kind: headline, state: ['gap', 'declared'] })) {
        const reason = object.reason ? ` ${codeSpan(object.reason)}` : '';
        yield `- ${codeSpan(nameOf(object))} ${place(object.defined)}${reason}\n`;
      }
    };
    const stale = async function* () {
      for await (const row of rowsOf((page) => coverage.stale(page))) {
        yield `- ${codeSpan(nameOf(row))} by ${codeSpan(row.via)} ${place(row)}\n`;
      }
    };
    await section('Not covered', summary.totals.objects - summary.totals.covered, gaps());
    await section('Stale, tested but not in the schema', summary.stale, stale());
    await write(text);
  },
};

function head(summary: Summary): string {
  const { kinds, totals, complete, problems, unresolved, assertions } = summary;
  const percent = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)}%`);
  const share = (of: number, all: number) => (all === 0 ? null : Math.floor((of * 1000) / all) / 10);
  const row = (name: string, { objects, covered, exercised, percent: of }: Summary['totals']) =>
    `| ${name} | ${objects} | ${covered} | ${exercised} | ${percent(of)} | ${percent(share(exercised, objects))} |\n`;
  const listed = Object.keys(kinds)
    .filter((kind) => HEADLINE_KINDS.includes(kind) && kinds[kind]!.objects > 0)
    .sort(kindOrder);
  let text =
    '| kind | objects | covered | exercised | covered % | exercised % |\n|---|---:|---:|---:|---:|---:|\n';
  text += listed.map((kind) => row(kind, kinds[kind]!)).join('');
  text += row('**total**', totals);
  if (unresolved > 0)
    text += `\nBlind spots: ${unresolved} calls could not be understood, beside ${assertions} assertions.\n`;
  if (!complete) text += `\n**Incomplete**: ${problems.slice(0, 20).map(codeSpan).join('; ')}\n`;
  return text;
}

function place({ file, line }: { file: string; line: number }): string {
  return codeSpan(`${file}:${line}`);
}
