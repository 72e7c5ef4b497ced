#!/usr/bin/env node
/** The program `pgtap-cov`. */
import { run } from './run.js';

/** How long a file that never answers may hold up the end after a signal. */
const PATIENCE_MS = 1000;

const controller = new AbortController();
let received: { signal: NodeJS.Signals; status: number } | undefined;
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  // The first signal ends the work in order, scratch files included; without a listener the second one ends it at once.
  process.once(signal, () => {
    received ??= { signal, status: 128 + number };
    controller.abort(signal);
  });
}
process.stderr.on('error', () => {});

const { stdout, stderr } = process;
const status = await run(process.argv.slice(2), { stdout, stderr, signal: controller.signal });
process.exitCode = received?.status ?? status;
if (received) {
  const { signal } = received;
  // Node waits for reads under way, even in process.exit; only the signal itself ends those.
  setTimeout(() => process.kill(process.pid, signal), PATIENCE_MS).unref();
}
