import type { Instant } from '../clock';
import type { AccountState } from './account-state';
import type { PeriodKey } from './lease';

/** Packs: compute that is paid once. Every plan may use it for twelve months, after the month's quota. */

export type PackOffer = { id: string; name: string; seconds: number };

/** What is for sale, smallest first. What each costs is read from the payment provider. */
export const PACKS: readonly PackOffer[] = [
  { id: 'pack10', name: '10 hours', seconds: 36_000 },
  { id: 'pack50', name: '50 hours', seconds: 180_000 },
];

/** A pack that an account has bought, as quota decisions see it. Its sums are those of the period `key`. */
export type Pack = {
  id: string;
  key: PeriodKey;
  name: string;
  seconds: number;
  boughtAt: Instant;
  endsAt: Instant;
  /** What money that was not given back bought, in ms. */
  quotaMs: number;
};

/** The name of what was bought; of a pack that is no longer sold, its hours. Pure. */
export const packName = ({ packId, seconds }: { packId: string; seconds: number }): string =>
  PACKS.find(({ id }) => id === packId)?.name ?? `${Math.floor(seconds / 3600)} hours`;

const PREFIX = 'pack:';

/** The key under which the time of a pack is held and charged. */
export const packKey = (id: string): PeriodKey => `${PREFIX}${id}`;

export const isPackKey = (period: PeriodKey): boolean => period.startsWith(PREFIX);

/** The end of a pack: the same date and time a year later; of one bought on 29 February, 1 March. Pure. */
export function packEndsAt(boughtAt: Instant): Instant {
  const date = new Date(boughtAt);
  return date.setUTCFullYear(date.getUTCFullYear() + 1);
}

/**
 * What is left of a pack in ms after money went back: seconds in the proportion of what was kept, floored; nothing after a
 * dispute. Pure.
 */
export function packQuotaMs({
  seconds,
  amount,
  refunded,
  disputed,
}: {
  seconds: number;
  amount: number;
  refunded: number;
  disputed: boolean;
}): number {
  if (disputed || amount <= 0) return 0;
  return Math.floor((seconds * Math.max(0, amount - refunded)) / amount) * 1000;
}

/** The account as it would be with a pack bought now. Pure. */
export function withPack(state: AccountState, { id, name, seconds }: PackOffer): AccountState {
  const key = packKey(`new-${id}`);
  const quotaMs = seconds * 1000;
  const pack: Pack = { id, key, name, seconds, boughtAt: state.now, endsAt: packEndsAt(state.now), quotaMs };
  const sums = { quotaMs, forgivenMs: 0, usedMs: 0, heldMs: 0 };
  return { ...state, packs: [...state.packs, pack], periods: new Map(state.periods).set(key, sums) };
}
