import { request } from 'node:http';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { viewCommand } from '../../../js/cli/view.js';

/** Serves a database, beside a base where one is given; the address that was printed. */
export async function view(
  file: string,
  root: string,
  base?: string,
): Promise<[address: string, status: Promise<number>, end: AbortController]> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const end = new AbortController();
  const page = fileURLToPath(new URL('../../../build/www', import.meta.url));
  const status = viewCommand(
    file,
    { root, port: 0, page, ...(base !== undefined && { base }) },
    { stdout, stderr, signal: end.signal },
  );
  const line = await Promise.race([
    new Promise<string>((resolve) => stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))),
    status.then((code) => Promise.reject(new Error(`view ended with ${code}`))),
  ]);
  return [line.trim(), status, end];
}

export interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
}

/** Asks for a path as it is spelled, `..` included, which no browser and no `fetch` does. */
export function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, method }, async (response) => {
      const body = await buffer(response);
      resolve({ status: response.statusCode!, headers: response.headers, body });
    });
    asked.on('error', reject);
    asked.end();
  });
}
