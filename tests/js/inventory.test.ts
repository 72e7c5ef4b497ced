// What a schema script defines, as the inventory says and as a live PostgreSQL says after running the same script.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Analyzer, Coverage, MemoryStore, merge } from '../../js/index.js';
import { startPglite, stopPglite } from './support/pglite.js';

/**
 * The objects of the database: `kind 'schema' 'name' 'sub' args`. Members of extensions are left out, and on demand what
 * coverage does not count: partitions of another table with all that hangs on them.
 */
const live = (everything: boolean): string => `
  with recursive
    ns as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
    member as (select classid, objid from pg_depend where deptype = 'e'),
    rel as (
      select c.*, n.nspname from pg_class c join ns n on n.oid = c.relnamespace
      where ${everything ? 'true' : 'not c.relispartition'} and ('pg_class'::regclass, c.oid) not in (select classid, objid from member)),
    found (kind, schema, name, sub, args) as (
      select 'schema', '', nspname::text, '', '' from ns
      union all
      select case relkind when 'r' then 'table' when 'p' then 'partitioned-table' when 'v' then 'view'
          when 'm' then 'materialized-view' when 'S' then 'sequence' when 'c' then 'composite-type' end,
        nspname, relname, '', ''
      from rel where relkind in ('r', 'p', 'v', 'm', 'S', 'c')
      union all
      select 'column', nspname, relname, attname, ''
      from rel join pg_attribute on attrelid = rel.oid and attnum > 0 and not attisdropped
      where relkind in ('r', 'p', 'v', 'm', 'c')
      union all
      select 'index', rel.nspname, t.relname, rel.relname, ''
      from rel join pg_index on indexrelid = rel.oid join rel t on t.oid = indrelid
      union all
      select case contype when 'p' then 'primary-key' when 'u' then 'unique-constraint' when 'f' then 'foreign-key'
          when 'c' then 'check-constraint' when 'x' then 'exclusion-constraint' when 't' then 'constraint-trigger' end,
        nspname, relname, conname, ''
      from rel join pg_constraint on conrelid = rel.oid and contype in ('p', 'u', 'f', 'c', 'x', 't')
      where ${everything ? 'true' : 'conparentid = 0'}
      union all
      select 'domain-constraint', nspname, typname, conname, ''
      from pg_constraint join pg_type t on t.oid = contypid join ns on ns.oid = typnamespace where contype = 'c'
      union all
      select 'trigger', nspname, relname, tgname, ''
      from rel join pg_trigger on tgrelid = rel.oid and not tgisinternal
      union all
      select 'rule', nspname, relname, rulename, ''
      from rel join pg_rewrite on ev_class = rel.oid and rulename <> '_RETURN'
      union all
      select 'policy', nspname, relname, polname, '' from rel join pg_policy on polrelid = rel.oid
      union all
      select case prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate'
          when 'w' then 'window-function' end,
        nspname, proname, '', oidvectortypes(proargtypes)
      from pg_proc p join ns on ns.oid = pronamespace
      where ('pg_proc'::regclass, p.oid) not in (select classid, objid from member)
      union all
      select case typtype when 'd' then 'domain' when 'e' then 'enum' when 'r' then 'range-type' else 'base-type' end,
        nspname, typname, '', ''
      from pg_type t join ns on ns.oid = typnamespace
      where typtype in ('d', 'e', 'r', 'b') and not exists (select from pg_type e where e.typarray = t.oid)
        and ('pg_type'::regclass, t.oid) not in (select classid, objid from member)
      union all
      select 'operator', nspname, oprname, '', concat(coalesce(nullif(oprleft, 0)::regtype::text, 'NONE'), ',',
        coalesce(nullif(oprright, 0)::regtype::text, 'NONE'))
      from pg_operator o join ns on ns.oid = oprnamespace
      where ('pg_operator'::regclass, o.oid) not in (select classid, objid from member)
      union all
      select 'operator-class', nspname, opcname, amname, ''
      from pg_opclass o join ns on ns.oid = opcnamespace join pg_am a on a.oid = opcmethod
      where ('pg_opclass'::regclass, o.oid) not in (select classid, objid from member)
      union all
      select 'cast', '', castsource::regtype || ' AS ' || casttarget::regtype, '', '' from pg_cast c
      where c.oid >= 16384 and ('pg_cast'::regclass, c.oid) not in (select classid, objid from member)
      union all
      select 'language', '', lanname, '', '' from pg_language where lanispl
      union all
      select 'event-trigger', '', evtname, '', '' from pg_event_trigger
      union all
      select 'publication', '', pubname, '', '' from pg_publication
      union all
      select 'foreign-data-wrapper', '', fdwname, '', '' from pg_foreign_data_wrapper
      union all
      select 'foreign-server', '', srvname, '', '' from pg_foreign_server
      union all
      select 'role', '', rolname, '', '' from pg_roles where rolname !~ '^pg_'
      union all
      select 'role-membership', '', r.rolname, m.rolname, ''
      from pg_auth_members join pg_roles r on r.oid = roleid join pg_roles m on m.oid = member
      where r.rolname !~ '^pg_'
      union all
      select 'extension', nspname, extname, '', '' from pg_extension join pg_namespace n on n.oid = extnamespace)
  select concat_ws(' ', kind, quote_nullable(schema), quote_nullable(name), quote_nullable(sub), args) as object
  from found`;

const LONG = 'a_name_of_which_only_the_first_sixty_three_bytes_are_kept_by_the_server';
const LONG_B = LONG.replace('name', 'column');
const WIDE = 'ä'.repeat(32) + '_von_dem_nur_63_bytes_bleiben';

