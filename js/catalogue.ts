/**
 * The catalogue of a server as a source of role `inventory`: statements that define the keys of its objects, and what
 * decides on who may do what and what runs, which the analyzer reads as it reads migrations. They are not meant to be run.
 */

/** Asks a server; rows as objects. */
export type Ask = (sql: string) => Promise<Record<string, unknown>[]>;

/** The step of the query that lists relations; their parts follow. */
const RELATIONS = 3;

/** One object as the query lists it. */
interface Row {
  step: number;
  kind: string;
  schema: string;
  name: string;
  sub: string;
  /** Argument types of a routine; with `sub`, the two types of an operator or a cast. */
  args: string;
  /** Columns of a relation: name and type. */
  columns: [string, string][] | null;
  /** The table of which this is a partition: schema and name. */
  parent: [string, string] | null;
  /** What the server's own text of it says beside the key; of relations statements that follow. */
  rest: string | null;
}

/**
 * Reads the objects of a database: all but the system's, and members of extensions unless they are named. Costs one
 * query.
 */
export async function catalogueSource(ask: Ask, extensions: string[] = []): Promise<string> {
  await ask(`select pg_catalog.set_config('search_path', 'pg_catalog', false)`);
  const rows = (await ask(query(extensions))) as unknown as Row[];
  // a pooled connection is somebody else's next
  await ask('reset search_path');
  const parts = rows.findIndex(({ step }) => step > RELATIONS);
  const [wholes, rest] = parts < 0 ? [rows, []] : [rows.slice(0, parts), rows.slice(parts)];
  // before there is anything on them that a partition would get
  const attached = wholes.map(({ schema, name, parent }) =>
    parent ? `alter table only ${named(...parent)} attach partition ${named(schema, name)} default;` : '',
  );
  const lines = [...wholes.map(statement), ...attached, ...rest.map(statement)];
  return lines.filter((line) => line !== '').join('\n') + '\n';
}

const STATEMENTS: Record<string, (row: Row) => string> = {
  schema: ({ name }) => `create schema if not exists ${ident(name)};`,
  extension: ({ schema, name }) => `create extension ${ident(name)} schema ${ident(schema)};`,
  language: ({ name }) => `create language ${ident(name)};`,
  role: ({ name, rest }) => `create role ${ident(name)} ${rest};`,
  'event-trigger': ({ name }) =>
    `create event trigger ${ident(name)} on ddl_command_end execute function f();`,
  publication: ({ name }) => `create publication ${ident(name)};`,
  'foreign-data-wrapper': ({ name }) => `create foreign data wrapper ${ident(name)};`,
  'foreign-server': ({ name }) => `create server ${ident(name)} foreign data wrapper w;`,
  enum: (row) => `create type ${of(row)} as enum ();`,
  'range-type': (row) => `create type ${of(row)} as range ();`,
  'base-type': (row) => `create type ${of(row)} (input = f);`,
  domain: (row) => `create domain ${of(row)} as text;`,
  'domain-constraint': (row) => `alter domain ${of(row)} add constraint ${ident(row.sub)} check (true);`,
  'composite-type': (row) => `create type ${of(row)} as ${columns(row)};`,
  sequence: (row) => `create sequence ${of(row)};`,
  table: (row) => `create table ${of(row)} ${columns(row)};${traits(row)}`,
  'partitioned-table': (row) =>
    `create table ${of(row)} ${columns(row)} partition by list (x);${traits(row)}`,
  'foreign-table': (row) => `create foreign table ${of(row)} ${columns(row)} server s;`,
  view: (row) => view(row, 'view'),
  'materialized-view': (row) => view(row, 'materialized view'),
  index: (row) => `create ${row.rest} index if not exists ${ident(row.sub)} on only ${of(row)} (x);`,
  'primary-key': (row) => constraint(row, `primary key using index ${ident(row.sub)}`),
  'unique-constraint': (row) => constraint(row, `unique using index ${ident(row.sub)}`),
  'exclusion-constraint': (row) => constraint(row, 'exclude using gist (x with =)'),
  'check-constraint': (row) => constraint(row, `check (${row.rest}) no inherit`),
  'foreign-key': (row) => constraint(row, 'foreign key (x) references y'),
  trigger: ({ rest }) => `${rest};`,
  'constraint-trigger': ({ rest }) => `${rest};`,
  rule: (row) => `create rule ${ident(row.sub)} as on insert to ${of(row)} do nothing;`,
  policy: (row) => `create policy ${ident(row.sub)} on ${of(row)} ${row.rest};`,
  function: (row) => `create function ${of(row)} (${row.args}) returns int ${row.rest};`,
  'window-function': (row) => `create function ${of(row)} (${row.args}) returns int language c window;`,
  procedure: (row) => `create procedure ${of(row)} (${row.args}) ${row.rest};`,
  operator: ({ schema, name, sub, args }) => {
    const sides = [sub !== 'NONE' && `leftarg = ${sub}`, args !== 'NONE' && `rightarg = ${args}`];
    return `create operator ${ident(schema)}.${name} (${sides.filter(Boolean).join(', ')});`;
  },
  'operator-class': (row) =>
    `create operator class ${of(row)} for type x using ${ident(row.sub)} as storage x;`,
  cast: ({ sub, args }) => `create cast (${sub} as ${args}) with inout;`,
  'role-membership': ({ name, sub }) => `grant ${ident(name)} to ${ident(sub)};`,
  aggregate: (row) => `create aggregate ${of(row)} (${row.args}) (stype = int);`,
};

