/**
 * Finds schema and tests among the files of a project: a list of paths, and a way to read the beginning of some of them.
 * Command line and page share it.
 */
import { ProjectFiles, type ReadHead } from './discover/files.js';
import type { FoundSchema } from './discover/found.js';
import { findSchema, supabaseFolder } from './discover/layouts.js';
import { findTests, type FoundTests } from './discover/tests.js';
import type { MarkerTool } from './up-part.js';

export { byteOrder, naturalOrder } from './discover/order.js';
export type { ReadHead } from './discover/files.js';

/** What a project consists of; paths are those that were given. */
export interface Discovery {
  /** In the order in which they apply. */
  schema: string[];
  /** In byte order; their order does not matter. */
  tests: string[];
  /** One line: which layout it is, and what was taken for what. */
  layout: string;
  /** Set where the schema's files hold, beside what applies them, what undoes them: the tool that tells the two apart. */
  markers?: MarkerTool;
  /** What was left out, and why. */
  notes: string[];
}

/** The files that a project's layout is told by, all those that `discover` may want to know of. */
export const RELEVANT =
  /(\.(sql|pg|psql|pgsql|ddl|plan)|(^|\/)(config\.toml|sqitch\.conf|flyway\.(conf|toml)|atlas\.sum|pgtap\.control))$/;

/**
 * Takes apart the files of a project; `paths` are relative, with `/`. A part that is not found is an empty list. A tool's
 * own files win over a plain folder, the least deep project over those below others. Only listed paths are read and given
 * out, whatever a configuration says.
 *
 * Rejects with `CONFIG` or `INPUT`, with file and line, for a configuration that cannot be followed.
 */
export async function discover(paths: Iterable<string>, read: ReadHead): Promise<Discovery> {
  const files = new ProjectFiles(paths, read);
  const schema = await findSchema(files);
  return described(files, schema, findTests(files, schema, supabaseFolder(files)));
}

/** The tests alone, of a project whose schema is known. */
export function discoverTests(paths: Iterable<string>): Pick<Discovery, 'tests' | 'layout'> {
  const files = new ProjectFiles(paths, async () => new Uint8Array());
  const tests = findTests(files, undefined, supabaseFolder(files));
  return { tests: tests.files, layout: part('tests', tests.places, tests.files) };
}

/** The tool whose markers part the files of a schema, if any. */
export function markersOf(paths: string[], read: ReadHead): Promise<MarkerTool | undefined> {
  return new ProjectFiles(paths, read).markerTool(paths);
}

function described(files: ProjectFiles, schema: FoundSchema | undefined, tests: FoundTests): Discovery {
  const parts = [
    part('schema', schema?.places ?? [], schema?.files ?? []),
    part('tests', tests.places, tests.files),
  ];
  return {
    schema: schema?.files ?? [],
    tests: tests.files,
    layout: `${schema?.tool ?? 'plain'}: ${parts.join(', ')}`,
    ...(schema?.markers && { markers: schema.markers }),
    notes: files.notes,
  };
}

/** Places that are named; there may be one for every folder. */
const PLACES = 6;

function part(name: string, places: string[], { length }: string[]): string {
  if (length === 0) return `no ${name}`;
  const more = places.length > PLACES ? ` and ${places.length - PLACES} more` : '';
  return `${name} from ${places.slice(0, PLACES).join(', ')}${more} (${length} ${length === 1 ? 'file' : 'files'})`;
}
