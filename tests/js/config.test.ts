// The configuration of a project: where it is found, what wins, and what is said of a bad one.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KEYS, loadConfig } from '../../js/cli/config.js';
import { cli } from './support/cli.js';
import { makeProject, SAMPLE } from './support/sample.js';

const YAML = 'schema: db/*.sql\nfailUnder: [80, policy=100]\nfailOn: stale\nout: coverage\n';
const CONFIG = { schema: 'db/*.sql', failUnder: [80, 'policy=100'], failOn: 'stale', out: 'coverage' };

describe('a configuration', () => {
  it.each<[string, string]>([
    ['package.json', JSON.stringify({ name: 'x', 'pgtap-cov': CONFIG })],
    ['.pgtap-covrc', YAML],
    ['.pgtap-covrc.json', JSON.stringify({ $schema: 'x', ...CONFIG })],
    ['.pgtap-covrc.yaml', YAML],
    ['.pgtap-covrc.yml', YAML],
    ['.pgtap-covrc.mjs', `export default ${JSON.stringify(CONFIG)};`],
    ['.pgtap-covrc.cjs', `module.exports = ${JSON.stringify(CONFIG)};`],
    ['pgtap-cov.config.mjs', `export default ${JSON.stringify(CONFIG)};`],
  ])('is found in %s', async (file, text) => {
    const directory = await makeProject({ [file]: text });
    expect(await loadConfig(directory)).toEqual({
      schema: ['db/*.sql'],
      failUnder: [
        { measure: 'covered', percent: 80 },
        { measure: 'covered', kind: 'policy', percent: 100 },
      ],
      failOn: ['stale'],
      out: join(directory, 'coverage'),
    });
  });

  it('that is not there says nothing, and one of a folder above is not this project’s', async () => {
    const directory = await makeProject({ '.pgtap-covrc.json': '{"out":"x"}', 'inner/a.sql': '' });
    expect(await loadConfig(join(directory, 'inner'))).toEqual({});
  });

  it.each<[string, RegExp]>([
    ['{"shema":"a"}', /there is no key "shema": did you mean schema\?/],
    ['{"fail-under":80}', /there is no key "fail-under": did you mean failUnder\?/],
    ['{"zzzzzzzzzzz":1}', /there is no key "zzzzzzzzzzz": the keys are schema, tests/],
    ['{"__proto__":1}', /there is no key "__proto__"/],
    ['{"constructor":1}', /there is no key "constructor"/],
    ['{"embedded":"yes"}', /embedded is true or false, not "yes"/],
    ['{"arena":-1}', /arena is a number of bytes, not -1/],
    ['{"tests":[1]}', /tests is a text, or a list of texts, not \[1\]/],
    ['{"failUnder":"tabel=80"}', /failUnder: "tabel" is no kind of object/],
    ['{"failOn":"gap"}', /failOn: there is no "gap" to fail on/],
    ['[1]', /holds no configuration/],
    ['{', /cannot be read/],
  ])('%s is CONFIG', async (text, says) => {
    const directory = await makeProject({ '.pgtap-covrc.json': text });
    const error = await loadConfig(directory).then(
      () => undefined,
      (thrown: { code: string; message: string; file: string }) => thrown,
    );
    expect(error?.message).toMatch(says);
    expect(error?.code).toBe('CONFIG');
    expect(error?.file).toBe(join(directory, '.pgtap-covrc.json'));
  });

  it('is described to editors by a schema with its keys', async () => {
    const schema = JSON.parse(
      await readFile(new URL('../../js/config.schema.json', import.meta.url), 'utf8'),
    );
    expect(Object.keys(schema.properties).sort()).toEqual(['$schema', ...Object.keys(KEYS)].sort());
  });
});

describe('the command line', () => {
  it('does what the configuration says, and what its options say instead', async () => {
    const rules = [{ name: 'public.pay', asserts: { kind: 'table', name: 'forgotten', schema: 'public' } }];
    const directory = await makeProject({
      ...SAMPLE,
      '.pgtap-covrc.json': JSON.stringify({ reporter: 'csv', failUnder: 99, rules }),
    });
    const { status, stdout, stderr } = await cli('scan', directory);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^kind,schema,name/);
    expect(stderr).toContain('less than 99%');
    const other = await cli('scan', directory, '--fail-under', '1', '--reporter', 'json');
    expect(other.status).toBe(0);
    expect(JSON.parse(other.stdout).format).toBe('pgtap-cov/1');
  });

  it('refuses a bad configuration before it reads anything', async () => {
    const directory = await makeProject({ ...SAMPLE, '.pgtap-covrc.json': '{"outt":"x"}' });
    const { status, stderr } = await cli('scan', directory);
    expect(status).toBe(2);
    expect(stderr).toContain('did you mean out?');
  });
});
