import libReport, { type ContentWriter, type FileWriter } from 'istanbul-lib-report';
import istanbul from 'istanbul-reports';
import { coverageMap } from './istanbul.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

/** LCOV tracefile: a definition is a line, a routine or trigger a function. */
export const lcov: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const map = await coverageMap(coverage, (path) => visible(path) || '(no name)');
    let text = '';
    const writer = { writeFile: () => collector((piece) => (text += piece)) };
    const context = libReport.createContext({ coverageMap: map });
    // The context makes its writer on first use; one that is set before stays.
    context.data.writer = writer as unknown as FileWriter;
    istanbul.create('lcovonly', { projectRoot: process.cwd() }).execute(context);
    await write(text);
  },
};

function collector(take: (piece: string) => void): ContentWriter {
  return {
    write: take,
    println: (line: string) => take(`${line}\n`),
    colorize: (text: string) => text,
    close: () => {},
  } as ContentWriter;
}
