/** The two kinds of JSON that istanbul writes. */
import libReport, { type ContentWriter, type FileWriter } from 'istanbul-lib-report';
import istanbul, { type ReportOptions } from 'istanbul-reports';
import { coverageMap } from './istanbul.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

export const istanbulJson = textOf('json');
export const jsonSummary = textOf('json-summary');

function plain(path: string): string {
  return visible(path) || '(no name)';
}

function textOf(name: keyof ReportOptions): TextReporter {
  return {
    kind: 'text',
    async write({ coverage }, write) {
      const map = await coverageMap(coverage, plain);
      let text = '';
      const writer = { writeFile: () => collector((piece) => (text += piece)) };
      const context = libReport.createContext({ coverageMap: map });
      // The context makes its writer on first use; one that is set before stays.
      context.data.writer = writer as unknown as FileWriter;
      istanbul.create(name).execute(context);
      await write(text);
    },
  };
}

function collector(take: (piece: string) => void): ContentWriter {
  return {
    write: take,
    println: (line: string) => take(`${line}\n`),
    colorize: (text: string) => text,
    close: () => {},
  } as ContentWriter;
}
