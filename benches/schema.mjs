// Migrations as teams write them: tables with all that belongs to them, one or a few tables a file.
import { capitals, comment, given, literal, sentence, uuid, PEOPLE, ROLES } from './model.mjs';

/** The statements of one migration. */
export function migration(random, tables) {
  const out = [comment(random, tables[0].singular, random.between(2, 6))];
  for (const table of tables) out.push(...tableStatements(random, table));
  return random.chance(0.4) ? out.map(capitals) : out;
}

function tableStatements(random, table) {
  const { name, singular } = table;
  const out = [
    createTable(random, table),
    `comment on table ${name} is '${sentence(random, singular)}';`,
    ...random
      .some(table.columns, random.between(0, 5))
      .map(([column]) => `comment on column ${name}.${column} is '${sentence(random, singular)}';`),
    ...random.some(table.columns, random.between(1, 3)).map(([column]) => index(random, table, column)),
    `alter table ${name} enable row level security;`,
    ...table.policies.map((policy) => createPolicy(random, table, policy)),
    ...table.functions.flatMap((routine) => createFunction(random, table, routine)),
    createTrigger(random, table),
    `grant select, insert, update on ${name} to ${random.some(ROLES, 2).join(', ')};`,
  ];
  if (random.chance(0.4)) out.push(createView(random, table));
  if (random.chance(0.35)) out.push(seed(random, table));
  if (random.chance(0.5)) out.push(...alterations(random, table));
  return out;
}

function createTable(random, table) {
  const { name, table: own, columns, parent, singular } = table;
  const lines = [
    '  id uuid primary key default gen_random_uuid()',
    '  organization_id uuid not null references identity.organizations (id) on delete cascade',
  ];
  if (parent)
    lines.push(
      `  ${parent.singular}_id uuid references ${parent.name} (id) on delete ${random.pick(['cascade', 'set null', 'restrict'])}`,
    );
  for (const [column, type, rule] of columns) lines.push(`  ${column} ${type}${rule && ` ${rule}`}`);
  lines.push(
    '  created_at timestamptz not null default now()',
    '  updated_at timestamptz not null default now()',
  );
  const has = (wanted) => columns.some(([column]) => column === wanted);
  if (has('slug')) lines.push(`  constraint ${own}_slug_key unique (organization_id, slug)`);
  if (has('quantity')) lines.push(`  constraint ${own}_quantity_positive check (quantity > 0)`);
  if (has('status'))
    lines.push(`  check (status in ('draft', 'open', 'active', 'paused', 'closed', 'cancelled'))`);
  if (has('starts_at') && has('ends_at'))
    lines.push(`  constraint ${own}_period check (ends_at is null or ends_at > starts_at)`);
  return `${comment(random, singular)}\ncreate table ${random.chance(0.3) ? 'if not exists ' : ''}${name} (\n${lines.join(',\n')}\n);`;
}

function index(random, { name, table }, column) {
  const where = random.chance(0.3) ? ` where ${column} is not null` : '';
  return `create index ${table}_${column}_idx on ${name} ${random.chance(0.3) ? 'using btree ' : ''}(organization_id, ${column})${where};`;
}

function createPolicy(random, { name, schema }, { command, name: policy }) {
  const mine = random.pick([
    'organization_id = (select identity.current_organization_id())',
    'identity.is_member(organization_id, auth.uid())',
    `exists (\n    select 1 from identity.members m\n    where m.organization_id = ${name}.organization_id and m.user_id = auth.uid() and m.role in ('owner', 'admin')\n  )`,
    `(auth.jwt() ->> 'role') = 'staff' or organization_id = any (${schema}.visible_organizations())`,
  ]);
  const using = command === 'insert' ? '' : `\n  using (${mine})`;
  const check = command === 'insert' || command === 'update' ? `\n  with check (${mine})` : '';
  return `create policy ${policy} on ${name}\n  for ${command} to ${random.pick(ROLES)}${using}${check};`;
}

function createTrigger(random, { name, table, schema }) {
  const body = `create trigger ${table}_touch before update on ${name}\n  for each row execute function ${schema}.touch_updated_at();`;
  return random.chance(0.3) ? `drop trigger if exists ${table}_touch on ${name};\n${body}` : body;
}

function createView(random, table) {
  const { name, schema, singular, columns, parent } = table;
  const listed = columns.map(([column]) => `  x.${column}`).join(',\n');
  const join = parent ? `\nleft join ${parent.name} p on p.id = x.${parent.singular}_id` : '';
  const extra = parent ? ',\n  p.created_at as parent_created_at' : '';
  return `create or replace view ${schema}.${singular}_overview with (security_invoker = true) as
select
  x.id,
  x.organization_id,
${listed}${extra},
  (select count(*) from identity.members m where m.organization_id = x.organization_id) as member_count
from ${name} x${join}
where x.created_at > now() - interval '${random.between(1, 24)} months';`;
}

