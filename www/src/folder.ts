/** What a person chose or dropped, as input of a scan. File objects are handles: no byte is read here. */
import { RELEVANT } from '../../js/discover.js';
import { filesOf } from '../../js/folder.js';
import type { Input, InputFile, Opened } from './protocol.js';

type Folder = Extract<Input, { from: 'folder' }>;

/** The folder of an `<input type="file" webkitdirectory>`. */
export async function chosen(list: FileList): Promise<Folder> {
  const name = list[0]?.webkitRelativePath.split('/')[0] || 'the folder';
  const files: InputFile[] = [];
  for (const { path, blob } of filesOf(list)) {
    if (RELEVANT.test(path)) files.push({ path, file: await blob() });
  }
  return { from: 'folder', name, files };
}

/** A coverage database. */
export function openedFile(file: File): Opened {
  return { name: file.name, database: file };
}

/**
 * The database that the page's address names, `?database=URL`, with `&sources=URL` that answers for texts and `&base=URL` to
 * compare with.
 */
export function addressed({ search, href, origin }: Location): Opened {
  const params = new URLSearchParams(search);
  const own = (address: string) => {
    const url = new URL(address, href);
    if (url.origin === origin && url.protocol.startsWith('http')) return url.href;
    throw {
      code: 'CONFIG',
      message: `${address} is of another origin: this page opens databases of its own only`,
    };
  };
  const database = own(params.get('database')!);
  const sources = params.get('sources');
  const name = params.get('name') ?? decodeURIComponent(new URL(database).pathname.split('/').at(-1)!);
  const base = params.get('base');
  return {
    name,
    database,
    ...(sources !== null && { sources: own(sources) }),
    ...(base !== null && { base: { name: params.get('baseName') ?? base, database: own(base) } }),
  };
}

/**
 * What lies in a drop: one folder, a database, or several files and folders that are taken as the contents of one folder. Call it while
 * the drop event is handled: the browser forgets the items after that.
 */
export async function dropped(items: DataTransferItemList): Promise<Folder | Opened> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const only = entries.length === 1 && isDirectory(entries[0]!) ? entries[0] : undefined;
  const [first] = entries;
  if (entries.length === 1 && first && !isDirectory(first) && !RELEVANT.test(first.name)) {
    return openedFile(await fileOf(first as FileSystemFileEntry));
  }
  const files: InputFile[] = [];
  for (const entry of only ? await children(only) : entries) await walk(entry, '', files);
  return { from: 'folder', name: only?.name ?? 'the dropped files', files };
}

async function walk(entry: FileSystemEntry, prefix: string, files: InputFile[]): Promise<void> {
  const path = prefix + entry.name;
  if (isDirectory(entry)) {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return;
    for (const child of await children(entry)) await walk(child, `${path}/`, files);
  } else if (RELEVANT.test(path)) {
    files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
  }
}

async function children(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  // A reader hands out a limited number at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
