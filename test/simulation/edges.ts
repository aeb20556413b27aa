import type { Agenda, Chance } from './events';
import type { SimProvider } from './provider';

export const MONTH_END = Date.parse('2026-12-01T00:00:00Z');

/** Near the end of a month: the longest outage of the provider, and the delays with which it shows changes, in ms. */
const LONGEST_AWAY_MS = 150_000;
const LAGS_MS = [2_000, 20_000, 45_000] as const;

/** The conditions of a history near the end of a month. */
export type Edge = {
  /** True when the month ends in the middle of the history. */
  isNear: boolean;
  /**
   * True when the provider shows changes late or is away at the month's end, so that proofs of the old month arrive in
   * the new one.
   */
  isHard: boolean;
  lagMs: number;
};

/** Returns the conditions of a history: every fourth lies at the end of a month, and half of these have late proofs. */
export function edgeOf(seed: number, chance: Chance): Edge {
  const isNear = seed % 4 === 1;
  const isHard = isNear && seed % 8 === 5;
  return { isNear, isHard, lagMs: isHard ? chance.pick(LAGS_MS) : 0 };
}

/**
 * Schedules adjustments on both sides of the month's end; in a hard history leases also end and machines die while the
 * provider is away.
 */
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
