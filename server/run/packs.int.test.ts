import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addPack } from '@/test/packs';
import { Stage } from '@/test/simulation/stage';
import { leaveQuota } from '@/test/world';
import { inTx } from '../context';
import { adjustUsage } from '../quota/adjust-usage';
import { findDrift } from '../quota/find-drift';
import { monthOf } from '../quota/period';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';
import { explainRun } from './explain-run';

const NOON = Date.parse('2026-11-10T12:00:00Z');
const YEAR_AGO = Date.parse('2025-11-10T12:00:00Z');
const MONTH_END = Date.parse('2026-12-01T00:00:00Z');
const NOV = '2026-11';
const DEC = '2026-12';
const SEC = 1_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: NOON });
});
afterAll(() => stage.world.close());
beforeEach(() => stage.jumpTo(Math.max(stage.now, NOON)));

const pack = (accountId: string, seconds: number, boughtAt = stage.now) =>
  addPack(stage.ctx, { accountId, seconds, boughtAt });
const used = async (accountId: string, period: string) => (await stage.sums(accountId, period)).used_ms;
const quotaOf = async (accountId: string) => (await batchStatus(stage.ctx, accountId)).quota;

/** Returns a running session, and a function that makes the next call of its machine. */
async function running(accountId: string) {
  const started = await stage.started(accountId);
  await stage.pass(1_000, 500);
  let seq = 0;
  await stage.call(started.runId, seq++, 'running');
  const renew = () => stage.call(started.runId, seq++, 'renew');
  return { ...started, renew };
}

/** Stops a session and waits for its proof of death. Returns how long its machine lived, in ms. */
async function stopped({ sessionId, machine }: Awaited<ReturnType<typeof running>>, accountId: string) {
  await stopSession(stage.ctx, { accountId, sessionId });
  await stage.pass(3_000, 500);
  return (machine.endedAt ?? 0) - (machine.startedAt ?? 0);
}

describe('QUOTA-70 packs are used after the month', () => {
  it('a run crosses the border between month and pack without a gap, and each second is charged once', async () => {
    const accountId = await stage.account({ leftMs: 70 * SEC });
    const before = await used(accountId, NOV);
    const key = await pack(accountId, 3_600);
    const run = await running(accountId);
    expect((await stage.run(run.runId)).final).toBe(false);
    for (let i = 0; i < 20; i++) {
      await stage.pass(30_000);
      expect(await run.renew()).toMatchObject({ action: 'run', final: false });
    }
    const lived = await stopped(run, accountId);
    expect((await used(accountId, NOV)) - before).toBe(70 * SEC);
    expect(await used(accountId, key)).toBe(lived - 70 * SEC);
    const entries = await stage.ctx.sql<{ period: string; from_at: number; to_at: number }[]>`
      select period, from_at, to_at from usage_entry where run_id = ${run.runId} order by from_at`;
    for (const [i, entry] of entries.slice(1).entries()) expect(entry.from_at).toBe(entries[i]?.to_at);
    expect(new Set(entries.map(({ period }) => period))).toEqual(new Set([NOV, key]));
    const story = (await explainRun(stage.ctx, run.runId)).steps.map(({ what }) => what);
    expect(story.some((what) => what.includes(`of ${key} (pack10)`))).toBe(true);
    expect(await quotaOf(accountId)).toMatchObject({
      usedSeconds: 14_400 + (lived - 70 * SEC) / SEC,
      extraSeconds: 3_600 - (lived - 70 * SEC) / SEC,
      remainingSeconds: 3_600 - (lived - 70 * SEC) / SEC,
      level: 'warn80',
    });
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
  });

  it('a month that ends meanwhile gives its new quota first', async () => {
    const accountId = await stage.account({ leftMs: 0 });
    await stage.jumpTo(MONTH_END - 100 * SEC);
    await leaveQuota(stage.world, accountId, 0);
    const key = await pack(accountId, 3_600);
    const run = await running(accountId);
    for (let i = 0; i < 10; i++) {
      await stage.pass(20_000);
      await run.renew();
    }
    const lived = await stopped(run, accountId);
    const inPack = MONTH_END - (run.machine.startedAt ?? 0);
    expect(await used(accountId, key)).toBe(inPack);
    expect(await used(accountId, DEC)).toBe(lived - inPack);
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
  });
});

describe('QUOTA-71 the pack that ends first is used first, and none past its end', () => {
  it('an older pack ends in the middle of a run; the next one goes on', async () => {
    const accountId = await stage.account({ leftMs: 0 });
    const later = await pack(accountId, 3_600);
    const ends = new Date(stage.now + 200 * SEC);
    const first = await pack(accountId, 3_600, ends.setUTCFullYear(ends.getUTCFullYear() - 1));
    const run = await running(accountId);
    for (let i = 0; i < 15; i++) {
      await stage.pass(30_000);
      expect(await run.renew()).toMatchObject({ action: 'run' });
    }
    const lived = await stopped(run, accountId);
    const end = new Date(ends).setUTCFullYear(ends.getUTCFullYear() + 1);
    expect(await used(accountId, first)).toBe(end - (run.machine.startedAt ?? 0));
    expect(await used(accountId, later)).toBe(lived - (end - (run.machine.startedAt ?? 0)));
    expect((await quotaOf(accountId)).extraSeconds).toBe(3_600 - (await used(accountId, later)) / SEC);
  });

  it('one that has ended starts nothing', async () => {
    const accountId = await stage.account({ leftMs: 0 });
    await pack(accountId, 3_600, YEAR_AGO);
    const { id } = await createSession(stage.ctx, { accountId, name: 'late' });
    await expect(startSession(stage.ctx, { accountId, sessionId: id })).rejects.toMatchObject({
      reason: 'QUOTA_EXCEEDED',
    });
    expect((await quotaOf(accountId)).extraSeconds).toBe(0);
  });
});

