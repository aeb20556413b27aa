import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { inTx } from '../context';
import { applyPlan } from '../quota/apply-plan';
import { batchStatus } from '../session/batch-status';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
});
afterAll(() => stage.world.close());

/** Stores a subscription as a read of the payment provider would. */
async function subscribe(
  accountId: string,
  planId: string,
  status: string,
  paidUntil: string | null,
): Promise<void> {
  await stage.ctx.sql`delete from subscription where account_id = ${accountId}`;
  await stage.ctx.sql`
    insert into subscription (account_id, stripe_subscription_id, item_id, plan_id, price_id, status, currency, amount,
      started_at, period_start, period_end, paid_until)
    values (${accountId}, ${`sub_${accountId}`}, 'si', ${planId}, 'price', ${status}, 'usd', 1, hg_clock(), hg_clock(), hg_clock(),
      ${paidUntil})`;
}

describe('a loss of plan', () => {
  it('BILLING-13 ends the newest sessions that the smaller plan does not cover, politely, and grants nothing new', async () => {
    const accountId = await stage.account({ planId: 'max' });
    stage.kind = 'honest';
    const made = [
      await stage.started(accountId),
      await stage.started(accountId),
      await stage.started(accountId),
    ];
    await stage.pass(5_000);
    for (const { runId } of made) await stage.call(runId, 0, 'running');
    await inTx(stage.ctx, (tx) => applyPlan(tx, accountId, 'starter'));
    await stage.pass(15_000, 1_000);
    const runs = await Promise.all(made.map(({ runId }) => stage.run(runId)));
    expect(runs.map((run) => [run.status, run.end_reason])).toEqual([
      ['running', null],
      ['stopped', 'plan'],
      ['stopped', 'plan'],
    ]);
    expect(runs.map((run) => run.overrun_ms)).toEqual([0, 0, 0]);
    expect((await batchStatus(stage.ctx, accountId)).start).toEqual({
      allowed: false,
      reason: 'SESSION_LIMIT_REACHED',
    });
  });

  it('BILLING-12 a failed payment keeps the sessions for its 72 hours; then the timekeeper or the next call ends them', async () => {
    const accountId = await stage.account();
    const now = stage.now;
    const paidUntil = new Date(now - 72 * 3_600_000 + 30_000).toISOString();
    await subscribe(accountId, 'pro', 'past_due', paidUntil);
    const made = [await stage.started(accountId), await stage.started(accountId)];
    await stage.pass(2_000);
    for (const { runId } of made) await stage.call(runId, 0, 'running');
    expect((await batchStatus(stage.ctx, accountId)).quota.plan.id).toBe('pro');
    await stage.pass(31_000, 1_000);
    expect((await batchStatus(stage.ctx, accountId)).quota.plan.id).toBe('free');
    expect(await stage.call(made[1]?.runId ?? '', 1, 'renew')).toMatchObject({
      action: 'stop',
      reason: 'plan',
    });
    expect(await stage.call(made[0]?.runId ?? '', 1, 'renew')).toMatchObject({ action: 'run' });
  });

  it.each([
    ['active', 'pro'],
    ['trialing', 'pro'],
    ['past_due', 'pro'],
    ['incomplete', 'free'],
    ['unpaid', 'free'],
    ['paused', 'free'],
    ['canceled', 'free'],
    ['incomplete_expired', 'free'],
    ['something_new', 'free'],
  ])('BILLING-14 a subscription that is %s gives %s', async (status, planId) => {
    const accountId = await stage.account();
    await subscribe(accountId, 'pro', status, new Date(stage.now).toISOString());
    expect((await batchStatus(stage.ctx, accountId)).quota.plan.id).toBe(planId);
  });
});
