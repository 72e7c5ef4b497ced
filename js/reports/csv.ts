import { visible } from './names.js';
import type { TextReporter } from './report.js';

const COLUMNS = [
  'kind',
  'schema',
  'name',
  'sub',
  'args',
  'state',
  'structure',
  'behavior',
  'act',
  'fixture',
  'file',
  'line',
  'reason',
] as const;

/** One object a line, as RFC 4180 has it; no cell begins a formula in a spreadsheet. */
export const csv: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await write(`${COLUMNS.join(',')}\r\n`);
    for await (const object of coverage.iterate()) {
      const row = { ...object, ...object.defined, reason: object.reason ?? '' };
      await write(`${COLUMNS.map((column) => cell(String(row[column]))).join(',')}\r\n`);
    }
  },
};

/** A leading apostrophe keeps a spreadsheet from calculating; numbers have none. */
function cell(text: string): string {
  const plain = visible(text);
  const safe = /^[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
