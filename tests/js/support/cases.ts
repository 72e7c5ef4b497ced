// Cases of behaviour: a schema, a test that passes on a live PostgreSQL, and what it exercises. The server judges each case:
// the test passes, what was reached is what its statistics saw, and each cell agrees with the privileges of its role.

import type { PGlite } from '@electric-sql/pglite';
import { expect } from 'vitest';
import { catalogueSource } from '../../../js/catalogue.js';
import type { Coverage } from '../../../js/index.js';
import type { MatrixRow, Rule } from '../../../js/types.js';
import { parseTap, runText, tapProblems } from './pglite.js';
import { allEvidence, scanTexts, type Source } from './scan.js';

export interface Case {
  schema?: string;
  test: string;
  /** `kind name[.sub] aspect strength [flag]`, in whatever order; structure is left out. */
  evidence: string[];
  /** Routines that are called, where several share a name. */
  overloads?: string[];
  /** `kind name aspect` of what is asserted, where that matters. */
  structure?: string[];
  rules?: Rule[];
  /** Cells of the access matrix: `relation command role[/persona] outcome [causes]`. */
  matrix?: string[];
  /** `name command` of what the server reaches without that a statement of the test says so: through bodies, keys, cascades. */
  indirect?: string[];
  /** `name command` of what a statement says and the server does not come to: refused, no rows, not counted. */
  unreached?: string[];
}

export const ROLES = ['shop_user', 'shop_guest', 'shop_staff', 'shop_admin'];

/** Once for a server. */
export const PREPARE = `create extension if not exists pgtap; set track_functions = 'all';
  ${ROLES.map((role) => `create role ${role};`).join(' ')} alter role shop_admin bypassrls`;

/** Runs the case on the server and scans it, with its schema as text and as the server's catalogue lists it. */
export async function check(db: PGlite, { schema, ...row }: Case & { schema: string }): Promise<void> {
  const script = `begin;\nselect no_plan();\n${row.test}\nselect * from finish();\nrollback;\n`;
  const test: Source = { path: 'test.sql', role: 'tests', text: script };
  try {
    await db.exec(schema);
    const reached = await runOnServer(db, script);
    const rights = await Rights.of(db);
    const listed = await catalogueSource(async (sql) => (await db.query<Record<string, unknown>>(sql)).rows);
    for (const source of [
      { path: 'schema.sql', role: 'schema', text: schema },
      { path: 'catalogue', role: 'inventory', text: listed },
    ] satisfies Source[]) {
      const coverage = await scanTexts([source, test], row.rules);
      const rows = (await coverage.matrix({ limit: 1000 })).rows.filter(({ command }) => command !== 'usage');
      expect(await used(coverage)).toEqual([...row.evidence].sort());
      expect(rows.map(spellCell).sort()).toEqual([...(row.matrix ?? [])].sort());
      if (row.structure) expect(await asserted(coverage)).toEqual([...row.structure].sort());
      if (row.overloads) expect(await called(coverage)).toEqual([...row.overloads].sort());
      // the server's view of the same run
      const said = await effects(coverage);
      expect(without(withoutScans(reached, said), said), 'reached, but not said').toEqual(
        [...(row.indirect ?? [])].sort(),
      );
      expect(without(said, reached), 'said, but not reached').toEqual([...(row.unreached ?? [])].sort());
      expect(rows.filter((cell) => !rights.agree(cell)).map(spellCell), 'cells against privileges').toEqual(
        [],
      );
    }
  } finally {
    await db.exec(`reset role; reset search_path; drop schema shop cascade; drop schema if exists help cascade;
      drop owned by ${ROLES.join(', ')}; revoke ${ROLES.join(', ')} from ${ROLES.join(', ')}`);
  }
}

const PROBE = `reset role;
  select '# ' || coalesce(string_agg(format('%s %s %s', name, what, times), ' | '), '') from (
    select schemaname || '.' || relname, 'read', coalesce(seq_scan, 0) + coalesce(idx_scan, 0) from pg_stat_xact_user_tables
    union all select schemaname || '.' || relname, 'insert', n_tup_ins from pg_stat_xact_user_tables
    union all select schemaname || '.' || relname, 'update', n_tup_upd from pg_stat_xact_user_tables
    union all select schemaname || '.' || relname, 'delete', n_tup_del from pg_stat_xact_user_tables
    union all select schemaname || '.' || funcname, 'called', calls from pg_stat_xact_user_functions
  ) as seen (name, what, times) where times > 0 and name like 'shop.%';`;