describe('QUOTA-72 used and held never pass a pack', () => {
  it('two sessions on one pack end together, and what they used is the pack to the millisecond', async () => {
    const accountId = await stage.account({ planId: 'pro', leftMs: 0 });
    const key = await pack(accountId, 300);
    stage.kind = 'honest';
    const runs = [await running(accountId), await running(accountId)];
    for (let i = 0; i < 60; i++) {
      await stage.pass(5_000, 1_000);
      for (const run of runs) await run.renew().catch(() => null);
      const { used_ms, held_ms } = await stage.sums(accountId, key);
      expect(used_ms + held_ms).toBeLessThanOrEqual(300 * SEC);
    }
    await stage.pass(60_000, 1_000);
    const rows = await Promise.all(runs.map(({ runId }) => stage.run(runId)));
    expect(rows.map(({ end_reason }) => end_reason)).toEqual(['quota', 'quota']);
    expect(await stage.sums(accountId, key)).toEqual({
      used_ms: rows.reduce((sum, row) => sum + row.used_ms, 0),
      held_ms: 0,
    });
    expect(await used(accountId, key)).toBeLessThanOrEqual(300 * SEC);
    expect(await used(accountId, key)).toBeGreaterThan(280 * SEC);
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
    stage.kind = 'silent';
  });

  it('sixteen starts at once get no more than it has', async () => {
    const accountId = await stage.account({ planId: 'max', leftMs: 0 });
    const key = await pack(accountId, 100);
    const sessions = await Promise.all(
      Array.from({ length: 16 }, (_, i) => createSession(stage.ctx, { accountId, name: `s${i}` })),
    );
    await Promise.allSettled(sessions.map(({ id }) => startSession(stage.ctx, { accountId, sessionId: id })));
    const { held_ms } = await stage.sums(accountId, key);
    expect(held_ms).toBeGreaterThan(0);
    expect(held_ms).toBeLessThanOrEqual(100 * SEC);
  });
});

describe('QUOTA-73 more time reaches what runs', () => {
  it('a pack bought one second before the end keeps the session', async () => {
    const accountId = await stage.account({ leftMs: 90 * SEC });
    const run = await running(accountId);
    const row = await stage.run(run.runId);
    expect(row.final).toBe(true);
    await stage.jumpTo(row.lease_until - 2 * SEC - 1 * SEC);
    await pack(accountId, 3_600);
    expect(await run.renew()).toMatchObject({ action: 'run', final: false });
    await stage.pass(300_000, 1_000);
    expect((await stage.run(run.runId)).status).toBe('running');
    await stopped(run, accountId);
  });
});

describe('QUOTA-74 what is booked by hand and what is given back', () => {
  it('an adjustment is spent like use: the month first, then packs, the rest on the month', async () => {
    const month = monthOf(stage.now);
    const accountId = await stage.account({ leftMs: 100 * SEC });
    const before = await used(accountId, month);
    const key = await pack(accountId, 300);
    const adjust = (ms: number) =>
      inTx(stage.ctx, (tx) => adjustUsage(tx, { accountId, ms, reason: 'test' }));
    await adjust(150 * SEC);
    expect((await used(accountId, month)) - before).toBe(100 * SEC);
    expect(await used(accountId, key)).toBe(50 * SEC);
    await adjust(-30 * SEC);
    expect((await used(accountId, month)) - before).toBe(70 * SEC);
    expect(await quotaOf(accountId)).toMatchObject({ extraSeconds: 250, remainingSeconds: 280 });
    await adjust(400 * SEC);
    expect(await used(accountId, key)).toBe(300 * SEC);
    expect((await used(accountId, month)) - before).toBe((70 + 30 + 120) * SEC);
    expect(await quotaOf(accountId)).toMatchObject({ extraSeconds: 0, remainingSeconds: 0 });
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
  });

  it('a late proof gives back to the pack it was charged to', async () => {
    const accountId = await stage.account({ leftMs: 0 });
    const key = await pack(accountId, 120);
    const run = await running(accountId);
    stage.provider.faults = 1;
    const { hit } = stage.provider.world.chance;
    stage.provider.world.chance.hit = (share) => share >= 1;
    await stage.pass(20_000);
    stage.provider.end(run.machine);
    await stage.pass(150_000, 1_000);
    expect(await used(accountId, key)).toBe(120 * SEC);
    stage.provider.faults = 0;
    stage.provider.world.chance.hit = hit;
    await stage.pass(15_000, 1_000);
    expect(await used(accountId, key)).toBe((run.machine.endedAt ?? 0) - (run.machine.startedAt ?? 0));
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
  });

  it('what is left of a trial is used after the month of the plan that follows it', async () => {
    const accountId = await stage.account({ planId: 'trial', leftMs: 200 * SEC });
    expect((await quotaOf(accountId)).extraSeconds).toBe(0);
    await stage.ctx.sql`update account set own_plan_id = 'starter' where id = ${accountId}`;
    const trialUsed = await used(accountId, 'trial');
    await leaveQuota(stage.world, accountId, 100 * SEC);
    expect(await quotaOf(accountId)).toMatchObject({ extraSeconds: 200, remainingSeconds: 300 });
    const run = await running(accountId);
    for (let i = 0; i < 5; i++) {
      await stage.pass(30_000);
      await run.renew();
    }
    const lived = await stopped(run, accountId);
    expect((await used(accountId, 'trial')) - trialUsed).toBe(lived - 100 * SEC);
    expect(await findDrift(stage.ctx.sql, accountId)).toEqual([]);
  });
});
