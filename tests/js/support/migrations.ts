// Migrations that nobody would write: statements made up from what a live PostgreSQL has at that point, over few names.

import type { PGlite } from '@electric-sql/pglite';

/** A server that takes statements one by one and forgets all of them in the end. */
export class Rehearsal {
  /** Savepoints of the script that are open; the first is its BEGIN. */
  private marks: string[] = [];
  private constructor(private readonly db: PGlite) {}

  // one savepoint always stands before the next statement
  static async start(db: PGlite): Promise<Rehearsal> {
    await db.exec('begin; savepoint next_one;');
    return new Rehearsal(db);
  }

  get inTransaction(): boolean {
    return this.marks.length > 0;
  }

  /** Runs a statement; false where the server, or the transaction that is open, refuses it. */
  async accepts(statement: string): Promise<boolean> {
    const control = /^(begin|commit|rollback to|rollback|savepoint|release)\b ?(\w*);$/.exec(statement);
    if (control) {
      const command = this.control(control[1]!, control[2]!);
      if (command) await this.db.exec(`release savepoint next_one; ${command}; savepoint next_one;`);
      return command !== undefined;
    }
    try {
      await this.db.exec(`${statement} release savepoint next_one; savepoint next_one;`);
      return true;
    } catch {
      await this.db.exec('rollback to savepoint next_one;');
      return false;
    }
  }

  // The outer transaction stays open: what the script begins is a savepoint in it.
  private control(command: string, name: string): string | undefined {
    const at = this.marks.lastIndexOf(name);
    if ((command === 'begin') === this.inTransaction) return undefined;
    if ((command === 'rollback to' || command === 'release') && at < 1) return undefined;
    switch (command) {
      case 'begin':
        this.marks = ['the_begin'];
        return 'savepoint the_begin';
      case 'savepoint':
        this.marks.push(name);
        return `savepoint ${name}`;
      case 'rollback to':
        this.marks.length = at + 1;
        return `rollback to savepoint ${name}`;
      case 'release':
        this.marks.length = at;
        return `release savepoint ${name}`;
      default:
        this.marks = [];
        return `${command === 'rollback' ? 'rollback to savepoint the_begin; ' : ''}release savepoint the_begin`;
    }
  }

  async end(): Promise<void> {
    await this.db.exec('rollback');
  }
}

interface Relation {
  schema: string;
  name: string;
  /** pg_class.relkind */
  kind: string;
  visible: boolean;
  parent: string | null;
  /** 'l', 'r', 'h' of a partitioned table */
  strategy: string | null;
  columns: { name: string; type: string; identity: string }[] | null;
  constraints: { name: string; type: string }[] | null;
  indexes: { name: string; constraint: boolean; unique: boolean }[] | null;
  triggers: string[] | null;
  policies: string[] | null;
  rules: string[] | null;
}

interface Named {
  schema: string;
  name: string;
  visible: boolean;
}

interface Type extends Named {
  /** pg_type.typtype */
  kind: string;
  constraints: string[] | null;
}

interface Routine extends Named {
  /** pg_proc.prokind */
  kind: string;
  args: string;
  returns: string;
}

/** What there is. */
export interface Schema {
  schemas: string[];
  relations: Relation[];
  types: Type[];
  routines: Routine[];
}

