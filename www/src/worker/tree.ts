/** The objects of a database as a tree of counts: schema, relation or routine, what hangs on it. */
import type { Coverage, ObjectKey, Page, PageQuery, State } from '../../../js/browser.js';
import { nameOf } from '../../../js/reports/names.js';
import { within } from '../match.js';
import type { Tree, TreeNode, TreeQuery, Uncovered } from '../protocol.js';

/** Relations that are told apart; further ones of a schema count as its rest. */
const MOST_RELATIONS = 50_000;
/** Tiles that can be told apart on a screen. */
const MOST_IN_OVERVIEW = 40;
const MOST_TILES = 600;
const MOST_IN_SCHEMA = 300;
const MOST_IN_RELATION = 400;

type Count = TreeNode['count'];
interface Relation {
  key: ObjectKey;
  count: Count;
}

export class Forest {
  readonly #of: Coverage;
  #largest: Uncovered[] | undefined;
  readonly #schemas = new Map<string, { relations: Map<string, Relation>; rest: Count }>();

  private constructor(of: Coverage) {
    this.#of = of;
  }

  /** Reads all objects once. */
  static async grow(of: Coverage): Promise<Forest> {
    const forest = new Forest(of);
    let relations = 0;
    for await (const object of of.iterate()) {
      let schema = forest.#schemas.get(object.schema);
      if (!schema) forest.#schemas.set(object.schema, (schema = { relations: new Map(), rest: none() }));
      const name = `${object.name}(${object.args})`;
      let relation = schema.relations.get(name);
      if (!relation && relations < MOST_RELATIONS) {
        relations += 1;
        const { kind, schema: inSchema, name: called, args } = object;
        schema.relations.set(
          name,
          (relation = { key: { kind, schema: inSchema, name: called, sub: '', args }, count: none() }),
        );
      }
      // The relation itself gives the group its kind, whichever of its objects comes first.
      if (relation && object.sub === '') relation.key.kind = object.kind;
      (relation?.count ?? schema.rest)[object.state] += 1;
    }
    return forest;
  }

  async part({ schema, name }: TreeQuery): Promise<Tree> {
    const schemas = Array.from(this.#schemas, ([schema, { relations, rest }]) => ({
      schema,
      objects: Array.from(relations.values()).reduce((sum, { count }) => sum + sizeOf(count), sizeOf(rest)),
    })).sort((a, b) => b.objects - a.objects);
    if (schema !== undefined && name !== undefined)
      return { schemas, nodes: await this.#objects(schema, name) };
    if (schema !== undefined) return { schemas, nodes: this.#relations(schema, MOST_IN_SCHEMA) };
    const most = Math.max(1, Math.min(MOST_IN_OVERVIEW, Math.floor(MOST_TILES / schemas.length)));
    const nodes = schemas.map(({ schema }) => {
      const children = this.#relations(schema, most);
      return {
        ...{ label: schema, kind: 'schema', into: { schema }, children },
        count: children.reduce((sum, child) => add(sum, child.count), none()),
      };
    });
    return { schemas, nodes };
  }

  /** Relations and routines, those with most that is not covered first. */
  largest({ after, limit }: PageQuery): Page<Uncovered> {
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
    const match = within({ schema, name });
    const nodes: TreeNode[] = [];
    const others = none();
    for await (const object of this.#of.iterate({ schema, match })) {
      if (object.name !== name) continue;
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
