/** Drafts of pgTAP files for what no test covers. */
import { nameOf, visible } from '../reports/names.js';
import { rowsOf } from '../pages.js';
import type { CoveredObject, Kind, ObjectQuery, Page, Risk } from '../types.js';
import { checksOf, policiesAre, type Checks, type Known } from './checks.js';
import type { Facts } from './facts.js';
import { fileNames } from './names.js';
import { bytesOf, plain, plainly } from './spelling.js';
import { literal } from './sql.js';

/** A test file that passes against the schema as it is. */
export interface Draft {
  /** A file name, safe on every system, and of no other draft of the run. */
  name: string;
  text: string;
  /** The objects that it is about. */
  objects: CoveredObject[];
  /** Its plan, with the tests that are marked as still to be written. */
  plan: number;
  /** Tests still to be written. */
  todo: number;
  /** Objects, in words, that pgTAP has no assertion for, or none without a server. */
  left: string[];
}

/** Which objects that are not covered; all conditions hold together. */
export interface GapQuery {
  /** Only objects of these kinds. */
  kind?: Kind[];
  /** Only objects of this schema. */
  schema?: string;
  /** Only objects whose name matches this regular expression, see `ObjectQuery`. */
  match?: string;
  /** Only objects with this risk. */
  risk?: Risk;
}

export interface DraftOptions extends GapQuery {
  /** Tells types, columns of keys and the like; without, the drafts say little more than that objects exist. */
  facts?: Facts;
}

/** A database that can be asked for objects. */
export interface Objects {
  objects(query: ObjectQuery): Promise<Page<CoveredObject>>;
}

/** Kinds that share a file: those of one relation, of one name of routines, and of one schema. */
const RELATIONS: Kind[] = [
  'table',
  'partitioned-table',
  'view',
  'materialized-view',
  'foreign-table',
  'composite-type',
  'column',
  'primary-key',
  'unique-constraint',
  'foreign-key',
  'check-constraint',
  'exclusion-constraint',
  'index',
  'trigger',
  'constraint-trigger',
  'rule',
  'policy',
];
const ROUTINES: Kind[] = ['function', 'procedure', 'aggregate', 'window-function'];
const REST: Kind[] = [
  'schema',
  'extension',
  'language',
  'role',
  'role-membership',
  'enum',
  'domain',
  'domain-constraint',
  'range-type',
  'base-type',
  'sequence',
  'operator',
  'operator-class',
  'cast',
  'event-trigger',
  'publication',
  'foreign-data-wrapper',
  'foreign-server',
];

/**
 * One file for each relation, name of routines and schema with objects that are not covered, in their order. Memory does
 * not grow with the database. Rejects as the queries and the facts do.
 */
export async function* draftTests(coverage: Objects, options: DraftOptions = {}): AsyncIterable<Draft> {
  const names = fileNames();
  const { facts, ...wanted } = options;
  for await (const { subject, objects, wanted: gaps } of together(coverage, RELATIONS, wanted, bySubject)) {
    const [schema, name] = subject.map(plain);
    const isNamed = schema !== undefined && name !== undefined;
    const relation = isNamed ? await facts?.relation(schema, name) : undefined;
    const policies = objects.flatMap(({ kind, sub }) => (kind === 'policy' ? [plain(sub)] : []));
    yield* drafted(names(...subject), gaps, { policies, ...(relation && { relation }) });
  }
  for await (const { subject, wanted: gaps } of together(coverage, ROUTINES, wanted, bySubject)) {
    const [schema, name] = subject.map(plain);
    const isNamed = schema !== undefined && name !== undefined;
    const routines = isNamed ? await facts?.routines(schema, name) : undefined;
    yield* drafted(names(...subject, 'function'), gaps, { policies: [], ...(routines && { routines }) });
  }
  for await (const { subject, wanted: gaps } of together(coverage, REST, wanted, bySchema)) {
    const schema = plain(subject[0]!);
    const types = schema === undefined ? undefined : await facts?.types(schema);
    const own = schema === '' ? names('database') : names(...subject, 'schema');
    yield* drafted(own, gaps, { policies: [], ...(types && { types }) });
  }
}

/** The objects that are not covered, with those which they hang on. */
export async function* gapGroups(coverage: Objects, query: GapQuery = {}): AsyncIterable<CoveredObject[]> {
  for (const [kinds, subjectOf] of FAMILIES) {
    for await (const { wanted } of together(coverage, kinds, query, subjectOf)) yield wanted;
  }
}