const SCHEMA = `
  with ns as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
  select json_build_object(
    'schemas', (select json_agg(nspname order by nspname) from ns),
    'relations', (
      select json_agg(json_build_object(
        'schema', nspname, 'name', relname, 'kind', relkind, 'visible', pg_table_is_visible(c.oid),
        'parent', (select quote_ident(pn.nspname) || '.' || quote_ident(p.relname) from pg_inherits
          join pg_class p on p.oid = inhparent join pg_namespace pn on pn.oid = p.relnamespace where inhrelid = c.oid
          and c.relispartition),
        'strategy', (select partstrat from pg_partitioned_table where partrelid = c.oid),
        'columns', (select json_agg(json_build_object('name', attname, 'identity', attidentity,
          'type', format_type(atttypid, atttypmod)) order by attnum)
          from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped),
        'constraints', (select json_agg(json_build_object('name', conname, 'type', contype) order by conname)
          from pg_constraint where conrelid = c.oid and conparentid = 0 and contype <> 'n'),
        'indexes', (select json_agg(json_build_object('name', i.relname, 'unique', indisunique,
          'constraint', exists (select from pg_constraint where conindid = i.oid)) order by i.relname)
          from pg_index join pg_class i on i.oid = indexrelid where indrelid = c.oid),
        'triggers', (select json_agg(tgname order by tgname) from pg_trigger
          where tgrelid = c.oid and not tgisinternal),
        'policies', (select json_agg(polname order by polname) from pg_policy where polrelid = c.oid),
        'rules', (select json_agg(rulename order by rulename) from pg_rewrite
          where ev_class = c.oid and rulename <> '_RETURN'))
        order by nspname, relname)
      from pg_class c join ns on ns.oid = relnamespace where relkind in ('r', 'p', 'v', 'm', 'S', 'c')),
    'types', (
      select json_agg(json_build_object('schema', nspname, 'name', typname, 'kind', typtype,
        'visible', pg_type_is_visible(t.oid),
        'constraints', (select json_agg(conname order by conname) from pg_constraint
          where contypid = t.oid and contype = 'c')) order by nspname, typname)
      from pg_type t join ns on ns.oid = typnamespace left join pg_class r on r.oid = typrelid
      where typtype in ('d', 'e', 'r') or relkind = 'c'),
    'routines', (
      select json_agg(json_build_object('schema', nspname, 'name', proname, 'kind', prokind,
        'visible', pg_function_is_visible(p.oid), 'returns', format_type(prorettype, null),
        'args', (select coalesce(string_agg(case when n.nspname = 'pg_catalog' then format_type(t.oid, null)
            when t.typelem <> 0 then quote_ident(n.nspname) || '.' || quote_ident(e.typname) || '[]'
            else quote_ident(n.nspname) || '.' || quote_ident(t.typname) end, ', ' order by place), '')
          from unnest(proargtypes) with ordinality a (ty, place) join pg_type t on t.oid = ty
            join pg_namespace n on n.oid = t.typnamespace left join pg_type e on e.oid = t.typelem))
        order by nspname, proname, oidvectortypes(proargtypes))
      from pg_proc p join ns on ns.oid = pronamespace
      where not exists (select from pg_depend where objid = p.oid and deptype in ('e', 'i')))) as schema`;

/** What there is now, seen through the search_path. */
export async function readSchema(db: PGlite): Promise<Schema> {
  const { rows } = await db.query<{ schema: Record<keyof Schema, unknown[] | null> }>(SCHEMA);
  const { schemas, relations, types, routines } = rows[0]!.schema;
  return {
    schemas: (schemas ?? []) as string[],
    relations: (relations ?? []) as Relation[],
    types: (types ?? []) as Type[],
    routines: (routines ?? []) as Routine[],
  };
}

const LONG = 'a_name_of_which_only_the_first_sixty_three_bytes_are_kept_by_it';
// few, so that they collide, and some of them as PostgreSQL makes them
const NAMES = [
  ...['t', 'u', 'v', 't', 'u', 'p', 'f', 'e', 't1', 't_a_idx', 't_a_key', 't_pkey', 't_a_seq', 't_a_check'],
  ...['t_a_fkey', 't_check', '_t', 'u_a_seq1', 'T t', 'ä"b', LONG, `${LONG}_too`, `${LONG.slice(0, 60)}zz`],
];
const COLUMNS = ['a', 'b', 'c', 'd', 'a', 'b', 'A b', 'a_b', LONG.slice(0, 58), `${LONG}_as_well`];
const SCHEMAS = ['public', 'app', 's', 'S 2'];
const BUILT_IN = [
  'int',
  'int',
  'int',
  'int4',
  'text',
  'text',
  'bigint',
  'numeric(8, 2)',
  'date',
  'varchar(9)',
];

/** Makes statements up; the same seed makes the same ones from the same schemas. */
export class Writer {
  private schema: Schema = { schemas: ['public'], relations: [], types: [], routines: [] };

  constructor(private state: number) {}

  /** The next statement for a database with these objects. */
  statement(schema: Schema, inTransaction: boolean): string {
    this.schema = schema;
    if (this.chance(inTransaction ? 0.12 : 0.03)) return this.transaction(inTransaction);
    if (this.chance(0.03)) return this.searchPath();
    const makes: [number, () => string][] = [
      [5, () => this.createTable()],
      [3, () => this.createPartition()],
      [2, () => this.createView()],
      [2, () => this.createSequence()],
      [3, () => this.createType()],
      [3, () => this.createRoutine()],
      [3, () => this.createIndex()],
      [2, () => this.createPart()],
      [1, () => `create schema ${this.chance(0.3) ? 'if not exists ' : ''}${this.id(this.pick(SCHEMAS))};`],
      [9, () => this.alterTable()],
      [3, () => this.alterPart()],
      [3, () => this.alterType()],
      [2, () => this.alterSequence()],
      [2, () => this.alterRoutine()],
      [1, () => this.alterSchema()],
      [5, () => this.drop()],
    ];
    const statement = this.weighted(makes);
    if (!this.chance(0.05)) return statement;
    const literal = statement.slice(0, -1).replaceAll("'", "''");
    return this.chance(0.5)
      ? `do $do$ begin ${statement} end $do$;`
      : `do $do$ begin execute '${literal}'; end $do$;`;
  }

