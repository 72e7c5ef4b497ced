// The action and the recipes of docs/CI.md, run on the example project.

import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cli } from './support/cli.js';
import { attempt } from './support/installed.js';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

interface Action {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: { id: string; shell: string; env: Record<string, string>; run: string }[] };
}
const action = parse(await readFile(at('action.yml'), 'utf8')) as Action;
const recipes = await readFile(at('docs/CI.md'), 'utf8');

/** The fenced blocks of the recipes in a language, without the fences. */
const blocks = (wanted: string) =>
  Array.from(recipes.matchAll(/^```(\w*)\n(.*?)^```$/gms)).flatMap(([, language, block]) =>
    language === wanted ? [block!] : [],
  );

let repository: string;
/** Programs that stand in for those of a runner. */
let programs: string;

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'pgtap-cov-ci-'));
  await cp(at('examples/bookings'), join(repository, 'a, b: 50%'), { recursive: true });
  programs = join(repository, 'bin');
  await mkdir(programs);
  const script = (body: string) => ({ mode: 0o755, body: `#!/usr/bin/env bash\n${body}\n` });
  for (const [name, { mode, body }] of Object.entries({
    npx: script(`echo "$1 $2" > "$RUNNER_TEMP/npx"; shift 2; exec node '${at('dist/cli/main.js')}' "$@"`),
    gh: script('echo "$@" > "$RUNNER_TEMP/gh"'),
  }))
    await writeFile(join(programs, name), body, { mode });
});
afterAll(() => rm(repository, { recursive: true }));

/** Runs the action's step as a runner does. */
async function step(inputs: Record<string, string>, event: { number?: string } = {}) {
  const temporary = await mkdtemp(join(repository, 'runner-'));
  const [summary, output] = [join(temporary, 'summary'), join(temporary, 'output')];
  await Promise.all([summary, output].map((file) => writeFile(file, '')));
  const [{ env, run }] = action.runs.steps as [Action['runs']['steps'][0]];
  const valueOf = (expression: string) => {
    const [, input] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression) ?? [];
    if (input !== undefined) return inputs[input] ?? action.inputs[input]!.default;
    expect(expression).toBe('${{ github.event.pull_request.number }}');
    return event.number ?? '';
  };
  const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, valueOf(value)]));
  const result = await attempt('bash', ['-c', run], repository, {
    PATH: `${programs}:${process.env.PATH}`,
    RUNNER_TEMP: temporary,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
    ...given,
  });
  const read = (name: string) => readFile(join(temporary, name), 'utf8').catch(() => '');
  return {
    ...result,
    summary: await read('summary'),
    output: await read('output'),
    npx: await read('npx'),
    gh: await read('gh'),
  };
}

const directory = 'a, b: 50%';

