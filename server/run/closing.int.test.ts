import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { COMMANDS } from '../../operator/commands';
import { reconcile } from '../inventory/reconcile';
import { findDrift } from '../quota/find-drift';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';
import type { Run } from '../shapes';
import { explainRun, type RunStep } from './explain-run';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-30T23:50:00Z') });
});
afterAll(() => stage.world.close());
beforeEach(() => {
  stage.kind = 'silent';
});

const MIDNIGHT = Date.parse('2026-12-01T00:00:00.000Z');

async function running(planId = 'max') {
  const accountId = await stage.account({ planId });
  const made = await stage.started(accountId);
  await stage.pass(1_000);
  await stage.call(made.runId, 0, 'running');
  return { accountId, ...made };
}

describe('an end is booked', () => {
  it('SESSION-45 when a last word is taken after midnight of a month and its machine died before it', async () => {
    await stage.jumpTo(MIDNIGHT - 600_000);
    const { accountId, sessionId, runId, machine } = await running();
    await stage.jumpTo(MIDNIGHT - 2_000);
    stage.provider.end(machine);
    await stage.jumpTo(MIDNIGHT + 1_000);
    await stage.call(runId, 1, 'renew');
    await stage.pass(20 * 60_000, 60_000);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', ended_at: MIDNIGHT - 2_000 });
    const lived = MIDNIGHT - 2_000 - (machine.startedAt ?? 0);
    expect(await stage.sums(accountId, '2026-11')).toEqual({ used_ms: lived, held_ms: 0 });
    expect(await stage.sums(accountId, '2026-12')).toEqual({ used_ms: 0, held_ms: 0 });
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
    expect((await startSession(stage.ctx, { accountId, sessionId })).status).toBe('starting');
  });

  it('QUOTA-40 at this moment at the latest, also when the clock of the provider is ahead', async () => {
    const { accountId, runId, machine } = await running();
    await stage.pass(10_000);
    stage.provider.end(machine);
    for (const event of machine.events) if (event.type !== 'start') event.at += 30_000;
    await stage.call(runId, 1, 'stopped');
    await stage.pass(5_000, 500);
    const run = await stage.run(runId);
    expect(run.status).toBe('stopped');
    expect(run.ended_at).toBeLessThanOrEqual(stage.now);
    expect(run.used_ms).toBe((run.ended_at ?? 0) - (run.started_at ?? 0));
    expect(run.used_ms).toBeLessThan(20_000);
    expect((await stage.sums(accountId, '2026-12')).held_ms).toBe(0);
  });
});

describe('an operator ends a run', () => {
  const close = async (runId: string, reason = 'nothing else ends it') =>
    (await COMMANDS['run close']?.run(stage.ctx, { run: runId, reason }))?.result as Run;
  const audits = (accountId: string) =>
    stage.ctx.sql`select actor, action, reason from audit where account_id = ${accountId}`;

  it('SESSION-47 that is charged up to its last proof of life, gives its slot back and loses its machine', async () => {
    stage.kind = 'stubborn';
    const { accountId, sessionId, runId, machine } = await running('free');
    await stage.pass(300_000);
    await stage.call(runId, 1, 'renew');
    const provenAt = stage.now;
    // The lease ends without a proof: all of it is charged until a proof credits some back.
    const { stop, destroy } = stage.provider;
    const refused = async () => ({ ok: false, failure: { kind: 'refused', message: 'away' } }) as const;
    Object.assign(stage.provider, { stop: refused, destroy: refused });
    await stage.pass(20 * 60_000, 30_000);
    const hung = await stage.run(runId);
    expect(hung).toMatchObject({ status: 'stopping', used_ms: hung.lease_until - (hung.started_at ?? 0) });

    const run = await close(runId);
    expect(run).toMatchObject({ id: runId, status: 'stopped', endReason: 'limit', heldSeconds: 0 });
    expect(run.usedSeconds * 1000).toBe(provenAt - (hung.started_at ?? 0));
    expect(await stage.sums(accountId, '2026-12')).toEqual({ used_ms: run.usedSeconds * 1000, held_ms: 0 });
    expect(await findDrift(stage.ctx.sql)).toEqual([]);
    expect(await audits(accountId)).toEqual([
      { actor: 'operator', action: 'run.close', reason: 'nothing else ends it' },
    ]);

    // A second close changes nothing.
    expect(await close(runId, 'again')).toEqual(run);
    expect(await audits(accountId)).toHaveLength(1);
    expect((await startSession(stage.ctx, { accountId, sessionId })).status).toBe('starting');
    Object.assign(stage.provider, { stop, destroy });
    await stage.pass(31_000);
    await reconcile(stage.ctx);
    expect(machine.destroyed).toBe(true);
  });

  it('SESSION-48 after reading why it is as it is: decisions, ledger, provider, people and end, in order', async () => {
    stage.kind = 'silent';
    const { runId, sessionId, accountId, machine } = await running();
    await stage.pass(60_000);
    await stage.call(runId, 1, 'renew');
    await stage.pass(5_000);
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(5_000, 500);
    const told = await COMMANDS['run why']?.run(stage.ctx, { run: runId });
    const { run, steps } = told?.result as { run: Run; steps: RunStep[] };
    expect(run).toMatchObject({ id: runId, status: 'stopped', endReason: 'user' });
    const whats = steps.map(({ what }) => what);
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).sort());
    for (const part of [
      /^admitted: a first slice of 900/,
      /^running/,
      /^charged 6\d\.\d+ s of 2026-1[12]: /,
      /^to be stopped: user/,
      new RegExp(`^start of machine ${machine.id}`),
      new RegExp(`^exit of machine ${machine.id}`),
      /^ended: user/,
    ])
      expect(whats).toContainEqual(expect.stringMatching(part));
    expect(told?.text).toHaveLength(steps.length);
    const hung = await running();
    await close(hung.runId, 'to be read');
    const after = await explainRun(stage.ctx, hung.runId);
    expect(after.steps).toContainEqual({
      at: expect.any(String),
      what: 'run.close by operator: to be read',
      source: 'audit',
    });
    await expect(explainRun(stage.ctx, 'no-such-run')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  it('SESSION-47 that never came up, at no cost', async () => {
    const accountId = await stage.account();
    const { runId } = await stage.started(accountId);
    expect(await close(runId)).toMatchObject({ status: 'failed', usedSeconds: 0, heldSeconds: 0 });
    await expect(close('no-such-run')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });
});