  /** Less than `n`. */
  below(n: number): number {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  }

  private chance(p: number): boolean {
    return this.below(10_000) < p * 10_000;
  }

  private pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  /** One of them, or nothing at all. */
  private maybe<T>(of: readonly T[] | null | undefined): T | undefined {
    return of && of.length > 0 ? this.pick(of) : undefined;
  }

  private weighted<T>(of: [number, () => T][]): T {
    let left = this.below(of.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of of) {
      if (left < weight) return make();
      left -= weight;
    }
    return of[0]![1]();
  }

  private some<T>(most: number, make: (n: number) => T): T[] {
    return Array.from({ length: 1 + this.below(most) }, (_, n) => make(n));
  }

  private if(p: number, text: string): string {
    return this.chance(p) ? text : '';
  }

  // ---- names

  /** As a name is written: quoted where it must be, and at times in another case. */
  private id(name: string): string {
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) return `"${name.replaceAll('"', '""')}"`;
    const way = this.below(20);
    return way === 0 ? `"${name}"` : way === 1 ? name.toUpperCase() : name;
  }

  private anySchema(): string {
    return this.maybe(this.schema.schemas) ?? 'public';
  }

  /** A new name, with a schema at times. */
  private fresh(): string {
    const name = this.id(this.pick(NAMES));
    return this.chance(0.3) ? `${this.id(this.anySchema())}.${name}` : name;
  }

  private newColumn(): string {
    return this.id(this.pick(COLUMNS));
  }

  /** How something that is there is written: with its schema, or without where it is seen or just perhaps. */
  private known(named: Named): string {
    const bare = named.visible ? this.chance(0.6) : this.chance(0.05);
    return bare ? this.id(named.name) : `${this.id(named.schema)}.${this.id(named.name)}`;
  }

  private relation(kinds: string): Relation | undefined {
    return this.maybe(this.schema.relations.filter(({ kind }) => kinds.includes(kind)));
  }

  /** A table that is there; now and then a name that need not be. */
  private table(kinds = 'rp'): { relation: Relation; name: string } {
    const relation = this.chance(0.97) ? this.relation(kinds) : undefined;
    if (relation) return { relation, name: this.known(relation) };
    const made = { schema: this.anySchema(), name: this.pick(NAMES), visible: false };
    const none = { parent: null, strategy: null, constraints: null, indexes: null };
    const columns = [{ name: 'a', type: 'integer', identity: '' }];
    const nothing: Relation = {
      ...made,
      ...none,
      kind: 'r',
      columns,
      triggers: null,
      policies: null,
      rules: null,
    };
    return { relation: nothing, name: this.known(made) };
  }

  private column(relation: Relation): string {
    const column = this.chance(0.96) ? this.maybe(relation.columns) : undefined;
    return column ? this.id(column.name) : this.newColumn();
  }

  private columns(relation: Relation, most: number): string {
    return [...new Set(this.some(most, () => this.column(relation)))].join(', ');
  }

  private type(): string {
    const array = this.if(0.12, '[]');
    const user = this.chance(0.3) ? this.maybe(this.schema.types) : undefined;
    if (user) return this.known(user) + array;
    const row = this.chance(0.03) ? this.relation('rpvm') : undefined;
    return (row ? this.known(row) : this.pick(BUILT_IN)) + array;
  }

  /** A function that takes nothing, or one int. */
  private call(column: string): string | undefined {
    const callable = this.schema.routines.filter(
      ({ kind, args, returns }) => kind === 'f' && ['', 'integer'].includes(args) && returns !== 'trigger',
    );
    const routine = this.maybe(callable);
    return routine && `${this.known(routine)}(${routine.args === '' ? '' : column})`;
  }

  // ---- expressions

  private condition(columns: () => string): string {
    const column = columns();
    return this.weighted([
      [4, () => `${column} is not null`],
      [2, () => `${column} is not null or ${columns()} is null`],
      [1, () => `${columns()} = ${columns()}`],
      [1, () => 'true'],
      [1, () => `coalesce(${column}::text, 'a, b') <> ''`],
      [1, () => `length(${column}::text) > 1 and ${columns()} is not null`],
      [2, () => `${this.call(column) ?? `${column} > 0`} is not null`],
      [1, () => `cast(${column} as text) <> '' and 1 = 1`],
    ]);
  }

  // ---- tables

  private named(): string {
    return this.chance(0.25) ? `constraint ${this.id(this.pick([...NAMES, ...COLUMNS]))} ` : '';
  }

  private reference(columns: number): string {
    const { relation, name } = this.table();
    const keys = columns > 1 || this.chance(0.5) ? ` (${this.columns(relation, columns)})` : '';
    return `references ${name}${keys}${this.if(0.15, ' on delete cascade')}${this.if(0.1, ' deferrable')}`;
  }

  private columnOption(column: string): string {
    return this.weighted([
      [3, () => `${this.named()}primary key`],
      [4, () => `${this.named()}unique${this.if(0.1, ' nulls not distinct')}`],
      [
        4,
        () =>
          `${this.named()}check (${this.condition(() => (this.chance(0.85) ? column : this.newColumn()))})`,
      ],
      [4, () => this.named() + this.reference(1)],
      [2, () => 'not null'],
      [2, () => `default ${this.call(column) ?? 'null'}`],
      [2, () => this.identity()],
      [1, () => `generated always as (${this.pick(COLUMNS.slice(0, 4))} + 1) stored`],
    ]);
  }

  private identity(): string {
    const how = this.pick(['always', 'by default']);
    const name = this.if(0.15, ` (sequence name ${this.fresh()})`);
    return `generated ${how} as identity${name}`;
  }

  private columnDefinition(name = this.newColumn()): string {
    const type = this.chance(0.12) ? this.pick(['serial', 'bigserial']) : this.type();
    const options = this.chance(0.45) ? this.some(2, () => ` ${this.columnOption(name)}`) : [];
    return `${name} ${type}${options.join('')}`;
  }

  private tableConstraint(column: () => string): string {
    const columns = (most: number) => [...new Set(this.some(most, column))].join(', ');
    return (
      this.named() +
      this.weighted([
        [2, () => `primary key (${columns(2)})${this.if(0.1, ` include (${column()})`)}`],
        [
          3,
          () =>
            `unique (${columns(2)})${this.if(0.1, ` include (${column()})`)}${this.if(0.1, ' deferrable')}`,
        ],
        [4, () => `check (${this.condition(column)})${this.if(0.1, ' no inherit')}`],
        [3, () => `foreign key (${column()}) ${this.reference(1)}`],
        [1, () => `foreign key (${column()}, ${column()}) ${this.reference(2)}`],
        [
          1,
          () => `exclude using btree (${column()} with =)${this.if(0.3, ` where (${column()} is not null)`)}`,
        ],
      ])
    );
  }

  private like(): string {
    const options = this.chance(0.6)
      ? this.some(3, () => {
          const what = [
            'all',
            'all',
            'constraints',
            'indexes',
            'identity',
            'defaults',
            'generated',
            'comments',
          ];
          return ` ${this.chance(0.85) ? 'including' : 'excluding'} ${this.pick(what)}`;
        })
      : [];
    return `like ${this.table('rpc').name}${options.join('')}`;
  }

  private partitionBy(column: string): string {
    return ` partition by ${this.pick(['list', 'range', 'hash'])} (${column})`;
  }

  private createTable(): string {
    const head = `create ${this.if(0.05, 'unlogged ')}table ${this.if(0.1, 'if not exists ')}${this.fresh()}`;
    const composite = this.chance(0.05) ? this.relation('c') : undefined;
    if (composite) {
      const column = this.column(composite);
      const own = this.chance(0.5) ? ` (${column} with options ${this.columnOption(column)})` : '';
      return `${head} of ${this.known(composite)}${own};`;
    }
    const names = [...new Set(this.some(4, () => this.pick(COLUMNS)))].map((name) => this.id(name));
    const elements = names.map((name) => this.columnDefinition(name));
    const column = () => this.pick(names);
    while (this.chance(0.35)) elements.push(this.tableConstraint(column));
    if (this.chance(0.1)) elements.splice(this.below(2), 0, this.like());
    const parents = this.chance(0.15) ? this.some(2, () => this.table('r').name) : [];
    const inherits = parents.length > 0 ? ` inherits (${parents.join(', ')})` : '';
    const partitions = inherits === '' && this.chance(0.3) ? this.partitionBy(column()) : '';
    if (this.chance(0.05)) return `${head} ()${inherits};`;
    return `${head} (${elements.join(', ')})${inherits}${partitions};`;
  }

  private bound(strategy: string | null): string {
    if (this.chance(0.15)) return 'default';
    const n = this.below(6);
    switch (strategy) {
      case 'l':
        return `for values in ('${n}')`;
      case 'r':
        return `for values from ('${n}') to ('${n + 1}')`;
      default:
        return `for values with (modulus 4, remainder ${n % 4})`;
    }
  }

  private createPartition(): string {
    const { relation, name } = this.table('p');
    const own = this.chance(0.3)
      ? this.some(2, () => {
          const column = this.column(relation);
          return this.chance(0.5)
            ? `${column} ${this.if(0.5, 'with options ')}${this.columnOption(column)}`
            : this.tableConstraint(() => this.column(relation));
        })
      : [];
    const elements = own.length > 0 ? ` (${own.join(', ')})` : '';
    const below = this.if(0.3, this.partitionBy(this.column(relation)));
    return `create table ${this.if(0.1, 'if not exists ')}${this.fresh()} partition of ${name}${elements} ${this.bound(relation.strategy)}${below};`;
  }

  private createView(): string {
    const { relation, name } = this.table('rpvm');
    const columns = this.chance(0.2) ? '*' : this.columns(relation, 3);
    const where = this.chance(0.4) ? ` where ${this.condition(() => this.column(relation))}` : '';
    const kind = this.pick(['view', 'view', 'or replace view', 'materialized view']);
    return `create ${kind} ${this.fresh()} as select ${columns} from ${name}${where};`;
  }

  private createSequence(): string {
    const { relation, name } = this.table('r');
    const owner = this.chance(0.3) ? ` owned by ${name}.${this.column(relation)}` : '';
    return `create sequence ${this.if(0.15, 'if not exists ')}${this.fresh()}${this.if(0.2, ' as int')}${owner};`;
  }

  private createType(): string {
    const name = this.fresh();
    return this.weighted([
      [3, () => `create type ${name} as enum ('a', 'b, c');`],
      [3, () => `create type ${name} as (${this.attributes()});`],
      [3, () => `create domain ${name} as ${this.type()}${this.domainChecks()};`],
      [1, () => `create type ${name} as range (subtype = ${this.type()});`],
      [1, () => `create type ${name} as range (subtype = int, multirange_type_name = ${this.fresh()});`],
    ]);
  }

  private attributes(): string {
    const names = [...new Set(this.some(3, () => this.pick(COLUMNS)))];
    return names.map((name) => `${this.id(name)} ${this.type()}`).join(', ');
  }

  private domainChecks(): string {
    const check = () => ` ${this.named()}check (value is not null)`;
    return this.if(0.2, ' not null') + (this.chance(0.6) ? this.some(2, check).join('') : '');
  }

  private argument(): string {
    const name = this.chance(0.5) ? `${this.newColumn()} ` : '';
    return `${this.pick(['', '', '', '', 'in ', 'inout '])}${name}${this.type()}`;
  }

  private createRoutine(): string {
    const replace = this.if(0.2, 'or replace ');
    const name = this.fresh();
    const args = this.chance(0.6) ? this.some(2, () => this.argument()) : [];
    const list = args.join(', ');
    return this.weighted([
      [
        3,
        () =>
          `create ${replace}function ${name}(${list}) returns ${this.type()} language sql as 'select null';`,
      ],
      [2, () => `create ${replace}function ${name}() returns int language sql as 'select 1';`],
      [2, () => `create ${replace}function ${name}(int) returns int language sql immutable as 'select 1';`],
      [
        4,
        () =>
          `create ${replace}function ${name}() returns trigger language plpgsql as 'begin return new; end';`,
      ],
      [
        2,
        () =>
          `create ${replace}function ${name}(${[...args, `out ${this.newColumn()} ${this.type()}`].join(', ')}) language plpgsql as 'begin end';`,
      ],
      [
        1,
        () =>
          `create ${replace}function ${name}(${[...args, `variadic ${this.newColumn()} int[]`].join(', ')}) returns int language plpgsql as 'begin return 1; end';`,
      ],
      [
        1,
        () =>
          `create ${replace}function ${name}(${list}) returns table (x ${this.type()}, y int) language plpgsql as 'begin end';`,
      ],
      [
        1,
        () =>
          `create ${replace}function ${name}() returns setof ${this.type()} language plpgsql as 'begin end';`,
      ],
      [2, () => `create ${replace}procedure ${name}(${list}) language plpgsql as 'begin end';`],
      [1, () => `create ${replace}aggregate ${name}(int) (sfunc = int4pl, stype = int);`],
    ]);
  }

  private createIndex(): string {
    const { relation, name } = this.table('rprpm');
    const part = () =>
      this.weighted([
        [6, () => this.column(relation) + this.if(0.1, ' desc')],
        [1, () => `lower(${this.column(relation)}::text)`],
        [1, () => `(${this.column(relation)} is null)`],
        [1, () => `(${this.call(this.column(relation)) ?? '1'})`],
      ]);
    const index = this.chance(0.4) ? ` ${this.if(0.15, 'if not exists ')}${this.id(this.pick(NAMES))}` : '';
    const include = this.chance(0.1) ? ` include (${this.column(relation)})` : '';
    const where = this.chance(0.15) ? ` where ${this.condition(() => this.column(relation))}` : '';
    const only = this.if(0.1, 'only ');
    return `create ${this.if(0.25, 'unique ')}index${index} on ${only}${name} (${this.some(2, part).join(', ')})${include}${where};`;
  }

  private triggerFunction(): string {
    const routine = this.maybe(this.schema.routines.filter(({ returns }) => returns === 'trigger'));
    return routine ? this.known(routine) : 'f';
  }

  /** A trigger, a policy, a rule. */
  private createPart(): string {
    const { relation, name } = this.table('rprpv');
    const part = this.id(this.pick(NAMES));
    const replace = this.if(0.15, 'or replace ');
    const row = this.if(0.6, ' for each row');
    const event = this.chance(0.3)
      ? `update of ${this.columns(relation, 2)}`
      : this.pick(['insert', 'delete']);
    const call = `execute function ${this.triggerFunction()}()`;
    return this.weighted([
      [4, () => `create ${replace}trigger ${part} after ${event} on ${name}${row} ${call};`],
      [1, () => `create constraint trigger ${part} after insert on ${name} for each row ${call};`],
      [2, () => `create policy ${part} on ${name} using (${this.condition(() => this.column(relation))});`],
      [1, () => `create policy ${part} on ${name} for insert with check (true);`],
      [1, () => `create ${replace}rule ${part} as on insert to ${name} do instead nothing;`],
      [
        1,
        () =>
          `create ${replace}rule ${part} as on update to ${name} do also delete from ${this.table().name};`,
      ],
    ]);
  }

  // ---- changes

  private alterTable(): string {
    const { relation, name } = this.table('rprprpvmc');
    const head = `alter table ${this.if(0.05, 'if exists ')}${this.if(0.07, 'only ')}${name}`;
    const column = () => this.column(relation);
    if (relation.kind === 'c') return this.alterComposite(relation);
    return this.weighted([
      [2, () => `${head} rename to ${this.id(this.pick(NAMES))};`],
      [2, () => `${head} set schema ${this.id(this.anySchema())};`],
      [3, () => `${head} rename ${this.if(0.5, 'column ')}${column()} to ${this.newColumn()};`],
      [2, () => `${head} rename constraint ${this.constraint(relation)} to ${this.id(this.pick(NAMES))};`],
      [3, () => this.alterPartition(relation)],
      [1, () => `${head} ${this.if(0.5, 'no ')}inherit ${this.table('r').name};`],
      [1, () => `${head} ${this.pick(['enable row level security', 'set (fillfactor = 70)'])};`],
      [15, () => `${head} ${this.some(3, () => this.action(relation)).join(', ')};`],
    ]);
  }

  private constraint(relation: Relation): string {
    return this.id(this.maybe(relation.constraints)?.name ?? this.pick(NAMES));
  }

  private action(relation: Relation): string {
    const column = this.column(relation);
    const cascade = this.if(0.3, ' cascade');
    return this.weighted([
      [5, () => `add ${this.if(0.5, 'column ')}${this.if(0.1, 'if not exists ')}${this.columnDefinition()}`],
      [4, () => `drop ${this.if(0.5, 'column ')}${this.if(0.1, 'if exists ')}${column}${cascade}`],
      [5, () => `add ${this.tableConstraint(() => this.column(relation))}`],
      [3, () => `drop constraint ${this.if(0.1, 'if exists ')}${this.constraint(relation)}${cascade}`],
      [1, () => this.usingIndex(relation)],
      [2, () => `alter ${column} type ${this.type()} using null`],
      [1, () => `alter ${column} set not null`],
      [1, () => `alter ${column} drop not null`],
      [1, () => `alter ${column} set default ${this.call(column) ?? 'null'}`],
      [1, () => `alter ${column} drop default`],
      [2, () => `alter ${this.if(0.5, 'column ')}${column} add ${this.identity()}`],
      [1, () => `alter ${column} drop identity${this.if(0.3, ' if exists')}`],
      [1, () => `alter ${column} drop expression`],
    ]);
  }

  private usingIndex(relation: Relation): string {
    const index = this.maybe(relation.indexes?.filter(({ constraint }) => !constraint))?.name ?? 't_a_idx';
    return `add ${this.named()}${this.pick(['unique', 'primary key'])} using index ${this.id(index)}`;
  }

  private alterPartition(relation: Relation): string {
    const parts = this.schema.relations.filter(({ parent }) => parent !== null);
    const part = this.maybe(parts);
    if (part && this.chance(0.4)) {
      return `alter table ${part.parent} detach partition ${this.known(part)};`;
    }
    const parent = relation.kind === 'p' ? relation : this.table('p').relation;
    const columns = parent.columns?.map(({ name }) => name).join();
    const fitting = this.schema.relations.filter(
      (other) => 'rp'.includes(other.kind) && other.columns?.map(({ name }) => name).join() === columns,
    );
    const table = this.maybe(fitting) ?? this.table().relation;
    return `alter table ${this.known(parent)} attach partition ${this.known(table)} ${this.bound(parent.strategy)};`;
  }

  /** An index, a trigger, a policy, a rule, a view. */
  private alterPart(): string {
    const { relation, name } = this.table('rprpvm');
    const to = this.id(this.pick(NAMES));
    const index = this.maybe(relation.indexes);
    return this.weighted([
      [3, () => `alter index ${this.known({ ...relation, name: index?.name ?? 't_pkey' })} rename to ${to};`],
      [2, () => `alter trigger ${this.id(this.maybe(relation.triggers) ?? 't')} on ${name} rename to ${to};`],
      [2, () => `alter policy ${this.id(this.maybe(relation.policies) ?? 't')} on ${name} rename to ${to};`],
      [2, () => `alter rule ${this.id(this.maybe(relation.rules) ?? 't')} on ${name} rename to ${to};`],
      [1, () => `alter view ${name} rename to ${to};`],
      [1, () => `alter view ${name} rename column ${this.column(relation)} to ${this.newColumn()};`],
      [
        1,
        () =>
          `alter ${this.pick(['view', 'materialized view'])} ${name} set schema ${this.id(this.anySchema())};`,
      ],
      [1, () => this.attachIndex()],
    ]);
  }

  private attachIndex(): string {
    const index = (relation: Relation | undefined) => {
      const found = this.maybe(relation?.indexes);
      return relation && found ? this.known({ ...relation, name: found.name }) : 't_a_idx';
    };
    return `alter index ${index(this.relation('p'))} attach partition ${index(this.relation('rp'))};`;
  }

  private alterComposite(relation: Relation): string {
    const head = `alter type ${this.known(relation)}`;
    const attribute = this.column(relation);
    const action = () =>
      this.weighted([
        [2, () => `add attribute ${this.newColumn()} ${this.type()}`],
        [2, () => `drop attribute ${this.if(0.2, 'if exists ')}${attribute}`],
        [1, () => `alter attribute ${attribute} set data type ${this.type()}`],
      ]);
    return this.weighted([
      [2, () => `${head} rename attribute ${attribute} to ${this.newColumn()}${this.if(0.3, ' cascade')};`],
      [4, () => `${head} ${this.some(2, action).join(', ')}${this.if(0.3, ' cascade')};`],
      [1, () => `${head} rename to ${this.id(this.pick(NAMES))};`],
      [1, () => `${head} set schema ${this.id(this.anySchema())};`],
    ]);
  }

  private alterType(): string {
    const type = this.maybe(this.schema.types);
    if (!type) return this.createType();
    const name = this.known(type);
    const word = type.kind === 'd' ? this.pick(['domain', 'domain', 'type']) : 'type';
    const general: [number, () => string][] = [
      [2, () => `alter ${word} ${name} rename to ${this.id(this.pick(NAMES))};`],
      [2, () => `alter ${word} ${name} set schema ${this.id(this.anySchema())};`],
    ];
    const constraint = this.id(this.maybe(type.constraints) ?? this.pick(NAMES));
    const own: Record<string, [number, () => string][]> = {
      e: [
        [2, () => `alter type ${name} add value ${this.if(0.3, 'if not exists ')}'${this.pick(COLUMNS)}';`],
        [1, () => `alter type ${name} rename value 'a' to 'z';`],
      ],
      d: [
        [3, () => `alter domain ${name} add ${this.named()}check (value is not null);`],
        [2, () => `alter domain ${name} drop constraint ${this.if(0.2, 'if exists ')}${constraint};`],
        [2, () => `alter domain ${name} rename constraint ${constraint} to ${this.id(this.pick(NAMES))};`],
        [1, () => `alter domain ${name} set not null;`],
      ],
      c: [
        [
          4,
          () => {
            const { schema, name } = type;
            const row = this.schema.relations.find((other) => other.schema === schema && other.name === name);
            return this.alterComposite(row!);
          },
        ],
      ],
    };
    return this.weighted([...general, ...(own[type.kind] ?? [])]);
  }

  private alterSequence(): string {
    const sequence = this.relation('S');
    if (!sequence) return this.createSequence();
    const name = this.known(sequence);
    const { relation, name: table } = this.table('r');
    return this.weighted([
      [3, () => `alter sequence ${name} owned by ${table}.${this.column(relation)};`],
      [1, () => `alter sequence ${name} owned by none;`],
      [2, () => `alter sequence ${name} rename to ${this.id(this.pick(NAMES))};`],
      [2, () => `alter sequence ${name} set schema ${this.id(this.anySchema())};`],
      [1, () => `alter sequence ${name} increment by 2;`],
      [1, () => `alter table ${name} rename to ${this.id(this.pick(NAMES))};`],
    ]);
  }

  private routine(): { words: string[]; name: string } | undefined {
    const routine = this.maybe(this.schema.routines);
    if (!routine) return undefined;
    const kind = { f: 'function', p: 'procedure', a: 'aggregate' }[routine.kind] ?? 'function';
    const args = routine.kind !== 'a' && this.chance(0.15) ? '' : `(${routine.args})`;
    return { words: [kind, kind, kind, 'routine'], name: `${this.known(routine)}${args}` };
  }

  private alterRoutine(): string {
    const routine = this.routine();
    if (!routine) return this.createRoutine();
    const head = `alter ${this.pick(routine.words)} ${routine.name}`;
    return this.chance(0.5)
      ? `${head} rename to ${this.id(this.pick(NAMES))};`
      : `${head} set schema ${this.id(this.anySchema())};`;
  }

  private alterSchema(): string {
    return `alter schema ${this.id(this.anySchema())} rename to ${this.id(this.pick(SCHEMAS))};`;
  }

  private drop(): string {
    const cascade = this.if(0.5, ' cascade');
    const exists = this.if(0.2, 'if exists ');
    const { relation, name } = this.table('rprpv');
    const drop = (kind: string, kinds: string) => {
      const found = this.some(2, () => this.table(kinds).name);
      return `drop ${kind} ${exists}${[...new Set(found)].join(', ')}${cascade};`;
    };
    return this.weighted([
      [6, () => drop('table', 'rp')],
      [2, () => drop('view', 'v')],
      [1, () => drop('materialized view', 'm')],
      [2, () => drop('sequence', 'S')],
      [
        3,
        () => {
          const type = this.maybe(this.schema.types);
          const word = type?.kind === 'd' ? 'domain' : 'type';
          return `drop ${word} ${exists}${type ? this.known(type) : this.fresh()}${cascade};`;
        },
      ],
      [
        4,
        () => {
          const routine = this.routine();
          return routine
            ? `drop ${this.pick(routine.words)} ${exists}${routine.name}${cascade};`
            : `drop function ${exists}f${cascade};`;
        },
      ],
      [
        3,
        () => {
          const index = this.maybe(relation.indexes);
          return `drop index ${exists}${this.known({ ...relation, name: index?.name ?? 't_a_idx' })}${cascade};`;
        },
      ],
      [2, () => `drop trigger ${exists}${this.id(this.maybe(relation.triggers) ?? 't')} on ${name};`],
      [1, () => `drop policy ${exists}${this.id(this.maybe(relation.policies) ?? 't')} on ${name};`],
      [1, () => `drop rule ${exists}${this.id(this.maybe(relation.rules) ?? 't')} on ${name};`],
      [1, () => `drop schema ${exists}${this.id(this.anySchema())}${cascade};`],
    ]);
  }

  // ---- the session

  private searchPath(): string {
    const schemas = this.some(2, () => this.id(this.pick(SCHEMAS)));
    return this.pick([
      `set search_path = ${schemas.join(', ')};`,
      `set search_path to ${schemas.join(', ')};`,
      'reset search_path;',
      `select set_config('search_path', 'app, public', false);`,
    ]);
  }

  private transaction(inTransaction: boolean): string {
    if (!inTransaction) return 'begin;';
    return this.pick([
      ...['commit;', 'commit;', 'rollback;', 'savepoint s1;', 'savepoint s2;', 'release s1;'],
      ...['rollback to s1;', 'rollback to s2;'],
    ]);
  }
}
