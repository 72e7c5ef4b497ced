/** The objects of a database as a tree of counts: schema, relation or routine, what hangs on it. */
import type { Coverage, Kind, ObjectKey, Page, PageQuery, State } from '../../../js/browser.js';
import { rowsOf } from '../../../js/pages.js';
import { HEADLINE_KINDS, nameOf } from '../../../js/reports/names.js';
import type { Schemas, Tree, TreeNode, TreeQuery, Uncovered } from '../protocol.js';
import { named } from './locate.js';

/** Databases with more objects are counted in two steps, the headline first. */
const FEW_OBJECTS = 20_000;
/** Relations that are counted at a time; what comes on several pages is counted in each of them. */
const ROWS = 100_000;

/** Relations that are told apart; further ones of a schema count as its rest. */
const MOST_RELATIONS = 50_000;
/** Tiles that can be told apart on a screen. */
const MOST_SCHEMAS = 250;
const MOST_IN_OVERVIEW = 40;
const MOST_TILES = 600;
/** Schemas that have no room for more are drawn as one tile. */
const LEAST_IN_OVERVIEW = 6;
const MOST_IN_SCHEMA = 300;
const MOST_IN_RELATION = 400;

type Count = TreeNode['count'];
interface Relation {
  key: ObjectKey;
  count: Count;
}

export class Forest {
  readonly #of: Coverage;
  readonly #headline: Promise<void>;
  readonly #whole: Promise<void>;
  readonly #schemas = new Map<string, { relations: Map<string, Relation>; rest: Count }>();
  #largest: Uncovered[] | undefined;
  #relationsHeld = 0;
  #isWhole = false;

