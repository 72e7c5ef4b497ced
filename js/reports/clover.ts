import type { CoverageSummary, FileCoverage } from 'istanbul-lib-coverage';
import { baseName, foldersOf } from './folders.js';
import { coverageMap } from './istanbul.js';
import { escapeXml, visible } from './names.js';
import type { TextReporter } from './report.js';

/** Clover's XML, as its clover.xsd has it: a folder is a package. */
export const clover: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const map = await coverageMap(coverage, (path) => path);
    const folders = foldersOf(map);
    const all = map.getCoverageSummary();
    const files = map.files().length;
    await write(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        `<coverage generated="${Date.now()}" clover="3.2.0">\n` +
        `<project timestamp="${Date.now()}" name="pgtap-cov">\n` +
        metrics(all, `classes="${files}" files="${files}" packages="${folders.length}"`),
    );
    for (const { path, files, summary } of folders) {
      const counts = `classes="${files.length}" files="${files.length}"`;
      await write(`<package name="${attribute(path.replaceAll('/', '.'))}">\n${metrics(summary, counts)}`);
      for (const file of files) {
        for (const piece of piecesOf(file)) await write(piece);
      }
      await write('</package>\n');
    }
    await write('</project>\n</coverage>\n');
  },
};

function* piecesOf(file: FileCoverage): Iterable<string> {
  yield `<file name="${attribute(baseName(file.path))}" path="${attribute(file.path)}">\n`;
  yield metrics(file.toSummary(), 'classes="1"');
  const branches = file.getBranchCoverageByLine();
  for (const [line, count] of Object.entries(file.getLineCoverage())) {
    const at = branches[Number(line)];
    const type = at
      ? `type="cond" truecount="${at.covered}" falsecount="${at.total - at.covered}"`
      : 'type="stmt"';
    yield `<line num="${line}" count="${count}" ${type}/>\n`;
  }
  yield '</file>\n';
}

function metrics({ lines, branches, functions }: CoverageSummary, more: string): string {
  const elements = lines.total + branches.total + functions.total;
  const covered = lines.covered + branches.covered + functions.covered;
  return (
    `<metrics statements="${lines.total}" coveredstatements="${lines.covered}" conditionals="${branches.total}"` +
    ` coveredconditionals="${branches.covered}" methods="${functions.total}" coveredmethods="${functions.covered}"` +
    ` elements="${elements}" coveredelements="${covered}" complexity="0" loc="${lines.total}" ncloc="${lines.total}" ${more}/>\n`
  );
}

function attribute(text: string): string {
  return escapeXml(visible(text));
}
