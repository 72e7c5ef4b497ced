/** The files of a project, as discovery sees them: a list of paths, and the beginnings of a few. */
import { CoverageError, messageOf } from '../error.js';
import { normalized } from '../include.js';
import { markerTool, type MarkerTool } from '../up-part.js';
import { byteOrder, folderOf } from './order.js';

/** Reads the first bytes of a listed file, at most so many. */
export type ReadHead = (path: string, bytes: number) => Promise<Uint8Array>;

/** Undoes a migration, so it is neither schema nor test. */
export const DOWN = /(\.down\.sql|(^|\/)U[0-9][^/]*__[^/]*\.sql)$/;
const IGNORED = /(^|\/)(node_modules|\.[^/]+)\//;
/** Plans of thousands of changes fit; no more of any file is held. */
const CONFIG_BYTES = 4 * 1024 * 1024;
/** Markers lead a migration; of a folder without them, no more than this is read before the scan. */
const HEAD_BYTES = 4096;
const HEADS = 2000;
/** What is left out is said in so many lines at most, of so many characters. */
const NOTES = 20;
const NOTE_LENGTH = 300;

export class ProjectFiles {
  /** In byte order. */
  readonly paths: readonly string[];
  /** What was left out, and why. */
  readonly notes: string[] = [];
  readonly #known: ReadonlySet<string>;
  readonly #read: ReadHead;

  constructor(paths: Iterable<string>, read: ReadHead) {
    this.paths = Array.from(paths)
      .filter((path) => !IGNORED.test(path))
      .sort(byteOrder);
    this.#known = new Set(this.paths);
    this.#read = read;
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  below(folder: string): string[] {
    return this.paths.filter((path) => path.startsWith(folder));
  }

  note(text: string): void {
    if (this.notes.length < NOTES) this.notes.push(shortened(text, NOTE_LENGTH));
    else this.notes[NOTES] = 'more is left out';
  }

  /** The text of a configuration file. Rejects with `CONFIG` for one that is too large, `INPUT` where it cannot be read. */
  async config(path: string): Promise<string> {
    const bytes = await this.#read(path, CONFIG_BYTES + 1).catch((cause: unknown) => {
      throw new CoverageError('INPUT', `cannot be read: ${messageOf(cause)}`, { file: path, cause });
    });
    if (bytes.length > CONFIG_BYTES) {
      throw new CoverageError(
        'CONFIG',
        `is larger than ${CONFIG_BYTES} bytes, too large for what it should be`,
        {
          file: path,
        },
      );
    }
    return new TextDecoder().decode(bytes);
  }

  /** The tool whose markers are in one of these files. One that cannot be read has none; the scan will say why. */
  async markerTool(paths: readonly string[]): Promise<MarkerTool | undefined> {
    for (const path of paths.slice(0, HEADS)) {
      const head = await this.#read(path, HEAD_BYTES).catch(() => new Uint8Array());
      const tool = markerTool(new TextDecoder().decode(head));
      if (tool) return tool;
    }
    return undefined;
  }
}

/** Text from a file for a message. */
export function shortened(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Folders, each once, the least deep first. */
export function byDepth(folders: Iterable<string>): string[] {
  return Array.from(new Set(folders)).sort((a, b) => depthOf(a) - depthOf(b) || byteOrder(a, b));
}

export function depthOf(folder: string): number {
  return folder.split('/').length;
}

/** The folders of the files with this name. */
export function foldersOf(paths: readonly string[], name: string): string[] {
  return paths.filter((path) => path === name || path.endsWith(`/${name}`)).map(folderOf);
}

/** The folders that a path lies in, without the project itself. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at + 1));
  return folders;
}

/** A path that a configuration file names, from the folder it starts at; undefined where it leads out of the project. */
export function below(folder: string, written: string): string | undefined {
  const path = written.replaceAll('\\', '/');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.includes('\0')) return undefined;
  const whole = normalized(folder + path);
  return whole === '..' || whole.startsWith('../') ? undefined : whole;
}

/** The same for a folder, with its `/`; empty for the project itself. */
export function folderBelow(folder: string, written: string): string | undefined {
  const path = below(folder, written);
  return path === undefined || path === '' ? path : `${path}/`;
}
