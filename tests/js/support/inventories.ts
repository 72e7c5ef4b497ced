// What a schema consists of, as a live PostgreSQL lists it and as our inventory does, in one spelling.

import type { PGlite } from '@electric-sql/pglite';
import { Analyzer, Coverage, MemoryStore, merge } from '../../../js/index.js';
import type { Diagnostic } from '../../../js/types.js';

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

/** The objects of the database, inside of a transaction. */
export async function listLive(db: PGlite, everything: boolean): Promise<string[]> {
  await db.exec('set local search_path = pg_catalog');
  const { rows } = await db.query<{ object: string }>(live(everything));
  return rows.map((row) => row.object);
}

/** The objects that our inventory has after the script. */
export async function listInventory(script: string, everything: boolean): Promise<string[]> {
  return (await readInventory(script, everything)).objects;
}

/** The same, with what was said about the script. */
export async function readInventory(
  script: string,
  everything: boolean,
): Promise<{ objects: string[]; diagnostics: Diagnostic[] }> {
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
    const objects: string[] = [];
    for await (const { kind, schema, name, sub, args } of coverage.iterate()) {
      objects.push([kind, ...[schema, name, sub].map(quoted), args].join(' '));
    }
    return { objects: objects.sort(), diagnostics: (await coverage.diagnostics({ limit: 100 })).rows };
  } finally {
    analyzer.free();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
