import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { inTx } from '../context';
import type { DomainError } from '../errors';
import { adjustUsage } from '../quota/adjust-usage';
import { applyPlan } from '../quota/apply-plan';
import { findDrift } from '../quota/find-drift';
import { listPlans } from '../quota/plans';
import { readUsageDays } from '../quota/read-usage-days';
import { savePlan } from '../quota/save-plan';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { deleteSession } from '../session/delete';
import { readSession } from '../session/read-sessions';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';

/** Plays known ways to lose or give away time, once each. */

const NOON = Date.parse('2026-11-10T12:00:00Z');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: NOON, max: 20 });
});
afterAll(() => stage.world.close());
beforeEach(() => {
  stage.kind = 'silent';
});

const days = (accountId: string) =>
  readUsageDays(stage.ctx.sql, accountId, { from: '2026-11-01', to: '2026-11-30' });
const planOf = async (id: string) => {
  const plan = (await listPlans(stage.ctx.sql)).find((one) => one.id === id);
  if (!plan) throw new Error(`There is no plan ${id}.`);
  return plan;
};

describe('figures', () => {
  it('QUOTA-26 the days add up to what is used, also in the middle of a lease', async () => {
    const accountId = await stage.account();
    const { runId } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    await stage.pass(200_000);
    const { quota } = await batchStatus(stage.ctx, accountId);
    const sum = (await days(accountId)).reduce((all, day) => all + day.seconds, 0);
    expect(quota.usedSeconds).toBeGreaterThan(199);
    expect(sum).toBeCloseTo(quota.usedSeconds, 6);
    await stage.call(runId, 1, 'stopped');
    await stage.pass(3_000, 500);
    const after = (await batchStatus(stage.ctx, accountId)).quota.usedSeconds;
    expect((await days(accountId)).reduce((all, day) => all + day.seconds, 0)).toBeCloseTo(after, 6);
  });

  it('QUOTA-29 a plan that is left and taken again in the same month begins no second quota', async () => {
    const accountId = await stage.account({ planId: 'pro', leftMs: 3_600_000 });
    const used = (await batchStatus(stage.ctx, accountId)).quota.usedSeconds;
    for (const planId of ['free', 'pro', 'trial', 'pro', 'custom', 'pro'])
      await inTx(stage.ctx, (tx) => applyPlan(tx, accountId, planId));
    expect((await batchStatus(stage.ctx, accountId)).quota).toMatchObject({
      usedSeconds: used,
      remainingSeconds: 3_600,
    });
  });

  it('QUOTA-30 what an administrator changes in a plan is felt by everybody at once, and ends what it no longer covers', async () => {
    const max = await planOf('max');
    const accountId = await stage.account({ planId: 'max' });
    const made = [await stage.started(accountId), await stage.started(accountId)];
    await stage.pass(2_000, 500);
    for (const { runId } of made) await stage.call(runId, 0, 'running');
    await inTx(stage.ctx, (tx) => savePlan(tx, { ...max, maxSessions: 1, monthlySeconds: 3_600 }));
    const status = await batchStatus(stage.ctx, accountId);
    expect(status).toMatchObject({ limits: { maxSessions: 1 }, quota: { quotaSeconds: 3_600 } });
    await stage.pass(3_000, 500);
    const runs = await Promise.all(made.map(({ runId }) => stage.run(runId)));
    expect(runs.map((run) => run.end_reason)).toEqual([null, 'plan']);
    await inTx(stage.ctx, (tx) => savePlan(tx, max));
    await stage.call(made[0]?.runId ?? '', 1, 'stopped');
    await stage.pass(3_000, 500);
  });

  it('QUOTA-32 changes at the same time lose nothing', async () => {
    const accountId = await stage.account({ planId: 'pro' });
    const adjust = () =>
      inTx(stage.ctx, (tx) => adjustUsage(tx, { accountId, ms: 1_000, reason: 'one of twenty' }));
    const { id } = await createSession(stage.ctx, { accountId, name: 'among them' });
    await Promise.all([
      ...Array.from({ length: 20 }, adjust),
      startSession(stage.ctx, { accountId, sessionId: id }),
    ]);
    await stopSession(stage.ctx, { accountId, sessionId: id });
    await stage.pass(15_000, 500);
    const { used_ms } = await stage.sums(accountId, '2026-11');
    const run = (await stage.ctx.sql`select used_ms from run where session_id = ${id}`)[0];
    expect(used_ms).toBe(20_000 + Number(run?.used_ms));
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
  });
});

