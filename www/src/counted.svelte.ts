/** Answers that are there soon from some objects, and later from all. */
import type { Asks } from './protocol.js';
import type { Session } from './session.js';

/** An answer from the objects of the headline, replaced by the one from all when that is there. */
export class Counted<N extends 'tree' | 'schemas'> {
  answer = $state.raw() as Promise<Asks[N]['answer']>;
  /** Whether all objects are counted. */
  whole = $state(false);

  constructor(session: Session, ask: N, query: Omit<Asks[N]['query'], 'whole'>) {
    this.answer = session.ask(ask, query);
    this.answer.then(
      ({ whole }) => {
        if (whole) this.whole = true;
        else this.#replace(session.ask(ask, { ...query, whole: true }));
      },
      () => (this.whole = true),
    );
  }

  #replace(answer: Promise<Asks[N]['answer']>): void {
    const there = () => {
      this.answer = answer;
      this.whole = true;
    };
    answer.then(there, there);
  }
}
