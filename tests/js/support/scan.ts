// Scans texts and opens what comes of it.

import { Analyzer, Coverage, MemoryStore, merge } from '../../../js/index.js';
import type { CoveredObject, Evidence, Role, Rule } from '../../../js/types.js';

export interface Source {
  path: string;
  role: Role;
  text: string;
}

/** The coverage database of these sources, in their order. */
export async function scanTexts(sources: Source[], rules: Rule[] = []): Promise<Coverage> {
  const store = new MemoryStore();
  const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment), rules });
  try {
    for (const { path, role, text } of sources) {
      await analyzer.begin({ path, role });
      await analyzer.push(text);
      await analyzer.end();
    }
    const { manifest } = await analyzer.finish();
    const chunks: Uint8Array[] = [];
    await merge({ segments: [store], manifest, write: (chunk) => void chunks.push(chunk) });
    return await Coverage.open(new Blob(chunks as BlobPart[]));
  } finally {
    analyzer.free();
  }
}

/** Every piece of evidence with its object. */
export async function* allEvidence(coverage: Coverage): AsyncIterable<[CoveredObject, Evidence]> {
  for await (const object of coverage.iterate()) {
    let after: string | undefined;
    do {
      const page = await coverage.evidence(object, {
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      for (const row of page.rows) yield [object, row];
      after = page.next;
    } while (after !== undefined);
  }
}