const cases: Record<string, Record<string, string>> = {
  tables: {
    'columns of all usual types and defaults': `
      create table t (a int, b varchar(10) not null default 'x,y', c numeric(10, 2) default (1 + 2), d text[],
        e timestamp(3) with time zone default now(), f double precision, g character varying,
      h bit varying(3),
        i interval day to second(3), "j k" text collate "C", l int[3][], m text array,
      n national character varying(3));`,
    'keywords as names of columns': `
      create table t (type text, name text, value text, key text, date date, timestamp timestamp, text text,
      role text,
        like_ text, "check" text, "primary" int, "unique" int, "constraint" int, index int, sequence int,
      period text,
        exclude int, partition int);`,
    'constraints of columns without names': `
      create table u (id int primary key);
      create table t (id int primary key, a int unique, b int references u, c int check (c > 0),
        d int not null check (d > 0) references u (id) on delete cascade unique default 3);`,
    'constraints of columns with names': `
      create table u (id int constraint u_key primary key);
      create table t (id int constraint one primary key constraint "Two" check (id > 0),
      a int constraint three unique,
        b int constraint four references u on update set null constraint five not null);`,
    'constraints of the table without names': `
      create table u (a int, b int, primary key (a, b));
      create table t (a int, b int, c text, primary key (a, b), unique (b, c), check (a > 0), foreign key (a,
      b) references u, foreign key (b, a) references u (a, b),
        exclude using btree (c with =), exclude (a with =, b with =));`,
    'a key that includes columns is named by them too': `
      create table t (a int, b int, unique (b) include (a), primary key (a) include (b));`,
    'checks of several columns or none are named by the table': `
      create table t (a int, b int, check (a > b), check (true), check (b < a));`,
    'constraints of the table with names': `
      create table u (a int, constraint "U pk" primary key (a));
      create table t (a int, b int, constraint p primary key (a) include (b),
      constraint q unique (b) deferrable,
        constraint r check (a > 0) no inherit,
      constraint s foreign key (a) references u deferrable initially deferred,
        constraint x exclude using btree (a with =) where (a > 0));`,
    'names that collide get a number': `
      create table t_a_key (x int);
      create table t (a int unique, b int, check (a > 0), check (a < 9), foreign key (a) references t (a),
      foreign key (a) references t (a));`,
    'the same key twice is one': `
      create table t (a int unique, b int unique, unique (a), unique (b, a), unique (b, a),
      primary key (a));`,
    'checks are named by the only column in them': `
      create table t (a int, b text, c date, d int[], "E" int, check (a > 0 and a < 5), check (lower(b) = b),
        check (c > current_date), check (d[1] = any (d)), check ("E" is not null), check (b ~ 'a'::text),
        check (b in ('a', 'b') or b is null), check (t.a is distinct from 4));`,
    'checks with keywords and types in them are named so too': `
      create table t (a int, b text, c date, check (extract(year from c) > 2000),
      check (cast(a as bigint) > 0),
        check (b similar to 'a%' escape '#'), check (c at time zone 'UTC' < current_timestamp),
      check (c < date '2030-01-01'),
        check (position('x' in b) > 0), check (c > now() - interval '1' day),
      check (a between symmetric 3 and 1),
        check (overlay(b placing 'x' from 1 for 2) <> ''), check (trim(both from b) <> ''),
      check (b is not normalized));`,
    'checks of columns that name others': `
      create table t (a int check (a > 0), b int check (a > b), c int check (a > 0), d int check (true),
        e text check (length(e) > 0 and e like 'x%'), f int constraint f_ok check (f > 0) check (f < 9));`,
    'serial and identity columns': `
      create table t (a serial, b bigserial primary key, c smallserial, d int generated always as identity,
        e bigint generated by default as identity (start with 10), f int generated always as (e * 2) stored);
      create table "Mixed T" ("Id" serial);`,
    'sequences that collide get a number': `
      create sequence t_a_seq;
      create table t (a serial, b int generated always as identity);
      create table t_b_seq1 (x serial);`,
    'sequences are owned by their column': `
      create sequence own; create sequence free;
      create table t (a int default nextval('own'), b serial, c serial, d int not null);
      alter sequence own owned by t.a;
      create table u (a serial); create table v (a serial, b int generated by default as identity);
      alter table v drop column a, alter column b drop identity;
      alter table t alter d add generated always as identity, alter c drop default;
      drop table u;
      alter table t drop column a;`,
    'typed tables': `
      create type pair as (x int, y text);
      create table t of pair (primary key (x), y with options default 'a');
      create unlogged table u of pair;`,
    'inherited tables': `
      create unlogged table p (a int primary key, b text check (b <> ''));
      create table t (c int) inherits (p); create table t2 (a int, c int) inherits (p);
      alter table p add d int; alter table p drop b;`,
    'like another table': `
      create table p (a int primary key, b text check (b <> ''), c int default 3,
      d int generated always as identity);
      create index on p (b);
      create table t (like p);`,
    'like another table with all that it has': `
      create table p (a int primary key, b text check (b <> ''), c int default 3,
      d int generated always as identity);
      create index on p (b);
      create table t (x int, like p including all);
      create table u (like p including constraints including identity);`,
    'temporary tables are no part of the schema': `
      create temp table t (a int); create temporary table u (a serial); create table pg_temp.v (a int);
      create temporary view w as select 1; create temp sequence s;
      create local temp table x as select 1 as a;`,
    'made as a query': `
      create table t as select 1 as a, 2 as b;
      create table if not exists u (x, y) as select 1, 2 with no data;
      select 1 as a, 'x' b into v;
      with q as (select 1 as c) select * into w from q;
      create table x (p) as table t with data; create unlogged table y as values (1, 'a');
      create table if not exists t as select 3 as other;
      alter table t drop column a; alter table t rename b to c; alter table v add d int;`,
    'views are made of the names in their select list': `
      create table t (id int, name text, tags text[], at timestamptz, n numeric, d date, j jsonb);
      create type pair as (x int, y text); create table p (spot pair);
      create function f(a int) returns int language sql as 'select 1';
      create view named as select id, t.name as label, n total, "at" as "At", d AS select from t;
      create view figured as select f(id), count(*) over w, n::int as x, sum(n) filter (where id > 1) over (w),
        coalesce(name, 'x'), case when id > 1 then name else 'y' end, d + 1 as y, tags[1], (select max(d) from t),
        exists (select 1), array[1], array_agg(id) over () as z, current_date, nullif(id, 1), greatest(id, 2),
        least(id, 1) from t window w as (partition by id);
      create view cast_names as select n::int8, 'x'::varchar(3), cast('1' as integer), date '2024-01-01',
        interval '1 day', null::double precision, '1'::numeric(3, 1), now()::timestamptz, true as t from t;
      create view unnamed as select 1, id from t;
      create view operators as select id + 1, name from t;
      create view more as select extract(year from d), trim(both from name), substring(name from 1 for 2),
        position('a' in name), overlay(name placing 'x' from 1), at at time zone 'UTC', (spot).y, name collate "C"
        from t, p;
      create view fielded as select (spot).x, j -> 'a' as arrow, (j ->> 'b')::int, case when id = 1 then 2 else n end
        from t, p;
      create view trims as select trim(leading from name), ltrim(name) as l, trim(trailing 'x' from name) from t;
      create view keywords as select current_user, session_user, localtime, current_timestamp from t;
      create view sub as select (select id), array(select id from t), (select name as x limit 1) from t;
      create view constants as select 'a' as a, 2 as b, null as c, true as d;
      create view distincts as select distinct on (id) id, name from t order by id;
      create view alls as select all id as first, name from t;
      create view nested as select ((id)), ((name)) as n from t;
      create view cases as select case id when 1 then 'a' end, case when true then 1 else f(2) end as y,
        case when id > 1 then case when id > 2 then 1 else 2 end else f(id) end from t;`,
    'names that are given to the columns of a view': `
      create table t (a int, b int, c int);
      create view v (x, y) as select 1, 2, 3 as z;
      create view w (x) as select * from t;
      create materialized view m (p, q) as select a, b from t;
      create recursive view r (n) as values (1) union all select n + 1 from r where n < 3;
      create view o with (security_invoker = true) as select a from t with local check option;
      create temp view gone as select a from t;`,
    'stars are expanded': `
      create schema s; create table s.t (a int, b int); create table u (b int, c int); create table k (a int, d int);
      alter table s.t drop column b, add column e int;
      create view v as select * from s.t; create view w as select t.*, u.c as uc from s.t, u;
      create view x as select * from s.t join k using (a); create view y as select * from u as q (one), k;
      create view z as select * from (select a, e + 1 as f from s.t) as sub;
      create view c as with q as (select * from u), r (m) as (select b from u) select q.*, m from q, r;
      create view g as select * from generate_series(1, 2) as n; create view h as select * from unnest(array[1]) as i (j);
      create view l as values (1, 'a'); create view o as select * from (values (1, 2)) as p (q, r);
      create view aa as select * from v; create view bb as (select * from u) union select a, d from k;
      create view cc as table u; create view dd as select * from (u join k on u.b = k.a);
      create view ee as select * from jsonb_array_elements('[]'::jsonb) with ordinality;
      create view ff as select * from json_to_recordset('[]') as x (a int, b text);
      create view gg as select u.b, k.* from u left join k on k.a = u.b where u.c > 1;
      create materialized view hh as select * from aa with no data;`,
    'views that are replaced, renamed, dropped': `
      create table t (a int, b int);
      create view v as select a from t; create or replace view v as select a, b from t;
      alter view v rename column a to z; alter view v rename to w; alter table t rename a to q;
      create view gone as select * from t; drop view gone;
      create view again as select 1 as x; drop view again; create view again as select 2 as y;
      create materialized view if not exists m as select 1 as a; create materialized view if not exists m as select 2 as b;
      alter materialized view m rename column a to b; create schema s; alter view w set schema s;`,
    'if not exists': `
      create table t (a int primary key);
      create table if not exists t (a text);
      create table if not exists u (b int unique, c serial);
      alter table t add column if not exists a int, add column if not exists d int;
      create index if not exists i on t (d);
      create index if not exists i on t (a);
      create sequence if not exists t; create sequence if not exists s;
      create schema if not exists other;`,
    'if not exists adds nothing to what exists': `
      create table t (a int primary key);
      create table if not exists t (b int unique, c serial, check (b > c),
      d int generated always as identity);
      create schema if not exists public;`,
    'partitioned tables': `
      create table t (id int, at date not null, note text, primary key (id, at)) partition by range (at);
      create table t_2024 partition of t for values from ('2024-01-01') to ('2025-01-01');
      create table l (a int, b text) partition by list (lower(b));
      create index on t (note); create index on only l (a);
      create table l1 partition of l (primary key (a)) for values in ('a');`,
    'partitions that are attached or detached': `
      create table t (a int primary key, b text) partition by list (a);
      create table t1 partition of t for values in (1);
      create table t2 (a int not null, b text); alter table t attach partition t2 for values in (2);
      create index on t (b); alter table t detach partition t1;`,
    'partitions that come and go with their indexes': `
      create table t (a int unique, b int) partition by list (a);
      create index on t (b); create index on t (b);
      create table u (a int unique, b int); create index on u (b);
      alter table t attach partition u default; alter table t detach partition u;
      alter table t attach partition u default; alter table t detach partition u;`,
    'like a table that it inherits from': `
      create table p (a int primary key, b text check (b <> '')); create index on p (b);
      create table t (like p including all) inherits (p);`,
    'a partitioned table that is dropped': `
      create table t (a int, b text) partition by list (a); create table t1 partition of t for values in (1);
      drop table t;
      create table t1 (a int unique);`,
    'partitions in another schema and below another': `
      create schema parts;
      create table t (a int, b int) partition by hash (a);
      create table parts.t0 partition of t for values with (modulus 2, remainder 0) partition by range (b);
      create table parts.t00 partition of parts.t0 for values from (0) to (9);
      create index on t (b);`,
  },
  'ALTER TABLE': {
    'adds columns': `
      create table t (a int); create table t_ref (id int primary key);
      alter table t add b int, add column c text not null default 'x' check (c <> ''), add d serial,
        add column e int references t_ref (id), add f int unique;
      alter table only t add column g int generated by default as identity;
      alter table if exists t add primary_ int, add "Check" int;`,
    'adds constraints': `
      create table u (id int primary key);
      create table t (a int, b int, c text);
      alter table t add primary key (a), add unique (b), add check (a > 0),
      add constraint "B ok" check (b > 0) not valid,
        add foreign key (a) references u (id);
      alter table only t add constraint t_c unique (c), add constraint f foreign key (b) references u;
      alter table t add exclude using btree (a with =);`,
    'adds constraints using an index': `
      create table t (a int not null, b int);
      create unique index i on t (a); create unique index j on t (b);
      alter table t add constraint t_primary primary key using index i, add unique using index j;`,
    'drops columns and what needs them': `
      create table t (a int, b int);
      alter table t drop b, drop column if exists z, add c int;
      alter table t drop column if exists a cascade;`,
    'drops the constraints of a column': `
      create table t (a int primary key, b int unique, c int check (c > 0), d int, e int, check (c > d),
      unique (d, e));
      alter table t drop column a, drop b, drop c; alter table t drop e;`,
    'drops the indexes of a column': `
      create table t (a int, b int, c int, d int); create index i on t (a, b); create index on t ((c + d));
      create index k on t (a) where d > 0; create index l on t (b) include (c); create index m on t (a);
      alter table t drop b; alter table t drop d;`,
    'drops the sequence of a column': `
      create table t (a serial, b int generated always as identity, c serial); alter table t drop a;
      alter table t drop column b;
      alter table t alter c drop default;`,
    'drops the foreign keys and views on a column': `
      create table t (a int primary key, b int); create table u (a int references t);
      create view v as select a from t;
      create view w as select b from t; alter table t drop column a cascade;`,
    'drops constraints': `
      create table u (id int primary key);
      create table t (a int primary key, b int unique, c int check (c > 0), d int references u,
      constraint k unique (c));
      alter table t drop constraint t_pkey, drop constraint t_b_key, drop constraint t_c_check,
        drop constraint t_d_fkey, drop constraint if exists nothing, drop constraint k restrict;`,
    'drops a key that others refer to': `
      create table u (id int primary key, n int unique);
      create table t (a int references u, b int references u (n));
      alter table u drop constraint u_pkey cascade;`,
    'drops a table that others refer to': `
      create table u (id int primary key); create table t (a int references u, b int); drop table u cascade;`,
    'renames columns and constraints': `
      create table t (a int primary key, b int unique, c int check (c > 0));
      create index on t (b);
      alter table t rename a to x; alter table t rename column b to "Y y";
      alter table t rename constraint t_pkey to t_key;
      alter table t rename constraint t_c_check to "c is fine";
      alter table if exists t rename constraint t_b_key to k;
      alter table t add unique (x);`,
    'renames and moves tables with all they have': `
      create schema app;
      create table t (a serial primary key, b int unique check (b > 0));
      create index i on t (b);
      create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger g before insert on t for each row execute function f();
      create policy p on t;
      alter table t rename to "T two";
      alter table "T two" set schema app;`,
    'a moved table leaves its names free': `
      create schema app; create table t (a serial primary key, b int unique check (b > 0));
      alter table t set schema app;
      create table t (a serial primary key, b int unique check (b > 0));`,
    'leaves a name free for another': `
      create table t (a serial primary key, b int unique);
      alter table t rename to t_old;
      create table t (a serial primary key, b int unique);
      alter index if exists t_old_pkey rename to never;`,
    'changes that define nothing': `
      create table t (a int, b text);
      alter table t alter a type bigint using a::bigint, alter column b set default 'add x',
      alter a set not null,
        owner to current_user, enable row level security, force row level security, set (fillfactor = 70),
        alter b set statistics 100, replica identity full;`,
  },
  indexes: {
    'named and unnamed': `
      create table t (a int, b text, c text, "D e" int);
      create index i on t (a); create unique index "I 2" on t using btree (b);
      create index on t (a); create index on t (a); create unique index on t (b, c);
      create index on t ("D e" desc);
      create index on t using hash (b); create index on t (c collate "C");
      create index on t (a asc nulls first, b text_pattern_ops) where a > 0;`,
    'that include columns are named by them too': `
      create table t (a int, b text); create index on t (a) include (b);
      create unique index on t (b) include (a);`,
    'of functions': `
      create table t (a int, b text); create index on t (lower(b)); create index on t ((a + 1));
      create index on t ((b || 'x')); create index on t (coalesce(b, ''));`,
    'of expressions of one name': `
      create table t (a int, b text); create index on t (lower(b), (a + 1), (a * 2), upper(b));
      create index on t (a, a); create index on t ((a + 1)); create index on t (lower(b), lower(b || 'x'));`,
    'of casts, subscripts and qualified functions': `
      create table t (a int, b text, c int[]); create index on t ((a::text)); create index on t ((a::bigint));
      create index on t (cast(a as numeric)); create index on t (pg_catalog.upper(b));
      create index on t ((lower(b)));
      create index on t ((case when a > 0 then 1 end)); create index on t ((c[1])); create index on t ((a));
      create index on t (nullif(a, 1)); create index on t (greatest(a, 2));
      create index on t ((b collate "C"));`,
    'of JSON paths': `
      create table t (j jsonb); create index on t ((j ->> 'k')); create index on t (((j ->> 'k')::int));
      create index on t using gin ((j -> 'tags') jsonb_path_ops); create index on t using gin (j);`,
    'renamed, dropped and with long names': `
      create schema s; create table s.t (a int, ${LONG} int, ${LONG_B} int);
      create index on s.t (${LONG}, ${LONG_B}); create index i on s.t (a); create index j on s.t (a);
      create index k on s.t (a); alter index s.i rename to i2; drop index s.j, s.k; create index on s.t (a);`,
    'renamed as tables': `
      create table t (a int primary key); create index i on t (a); alter table i rename to i2;
      alter table t_pkey rename to k;
      drop index i2;`,
  },
  'types and domains': {
    'domains with and without named checks': `
      create domain d1 as text check (value <> '');
      create domain d2 int constraint positive check (value > 0) not null;
      create domain d3 as numeric(10, 2) default 0 check (value > 0);
      create domain public.d4 varchar(3) collate "C" constraint a check (value > '') constraint b check (value < 'z');
      alter domain d1 add constraint short check (length(value) < 5);
      alter domain d3 drop constraint d3_check; alter domain d2 rename constraint positive to "Above 0";
      alter domain d4 drop constraint if exists a;`,
    'several checks of a domain without names': `
      create domain d as int check (value > 0) check (value < 9);`,
    'a check without name added to a domain': `
      create domain d as int check (value > 0); alter domain d add check (value < 10);
      alter domain d add not null;`,
    'domains renamed, moved and dropped': `
      create schema s; create domain d as int check (value > 0); create domain e as int; create domain f as d;
      alter domain d rename to d2; alter domain d2 set schema s; alter type e rename to e2;
      alter type e2 set schema s;
      drop domain f; drop domain s.d2;`,
    'enums with values added and renamed': `
      create type mood as enum ('sad', 'ok'); alter type mood add value 'happy' after 'ok';
      alter type mood add value if not exists 'angry'; alter type mood rename value 'ok' to 'fine';
      create type public."Color" as enum (); alter type "Color" rename to colour; create schema s;
      alter type colour set schema s; create type gone as enum ('a'); drop type if exists gone, nothing;`,
    'composite types': `
      create type pair as (x int, "Y" text collate "C", z numeric(3, 1)[]); create type none as ();
      alter type none rename to nothing;
      alter type pair add attribute w int; alter type pair rename attribute z to v cascade; create schema s;
      alter type pair set schema s;`,
    'attributes added and dropped': `
      create type pair as (x int, y text, z int);
      alter type pair add attribute w int, drop attribute x, drop attribute if exists q;
      alter type pair drop attribute y cascade, alter attribute z type text;`,
    'range types with their functions': `
      create type span as range (subtype = int);
      create type public.stretch as range (subtype = float8, subtype_diff = float8mi,
      multirange_type_name = stretches);`,
    'shell types are none yet': `
      create type shell;`,
    'base types': `
      create type b; create function b_in(cstring) returns b language internal immutable strict as 'int4in';
      create function b_out(b) returns cstring language internal immutable strict as 'int4out';
      create type b (input = b_in, output = b_out, internallength = 4, passedbyvalue);`,
  },
  routines: {
    'arguments with names, modes and defaults': `
      create function f0() returns int language sql as 'select 1';
      create function f1(a int, b text default 'x, y', c numeric(10,
      2) = 1.5) returns int language sql as 'select 1';
      create function f2(in a int, out b int, inout c text, d varchar(3)) language sql as $$ select 1,
      'a'::text $$;
      create function f3(a text, variadic rest int[]) returns int language sql as 'select 1';
      create function f4(int, text, timestamptz, double precision, "char", char,
      bit varying) returns int language sql as 'select 1';
      create function f5(p_a timestamp with time zone, p_b time(3) without time zone,
      p_c character varying(20), int4, p_d float)
        returns table (x int, y text) language sql as $$ select 1, 'a' $$;
      create function f6(a in int, b out int, c inout text) language sql as $$ select 1, 'a'::text $$;`,
    'arguments of user types': `
      create schema app; create type app.mood as enum ('a'); create domain email as text;
      create table app.rooms (id int, at date);
      create function f(m app.mood, e email, ms app.mood[], es public.email array, r app.rooms,
      setof_ app.rooms[])
        returns setof app.rooms language sql as 'select * from app.rooms';
      create function app.g("Order" "app"."mood") returns int language sql as 'select 1';
      set search_path = app, public;
      create function h(m mood, e email, r rooms) returns int language sql as 'select 1';`,
    'arguments of quoted types without their schema': `
      create type "Odd T" as enum ('a'); create type "Mood" as enum ('a'); create domain "double" as int;
      create function f("Odd T", "Mood", "double", "Odd T"[]) returns int language sql as 'select 1';
      create function g(a "Odd T") returns int language sql as 'select 1'; drop function g("Odd T");`,
    'arguments of the type of a column': `
      create schema app; create table app.rooms (id int, "At" date); create table t (a text, r app.rooms);
      create function f(t.a%type, x public.t.a%type) returns t.a%type language sql as 'select $1';
      create function app.g(id app.rooms.id%type,
      at app.rooms."At"%type) returns int language sql as 'select 1';
      create function h(r t.r%type) returns int language sql as 'select 1';`,
    'overloads and replacement': `
      create function f(int) returns int language sql as 'select 1';
      create function f(text) returns int language sql as 'select 1';
      create function f() returns int language sql as 'select 1';
      create or replace function f(a int) returns int language sql as 'select 2';
      create or replace function f(bigint) returns int language sql as 'select 2';
      create or replace function f(a int, b int, out c int) language sql as 'select 2';`,
    'dropped, renamed and moved': `
      create schema s; create function f(int) returns int language sql as 'select 1';
      create function f(text) returns int language sql as 'select 1';
      create function g(a int, out b int) language sql as 'select 1';
      create function h(int, variadic text[]) returns int language sql as 'select 1';
      create function only_one(int, int) returns int language sql as 'select 1';
      create procedure p(a int) language sql as 'select 1';
      create function k(varchar) returns int language sql as 'select 1';
      drop function f(int4); alter function f(text) rename to "F"; alter function g(in x int) set schema s;
      drop function only_one;
      alter routine h(int, text[]) rename to h2; drop routine p;
      drop function if exists k(character varying), f(date);
      alter function "F"(text) immutable; alter function s.g(int) owner to current_user;`,
    'procedures and aggregates': `
      create procedure p(a int, inout b text default 'x') language plpgsql as 'begin end';
      create or replace procedure p() begin atomic select 1; select 2; end;
      create procedure q(in a int, out b int) language sql as 'select 1';
      create aggregate total(int) (sfunc = int4pl, stype = int);

      create aggregate every_row(*) (sfunc = int8inc, stype = int8, initcond = '0');
      alter procedure p(int, text) rename to p2; alter aggregate total(int) rename to total1;
      drop procedure p();`,
    'aggregates of the old and the ordered kind': `
      create aggregate old(basetype = int, sfunc = int4pl, stype = int, initcond = '0');
      create function f(int, int, int[]) returns int language sql as 'select 1';
      create aggregate several(a int, variadic b int[]) (sfunc = f, stype = int, initcond = '0');
      create aggregate middle(p float8 order by a anyelement)
        (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final,
      finalfunc_extra);`,
    'bodies that look like statements': `
      create function f() returns void language plpgsql as $f$ begin create table inner_t (a int);
      execute 'create table x ()'; end $f$;
      create function g() returns int return 1;
      create function h(a int default (1 + (2))) returns int language sql begin atomic select a; end;
      create table after_it (a int);`,
  },
  'triggers, policies and rules': {
    triggers: `
      create table t (a int, b int); create view v as select 1 as x;
      create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger "On insert" before insert or update of a,
      b on t for each row when (new.a > 0) execute function f();
      create trigger g after delete on public.t referencing old table as o for each statement execute procedure f('x');
      create or replace trigger g after delete on t execute function f();
      create trigger h instead of insert on v for each row execute function f();
      create constraint trigger c after insert on t deferrable initially deferred for each row execute function f();
      create trigger r before truncate on t execute function f();
      create trigger z before insert on t execute function f();
      alter trigger r on t rename to r2; drop trigger z on t; drop trigger if exists nothing on t;
      alter table t disable trigger g;`,
    'constraint triggers renamed and dropped': `
      create table t (a int); create function f() returns trigger language plpgsql as 'begin return new; end';
      create constraint trigger c1 after insert on t for each row execute function f();
      create constraint trigger c2 after insert on t from t for each row execute function f();
      alter trigger c1 on t rename to c3; drop trigger c2 on t;`,
    'a function that is dropped takes its triggers along': `
      create table t (a int); create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger g before insert on t for each row execute function f(); drop function f() cascade;`,
    policies: `
      create schema app; create table app.t (a int); alter table app.t enable row level security;
      create policy "Owners can read" on app.t for select using (true);
      create policy p2 on app.t as restrictive for all to public with check (a > 0);
      create policy p3 on app.t; create policy p4 on app.t; alter policy p3 on app.t rename to "P three";
      alter policy p2 on app.t using (a > 1);
      drop policy p4 on app.t; drop policy if exists nothing on app.t;`,
    rules: `
      create table t (a int); create view v as select a from t;
      create rule r1 as on insert to v do instead insert into t values (new.a);
      create or replace rule "R 2" as on update to public.t where old.a > 0 do also nothing;
      create rule r3 as on delete to v do instead (delete from t; select 1);
      create rule r4 as on delete to t do instead nothing;
      alter rule r1 on v rename to r5; drop rule r4 on t;`,
  },
  'views and sequences': {
    views: `
      create schema app; create table t (a int, b int);
      create view v1 as select * from t; create or replace view v1 as select * from t;
      create view app."V 2" (x, y) as select a, b from t with check option;
      create view v3 with (security_invoker = true) as select 1 as a;
      create recursive view v4 (n) as select 1 union all select n + 1 from v4 where n < 5;
      alter view v1 rename to v5; alter view v5 set schema app; alter table v3 rename to v6;
      alter view v6 rename column a to b; drop view v4;
      alter view app.v5 alter column a set default 3;`,
    'materialized views': `
      create schema app; create table t (a int); create materialized view m1 as select a from t with no data;
      create unique index on m1 (a);
      create materialized view if not exists m1 as select 1;
      create materialized view app.m2 (x) as select a from t; create index on app.m2 (x);
      alter materialized view m1 rename to m3; alter materialized view m3 set schema app;
      create materialized view gone as select 1 as a;
      create index on gone (a); drop materialized view gone;
      alter materialized view app.m2 rename column x to y; refresh materialized view app.m2;`,
    sequences: `
      create schema app; create sequence s1 start 10; create sequence app.s2 as int owned by none;
      create sequence s3; create sequence s4;
      alter sequence s1 rename to "S one"; alter sequence s3 set schema app; drop sequence s4;
      alter sequence app.s2 restart with 5;
      alter table app.s3 rename to s5;`,
  },
  'DROP and CASCADE': {
    'drops of several': `
      create table a (x serial primary key); create table b (x int unique); create table c (x int);
      create view v as select 1; create view w as select 1;
      create index i on c (x); drop table a, public.b; drop view v, w; drop index i;
      drop table if exists a, c restrict;`,
    'a table takes its views along': `
      create table a (x int); create view v as select x from a; create view w as select x from v;
      create materialized view m as select x from a; drop table a cascade;`,
    'a table takes the functions of its type along': `
      create table a (x int); create function f(a) returns int language sql as 'select 1';
      create table b (x a, y int); drop table a cascade;`,
    'a view takes views along': `
      create view v as select 1 as x; create view w as select x from v;
      create materialized view m as select x from v; drop view v cascade;`,
    'a type takes its columns along': `
      create type e as enum ('a'); create table t (x int, y e, z e[]); drop type e cascade;
      create domain d as int; create table u (a d, b int);
      drop domain d cascade;`,
    'a type takes its routines and domains along': `
      create type e as enum ('a'); create function f(e) returns int language sql as 'select 1';
      create function g() returns e language sql as $$ select 'a'::e $$; create domain d as e;
      drop type e cascade;`,
    'a function takes views and policies along': `
      create function f() returns boolean language sql as 'select true';
      create table t (a int check (f()), b boolean default f()); create view v as select f();
      create policy p on t using (f()); create policy q on t; drop function f cascade;`,
    'the sequence of an identity column goes with it, whatever its name': `
      create table t (a int generated always as identity (sequence name public.named start 3), b int, c int not null);
      alter table t alter column c add generated by default as identity (start 1 sequence name other);
      alter table t alter column c drop identity; alter table t drop column a; alter table t add d int generated always as
      identity; create table u (like t including identity);`,
    'a sequence takes its default only': `
      create sequence s; create table t (x int default nextval('s')); drop sequence s cascade;
      create table u (x serial); drop sequence u_x_seq cascade;`,
    'a schema takes everything along': `
      create schema app; create table app.t (a serial primary key);
      create function app.f(int) returns int language sql as 'select 1'; create type app.e as enum ('a');
      drop schema app cascade;
      create schema app; create table app.t (a serial);`,
    'a schema takes what needs it elsewhere along': `
      create schema app; create table app.t (a int primary key); create type app.e as enum ('a');
      create table t (x app.e, y int references app.t);
      create view v as select a from app.t; create function g(app.e) returns int language sql as 'select 1';
      drop schema app cascade;`,
    'a schema that is renamed keeps everything': `
      create schema app; create table app.t (a serial primary key, b text);
      create function app.f(int) returns int language sql as 'select 1'; create type app.e as enum ('a');
      create index on app.t (b); alter schema app rename to "App 2"; alter table "App 2".t rename to u;
      drop function "App 2".f(int);`,
    'a schema or type that is renamed changes signatures': `
      create schema app; create type app.e as enum ('a'); create domain d as int;
      create function f(app.e, d) returns int language sql as 'select 1';
      alter schema app rename to b; alter type b.e rename to e2; alter domain d rename to d2;
      create schema c; alter type b.e2 set schema c;`,
  },
  names: {
    quoted: `
      create schema "My Schema";
      create table "My Schema"."My.Table" ("Col umn" int primary key, "semi;colon" int, "quo""te" int unique,
      "--" int);
      create index "I"";" on "My Schema"."My.Table" ("--");
      create function "My Schema"."F(x)"("A b" int) returns int language sql as 'select 1';
      create type "My Schema"."T y" as enum ('a');
      create function f("My Schema"."T y", "My Schema"."T y"[]) returns int language sql as 'select 1';
      create table public."lower" (a int); create table U&"d\\0061t\\+000061" (a int);`,
    'unicode and upper case': `
      create table Räume (Größe int primary key, "Größe" int unique, 部屋 text check (部屋 <> ''));
      create index on räume (größe); CREATE TABLE UPPER (ID SERIAL);
      create view été as select 1; create function ДА(int) returns int language sql as 'select 1';`,
    'cut to 63 bytes': `
      create table ${LONG} (${LONG} serial primary key, b int unique, c int references ${LONG},
      d int check (d > 0));
      create table "${WIDE}" ("${WIDE}" serial unique, b int check (b > 0)); create index on "${WIDE}" (b);
      create schema ${LONG};
      create function ${LONG}(${LONG} int) returns int language sql as 'select 1';
      create index "i_${WIDE}" on "${WIDE}" (b); alter table ${LONG} rename b to x${LONG};`,
    'of implicit sequences and keys that do not fit': `
      create table a_table_with_a_rather_long_name_for_a_table (a_column_with_a_long_name serial primary key,
        a_column_with_a_longer_name_yet int unique, c int, unique (a_column_with_a_long_name,
      a_column_with_a_longer_name_yet),
        unique (a_column_with_a_long_name, c), check (a_column_with_a_longer_name_yet > 0));`,
    'as the search_path says': `
      create schema a; create schema b; create table t0 (x int); set search_path to b, a, public;
      create table t (x int); create table a.u (x int);
      alter table u add y int; alter table t0 add z serial; create index on u (y); set search_path = 'a';
      create table t (x int); create function f() returns int language sql as 'select 1';
      drop table t; select set_config('search_path', 'b', false); create view v as select 1;
      alter view v rename to w; reset search_path; create table r (x int);`,
    'as a search_path with gaps says': `
      set search_path = missing, "$user", public; create table t (a int); create schema missing;
      create table t (b int); set local search_path to default; create table u (a int);
      set local search_path = missing; create table w (a int);`,
    'in CREATE SCHEMA with elements': `
      create schema app create table t (a serial primary key) create view v as select a from t create index i on t (a); create schema authorization postgres;`,
  },
  'operators, casts, and what belongs to no schema': {
    operators: `
      create schema app; create type e as enum ('a'); create function eq(e, e) returns boolean language sql as 'select true';
      create function neg(e) returns e language sql as 'select $1';
      create function eq(int, text) returns boolean language sql as 'select true';
      create operator === (leftarg = e, rightarg = e, function = eq, commutator = ===, negator = !==);
      create operator app.@@ (rightarg = e, procedure = neg); create operator app.### (leftarg = int, rightarg = text, function = eq, commutator = ##@);
      create operator app.=== (leftarg = int4, rightarg = text, function = eq);
      create operator !== (leftarg = e, rightarg = e, function = eq, negator = operator(public.===));
      alter operator === (e, e) set schema app; drop operator app.=== (integer, text), app.@@ (none, e);
      alter type e rename to "E 2";`,
    'what operators need': `
      create type e as enum ('a'); create type d as enum ('a'); create function eq(e, e) returns boolean language sql as 'select true';
      create function eq(d, d) returns boolean language sql as 'select true'; create function eq(int, d) returns boolean language sql as 'select true';
      create operator === (leftarg = e, rightarg = e, function = eq);
      create operator === (leftarg = d, rightarg = d, function = eq); create operator === (leftarg = int, rightarg = d, function = eq);
      drop function eq(int, d) cascade; drop type e cascade;`,
    'operator classes': `
      create schema app; create type e as (a int);
      create function cmp(e, e) returns int language sql as 'select 0';
      create operator class c for type e using btree as function 1 cmp(e, e);
      create operator class app."C 2" default for type e using btree as function 1 cmp(e, e);
      create operator class d for type e using btree as function 1 cmp(e, e);
      alter operator class c using btree rename to c3; alter operator class c3 using btree set schema app;
      drop operator class d using btree;`,
    casts: `
      create schema app; create type app.e as enum ('a'); create type pair as (a int); create domain d as int;
      create function f(int) returns pair language sql as 'select row($1)::pair';
      create cast (int as pair) with function f(int) as assignment; create cast (app.e as pair) with inout;
      create cast (pair as varchar(9)) with inout as implicit; create cast (text as pair) with inout;
      drop cast if exists (text as pair); alter type app.e rename to "E";
      create function g(bigint) returns pair language sql as 'select row(1)::pair';
      create cast (bigint as pair) with function g(bigint); drop function g(bigint) cascade;
      create type gone as enum ('a'); create cast (gone as pair) with inout; drop type gone cascade;`,
    'window functions': `
      create function w() returns bigint language internal window as 'window_row_number';
      create function v(int) returns bigint language internal window as 'window_row_number';
      alter function w() rename to w2; drop function v(int);`,
    'roles and their members': `
      create role a; create user b with login in role a; create group c role a, b; create role "D d" admin b noinherit;
      grant a to "D d" with admin option; grant a, c to "D d"; create role x; grant a to x; revoke a from x; grant x to a;
      revoke admin option for a from "D d"; alter role b rename to b2; alter group c add user x; alter group c drop user a;
      create table t (a int); grant select on t to a; grant all on schema public to b2; drop role x;
      create role y; drop user if exists y, nobody;`,
    'what belongs to the database': `
      create function e() returns event_trigger language plpgsql as 'begin end';
      create event trigger g on ddl_command_end execute function e(); create event trigger h on sql_drop execute function e();
      create publication p; create publication q for all tables; create foreign data wrapper w; create server s foreign data wrapper w;
      create server s2 foreign data wrapper w; create foreign data wrapper w2; create server if not exists s foreign data wrapper w;
      create language l handler plpgsql_call_handler; create or replace language plpgsql; create language m handler plpgsql_call_handler;
      alter event trigger g rename to "G"; alter publication p rename to p2; alter server s rename to s3;
      alter foreign data wrapper w2 rename to w3; alter language l rename to l2;
      drop event trigger h; drop publication if exists q; drop server s2; drop language m;`,
    'an event trigger goes with its function': `
      create function e() returns event_trigger language plpgsql as 'begin end';
      create event trigger g on ddl_command_end execute function e(); drop function e() cascade;`,
  },
  'other statements': {
    extensions: `
      create schema ext; create extension if not exists btree_gist with schema ext;
      create table t (a int, exclude using gist (a with =));`,
    'an extension that exists': `
      create schema ext; create extension btree_gist with schema ext;
      create extension if not exists btree_gist;
      create extension if not exists btree_gist with schema public;`,
    'an extension that is dropped or moved': `
      create schema ext; create extension btree_gist; alter extension btree_gist set schema ext;
      drop extension btree_gist; create extension btree_gist schema ext cascade;`,
    'DO blocks with static statements': `
      do $$ begin create table t (a int);
      if not exists (select from pg_type where typname = 'e') then create type e as enum ('a'); end if;
      end $$;
      do $$ begin create type e as enum ('a'); exception when duplicate_object then null; end $$;
      do $$ begin alter table t add b int; end $$ language plpgsql;`,
    'DO blocks with EXECUTE of literals': `
      do $$ begin execute 'create table u (a int)'; execute $q$ create index i on u (a) $q$; end $$;`,
    'comments, grants and data': `
      create table t (a int); comment on table t is 'create table x (a int);'; grant select on t to public;
      insert into t values (1); /* create table y (); */ -- drop table t;
      revoke all on t from public; update t set a = 2;
      alter default privileges grant select on tables to public; analyze t;`,
    'statements that a savepoint takes back': `
      create table t (a int); savepoint s; create table u (a int); alter table t add b int;
      rollback to savepoint s; create table v (a int); release savepoint s;`,
    'operators and casts leave routines alone': `
      create function eq(int, text) returns boolean language sql as 'select true';
      create operator === (leftarg = int, rightarg = text, function = eq);
      create type box2 as (a int); create cast (box2 as text) with inout; create collation c from "C";`,
  },
};

