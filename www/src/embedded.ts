/** What the page of one file carries, in blocks that the reporter `viewer` writes. */
import type { Opened } from './protocol.js';

/** The text of a block; empty where there is none. */
export function block(id: 'embedded' | 'module' | 'database' | 'sources'): string {
  return document.getElementById(id)?.textContent ?? '';
}

/** The database in the page, or undefined. */
export function embedded(): Opened | undefined {
  const head = block('embedded');
  if (head === '') return undefined;
  const { name, places } = JSON.parse(head) as Pick<Opened, 'name'> & { places: [string, number, number][] };
  return {
    name,
    database: { base64: block('database') },
    sources: { texts: { base64: block('sources') }, places },
  };
}
