/** Where the schema of a project lies, and in which order it applies. */
import type { MarkerTool } from '../up-part.js';
import { byDepth, depthOf, DOWN, type ProjectFiles } from './files.js';
import { flyway, flywayIn, isFlyway } from './flyway.js';
import type { FoundSchema, Layout } from './found.js';
import { byFileName, byteOrder, fileName, naturalOrder } from './order.js';
import { sqitch } from './sqitch.js';
import { isTestOfItsOwn } from './tests.js';

/** A place for files, from a folder. */
interface Place {
  name: string;
  files: RegExp;
}

/** A tool whose files give it away by where they lie. */
interface Marked {
  tool: string;
  /** The first group is the project's folder, the second one that of the migrations in it. */
  marker: RegExp;
  /** From the folder of the migrations. */
  files: RegExp;
}

/** Paths are in byte order, which is that of all three. */
const MARKED: Marked[] = [
  // Prisma: a folder a migration, in order of their names.
  {
    tool: 'Prisma',
    marker: /^((?:[^/]+\/)*?)((?:prisma\/(?:schema\/)?)?migrations\/)[^/]+\/migration\.sql$/,
    files: /^[^/]+\/migration\.sql$/,
  },
  // Graphile Migrate: what is committed, then what is not yet, in one file or a folder of them.
  {
    tool: 'Graphile Migrate',
    marker: /^((?:[^/]+\/)*?)(migrations\/)committed\/[^/]+\.sql$/,
    files: /^(?:committed\/[^/]+|current|current\/[^/]+)\.sql$/,
  },
  // Atlas: `atlas.sum` lists the files, which apply in order of their names.
  { tool: 'Atlas', marker: /^((?:[^/]+\/)*?)((?:[^/]+\/)?)atlas\.sum$/, files: /^[^/]+\.sql$/ },
];

const SUPABASE = /^((?:[^/]+\/)*?)supabase\/(?:migrations|schemas|tests)\//;
const SQL = /\.(?:sql|pg)$/;
/** The first one that has files; the Supabase CLI applies them in order of their names. */
const SUPABASE_SCHEMA: Place[] = [
  { name: 'migrations', files: /^migrations\/[^/]+\.sql$/ },
  { name: 'schemas', files: /^schemas\/.+\.sql$/ },
];

/** Folders of migrations without a tool's own file, in which names or contents may show the tool. */
const FOLDERS = [
  'migrations',
  'db/migrations',
  'db/migration',
  'database/migrations',
  'sql/migrations',
  'src/main/resources/db/migration',
  'sql/schema',
  'schema',
  'sql',
];
/** golang-migrate: the number leads; each direction has its file. */
const GOLANG_MIGRATE = /^[0-9]+_.*\.up\.sql$/;
/** Which files of a folder the tools with markers take, and in which order. */
const MARKER_TOOLS: Record<MarkerTool, { files: RegExp; order: typeof byteOrder }> = {
  // dbmate: `^\d+.*\.sql$`, in order of the names
  dbmate: { files: /^[0-9].*\.sql$/, order: byteOrder },
  // goose: the number before the first `_` is the version
  goose: { files: /^[0-9]+_.*\.sql$/, order: naturalOrder },
  // node-pg-migrate: a timestamp or a number before the first `_`
  'node-pg-migrate': { files: /\.sql$/, order: naturalOrder },
};

/** Where no tool shows; the first place that has files is taken. */
const PLAIN: Place[] = [
  { name: 'migrations', files: /^migrations\/[^/]+\.sql$/ },
  { name: 'db/migrations', files: /^db\/migrations\/[^/]+\.sql$/ },
  { name: 'db/migration', files: /^db\/migration\/[^/]+\.sql$/ },
  { name: 'database/migrations', files: /^database\/migrations\/[^/]+\.sql$/ },
  { name: 'sql/migrations', files: /^sql\/migrations\/[^/]+\.sql$/ },
  // what pg_dump writes, as Rails keeps it, and dbmate beside its migrations
  { name: 'schema.sql', files: /^schema\.sql$/ },
  { name: 'structure.sql', files: /^structure\.sql$/ },
  { name: 'db/schema.sql', files: /^db\/schema\.sql$/ },
  { name: 'db/structure.sql', files: /^db\/structure\.sql$/ },
  { name: 'schema', files: /^schema\/.+\.sql$/ },
  { name: 'sql', files: /^sql\/[^/]+\.sql$/ },
];

/** At equal depth, the first one wins. */
const LAYOUTS: Layout[] = [supabase(), sqitch, flyway, ...MARKED.map(marked), folders()];

/** The schema of the least deep project of a tool; that of a plain folder where no tool has any. */
export async function findSchema(files: ProjectFiles): Promise<FoundSchema | undefined> {
  const candidates = LAYOUTS.map((layout) => ({ layout, folder: layout.folder(files) }))
    .filter(({ folder }) => folder !== undefined)
    .sort((a, b) => depthOf(a.folder!) - depthOf(b.folder!));
  for (const { layout, folder } of candidates) {
    const found = await layout.find(files, folder!);
    if (found && found.files.length > 0) return found;
  }
  return plain(files);
}

