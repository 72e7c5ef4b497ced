// Helper functions of a team's own: who runs the statements after a call is read from their bodies, wherever they are
// defined. Roles and claims are what a live PostgreSQL says after the call.

import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPglite, stopPglite } from './support/pglite.js';
import { scanTexts, type Source } from './support/scan.js';

interface Helper {
  define: string;
  call: string;
  /** What cannot be known from the text: no cell is made. */
  unknown?: true;
  /** Statements before and after the call. */
  before?: string;
  after?: string;
}

const body = (text: string, parameters = '', options = '') =>
  `create function aid.login(${parameters}) returns void language plpgsql ${options} as $$ begin ${text} end $$;`;

const HELPERS: Record<string, Helper> = {
  'SET LOCAL ROLE': { define: body('set local role app_user;'), call: 'aid.login()' },
  'SET ROLE TO and a string': { define: body(`set role to 'app_user';`), call: 'aid.login()' },
  'set_config in PERFORM': {
    define: body(`perform set_config('role', 'app_user', true);`),
    call: 'aid.login()',
  },
  'the role as an argument': {
    define: body(`perform set_config('role', who, true);`, 'who text'),
    call: `aid.login('app_admin')`,
  },
  'the role by EXECUTE and format': {
    define: body(`execute format('set local role %I', who);`, 'n int, who name'),
    call: `aid.login(1, 'app_admin')`,
  },
  'the role by EXECUTE and ||': {
    define: body(`execute 'set role ' || quote_ident(who);`, 'who text'),
    call: `aid.login('app_user')`,
  },
  'SQL and $1': {
    define: `create function aid.login(text) returns text language sql as $$ select set_config('role', $1, true) $$;`,
    call: `aid.login('app_user')`,
  },
  'claims with a literal': {
    define: body(
      `perform set_config('request.jwt.claims', '{"sub": "ann", "role": "x"}', true); set local role app_user;`,
    ),
    call: 'aid.login()',
  },
  'claims of an argument': {
    define: body(
      `perform set_config('role', 'app_user', true);
       perform set_config('request.jwt.claims', json_build_object('role', 'app_user', 'sub', who)::text, true);`,
      'who text',
    ),
    call: `aid.login('ann')`,
  },
  'claims by format': {
    define: body(
      `perform set_config('request.jwt.claims', format('{"sub": "%s"}', who), true); set local role app_user;`,
      'who text',
    ),
    call: `aid.login('ann')`,
  },
  'claims in a variable': {
    define: `create function aid.login(who text) returns void language plpgsql as $$
      declare claims text;
      begin
        claims := json_build_object('sub', who)::text;
        perform set_config('request.jwt.claims', claims, true);
        set local role app_user;
      end $$;`,
    call: `aid.login('ann')`,
  },
  'the claim of its own': {
    define: body(
      `perform set_config('request.jwt.claim.sub', who, true); set local role app_user;`,
      'who text',
    ),
    call: `aid.login('ann')`,
  },
  'a role that is taken back': {
    define: body('reset role;'),
    before: 'set local role app_user;',
    call: 'aid.login()',
    after: `set local role app_user;`,
  },
  'a role that the test says afterwards': {
    define: body('set local role app_user;'),
    call: 'aid.login()',
    after: 'set local role app_admin;',
  },
  'a role that a savepoint takes back': {
    define: body('set local role app_admin;'),
    before: 'set local role app_user; savepoint s;',
    call: 'aid.login()',
    after: 'rollback to s;',
  },
  'branches that differ': {
    define: body(
      `if who = 'x' then set local role app_admin; else set local role app_user; end if;`,
      'who text',
    ),
    call: `aid.login('ann')`,
    unknown: true,
  },
  'a branch that raises': {
    define: body(`if who is null then raise 'nobody'; end if; set local role app_user;`, 'who text'),
    call: `aid.login('ann')`,
  },
  'two calls': {
    define: `${body('set local role app_admin;')}
      create function aid.out() returns void language sql as $$ select set_config('role', 'app_user', true) $$;`,
    call: 'aid.login(), aid.out()',
  },
  'a function that only looks like one': {
    define: body(`update aid.t set role = 'app_admin';`),
    before: 'set local role app_user;',
    call: 'aid.login()',
  },
};

const TABLE = `create schema aid; create table aid.t (role text);
  grant all on schema aid to public; grant all on aid.t to public;`;

let db: PGlite;
beforeAll(async () => {
  db = await startPglite();
  await db.exec('create extension if not exists pgtap; create role app_user; create role app_admin');
});
afterAll(stopPglite);

describe('a helper with', () => {
  for (const [name, { define, call, unknown, before = '', after = '' }] of Object.entries(HELPERS)) {
    it(name, async () => {
      const steps = `${before} select ${call}; ${after}`;
      const server = await asked(define, steps);
      const test = `begin; select plan(1); ${steps} select lives_ok('insert into aid.t values (1)'); rollback;`;
      const expected = unknown ? [] : [`${server.role}${server.sub && `/${server.sub}`}`];
      for (const sources of placed(define, test)) expect(await runners(sources)).toEqual(expected);
    });
  }

  it('the name of another in another schema is not meant', async () => {
    const define = `${body('set local role app_admin;')} create schema b;
      create function b.login() returns void language sql as 'select 1';`;
    const test = `begin; set local role app_user; select b.login(); select lives_ok('insert into aid.t values (1)'); rollback;`;
    for (const sources of placed(define, test)) expect(await runners(sources)).toEqual(['app_user']);
  });

  it('one name in two files of tests is that of the own file', async () => {
    const define = (role: string) => `create function pg_temp.login() returns void language plpgsql as
      $$ begin set local role ${role}; end $$; `;
    const test = (role: string) =>
      `begin; ${define(role)} select pg_temp.login(); select lives_ok('insert into aid.t values (1)'); rollback;`;
    const found = await runners([
      { path: 'schema.sql', role: 'schema', text: TABLE },
      { path: 'a.sql', role: 'tests', text: test('app_user') },
      { path: 'b.sql', role: 'tests', text: test('app_admin') },
    ]);
    expect(found).toEqual(['app_admin', 'app_user']);
  });
});

/** Who the server says runs what comes after these steps. */
async function asked(define: string, steps: string): Promise<{ role: string; sub: string }> {
  await db.exec(`${TABLE} ${define}`);
  try {
    await db.exec(`begin; ${steps}`);
    const { rows } = await db.query<{ role: string; sub: string | null }>(`
      select current_user::text as role, coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub') as sub`);
    return { role: rows[0]?.role ?? '', sub: rows[0]?.sub ?? '' };
  } finally {
    await db.exec('rollback; drop schema aid cascade');
  }
}

/** The helper in the file of the test, in another test, in the schema. */
function* placed(define: string, test: string): Generator<Source[]> {
  const schema: Source = { path: 'schema.sql', role: 'schema', text: TABLE };
  yield [schema, { path: 'test.sql', role: 'tests', text: `${define}\n${test}` }];
  yield [
    schema,
    { path: 'z.sql', role: 'tests', text: define },
    { path: 'a.sql', role: 'tests', text: test },
  ];
  yield [
    { ...schema, text: `${TABLE} ${define}` },
    { path: 'test.sql', role: 'tests', text: test },
  ];
}

/** `role/persona` of the cells for INSERT into the table. */
async function runners(sources: Source[]): Promise<string[]> {
  const coverage = await scanTexts(sources);
  const { rows } = await coverage.matrix({ limit: 100 });
  return rows
    .filter(({ name, command }) => name === 't' && command === 'insert')
    .map(({ role, persona }) => role + (persona && `/${persona}`));
}