function* drafted(name: string, objects: CoveredObject[], known: Known): Iterable<Draft> {
  const parts: string[] = [];
  const left: string[] = [];
  let [plan, todo] = [0, 0];
  const policy = objects.map(plainly).find((object) => object?.kind === 'policy');
  const policies = known.policies.filter((name) => name !== undefined);
  if (policy && policies.length === known.policies.length) {
    parts.push(`select ${policiesAre(policy.schema, policy.name, policies)};\n`);
    plan += 1;
  }
  for (const spelt of objects) {
    const object = plainly(spelt);
    const { assertions, behavior, remarks } = object ? checksOf(object, known) : unnamed(spelt);
    const { file, line } = spelt.defined;
    const lines = [`-- ${nameOf(object ?? spelt)} (${visible(file)}:${line})`];
    lines.push(
      ...remarks.map((remark) => `-- TODO: ${remark}`),
      ...assertions.map((call) => `select ${call};`),
    );
    if (behavior) {
      const { what, example } = behavior;
      lines.push(`select todo(${literal(what)}, 1);`, `select fail(${literal(what)});`);
      lines.push(...example.map((text) => `--   ${visible(text)}`));
      todo += 1;
    }
    left.push(...remarks);
    plan += assertions.length + (behavior ? 1 : 0);
    parts.push(`${lines.join('\n')}\n`);
  }
  if (objects.length === 0) return;
  const start =
    plan === 0
      ? `select plan(1);\n\nselect pass('nothing that pgTAP could assert');\n`
      : `select plan(${plan});\n`;
  const text = `${HEAD}begin;\n${start}\n${parts.join('\n')}\nselect * from finish();\nrollback;\n`;
  yield { name, text, objects, plan, todo, left };
}

const unnamed = (object: CoveredObject): Checks => ({
  assertions: [],
  remarks: [`no text can name ${nameOf(object)}: it is no UTF-8`],
});

const HEAD = `-- Drafted by pgtap-cov: what there is today, and where behavior is still to be tested.
`;

type Subject = string[];
const bySubject = ({ schema, name }: CoveredObject): Subject => [schema, name];
/** A schema stands with what is in it. */
const bySchema = ({ kind, schema, name }: CoveredObject): Subject => [kind === 'schema' ? name : schema];

/** Kinds that stand together. */
const FAMILIES = [
  [RELATIONS, bySubject],
  [ROUTINES, bySubject],
  [REST, bySchema],
] as const;

/** Objects with an equal subject, and which of them are wanted. */
interface Group {
  subject: Subject;
  objects: CoveredObject[];
  wanted: CoveredObject[];
}

/**
 * The objects of these kinds by subject, where any is wanted. The database has those of each kind in this order, so that
 * all are merged: one page of each kind is held, and another of those that are wanted.
 */
async function* together(
  coverage: Objects,
  kinds: readonly Kind[],
  { kind: only, ...filter }: GapQuery,
  subjectOf: (object: CoveredObject) => Subject,
): AsyncIterable<Group> {
  const rows = async (query: Omit<ObjectQuery, 'limit'>): Promise<Head> => {
    const page = rowsOf((page) => coverage.objects({ ...query, ...page }), { limit: PAGE });
    const iterator = page[Symbol.asyncIterator]();
    const advance = async () => {
      const { done, value } = await iterator.next();
      head.next = done ? undefined : { object: value, key: subjectOf(value).map(bytesOf) };
    };
    const head: Head = { next: undefined, advance };
    await advance();
    return head;
  };
  const isAsked = (kind: Kind) => !only || only.includes(kind);
  const asked = kinds.filter(isAsked);
  const all = await Promise.all(asked.length > 0 ? kinds.map((kind) => rows({ kind: [kind] })) : []);
  const wanted = await Promise.all(
    asked.map((kind) => rows({ ...filter, kind: [kind], state: ['gap', 'declared'] })),
  );
  for (;;) {
    const keys = wanted.flatMap(({ next }) => (next ? [next.key] : []));
    const [first, ...others] = keys;
    if (!first) return;
    const least = others.reduce((a, b) => (compare(b, a) < 0 ? b : a), first);
    const take = async (heads: Head[]): Promise<CoveredObject[]> => {
      const taken: CoveredObject[] = [];
      for (const head of heads) {
        while (head.next && compare(head.next.key, least) <= 0) {
          if (compare(head.next.key, least) === 0) taken.push(head.next.object);
          await head.advance();
        }
      }
      return taken;
    };
    const [objects, gaps] = [await take(all), await take(wanted)];
    yield { subject: subjectOf(gaps[0]!), objects, wanted: gaps };
  }
}

/** The next row of a query. */
interface Head {
  next: { object: CoveredObject; key: string[] } | undefined;
  advance(): Promise<void>;
}

/** Objects of one kind that are held at a time. */
const PAGE = 200;

function compare(a: string[], b: string[]): number {
  for (const [at, part] of a.entries()) {
    if (part !== b[at]) return part < b[at]! ? -1 : 1;
  }
  return 0;
}
