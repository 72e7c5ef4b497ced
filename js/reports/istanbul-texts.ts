/** Reports of istanbul that are one text: LCOV, Cobertura, Clover, its own JSON. */
import libReport, { type ContentWriter, type FileWriter } from 'istanbul-lib-report';
import istanbul, { type ReportOptions } from 'istanbul-reports';
import { coverageMap } from './istanbul.js';
import { escapeXml, visible } from './names.js';
import type { TextReporter } from './report.js';

/** LCOV tracefile: a definition is a line, a routine or trigger a function, a cell of the access matrix a branch. */
export const lcov = textOf('lcovonly', plain);
/** Its paths are relative to where the job runs, which `.` stands for. */
export const cobertura = textOf('cobertura', attribute);
export const clover = textOf('clover', attribute);
export const istanbulJson = textOf('json', plain);
export const jsonSummary = textOf('json-summary', plain);

function plain(path: string): string {
  return visible(path) || '(no name)';
}

/** istanbul writes paths into XML as they are. */
function attribute(path: string): string {
  return escapeXml(plain(path));
}

function textOf(name: keyof ReportOptions, pathOf: (path: string) => string): TextReporter {
  return {
    kind: 'text',
    async write({ coverage }, write) {
      const map = await coverageMap(coverage, pathOf);
      let text = '';
      const writer = { writeFile: () => collector((piece) => (text += piece)) };
      const context = libReport.createContext({ coverageMap: map });
      // The context makes its writer on first use; one that is set before stays.
      context.data.writer = writer as unknown as FileWriter;
      istanbul.create(name, { projectRoot: '.' }).execute(context);
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
