/** Drafts of tests for what is not covered. */
import type { Coverage } from '../../../js/browser.js';
import { draftTests, type GapQuery } from '../../../js/drafts/draft.js';
import type { Drafts } from '../protocol.js';

/** As many files as one looks through in a page. */
const MOST_FILES = 50;

/** The first drafts; without a server they say little more than that objects exist. */
export async function draftsOf(of: Coverage, query: GapQuery): Promise<Drafts> {
  const files: Drafts['files'] = [];
  for await (const { name, text, objects } of draftTests(of, query)) {
    if (files.length === MOST_FILES) return { files, further: true };
    files.push({ name, text, objects: objects.length });
  }
  return { files, further: false };
}
