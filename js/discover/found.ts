/** What the layouts find. */
import type { MarkerTool } from '../up-part.js';
import type { ProjectFiles } from './files.js';

/** The schema of a project. */
export interface FoundSchema {
  /** The layout in a word. */
  tool: string;
  /** Where the files lie, for people. */
  places: string[];
  /** In the order in which they apply. */
  files: string[];
  /** Folders, each empty or with its `/`, that may hold folders of tests. */
  bases: string[];
  /** Whether a file belongs to the tool, so that it is no test even if it is no part of the schema. */
  owns(path: string): boolean;
  /** The tool whose markers part what applies from what undoes. */
  markers?: MarkerTool | undefined;
}

/** A way to lay out a schema that a tool's own files show. */
export interface Layout {
  tool: string;
  /** The folder of the least deep project of this tool; undefined where there is none. Looks at paths only. */
  folder(files: ProjectFiles): string | undefined;
  /** Its schema; undefined where there is none after all. */
  find(files: ProjectFiles, folder: string): FoundSchema | undefined | Promise<FoundSchema | undefined>;
}
