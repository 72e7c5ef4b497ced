/** The assertions of pgTAP that say what an object is, and the marks where its behavior is still to be tested. */
import { nameOf, visible } from '../reports/names.js';
import type { CoveredObject } from '../types.js';
import type { ConstraintFacts, RelationFacts, RoutineFacts, TypeFacts } from './facts.js';
import { array, ident, literal, splitArgs } from './sql.js';

/** What is drafted for one object. */
export interface Checks {
  /** Calls of pgTAP functions that hold today. */
  assertions: string[];
  /** What is left to be tested, in words, with an example of how. */
  behavior?: { what: string; example: string[] };
  /** Why something is missing. */
  remarks: string[];
}

/** What the catalogue says of the objects of a draft, as far as it was asked. */
export interface Known {
  relation?: RelationFacts | undefined;
  routines?: RoutineFacts[];
  types?: TypeFacts[];
  /** Names of all policies of the relation; undefined for one that no text names. */
  policies: (string | undefined)[];
}

/** pgTAP takes types of arguments as names, which PostgreSQL cuts at this many bytes. */
const NAME_BYTES = 63;

/** Kinds whose presence one function of schema, name and description tells. */
const PRESENCE: Record<string, string> = {
  table: 'has_table',
  'partitioned-table': 'has_table',
  view: 'has_view',
  'materialized-view': 'has_materialized_view',
  'foreign-table': 'has_foreign_table',
  sequence: 'has_sequence',
  enum: 'has_enum',
  domain: 'has_domain',
  'composite-type': 'has_composite',
  'base-type': 'has_type',
  'operator-class': 'has_opclass',
};

/** What is drafted for an object, whose names are those of SQL. */
export function checksOf(object: CoveredObject, known: Known): Checks {
  const { kind, schema, name, sub } = object;
  const what = nameOf(object);
  const there = PRESENCE[kind];
  if (there) return whole(object, there, known);
  switch (kind) {
    case 'schema':
      return only(call('has_schema', [name], `${what} exists`));
    case 'extension':
      return only(call('has_extension', [schema, name], `${what} exists`));
    case 'role':
      return only(call('has_role', [name], `${what} exists`));
    case 'language':
      return only(call('has_language', [name], `${what} exists`));
    case 'role-membership':
      return only(call('is_member_of', [name, sub], `${visible(sub)} is a member of ${visible(name)}`));
    case 'cast':
      return cast(object);
    case 'column':
      return column(object, known);
    case 'index':
      return index(object, known);
    case 'rule':
      return only(call('has_rule', [schema, name, sub], `${what} exists`));
    case 'trigger':
    case 'constraint-trigger':
      return trigger(object, known);
    case 'policy':
      return policy(object, known);
    case 'primary-key':
    case 'unique-constraint':
    case 'foreign-key':
    case 'check-constraint':
      return constraint(object, known);
    case 'function':
    case 'window-function':
    case 'procedure':
    case 'aggregate':
      return routine(object, known);
    default:
      return { assertions: [], remarks: [`pgTAP has no assertion for ${what}`] };
  }
}

function whole(object: CoveredObject, there: string, known: Known): Checks {
  const { kind, schema, name } = object;
  const what = nameOf(object);
  const assertions = [call(there, [schema, name], `${what} exists`)];
  if (kind === 'partitioned-table')
    assertions.push(call('is_partitioned', [schema, name], `${what} is partitioned`));
  const columns = known.relation?.columns.map((column) => column.name) ?? [];
  if (columns.length > 0)
    assertions.push(
      `columns_are(${places([schema, name])}, ${array(columns)}, ${literal(`columns of ${what}`)})`,
    );
  const type = known.types?.find((of) => of.name === name);
  if (kind === 'enum' && type?.labels)
    assertions.push(
      `enum_has_labels(${places([schema, name])}, ${array(type.labels)}, ${literal(`labels of ${what}`)})`,
    );
  if (kind === 'domain' && type?.base !== undefined)
    // by its text alone pgTAP looks the domain up
    assertions.push(
      `domain_type_is(${places([schema, name, type.base])}, ${literal(`${what} is of type ${visible(type.base)}`)})`,
    );
  return { assertions, remarks: [] };
}

