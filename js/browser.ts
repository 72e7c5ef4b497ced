/** The package for pages and workers: everything of the main entry, and folders as sources. */
export * from './index.js';
export { discover, type Discovery, type ReadHead } from './discover.js';
export type { MarkerTool } from './up-part.js';
export {
  scan,
  type RunFigures,
  type ScanOptions,
  type ScanProgress,
  type ScanResult,
  type ScanSource,
} from './scan.js';
export { IndexedDbStore } from './stores/indexeddb.js';
export { OpfsStore } from './stores/opfs.js';
export { filesOf, filesOfDirectory, headsOf, includesOf, sourcesOf, type ProjectFile } from './folder.js';