describe('the action', () => {
  it('says what each input is, and uses each', () => {
    const [{ env, shell }] = action.runs.steps as [Action['runs']['steps'][0]];
    expect([action.runs.using, shell]).toEqual(['composite', 'bash']);
    const used = Object.values(env).flatMap((value) => /inputs\.([a-z-]+)/.exec(value)?.[1] ?? []);
    expect(used.sort()).toEqual(Object.keys(action.inputs).sort());
    for (const { description } of Object.values(action.inputs)) expect(description).not.toBe('');
    const documented = Array.from(
      recipes.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/gm),
      ([, names]) => names!,
    );
    expect(documented.join().replaceAll(/[` ]/g, '').split(',').sort()).toEqual(used);
  });

  it('writes the summary and annotations with paths of the repository', async () => {
    const { status, stdout, summary, output, npx } = await step({ directory, version: '1.2.3' });
    expect(status).toBe(0);
    expect(npx).toBe('--yes pgtap-cov@1.2.3\n');
    expect(summary).toMatch(/^## pgTAP coverage\n\n\| kind \| objects/);
    expect(summary).toContain('| **total** | 106 |');
    expect(await readFile(/^markdown=(.*)$/m.exec(output)![1]!, 'utf8')).toBe(summary);
    expect(stdout).toMatch(/^total +106/m);
    const annotations = stdout.split('\n').filter((line) => /^::(error|warning|notice) file=/.test(line));
    expect(annotations.length).toBeGreaterThan(10);
    for (const line of annotations)
      expect(line).toMatch(/^::\w+ file=a%2C b%3A 50%25\/supabase\/[^,:]*,line=\d+,title=pgtap-cov /);
  });

  it('lets no name of a file be a command of the runner', async () => {
    const { stdout } = await step({ directory });
    const [, token] = /^::stop-commands::([0-9a-f]{32})$/m.exec(stdout)!;
    const [stopped, annotated] = stdout.split(`::${token}::\n`);
    expect(stopped).toMatch(/^total /m);
    expect(annotated).toMatch(/^::notice file=/m);
    expect(stopped).not.toMatch(/^::notice/m);
  });

  it('fails as the program does, and says so in the summary all the same', async () => {
    const failed = await step({ directory, 'fail-under': '10 exercised=99', args: '--fail-on\nstale\n' });
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('exercised');
    expect(failed.stderr).not.toContain('less than 10%');
    expect(failed.summary).toContain('**total**');
    const wrong = await step({ directory, args: '--nonsense' });
    expect([wrong.status, wrong.summary]).toEqual([2, '']);
    expect((await step({ directory: 'missing' })).status).toBe(3);
  });

  it('shows what is asked for alone', async () => {
    const quiet = await step({ directory, summary: 'false', annotations: 'false' }, { number: '7' });
    expect([quiet.status, quiet.summary, quiet.gh]).toEqual([0, '', '']);
    expect(quiet.stdout).not.toMatch(/^::notice/m);
    expect((await step({ directory, comment: 'true' })).gh).toBe('');
    const { gh } = await step({ directory, comment: 'true' }, { number: '7' });
    expect(gh).toMatch(/^pr comment 7 --edit-last --create-if-none --body-file .*summary\.md$/m);
  });

  it('keeps arguments and the directory from the shell', async () => {
    const { status, npx } = await step({
      directory: '$(touch pwned)',
      version: '1;touch pwned',
      args: '`touch pwned`',
    });
    expect(status).toBe(2);
    expect(npx).toBe('--yes pgtap-cov@1;touch pwned\n');
    await expect(readFile(join(repository, 'pwned'))).rejects.toThrow('ENOENT');
  });
});

describe('the recipes', () => {
  it('are YAML, with options that there are', async () => {
    const help = (await Promise.all(['scan', 'merge', 'diff'].map((name) => cli(name, '--help')))).map(
      ({ stdout }) => stdout,
    );
    const yaml = blocks('yaml');
    expect(yaml.length).toBeGreaterThan(3);
    for (const block of yaml) expect(parse(block)).toBeTypeOf('object');
    // --yes is npx's
    const options = [...yaml, ...blocks('')].flatMap((block) => block.match(/--(?!yes )[a-z-]+/g) ?? []);
    expect(new Set(options).size).toBeGreaterThan(6);
    for (const option of options) expect(help.join()).toContain(`  ${option} `);
  });

  it('of GitLab find the figure and the files', async () => {
    const [job] = blocks('yaml')
      .map((block) => parse(block)['pgtap-coverage'])
      .filter(Boolean);
    const [line] = job.script as [string];
    const args = line.split(' ').slice(line.split(' ').indexOf('scan'));
    const out = join(repository, 'coverage');
    args[args.indexOf('--out') + 1] = out;
    const { status, stdout } = await cli(...args, join(repository, directory));
    expect(status).toBe(1);
    const [, source] = /^\/(.*)\/$/.exec(job.coverage)!;
    expect(new RegExp(source!, 'm').exec(stdout)?.[1]).toMatch(/^\d+\.\d$/);
    const { coverage_report, junit, codequality } = job.artifacts.reports;
    for (const file of [coverage_report.path, junit, codequality])
      expect(await readFile(join(repository, file), 'utf8')).not.toBe('');
  });

  it('of Vitest is a test that passes', async () => {
    const project = join(repository, directory);
    const modules = join(project, 'node_modules');
    await mkdir(modules);
    await symlink(at('node_modules/vitest'), join(modules, 'vitest'));
    await symlink(at('dist'), join(modules, 'pgtap-cov'));
    const [test] = blocks('ts');
    await writeFile(join(project, 'coverage.test.ts'), test!);
    const vitest = at('node_modules/.bin/vitest');
    const passed = await attempt(vitest, ['run', '--root', project], project);
    expect(passed).toMatchObject({ status: 0, stdout: expect.stringMatching(/1 passed/) });
    await writeFile(join(project, 'coverage.test.ts'), test!.replace("'40'", "'99'"));
    expect((await attempt(vitest, ['run', '--root', project], project)).status).toBe(1);
  });
});
