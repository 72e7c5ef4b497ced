/** The worker of the page. The page of one file has `spawn-embedded` in the place of this. */
export function spawn(): Worker {
  return new Worker(new URL('./worker/main.ts', import.meta.url), { type: 'module' });
}
