// Rules for helper functions as hosts give them: what is wrong with one is said with its place.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Writable } from 'node:stream';
import { run } from '../../js/cli/run.js';
import { Analyzer, init } from '../../js/index.js';
import type { Rule } from '../../js/types.js';
import { makeProject } from './support/sample.js';

async function refusal(rules: unknown): Promise<{ code?: string; message: string }> {
  await init();
  let analyzer: Analyzer | undefined;
  try {
    analyzer = new Analyzer({ onSegment: () => {}, rules: rules as Rule[] });
    await analyzer.begin({ path: 'a.sql', role: 'tests' });
    return { message: 'taken' };
  } catch (error) {
    return error as { code: string; message: string };
  } finally {
    analyzer?.free();
  }
}

describe('a rule', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'with a pattern that does not end',
      [
        { name: 'ok', role: 'r' },
        { name: 'a(b', role: 'r' },
      ],
      /rules\[1\][^]*a\(b\n\s+\^\n.*unclosed group/,
    ],
    ['with a pattern that is too large', [{ name: '(a{1000}){1000}', role: 'r' }], /rules\[0\].*size limit/],
    ['without a name', [{ role: 'r' }], /rules\[0\].*name is missing/],
    ['that says nothing', [{ name: 'a' }], /rules\[0\].*says nothing/],
    [
      'with an effect that is none',
      [{ name: 'a', effects: ['drop app.t'] }],
      /effects: 'drop app.t'; give read, insert/,
    ],
    ['with a kind that is none', [{ name: 'a', asserts: { kind: 'tabel' } }], /'tabel' is no kind/],
    [
      'with an aspect that is none',
      [{ name: 'a', asserts: { kind: 'table', aspect: 'x' } }],
      /'x' is no aspect/,
    ],
    ['with an argument that is none', [{ name: 'a', role: { argument: 0 } }], /role.*from 1/],
    ['in no list', { name: 'a' }, /rules is no list/],
  ])('%s is CONFIG', async (_name, rules, says) => {
    const { code, message } = await refusal(rules);
    expect(message).toMatch(says);
    expect(code).toBe('CONFIG');
  });

  it('that is whole is taken', async () => {
    expect(await refusal([{ name: 'a.*', asserts: true }])).toEqual({ message: 'taken' });
  });
});

describe('--rules', () => {
  it.each([
    ['no JSON', '[{', 2, 'is no JSON'],
    ['no list', '{}', 2, 'holds no list of rules'],
    ['a bad rule', '[{"name": "a("}]', 2, 'rules[0]'],
    ['a rule', '[{"name": "a", "asserts": true}]', 0, ''],
  ])('reads %s', async (_name, text, status, says) => {
    const directory = await makeProject({
      'migrations/1.sql': 'create table t (a int);',
      'tests/a.sql': 'select pass();',
    });
    const scratch = await mkdtemp(join(tmpdir(), 'rules-'));
    try {
      const file = join(scratch, 'rules.json');
      await writeFile(file, text);
      let stderr = '';
      const stream = (take: (text: string) => void) =>
        new Writable({ write: (chunk, _encoding, done) => (take(String(chunk)), done()) });
      const io = {
        stdout: stream(() => {}),
        stderr: stream((text) => (stderr += text)),
        signal: new AbortController().signal,
      };
      expect(await run(['scan', directory, '--rules', file], io)).toBe(status);
      expect(stderr).toContain(says);
    } finally {
      await rm(scratch, { recursive: true });
      await rm(directory, { recursive: true });
    }
  });
});
