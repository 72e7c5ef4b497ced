/** Flyway: file names say what a file is, `V1_2__add_rooms.sql`. */
import { readFlywayConf, readFlywayToml, type Setting } from './config.js';
import { byDepth, folderBelow, type ProjectFiles } from './files.js';
import type { FoundSchema, Layout } from './found.js';
import { byteOrder, fileName, versionOrder } from './order.js';

/**
 * Where the configuration may lie; the group is the folder that its locations start at. Flyway reads the TOML file where
 * there are both.
 */
const CONFIGS: { file: RegExp; read(text: string): Setting[] }[] = [
  { file: /^((?:[^/]+\/)*?)(?:conf\/)?flyway\.toml$/, read: readFlywayToml },
  { file: /^((?:[^/]+\/)*?)(?:conf\/)?flyway\.conf$/, read: readFlywayConf },
];
/** Where migrations lie that no location names: Flyway's own places, and that of its integrations. */
const DEFAULTS = ['sql/', 'migrations/', 'db/migration/', 'src/main/resources/db/migration/'];
/** Where a build puts what is on the class path, which is also where a location without a prefix lies. */
const CLASS_PATH = 'src/main/resources/';

/**
 * V versioned, B baseline, U undo, R repeatable. The version has numbers with `.` or `_` between them, the first `__` ends
 * it. Callbacks, `afterMigrate.sql`, are none of them.
 */
const MIGRATION = /^(?:([VBU])([0-9]+(?:[._][0-9]+)*)|(R))__(.*)\.sql$/;

/** A project with a configuration that says where the migrations lie. */
export const flyway: Layout = {
  tool: 'Flyway',
  folder: (files) => byDepth(configs(files).map(({ folder }) => folder))[0],
  async find(files, folder) {
    const config = configs(files).find((found) => found.folder === folder);
    if (!config) return undefined;
    const folders: string[] = [];
    for (const location of config.read(await files.config(config.path))) {
      const leave = (why: string) =>
        files.note(`${config.path}:${location.line}: ${location.value}: ${why}, left out`);
      const place = placeOf(location.value, folder);
      if (place === undefined) leave('leads out of the project or is none that can be followed');
      else if (!files.below(place).some(isFlyway)) leave('no migrations there');
      else folders.push(place);
    }
    if (folders.length > 0) return flywayIn(files, folders, folder);
    const usual = DEFAULTS.map((name) => folder + name).find((place) => files.below(place).some(isFlyway));
    return usual === undefined ? undefined : flywayIn(files, [usual], folder);
  },
};

/** Whether a file is a migration of Flyway's that shows that there is Flyway at work: undo scripts do not. */
export function isFlyway(path: string): boolean {
  const kind = MIGRATION.exec(fileName(path));
  return kind?.[1] === 'V' || kind?.[1] === 'B';
}

/**
 * The migrations below these folders, at any depth: the last baseline, the versions after it, all if there is none; then
 * the repeatable ones in order of their description.
 */
export function flywayIn(files: ProjectFiles, folders: string[], base: string): FoundSchema {
  const kinds: Record<string, { path: string; version: string; description: string }[]> = {
    V: [],
    B: [],
    U: [],
    R: [],
  };
  const inside = new Set(folders.flatMap((folder) => files.below(folder)));
  for (const path of inside) {
    const [, versioned, version = '', repeatable, description = ''] = MIGRATION.exec(fileName(path)) ?? [];
    const kind = versioned ?? repeatable;
    // an underscore of the name is a blank of the description
    if (kind) kinds[kind]!.push({ path, version, description: description.replaceAll('_', ' ') });
  }
  const byVersion = (list: typeof kinds.V) =>
    list!.sort((a, b) => versionOrder(a.version, b.version) || byteOrder(a.path, b.path));
  const baseline = byVersion(kinds.B).at(-1);
  const versions = byVersion(kinds.V).filter(
    ({ version }) => !baseline || versionOrder(version, baseline.version) > 0,
  );
  const repeatable = kinds.R!.sort(
    (a, b) => byteOrder(a.description, b.description) || byteOrder(a.path, b.path),
  );
  return {
    tool: 'Flyway',
    places: folders.map((folder) => folder.slice(0, -1) || '.'),
    files: [...(baseline ? [baseline] : []), ...versions, ...repeatable].map(({ path }) => path),
    bases: [base],
    owns: (path) => inside.has(path) && MIGRATION.test(fileName(path)),
  };
}

function configs(files: ProjectFiles) {
  return CONFIGS.flatMap(({ file, read }) =>
    files.paths.flatMap((path) => {
      const folder = file.exec(path)?.[1];
      return folder === undefined ? [] : [{ path, folder, read }];
    }),
  );
}

/** The folder of a location. Patterns, variables and clouds are not followed. */
function placeOf(location: string, folder: string): string | undefined {
  const [, scheme = 'classpath', path] = /^(?:([a-z0-9]{2,}):)?(.*)$/s.exec(location)!;
  if (/[*?$]/.test(path!)) return undefined;
  if (scheme === 'filesystem') return folderBelow(folder, path!);
  if (scheme === 'classpath') return folderBelow(folder + CLASS_PATH, path!.replace(/^\/+/, ''));
  return undefined;
}
