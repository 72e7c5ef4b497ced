// What a statement uses, as the scan says and as a live PostgreSQL says, which records it for the body of a function.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPglite, stopPglite } from './support/pglite.js';
import { allEvidence, scanTexts } from './support/scan.js';

const SCHEMA = `
  create schema app; create schema other;
  set search_path = app, public;
  create type app.mood as enum ('sad', 'happy');
  create type app.pair as (x int, y text);
  create domain app.email as text check (value like '%@%');
  create table app.users (id int primary key, name text, mail app.email, mood app.mood, boss int);
  create table app.orders (id int primary key, user_id int references app.users, total numeric, note text, at date);
  create table app.items (order_id int, sku text, qty int, tags text[], spot app.pair);
  create table other.users (id int, name text, extra text);
  create view app.rich as select id, total from app.orders where total > 100;
  create materialized view app.totals as select user_id, sum(total) as spent from app.orders group by user_id;
  create function app.tax(n numeric) returns numeric language sql as 'select n * 0.2';
  create function app.level(u int) returns text language sql as $$ select 'x' $$;
  create function app.level(u int, deep boolean) returns text language sql as $$ select 'x' $$;
  create function app.names() returns table (id int, name text) language sql as 'select 1, null::text';
  create function app.latest(u int) returns setof app.orders language sql as 'select * from app.orders';
  create function app.pick(variadic xs int[]) returns int language sql as 'select 1';
  create function app.add(a int, b int default 1) returns int language sql as 'select a + b';
  create function other.level(u int) returns text language sql as $$ select 'x' $$;
  create procedure app.close(d date) language sql as 'select 1';
  create aggregate app.biggest(int) (sfunc = int4larger, stype = int);
`;

