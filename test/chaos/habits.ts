import type { Chance } from '../simulation/events';

/** The kinds of users and their frequencies. */

type Machines = 'normal' | 'silent' | 'stubborn' | 'crash' | 'stuck_created' | 'slow_boot';
export type Habit = {
  name: string;
  planId: string;
  machines: Machines;
  sessions: number;
  /** Plans to buy, one after the other. */
  buys?: string[];
  weight: number;
};

export const HABITS: Habit[] = [
  { name: 'steady', planId: 'max', machines: 'normal', sessions: 3, weight: 5 },
  { name: 'tight', planId: 'free', machines: 'normal', sessions: 2, weight: 4 },
  { name: 'buyer', planId: 'free', machines: 'normal', sessions: 2, buys: ['starter', 'pro'], weight: 3 },
  { name: 'idler', planId: 'custom', machines: 'normal', sessions: 2, weight: 2 },
  { name: 'silent', planId: 'starter', machines: 'silent', sessions: 1, weight: 2 },
  { name: 'stubborn', planId: 'pro', machines: 'stubborn', sessions: 2, weight: 2 },
  { name: 'crasher', planId: 'pro', machines: 'crash', sessions: 2, weight: 1 },
  { name: 'stuck', planId: 'starter', machines: 'stuck_created', sessions: 1, weight: 1 },
  { name: 'slow', planId: 'pro', machines: 'slow_boot', sessions: 1, weight: 1 },
];

export function weighted<T extends { weight: number }>(chance: Chance, items: readonly T[]): T {
  let left = chance.next() * items.reduce((sum, { weight }) => sum + weight, 0);
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  return items[0] as T;
}