/** Compared with what coverage leaves out. */
const everything: Record<string, string> = {
  'schemas of the tests': `
    create schema tests; create table tests.t (a int primary key);
    create function tests.f() returns int language sql as 'select 1';`,
  'partitions have what their parent has': `
    create table t (a int, b text not null, c int check (c > 0), primary key (a, b), unique (a, c),
      constraint named unique (c, a), constraint "check" check (a < 9 and c < 9)) partition by list (a);
    create index on t (b); create index i on t (lower(b), c); create unique index on t (a, b, c);
    create table p partition of t for values in (1);
    create table "P 2" partition of t for values in (2);`,
  'partitions of partitions': `
    create table t (a int, b int, primary key (a, b)) partition by list (a);
    create table p partition of t for values in (1) partition by list (b);
    create index on t (b); create table p1 partition of p for values in (1);
    create index on p (a); create unique index on t (b, a);
    create table p2 partition of p default; alter table t add c int, add check (c > a), add d text check (d <> '');
    create index on only t (c); create table p3 partition of t default;`,
  'partitions with parts of their own': `
    create table t (a int, b text, c int) partition by list (a);
    create table p partition of t (primary key (a), b unique default 'x', c with options check (c > 0),
      constraint "Own" check (a > 0), foreign key (c) references p) for values in (1);
    create index on p (b); create index on t (b); create unique index on t (a);`,
  'a name that a partition takes': `
    create table t (a int, b int) partition by list (a); create index on t (b);
    create table p partition of t for values in (1); create index p_b_idx1 on t (a); create table p_b_idx2 (a int);
    create index on t (b); create index on t (b); create index on p (b); create index on t (b);`,
  'partitions that are attached keep what is alike': `
    create table t (a int, b text, c int check (c > 0), primary key (a), unique (a, b)) partition by list (a);
    create index on t (b); create index on t (b desc); create index on t (lower(b)) where c > 1;
    create table p (c int, b text, a int not null, constraint t_c_check check (c > 0), constraint "P" primary key (a),
      unique (b, a));
    create index "B" on p (b); create index "B 2" on p (b asc); create index "L" on p (lower(b)) where c > 1;
    alter table t attach partition p for values in (1);
    create index on p (c); create index on t (c); drop index t_b_idx;
    alter table t drop constraint t_a_b_key, drop column c;`,
  'attached to each other one by one': `
    create table t (a int, b int) partition by list (a); create table p (a int not null, b int);
    alter table only t attach partition p for values in (1);
    create index t_b on only t (b); create index p_b on p (b); alter index t_b attach partition p_b;
    alter table only t add constraint t_pkey primary key (a); alter table only p add constraint p_pkey primary key (a);
    alter index t_pkey attach partition p_pkey; create index u on p (a);
    alter table t rename b to c; drop index t_b; alter table t drop constraint t_pkey;`,
  'what is renamed or dropped of the parent': `
    create table t (a int, b text, c int, constraint k unique (a, c), constraint ch check (c > 0)) partition by list (a);
    create table p partition of t for values in (1); create index i on t (b);
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger g before insert on t for each row execute function f();
    alter table t rename b to bb; alter table t rename constraint ch to "C"; alter index i rename to j;
    alter table t rename constraint k to k2; alter trigger g on t rename to g2;
    create index on t (bb); drop index j; alter table t drop column c;
    create table q partition of t for values in (2);`,
  'triggers for each row': `
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create table t (a int, b int) partition by list (a); create table p partition of t for values in (1);
    create trigger r after insert on t for each row execute function f();
    create trigger s after insert on t for each statement execute function f();
    create trigger s2 after insert on t execute function f();
    create trigger w before update of b on t for each row when (new.a > 0) execute function f();
    create constraint trigger c after insert on t deferrable for each row execute function f();
    create table q (a int, b int); create trigger own before delete on q for row execute function f();
    alter table t attach partition q for values in (2) ; drop trigger w on t;
    alter table t detach partition p;`,
  'foreign keys of partitions': `
    create table u (id int primary key, x int unique);
    create table t (a int references u, b int references u (x), constraint f foreign key (b) references u,
      foreign key (a) references u) partition by list (a);
    create table p partition of t for values in (1);
    create table q (a int references u, b int, constraint f check (a > 0), constraint g foreign key (b) references u);
    alter table t attach partition q for values in (2);
    alter table t add foreign key (b) references u; alter table t drop constraint f;`,
  'foreign keys that refer to partitions': `
    create table t (a int primary key) partition by range (a);
    create table p partition of t for values from (0) to (10) partition by range (a);
    create table p0 partition of p for values from (0) to (5);
    create table r (x int references t, y int, constraint named foreign key (y) references t);
    create table p1 partition of p for values from (5) to (10);
    create table q partition of t for values from (10) to (20);
    create table s (x int references t) partition by list (x); create table s1 partition of s default;
    alter table t detach partition q; alter table r drop constraint named; drop table p0 cascade;`,
  'partitions that are detached': `
    create table u (id int primary key);
    create table t (a int references u, b int unique, check (a > 0)) partition by list (b);
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger g before insert on t for each row execute function f(); create index on t (a);
    create table p partition of t for values in (1) partition by list (b);
    create table p1 partition of p for values in (1);
    alter table t detach partition p; alter table p drop column a; alter table t add c int; drop table t;
    create index on p (b);`,
  'a partition is attached again': `
    create table t (a int, b int unique, check (a > 0)) partition by list (b); create index on t (a);
    create table p partition of t for values in (1); alter table t detach partition p; alter table t rename a to a2;
    alter table p rename a to a2; alter table t attach partition p for values in (1); alter table t rename a2 to a3;
    create table w (b int, a3 int) partition by list (b); create index on w (a3);
    alter table t detach partition p; alter table p drop constraint t_a_check;
    alter table w attach partition p for values in (1); alter table w drop column a3;`,
  'partitions move and are renamed': `
    create schema s; create table t (a int unique, b int) partition by list (a); create table p partition of t default;
    alter table p set schema s; alter table s.p rename to q; create index on t (b); alter table t set schema s;
    alter table s.t rename to t2; create index on s.t2 (b, a); alter index s.q_b_idx rename to x;
    drop index s.t_b_idx;`,
  'a partition that is not of the search_path': `
    create schema s; create table s.t (a int, b int) partition by hash (a); set search_path = s;
    create table p partition of t (b unique) for values with (modulus 1, remainder 0);
    create table if not exists p partition of t (b unique) for values with (modulus 2, remainder 0);
    alter table t add unique (a);`,
  'checks that are not inherited': `
    create table t (a int, check (a > 0) no inherit, constraint c check (a < 9)); create table u () inherits (t);
    alter table t add check (a <> 5) no inherit, add check (a <> 6);`,
};

