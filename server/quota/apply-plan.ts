import type { TxCtx } from '../context';
import { DomainError, notFound } from '../errors';
import type { Plan } from '../shapes';
import { alignQuota } from './book';
import { lockAccount } from './load-account';
import { wakeRuns } from './wake-runs';

/**
 * Changes the own plan of an account. A larger plan takes effect at the next renewal. A smaller one grants nothing new,
 * forgives time that is already used or leased, and ends the newest sessions over its limit. Returns the plans in force
 * before and after. Throws NOT_FOUND, INVALID_INPUT.
 */
export async function applyPlan(
  tx: TxCtx,
  accountId: string,
  planId: string,
): Promise<{ before: Plan; after: Plan }> {
  const state = await lockAccount(tx, accountId);
  if (!state.plans.some((plan) => plan.id === planId)) {
    throw new DomainError('INVALID_INPUT', `There is no plan named ${planId}.`, {
      fields: { planId: ['unknown plan'] },
    });
  }
  const before = state.plan;
  const [set] = await tx.sql`
    update account set own_plan_id = ${planId} where id = ${accountId} and deleted_at is null returning 1`;
  if (!set) throw notFound('account');
  const after = await lockAccount(tx, accountId);
  await alignQuota(tx, after);
  if (after.plan.maxSessions < before.maxSessions) await wakeRuns(tx, accountId);
  return { before, after: after.plan };
}
