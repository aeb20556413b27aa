/** A seeded source of chance and a queue of things to come: the two halves of a repeatable history. */

export type Chance = {
  next(): number;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  hit(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
};

/** mulberry32: small, fast, and the same on every machine. */
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
  /** It asks PostgreSQL nothing before it has set the clock there: most of what happens in a machine. */
  isQuiet: boolean;
};

/** Events in the order of their time; those of the same time in the order they were added. */
export class Agenda {
  private readonly events: (Event & { order: number })[] = [];
  private count = 0;

  add(at: number, name: string, run: Event['run'], isQuiet = false): void {
    this.events.push({ at: Math.round(at), name, run, isQuiet, order: this.count++ });
  }

  /** What happens without PostgreSQL: its clock need not be moved before. */
  addQuiet(at: number, name: string, run: Event['run']): void {
    this.add(at, name, run, true);
  }

  /** Takes the next event at or before `until`. */
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
