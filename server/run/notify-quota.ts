import type { Row } from '@/db/rows';
import type { session } from '@/db/schema/session';
import type { TxCtx } from '../context';
import { queueMail } from '../mail/queue-mail';
import { type AccountState, periodAt, quotaRules } from '../quota/account-state';
import { describeQuota } from '../quota/describe-quota';
import { noticeKey, noticeThresholds } from '../quota/notice-thresholds';

/**
 * Records the newly crossed thresholds of the quota and queues their emails, once per account and period. Requires the
 * account lock.
 */
export async function notifyQuota(tx: TxCtx, state: AccountState): Promise<void> {
  const rules = quotaRules(tx.env);
  const news = await noticeThresholds(tx, state, rules);
  // Of several thresholds crossed at once, only the highest is reported.
  const threshold = Math.max(0, ...news);
  if (threshold === 0) return;
  const period = periodAt(state.plan, state.now);
  await queueMail(tx, {
    accountId: state.accountId,
    kind: 'quota.threshold',
    cause: `quota:${state.accountId}:${noticeKey(state)}:${threshold}`,
    facts: { threshold, percent: describeQuota(state, rules).percent, planName: state.plan.name, period },
  });
}

/** Emails the owners that the end of the quota stopped a session, once per run. */
export async function notifyStopped(
  tx: TxCtx,
  accountId: string,
  runId: string,
  sessionId: string,
): Promise<void> {
  const [named] = await tx.sql<
    Pick<Row<typeof session>, 'name'>[]
  >`select name from session where id = ${sessionId}`;
  await queueMail(tx, {
    accountId,
    kind: 'session.stopped',
    cause: `stopped:${runId}`,
    facts: { sessionName: named?.name ?? 'session' },
  });
}
