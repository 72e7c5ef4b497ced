/** The calls of pgTAP functions in a source, one by one. */
import { CoverageError, withDetails } from './error.js';
import { ChunkReader, type Feed } from './feed.js';
import type { ListedCall } from './types.js';
import { ready, type ListerMachine, type Wasm } from './wasm.js';

export interface ListCallsOptions {
  /** Schemas that pgTAP is installed in; default: the usual ones. */
  pgtapSchemas?: string[];
  /** What errors call the source. */
  path?: string;
}

/**
 * The calls of pgTAP functions in a test source, in order, each with the overload that PostgreSQL runs. Memory does not
 * grow with the source. Throws `INPUT` with line and offset for what is no text.
 */
export async function* listCalls(
  source: AsyncIterable<Uint8Array | string>,
  options: ListCallsOptions = {},
): AsyncGenerator<ListedCall, void> {
  const wasm = await ready();
  const { pgtapSchemas, path } = options;
  const machine = wasm.guard.run(() => new wasm.ListerMachine(pgtapSchemas ? { pgtapSchemas } : {}));
  try {
    const chunks = new ChunkReader();
    for await (const chunk of source) yield* fed(wasm, machine, chunks.feed(chunk));
    yield* fed(wasm, machine, chunks.last());
    yield* wasm.guard.run(() => machine.end());
  } catch (error) {
    throw path !== undefined && error instanceof CoverageError ? withDetails(error, { file: path }) : error;
  } finally {
    if (!wasm.guard.poisoned) wasm.guard.run(() => machine.free());
  }
}

function* fed(wasm: Wasm, machine: ListerMachine, feed: Feed): Generator<ListedCall, void> {
  for (let window = feed.window(); window.length > 0; window = feed.window()) {
    const found = wasm.guard.run(() => machine.push(window));
    feed.advance(window.length);
    yield* found;
  }
}
