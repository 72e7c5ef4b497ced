// What tests exercise, as the scan says and as a live PostgreSQL does: see support/cases.ts.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ACCESS, MATRIX, ROLES_APART } from './cases/access.js';
import { CONDUITS } from './cases/conduits.js';
import { CONSTRAINTS, LIMITED } from './cases/constraints.js';
import { EXERCISE } from './cases/exercise.js';
import { NOTES, SHOP } from './cases/schemas.js';
import { FULL, STATEMENTS } from './cases/statements.js';
import { TRIGGERED, TRIGGERS } from './cases/triggers.js';
import { check, PREPARE, type Case } from './support/cases.js';
import { startPglite, stopPglite } from './support/pglite.js';

let db: PGlite;
beforeAll(async () => {
  db = await startPglite();
  await db.exec(PREPARE);
});
afterAll(stopPglite);

suite('what a test exercises', SHOP, EXERCISE);
suite('which triggers fire', TRIGGERED, TRIGGERS);
suite('what an error is about', LIMITED, CONSTRAINTS);
suite('what tests create', SHOP, CONDUITS);
suite('statements', FULL, STATEMENTS);
suite('who may do what', NOTES, ACCESS);
suite('cells of the matrix', ROLES_APART, MATRIX);

function suite(name: string, schema: string, cases: Record<string, Case>): void {
  describe(name, () => {
    for (const [title, row] of Object.entries(cases)) it(title, () => check(db, { schema, ...row }));
  });
}