function column({ schema, name, sub }: CoveredObject, known: Known): Checks {
  const what = `column ${visible([schema, name, sub].join('.'))}`;
  const at = [schema, name, sub];
  const assertions = [call('has_column', at, `${what} exists`)];
  const found = known.relation?.columns.find((of) => of.name === sub);
  if (!found) return { assertions, remarks: [] };
  assertions.push(
    `col_type_is(${places([...at, found.type])}, ${literal(`${what} is of type ${visible(found.type)}`)})`,
    found.notNull
      ? call('col_not_null', at, `${what} is never null`)
      : call('col_is_null', at, `${what} may be null`),
    found.hasDefault
      ? call('col_has_default', at, `${what} has a default`)
      : call('col_hasnt_default', at, `${what} has no default`),
  );
  return { assertions, remarks: [] };
}

function index({ schema, name, sub }: CoveredObject, known: Known): Checks {
  const what = `index ${visible([schema, name, sub].join('.'))}`;
  const at = [schema, name, sub];
  const assertions = [call('has_index', at, `${what} exists`)];
  const found = known.relation?.indexes.find((of) => of.name === sub);
  if (found)
    assertions.push(
      `index_is_type(${places([...at, found.method])}, ${literal(`${what} is of type ${found.method}`)})`,
    );
  if (found?.unique) assertions.push(call('index_is_unique', at, `${what} is unique`));
  return { assertions, remarks: [] };
}

function trigger(object: CoveredObject, known: Known): Checks {
  const { schema, name, sub } = object;
  const what = nameOf(object);
  const assertions = [call('has_trigger', [schema, name, sub], `${what} exists`)];
  const found = known.relation?.triggers.find((of) => of.name === sub);
  if (found) {
    const { functionSchema, functionName } = found;
    const ran = visible(`${functionSchema}.${functionName}`);
    assertions.push(
      call('trigger_is', [schema, name, sub, functionSchema, functionName], `${what} runs ${ran}`),
    );
  }
  const table = `${ident(schema)}.${ident(name)}`;
  return {
    assertions,
    behavior: {
      what: `test what ${what} does`,
      example: [
        `insert into ${table} …;  -- or what else fires it`,
        `select results_eq('select … from ${quotedIn(table)}', 'values (…)', '…');`,
      ],
    },
    remarks: [],
  };
}

function policy(object: CoveredObject, known: Known): Checks {
  const { schema, name, sub } = object;
  const what = nameOf(object);
  const at = places([schema, name, sub]);
  const assertions: string[] = [];
  const found = known.relation?.policies.find((of) => of.name === sub);
  if (found) {
    assertions.push(
      `policy_cmd_is(${at}, ${literal(found.command)}, ${literal(`${what} is for ${found.command}`)})`,
    );
    // pgTAP finds no roles where a policy is for all
    if (found.roles[0] !== 'public')
      assertions.push(`policy_roles_are(${at}, ${array(found.roles)}, ${literal(`roles of ${what}`)})`);
  }
  const role = found && found.roles[0] !== 'public' ? found.roles[0]! : 'authenticated';
  const table = `${ident(schema)}.${ident(name)}`;
  return {
    assertions,
    behavior: {
      what: `test what ${what} lets through and what it refuses`,
      example: [
        `set local role ${ident(role)};  -- and who the role stands for`,
        `select results_eq('select … from ${quotedIn(table)}', 'values (…)', 'sees its own rows');`,
        `select throws_ok('insert into ${quotedIn(table)} …', '42501', null, 'may not write those of others');`,
        'reset role;',
      ],
    },
    remarks: [],
  };
}

/** The policies of a relation, all at once: there is no assertion that one exists. */
export function policiesAre(schema: string, name: string, policies: string[]): string {
  const what = `policies of ${visible(`${schema}.${name}`)}`;
  return `policies_are(${places([schema, name])}, ${array(policies)}, ${literal(what)})`;
}

