/** The worker of the page of one file: its code and the module are in the page. */
import MainWorker from './worker/main.ts?worker&inline';
import { block } from './embedded.js';
import type { ToWorker } from './protocol.js';

export function spawn(): Worker {
  const worker = new MainWorker();
  worker.postMessage({ type: 'module', module: { base64: block('module') } } satisfies ToWorker);
  return worker;
}
