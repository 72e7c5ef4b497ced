/** The two kinds of JSON that istanbul writes. */
import { fileJson, summaryOf, totalOf } from './istanbul.js';
import { withFileLines } from './lines.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

/** `coverage-final.json`. */
export const istanbulJson: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await write('{');
    await withFileLines(coverage, async (files) => {
      for (const [at, file] of files.entries()) {
        const path = plain(file.path);
        await write(`${at > 0 ? ',' : ''}${JSON.stringify(path)}: `);
        for (const piece of fileJson(file, path)) await write(piece);
        await write('\n');
      }
    });
    await write('}\n');
  },
};

/** `coverage-summary.json`. */
export const jsonSummary: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await withFileLines(coverage, async (files) => {
      await write(`{"total": ${JSON.stringify(totalOf(files))}\n`);
      for (const { path, counts } of files) {
        await write(`,${JSON.stringify(plain(path))}: ${JSON.stringify(summaryOf(counts))}\n`);
      }
    });
    await write('}\n');
  },
};

function plain(path: string): string {
  return visible(path) || '(no name)';
}
