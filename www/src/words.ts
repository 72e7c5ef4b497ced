/** How figures, kinds and names are written. */
import { CHANGES, type Change } from '../../js/diff.js';
import { HEADLINE_KINDS, kindOrder, nameOf, visible } from '../../js/reports/names.js';
import type {
  Count,
  Evidence,
  Kind,
  ObjectKey,
  Outcome,
  Place,
  Risk,
  State,
  Strength,
  Summary,
} from '../../js/types.js';
import type { Comparison } from './protocol.js';

export { CHANGES, visible };

/** Strongest first. */
export const STATES: State[] = ['exercised', 'asserted', 'declared', 'gap'];

/** What a risk means, in few words. */
export const RISK_MEANING: Record<Risk, string> = {
  'row-security-off': 'row level security is off, other tables of the schema have it',
  'security-definer': 'it is SECURITY DEFINER, and does what its owner may do',
};

/** What a state means, in few words. */
export const MEANING: Record<State, string> = {
  exercised: 'a test runs it under an assertion',
  asserted: 'a test asserts more than its presence',
  declared: 'only its presence is asserted',
  gap: 'nothing tests it',
};

/** Ways to use an object, as the database counts them. */
export const STRENGTHS: { strength: Strength; means: string }[] = [
  { strength: 'behavior', means: 'used under an assertion' },
  { strength: 'act', means: 'used, and an assertion follows' },
  { strength: 'structure', means: 'asserted of the object itself' },
  { strength: 'fixture', means: 'used elsewhere; does not count' },
];

/** Why a piece of evidence does not count. */
export const FLAGS: Record<NonNullable<Evidence['flags']>[number], string> = {
  todo: 'the test is expected to fail',
  branch: 'it stands in a branch that may not run',
  'may-fire': 'the trigger has a condition',
  'not-passed': 'the test failed or did not run',
  shared: 'another permissive policy may have let the statement pass',
};

export const OUTCOMES: Record<Outcome, { sign: string; means: string }> = {
  allowed: { sign: '✓', means: 'it worked' },
  denied: { sign: '✕', means: 'it was refused' },
  both: { sign: '±', means: 'it worked and was refused, with different rows' },
  'no-rows': { sign: '∅', means: 'it ran and met no row' },
  'privilege-only': { sign: '◌', means: 'it ran; whether it met a row is not known' },
};

/**
 * What a test could say of a kind of object; words of one entry stand for each other. Kinds that are not listed are told
 * by their presence alone.
 */
const ASPECTS: Partial<Record<Kind, string[]>> = {
  table: [
    'exists|listed',
    'read',
    'insert',
    'update',
    'delete',
    'privileges',
    'owner',
    'primary-key',
    'columns|members',
  ],
  'partitioned-table': ['exists|listed', 'read', 'insert', 'update', 'delete', 'privileges', 'owner'],
  view: ['exists|listed', 'read', 'privileges', 'owner'],
  'materialized-view': ['exists|listed', 'read', 'owner'],
  column: [
    'exists|listed',
    'type',
    'not-null|nullable',
    'default|default-exists|default-not-exists',
    'read',
    'insert',
    'update',
  ],
  function: [
    'exists|listed',
    'called|fired',
    'raised',
    'returns',
    'language',
    'volatility',
    'security-definer|not-security-definer',
    'privileges',
    'owner',
  ],
  procedure: [
    'exists|listed',
    'called',
    'raised',
    'security-definer|not-security-definer',
    'privileges',
    'owner',
  ],
  trigger: ['exists|listed', 'function', 'fired'],
  policy: ['exists|listed', 'command', 'roles', 'using|read|update|delete', 'with-check|insert'],
  index: ['exists|listed', 'unique', 'access-method', 'columns-indexed|columns'],
  'check-constraint': ['violated'],
  'unique-constraint': ['violated'],
  'exclusion-constraint': ['violated'],
  'foreign-key': ['violated'],
  enum: ['exists|listed', 'labels', 'used'],
  domain: ['exists|listed', 'type', 'used'],
};

/** What no test says of an object of this kind. */
export function untestedAspects(kind: Kind, tested: string[]): string[] {
  const entries = (Object.hasOwn(ASPECTS, kind) && ASPECTS[kind]) || ['exists|listed'];
  return entries
    .map((entry) => entry.split('|'))
    .filter((words) => !words.some((word) => tested.includes(word)))
    .map(([word]) => word!);
}

