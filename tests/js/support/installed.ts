// The package as people get it: packed, and installed by npm into an empty project, without a network.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const workspace = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** What `npm pack` says of the archive. */
export interface Packed {
  filename: string;
  size: number;
  files: { path: string }[];
}

/** A project with the package in its `node_modules` and nothing else. `remove` must be called. */
export interface Installed {
  packed: Packed;
  /** The folder of the project. */
  app: string;
  write(name: string, content: string): Promise<string>;
  remove(): Promise<void>;
}

/** Packs `dist` and installs the archive. */
export async function installed(): Promise<Installed> {
  const temporary = await mkdtemp(join(tmpdir(), 'pgtap-cov-package-'));
  const app = join(temporary, 'app');
  await mkdir(app);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', temporary], workspace('dist'));
  const packed = (JSON.parse(stdout) as Packed[])[0]!;
  const write = async (name: string, content: string) => {
    const path = join(app, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  };
  const dependencies = {
    'pgtap-cov': `file:${join(temporary, packed.filename)}`,
    ...(await ofTheWorkspace()),
  };
  await write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module', dependencies }));
  const options = ['--offline', '--install-links', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...options], app);
  return { packed, app, write, remove: () => rm(temporary, { recursive: true }) };
}

/** What the package depends on, where the workspace has it; npm then has nothing to fetch. */
async function ofTheWorkspace(): Promise<Record<string, string>> {
  const lock = JSON.parse(await readFile(workspace('package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: true }>;
  };
  const paths = Object.entries(lock.packages).flatMap(([path, { dev }]) =>
    path === '' || dev ? [] : [path],
  );
  return Object.fromEntries(
    paths.map((path) => [path.replace('node_modules/', ''), `file:${workspace(path)}`]),
  );
}

/** Runs a program; what it writes, and its status. Only a program that cannot be started rejects. */
export async function attempt(program: string, args: string[], cwd: string, env = process.env) {
  try {
    const options = { cwd, env, maxBuffer: 1 << 26 };
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== 'number') throw error;
    return { status: code, stdout, stderr };
  }
}

/** Runs a program that must succeed. */
export async function run(program: string, args: string[], cwd: string) {
  const result = await attempt(program, args, cwd);
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}:\n${result.stdout}${result.stderr}`);
  return result;
}
