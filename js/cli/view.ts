/** `pgtap-cov view`: the viewer and one database, for the browsers of this machine. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdtemp, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { CoverageError, messageOf } from '../error.js';
import { isFileBelow, reason } from '../files.js';
import { rowsOf } from '../pages.js';
import { openDatabase, scanProject } from '../scan-project.js';
import { visible } from '../reports/names.js';
import { describe, Output, type Io } from './io.js';

export interface ViewOptions {
  /** Where the sources of the database lie. */
  root: string;
  /** A database to compare with. */
  base?: string;
  /** 0: one that is free. */
  port: number;
  /** The folder of the built viewer; default: that of the package. */
  page?: string;
}

/** As strict as the page allows: everything from here, no inline script or style, no eval but the module's. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** The addresses of the databases below the token; no file of the page has them. */
const DATABASE = 'coverage.pgtapcov';
const BASE = 'base.pgtapcov';
const SOURCES = 'source';

const CHUNK_BYTES = 256 * 1024;

/**
 * Serves the viewer with a database until the signal ends it, and writes its address to stdout. Without a database it
 * scans the project in `root` first. The status is 3 when a source of that scan could not be read.
 */
export async function viewCommand(
  database: string | undefined,
  options: ViewOptions,
  io: Io,
): Promise<number> {
  if (database !== undefined) return serveUntilEnd(database, basename(resolve(database)), options, io, 0);
  const scratch = await mkdtemp(join(tmpdir(), 'pgtap-cov-view-'));
  try {
    const file = join(scratch, DATABASE);
    const scanned = await scanProject(options.root, { database: file, signal: io.signal });
    await scanned.close();
    for (const error of scanned.unreadable) io.stderr.write(describe(error));
    const status = scanned.unreadable.length > 0 ? 3 : 0;
    return await serveUntilEnd(file, basename(resolve(options.root)), options, io, status);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function serveUntilEnd(
  database: string,
  name: string,
  options: ViewOptions,
  io: Io,
  status: number,
): Promise<number> {
  const sources = await pathsIn(database);
  if (options.base !== undefined) await (await openDatabase(options.base)).close();
  const file = await opened(database);
  let base: FileHandle | undefined;
  try {
    if (options.base !== undefined) base = await opened(options.base);
    const token = randomBytes(24).toString('base64url');
    const view: View = {
      token,
      file,
      base,
      sources,
      root: resolve(options.root),
      page: options.page ?? fileURLToPath(new URL('../www', import.meta.url)),
    };
    const { server, port } = await listen(
      (request, response) => answer(view, request, response),
      options.port,
    );
    const query = new URLSearchParams({ database: DATABASE, sources: SOURCES, name });
    if (options.base !== undefined) {
      query.set('base', BASE);
      query.set('baseName', basename(resolve(options.base)));
    }
    await new Output(io.stdout).write(`http://127.0.0.1:${port}/${token}/?${query}\n`);
    io.stderr.write(`pgtap-cov: ${visible(name)} can be viewed at this address until this program ends\n`);
    await ended(io.signal);
    await new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
    return status;
  } finally {
    await file.close();
    await base?.close();
  }
}

async function opened(database: string): Promise<FileHandle> {
  return open(database, 'r').catch((cause: unknown) => {
    throw new CoverageError('INPUT', `cannot be opened: ${reason(cause)}`, { file: database, cause });
  });
}

interface View {
  token: string;
  file: FileHandle;
  /** A second database, to compare with. */
  base: FileHandle | undefined;
  /** The paths that may be asked for: those that the database lists. */
  sources: ReadonlySet<string>;
  root: string;
  page: string;
}

/** Only browsers of this machine that know the token are answered; a name that was made to point here is not ours. */
async function answer(view: View, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { port } = request.socket.address() as { port: number };
    if (request.headers.host !== `127.0.0.1:${port}`) return refuse(response, 403);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [, token = '', ...rest] = pathname.split('/');
    if (!equal(token, view.token)) return refuse(response, 404);
    const path = decodeURIComponent(rest.join('/'));
    if (path === DATABASE) return await sendDatabase(view.file, request, response);
    if (path === BASE && view.base) return await sendDatabase(view.base, request, response);
    if (path === SOURCES) return await sendSource(view, searchParams.get('path') ?? '', request, response);
    return await sendPage(view.page, path === '' ? 'index.html' : path, request, response);
  } catch {
    if (response.headersSent) response.destroy();
    else refuse(response, 400);
  }
}

async function sendPage(
  folder: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = resolve(folder, path);
  const type = TYPES[extname(file)];
  if (!file.startsWith(folder + sep) || !type || !(await isFileBelow(folder, path))) {
    return refuse(response, 404);
  }
  send(request, response, 200, { 'Content-Type': type }, await readFile(file));
}

/** Read anew each time: the text may have changed since, which the reader of a page should see. */
async function sendSource(
  { sources, root }: View,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!sources.has(path) || !(await isFileBelow(root, path))) return refuse(response, 404);
  const type = { 'Content-Type': 'text/plain; charset=utf-8' };
  send(request, response, 200, type, await readFile(resolve(root, path)));
}

/** One range at a time, as `Coverage.open` asks for them. The tag tells one version of the file from another. */
async function sendDatabase(
  file: FileHandle,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size, mtimeMs, ino } = await file.stat();
  const tag = createHash('sha256').update(`${ino} ${size} ${mtimeMs}`).digest('base64url');
  const headers = { 'Content-Type': 'application/octet-stream', 'Accept-Ranges': 'bytes', ETag: `"${tag}"` };
  const { range, 'if-range': condition } = request.headers;
  const [asked, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (asked === undefined || (condition !== undefined && condition !== headers.ETag)) {
    return stream(file, 0, size, 200, headers, request, response);
  }
  const from = Number(first);
  const to = Math.min(last === '' ? Infinity : Number(last), size - 1);
  if (from > to) return send(request, response, 416, { ...headers, 'Content-Range': `bytes */${size}` });
  const part = { ...headers, 'Content-Range': `bytes ${from}-${to}/${size}` };
  return stream(file, from, to - from + 1, 206, part, request, response);
}

async function stream(
  file: FileHandle,
  from: number,
  length: number,
  status: number,
  headers: Record<string, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Length': length });
  if (request.method === 'HEAD' || length === 0) return void response.end();
  await pipeline(chunks(file, from, length), response);
}

/** Node's own stream of a file would listen on it for as long as it is open. */
async function* chunks(file: FileHandle, from: number, length: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < length;) {
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, length - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from + at);
    if (bytesRead === 0) throw new Error('the database became shorter');
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body = new Uint8Array(),
): void {
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...HEADERS, 'Content-Length': 0 }).end();
}

/** Takes as long for a wrong guess as for a right one. */
function equal(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

async function listen(answer: RequestListener, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new CoverageError('CONFIG', `port ${port} cannot be used: ${messageOf(cause)}`, { cause }));
    });
    server.listen(port, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The paths that a database lists, which must be one that can be read. */
async function pathsIn(database: string): Promise<Set<string>> {
  const coverage = await openDatabase(database);
  try {
    const paths = new Set<string>();
    for await (const { path } of rowsOf((page) => coverage.files(page))) paths.add(path);
    return paths;
  } finally {
    await coverage.close();
  }
}
