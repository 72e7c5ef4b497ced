/** `pgtap-cov merge`: the coverage of several shards. */
import { readBelow } from '../files.js';
import { mergeShards, type MergeShardsOptions } from '../scan-project.js';
import type { Io } from './io.js';
import {
  checkThresholds,
  chosenReporters,
  thresholdsOf,
  withReportConfig,
  writeReports,
  type ReportOptions,
} from './reports.js';

export interface MergeCommandOptions extends ReportOptions {
  database?: string;
  root: string;
}

/** Merges folders of `scan --store` and reports. The status is 4 when a source of theirs could not be read. */
export async function mergeCommand(folders: string[], given: MergeCommandOptions, io: Io): Promise<number> {
  const options = await withReportConfig(given);
  const names = chosenReporters(options);
  const mergeOptions: MergeShardsOptions = { signal: io.signal };
  if (options.database !== undefined) mergeOptions.database = options.database;
  const { coverage, close } = await mergeShards(folders, mergeOptions);
  try {
    const source = (path: string) => readBelow(options.root, path);
    await writeReports(names, { coverage, source, thresholds: thresholdsOf(options) }, options.out, io);
    const failed = await checkThresholds(coverage, options, io);
    return (await coverage.summary()).complete ? failed : 4;
  } finally {
    await close();
  }
}
