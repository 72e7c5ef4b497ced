/**
 * Finds schema and tests among the files of a project. Pure: paths in, lists out; command line and page share it.
 *
 * Order of schema files, which is the order in which they apply:
 * - Supabase: by file name, byte by byte, as the Supabase CLI applies them (timestamps lead the names).
 * - elsewhere: natural order of the path: runs of digits compare as numbers (`V2` before `V10`), the rest byte by byte.
 * Tests are listed in byte order; their order does not matter.
 */

/** What a project consists of; paths are those that were given. */
export interface Discovery {
  schema: string[];
  tests: string[];
  /** One line: which layout it is, and what was taken for what. */
  layout: string;
}

/** One way to lay out a part of a project: a name, and the files that belong to it. */
interface Place {
  name: string;
  files: RegExp;
}

const SUPABASE_SCHEMA: Place[] = [
  { name: 'migrations', files: /^migrations\/[^/]+\.sql$/ },
  { name: 'schemas', files: /^schemas\/.+\.sql$/ },
];
const SUPABASE_TESTS: Place[] = [{ name: 'tests', files: /^tests\/.+\.(sql|pg)$/ }];

/** Elsewhere; the first place that has files is taken. */
const PLAIN_SCHEMA: Place[] = [
  { name: 'migrations', files: /^migrations\/[^/]+\.sql$/ },
  { name: 'db/migrations', files: /^db\/migrations\/[^/]+\.sql$/ },
  { name: 'schema.sql', files: /^schema\.sql$/ },
  { name: 'db/schema.sql', files: /^db\/schema\.sql$/ },
  { name: 'db/structure.sql', files: /^db\/structure\.sql$/ },
  { name: 'schema', files: /^schema\/.+\.sql$/ },
  { name: 'sql', files: /^sql\/[^/]+\.sql$/ },
];
/** All of them are taken. */
const PLAIN_TESTS: Place[] = ['t', 'test', 'tests', 'db/t', 'db/test', 'db/tests'].map((name) => ({
  name,
  files: new RegExp(`^${name}/.+\\.(sql|pg)$`),
}));

/** Undoes a migration, so it is no part of the schema. */
const DOWN = /(\.down\.sql|(^|\/)U[0-9][^/]*__[^/]*\.sql)$/;
const IGNORED = /(^|\/)(node_modules|\.[^/]+)\//;

/**
 * Takes apart the files of a project: a Supabase project at its root, in its `supabase/` folder or, where there is none,
 * in the least deep one; else one of the common plain layouts. `paths` are relative, with `/`. Linear in the paths, but
 * for sorting. A part that is not found is an empty list.
 */
export function discover(paths: Iterable<string>): Discovery {
  const all = Array.from(paths).filter((path) => !IGNORED.test(path));
  const base = supabaseBase(all);
  return base === undefined ? plain(all) : supabase(all, base);
}

/** The order of {@link discover} for plain layouts: runs of digits compare as numbers, the rest byte by byte. */
export function naturalOrder(a: string, b: string): number {
  const parts = /[0-9]+|[^0-9]+/g;
  const [as, bs] = [a.match(parts) ?? [], b.match(parts) ?? []];
  for (let i = 0; i < as.length && i < bs.length; i++) {
    const order = comparePart(as[i]!, bs[i]!);
    if (order !== 0) return order;
  }
  // `1` and `01` are equal as numbers; the bytes decide, so that the order never depends on the input's.
  return as.length - bs.length || byteOrder(a, b);
}

/** The order of the UTF-8 bytes, which is that of the code points and not that of JavaScript's code units. */
export function byteOrder(a: string, b: string): number {
  const [as, bs] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [as.next(), bs.next()];
    if (x.done || y.done) return Number(y.done ?? false) - Number(x.done ?? false);
    if (x.value !== y.value) return x.value.codePointAt(0)! - y.value.codePointAt(0)!;
  }
}

function supabaseBase(paths: string[]): string | undefined {
  if (paths.includes('config.toml') && taken(paths, '', SUPABASE_SCHEMA)) return '';
  const bases = new Set<string>();
  for (const path of paths) {
    const base = /^((?:.*\/)?supabase\/)(?:migrations|schemas|tests)\/.*\.(?:sql|pg)$/.exec(path)?.[1];
    if (base !== undefined) bases.add(base);
  }
  const depth = (path: string) => path.split('/').length;
  return Array.from(bases).sort((a, b) => depth(a) - depth(b) || byteOrder(a, b))[0];
}

function supabase(paths: string[], base: string): Discovery {
  const schema = taken(paths, base, SUPABASE_SCHEMA);
  const tests = taken(paths, base, SUPABASE_TESTS);
  schema?.files.sort((a, b) => byteOrder(fileName(a), fileName(b)) || byteOrder(a, b));
  return found('Supabase', schema, tests);
}

function plain(paths: string[]): Discovery {
  const schema = taken(paths, '', PLAIN_SCHEMA);
  schema?.files.sort(naturalOrder);
  const places = PLAIN_TESTS.map((place) => taken(paths, '', [place])).filter((place) => place !== undefined);
  const tests = places.length > 0 && {
    name: places.map((place) => place.name).join(', '),
    files: places.flatMap((place) => place.files),
  };
  return found('plain', schema, tests || undefined);
}

interface Taken {
  name: string;
  files: string[];
}

/** The first place that has files under the base. */
function taken(paths: string[], base: string, places: Place[]): Taken | undefined {
  const inside = paths.filter((path) => path.startsWith(base) && !DOWN.test(path));
  for (const { name, files } of places) {
    const matching = inside.filter((path) => files.test(path.slice(base.length)));
    if (matching.length > 0) return { name: base + name, files: matching };
  }
  return undefined;
}

function found(layout: string, schema: Taken | undefined, tests: Taken | undefined): Discovery {
  const part = (name: string, of: Taken | undefined) =>
    of
      ? `${name} from ${of.name} (${of.files.length} ${of.files.length === 1 ? 'file' : 'files'})`
      : `no ${name}`;
  return {
    schema: schema?.files ?? [],
    tests: tests?.files.sort(byteOrder) ?? [],
    layout: `${layout}: ${part('schema', schema)}, ${part('tests', tests)}`,
  };
}

function comparePart(a: string, b: string): number {
  const numbers = /^[0-9]/.test(a) && /^[0-9]/.test(b);
  if (!numbers) return byteOrder(a, b);
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || byteOrder(x, y);
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
