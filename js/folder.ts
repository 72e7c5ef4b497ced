/** Folders that a person chose or dropped in a browser, as sources. */
import type { Discovery, ReadHead } from './discover.js';
import { includesFrom, type OnInclude } from './include.js';
import type { ScanSource } from './scan.js';
import { upPart } from './up-part.js';

/** A file of a project: its path in the folder, with `/`, and how to get at its bytes. */
export interface ProjectFile {
  path: string;
  blob(): Blob | Promise<Blob>;
}

/** The parts of `FileSystemDirectoryHandle` that are used here; TypeScript's DOM types lack its iteration. */
interface Directory {
  entries(): AsyncIterable<
    [string, { kind: 'file'; getFile(): Promise<File> } | ({ kind: 'directory' } & Directory)]
  >;
}

/** The files of an `<input type="file" webkitdirectory>`; the chosen folder's own name is no part of the paths. */
export function filesOf(list: Iterable<File>): ProjectFile[] {
  return Array.from(list, (file) => ({
    path: file.webkitRelativePath.replace(/^[^/]*\//, '') || file.name,
    blob: () => file,
  }));
}

/** The files of a directory handle, all levels, without `node_modules` and hidden folders. Opens none of them. */
export async function filesOfDirectory(directory: FileSystemDirectoryHandle): Promise<ProjectFile[]> {
  const files: ProjectFile[] = [];
  await walk(directory as unknown as Directory, '', files);
  return files;
}

/** The sources of a project in the order in which a scan reads them: schema, then tests. */
export function sourcesOf(
  files: Iterable<ProjectFile>,
  found: Pick<Discovery, 'schema' | 'tests' | 'markers'>,
): ScanSource[] {
  const byPath = new Map(Array.from(files, (file) => [file.path, file]));
  const source = (path: string, role: ScanSource['role']): ScanSource => ({
    path,
    role,
    open: async () => {
      const file = byPath.get(path);
      if (!file) throw new Error('it is not in the folder');
      const stream = (await file.blob()).stream();
      return role === 'schema' ? upPart(stream, found.markers) : stream;
    },
  });
  return [
    ...found.schema.map((path) => source(path, 'schema')),
    ...found.tests.map((path) => source(path, 'tests')),
  ];
}

/** Reads the beginnings of a project's files: what `discover` asks for. */
export function headsOf(files: Iterable<ProjectFile>): ReadHead {
  const byPath = new Map(Array.from(files, (file) => [file.path, file]));
  return async (path, bytes) => {
    const file = byPath.get(path);
    if (!file) throw new Error('it is not in the folder');
    return new Uint8Array(await (await file.blob()).slice(0, bytes).arrayBuffer());
  };
}

/** Finds the files of a project that its sources include. */
export function includesOf(files: Iterable<ProjectFile>): OnInclude {
  const byPath = new Map(Array.from(files, (file) => [file.path, file]));
  return includesFrom(async (path) => (await byPath.get(path)?.blob())?.stream() ?? null);
}

async function walk(directory: Directory, prefix: string, files: ProjectFile[]): Promise<void> {
  for await (const [name, entry] of directory.entries()) {
    if (entry.kind === 'file') files.push({ path: prefix + name, blob: () => entry.getFile() });
    else if (name !== 'node_modules' && !name.startsWith('.')) await walk(entry, `${prefix}${name}/`, files);
  }
}
