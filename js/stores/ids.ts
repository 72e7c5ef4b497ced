import { CoverageError } from '../error.js';

const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The id, if it is a plain file name everywhere; `CONFIG` else. */
export function checkedId(id: string): string {
  if (SAFE_ID.test(id)) return id;
  throw new CoverageError(
    'CONFIG',
    `${JSON.stringify(id)} is no segment id: letters, digits, ".", "_" and "-"`,
  );
}

/** It is one that {@link checkedId} takes. */
export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id);
}