/** Each on a line of its own. */
const STATEMENTS = `
select 1
select name from users
select u.name, o.total from users u join orders o on o.user_id = u.id where o.total > 3
select * from app.users, other.users as x where users.id = x.id
select users.name from users natural join items left join orders using (id)
select (select count(*) from orders o where o.user_id = u.id) from users u
select exists (select from items where qty > 2 and sku = 'a')
select level(1), app.level(2, true), other.level(3)
select add(1), add(1, 2), pick(1, 2, 3), biggest(qty) from items
select * from names() n join latest(1) l on l.id = n.id
select n.id from names() with ordinality as n (id, name, pos)
select * from rows from (names(), latest(2)) as both_of
select * from users u, lateral (select * from orders o where o.user_id = u.id limit 1) as last
select * from users u cross join lateral latest(u.id) x
select 'happy'::mood, cast('a@b' as app.email), mood 'sad', null::app.pair, array['sad']::mood[]
select (spot).x, tags[1] from items
select spot::text, ('(1,a)'::pair).y from items
with a as (select id from users), b as (select * from a) select * from b join orders on orders.id = b.id
with users as (select 1 as id) select id from users
with recursive up as (select id, boss from users where id = 1 union all select u.id, u.boss from users u join up on up.boss = u.id) select * from up
with gone as (delete from items where qty = 0 returning order_id) select count(*) from gone
with x as materialized (select 1 as id from orders), y as not materialized (select 2 as id) select * from x, y
select id from users union select user_id from orders except (select order_id from items intersect select 3)
(select id from users order by name limit 1) union all (select id from orders)
values (1, level(2)), (3, 'x')
table users
select * from (values (1, 'a')) as v (id, t) join users on users.id = v.id
select * from rich where total > (select avg(spent) from totals)
insert into users (id, name) values (1, 'Ann')
insert into users values (1, 'Ann') on conflict (id) do nothing
insert into users as u (id, name) values (1, 'a') on conflict (id) do update set name = excluded.name, mood = 'sad' where u.boss is null
insert into orders (id, user_id, total) select o.id, u.id, tax(10) from users u, orders o where u.name = 'x' returning id, total
insert into items default values
insert into items (order_id, spot) select 1, '(1,x)'
with n as (insert into users (id) values (2) returning id) insert into orders (id, user_id) select 1, id from n
update users set name = upper(name), mood = default where id = 3
update users u set name = o.note from orders o where o.user_id = u.id
update only users set (name, boss) = (select note, id from orders limit 1)
update items set tags[1] = 'x', qty = qty + 1 returning qty
update users as u set boss = (select max(id) from users) where exists (select from orders where user_id = u.id)
delete from users
delete from items i using orders o where i.order_id = o.id and o.total < tax(3) returning i.sku
delete from only items where sku in (select name from other.users)
merge into users u using orders o on o.user_id = u.id when matched and o.total > 5 then update set name = o.note when not matched then insert (id, name) values (o.user_id, 'x')
merge into items using (select id from orders) as o on items.order_id = o.id when matched then delete
select count(*) filter (where qty > 1) over (partition by sku order by order_id rows between unbounded preceding and current row) from items
select sku, sum(qty) from items group by rollup (sku) having sum(qty) > 2 order by 2 desc nulls last
select distinct on (sku) sku, qty from items order by sku, qty desc
select extract(year from at), substring(note from 2 for 3), trim(both 'x' from note), position('a' in note), overlay(note placing 'x' from 1) from orders
select at + interval '1' day, at::timestamp at time zone 'UTC', date '2024-01-01' from orders
select case when total > 3 then level(1) else note end from orders
select coalesce(name, 'x'), nullif(name, ''), greatest(id, boss), least(1, id) from users
select array(select id from orders), array[id, 2] from users
select * from users where id = any (select user_id from orders) and name like 'a%' escape '#'
select * from users where (id, name) in (select id, note from orders)
select name collate "C" from users order by name using <
select users from users
select u from users u where u.* is not null
select count(users.*), count(o) from users, orders o
select row_to_json(u) from (select id, name from users) u
select total is distinct from id, note is null from orders for update
select o.id from orders o, users u for share of u skip locked
select a.id from users a tablesample system (10) repeatable (1)
select string_agg(name, ',' order by id), array_agg(distinct boss) from users
select percentile_cont(0.5) within group (order by total) from orders
select * from users as t (a, b, c, d, e) where a = 1
select j.* from json_to_recordset('[]') as j (id int, mood app.mood)
select x.id from (users x join orders y on x.id = y.user_id) join items z on z.order_id = y.id
select all id from users limit all
select id as from_id, name as "select" from users
select id total, name note from users
select sum(total) total from orders order by total
select u.id, (select level(u.boss)) from users u where app.tax(1.0) > 0
select other.users.extra from other.users
select level(u => 3), add(b => 1, a => 2)
select level(id) from users group by level(id)
select 1 where 'users' = 'orders' and $$ select from items $$ is not null
select /* from items */ name -- from orders
from users
select "name" from "users" where "users"."id" = 1
select 1 from users u1 join users u2 on u1.id = u2.boss full join orders on true
select lag(qty) over w from items window w as (partition by sku order by qty)
select * from generate_series(1, 3) g (n) join users on users.id = g.n
select * from unnest(array[1, 2]) as u (id), orders where orders.id = u.id
select nth.id from users nth
select current_date, current_user, localtimestamp from users
`;

const statements = STATEMENTS.trim().replace('-- from orders\nfrom', '\tfrom').split('\n');

/** Relations and routines, by their names; columns and types. */
interface Uses {
  whole: string[];
  parts: string[];
}

let db: PGlite;
beforeAll(async () => {
  db = await startPglite();
  await db.exec(SCHEMA);
});
afterAll(stopPglite);

