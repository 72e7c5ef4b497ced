/** The files of a coverage map by folder, for formats whose packages are folders. */
import coverageLibrary from 'istanbul-lib-coverage';
import type { CoverageMap, CoverageSummary, FileCoverage } from 'istanbul-lib-coverage';

/** A folder with files, and what they come to together. */
export interface Folder {
  /** Empty for the project itself. */
  path: string;
  files: FileCoverage[];
  summary: CoverageSummary;
}

/** The folders that hold files, in the order of the map. */
export function foldersOf(map: CoverageMap): Folder[] {
  const folders = new Map<string, Folder>();
  for (const name of map.files()) {
    const file = map.fileCoverageFor(name);
    const path = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    const folder = folders.get(path) ?? {
      path,
      files: [],
      summary: coverageLibrary.createCoverageSummary(),
    };
    folder.files.push(file);
    folder.summary.merge(file.toSummary());
    folders.set(path, folder);
  }
  return Array.from(folders.values());
}

/** The last part of a file's path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
