import coverageLibrary, {
  type CoverageMap,
  type FileCoverage,
  type FileCoverageData,
} from 'istanbul-lib-coverage';
import libReport, { type ReportNode } from 'istanbul-lib-report';
import istanbul from 'istanbul-reports';
import { join } from 'node:path';
import { CoverageError, hostError } from '../error.js';
import { fileJson, summaryOf } from './istanbul.js';
import { withFileLines, type FileLines } from './lines.js';
import { visible } from './names.js';
import type { FolderReporter } from './report.js';

/** Definitions that one page shows: it is made, and opened, as a whole. */
const PAGE_DEFINITIONS = 200_000;

/**
 * Pages of istanbul over the schema files, in `DIR/html/index.html`, made one by one. Paths and sources are untrusted: istanbul
 * escapes most of them, and what it does not escape is made harmless here. `LIMIT` for a file of more than 200,000 definitions.
 */
export const html: FolderReporter = {
  kind: 'folder',
  async write({ coverage, source }, directory) {
    await withFileLines(coverage, async (files) => {
      for (const file of files) checkSize(file);
      const originals = new Map(files.map(({ path }) => [safePath(path), path]));
      const context = libReport.createContext({
        dir: join(directory, 'html'),
        coverageMap: coverageMap(files),
        defaultSummarizer: 'nested',
        sourceFinder: (safe) => markup(source(originals.get(safe) ?? safe) ?? 'The source is not at hand.'),
      });
      try {
        istanbul.create('html', { linkMapper }).execute(context);
      } catch (cause) {
        throw hostError('STORE', 'the HTML report cannot be written', cause, { file: directory });
      }
    });
  },
};

function checkSize({ path, counts }: FileLines): void {
  if (counts.definitions.total <= PAGE_DEFINITIONS) return;
  const message =
    `html shows a file on one page, which has room for ${PAGE_DEFINITIONS} definitions, and here are ` +
    `${counts.definitions.total}: use pgtap-cov view, or --reporter lcov`;
  throw new CoverageError('LIMIT', message, { file: path });
}

/** The files with their figures; what they define is read when it is asked for, and held of one file at a time. */
function coverageMap(files: FileLines[]): CoverageMap {
  let held: { file: FileLines; data: FileCoverageData } | undefined;
  const dataOf = (file: FileLines, path: string) => {
    if (held?.file !== file) held = { file, data: JSON.parse(Array.from(fileJson(file, path)).join('')) };
    return held.data;
  };
  const map = coverageLibrary.createCoverageMap();
  for (const file of files) {
    const path = safePath(file.path);
    const summary = summaryOf(file.counts);
    map.data[path] = Object.defineProperties(coverageLibrary.createFileCoverage(path), {
      path: { value: path },
      data: { get: () => dataOf(file, path) },
      toSummary: { value: () => summary },
    }) as FileCoverage;
  }
  return map;
}

/** Files named after the nodes of the tree; links between them are relative. */
const linkMapper = {
  getPath(node: ReportNode | string): string {
    if (typeof node === 'string') return node;
    const name = node.getQualifiedName();
    if (node.isSummary()) return name === '' ? 'index.html' : `${name}/index.html`;
    // A source called `index` must not replace the page of its folder.
    return `${name.replace(/(^|\/)index$/, '$1=index')}.html`;
  },
  relativePath(source: ReportNode | string, target: ReportNode | string): string {
    const from = linkMapper.getPath(source).split('/').slice(0, -1);
    const to = linkMapper.getPath(target).split('/');
    while (from.length > 0 && to.length > 1 && from[0] === to[0]) {
      from.shift();
      to.shift();
    }
    return [...from.map(() => '..'), ...to].map(encodeURIComponent).join('/');
  },
  assetPath(node: ReportNode, name: string): string {
    return linkMapper.relativePath(node, name);
  },
};

/**
 * A path that is safe as file name below the report, in links and in markup: letters, digits, `.`, `_`, `-`, `+`, space
 * and `/` stay, the rest is spelled `=3c.`; no part is empty, `.` or `..`. Different paths stay different.
 */
export function safePath(path: string): string {
  return path
    .split('/')
    .map((part) => part.replace(/[^\p{L}\p{N}._+ -]/gu, (c) => `=${c.codePointAt(0)!.toString(16)}.`))
    .map((part) => (part === '__proto__' ? '=5f._proto__' : part))
    .map((part) => (/^\.*$/.test(part) ? `=${part}` : part))
    .join('/');
}

/** Source text for the annotator, which takes U+0001 and U+0002 for its own angle brackets and `\r` for a line end. */
function markup(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => visible(line.replaceAll('\t', '    ')))
    .join('\n');
}
