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

/** Everything a quota decision needs, as one consistent read of PostgreSQL saw it. Decisions on it are pure. */

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
    /** The idle stop its session asks for; null follows the plan. */
    chosenIdleSeconds: SessionRecord['idleStopSeconds'];
    segments: Segment[];
  };

export type AccountState = {
  accountId: string;
  status: AccountStatus;
  /** Whether an owner has proven their address. True for an account nobody signed up for. */
  isConfirmed: boolean;
  now: Instant;
  /** How far PostgreSQL's clock is behind what this account has seen of it: it was set back. At most 0 otherwise. */
  clockBehindMs: number;
  /** Nothing is granted before: after a restore, leases that the database does not know may still run until then. */
  grantingFrom: Instant;
  /** The plan in force. */
  plan: Plan;
  /** What the account has of its own, without a payment. */
  ownPlanId: string;
  subscription: Subscription | null;
  plans: Plan[];
  /** What each plan costs, by plan. */
  prices: Map<string, Prices | null>;
  /** The currency this account is charged in for good; null before its first payment. */
  currency: string | null;
  /** What each pack costs, by pack. */
  packPrices: Map<string, Prices | null>;
  periods: Map<PeriodKey, PeriodSums>;
  /** Packs that have not ended, the one that ends first first. */
  packs: Pack[];
  /** What of this month is in the ledger and was charged to packs, or to a trial. */
  extraUsedMs: number;
  openRuns: OpenRun[];
};

/** The bounds of a decision, from configuration. */
export type QuotaRules = SliceBounds & { minStartMs: number; needsConfirmed: boolean };

export const quotaRules = (env: Env): QuotaRules => ({
  minMs: env.LEASE_MIN_SECONDS * 1000,
  maxMs: env.LEASE_MAX_SECONDS * 1000,
  minStartMs: env.MIN_START_SECONDS * 1000,
  needsConfirmed: env.CONFIRMED_EMAIL === 'required',
});

/** True while nothing may be granted, neither a start nor a renewal. */
export const isHeldBack = (state: AccountState): boolean => state.now < state.grantingFrom;

/** What a clock may be behind without being called set back: servers that take turns differ by less. */
const CLOCK_TOLERANCE_MS = 2_000;

/** True while PostgreSQL's clock was set back: time passes that nobody can count, so that nothing may be granted. */
export const isClockBehind = (state: AccountState): boolean => state.clockBehindMs > CLOCK_TOLERANCE_MS;

/** The period that `at` draws on under the plan in force. */
export const periodAt = (plan: Plan, at: Instant): PeriodKey => (isOnce(plan) ? TRIAL_PERIOD : monthOf(at));

/** The sums of a period; zeros under its quota as of now while it has no row. */
export function sumsOf(state: AccountState, period: PeriodKey): PeriodSums {
  return (
    state.periods.get(period) ?? { quotaMs: quotaMsIn(state, period), forgivenMs: 0, usedMs: 0, heldMs: 0 }
  );
}

/** The quota of a period as of now, in ms; null is no limit. That of a month that is over stays what it was. Pure. */
export function quotaMsIn(state: AccountState, period: PeriodKey): number | null {
  const known = state.periods.get(period);
  if (isPackKey(period)) return state.packs.find(({ key }) => key === period)?.quotaMs ?? known?.quotaMs ?? 0;
  if (period === TRIAL_PERIOD) return onceMs(state);
  if (known && (isOnce(state.plan) || period < monthOf(state.now))) return known.quotaMs;
  const seconds = monthSeconds(state, period);
  return seconds === null ? null : seconds * 1000;
}

/** The allowance that is given once: that of the plan in force or of the own one, or what was given before. */
function onceMs({ plan, plans, ownPlanId, periods }: AccountState): number | null {
  const once = [plan, plans.find(({ id }) => id === ownPlanId)].find((one) => one && isOnce(one));
  return once ? quotaMsOf(once) : (periods.get(TRIAL_PERIOD)?.quotaMs ?? 0);
}

/** What may still be reserved in a period: quota − used − held, never negative, Infinity without a limit. */
export function availableMs(state: AccountState, period: PeriodKey): number {
  const { usedMs, heldMs } = sumsOf(state, period);
  const quotaMs = quotaMsIn(state, period);
  return quotaMs === null ? Number.POSITIVE_INFINITY : Math.max(0, quotaMs - usedMs - heldMs);
}

/** The elapsed, not yet metered part of a running lease in a period, in ms. Booting runs have used nothing. */
function elapsedMs(run: OpenRun, period: PeriodKey, now: Instant): number {
  if (run.startedAt === null) return 0;
  return lengthOf(splitAt(run.segments, now).before.filter((s) => s.period === period));
}

/** Used and held of a period as of now: the elapsed part of open runs counts as used. */
export function liveSums(state: AccountState, period: PeriodKey): { usedMs: number; heldMs: number } {
  const { usedMs, heldMs } = sumsOf(state, period);
  const elapsed = state.openRuns.reduce((sum, run) => sum + elapsedMs(run, period, state.now), 0);
  return { usedMs: usedMs + elapsed, heldMs: heldMs - elapsed };
}
