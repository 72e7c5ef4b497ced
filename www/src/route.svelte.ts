/** Where the reader is: `#/objects?kind=table`. The address is the only state of it, so links, back and forward work. */
import type { ObjectKey } from '../../js/types.js';

export const TABS = [
  { view: 'overview', title: 'Overview' },
  { view: 'objects', title: 'Objects' },
  { view: 'tests', title: 'Tests' },
  { view: 'access', title: 'Access' },
  { view: 'gaps', title: 'Gaps' },
  { view: 'blind', title: 'Stale & blind spots' },
  { view: 'changes', title: 'Changes' },
] as const;

/** The views, and the tab that each belongs to. */
const VIEWS = {
  overview: 'overview',
  objects: 'objects',
  object: 'objects',
  tests: 'tests',
  file: 'tests',
  access: 'access',
  gaps: 'gaps',
  blind: 'blind',
  changes: 'changes',
} as const;
export type View = keyof typeof VIEWS;

type Params = Record<string, string | number | undefined>;

class Route {
  view = $state<View>('overview');
  params = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    for (const event of ['hashchange', 'popstate']) addEventListener(event, () => this.#read());
  }

  get tab(): string {
    return VIEWS[this.view];
  }

  get(name: string): string {
    return this.params.get(name) ?? '';
  }

  /** Goes elsewhere, as a click on a link does. */
  go(view: View, params: Params = {}): void {
    if (link(view, params) === location.hash) return;
    history.pushState(null, '', link(view, params));
    this.#read();
  }

  /** Goes elsewhere without a step in the history: for filters, which change with every key. */
  replace(view: View, params: Params): void {
    history.replaceState(null, '', link(view, params));
    this.#read();
  }

  #read(): void {
    const [, view = '', query = ''] = /^#\/([a-z]*)(?:\?(.*))?$/s.exec(location.hash) ?? [];
    this.view = Object.hasOwn(VIEWS, view) ? (view as View) : 'overview';
    this.params = new URLSearchParams(query);
  }
}

export const route = new Route();

/** The address of a view. Parameters without a value are left out. */
export function link(view: View, params: Params = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${view}${query && `?${query}`}`;
}

export function objectLink({ kind, schema, name, sub, args }: ObjectKey): string {
  return link('object', { kind, schema, name, sub, args });
}
