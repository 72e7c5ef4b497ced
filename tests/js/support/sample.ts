import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A schema of two tables and a function, and a test that knows one of the tables. */
export const SCHEMA = `create table public.orders (
  id integer primary key,
  total integer not null
);

create table public.forgotten (id integer);

create function public.pay(amount integer) returns integer
  language sql as $$ select amount $$;
`;

export const TESTS = `begin;
select plan(2);
select has_table('public', 'orders', 'orders are kept');
select has_column('public', 'orders', 'total', 'orders have a total — 合計 €');
select * from finish();
rollback;
`;

/** The sample as the files of a project in Supabase's layout. */
export const SAMPLE: Record<string, string> = {
  'supabase/migrations/20240101000000_init.sql': SCHEMA,
  'supabase/tests/orders.test.sql': TESTS,
};

/** Writes files into a new temporary directory and resolves with its path. */
export async function makeProject(files: Record<string, string | Uint8Array> = SAMPLE): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pgtap-cov-project-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}
