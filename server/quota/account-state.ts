import type { run, session } from '@/db/schema/session';
import type { Instant } from '../clock';
import type { Env } from '../env';
import type { AccountStatus, Plan } from '../shapes';
import type { Subscription } from './effective-plan';
import { lengthOf, type PeriodKey, type Segment, type SliceBounds, splitAt, TRIAL_PERIOD } from './lease';
import { isPackKey, type Pack } from './packs';
import { monthSeconds } from './paid-quota';
import { monthOf } from './period';
import { isOnce, type Prices, quotaMsOf } from './plans';

/** The data of a quota decision, as one consistent read of PostgreSQL. Decisions on it are pure. */

export type PeriodSums = { quotaMs: number | null; forgivenMs: number; usedMs: number; heldMs: number };

type RunRecord = typeof run.$inferSelect;
type SessionRecord = typeof session.$inferSelect;

export type OpenRun = Pick<
  RunRecord,
  | 'id'
  | 'sessionId'
  | 'machineId'
  | 'admittedAt'
  | 'startedAt'
  | 'meteredTo'
  | 'proofAt'
  | 'leaseMs'
  | 'leaseUntil'
  | 'final'
  | 'idleStopSeconds'
  | 'lastInputAt'
  | 'lastWorkAt'
  | 'agentBootId'
  | 'agentSeq'
  | 'stopRequestedAt'
  | 'endReason'
  | 'usedMs'
> &
  Pick<SessionRecord, 'awakeFrom' | 'awakeUntil'> & {
    status: Extract<RunRecord['status'], 'starting' | 'running' | 'stopping'>;
    /** The idle stop chosen for its session, in seconds; null follows the plan. */
    chosenIdleSeconds: SessionRecord['idleStopSeconds'];
    segments: Segment[];
  };

export type AccountState = {
  accountId: string;
  status: AccountStatus;
  /** Whether an owner has confirmed their address. True for an account without a user. */
  isConfirmed: boolean;
  now: Instant;
  /**
   * How far PostgreSQL's clock is behind the latest instant this account has seen, in ms. Positive only when it was set
   * back.
   */
  clockBehindMs: number;
  /**
   * Nothing is granted before this instant: after a restore, leases that the database does not know may run until then.
   */
  grantingFrom: Instant;
  /** The plan in force. */
  plan: Plan;
  /** The account's own plan, in force without a payment. */
  ownPlanId: string;
  subscription: Subscription | null;
  plans: Plan[];
  /** The prices of each plan, by plan id; null for a plan that is not sold. */
  prices: Map<string, Prices | null>;
  /** The currency in which this account is charged from its first payment on; null before. */
  currency: string | null;
  /** The prices of each pack, by pack id. */
  packPrices: Map<string, Prices | null>;
  periods: Map<PeriodKey, PeriodSums>;
  /** Packs that have not ended, ordered by their end. */
  packs: Pack[];
  /** Time of this month in the ledger that was charged to packs or to a trial, in ms. */
  extraUsedMs: number;
  openRuns: OpenRun[];
};

/** The bounds of a decision, from the settings. */
export type QuotaRules = SliceBounds & { minStartMs: number; needsConfirmed: boolean };

export const quotaRules = (env: Env): QuotaRules => ({
  minMs: env.LEASE_MIN_SECONDS * 1000,
  maxMs: env.LEASE_MAX_SECONDS * 1000,
  minStartMs: env.MIN_START_SECONDS * 1000,
  needsConfirmed: env.CONFIRMED_EMAIL === 'required',
});

/**
 * Returns whether the account waits for the leases of a restored database to end: neither a start nor a renewal is
 * granted.
 */
export const isHeldBack = (state: AccountState): boolean => state.now < state.grantingFrom;

/** A clock this far behind, in ms, does not count as set back: the clocks of servers that fail over differ by less. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Returns whether PostgreSQL's clock was set back. Nothing is granted then, because the time that passes cannot be
 * counted.
 */
export const isClockBehind = (state: AccountState): boolean => state.clockBehindMs > CLOCK_TOLERANCE_MS;

/** Returns the period that is charged at `at` under the plan in force. */
export const periodAt = (plan: Plan, at: Instant): PeriodKey => (isOnce(plan) ? TRIAL_PERIOD : monthOf(at));

/** Returns the sums of a period; for a period without a row, zeros and its quota as of now. */
export function sumsOf(state: AccountState, period: PeriodKey): PeriodSums {
  return (
    state.periods.get(period) ?? { quotaMs: quotaMsIn(state, period), forgivenMs: 0, usedMs: 0, heldMs: 0 }
  );
}

/**
 * Returns the quota of a period as of now, in ms; null without a limit. The quota of a past month does not change.
 * Pure.
 */
export function quotaMsIn(state: AccountState, period: PeriodKey): number | null {
  const known = state.periods.get(period);
  if (isPackKey(period)) return state.packs.find(({ key }) => key === period)?.quotaMs ?? known?.quotaMs ?? 0;
  if (period === TRIAL_PERIOD) return onceMs(state);
  if (known && (isOnce(state.plan) || period < monthOf(state.now))) return known.quotaMs;
  const seconds = monthSeconds(state, period);
  return seconds === null ? null : seconds * 1000;
}

/** Returns the one-time allowance in ms: of the plan in force, of the own plan, or what was given before. */
function onceMs({ plan, plans, ownPlanId, periods }: AccountState): number | null {
  const once = [plan, plans.find(({ id }) => id === ownPlanId)].find((one) => one && isOnce(one));
  return once ? quotaMsOf(once) : (periods.get(TRIAL_PERIOD)?.quotaMs ?? 0);
}

/**
 * Returns what may still be reserved in a period, in ms: quota − used − held, never negative, Infinity without a limit.
 */
export function availableMs(state: AccountState, period: PeriodKey): number {
  const { usedMs, heldMs } = sumsOf(state, period);
  const quotaMs = quotaMsIn(state, period);
  return quotaMs === null ? Number.POSITIVE_INFINITY : Math.max(0, quotaMs - usedMs - heldMs);
}

/** Returns the elapsed, not yet charged part of a running lease in a period, in ms. Booting runs have used nothing. */
function elapsedMs(run: OpenRun, period: PeriodKey, now: Instant): number {
  if (run.startedAt === null) return 0;
  return lengthOf(splitAt(run.segments, now).before.filter((s) => s.period === period));
}

/** Returns used and held time of a period as of now, in ms: the elapsed part of open runs counts as used. */
export function liveSums(state: AccountState, period: PeriodKey): { usedMs: number; heldMs: number } {
  const { usedMs, heldMs } = sumsOf(state, period);
  const elapsed = state.openRuns.reduce((sum, run) => sum + elapsedMs(run, period, state.now), 0);
  return { usedMs: usedMs + elapsed, heldMs: heldMs - elapsed };
}
