// What was shown before: a bounded memory; as idverify/credentials/replays.py.

import { demand } from "./refused.mjs";

const CAPACITY = 262144;

/** Presentations that would still be in time if somebody showed them again. It never forgets one of those. */
export class Replays {
  #seen = new Map();
  #sweptAt = -Infinity;

  /** capacity: how many are remembered at one time. */
  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
  }

  /** Whether `key` is new; it is remembered until after `until` (seconds since the epoch). Refuses as overloaded when full. */
  firstTime(key, until, now) {
    const known = this.#seen.get(key);
    if (known !== undefined && known >= now) return false;
    if (this.#seen.size >= this.capacity || now - this.#sweptAt > 60) this.#sweep(now);
    demand(this.#seen.size < this.capacity, "overloaded");
    this.#seen.set(key, until);
    return true;
  }

  #sweep(now) {
    this.#sweptAt = now;
    for (const [key, until] of this.#seen) if (until < now) this.#seen.delete(key);
  }
}

/** The highest counter of each slip that passed a gate: a code passes once, and none that is older than one that passed. */
export class Counters {
  #taken = new Map();

  /** capacity: how many slips are remembered at one time. */
  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
  }

  /** Whether `counter` exceeds all that were taken for this slip key; if so, it is remembered. Refuses as overloaded when full. */
  take(key, counter, expiresAt, now) {
    const known = this.#taken.get(key);
    if (known !== undefined && counter <= known.counter) return false;
    if (known === undefined && this.#taken.size >= this.capacity) {
      for (const [name, one] of this.#taken) if (one.expiresAt < now) this.#taken.delete(name);
      demand(this.#taken.size < this.capacity, "overloaded");
    }
    this.#taken.set(key, { counter, expiresAt });
    return true;
  }
}
