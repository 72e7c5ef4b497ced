import { describe, expect, it } from 'vitest';
import { byteOrder, discover, naturalOrder } from '../../js/discover.js';

describe('discover', () => {
  it('takes a Supabase project: migrations by file name, tests at any depth', () => {
    const found = discover([
      'supabase/tests/b.sql',
      'supabase/migrations/20240201_b.sql',
      'supabase/migrations/20240101_a.sql',
      'supabase/migrations/README.md',
      'supabase/tests/database/a.pg',
      'supabase/schemas/public.sql',
      'supabase/seed.sql',
      'tests/not-this.sql',
    ]);
    expect(found).toEqual({
      schema: ['supabase/migrations/20240101_a.sql', 'supabase/migrations/20240201_b.sql'],
      tests: ['supabase/tests/b.sql', 'supabase/tests/database/a.pg'],
      layout: 'Supabase: schema from supabase/migrations (2 files), tests from supabase/tests (2 files)',
    });
  });

  it('takes declarative Supabase schemas where there are no migrations', () => {
    const { schema } = discover([
      'supabase/schemas/b/y.sql',
      'supabase/schemas/x.sql',
      'supabase/tests/a.sql',
    ]);
    expect(schema).toEqual(['supabase/schemas/x.sql', 'supabase/schemas/b/y.sql']);
  });

  it('takes the least deep supabase folder, and the folder itself when it is the project', () => {
    const nested = discover(['apps/a/b/supabase/migrations/1_a.sql', 'apps/x/supabase/migrations/1_x.sql']);
    expect(nested.schema).toEqual(['apps/x/supabase/migrations/1_x.sql']);
    const inside = discover(['config.toml', 'migrations/10_a.sql', 'migrations/2_b.sql', 'tests/t.sql']);
    expect(inside.layout).toMatch(/^Supabase: schema from migrations/);
    expect(inside.schema).toEqual(['migrations/10_a.sql', 'migrations/2_b.sql']);
  });

  it('takes plain migrations in natural order, without those that undo', () => {
    const { schema, layout } = discover([
      'migrations/V10__c.sql',
      'migrations/V2__b.sql',
      'migrations/V1__a.sql',
      'migrations/U2__b.sql',
      'migrations/3_x.down.sql',
      'migrations/3_x.up.sql',
    ]);
    expect(schema).toEqual([
      'migrations/3_x.up.sql',
      'migrations/V1__a.sql',
      'migrations/V2__b.sql',
      'migrations/V10__c.sql',
    ]);
    expect(layout).toBe('plain: schema from migrations (4 files), no tests');
  });

  it('takes all usual test folders, and one schema place', () => {
    const found = discover([
      'schema.sql',
      'sql/ignored.sql',
      't/b.pg',
      'test/sql/a.sql',
      'tests/c.sql',
      't/x.txt',
    ]);
    expect(found.schema).toEqual(['schema.sql']);
    expect(found.tests).toEqual(['t/b.pg', 'test/sql/a.sql', 'tests/c.sql']);
    expect(found.layout).toBe('plain: schema from schema.sql (1 file), tests from t, test, tests (3 files)');
  });

  it('ignores node_modules and hidden folders', () => {
    const found = discover([
      'node_modules/x/supabase/migrations/1_a.sql',
      '.git/migrations/1.sql',
      'a/.b/t/x.sql',
    ]);
    expect(found).toEqual({ schema: [], tests: [], layout: 'plain: no schema, no tests' });
  });

  it('gives the same lists whatever the order of the paths', () => {
    const paths = [
      'migrations/1.sql',
      'migrations/01.sql',
      'migrations/10.sql',
      't/ä.sql',
      't/Z.sql',
      't/a.sql',
    ];
    expect(discover(paths.toReversed())).toEqual(discover(paths));
  });
});

describe('orders', () => {
  it('compares runs of digits as numbers, of any length', () => {
    const sorted = ['a1', 'a01', 'a2', 'a10', `a${'9'.repeat(40)}`, 'b'];
    expect(sorted.toReversed().sort(naturalOrder)).toEqual(['a01', 'a1', ...sorted.slice(2)]);
  });

  it('compares code points, as the bytes of UTF-8 do', () => {
    const names = ['\u{1f600}', '\uff5e', 'a', 'B', ''];
    const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(names.toSorted(byteOrder)).toEqual(expected);
  });
});
