import type { Instant } from '../clock';
import type { BoughtTime } from '../quota/effective-plan';
import { monthAround } from '../quota/period';
import type { BoughtLine } from './read-invoices';
import type { StoredSubscription } from './sync/stored-subscription';

type Reading = {
  lines: BoughtLine[];
  planOf: (priceId: string) => string | null;
  /** The row of the same subscription before the read; null for a new one. */
  before: StoredSubscription | null;
  /** When that row was read. */
  syncedAt: Instant | null;
  now: Instant;
};

/**
 * Returns the paid lines to store: those of this month and later, and the one that reaches furthest. A row from before
 * quotas were prorated keeps its whole month, and later charges add to it. Idempotent. Pure.
 */
export function boughtTime({ lines, planOf, before, syncedAt, now }: Reading): BoughtTime[] {
  const kept = keptMonth(before, syncedAt ?? now, now);
  const counted = kept ? lines.flatMap((line) => besideKept(line, kept)) : lines;
  const furthest = Math.max(...counted.map(({ to }) => to));
  const { startAt } = monthAround(now);
  const bought = counted
    .filter(({ to }) => to >= startAt || to === furthest)
    .map(({ priceId, from, to, share }) => ({ planId: planOf(priceId), from, to, share }));
  return kept ? [kept, ...bought] : bought;
}

/** Returns the whole month of a row from before quotas were prorated, while that month lasts. */
function keptMonth(
  before: StoredSubscription | null,
  syncedAt: Instant,
  now: Instant,
): (BoughtTime & { keptSince: Instant }) | null {
  if (!before) return null;
  const { startAt, endAt } = monthAround(now);
  if (before.bought === null) {
    return { planId: before.planId, from: startAt, to: endAt, share: 1, keptSince: syncedAt };
  }
  const kept = before.bought.find((one) => one.keptSince !== undefined && one.to > now);
  return kept?.keptSince === undefined ? null : { ...kept, keptSince: kept.keptSince };
}

/**
 * Returns what an invoice adds to a month that is kept whole: all of a newer invoice, else the part after that month.
 */
function besideKept(line: BoughtLine, kept: BoughtTime & { keptSince: Instant }): BoughtLine[] {
  if (line.madeAt > kept.keptSince) return [line];
  return line.to > kept.to ? [{ ...line, from: Math.max(line.from, kept.to) }] : [];
}
