import type { Page } from 'playwright-core';

/** What must not happen on a page, as it happens: errors and warnings, and requests to addresses that are not its own. */
export function watched(page: Page, isOwn: (address: URL) => boolean): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.context().on('request', (asked) => {
    if (!isOwn(new URL(asked.url()))) complaints.push(`request to ${asked.url()}`);
  });
  return complaints;
}