/** The folder of the Supabase project that is taken: the one with `migrations`, `schemas` and `tests`. */
export function supabaseFolder(files: ProjectFiles): string | undefined {
  if (files.has('config.toml') && placed(files.paths, '', SUPABASE_SCHEMA)) return '';
  const folder = supabaseProjects(files)[0];
  return folder === undefined ? undefined : `${folder}supabase/`;
}

function supabaseProjects(files: ProjectFiles): string[] {
  return byDepth(files.paths.flatMap((path) => (SQL.test(path) ? (SUPABASE.exec(path)?.[1] ?? []) : [])));
}

function supabase(): Layout {
  return {
    tool: 'Supabase',
    folder: (files) => (supabaseFolder(files) === '' ? '' : supabaseProjects(files)[0]),
    find(files) {
      const folder = supabaseFolder(files)!;
      if (folder !== '') noteOthers(files, supabaseProjects(files), 'Supabase');
      const found = placed(files.paths, folder, SUPABASE_SCHEMA);
      return (
        found && {
          tool: 'Supabase',
          places: [found.name],
          files: found.files.sort(byFileName(byteOrder)),
          bases: [folder.replace(/supabase\/$/, '')],
          owns: (path) => placed([path], folder, SUPABASE_SCHEMA) !== undefined,
        }
      );
    },
  };
}

function marked({ tool, marker, files: pattern }: Marked): Layout {
  const projects = (files: ProjectFiles) => byDepth(matchesOf(files, marker).map(([, folder]) => folder!));
  return {
    tool,
    folder: (files) => projects(files)[0],
    async find(files, folder) {
      noteOthers(files, projects(files), tool);
      const [, , inner] = matchesOf(files, marker).find((match) => match[1] === folder)!;
      const place = folder + inner;
      const found = files
        .below(place)
        .filter((path) => pattern.test(path.slice(place.length)) && !DOWN.test(path));
      return {
        tool,
        places: [place.slice(0, -1) || '.'],
        files: found,
        bases: [folder],
        owns: (path) => pattern.test(path.slice(place.length)) && path.startsWith(place),
        // Atlas reads the folders of other tools too
        ...(tool === 'Atlas' && { markers: await files.markerTool(found) }),
      };
    },
  };
}

function matchesOf(files: ProjectFiles, marker: RegExp): RegExpExecArray[] {
  return files.paths.map((path) => marker.exec(path)).filter((match) => match !== null);
}

/** A folder of migrations at the root, in which names or contents show the tool. */
function folders(): Layout {
  return {
    tool: '',
    folder: (files) => (FOLDERS.some((name) => files.below(`${name}/`).length > 0) ? '' : undefined),
    async find(files) {
      for (const name of FOLDERS) {
        const found = await folderOfTool(files, name);
        if (found) return found;
      }
      return undefined;
    },
  };
}

async function folderOfTool(files: ProjectFiles, name: string): Promise<FoundSchema | undefined> {
  const folder = `${name}/`;
  const below = files.below(folder);
  if (below.some(isFlyway)) return flywayIn(files, [folder], '');
  const direct = below.filter((path) => !path.slice(folder.length).includes('/') && path.endsWith('.sql'));
  const owned = new Set(direct);
  const found = (tool: string, taken: string[], order: typeof byteOrder): FoundSchema => ({
    tool,
    places: [name],
    files: taken.sort(byFileName(order)),
    bases: [''],
    owns: (path) => owned.has(path),
  });
  const ups = direct.filter((path) => GOLANG_MIGRATE.test(fileName(path)));
  if (ups.length > 0) return found('golang-migrate', ups, naturalOrder);
  const tool = await files.markerTool(direct);
  if (!tool) return undefined;
  const { files: pattern, order } = MARKER_TOOLS[tool];
  const taken = direct.filter((path) => pattern.test(fileName(path)) && !DOWN.test(path));
  return { ...found(tool, taken, order), markers: tool };
}

function plain(files: ProjectFiles): FoundSchema | undefined {
  const inside = files.paths.filter((path) => !DOWN.test(path) && !isTestOfPlain(path));
  const found = placed(inside, '', PLAIN);
  return (
    found && {
      tool: 'plain',
      places: [found.name],
      files: found.files.sort(naturalOrder),
      bases: [''],
      owns: (path) => DOWN.test(path),
    }
  );
}

/** A migration may be about a test, `002_add_test.sql`; elsewhere the name tells a test. */
function isTestOfPlain(path: string): boolean {
  return isTestOfItsOwn(path) && !/(^|\/)migrations?\//.test(path);
}

/** The first place that has files below the folder. */
function placed(paths: readonly string[], folder: string, places: Place[]) {
  const inside = paths.filter((path) => path.startsWith(folder) && !DOWN.test(path));
  for (const { name, files } of places) {
    const matching = inside.filter((path) => files.test(path.slice(folder.length)));
    if (matching.length > 0) return { name: folder + name, files: matching };
  }
  return undefined;
}

function noteOthers(files: ProjectFiles, [, ...others]: string[], tool: string): void {
  for (const other of others) files.note(`${other || '.'}: another project of ${tool}, left out`);
}