function statement(row: Row): string {
  return STATEMENTS[row.kind]?.(row) ?? '';
}

function view(row: Row, kind: string): string {
  const columns = (row.columns ?? []).map(([name]) => `1 as ${ident(name)}`);
  // the names are the server's, and what it reads stands behind them
  return `create ${kind} ${of(row)} as select ${columns.join(', ')} from (${row.rest}) q;`;
}

function constraint(row: Row, what: string): string {
  return `alter table only ${of(row)} add constraint ${ident(row.sub)} ${what};`;
}

/** Row level security, and defaults that run functions. */
function traits(row: Row): string {
  const actions = (row.rest ?? '').split('\n').filter((action) => action !== '');
  return actions.map((action) => ` alter table only ${of(row)} ${action};`).join('');
}

function columns({ columns }: Row): string {
  return `(${(columns ?? []).map(([name, type]) => `${ident(name)} ${type}`).join(', ')})`;
}

const of = ({ schema, name }: Row) => named(schema, name);
const named = (schema: string, name: string) => `${ident(schema)}.${ident(name)}`;
const ident = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Relations before their parts, indexes before the constraints that they serve. */
function query(extensions: string[]): string {
  const kept = `array[${extensions.map(literal).join(', ')}]::name[]`;
  return `
with
  ns as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
  member as (
    select d.classid, d.objid from pg_depend d join pg_extension e on d.refobjid = e.oid
    where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass and e.extname <> all (${kept})),
  rel as (
    select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, n.nspname from pg_class c join ns n on n.oid = c.relnamespace
    where not exists (select from member where classid = 'pg_class'::regclass and objid = c.oid)),
  found (step, kind, schema, name, sub, args, columns, parent, rest) as (
    select 0, 'schema', '', nspname::text, '', '', null::json, null::json, null::text from ns
    where not exists (select from member where classid = 'pg_namespace'::regclass and objid = ns.oid)
    union all
    select 1, 'extension', nspname, extname, '', '', null, null, null
    from pg_extension join pg_namespace n on n.oid = extnamespace where extname <> 'plpgsql'
    union all
    select 1, 'language', '', lanname, '', '', null, null, null from pg_language
    where lanispl and lanname <> 'plpgsql'
      and not exists (select from member where classid = 'pg_language'::regclass and objid = pg_language.oid)
    union all
    select 1, 'role', '', rolname, '', '', null, null,
      concat_ws(' ', case when rolsuper then 'superuser' end, case when rolbypassrls then 'bypassrls' end) from pg_roles where rolname !~ '^pg_' and oid >= 16384
    union all
    select 2, case typtype when 'd' then 'domain' when 'e' then 'enum' when 'r' then 'range-type' else 'base-type' end,
      nspname, typname, '', '', null, null, null
    from pg_type t join ns on ns.oid = typnamespace
    where typtype in ('d', 'e', 'r', 'b') and not exists (select from pg_type e where e.typarray = t.oid)
      and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
    union all
    select 3, 'domain-constraint', nspname, typname, conname, '', null, null, null
    from pg_constraint join pg_type t on t.oid = contypid join ns on ns.oid = typnamespace
    where contype = 'c' and not exists (select from member where classid = 'pg_type'::regclass and objid = t.oid)
    union all
    select 3, case relkind when 'r' then 'table' when 'p' then 'partitioned-table' when 'v' then 'view'
        when 'm' then 'materialized-view' when 'f' then 'foreign-table' when 'S' then 'sequence'
        when 'c' then 'composite-type' end,
      nspname, relname, '', '',
      case when relkind <> 'S' then (
        select json_agg(json_build_array(attname, format_type(atttypid, null)) order by attnum)
        from pg_attribute where attrelid = rel.oid and attnum > 0 and not attisdropped) end,
      case when relkind in ('r', 'p', 'f') then (
        select json_build_array(n.nspname, p.relname) from pg_inherits
        join pg_class p on p.oid = inhparent join pg_namespace n on n.oid = p.relnamespace
        where inhrelid = rel.oid and p.relkind = 'p' limit 1) end,
      case when relkind in ('v', 'm') then rtrim(pg_get_viewdef(rel.oid), ';') when relkind in ('r', 'p') then concat_ws(e'\\n',
        'owner to ' || quote_ident(pg_get_userbyid(rel.relowner)),
        case when rel.relrowsecurity then 'enable row level security' end,
        case when rel.relforcerowsecurity then 'force row level security' end,
        (select string_agg(format('alter %I set default %s', attname, replace(pg_get_expr(adbin, adrelid), e'\\n', ' ')), e'\\n')
          from pg_attrdef join pg_attribute on attrelid = adrelid and attnum = adnum
          where adrelid = rel.oid and attgenerated = '' and pg_get_expr(adbin, adrelid) ~ '[(]')) end
    from rel where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
    union all
    select 4, 'index', rel.nspname, t.relname, rel.relname, '', null, null, case when indisunique then 'unique' else '' end
    from rel join pg_index on indexrelid = rel.oid join rel t on t.oid = indrelid
    union all
    select 5, case contype when 'p' then 'primary-key' when 'u' then 'unique-constraint' when 'f' then 'foreign-key'
        when 'c' then 'check-constraint' when 'x' then 'exclusion-constraint' end,
      nspname, relname, conname, '', null, null, pg_get_expr(conbin, conrelid)
    from rel join pg_constraint on conrelid = rel.oid and contype in ('p', 'u', 'f', 'c', 'x')
    union all
    select 6, case when exists (select from pg_constraint k where k.oid = tgconstraint and contype = 't')
        then 'constraint-trigger' else 'trigger' end,
      nspname, relname, tgname, '', null, null, pg_get_triggerdef(pg_trigger.oid)
        || case when tgenabled in ('D', 'R') then format('; alter table only %I.%I disable trigger %I', nspname, relname, tgname) else '' end
    from rel join pg_trigger on tgrelid = rel.oid and not tgisinternal
    union all
    select 6, 'rule', nspname, relname, rulename, '', null, null, null
    from rel join pg_rewrite on ev_class = rel.oid and rulename <> '_RETURN'
    union all
    select 6, 'policy', nspname, relname, polname, '', null, null, concat_ws(' ',
      case when not polpermissive then 'as restrictive' end,
      'for', case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select 'to ' || string_agg(quote_ident(rolname), ', ') from pg_roles where pg_roles.oid = any (polroles)),
      'using (' || pg_get_expr(polqual, polrelid) || ')', 'with check (' || pg_get_expr(polwithcheck, polrelid) || ')')
    from rel join pg_policy on polrelid = rel.oid
    union all
    select 6, case prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate'
        when 'w' then 'window-function' end,
      nspname, proname, '', oidvectortypes(proargtypes), null, null,
      case when prosecdef then 'security definer ' else '' end || case when lanname not in ('sql', 'plpgsql') then 'language c'
        when prosrc <> '' then format('language %s as %L', lanname, prosrc)
        else substring(pg_get_functiondef(p.oid), '\\mBEGIN ATOMIC.*|\\mRETURN .*') end
    from pg_proc p join ns on ns.oid = pronamespace join pg_language l on l.oid = prolang
    where not exists (select from member where classid = 'pg_proc'::regclass and objid = p.oid)
    union all
    select 6, 'operator', nspname, oprname,
      coalesce(nullif(oprleft, 0)::regtype::text, 'NONE'), coalesce(nullif(oprright, 0)::regtype::text, 'NONE'),
      null, null, null
    from pg_operator o join ns on ns.oid = oprnamespace
    where not exists (select from member where classid = 'pg_operator'::regclass and objid = o.oid)
    union all
    select 6, 'operator-class', nspname, opcname, amname, '', null, null, null
    from pg_opclass o join ns on ns.oid = opcnamespace join pg_am a on a.oid = opcmethod
    where not exists (select from member where classid = 'pg_opclass'::regclass and objid = o.oid)
    union all
    select 7, 'cast', '', castsource::regtype::text, castsource::regtype::text, casttarget::regtype::text,
      null, null, null
    from pg_cast c
    where c.oid >= 16384 and not exists (select from member where classid = 'pg_cast'::regclass and objid = c.oid)
    union all
    select 7, 'role-membership', '', r.rolname, m.rolname, '', null, null, null
    from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
    where r.rolname !~ '^pg_'
    union all
    select 7, 'event-trigger', '', evtname, '', '', null, null, null from pg_event_trigger
    union all
    select 7, 'publication', '', pubname, '', '', null, null, null from pg_publication
    union all
    select 7, 'foreign-data-wrapper', '', fdwname, '', '', null, null, null from pg_foreign_data_wrapper
    where not exists (
      select from member where classid = 'pg_foreign_data_wrapper'::regclass and objid = pg_foreign_data_wrapper.oid)
    union all
    select 7, 'foreign-server', '', srvname, '', '', null, null, null from pg_foreign_server)
select step, kind, schema, name, sub, args, columns, parent, rest from found
order by step, kind collate "C", schema collate "C", name collate "C", sub collate "C", args collate "C"`;
}