function constraint(object: CoveredObject, known: Known): Checks {
  const { kind, schema, name, sub } = object;
  const what = nameOf(object);
  const at = [schema, name];
  const found = known.relation?.constraints.find((of) => of.name === sub);
  const of = (assertion: string, { columns }: ConstraintFacts, says: string) =>
    `${assertion}(${places(at)}, ${array(columns)}, ${literal(says)})`;
  const columns = found?.columns.map(visible).join(', ');
  switch (kind) {
    case 'primary-key': {
      const assertions = [call('has_pk', at, `${visible(at.join('.'))} has a primary key`)];
      if (found) assertions.push(of('col_is_pk', found, `${what} is of ${columns}`));
      return { assertions, remarks: [] };
    }
    case 'unique-constraint':
      if (found) return only(of('col_is_unique', found, `${what} is of ${columns}`));
      break;
    case 'check-constraint':
      if (found && found.columns.length > 0)
        return only(of('col_has_check', found, `${what} is of ${columns}`));
      if (found) return only(call('has_check', at, `${visible(at.join('.'))} has a check constraint`));
      break;
    case 'foreign-key':
      if (found?.refers) {
        const { schema: s, name: n, columns: c } = found.refers;
        const says = `${what} refers to ${visible(`${s}.${n}`)}`;
        return only(
          `fk_ok(${places(at)}, ${array(found.columns)}, ${places([s, n])}, ${array(c)}, ${literal(says)})`,
        );
      }
      break;
  }
  return { assertions: [], remarks: [`the columns of ${what} are not known without a server`] };
}

function routine(object: CoveredObject, known: Known): Checks {
  const { kind, schema, name, args } = object;
  const what = nameOf(object);
  const types = splitArgs(args);
  const tooLong = types.some(isTooLong);
  const isAlone = known.routines?.length === 1;
  if (tooLong && !isAlone)
    return {
      assertions: [],
      remarks: [`pgTAP cannot name ${what}: a type has more than ${NAME_BYTES} bytes`],
    };
  const at = tooLong ? places([schema, name]) : `${places([schema, name])}, ${array(types)}`;
  const say = (assertion: string, value: string | undefined, says: string) =>
    `${assertion}(${at}, ${value === undefined ? '' : `${literal(value)}, `}${literal(says)})`;
  const assertions = [say('has_function', undefined, `${what} exists`)];
  if (kind === 'aggregate') assertions.push(say('is_aggregate', undefined, `${what} is an aggregate`));
  if (kind === 'window-function')
    assertions.push(say('is_window', undefined, `${what} is a window function`));
  if (kind === 'procedure') assertions.push(say('is_procedure', undefined, `${what} is a procedure`));
  const found = known.routines?.find((of) => of.args === args);
  if (found) {
    const { returns, language, volatility, isDefiner, isStrict } = found;
    if (kind !== 'procedure')
      assertions.push(say('function_returns', returns, `${what} returns ${visible(returns)}`));
    if (kind !== 'aggregate')
      assertions.push(
        say('function_lang_is', language, `${what} is written in ${visible(language)}`),
        isDefiner
          ? say('is_definer', undefined, `${what} runs as its owner`)
          : say('isnt_definer', undefined, `${what} runs as its caller`),
      );
    if (kind === 'function') {
      assertions.push(say('volatility_is', volatility, `${what} is ${volatility}`));
      assertions.push(
        isStrict
          ? say('is_strict', undefined, `${what} is strict`)
          : say('isnt_strict', undefined, `${what} takes nulls`),
      );
    }
  }
  const called = `${ident(schema)}.${ident(name)}`;
  const values = types.map((type) => `null::${type}`).join(', ');
  const isTrigger = found?.returns === 'trigger' || found?.returns === 'event_trigger';
  return {
    assertions,
    behavior: {
      what: `test what ${what} ${kind === 'procedure' || isTrigger ? 'does' : 'returns'}`,
      example: isTrigger
        ? ['-- it runs with the triggers that name it']
        : kind === 'procedure'
          ? [`select lives_ok('call ${quotedIn(`${called}(${values})`)}', '…');`]
          : [`select is(${called}(${values}), …, '…');`],
    },
    remarks: [],
  };
}

/** Its name is `source AS target`. */
function cast(object: CoveredObject): Checks {
  const [, source, target] = /^((?:"[^"]*"|[^"])*?) AS (.*)$/s.exec(object.name) ?? [];
  const what = nameOf(object);
  if (source === undefined || target === undefined || [source, target].some(isTooLong))
    return { assertions: [], remarks: [`pgTAP cannot name ${what}`] };
  return only(call('has_cast', [source, target], `${what} exists`));
}

const isTooLong = (type: string) => new TextEncoder().encode(type).length > NAME_BYTES;

const only = (assertion: string): Checks => ({ assertions: [assertion], remarks: [] });

const places = (names: string[]) => names.map(literal).join(', ');
const call = (name: string, at: string[], says: string) => `${name}(${places(at)}, ${literal(says)})`;
const quotedIn = (sql: string) => sql.replaceAll("'", "''");