/** Runs the script and answers what it reached in the schema shop: `name command`. */
async function runOnServer(db: PGlite, script: string): Promise<Set<string>> {
  const [head, end] = ['begin;\n', '\nrollback;\n'];
  const probed = `${head}${PROBE}\n${script.slice(head.length, -end.length)}\n${PROBE}${end}`;
  await db.exec("set track_functions = 'all'");
  const run = await runText(db, probed);
  expect(run.error).toBeUndefined();
  expect(tapProblems(parseTap(run.output))).toEqual([]);
  const probes = run.output.filter((line) => line.startsWith('# ') || line === '#');
  const [before, after] = [probes[0]!, probes.at(-1)!].map((line) => new Set(line.slice(2).split(' | ')));
  // a count that rose
  return new Set(
    [...after!].filter((count) => !before!.has(count)).map((count) => count.replace(/ \d+$/, '')),
  );
}

/** What the scan says was read, written, called or fired, in the server's words. */
async function effects(coverage: Coverage): Promise<Set<string>> {
  const said = new Set<string>();
  for await (const [{ kind, schema, name }, { aspect, strength, flags }] of allEvidence(coverage)) {
    if (strength === 'structure' || flags || schema !== 'shop') continue;
    if (['table', 'partitioned-table'].includes(kind) && COMMANDS.includes(aspect))
      said.add(`${schema}.${name} ${aspect}`);
    if (['function', 'procedure'].includes(kind) && ['called', 'fired'].includes(aspect)) {
      said.add(`${schema}.${name} called`);
    }
  }
  return said;
}

const COMMANDS = ['read', 'insert', 'update', 'delete'];

/** What a write of rows reads of its own table is no news. */
function withoutScans(reached: Set<string>, said: Set<string>): Set<string> {
  const isScan = (item: string) =>
    ['update', 'delete'].some(
      (write) => said.has(item.replace(/ read$/, ` ${write}`)) && item.endsWith(' read'),
    );
  return new Set([...reached].filter((item) => said.has(item) || !isScan(item)));
}

function without(these: Set<string>, those: Set<string>): string[] {
  return [...these].filter((item) => !those.has(item)).sort();
}

/** Who may do what by the server's own word. */
class Rights {
  private constructor(
    private readonly held: Set<string>,
    /** Held on all columns. */
    private readonly whole: Set<string>,
  ) {}

  static async of(db: PGlite): Promise<Rights> {
    const { rows } = await db.query<{ held: string; whole: boolean }>(`
      select format('%s.%s %s %s', nspname, relname, command, role) as held, has_table_privilege(role, c.oid, command) as whole
      from pg_class c join pg_namespace n on n.oid = relnamespace and nspname = 'shop' and relkind in ('r', 'p', 'v', 'm', 'f'),
        unnest(array['${ROLES.join("','")}']) role, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) command
      where has_schema_privilege(role, n.oid, 'usage') and (has_table_privilege(role, c.oid, command)
        or command in ('select', 'insert', 'update') and has_any_column_privilege(role, c.oid, command))
      union all
      select format('%s.%s execute %s', nspname, proname, role), true
      from pg_proc p join pg_namespace n on n.oid = pronamespace and nspname = 'shop', unnest(array['${ROLES.join("','")}']) role
      where has_schema_privilege(role, n.oid, 'usage') and has_function_privilege(role, p.oid, 'execute')`);
    const whole = rows.filter((row) => row.whole);
    return new Rights(new Set(rows.map((row) => row.held)), new Set(whole.map((row) => row.held)));
  }

  /** A cell that privileges denied is one of a role without them, every other of a role that has them. */
  agree({ schema, name, command, role, outcome, causes }: MatrixRow): boolean {
    const privilege = command === 'read' ? 'select' : command === 'called' ? 'execute' : command;
    const right = `${schema}.${name} ${privilege} ${role}`;
    if (outcome === 'denied' && causes.includes('privilege')) return !this.whole.has(right);
    return causes.includes('unknown') || this.held.has(right);
  }
}

function spellCell({ schema, name, command, role, persona, outcome, causes }: MatrixRow): string {
  return [`${schema}.${name}`, command, role + (persona && `/${persona}`), outcome, ...causes].join(' ');
}

async function used(coverage: Coverage): Promise<string[]> {
  const rows = new Set<string>();
  for await (const [object, evidence] of allEvidence(coverage)) {
    if (evidence.strength === 'structure') continue;
    const { kind, schema, name, sub } = object;
    const flags = evidence.flags?.map((flag) => ` ${flag}`).join('') ?? '';
    rows.add(`${kind} ${schema}.${name}${sub && `.${sub}`} ${evidence.aspect} ${evidence.strength}${flags}`);
  }
  return [...rows].sort();
}

async function asserted(coverage: Coverage): Promise<string[]> {
  const rows = new Set<string>();
  for await (const [{ kind, schema, name }, { aspect, strength }] of allEvidence(coverage)) {
    if (strength === 'structure') rows.add(`${kind} ${schema}.${name} ${aspect}`);
  }
  return [...rows].sort();
}

async function called(coverage: Coverage): Promise<string[]> {
  const rows = new Set<string>();
  for await (const [{ name, args }, { aspect }] of allEvidence(coverage)) {
    if (aspect === 'called') rows.add(`${name}(${args})`);
  }
  return [...rows].sort();
}
