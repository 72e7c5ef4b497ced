import { baseName, foldersOf, sumOf, withFileLines, type Counts, type FileLines } from './lines.js';
import { escapeXml, visible } from './names.js';
import type { TextReporter, Write } from './report.js';

/** Clover's XML, as its clover.xsd has it: a folder is a package. */
export const clover: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await withFileLines(coverage, (files) => writeFiles(files, write));
  },
};

async function writeFiles(all: FileLines[], write: Write): Promise<void> {
  const folders = foldersOf(all);
  const numbers = `classes="${all.length}" files="${all.length}" packages="${folders.length}"`;
  await write(
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      `<coverage generated="${Date.now()}" clover="3.2.0">\n` +
      `<project timestamp="${Date.now()}" name="pgtap-cov">\n${metrics(sumOf(all), numbers)}`,
  );
  for (const { path, files, counts: inside } of folders) {
    const counts = `classes="${files.length}" files="${files.length}"`;
    await write(`<package name="${attribute(path.replaceAll('/', '.'))}">\n${metrics(inside, counts)}`);
    for (const file of files) {
      for (const piece of piecesOf(file)) await write(piece);
    }
    await write('</package>\n');
  }
  await write('</project>\n</coverage>\n');
}

function* piecesOf(file: FileLines): Iterable<string> {
  yield `<file name="${attribute(baseName(file.path))}" path="${attribute(file.path)}">\n`;
  yield metrics(file.counts, 'classes="1"');
  for (const { line, hits, branches: at } of file.lines()) {
    const type = at
      ? `type="cond" truecount="${at.covered}" falsecount="${at.total - at.covered}"`
      : 'type="stmt"';
    yield `<line num="${line}" count="${hits}" ${type}/>\n`;
  }
  yield '</file>\n';
}

function metrics({ lines, branches, routines }: Counts, more: string): string {
  const elements = lines.total + branches.total + routines.total;
  const covered = lines.covered + branches.covered + routines.covered;
  return (
    `<metrics statements="${lines.total}" coveredstatements="${lines.covered}" conditionals="${branches.total}"` +
    ` coveredconditionals="${branches.covered}" methods="${routines.total}" coveredmethods="${routines.covered}"` +
    ` elements="${elements}" coveredelements="${covered}" complexity="0" loc="${lines.total}" ncloc="${lines.total}" ${more}/>\n`
  );
}

function attribute(text: string): string {
  return escapeXml(visible(text));
}