/** The kinds that a schema has, those of the headline apart, in the order of every report. */
export function kindsOf(summary: Summary): { headline: Kind[]; others: Kind[] } {
  const kinds = Object.keys(summary.kinds).filter((kind) => summary.kinds[kind]!.objects > 0);
  kinds.sort(kindOrder);
  return {
    headline: kinds.filter((kind) => HEADLINE_KINDS.includes(kind)),
    others: kinds.filter((kind) => !HEADLINE_KINDS.includes(kind)),
  };
}

export function kindName(kind: Kind): string {
  return visible(kind.replaceAll('-', ' '));
}

/** The name of an object without its kind, as every report writes it. */
export function objectName(key: ObjectKey): string {
  return nameOf(key).slice(visible(key.kind).length + 1);
}

/** A key as attributes of its row, for styles, scripts and tests. */
export function keyData({ kind, schema, name, sub, args }: Omit<ObjectKey, 'args'> & { args?: string }) {
  return {
    'data-kind': kind,
    'data-schema': schema,
    'data-name': name,
    'data-sub': sub,
    'data-args': args ?? '',
  };
}

/** A place, likewise. */
export function placeData({ file, line }: Place) {
  return { 'data-file': file, 'data-line': line };
}

/** Rounded down like the figures of the database, so that 100 % is said only of all. */
export function exercisedPercent({ exercised, objects }: Count): number | null {
  return objects === 0 ? null : Math.floor((exercised * 1000) / objects) / 10;
}

export function percent(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} %`;
}

/**
 * Groups of kinds, those first whose gaps cost most. Kinds that are not listed are the last group's; what has a risk is
 * listed by its kind, too.
 */
export const RISKS: { id: string; title: string; why: string; kinds: Kind[]; risk?: Risk }[] = [
  {
    id: 'open',
    title: 'Tables without row level security',
    why: 'Other tables of their schemas have it: here whoever may read the table reads every row.',
    kinds: ['table', 'partitioned-table'],
    risk: 'row-security-off',
  },
  {
    id: 'definer',
    title: 'SECURITY DEFINER routines that no test runs',
    why: 'They do what their owner may do, whoever calls them.',
    kinds: ['function', 'procedure'],
    risk: 'security-definer',
  },
  {
    id: 'policies',
    title: 'Policies that no test decides by',
    why: 'A wrong policy shows rows to strangers or hides them from their owners, and nothing fails.',
    kinds: ['policy'],
  },
  {
    id: 'code',
    title: 'Code that no test runs',
    why: 'Triggers and routines change data; a mistake in them is found by those who use them.',
    kinds: ['trigger', 'function', 'procedure', 'aggregate'],
  },
  {
    id: 'relations',
    title: 'Tables and views',
    why: 'Nothing reads or writes them under an assertion, and nothing is asserted of them.',
    kinds: ['table', 'partitioned-table', 'view', 'materialized-view', 'foreign-table'],
  },
  {
    id: 'rules',
    title: 'Rules on data',
    why: 'No test violates them, so they could go without a test that fails.',
    kinds: [
      'check-constraint',
      'exclusion-constraint',
      'unique-constraint',
      'foreign-key',
      'primary-key',
      'domain-constraint',
      'domain',
    ],
  },
  {
    id: 'rest',
    title: 'Everything else',
    why: 'Columns, indexes, types, sequences and the like.',
    kinds: [],
  },
];

/** The changes that a comparison found, in that order. */
export function changesOf(
  counts: Partial<Record<Change, number>>,
): { change: Change; title: string; count: number }[] {
  return (Object.entries(CHANGES) as [Change, string][]).flatMap(([change, title]) => {
    const count = counts[change];
    return count === undefined ? [] : [{ change, title, count }];
  });
}

/** What is said of changes of which only the first objects are told; empty where all are. */
export function cutChanges({ counts, most }: Pick<Comparison, 'counts' | 'most'>, changes: Change[]): string {
  const cut = changesOf(counts).filter(({ change, count }) => changes.includes(change) && count > most);
  const named = cut.map(({ title, count }) => `“${title}” (${number(count)})`);
  return cut.length === 0 ? '' : `Of ${named.join(', ')} the first ${number(most)} are told here.`;
}

const NUMBER = new Intl.NumberFormat('en');

export function number(value: number): string {
  return NUMBER.format(value);
}

/** `1 file`, `2,000 files`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let scaled = value / 1000;
  while (scaled >= 1000 && units.length > 1) {
    scaled /= 1000;
    units.shift();
  }
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${units[0]}`;
}
