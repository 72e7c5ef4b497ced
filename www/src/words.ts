/** How figures, kinds and names are written. */
import { HEADLINE_KINDS, kindOrder, nameOf, visible } from '../../js/reports/names.js';
import type { Count, Kind, ObjectKey, State, Summary } from '../../js/types.js';

export { visible };

/** Strongest first. */
export const STATES: State[] = ['exercised', 'asserted', 'declared', 'gap'];

/** What a state means, in few words. */
export const MEANING: Record<State, string> = {
  exercised: 'a test runs it under an assertion',
  asserted: 'a test asserts more than its presence',
  declared: 'only its presence is asserted',
  gap: 'nothing tests it',
};

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

/** Rounded down like the figures of the database, so that 100 % is said only of all. */
export function exercisedPercent({ exercised, objects }: Count): number | null {
  return objects === 0 ? null : Math.floor((exercised * 1000) / objects) / 10;
}

export function percent(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} %`;
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
