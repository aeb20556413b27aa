import type { Agenda, Chance } from './events';
import type { SimProvider } from './provider';

export const MONTH_END = Date.parse('2026-12-01T00:00:00Z');

/** Around the edge of a month: how long the provider may be away, and how late it shows what has happened. */
const LONGEST_AWAY_MS = 150_000;
const LAGS_MS = [2_000, 20_000, 45_000] as const;

/** What a history meets at the edge of a month. */
export type Edge = {
  /** The month ends in the middle of the history. */
  isNear: boolean;
  /** The provider shows late, or cannot be asked across the edge: proofs of the old month are heard in the new one. */
  isHard: boolean;
  lagMs: number;
};

/** Every fourth history lies at the edge of a month, and half of these have proofs that come late. */
export function edgeOf(seed: number, chance: Chance): Edge {
  const isNear = seed % 4 === 1;
  const isHard = isNear && seed % 8 === 5;
  return { isNear, isHard, lagMs: isHard ? chance.pick(LAGS_MS) : 0 };
}

/** Adjustments on both sides of the edge; where it is hard, leases run out and machines die while nobody can ask. */
export function planEdge(
  { agenda, chance, provider }: { agenda: Agenda; chance: Chance; provider: SimProvider },
  edge: Edge,
  adjust: (ms: number) => Promise<unknown>,
): void {
  if (!edge.isNear) return;
  for (const at of [MONTH_END - chance.between(1, 3_000), MONTH_END + chance.between(0, 3_000)])
    agenda.add(at, 'adjustment', async () => void (await adjust(chance.between(-30_000, 30_000))));
  if (!edge.isHard) return;
  const from = MONTH_END - chance.between(1_000, LONGEST_AWAY_MS);
  const until = MONTH_END + chance.between(1_000, LONGEST_AWAY_MS);
  agenda.addQuiet(from, 'provider away', () => setAway(provider, true));
  agenda.addQuiet(until, 'provider back', () => setAway(provider, false));
}

function setAway(provider: SimProvider, isAway: boolean): void {
  provider.isAway = isAway;
}
