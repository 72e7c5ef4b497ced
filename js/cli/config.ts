/** The configuration of a project: the key `pgtap-cov` of package.json, or a file of its own beside it. */
import { dirname, resolve } from 'node:path';
import type { Loader } from 'lilconfig';
import { CoverageError, messageOf } from '../error.js';
import { readFinding, readThreshold, type Finding, type Threshold } from '../thresholds.js';
import type { Rule } from '../types.js';

const NAME = 'pgtap-cov';

/** Threads beyond which more are a mistake. */
export const MOST_JOBS = 256;

const PLACES = [
  'package.json',
  '.pgtap-covrc',
  ...['json', 'yaml', 'yml', 'js', 'mjs', 'cjs'].map((ending) => `.pgtap-covrc.${ending}`),
  ...['js', 'mjs', 'cjs'].map((ending) => `pgtap-cov.config.${ending}`),
];

/** What a configuration may say; each key is the option of the same name, which wins over it. */
export interface Config {
  schema?: string[];
  tests?: string[];
  rules?: Rule[] | string;
  database?: string;
  store?: string;
  tap?: string[];
  wrap?: boolean;
  jobs?: number;
  arena?: number;
  db?: string;
  embedded?: boolean;
  extension?: string[];
  reporter?: string[];
  out?: string;
  failUnder?: Threshold[];
  failOn?: Finding[];
  failCompare?: string;
}

interface Key {
  /** What is expected, in words. */
  is: string;
  fits(value: unknown): boolean;
  /** The value is a path, relative to the file that says it. */
  isPath?: true;
}

const TEXT: Key = { is: 'a text', fits: (value) => typeof value === 'string' };
const PATH: Key = { ...TEXT, is: 'a path', isPath: true };
const TEXTS: Key = {
  is: 'a text, or a list of texts',
  fits: (value) => [value].flat().every((item) => typeof item === 'string'),
};
const PATHS: Key = { ...TEXTS, is: 'a path, or a list of paths', isPath: true };
const BOOLEAN: Key = { is: 'true or false', fits: (value) => typeof value === 'boolean' };
const isPercent = (value: unknown) => typeof value === 'number' || typeof value === 'string';

/** Every key with what it holds; `config.schema.json` says the same to editors. */
export const KEYS: Record<keyof Config, Key> = {
  schema: TEXTS,
  tests: TEXTS,
  rules: {
    is: 'a list of rules, or the path of a file with one',
    fits: (value) => Array.isArray(value) || typeof value === 'string',
  },
  database: PATH,
  store: PATH,
  jobs: {
    is: 'a number of threads',
    fits: (value) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= MOST_JOBS,
  },
  arena: { is: 'a number of bytes', fits: (value) => Number.isSafeInteger(value) && (value as number) > 0 },
  db: TEXT,
  embedded: BOOLEAN,
  wrap: BOOLEAN,
  tap: PATHS,
  extension: TEXTS,
  reporter: TEXTS,
  out: PATH,
  failUnder: {
    is: 'a percentage, a threshold such as "policy=100", or a list of them',
    fits: (value) => [value].flat().every(isPercent),
  },
  failOn: TEXTS,
  failCompare: PATH,
};

/**
 * The configuration of the project in a directory; empty where there is none. `CONFIG` for one that cannot be read, an
 * unknown key, with the nearest one, and a value of another kind; each names file and key.
 */
export async function loadConfig(directory: string): Promise<Config> {
  const root = resolve(directory);
  const yaml: Loader = async (_path, text) => (await import('yaml')).parse(text) as unknown;
  const { defaultLoaders, lilconfig } = await import('lilconfig');
  const search = lilconfig(NAME, {
    searchPlaces: PLACES,
    stopDir: root,
    loaders: named({ ...defaultLoaders, '.yaml': yaml, '.yml': yaml, noExt: yaml }),
  });
  let found;
  try {
    found = await search.search(root);
  } catch (cause) {
    if (cause instanceof CoverageError) throw cause;
    throw new CoverageError('CONFIG', `the configuration cannot be read: ${messageOf(cause)}`, {
      file: directory,
      cause,
    });
  }
  if (!found || found.isEmpty) return {};
  return checked(found.config, found.filepath);
}

/** The loaders, with the file in what they throw. */
function named(loaders: Record<string, Loader>): Record<string, Loader> {
  const withFile =
    (load: Loader): Loader =>
    async (file, text) => {
      try {
        return (await load(file, text)) as unknown;
      } catch (cause) {
        throw new CoverageError('CONFIG', `cannot be read: ${messageOf(cause)}`, { file, cause });
      }
    };
  return Object.fromEntries(Object.entries(loaders).map(([end, load]) => [end, withFile(load)]));
}

async function checked(config: unknown, file: string): Promise<Config> {
  const refuse = (message: string): never => {
    throw new CoverageError('CONFIG', message, { file });
  };
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    return refuse(`holds no configuration: give an object with ${Object.keys(KEYS).join(', ')}`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key === '$schema') continue;
    if (!Object.hasOwn(KEYS, key)) return refuse(`there is no key ${JSON.stringify(key)}${await meant(key)}`);
    const { is, fits, isPath } = KEYS[key as keyof Config];
    if (!fits(value)) return refuse(`${key} is ${is}, not ${JSON.stringify(value) ?? typeof value}`);
    const isRulesFile = key === 'rules' && typeof value === 'string';
    const isList = [TEXTS, PATHS].includes(KEYS[key as keyof Config]) || key === 'failUnder';
    const placed = (path: unknown) => resolve(dirname(file), path as string);
    if (isPath && isList) result[key] = [value].flat().map(placed);
    else if (isPath || isRulesFile) result[key] = placed(value);
    else result[key] = isList ? [value].flat() : value;
  }
  const named = <T>(key: string, read: (text: string) => T): T[] | undefined => {
    const list = result[key] as unknown[] | undefined;
    return list?.map((item) => {
      try {
        return read(String(item));
      } catch (error) {
        return refuse(`${key}: ${messageOf(error)}`);
      }
    });
  };
  const [under, on] = [named('failUnder', readThreshold), named('failOn', readFinding)];
  return { ...result, ...(under && { failUnder: under }), ...(on && { failOn: on }) };
}

async function meant(key: string): Promise<string> {
  const { closest, distance } = await import('fastest-levenshtein');
  const nearest = closest(key, Object.keys(KEYS));
  return distance(key, nearest) <= 1 + key.length / 3
    ? `: did you mean ${nearest}?`
    : `: the keys are ${Object.keys(KEYS).join(', ')}`;
}
