import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { asOwner, leaveQuota, setClock } from '@/test/world';
import { inTx } from '../context';
import { metrics } from '../metrics';
import { adjustUsage } from '../quota/adjust-usage';
import { applyPlan } from '../quota/apply-plan';
import { findDrift } from '../quota/find-drift';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';

const NOON = Date.parse('2026-11-10T12:00:00Z');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: NOON });
});
afterAll(() => stage.world.close());
beforeEach(async () => {
  stage.kind = 'silent';
  await stage.jumpTo(Math.max(stage.now, NOON));
});

describe('metering', () => {
  it('QUOTA-4 begins with the provider event, not with the start', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(3_000, 1_000);
    expect((await stage.run(runId)).started_at).toBe(machine.startedAt);
    await stage.pass(5_000);
    stage.provider.end(machine);
    await stage.pass(20 * 60_000, 60_000);
    const run = await stage.run(runId);
    expect(run).toMatchObject({
      status: 'stopped',
      used_ms: (machine.endedAt ?? 0) - (machine.startedAt ?? 0),
    });
  });

  it('QUOTA-5 a last word that waited for us while its machine died is not charged', async () => {
    const accountId = await stage.account({ planId: 'max' });
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(1_000);
    await stage.call(runId, 0, 'running');
    await stage.pass(60_000);
    stage.provider.end(machine);
    await stage.jumpTo(stage.now + 2_000);
    expect(await stage.call(runId, 1, 'renew')).toMatchObject({ action: 'run' });
    await stage.pass(20 * 60_000, 60_000);
    expect(await stage.run(runId)).toMatchObject({
      status: 'stopped',
      ended_at: machine.endedAt,
      used_ms: (machine.endedAt ?? 0) - (machine.startedAt ?? 0),
    });
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
  });

  it('QUOTA-4 SESSION-10 a machine that never comes up fails and costs nothing', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    machine.destroyed = false;
    stage.agenda.take(stage.now + 60_000); // the boot never happens
    await stage.pass(200_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({
      status: 'failed',
      end_reason: 'boot_timeout',
      used_ms: 0,
    });
    expect(await stage.sums(accountId, '2026-11')).toMatchObject({ used_ms: 0, held_ms: 0 });
    expect(machine.destroyed).toBe(true);
  });

  it('QUOTA-5 30 runs of a few seconds each are charged to the millisecond', async () => {
    const accountId = await stage.account({ planId: 'max' });
    let truth = 0;
    for (let i = 0; i < 30; i++) {
      const { sessionId, machine } = await stage.started(accountId);
      await stage.pass(2_000 + i * 137, 500);
      await stopSession(stage.ctx, { accountId, sessionId });
      await stage.pass(1_500, 250);
      truth += (machine.endedAt ?? 0) - (machine.startedAt ?? 0);
    }
    expect((await stage.sums(accountId, '2026-11')).used_ms).toBe(truth);
    expect((await stage.sums(accountId, '2026-11')).held_ms).toBe(0);
  });

  it('QUOTA-6 an unproven end is charged whole, and credited when it is proven', async () => {
    const accountId = await stage.account({ leftMs: 100_000 });
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(2_000, 1_000);
    const before = await stage.sums(accountId, '2026-11');
    stage.provider.faults = 1; // the provider is away from now on
    const { hit } = stage.provider.world.chance;
    stage.provider.world.chance.hit = (share) => share >= 1;
    await stage.pass(20_000);
    stage.provider.end(machine);
    await stage.pass(120_000, 1_000);
    const charged = await stage.sums(accountId, '2026-11');
    expect(charged.used_ms - before.used_ms).toBe(100_000);
    expect((await stage.run(runId)).status).toBe('stopping');
    expect((await batchStatus(stage.ctx, accountId)).limits.activeSessions).toBe(1);
    stage.provider.faults = 0;
    stage.provider.world.chance.hit = hit;
    await stage.pass(15_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({
      status: 'stopped',
      used_ms: (machine.endedAt ?? 0) - (machine.startedAt ?? 0),
    });
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
  });

  it('QUOTA-7 SESSION-7 a machine that never asks and ignores signals dies at its lease end', async () => {
    stage.kind = 'stubborn';
    const accountId = await stage.account({ leftMs: 60_000 });
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(90_000, 1_000);
    const run = await stage.run(runId);
    expect(run).toMatchObject({ status: 'stopped', end_reason: 'quota', overrun_ms: 0, used_ms: 60_000 });
    expect(machine.endedAt).toBe(run.lease_until);
  });

  it('QUOTA-8 a run over the end of a month books each side to its own month', async () => {
    await stage.jumpTo(Date.parse('2026-11-30T23:59:49.950Z'));
    const accountId = await stage.account();
    const { sessionId, machine } = await stage.started(accountId);
    await stage.pass(50);
    expect(machine.startedAt).toBe(Date.parse('2026-11-30T23:59:50Z'));
    await stage.pass(20_000);
    stage.provider.end(machine);
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(500, 500);
    expect(await stage.sums(accountId, '2026-11')).toEqual({ used_ms: 10_000, held_ms: 0 });
    expect(await stage.sums(accountId, '2026-12')).toEqual({ used_ms: 10_000, held_ms: 0 });
    await stage.jumpTo(Date.parse('2026-12-10T12:00:00Z'));
  });

  it('QUOTA-8 a quota used up at 23:59:59 starts again at 00:00:00', async () => {
    await stage.jumpTo(Date.parse('2026-12-31T23:59:59Z'));
    const accountId = await stage.account({ leftMs: 0 });
    expect((await batchStatus(stage.ctx, accountId)).start.reason).toBe('QUOTA_EXCEEDED');
    await stage.pass(1_000);
    expect((await batchStatus(stage.ctx, accountId)).start.allowed).toBe(true);
    await stage.started(accountId);
    await stage.pass(1_200_000, 5_000);
  });

  it('QUOTA-9 a renewal extends, becomes final, and is ordinary again with more quota', async () => {
    const accountId = await stage.account({ planId: 'starter', leftMs: 1_000_000 });
    const { runId } = await stage.started(accountId);
    await stage.pass(100);
    const first = await stage.call(runId, 0, 'running');
    expect(first).toMatchObject({ action: 'run', final: false });
    await stage.pass(300_000);
    const second = await stage.call(runId, 1, 'renew');
    expect(second).toMatchObject({ action: 'run', final: true });
    const leaseEnd = (await stage.run(runId)).lease_until;
    await leaveQuota(stage.world, accountId, 3_000_000);
    await stage.pass(5_000);
    const third = await stage.call(runId, 2, 'renew');
    expect(third.final).toBe(false);
    expect((await stage.run(runId)).lease_until).toBeGreaterThanOrEqual(leaseEnd);
    await stage.call(runId, 3, 'stopped');
    await stage.pass(20_000, 500);
  });

  it('QUOTA-2 QUOTA-9 a cut forgives what is leased and grants nothing new', async () => {
    const accountId = await stage.account({ planId: 'pro', leftMs: 10_000_000 });
    const { runId } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    const leaseEnd = (await stage.run(runId)).lease_until;
    await inTx(stage.ctx, (tx) => applyPlan(tx, accountId, 'free'));
    await stage.pass(300_000);
    expect(await stage.call(runId, 1, 'renew')).toMatchObject({ action: 'run', final: true });
    expect((await stage.run(runId)).lease_until).toBe(leaseEnd);
    await stage.pass(700_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'quota', overrun_ms: 0 });
  });

  it('QUOTA-15 an adjustment is an entry with a reason and leaves a lease alone', async () => {
    const accountId = await stage.account();
    const { runId } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    const before = await stage.run(runId);
    await inTx(stage.ctx, (tx) => adjustUsage(tx, { accountId, ms: 4 * 3_600_000, reason: 'a mistake' }));
    expect((await stage.run(runId)).lease_until).toBe(before.lease_until);
    expect((await batchStatus(stage.ctx, accountId)).start.reason).toBe('QUOTA_EXCEEDED');
    await inTx(stage.ctx, (tx) => adjustUsage(tx, { accountId, ms: -4 * 3_600_000, reason: 'put right' }));
    const entries = await stage.ctx.sql`
      select ms, reason from usage_entry where account_id = ${accountId} and kind = 'adjustment' order by id`;
    expect(entries.map((entry) => entry.reason)).toEqual(['a mistake', 'put right']);
    await stage.pass(1_200_000, 5_000);
  });

  it('QUOTA-16 the ledger cannot be changed, and a tampered sum is reported', async () => {
    const change = asOwner(stage.world.url, (owner) => owner`update usage_entry set ms = 1`);
    await expect(change).rejects.toThrow(/append-only/);
    const accountId = await stage.account({ leftMs: 1_000 });
    await stage.ctx.sql`update usage_day set ms = ms + 7 where account_id = ${accountId}`;
    const drift = await findDrift(stage.ctx.sql);
    expect(drift).toEqual([expect.objectContaining({ kind: 'day', accountId })]);
    await stage.ctx.sql`update usage_day set ms = ms - 7 where account_id = ${accountId}`;
  });

  it('QUOTA-18 a clock that is set back gives no time again', async () => {
    const accountId = await stage.account({ leftMs: 60_000 });
    const before = (await batchStatus(stage.ctx, accountId)).now;
    const { sessionId } = await stage.started(accountId);
    await setClock(stage.world.database, stage.now - 30_000);
    const after = await batchStatus(stage.ctx, accountId);
    expect(Date.parse(after.now)).toBeGreaterThanOrEqual(Date.parse(before));
    await stage.pass(100);
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(5_000, 500);
    expect((await startSession(stage.ctx, { accountId, sessionId }).catch((error) => error)).reason).toBe(
      'QUOTA_EXCEEDED',
    );
  });

  it('QUOTA-39 while the clock is set back nothing is granted: neither a renewal nor a start', async () => {
    const refusals = async () => (await metrics.clockRefusals.get()).values[0]?.value ?? 0;
    const accountId = await stage.account({ planId: 'pro' });
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(3_000);
    await stage.call(runId, 0, 'running');
    const { lease_until: leaseUntil } = await stage.run(runId);
    const { id: sessionId } = await createSession(stage.ctx, { accountId, name: 'another' });
    const before = await refusals();

    await setClock(stage.world.database, stage.now - 30 * 60_000);
    for (const seq of [1, 1, 2])
      await expect(stage.call(runId, seq, 'renew')).rejects.toMatchObject({ reason: 'QUOTA_UNAVAILABLE' });
    expect((await batchStatus(stage.ctx, accountId)).start).toEqual({
      allowed: false,
      reason: 'QUOTA_UNAVAILABLE',
    });
    const refused = await startSession(stage.ctx, { accountId, sessionId }).catch((error) => error);
    expect(refused).toMatchObject({
      reason: 'QUOTA_UNAVAILABLE',
      message: expect.stringMatching(/set back/),
    });
    expect((await stage.run(runId)).lease_until).toBe(leaseUntil);
    expect(await refusals()).toBeGreaterThan(before);

    // Clocks of servers that fail over differ slightly; grants continue once time has caught up.
    await setClock(stage.world.database, stage.now - 1_500);
    expect(await stage.call(runId, 3, 'renew')).toMatchObject({ action: 'run' });
    await stage.pass(1_000);
    expect(await stage.call(runId, 4, 'renew')).toMatchObject({ action: 'run' });
    // An end is accepted at any time.
    await setClock(stage.world.database, stage.now - 30 * 60_000);
    stage.provider.end(machine);
    expect(await stage.call(runId, 5, 'stopped')).toMatchObject({ action: 'stop' });
    await stage.pass(3_000, 500);
    expect((await stage.run(runId)).status).toBe('stopped');
  });

  it('QUOTA-18 SESSION-6 a machine is told to end at once, also right after the clock was set back', async () => {
    const accountId = await stage.account();
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    await setClock(stage.world.database, stage.now - 30_000);
    const told: string[] = [];
    const { stop } = stage.provider;
    stage.provider.stop = (app, id, graceSeconds) => {
      told.push(id);
      return stop.call(stage.provider, app, id, graceSeconds);
    };
    await stopSession(stage.ctx, { accountId, sessionId });
    stage.provider.stop = stop;
    expect(told).toEqual([machine.id]);
    await stage.pass(3_000, 500);
    expect((await stage.run(runId)).status).toBe('stopped');
  });

  it('QUOTA-14 a check reads the same rows after years of history', async () => {
    const accountId = await stage.account();
    const rowsRead = async () => {
      const [plan] = await stage.ctx.sql<{ 'QUERY PLAN': { Plan: { 'Actual Rows': number } }[] }[]>`
        explain (analyze, format json) select * from usage_period u where u.account_id = ${accountId}
          and u.period >= to_char(hg_clock() at time zone 'UTC', 'YYYY-MM')`;
      return plan?.['QUERY PLAN'][0]?.Plan['Actual Rows'];
    };
    await leaveQuota(stage.world, accountId, 1_000_000);
    const before = await rowsRead();
    await stage.ctx.sql`
      insert into usage_period (account_id, period, used_ms) select ${accountId}, '20' || y || '-' || lpad(m::text, 2, '0'), 5
      from generate_series(10, 25) y, generate_series(1, 12) m`;
    expect(await rowsRead()).toBe(before);
    expect((await batchStatus(stage.ctx, accountId)).quota.remainingSeconds).toBe(1_000);
    await stage.ctx.sql`delete from usage_period where account_id = ${accountId} and period < '2026'`;
  });
});
