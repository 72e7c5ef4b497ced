/** Schemas of servers: a running one, or PGlite with the migrations applied. Node only. */
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { catalogueSource, type Ask } from './catalogue.js';
import { CoverageError, messageOf } from './error.js';
import { readText } from './files.js';
import type { ScanSource } from './scan.js';
import { upPart, type MarkerTool } from './up-part.js';

/** Where a schema is read from instead of its text. */
export type Live = { url: string } | { embedded: true } | { source: ScanSource };

/** What is read from it, and how. */
export interface LiveOptions {
  /** The directory, and its schema files in order: what the embedded server runs. */
  directory: string;
  schema: string[];
  /** The tool whose markers part what applies from what undoes. */
  markers?: MarkerTool;
  /** Extensions whose members are kept. */
  extensions?: string[];
  /** Texts that run later, and may create extensions that the embedded server has to bring. */
  later?: string[];
}

/** A server that can be asked. */
export interface LiveServer {
  /** Its name, with neither user nor password. */
  path: string;
  /** It is gone with its `close`: what is left in it harms nobody. */
  isEmbedded: boolean;
  ask: Ask;
  /** A fresh session; of the embedded server the one that there is, as if it had just begun. */
  session(): Promise<LiveSession>;
  close(): Promise<void>;
}

/** A session of a server. `end` must be called. */
export interface LiveSession {
  /** Sends statements and answers with the rows of each, values as text. Rejects with the server's error. */
  send(sql: string): Promise<LiveRows[]>;
  /** Ends the statement that runs, as far as the server can. */
  cancel(): Promise<void>;
  end(): Promise<void>;
}

/** What one statement answers. */
export interface LiveRows {
  columns: string[];
  rows: (string | null)[][];
}

/**
 * The inventory of a server as a source, which says what there is; schema sources beside it tell the places. Its name holds neither user nor password.
 *
 * Rejects as `openLive` does, and with `INPUT` where the server refuses the query.
 */
export async function liveSource(live: Live, options: LiveOptions): Promise<ScanSource> {
  if ('source' in live) return live.source;
  const server = await openLive(live, options);
  try {
    return await catalogueOf(server, options.extensions);
  } finally {
    await server.close();
  }
}

/** What the catalogue of a server has now, as a source. */
export async function catalogueOf({ path, ask }: LiveServer, extensions?: string[]): Promise<ScanSource> {
  const text = await catalogueSource(ask, extensions);
  return { path, role: 'inventory', open: () => new Blob([text]).stream() };
}

/**
 * Connects to a server, or starts the embedded one and runs the schema files in it. `close` must be called.
 *
 * Rejects with `CONFIG` where the driver is not installed or the URL is none, `INPUT` where the server cannot be reached
 * or refuses a migration, with file and line.
 */
export function openLive(
  live: Exclude<Live, { source: ScanSource }>,
  options: LiveOptions,
): Promise<LiveServer> {
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
  const session = async (): Promise<LiveSession> => {
    const own = new Client({ connectionString: url });
    own.on('error', () => {});
    await own.connect().catch((cause: unknown) => {
      throw hidden(cause);
    });
    const asText = { getTypeParser: () => (value: string) => value };
    return {
      send: async (sql) => {
        const answers = await own.query({ text: sql, rowMode: 'array', types: asText });
        // one for each statement, where there are several
        return [answers].flat().map(({ fields, rows }) => ({
          columns: fields.map(({ name }) => name),
          rows: rows as (string | null)[][],
        }));
      },
      end: () => own.end().catch(() => {}),
      cancel: async () => {
        const { processID } = own as unknown as { processID: number };
        await client.query('select pg_cancel_backend($1)', [processID]).catch(() => {});
      },
    };
  };
  return { path, isEmbedded: false, ask, session, close: () => client.end().catch(() => {}) };
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
  const server = await PGlite.create({
    extensions: await extensionsOf([...files.map(({ text }) => text), ...(options.later ?? [])]),
  });
  try {
    for (const { path, text } of files) {
      await server.exec('reset all; reset role;');
      await server.exec(text).catch((cause: unknown) => {
        throw refused(cause, path, text);
      });
    }
    await server.exec('reset all; reset role;');
  } catch (error) {
    await server.close();
    throw error;
  }
  const ask: Ask = async (sql) => (await server.query<Record<string, unknown>>(sql)).rows;
  const session = async (): Promise<LiveSession> => {
    await server.exec('rollback');
    await server.exec('discard all');
    const asText = (value: string) => value;
    const parsers = Object.fromEntries(Object.keys(server.parsers).map((type) => [type, asText]));
    return {
      send: async (sql) => {
        // it runs in this thread: a signal gets through between statements alone
        await setImmediate();
        return (await server.exec(sql, { rowMode: 'array', parsers })).map(({ fields, rows }) => ({
          columns: fields.map(({ name }) => name),
          rows: rows as unknown as (string | null)[][],
        }));
      },
      // a statement of it holds the only thread
      cancel: async () => {},
      end: async () => {},
    };
  };
  return { path: '(embedded)', isEmbedded: true, ask, session, close: () => server.close() };
}

/** The server's refusal with its place. Data of COPY, which it takes for SQL, are refused at the COPY. */
function refused(cause: unknown, file: string, text: string): CoverageError {
  // the server counts characters from 1
  const position = Number((cause as { position?: string }).position);
  if (!(position > 0)) return new CoverageError('INPUT', messageOf(cause), { file, cause });
  const before = Array.from(text)
    .slice(0, position - 1)
    .join('');
  const copy = /^copy\s[^;]*\sfrom\s+stdin\b[^;]*;\s*(?=[^\n]*$)/im.exec(before);
  const line = (copy ? before.slice(0, copy.index) : before).split('\n').length;
  const message = copy
    ? 'data of COPY … FROM STDIN cannot be sent here: dump without data, or with --inserts'
    : messageOf(cause);
  return new CoverageError('INPUT', message, { file, line, cause });
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
