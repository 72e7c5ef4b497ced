/** The reporters by name. What a reporter depends on is loaded when it is used. */
import type { FolderReporter, TextReporter } from './report.js';

/** A reporter in the list: where its report goes below `--out`, and how to get it. */
export interface ReporterEntry {
  /** The file, or for a folder of files the one to open. */
  file: string;
  /** A folder of files; it cannot go to stdout. */
  folder?: true;
  load(): Promise<TextReporter | FolderReporter>;
}

const istanbul = () => import('./istanbul-texts.js');
const annotations = () => import('./annotations.js');

/** All reporters, in the order in which help lists them. */
export const reporters: ReadonlyMap<string, ReporterEntry> = new Map<string, ReporterEntry>([
  ['text', { file: 'coverage.txt', load: async () => (await import('./text.js')).text }],
  ['json', { file: 'coverage.json', load: async () => (await import('./json.js')).json }],
  ['ndjson', { file: 'coverage.ndjson', load: async () => (await import('./ndjson.js')).ndjson }],
  ['lcov', { file: 'lcov.info', load: async () => (await import('./lcov.js')).lcov }],
  ['cobertura', { file: 'cobertura.xml', load: async () => (await import('./cobertura.js')).cobertura }],
  ['clover', { file: 'clover.xml', load: async () => (await import('./clover.js')).clover }],
  ['istanbul', { file: 'coverage-final.json', load: async () => (await istanbul()).istanbulJson }],
  ['json-summary', { file: 'coverage-summary.json', load: async () => (await istanbul()).jsonSummary }],
  ['html', { file: 'html/index.html', folder: true, load: async () => (await import('./html.js')).html }],
  ['markdown', { file: 'coverage.md', load: async () => (await import('./markdown.js')).markdown }],
  ['sarif', { file: 'coverage.sarif', load: async () => (await annotations()).sarif }],
  ['github', { file: 'annotations.txt', load: async () => (await annotations()).github }],
  ['gitlab', { file: 'gl-code-quality.json', load: async () => (await annotations()).gitlab }],
  ['junit', { file: 'junit.xml', load: async () => (await import('./junit.js')).junit }],
  ['csv', { file: 'coverage.csv', load: async () => (await import('./csv.js')).csv }],
  ['viewer', { file: 'viewer.html', load: async () => (await import('./viewer.js')).viewer }],
  ['badge', { file: 'coverage.svg', load: async () => (await import('./badge.js')).badge }],
]);