  /** Begins to read all objects once. */
  constructor(of: Coverage) {
    this.#of = of;
    const kinds = this.#kinds();
    this.#headline = kinds.then(({ first }) => this.#count(first));
    this.#whole = this.#headline.then(async () => {
      await this.#count((await kinds).then);
      this.#isWhole = true;
    });
    // Whoever waits for it says so.
    this.#whole.catch(() => {});
  }

  /** A part of the tree, from the objects of the headline or from all. */
  async part({ schema, name, whole }: TreeQuery & { whole?: boolean }): Promise<Tree> {
    if (schema !== undefined && name !== undefined) {
      return { nodes: await this.#objects(schema, name), whole: true };
    }
    await (whole ? this.#whole : this.#headline);
    if (schema !== undefined) return { nodes: this.#relations(schema, MOST_IN_SCHEMA), whole: this.#isWhole };
    const schemas = this.#sizes();
    const most = Math.min(MOST_IN_OVERVIEW, Math.floor(MOST_TILES / schemas.length));
    const nodes = schemas.slice(0, MOST_SCHEMAS).map(({ schema }): TreeNode => {
      const children = this.#relations(schema, Math.max(1, most));
      return {
        ...{ label: schema, kind: 'schema', into: { schema } },
        count: children.reduce((sum, child) => add(sum, child.count), none()),
        ...(most >= LEAST_IN_OVERVIEW && { children }),
      };
    });
    const others = schemas
      .slice(MOST_SCHEMAS)
      .flatMap(({ schema }) => this.#relations(schema, 0))
      .reduce((sum, { count }) => add(sum, count), none());
    if (sizeOf(others) > 0) nodes.push({ label: 'others', kind: '', count: others });
    return { nodes, whole: this.#isWhole };
  }

  /** Schemas with the number of their objects, largest first. */
  async schemas({ whole }: { whole?: boolean }): Promise<Schemas> {
    await (whole ? this.#whole : this.#headline);
    return { schemas: this.#sizes(), whole: this.#isWhole };
  }

  /** Relations and routines, those with most that is not covered first. */
  async largest({ after, limit }: PageQuery): Promise<Page<Uncovered>> {
    await this.#whole;
    this.#largest ??= Array.from(this.#schemas.values())
      .flatMap(({ relations }) => Array.from(relations.values()))
      .map(({ key, count }) => ({ object: key, count: { ...count, objects: sizeOf(count) } }))
      .filter(({ count }) => count.gap + count.declared > 0)
      .sort((a, b) => b.count.gap + b.count.declared - (a.count.gap + a.count.declared));
    const from = Number(after ?? 0);
    const to = from + limit;
    const rows = this.#largest.slice(from, to);
    return { rows, ...(to < this.#largest.length && { next: String(to) }) };
  }

  async #kinds(): Promise<{ first: Kind[]; then: Kind[] }> {
    const { kinds } = await this.#of.summary();
    const all = Object.keys(kinds);
    const objects = Object.values(kinds).reduce((sum, { objects }) => sum + objects, 0);
    const first = objects > FEW_OBJECTS ? all.filter((kind) => HEADLINE_KINDS.includes(kind)) : all;
    return { first, then: all.filter((kind) => !first.includes(kind)) };
  }

  async #count(kinds: Kind[]): Promise<void> {
    // No kind would be every kind.
    if (kinds.length === 0) return;
    const tally = rowsOf((page) => this.#of.tally({ kind: kinds, ...page }), { limit: ROWS });
    for await (const { kind, schema: inSchema, name, sub, args, ...count } of tally) {
      let schema = this.#schemas.get(inSchema);
      if (!schema) this.#schemas.set(inSchema, (schema = { relations: new Map(), rest: none() }));
      const called = `${name}(${args})`;
      let relation = schema.relations.get(called);
      if (!relation && this.#relationsHeld < MOST_RELATIONS) {
        this.#relationsHeld += 1;
        relation = { key: { kind, schema: inSchema, name, sub: '', args }, count: none() };
        schema.relations.set(called, relation);
      }
      // The relation itself gives the group its kind, whichever of its objects comes first.
      if (relation && sub === '') relation.key.kind = kind;
      add(relation?.count ?? schema.rest, count);
    }
  }

  #sizes(): Schemas['schemas'] {
    return Array.from(this.#schemas, ([schema, { relations, rest }]) => ({
      schema,
      objects: Array.from(relations.values()).reduce((sum, { count }) => sum + sizeOf(count), sizeOf(rest)),
    })).sort((a, b) => b.objects - a.objects);
  }

  #relations(schema: string, most: number): TreeNode[] {
    const { relations, rest } = this.#schemas.get(schema) ?? {
      relations: new Map<string, Relation>(),
      rest: none(),
    };
    const sorted = Array.from(relations.values()).sort((a, b) => sizeOf(b.count) - sizeOf(a.count));
    const nodes: TreeNode[] = sorted.slice(0, most).map(({ key, count }) => ({
      ...{ label: labelOf(key), kind: key.kind, count },
      ...(sizeOf(count) > 1 ? { into: { schema, name: key.name } } : { object: key }),
    }));
    const others = sorted.slice(most).reduce((sum, { count }) => add(sum, count), { ...rest });
    if (sizeOf(others) > 0) nodes.push({ label: 'others', kind: '', count: others, into: { schema } });
    return nodes;
  }

  async #objects(schema: string, name: string): Promise<TreeNode[]> {
    const nodes: TreeNode[] = [];
    const others = none();
    for await (const object of named(this.#of, schema, name)) {
      const { kind, sub, args, state } = object;
      const count = { ...none(), [state]: 1 };
      const key = { kind, schema, name, sub, args };
      if (nodes.length < MOST_IN_RELATION) nodes.push({ label: sub || name, kind, count, object: key });
      else others[state] += 1;
    }
    if (sizeOf(others) > 0) nodes.push({ label: 'others', kind: '', count: others });
    return nodes;
  }
}

function labelOf(key: ObjectKey): string {
  return nameOf({ ...key, schema: '' }).slice(key.kind.length + 1);
}

function none(): Count {
  return { exercised: 0, asserted: 0, declared: 0, gap: 0 };
}

function add(a: Count, b: Count): Count {
  for (const state of Object.keys(a) as State[]) a[state] += b[state];
  return a;
}

function sizeOf({ exercised, asserted, declared, gap }: Count): number {
  return exercised + asserted + declared + gap;
}
