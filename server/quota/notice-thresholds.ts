import type { TxCtx } from '../context';
import { type AccountState, periodAt, type QuotaRules, quotaMsIn } from './account-state';
import { remainingMs } from './decide-start';
import { describeQuota } from './describe-quota';
import { monthAround } from './period';
import { usedMs } from './pockets';

const THRESHOLDS = [80, 95] as const;

/**
 * Returns the thresholds of the current period that are crossed as of now. 100 is crossed when nothing can start or
 * continue. Pure.
 */
function crossedThresholds(state: AccountState, rules: QuotaRules): number[] {
  const quotaMs = quotaMsIn(state, periodAt(state.plan, state.now));
  if (quotaMs === null || (quotaMs === 0 && state.packs.length === 0)) return [];
  const used = usedMs(state);
  const whole = used + Math.max(0, remainingMs(state));
  const crossed: number[] = THRESHOLDS.filter((percent) => used * 100 >= whole * percent);
  if (describeQuota(state, rules).level === 'exhausted' && crossed.length > 0) crossed.push(100);
  return crossed;
}

/** Returns the key of a notice: the period and the packs bought in it, because each pack raises the total. Pure. */
export function noticeKey(state: AccountState): string {
  const { startAt } = monthAround(state.now);
  const fresh = state.packs.filter(({ boughtAt }) => boughtAt >= startAt);
  const newest = fresh.toSorted((a, b) => a.boughtAt - b.boughtAt || (a.key < b.key ? -1 : 1)).at(-1);
  const period = periodAt(state.plan, state.now);
  return newest ? `${period} ${newest.key}` : period;
}

/** Records each crossed threshold once per account and key, and returns the new ones. Requires the account lock. */
export async function noticeThresholds(tx: TxCtx, state: AccountState, rules: QuotaRules): Promise<number[]> {
  const crossed = crossedThresholds(state, rules);
  if (crossed.length === 0) return [];
  const news = await tx.sql<{ threshold: number }[]>`
    insert into quota_notice (account_id, period, threshold, at)
    select ${state.accountId}, ${noticeKey(state)}, threshold, ${state.now} from unnest(${crossed}::int[]) as threshold
    on conflict do nothing returning threshold`;
  return news.map((row) => row.threshold);
}
