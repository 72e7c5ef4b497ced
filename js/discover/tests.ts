/** Where the tests of a project lie. */
import { DOWN, type ProjectFiles } from './files.js';
import type { FoundSchema } from './found.js';
import { folderOf } from './order.js';

/** Folders of tests, at any depth below them, from the project's root and from the folder of its schema. */
const FOLDERS = ['t', 'test', 'tests', 'db/t', 'db/test', 'db/tests', 'spec', 'supabase/tests'];
/** Folders of tests wherever they lie. */
const ANYWHERE = /^((?:[^/]+\/)*?pgtap)\//;
/** Files that lie beside what they test. */
const NAMES = ['_test.sql', '.test.sql', '.spec.sql'];
const TEST_FILE = /\.(sql|pg)$/;

/** Tests, and where they lie, for people. */
export interface FoundTests {
  places: string[];
  files: string[];
}

/** Whether a file is a test wherever it lies. */
export function isTestOfItsOwn(path: string): boolean {
  return ANYWHERE.test(path) || NAMES.some((name) => path.endsWith(name));
}

/** What is a test: all below these folders, or with these names, that the schema does not take. */
export function findTests(
  files: ProjectFiles,
  schema: FoundSchema | undefined,
  supabase: string | undefined,
): FoundTests {
  const taken = new Set(schema?.files);
  const vendored = pgtapItself(files);
  const candidates = files.paths.filter(
    (path) =>
      TEST_FILE.test(path) &&
      !DOWN.test(path) &&
      !taken.has(path) &&
      !schema?.owns(path) &&
      !vendored.some((folder) => path.startsWith(folder)),
  );
  // The Supabase CLI runs these and no others.
  if (supabase !== undefined && (!schema || schema.tool === 'Supabase')) {
    const own = candidates.filter((path) => path.startsWith(`${supabase}tests/`));
    if (own.length > 0) return { places: [`${supabase}tests`], files: own };
  }
  const places = new Set<string>();
  const found = candidates.filter((path) => {
    const place = placeOf(path, schema?.bases ?? []);
    if (place !== undefined) places.add(place);
    return place !== undefined;
  });
  return { places: Array.from(places), files: found };
}

function placeOf(path: string, bases: string[]): string | undefined {
  for (const base of ['', ...bases]) {
    const name = FOLDERS.find((folder) => path.startsWith(`${base}${folder}/`));
    if (name !== undefined) return base + name;
  }
  const ending = NAMES.find((name) => path.endsWith(name));
  return ANYWHERE.exec(path)?.[1] ?? (ending && `*${ending}`);
}

/** Copies of pgTAP in the project: what tests pgTAP is no test of it. */
function pgtapItself(files: ProjectFiles): string[] {
  return files.paths.filter((path) => path.endsWith('/pgtap.control')).map(folderOf);
}
