// pgTAP tests as application teams write them: fixtures, roles, helpers; four of five assertions are about behaviour.
import { capitals, comment, given, literal, sentence, uuid, PEOPLE, ROLES } from './model.mjs';
import { createFunction } from './schema.mjs';

/** The statements of a test file of about `bytes` bytes, most of it about `table`. */
export function testFile(random, tables, table, bytes) {
  const same = tables.filter(({ schema }) => schema === table.schema);
  const body = [];
  let [size, assertions] = [0, 0];
  const add = (statement, asserts = 0) => {
    body.push(statement);
    size += statement.length + 1;
    assertions += asserts;
  };
  if (random.chance(0.3))
    createFunction(random, table, { verb: 'create', name: `tests.make_${table.singular}` }).forEach((s) =>
      add(s),
    );
  if (random.chance(0.4)) add(helper(random, table));
  while (size < bytes) {
    const about = random.chance(0.7) ? table : random.pick(same);
    if (random.chance(0.6)) add(comment(random, about.singular));
    if (random.chance(0.45)) add(fixture(random, about));
    if (random.chance(0.35)) signIn(random).forEach((statement) => add(statement));
    for (let n = random.between(1, 5); n > 0; n--) {
      const assertion = random.chance(0.2) ? structure(random, about) : behaviour(random, about);
      [assertion].flat().forEach((statement, at, all) => add(statement, at === all.length - 1 ? 1 : 0));
    }
    if (random.chance(0.2)) add('reset role;');
  }
  const out = [
    `-- ${sentence(random, table.singular)}`,
    ...(random.chance(0.06) ? ['\\set ON_ERROR_ROLLBACK 1', '\\set QUIET true'] : []),
    'begin;',
    ...(random.chance(0.5) ? ['set local search_path = public, extensions, tests;'] : []),
    random.chance(0.15) ? 'select * from no_plan();' : `select plan(${assertions});`,
    ...body,
    'select * from finish();',
    'rollback;',
  ];
  return random.chance(0.4) ? out.map(capitals) : out;
}

const say = (random, noun) => {
  const text = sentence(random, noun).replace(/\.$/, '');
  return `'${random.chance(0.3) ? `${noun}: ` : ''}${text[0].toLowerCase()}${text.slice(1)}'`;
};

function helper(random, { name, singular }) {
  return `create or replace function tests.${random.pick(['sign_in', 'as_member', 'act_as'])}_${singular}(p_email text)
returns void
language plpgsql
as $$
declare
  v_user uuid := (select id from identity.users where email = p_email);
begin
  -- ${sentence(random, singular)}
  if v_user is null then
    raise exception 'no such user: %', p_email;
  end if;
  perform set_config('role', 'authenticated', true);
  perform set_config('request.jwt.claims', json_build_object('sub', v_user, 'role', 'authenticated')::text, true);
  perform count(*) from ${name};
end;
$$;`;
}

function signIn(random) {
  return random.pick([
    () => [`select tests.authenticate_as('${random.pick(PEOPLE)}@example.com');`],
    () => [
      `set local role ${random.pick(ROLES)};`,
      `set local request.jwt.claims = '{"sub": "${uuid(random)}", "role": "authenticated"}';`,
    ],
    () => [
      `select set_config('request.jwt.claims', '{"sub": "${uuid(random)}"}', true);`,
      'set role authenticated;',
    ],
  ])();
}

function fixture(random, table) {
  const columns = given(random, table);
  const rows = Array.from(
    { length: random.between(1, 8) },
    () =>
      `  (${[`'${uuid(random)}'`, "'00000000-0000-4000-8000-000000000001'", ...columns.map((c) => literal(random, c))].join(', ')})`,
  );
  return `insert into ${table.name} (${['id', 'organization_id', ...columns.map(([c]) => c)].join(', ')}) values\n${rows.join(',\n')};`;
}

function structure(random, table) {
  const { schema, table: own, name, singular, functions, policies, trigger, parent } = table;
  const [column, type] = random.pick(table.columns);
  const text = say(random, singular);
  const routine = random.pick(functions).name.split('.')[1];
  return random.pick([
    () => `select has_table('${schema}', '${own}', ${text});`,
    () => `select has_table('${schema}'::name, '${own}'::name);`,
    () => `select has_column('${schema}', '${own}', '${column}', ${text});`,
    () => `select has_column('${schema}', '${own}', '${column}', 'column ${column} is there');`,
    () => `select col_type_is('${schema}', '${own}', '${column}', '${type}', ${text});`,
    () => `select col_not_null('${schema}', '${own}', 'organization_id', ${text});`,
    () => `select col_is_pk('${schema}', '${own}', 'id', ${text});`,
    () =>
      parent
        ? `select fk_ok('${schema}', '${own}', '${parent.singular}_id', '${parent.schema}', '${parent.table}', 'id');`
        : `select has_pk('${schema}', '${own}', ${text});`,
    () =>
      `select policies_are('${schema}', '${own}', array[\n  ${policies.map((p) => `'${p.name}'`).join(',\n  ')}\n], ${text});`,
    () => `select policy_cmd_is('${schema}', '${own}', '${policies[0].name}', '${policies[0].command}');`,
    () => `select policy_roles_are('${schema}', '${own}', '${policies[0].name}', array['authenticated']);`,
    () => `select has_function('${schema}', '${routine}', array['uuid', 'uuid', 'integer'], ${text});`,
    () => `select function_lang_is('${schema}', '${routine}', array['uuid', 'uuid', 'integer'], 'plpgsql');`,
    () => `select has_trigger('${schema}', '${own}', '${trigger}', ${text});`,
    () =>
      `select has_index('${schema}', '${own}', '${own}_${column}_idx', array['organization_id', '${column}'], ${text});`,
    () => `select table_privs_are('${schema}', '${own}', 'anon', array['SELECT'], ${text});`,
    () => `select has_check('${schema}', '${own}', '${name} has a check');`,
  ])();
}