describe('what a statement uses is what PostgreSQL records of it', () => {
  it('in every statement', async () => {
    const live: Uses[] = [];
    for (const statement of statements) live.push(await ofPostgres(statement));
    const found = await ofScan();
    const differences: string[] = [];
    const sum = { columns: 0, found: 0 };
    statements.forEach((statement, at) => {
      const [expected, actual] = [live[at]!, found[at]!];
      if (expected.whole.join() !== actual.whole.join()) {
        differences.push(
          `${statement}\n  server: ${expected.whole.join(', ')}\n  scan:   ${actual.whole.join(', ')}`,
        );
      }
      const wrong = actual.parts.filter((part) => !expected.parts.includes(part));
      // of MERGE the server records no columns that are set
      if (wrong.length > 0 && !statement.startsWith('merge'))
        differences.push(`${statement}\n  not on the server: ${wrong.join(', ')}`);
      sum.columns += expected.parts.length;
      sum.found += actual.parts.length;
    });
    expect(differences.join('\n')).toBe('');
    // columns behind a star, or of one among several relations without a name before them, are not read off the text
    expect(sum.found / sum.columns).toBeGreaterThan(0.6);
  });
});

async function ofPostgres(statement: string): Promise<Uses> {
  try {
    await db.exec(`set search_path = app, public;
      create function w() returns void begin atomic ${statement}; end;`);
  } catch (error) {
    throw new Error(statement, { cause: error });
  }
  const { rows } = await db.query<{ whole: boolean; spelled: string }>(`
    select distinct d.refobjsubid = 0 and d.refclassid <> 'pg_type'::regclass as whole,
      case d.refclassid
        when 'pg_class'::regclass then n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
        when 'pg_proc'::regclass then pn.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
        when 'pg_type'::regclass then tn.nspname || '.' || ltrim(t.typname, '_')
      end as spelled
    from pg_depend d
      left join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
      left join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid and d.refobjsubid > 0
      left join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
      left join pg_namespace pn on pn.oid = p.pronamespace
      left join pg_type t on d.refclassid = 'pg_type'::regclass and t.oid = d.refobjid
      left join pg_namespace tn on tn.oid = t.typnamespace
    where d.classid = 'pg_proc'::regclass and d.objid = 'w'::regproc
      and coalesce(c.relkind, 'r') <> 'c'
      and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)`);
  await db.exec('drop function w');
  const relationOf = (spelled: string) => spelled.split('.').slice(0, 2).join('.');
  // a column is recorded instead of its relation; what is behind the row type of a function is not read
  const whole = rows
    .filter((row) => row.whole || row.spelled.split('.').length === 3)
    .map((row) => (row.whole ? row.spelled : relationOf(row.spelled)))
    .filter((spelled) => spelled !== 'app.orders' || !statement.includes('latest('));
  const parts = rows.filter((row) => !row.whole).map((row) => row.spelled);
  return { whole: [...new Set(whole)].sort(), parts };
}

async function ofScan(): Promise<Uses[]> {
  const text = `set search_path = app, public;begin;\n${statements.join(';\n')};\nselect pass();rollback;`;
  const coverage = await scanTexts([
    { path: 'schema.sql', role: 'schema', text: SCHEMA },
    { path: 'test.sql', role: 'tests', text },
  ]);
  const found: Uses[] = statements.map(() => ({ whole: [], parts: [] }));
  for await (const [object, evidence] of allEvidence(coverage)) {
    const { kind, schema, name, sub, args } = object;
    if (evidence.aspect === 'member' || evidence.aspect === 'fired') continue;
    const uses = found[evidence.line - 2]!;
    expect(evidence.strength).toBe('act');
    const isRoutine = ['function', 'procedure', 'aggregate'].includes(kind);
    const isRelation = ['table', 'view', 'materialized-view'].includes(kind);
    const list = isRoutine || (isRelation && evidence.aspect !== 'used') ? uses.whole : uses.parts;
    const spelled = `${schema}.${name}${sub && `.${sub}`}${isRoutine ? `(${args})` : ''}`;
    if (!list.includes(spelled)) list.push(spelled);
  }
  found.forEach((uses) => uses.whole.sort());
  return found;
}
