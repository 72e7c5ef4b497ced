import {
  baseName,
  foldersOf,
  sumOf,
  withFileLines,
  type Counts,
  type FileLines,
  type Share,
} from './lines.js';
import { escapeXml, visible } from './names.js';
import type { TextReporter, Write } from './report.js';

/** GitLab takes 10 MB and reads no methods; so many have room beside the lines. */
const METHODS = 20_000;

/**
 * Cobertura's XML, as its coverage-04.dtd has it: a folder is a package, a file a class. Paths are relative to where the
 * job runs, which `.` stands for.
 */
export const cobertura: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await withFileLines(coverage, (files) => writeFiles(files, write));
  },
};

async function writeFiles(files: FileLines[], write: Write): Promise<void> {
  const all = sumOf(files);
  const { lines, branches } = all;
  await write(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n' +
      `<coverage lines-valid="${lines.total}" lines-covered="${lines.covered}" branches-valid="${branches.total}"` +
      ` branches-covered="${branches.covered}" ${rates(all)} version="1" timestamp="${Date.now()}">\n` +
      '<sources><source>.</source></sources>\n<packages>\n',
  );
  const methods = all.routines.total <= METHODS;
  for (const { path, files: inside, counts } of foldersOf(files)) {
    const name = attribute(path.replaceAll('/', '.'));
    await write(`<package name="${name}" ${rates(counts)}>\n<classes>\n`);
    for (const file of inside) {
      for (const piece of classOf(file, methods)) await write(piece);
    }
    await write('</classes>\n</package>\n');
  }
  await write('</packages>\n</coverage>\n');
}

function* classOf(file: FileLines, methods: boolean): Iterable<string> {
  const name = attribute(baseName(file.path));
  yield `<class name="${name}" filename="${attribute(file.path)}" ${rates(file.counts)}>\n<methods>\n`;
  for (const { name: method, line, hits } of methods ? file.routines() : []) {
    const own = hits > 0 ? 1 : 0;
    yield (
      `<method name="${attribute(method)}" signature="" line-rate="${own}" branch-rate="${own}" complexity="0">` +
      `<lines><line number="${line}" hits="${hits}"/></lines></method>\n`
    );
  }
  yield '</methods>\n<lines>\n';
  for (const { line, hits, branches: at } of file.lines()) {
    const percent = at && Math.floor((at.covered * 100) / at.total);
    const condition = at ? ` branch="true" condition-coverage="${percent}% (${at.covered}/${at.total})"` : '';
    yield `<line number="${line}" hits="${hits}"${condition}/>\n`;
  }
  yield '</lines>\n</class>\n';
}

function rates({ lines, branches }: Counts): string {
  return `line-rate="${rate(lines)}" branch-rate="${rate(branches)}" complexity="0"`;
}

/** From 0 to 1, rounded down; what has nothing to cover is covered. */
function rate({ covered, total }: Share): number {
  return total === 0 ? 1 : Math.floor((covered * 10_000) / total) / 10_000;
}

function attribute(text: string): string {
  return escapeXml(visible(text));
}