function seed(random, table) {
  const columns = given(random, table);
  if (random.chance(0.1)) return copy(random, table);
  const rows = Array.from({ length: random.between(3, 25) }, () => {
    return `  (${["'00000000-0000-4000-8000-000000000001'", ...columns.map((column) => literal(random, column))].join(', ')})`;
  });
  return `insert into ${table.name} (${['organization_id', ...columns.map(([column]) => column)].join(', ')}) values\n${rows.join(',\n')}\non conflict do nothing;`;
}

/** Data as pg_dump writes it. */
function copy(random, { name }) {
  const rows = Array.from(
    { length: random.between(5, 40) },
    () => `${uuid(random)}\t${uuid(random)}\t2024-05-17 09:30:00+00`,
  );
  return `copy ${name} (id, organization_id, created_at) from stdin;\n${rows.join('\n')}\n\\.`;
}

function alterations(random, { name, table, singular }) {
  return random.some(
    [
      `alter table ${name} add column if not exists archived_at timestamptz;`,
      `alter table ${name} alter column updated_at set default clock_timestamp();`,
      `alter table ${name} add constraint ${table}_created_check check (created_at <= updated_at) not valid;`,
      `${comment(random, singular)}\nalter table ${name} add column reviewed_by uuid references identity.users (id), add column reviewed_at timestamptz;`,
      `revoke all on ${name} from public;`,
    ],
    random.between(1, 3),
  );
}

/** A routine, with a comment and its grant. */
export function createFunction(random, table, { verb, name }) {
  const { singular } = table;
  const body = statementsOfBody(random, table, random.between(2, 14)).join('\n');
  const returns = { count: 'bigint', create: 'uuid' }[verb] ?? 'void';
  const result = { count: '  return v_total;', create: '  return v_id;' }[verb] ?? '  return;';
  const definer = random.chance(0.6) ? "security definer\nset search_path = ''\n" : '';
  return [
    `${comment(random, singular, random.between(0, 4))}
create or replace function ${name}(p_organization_id uuid, p_${singular}_id uuid default null, p_limit integer default 100)
returns ${returns}
language plpgsql
${definer}as $${random.chance(0.3) ? 'function' : ''}$
declare
  v_id uuid;
  v_total bigint := 0;
  v_row record;
begin
${body}
${result}
end;
$$;`.replace(/as \$function\$([^]*)\n\$\$;$/, 'as $function$$$1\n$function$$;'),
    `grant execute on function ${name}(uuid, uuid, integer) to ${random.pick(ROLES)};`,
  ];
}

function statementsOfBody(random, table, count) {
  const { name, singular, columns } = table;
  const column = () => random.pick(columns);
  return Array.from({ length: count }, () => {
    const [target] = column();
    const note = random.chance(0.35) ? `  -- ${sentence(random, singular)}\n` : '';
    return (
      note +
      random.pick([
        () => `  if p_organization_id is null then
    raise exception 'organization is required for a ${singular}' using errcode = '22004', hint = 'sign in first';
  end if;`,
        () => `  select x.id, count(*) over () into v_id, v_total
  from ${name} x
  where x.organization_id = p_organization_id
    and (p_${singular}_id is null or x.id = p_${singular}_id)
  order by x.created_at desc
  limit 1;`,
        () => `  if not found then
    raise notice 'no ${singular} for %', p_organization_id;
  elsif v_total > p_limit then
    raise exception using errcode = 'P0001', message = format('more than %s rows', p_limit);
  end if;`,
        () => `  update ${name}
  set ${target} = ${literal(
    random,
    columns.find(([c]) => c === target),
  )},
      updated_at = now()
  where id = coalesce(p_${singular}_id, v_id)
    and organization_id = p_organization_id;`,
        () => {
          const all = given(random, table);
          return `  insert into ${name} (${['organization_id', ...all.map(([c]) => c)].join(', ')})
  values (${['p_organization_id', ...all.map((c) => literal(random, c))].join(', ')})
  returning id into v_id;`;
        },
        () => `  for v_row in
    select m.user_id, m.role from identity.members m where m.organization_id = p_organization_id
  loop
    perform messaging.notify(v_row.user_id, '${singular}.changed', jsonb_build_object('id', v_id, 'by', auth.uid(), 'role', v_row.role));
    v_total := v_total + 1;
  end loop;`,
        () => `  v_total := case
    when v_total < 0 then 0
    when v_total > 1000 then 1000
    else v_total
  end;`,
        () =>
          `  delete from ${name} where organization_id = p_organization_id and created_at < now() - interval '${random.between(2, 10)} years';`,
        () => `  begin
    perform identity.assert_member(p_organization_id, '${random.pick(PEOPLE)}');
  exception
    when insufficient_privilege then
      return;
  end;`,
      ])()
    );
  });
}
