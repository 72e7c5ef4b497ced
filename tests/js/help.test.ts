// Help on a terminal, and the commands that the readme shows.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reporters } from '../../js/reports/index.js';
import { cli } from './support/cli.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const readme = await readFile(at('README.md'), 'utf8');

/** The commands that help lists. */
const help = (await cli('--help')).stdout;
const COMMANDS = Array.from(help.matchAll(/^ {2}([a-z]+) [[<]/gm), ([, name]) => name!);

describe('help', () => {
  it('lists the commands and reporters', () => {
    expect(COMMANDS).toEqual(expect.arrayContaining(['scan', 'report', 'inventory', 'assertions', 'run']));
    for (const name of reporters.keys()) expect(help).toMatch(new RegExp(`[ ,]${name}[,\\n]`));
  });

  it.each(['', ...COMMANDS])('%s fits a terminal and has an example', async (name) => {
    const { status, stdout, stderr } = await cli(...(name === '' ? [] : [name]), '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(new RegExp(`^(Example: |Examples:\\n +)pgtap-cov ${name}`, 'm'));
  });

  it.each(COMMANDS)('%s takes the options of its example', async (name) => {
    const { stdout } = await cli(name, '--help');
    const [, example] = /^Example: (.*)$/m.exec(stdout)!;
    for (const [option] of example!.matchAll(/--[a-z-]+/g))
      expect(stdout).toMatch(new RegExp(`^ {2}(-., )?${option} `, 'm'));
  });
});

describe('the commands of the readme', () => {
  /** Of a copy of the example project, with what the commands name. */
  let project: string;
  const shell = (command: string) => promisify(execFile)('bash', ['-c', command], { cwd: project });

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'pgtap-cov-readme-'));
    await cp(at('examples/bookings'), project, { recursive: true });
    await cp(join(project, 'supabase/migrations'), join(project, 'db'), { recursive: true });
    await cp(join(project, 'supabase/tests'), join(project, 't'), { recursive: true });
    await symlink(at('dist'), join(project, 'dist'));
    for (const name of ['base', 'head']) await shell(`node dist/cli/main.js scan --database ${name}.ptc`);
    await shell('node dist/cli/main.js run --embedded > prove.txt');
    for (const n of [1, 2, 3, 4]) {
      await shell(`node dist/cli/main.js scan --store shard${n} --shard ${n}/4`);
    }
  });
  afterAll(() => rm(project, { recursive: true }));

  // a server, and what runs until it is ended, have tests of their own
  const commands = Array.from(readme.matchAll(/^(node dist\/cli\/main\.js .*?)(?: +#.*)?$/gm), ([, line]) =>
    line!.replace('[scan] [DIR]', 'scan').replace('[coverage.ptc]', 'coverage.ptc'),
  ).filter((command) => !/--db|--watch| view /.test(command));

  it('print the figures that it shows', async () => {
    const { stdout } = await shell('node dist/cli/main.js');
    expect(readme).toContain(`\`\`\`\n${stdout.split('\n\n')[0]}\n\`\`\``);
  });

  it('are as many as there were', () => expect(commands.length).toBeGreaterThan(12));

  it.each(commands)('%s', async (command) => {
    const { stdout } = await shell(command);
    // a report may go to a file; equal databases and inventories have no difference
    if (!/ > | diff | --out |--check-inventory/.test(command)) expect(stdout).not.toBe('');
  });
});