let db: PGlite;
let empty: Set<string>;

beforeAll(async () => {
  db = await startPglite();
  empty = new Set(await objects(true));
});
afterAll(stopPglite);

async function objects(everything: boolean): Promise<string[]> {
  await db.exec('set local search_path = pg_catalog');
  const { rows } = await db.query<{ object: string }>(live(everything));
  return rows.map((row) => row.object);
}

/** What the script adds to an empty database, which stays empty. */
async function ofPostgres(script: string, everything: boolean): Promise<string[]> {
  await db.exec('begin');
  try {
    await db.exec(script);
    return (await objects(everything)).filter((object) => !empty.has(object)).sort();
  } finally {
    await db.exec('rollback');
  }
}

async function ofInventory(script: string, everything: boolean): Promise<string[]> {
  const store = new MemoryStore();
  const analyzer = new Analyzer({ onSegment: (segment) => store.put(segment) });
  try {
    await analyzer.begin({ path: 'schema.sql', role: 'schema' });
    await analyzer.push(script);
    await analyzer.end();
    const { manifest } = await analyzer.finish();
    const chunks: Uint8Array[] = [];
    await merge({ segments: [store], manifest, everything, write: (chunk) => void chunks.push(chunk) });
    const coverage = await Coverage.open(Buffer.concat(chunks));
    const found: string[] = [];
    for await (const { kind, schema, name, sub, args } of coverage.iterate()) {
      found.push([kind, ...[schema, name, sub].map(quoted), args].join(' '));
    }
    return found.sort();
  } finally {
    analyzer.free();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

describe.each(Object.entries(cases))('%s', (_, scripts) => {
  it.each(Object.entries(scripts))('%s', async (_name, script) => {
    expect(await ofInventory(script, false)).toEqual(await ofPostgres(script, false));
  });
});

describe('everything', () => {
  it.each(Object.entries(everything))('%s', async (_name, script) => {
    expect(await ofInventory(script, true)).toEqual(await ofPostgres(script, true));
  });
});
