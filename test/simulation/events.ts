/** A seeded random source and an event queue: the two parts of a repeatable history. */

export type Chance = {
  next(): number;
  /** Returns an integer from `low` to `high`, both inclusive. */
  between(low: number, high: number): number;
  hit(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
};

/** Returns mulberry32 with this seed: small, fast, and the same on every machine. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    hit: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
  };
}

export type Event = {
  at: number;
  name: string;
  run: () => Promise<void> | void;
  /** True for an event that uses no PostgreSQL before it has set the clock there: most events of machines. */
  isQuiet: boolean;
};

/** A queue of events ordered by time; events of the same time keep the order in which they were added. */
export class Agenda {
  private readonly events: (Event & { order: number })[] = [];
  private count = 0;

  add(at: number, name: string, run: Event['run'], isQuiet = false): void {
    this.events.push({ at: Math.round(at), name, run, isQuiet, order: this.count++ });
  }

  /** Adds an event that needs no PostgreSQL, so that the clock there is not set before it. */
  addQuiet(at: number, name: string, run: Event['run']): void {
    this.add(at, name, run, true);
  }

  /** Removes and returns the next event at or before `until`. */
  take(until: number): Event | undefined {
    let best = -1;
    for (let i = 0; i < this.events.length; i++) {
      const event = this.events[i] as (typeof this.events)[number];
      const first = this.events[best];
      if (
        event.at <= until &&
        (!first || event.at < first.at || (event.at === first.at && event.order < first.order))
      )
        best = i;
    }
    return best < 0 ? undefined : this.events.splice(best, 1)[0];
  }
}
