import type { TxCtx } from '../context';
import { type AccountState, liveSums, periodAt, type QuotaRules, quotaMsIn } from './account-state';
import { describeQuota } from './describe-quota';

const THRESHOLDS = [80, 95] as const;

/** The thresholds of the current period that are crossed as of now. 100 is crossed when nothing can be started or continued. Pure. */
function crossedThresholds(state: AccountState, rules: QuotaRules): number[] {
  const period = periodAt(state.plan, state.now);
  const quotaMs = quotaMsIn(state, period);
  if (quotaMs === null || quotaMs === 0) return [];
  const { usedMs } = liveSums(state, period);
  const crossed: number[] = THRESHOLDS.filter((percent) => usedMs * 100 >= quotaMs * percent);
  if (describeQuota(state, rules).level === 'exhausted' && crossed.length > 0) crossed.push(100);
  return crossed;
}

/** Writes down each crossed threshold once per account and period; returns those that are news. Under the account lock. */
export async function noticeThresholds(tx: TxCtx, state: AccountState, rules: QuotaRules): Promise<number[]> {
  const crossed = crossedThresholds(state, rules);
  if (crossed.length === 0) return [];
  const period = periodAt(state.plan, state.now);
  const news = await tx.sql<{ threshold: number }[]>`
    insert into quota_notice (account_id, period, threshold, at)
    select ${state.accountId}, ${period}, threshold, ${state.now} from unnest(${crossed}::int[]) as threshold
    on conflict do nothing returning threshold`;
  return news.map((row) => row.threshold);
}
