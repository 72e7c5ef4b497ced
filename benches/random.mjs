// A seeded generator of pseudo-random numbers (mulberry32): the same seed draws the same corpus everywhere.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** 0 up to 1, without 1. */
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let n = this.#state;
    n = Math.imul(n ^ (n >>> 15), n | 1);
    n ^= n + Math.imul(n ^ (n >>> 7), n | 61);
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(low, high) {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  pick(list) {
    return list[Math.floor(this.fraction() * list.length)];
  }

  /** `count` different elements, in the order of the list. */
  some(list, count) {
    const left = [...list.keys()];
    while (left.length > count) left.splice(Math.floor(this.fraction() * left.length), 1);
    return left.map((at) => list[at]);
  }

  /** One of `[weight, value]…`. */
  weighted(choices) {
    let at = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    return choices.find(([weight]) => (at -= weight) < 0)[1];
  }
}
