// The command line, run in this process.

import { Writable } from 'node:stream';

/** Keeps what is written. */
export class Collector extends Writable {
  text = '';
  isTTY = false;
  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs `pgtap-cov` with these arguments; `signal` ends it. */
export async function runArgs(args: string[], signal = new AbortController().signal) {
  const { run } = await import('../../../js/cli/run.js');
  const [stdout, stderr] = [new Collector(), new Collector()];
  const status = await run(args, { stdout, stderr, signal });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

export const cli = (...args: string[]) => runArgs(args);
