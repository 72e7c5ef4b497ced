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

/** All reporters, in the order in which help lists them. */
export const reporters: ReadonlyMap<string, ReporterEntry> = new Map<string, ReporterEntry>([
  ['text', { file: 'coverage.txt', load: async () => (await import('./text.js')).text }],
  ['json', { file: 'coverage.json', load: async () => (await import('./json.js')).json }],
  ['lcov', { file: 'lcov.info', load: async () => (await import('./lcov.js')).lcov }],
  ['html', { file: 'html/index.html', folder: true, load: async () => (await import('./html.js')).html }],
]);
