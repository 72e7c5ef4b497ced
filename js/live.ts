/** Schemas of servers: a running one, or PGlite with the migrations applied. Node only. */
import { resolve } from 'node:path';
import { catalogueSource, type Ask } from './catalogue.js';
import { CoverageError, messageOf } from './error.js';
import { readText } from './files.js';
import type { ScanSource } from './scan.js';
import { upPart, type MarkerTool } from './up-part.js';

/** Where a schema is read from instead of its text. */
export type Live = { url: string } | { embedded: true };

/** What is read from it, and how. */
export interface LiveOptions {
  /** The directory, and its schema files in order: what the embedded server runs. */
  directory: string;
  schema: string[];
  /** The tool whose markers part what applies from what undoes. */
  markers?: MarkerTool;
  /** Extensions whose members are kept. */
  extensions?: string[];
}

/** A server that can be asked. */
export interface LiveServer {
  /** Its name, with neither user nor password. */
  path: string;
  ask: Ask;
  close(): Promise<void>;
}

/**
 * The inventory of a server as a source, which says what there is; schema sources beside it tell the places. Its name holds neither user nor password.
 *
 * Rejects as `openLive` does, and with `INPUT` where the server refuses the query.
 */
export async function liveSource(live: Live, options: LiveOptions): Promise<ScanSource> {
  const { path, ask, close } = await openLive(live, options);
  try {
    const text = await catalogueSource(ask, options.extensions);
    return { path, role: 'inventory', open: () => new Blob([text]).stream() };
  } finally {
    await close();
  }
}

/**
 * Connects to a server, or starts the embedded one and runs the schema files in it. `close` must be called.
 *
 * Rejects with `CONFIG` where the driver is not installed or the URL is none, `INPUT` where the server cannot be reached
 * or refuses a migration, with file and line.
 */
export function openLive(live: Live, options: LiveOptions): Promise<LiveServer> {
  return 'url' in live ? connect(live.url) : startEmbedded(options);
}

async function connect(url: string): Promise<LiveServer> {
  const path = nameOf(url);
  const { Client } = (await installed('pg', () => import('pg'))).default;
  const client = new Client({ connectionString: url });
  const hidden = (cause: unknown) =>
    new CoverageError('INPUT', withoutSecrets(messageOf(cause), url), { file: path });
  // an error between two queries would end the process
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    throw hidden(cause);
  }
  const ask: Ask = async (sql) => {
    try {
      return (await client.query(sql)).rows;
    } catch (cause) {
      throw hidden(cause);
    }
  };
  return { path, ask, close: () => client.end().catch(() => {}) };
}

/** The URL without user, password and parameters. */
function nameOf(url: string): string {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw new CoverageError('CONFIG', 'the database is no URL: give postgres://USER@HOST:PORT/DATABASE');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new CoverageError(
      'CONFIG',
      'the database is no URL of PostgreSQL: give postgres://USER@HOST:PORT/DATABASE',
    );
  }
  return `postgres://${parsed.host}${parsed.pathname}`;
}

function withoutSecrets(message: string, url: string): string {
  const { password, searchParams } = new URL(url);
  const secrets = [password, decoded(password), ...searchParams.values()].filter(
    (secret) => secret.length > 0,
  );
  return [url, ...secrets].reduce((text, secret) => text.replaceAll(secret, '***'), message);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function startEmbedded(options: LiveOptions): Promise<LiveServer> {
  const { PGlite } = await installed('@electric-sql/pglite', () => import('@electric-sql/pglite'));
  const files: { path: string; text: string }[] = [];
  for (const path of options.schema) {
    const whole = readText(resolve(options.directory, path));
    if (whole === undefined) throw new CoverageError('INPUT', 'cannot be read', { file: path });
    const text = await new Response(upPart(new Blob([whole]).stream(), options.markers)).text();
    files.push({ path, text });
  }
  const server = await PGlite.create({ extensions: await extensionsOf(files.map(({ text }) => text)) });
  try {
    for (const { path, text } of files) {
      await server.exec('reset all; reset role;');
      await server.exec(text).catch((cause: unknown) => {
        throw new CoverageError('INPUT', messageOf(cause), placeOf(cause, path, text));
      });
    }
    await server.exec('reset all; reset role;');
  } catch (error) {
    await server.close();
    throw error;
  }
  const ask: Ask = async (sql) => (await server.query<Record<string, unknown>>(sql)).rows;
  return { path: '(embedded)', ask, close: () => server.close() };
}

/** The server counts characters from 1. */
function placeOf(cause: unknown, file: string, text: string): { file: string; line?: number } {
  const position = Number((cause as { position?: string }).position);
  if (!(position > 0)) return { file };
  return {
    file,
    line:
      Array.from(text)
        .slice(0, position - 1)
        .filter((c) => c === '\n').length + 1,
  };
}

/** The extensions that the files create, as far as PGlite has them. */
async function extensionsOf(texts: string[]): Promise<Record<string, never>> {
  const named = new Set<string>();
  for (const text of texts) {
    for (const [, name] of text.matchAll(
      /\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([a-z0-9_-]+)/gi,
    )) {
      named.add(name!.toLowerCase());
    }
  }
  const found: Record<string, never> = {};
  for (const name of named) {
    const key = name.replaceAll('-', '_');
    const specifier = name === 'pgtap' ? '@electric-sql/pglite-pgtap' : `@electric-sql/pglite/contrib/${key}`;
    const module = (await import(specifier).catch(() => ({}))) as Record<string, never>;
    if (module[key]) found[name] = module[key];
  }
  return found;
}

async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new CoverageError('CONFIG', `this needs the package ${name}: npm install --save-dev ${name}`, {
      cause,
    });
  }
}
