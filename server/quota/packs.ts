import type { Instant } from '../clock';
import type { AccountState } from './account-state';
import type { PeriodKey } from './lease';

/** Packs are compute time paid once. Every plan may use a pack for twelve months, after the month's quota. */

export type PackOffer = { id: string; name: string; seconds: number };

/** The packs for sale, smallest first. Their prices are read from the payment provider. */
export const PACKS: readonly PackOffer[] = [
  { id: 'pack10', name: '10 hours', seconds: 36_000 },
  { id: 'pack50', name: '50 hours', seconds: 180_000 },
];

/** A pack that an account has bought, for quota decisions. Its sums are those of the period `key`. */
export type Pack = {
  id: string;
  key: PeriodKey;
  name: string;
  seconds: number;
  boughtAt: Instant;
  endsAt: Instant;
  /** The time bought by the payment less refunds, in ms. */
  quotaMs: number;
};

/** Returns the name of a bought pack; its hours for one that is no longer sold. Pure. */
export const packName = ({ packId, seconds }: { packId: string; seconds: number }): string =>
  PACKS.find(({ id }) => id === packId)?.name ?? `${Math.floor(seconds / 3600)} hours`;

const PREFIX = 'pack:';

/** Returns the key of the period under which the time of a pack is held and charged. */
export const packKey = (id: string): PeriodKey => `${PREFIX}${id}`;

export const isPackKey = (period: PeriodKey): boolean => period.startsWith(PREFIX);

/** Returns the end of a pack: the same date and time a year later; 1 March for one bought on 29 February. Pure. */
export function packEndsAt(boughtAt: Instant): Instant {
  const date = new Date(boughtAt);
  return date.setUTCFullYear(date.getUTCFullYear() + 1);
}

/**
 * Returns the time of a pack after refunds, in ms: its seconds in proportion to the amount kept, floored; 0 after a
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

/** Returns the account as if a pack were bought now. Pure. */
export function withPack(state: AccountState, { id, name, seconds }: PackOffer): AccountState {
  const key = packKey(`new-${id}`);
  const quotaMs = seconds * 1000;
  const pack: Pack = { id, key, name, seconds, boughtAt: state.now, endsAt: packEndsAt(state.now), quotaMs };
  const sums = { quotaMs, forgivenMs: 0, usedMs: 0, heldMs: 0 };
  return { ...state, packs: [...state.packs, pack], periods: new Map(state.periods).set(key, sums) };
}
