/** What PostgreSQL schemas their pgTAP tests cover: for browsers and Node alike. */
export { init, type WasmInput } from './wasm.js';
export { Analyzer, type AnalyzerOptions } from './analyzer.js';
export { merge, type MergeOptions } from './merge.js';
export { Coverage } from './coverage.js';
export { includedPaths, type IncludedFile, type OnInclude } from './include.js';
export { listCalls, type ListCallsOptions } from './calls.js';
export { CoverageError, type ErrorCode, type ErrorDetails } from './error.js';
export { MemoryStore } from './stores/memory.js';
export type * from './types.js';
export { diff, diffFiles, type Change, type FileChange, type ObjectChange } from './diff.js';
export { KINDS } from './types.js';