function behaviour(random, table) {
  const { name, singular, columns, functions, parent } = table;
  const text = say(random, singular);
  const column = random.pick(columns);
  const value = literal(random, column);
  const routine = random.pick(functions);
  const listed = random.some(columns, 2).map(([c]) => c);
  const org = "'00000000-0000-4000-8000-000000000001'";
  const id = `'${uuid(random)}'`;
  return random.weighted([
    [
      6,
      () =>
        `select is((select count(*) from ${name} where organization_id = ${org}), ${random.between(0, 9)}::bigint, ${text});`,
    ],
    [
      5,
      () => `select is(\n  (select ${column[0]} from ${name} where id = ${id}),\n  ${value},\n  ${text}\n);`,
    ],
    [
      3,
      () =>
        `select is(${routine.name}(${org}, ${id}, ${random.between(1, 50)}), ${random.between(0, 9)}::bigint, ${text});`,
    ],
    [
      7,
      () => `select throws_ok(
  $$insert into ${name} (organization_id, ${column[0]}) values (${org}, ${value})$$,
  ${random.pick([`'42501', 'new row violates row-level security policy for table "${table.table}"'`, "'23505'", "'23514', null", "'P0001', 'not allowed'"])},
  ${text}
);`,
    ],
    [
      3,
      () =>
        `select throws_ok(\n  $$select ${routine.name}(null, ${id})$$,\n  '22004',\n  'organization is required for a ${singular}',\n  ${text}\n);`,
    ],
    [
      5,
      () => `select lives_ok(
  $$
    update ${name}
    set ${column[0]} = ${value}, updated_at = now()
    where id = ${id}
      and organization_id = ${org}
  $$,
  ${text}
);`,
    ],
    [
      6,
      () => `select results_eq(
  $$
    select x.${listed.join(', x.')}${parent ? ', count(p.id)' : ''}
    from ${name} x
    ${parent ? `left join ${parent.name} p on p.id = x.${parent.singular}_id` : 'join identity.organizations o on o.id = x.organization_id'}
    where x.organization_id = ${org}
      and x.created_at >= date_trunc('month', now())
      and x.id in (select id from ${name} where ${column[0]} is not null)
    group by x.id, x.${listed.join(', x.')}
    order by x.created_at, x.id
  $$,
  $$values (${listed
    .map((c) =>
      literal(
        random,
        columns.find(([d]) => d === c),
      ),
    )
    .join(', ')}${parent ? `, ${random.between(0, 4)}::bigint` : ''})$$,
  ${text}
);`,
    ],
    [3, () => `select is_empty(\n  $$select 1 from ${name} where organization_id = ${id}$$,\n  ${text}\n);`],
    [2, () => `select isnt_empty('select id from ${name} where ${column[0]} is not null', ${text});`],
    [
      3,
      () =>
        `select ok(\n  exists (select 1 from ${name} where id = ${id} and ${column[0]} is not null),\n  ${text}\n);`,
    ],
    [
      2,
      () =>
        `select set_eq(\n  'select ${column[0]}::text from ${name} limit ${random.between(1, 20)}',\n  array['a', 'b', 'c'],\n  ${text}\n);`,
    ],
    [
      2,
      () =>
        [
          `prepare ${singular}_rows as\n  select ${listed.join(', ')} from ${name} where organization_id = ${org} order by created_at;`,
          `select bag_eq('${singular}_rows', $$values (${listed
            .map((c) =>
              literal(
                random,
                columns.find(([d]) => d === c),
              ),
            )
            .join(', ')})$$, ${text});`,
          `deallocate ${singular}_rows;`,
        ].slice(0, 2),
    ],
    [
      1,
      () =>
        `do $$\nbegin\n  perform ${routine.name}(${org}, null, 10);\n  update ${name} set updated_at = now() where organization_id = ${org};\nend\n$$;\nselect pass(${text});`,
    ],
  ])();
}
