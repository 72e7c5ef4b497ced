/** The package for Node: everything of the main entry, files as stores and sources, projects on disk. */
export * from './index.js';
export { discover, type Discovery, type ReadHead } from './discover.js';
export type { MarkerTool } from './up-part.js';
export { FileRange } from './files.js';
export { findProject, type Project, type ProjectGlobs } from './project.js';
export { liveSource, type Live, type LiveOptions } from './live.js';
export {
  mergeShards,
  openDatabase,
  scanProject,
  type MergedShards,
  type MergeShardsOptions,
  type ProjectScan,
  type ProjectScanOptions,
  type ShardNumber,
} from './scan-project.js';
export {
  scan,
  type RunFigures,
  type ScanOptions,
  type ScanProgress,
  type ScanResult,
  type ScanSource,
} from './scan.js';
export {
  FINDINGS,
  missed,
  readFinding,
  readThreshold,
  type Finding,
  type Threshold,
  type Thresholds,
} from './thresholds.js';
export { FsStore } from './stores/fs.js';
