// The interface that js/wasm.ts writes by hand, held against what wasm-bindgen generated: by the compiler, as `make check`
// types this file, and by the methods that there are.

import * as generated from '#wasm';
import { expect, it } from 'vitest';
import type { AnalyzerMachine, ListerMachine, MergeMachine, ReaderMachine, Wasm } from '../../js/wasm.js';

/** False where one of the union is. */
type All<Each> = false extends Each ? false : true;

/** True where each member of ours takes what the generated one takes, and gives what it gives or something narrower. */
type Fits<Ours, Theirs> = All<
  {
    [Name in keyof Ours]: Name extends keyof Theirs
      ? Ours[Name] extends (...given: infer Given) => infer Result
        ? Theirs[Name] extends (...taken: infer Taken) => infer Returned
          ? [Given, Result] extends [Taken, Returned]
            ? true
            : false
          : false
        : Theirs[Name] extends Ours[Name]
          ? true
          : false
      : false;
  }[keyof Ours]
>;

/** The names of a machine, without what wasm-bindgen adds. */
type Members<Machine> = Exclude<keyof Machine, typeof Symbol.dispose>;
type Same<A, B> = [A, B] extends [B, A] ? true : false;

type Holds<Ours, Theirs> = [Fits<Ours, Theirs>, Same<keyof Ours, Members<Theirs>>];
type Constructed<Ours extends abstract new (...given: never[]) => unknown, Taken> =
  ConstructorParameters<Ours> extends Taken ? true : false;

const machines: [
  Holds<AnalyzerMachine, generated.AnalyzerMachine>,
  Holds<ListerMachine, generated.ListerMachine>,
  Holds<MergeMachine, generated.MergeMachine>,
  Holds<ReaderMachine, generated.ReaderMachine>,
] = [
  [true, true],
  [true, true],
  [true, true],
  [true, true],
];
const constructors: [
  Constructed<Wasm['AnalyzerMachine'], ConstructorParameters<typeof generated.AnalyzerMachine>>,
  Constructed<Wasm['ListerMachine'], ConstructorParameters<typeof generated.ListerMachine>>,
  Constructed<Wasm['MergeMachine'], ConstructorParameters<typeof generated.MergeMachine>>,
  Constructed<Wasm['ReaderMachine'], ConstructorParameters<typeof generated.ReaderMachine>>,
] = [true, true, true, true];
const version: Fits<Pick<Wasm, 'version'>, Pick<typeof generated, 'version'>> = true;

/** Every method of a machine, so that the compiler knows one that is missing. */
type Methods<Machine> = Record<Exclude<keyof Machine, 'arenaBytes' | 'usedBytes'>, true>;
const analyzer: Methods<AnalyzerMachine> = {
  begin: true,
  push: true,
  end: true,
  abandon: true,
  wanted: true,
  include: true,
  refuseInclude: true,
  finish: true,
  pending: true,
  ack: true,
  entry: true,
  stats: true,
  free: true,
};
const lister: Methods<ListerMachine> = { push: true, end: true, free: true };
const merge: Methods<MergeMachine> = { addSegment: true, next: true, supply: true, free: true };
const reader: Methods<ReaderMachine> = { query: true, next: true, supply: true, free: true };

it.each([
  ['AnalyzerMachine', analyzer],
  ['ListerMachine', lister],
  ['MergeMachine', merge],
  ['ReaderMachine', reader],
] as const)('%s has the methods that are declared for it', (name, methods) => {
  const { prototype } = generated[name];
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(
      ([key, { value }]) => typeof value === 'function' && key !== 'constructor' && !key.startsWith('__'),
    )
    .map(([key]) => key);
  expect(own.sort()).toEqual(Object.keys(methods).sort());
  expect([machines, constructors, version].flat(2)).not.toContain(false);
});
