/** What a server's catalogue says of objects, beyond their names. Types are spelt with their schema, but for those of the system. */
import type { Ask } from '../catalogue.js';
import { literal } from './sql.js';

export interface RelationFacts {
  columns: { name: string; type: string; notNull: boolean; hasDefault: boolean }[];
  constraints: ConstraintFacts[];
  indexes: { name: string; unique: boolean; method: string }[];
  triggers: { name: string; functionSchema: string; functionName: string }[];
  policies: { name: string; command: string; roles: string[] }[];
}

export interface ConstraintFacts {
  name: string;
  /** As `pg_constraint.contype`: `p`, `u`, `f`, `c`, `x`. */
  type: string;
  /** In their order. */
  columns: string[];
  /** Of a foreign key: schema, table and columns that it refers to. */
  refers?: { schema: string; name: string; columns: string[] };
}

export interface RoutineFacts {
  /** As the key of the object has it. */
  args: string;
  /** `setof` before it where it returns a set. */
  returns: string;
  language: string;
  volatility: 'immutable' | 'stable' | 'volatile';
  isDefiner: boolean;
  isStrict: boolean;
}

export interface TypeFacts {
  name: string;
  /** Of an enum, in their order. */
  labels?: string[];
  /** Of a domain: the schema and the name of its type. */
  base?: string;
}

/** What is asked of a server; undefined or empty where it does not have the object. */
export interface Facts {
  relation(schema: string, name: string): Promise<RelationFacts | undefined>;
  routines(schema: string, name: string): Promise<RoutineFacts[]>;
  /** Enums and domains. */
  types(schema: string): Promise<TypeFacts[]>;
}

/** The facts of a server, whose `search_path` is changed for that. Costs one query each. */
export async function factsOf(ask: Ask): Promise<Facts> {
  await ask(`select pg_catalog.set_config('search_path', 'pg_catalog', false)`);
  const asked = async <T>(sql: string): Promise<T | undefined> => {
    const [row] = await ask(sql);
    return (row?.['found'] as T | null | undefined) ?? undefined;
  };
  return {
    relation: (schema, name) => asked<RelationFacts>(relationQuery(schema, name)),
    routines: async (schema, name) => (await asked<RoutineFacts[]>(routineQuery(schema, name))) ?? [],
    types: async (schema) => (await asked<TypeFacts[]>(typeQuery(schema))) ?? [],
  };
}

const COLUMNS_OF = (relation: string, keys: string) => `
  coalesce((select json_agg(a.attname order by k.at) from unnest(${keys}) with ordinality k (num, at)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.num), '[]')`;

const relationQuery = (schema: string, name: string) => `
select json_build_object(
  'columns', coalesce((
    select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
      'notNull', attnotnull, 'hasDefault', atthasdef) order by attnum)
    from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped), '[]'),
  'constraints', coalesce((
    select json_agg(json_build_object('name', conname, 'type', contype,
      'columns', ${COLUMNS_OF('c.oid', 'conkey')},
      'refers', case when contype = 'f' then (
        select json_build_object('schema', rn.nspname, 'name', r.relname, 'columns', ${COLUMNS_OF('r.oid', 'confkey')})
        from pg_class r join pg_namespace rn on rn.oid = r.relnamespace where r.oid = confrelid) end))
    from pg_constraint where conrelid = c.oid and contype in ('p', 'u', 'f', 'c', 'x')), '[]'),
  'indexes', coalesce((
    select json_agg(json_build_object('name', i.relname, 'unique', indisunique, 'method', amname))
    from pg_index join pg_class i on i.oid = indexrelid join pg_am on pg_am.oid = i.relam where indrelid = c.oid), '[]'),
  'triggers', coalesce((
    select json_agg(json_build_object('name', tgname, 'functionSchema', fn.nspname, 'functionName', proname))
    from pg_trigger join pg_proc p on p.oid = tgfoid join pg_namespace fn on fn.oid = pronamespace
    where tgrelid = c.oid and not tgisinternal), '[]'),
  'policies', coalesce((
    select json_agg(json_build_object('name', polname,
      'command', case polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end,
      'roles', case when polroles = '{0}' then '["public"]' else (
        select json_agg(rolname order by rolname) from pg_roles where pg_roles.oid = any (polroles)) end))
    from pg_policy where polrelid = c.oid), '[]')) as found
from pg_class c join pg_namespace n on n.oid = relnamespace
where nspname = ${literal(schema)} and relname = ${literal(name)} and relkind in ('r', 'p', 'v', 'm', 'f', 'c')`;

const routineQuery = (schema: string, name: string) => `
select json_agg(json_build_object('args', oidvectortypes(proargtypes),
  'returns', case when proretset then 'setof ' else '' end || format_type(prorettype, null),
  'language', lanname,
  'volatility', case provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
  'isDefiner', prosecdef, 'isStrict', proisstrict)) as found
from pg_proc p join pg_namespace n on n.oid = pronamespace join pg_language l on l.oid = prolang
where nspname = ${literal(schema)} and proname = ${literal(name)}`;

const typeQuery = (schema: string) => `
select json_agg(json_build_object('name', typname,
  'labels', case when typtype = 'e' then (
    select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid) end,
  'base', case when typtype = 'd' then format_type(typbasetype, typtypmod) end)) as found
from pg_type t join pg_namespace n on n.oid = typnamespace
where nspname = ${literal(schema)} and typtype in ('e', 'd')`;
