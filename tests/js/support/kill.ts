// The command line as a process of its own, which may be killed.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** Moments at which processes are killed: more for a soak. */
export const MOMENTS = Number(process.env['KILLS'] ?? 12);

/** What a process came to. */
export interface Ended {
  /** Milliseconds that it ran. */
  time: number;
  /** Its exit status; null where it was killed. */
  status: number | null;
  stderr: string;
}

/**
 * Runs `pgtap-cov` with these arguments; kills it after so many milliseconds. `command` is what runs node, if anything
 * does; `when` is told what was written to stderr so far.
 */
export async function runCli(
  args: string[],
  options: { after?: number; shell?: string; when?: (stderr: string, kill: () => void) => void } = {},
): Promise<Ended> {
  const { after, shell, when } = options;
  const words = [process.execPath, CLI, ...args];
  const [command, ...rest] = shell ? ['bash', '-c', `${shell}; exec "$@"`, 'bash', ...words] : words;
  const start = performance.now();
  const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => void child.kill('SIGKILL');
  const timer = after === undefined ? undefined : setTimeout(kill, after);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    when?.(stderr, kill);
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { time: performance.now() - start, status, stderr };
}
