/** Which files of a directory are schema and tests. Node only. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  byteOrder,
  discover,
  discoverTests,
  markersOf,
  naturalOrder,
  RELEVANT,
  type Discovery,
  type ReadHead,
} from './discover.js';
import { CoverageError } from './error.js';
import { filesBelow, isFileBelow, readHead, reason } from './files.js';

/** Globs that replace what would be found, relative to the project; a plain path or folder is a glob too. */
export interface ProjectGlobs {
  schema?: string[];
  tests?: string[];
}

/** The files of a project, relative to it, and how they were found. */
export type Project = Discovery;

const SQL_FILE = /\.(sql|pg)$/;

/**
 * Finds schema and tests of the project in a directory; see `discover` for the layouts and their order. With globs, files
 * of one glob are in natural order and globs in the order given.
 *
 * Rejects with `INPUT` for a directory that cannot be read, `CONFIG` where no schema is found, a glob matches nothing, or
 * a file is given as both; as `discover` does where the schema is not given.
 */
export async function findProject(directory: string, globs: ProjectGlobs = {}): Promise<Project> {
  await checkDirectory(directory);
  const given = {
    schema: globs.schema?.length ? await expand(directory, globs.schema) : undefined,
    tests: globs.tests?.length ? await expand(directory, globs.tests) : undefined,
  };
  const twice = given.schema?.find((path) => given.tests?.includes(path));
  if (twice !== undefined) {
    throw new CoverageError('CONFIG', 'is matched by both --schema and --tests', { file: twice });
  }
  const read = headsOf(directory);
  if (given.schema) {
    // A configuration of the project is not asked for the schema then: whatever is wrong with it does not matter.
    const found = given.tests ? undefined : discoverTests(await listed(directory));
    const markers = await markersOf(given.schema, read);
    return {
      schema: given.schema,
      tests: given.tests ?? without(found!.tests, given.schema),
      layout: ['--schema', given.tests ? '--tests' : found!.layout].join(', '),
      ...(markers && { markers }),
      notes: [],
    };
  }
  const found = await discover(await listed(directory), read);
  const project: Project = given.tests
    ? {
        ...found,
        schema: without(found.schema, given.tests),
        tests: given.tests,
        layout: `--tests, ${found.layout}`,
      }
    : found;
  if (project.schema.length > 0) return project;
  const message =
    'no schema files found (supabase/migrations, sqitch, Flyway, migrations, schema.sql, sql …): name them with --schema GLOB';
  throw new CoverageError('CONFIG', message, { file: directory });
}

async function checkDirectory(directory: string): Promise<void> {
  let isDirectory;
  try {
    isDirectory = (await stat(directory)).isDirectory();
  } catch (cause) {
    throw new CoverageError('INPUT', `cannot be read: ${reason(cause)}`, { file: directory, cause });
  }
  if (!isDirectory) throw new CoverageError('INPUT', 'is no directory', { file: directory });
}

async function listed(directory: string): Promise<string[]> {
  return (await filesBelow(directory)).filter((path) => RELEVANT.test(path)).sort(byteOrder);
}

/** A link may lead out of the project: what lies there is not read. */
function headsOf(directory: string): ReadHead {
  return async (path, bytes) => {
    if (!(await isFileBelow(directory, path))) throw new Error('it leads out of the project');
    return readHead(resolve(directory, path), bytes);
  };
}

/** The files that globs match, in natural order for each, globs in the order given. Rejects with `CONFIG` for one that matches none. */
async function expand(directory: string, patterns: string[]): Promise<string[]> {
  const paths = new Set<string>();
  for (const pattern of patterns) {
    for (const path of await matches(directory, pattern)) paths.add(path);
  }
  return Array.from(paths);
}

/** A plain path is taken as it is: when it cannot be read, the scan says so and counts the rest. */
async function matches(directory: string, pattern: string): Promise<string[]> {
  const path = pattern.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/+$/, '') || '.';
  const stats = await stat(resolve(directory, path)).catch(() => undefined);
  if (stats?.isDirectory() === false) return [path];
  if (!stats && !(await import('tinyglobby')).isDynamicPattern(pattern)) return [path];
  const found = stats?.isDirectory()
    ? (await filesBelow(resolve(directory, path)))
        .filter((file) => SQL_FILE.test(file))
        .map((file) => (path === '.' ? file : `${path}/${file}`))
    : await globbed(directory, pattern);
  if (found.length > 0) return found.sort(naturalOrder);
  throw new CoverageError('CONFIG', 'no file matches (globs are relative to the project)', { file: pattern });
}

async function globbed(directory: string, pattern: string): Promise<string[]> {
  const { glob } = await import('tinyglobby');
  return glob([pattern], { cwd: directory, ignore: ['**/node_modules/**'] });
}

function without(paths: string[], taken: string[] | undefined): string[] {
  return taken ? paths.filter((path) => !taken.includes(path)) : paths;
}
