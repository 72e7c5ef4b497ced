/** What a reporter is, and what it gets. */
import type { Coverage } from '../coverage.js';
import type { RunFigures } from '../scan.js';
import type { Thresholds } from '../thresholds.js';

/** What is reported. */
export interface ReportInput {
  coverage: Coverage;
  /** What people call it, where that is known: the project, or the file of the database. */
  name?: string;
  /** Figures of the run; only a scan has them. */
  run?: RunFigures;
  /** What the coverage must come up to, where something was asked for. */
  thresholds?: Thresholds;
  /** The text of a source, or undefined where it is not at hand. */
  source(path: string): string | undefined;
}

/** Takes the text of a report, in pieces. */
export type Write = (text: string) => void | Promise<void>;

/** How a text looks; `width` is the columns that a line may take, where it can be kept. */
export interface Style {
  colour: boolean;
  width: number;
  /** What is longer goes on below, indented; without it a row stays on its line, as a pipe wants it. */
  folds?: boolean;
}

/** Writes one text: to a terminal, a pipe or a file. */
export interface TextReporter {
  kind: 'text';
  write(input: ReportInput, write: Write, style: Style): Promise<void>;
}

/** Writes a folder. */
export interface FolderReporter {
  kind: 'folder';
  write(input: ReportInput, directory: string): Promise<void>;
}