describe('ends', () => {
  it('SESSION-30 an idle session stops by the plan in force, not by the one it was started under', async () => {
    const accountId = await stage.account({ planId: 'pro' });
    const { runId, sessionId } = await stage.started(accountId);
    await stage.pass(100);
    expect(await stage.call(runId, 0, 'running')).not.toHaveProperty('idleMs');
    await inTx(stage.ctx, (tx) => applyPlan(tx, accountId, 'free'));
    await stage.pass(290_000);
    expect(await stage.call(runId, 1, 'renew')).toMatchObject({ action: 'run', idleMs: 900_000 });
    const { stopsAt } = await readSession(stage.ctx.sql, accountId, sessionId);
    const startedAt = (await stage.run(runId)).started_at ?? 0;
    expect(Date.parse(stopsAt ?? '') - startedAt).toBe(900_000);
    await stage.pass(300_000);
    await stage.call(runId, 2, 'renew');
    await stage.pass(311_000);
    expect(await stage.call(runId, 3, 'renew')).toMatchObject({ action: 'stop', reason: 'idle' });
    await stage.pass(3_000, 500);
  });

  it('SESSION-14 a machine that stood still between two hosts when its end was read is not started again', async () => {
    stage.kind = 'stubborn';
    const { runId, machine } = await stage.started(await stage.account({ planId: 'pro' }));
    await stage.pass(2_000, 500);
    const { provider } = stage;
    const real = provider.get;
    provider.get = async (app, id) => {
      const read = await real.call(provider, app, id);
      if (!read.ok || read.value?.id !== machine.id || machine.destroyed) return read;
      const exit = { id: `${id}-moved`, type: 'exit' as const, at: stage.now };
      return { ok: true, value: { ...read.value, state: 'stopped', events: [...read.value.events, exit] } };
    };
    await stage.call(runId, 0, 'stopped');
    await stage.pass(500, 100);
    provider.get = real;
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped' });
    expect(machine.destroyed).toBe(true);
  });

  it('SESSION-31 a provider that never answers keeps nobody waiting: stop and delete are decided and answered', async () => {
    const accountId = await stage.account({ planId: 'pro' });
    const made = [await stage.started(accountId), await stage.started(accountId)];
    await stage.pass(2_000, 500);
    const { provider } = stage;
    const real = provider.stop;
    provider.stop = () => new Promise(() => {});
    const begun = performance.now();
    const [stopped] = await Promise.all([
      stopSession(stage.ctx, { accountId, sessionId: made[0]?.sessionId ?? '' }),
      deleteSession(stage.ctx, { accountId, sessionId: made[1]?.sessionId ?? '' }),
    ]);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(stopped.status).toBe('stopping');
    provider.stop = real;
    await stage.pass(20_000, 500);
    const runs = await Promise.all(made.map(({ runId }) => stage.run(runId)));
    expect(runs.map((run) => [run.status, run.end_reason])).toEqual([
      ['stopped', 'user'],
      ['stopped', 'deleted'],
    ]);
  });

  it('SESSION-32 what the provider says about us is not told to people', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'unlucky' });
    const launch = stage.provider.launch;
    const message = 'Organization is suspended: Depleted credits';
    stage.provider.launch = async () => ({ ok: false, failure: { kind: 'refused', message, status: 403 } });
    const refusal: DomainError = await startSession(stage.ctx, { accountId, sessionId: id }).then(
      () => expect.fail('it started'),
      (error) => error,
    );
    stage.provider.launch = launch;
    expect(refusal).toMatchObject({ reason: 'PROVIDER_UNAVAILABLE', code: 'SERVICE_UNAVAILABLE' });
    expect(JSON.stringify([refusal.message, refusal.details])).not.toMatch(/suspended|credits/i);
    expect(await stage.sums(accountId, '2026-11')).toMatchObject({ used_ms: 0, held_ms: 0 });
  });

  it('SESSION-33 a machine that lives on after a stop is charged until it is dead, and not longer', async () => {
    stage.kind = 'stubborn';
    const accountId = await stage.account();
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(60_000);
    await stopSession(stage.ctx, { accountId, sessionId });
    const askedAt = stage.now;
    await stage.pass(15_000, 500);
    const run = await stage.run(runId);
    expect((machine.endedAt ?? 0) - askedAt).toBeGreaterThan(8_000);
    expect(run.used_ms).toBe((machine.endedAt ?? 0) - (machine.startedAt ?? 0));
  });

  it('SESSION-8 ACCOUNT-9 a stop by the quota leaves its reason, one email, and no way to start again', async () => {
    const accountId = await stage.account({ leftMs: 60_000 });
    const userId = `owner-of-${accountId}`;
    await stage.ctx
      .sql`insert into auth_user (id, name, email, email_verified) values (${userId}, 'O', ${`${userId}@x.test`}, true)`;
    await stage.ctx
      .sql`insert into member (account_id, user_id, role) values (${accountId}, ${userId}, 'owner')`;
    const { sessionId } = await stage.started(accountId);
    await stage.pass(70_000, 500);
    expect((await readSession(stage.ctx.sql, accountId, sessionId)).endReason).toBe('quota');
    const messages = await stage.ctx
      .sql`select kind, facts from mail where account_id = ${accountId} order by id`;
    expect(messages.map((message) => message.kind).sort()).toEqual(['quota.threshold', 'session.stopped']);
    const again = await startSession(stage.ctx, { accountId, sessionId }).catch((error) => error.reason);
    expect(again).toBe('QUOTA_EXCEEDED');
  });
});
