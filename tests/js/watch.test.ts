// `scan --watch`: the report comes anew after a change, also after one that broke something, and ends with the signal.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { run } from '../../js/cli/run.js';
import { makeProject } from './support/sample.js';

class Collector extends Writable {
  text = '';
  #waiting: (() => void)[] = [];
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    for (const wake of this.#waiting.splice(0)) wake();
    done();
  }

  /** Resolves once the text holds what is looked for so many times. */
  async holds(what: string, times: number): Promise<void> {
    while (this.text.split(what).length - 1 < times)
      await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}

it('scan --watch reports anew whenever something changes', async () => {
  const directory = await makeProject();
  const controller = new AbortController();
  const [stdout, stderr] = [new Collector(), new Collector()];
  const ended = run(['scan', directory, '--watch', '--reporter', 'csv'], {
    stdout,
    stderr,
    signal: controller.signal,
  });
  await stderr.holds('waiting for changes', 1);
  expect(stdout.text).toContain('table,public,forgotten,,,gap');
  const test = join(directory, 'supabase/tests/orders.test.sql');
  await writeFile(test, `select has_table('public', 'forgotten', 'not any more');`);
  await stderr.holds('waiting for changes', 2);
  expect(stdout.text).toContain('table,public,forgotten,,,asserted');
  expect(stderr.text).toContain('unchanged, not read again: 1\n');
  const schema = join(directory, 'supabase/migrations');
  await rm(schema, { recursive: true });
  await stderr.holds('error: CONFIG', 1);
  controller.abort();
  expect(await ended).toBe(2);
});
