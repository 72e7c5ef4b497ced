/** Where the browser's private files keep the last runs, and how the last one is found again. */
import type { Archive, Made, Opened } from './protocol.js';

const FOLDER = 'pgtap-cov-runs';

/** What lies beside a database. */
export interface Note {
  name: string;
  made: Made;
  /** Where each text lies in the file of the sources; absent where they were not kept. */
  places?: Archive['places'];
}

/** The folder of the runs. Rejects where the browser has no private files. */
export async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/** The names of the runs that are whole, oldest first: the note is written last. */
export async function runsIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  const listed = folder as unknown as { keys(): AsyncIterable<string> };
  for await (const name of listed.keys()) if (name.endsWith('.json')) names.push(name.slice(0, -5));
  return names.sort();
}

/** The last run that was kept, or undefined. Never rejects: without it the page starts empty. */
export async function lastRun(): Promise<Opened | undefined> {
  try {
    const folder = await runsFolder();
    const run = (await runsIn(folder)).at(-1);
    if (run === undefined) return undefined;
    const read = async (name: string) => (await folder.getFileHandle(name)).getFile();
    const { name, made, places } = JSON.parse(await (await read(`${run}.json`)).text()) as Note;
    const sources = places && { texts: await read(`${run}.sources`), places };
    return { name, made, database: await read(`${run}.pgtapcov`), ...(sources && { sources }) };
  } catch {
    return undefined;
  }
}
