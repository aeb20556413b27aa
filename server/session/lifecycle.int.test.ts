import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import type { DomainError } from '../errors';
import { reconcile } from '../inventory/reconcile';
import { removeDeletedVolumes } from '../inventory/remove-volumes';
import { listRuns } from '../run/list-runs';
import { batchStatus } from './batch-status';
import { createSession } from './create';
import { deleteSession } from './delete';
import { readSession } from './read-sessions';
import { renameSession } from './rename';
import { startSession } from './start';
import { stopSession } from './stop';

const NOON = Date.parse('2026-11-10T12:00:00Z');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: NOON });
});
afterAll(() => stage.world.close());
beforeEach(() => {
  stage.kind = 'silent';
});

const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: DomainError) => error.reason,
  );

describe('a session', () => {
  it('SESSION-1 is created stopped, with defaults and without a machine', async () => {
    const accountId = await stage.account();
    const machines = stage.provider.all.length;
    const session = await createSession(stage.ctx, { accountId, name: 'fresh' });
    expect(session).toMatchObject({
      status: 'stopped',
      agent: 'bash',
      region: 'iad',
      size: 'standard',
      endReason: null,
    });
    expect(stage.provider.all).toHaveLength(machines);
  });

  it('SESSION-3 that already runs is unchanged by a start, also over quota; while stopping a start is refused', async () => {
    const accountId = await stage.account({ planId: 'pro', leftMs: 70_000 });
    const { sessionId, runId } = await stage.started(accountId);
    await stage.pass(20_000);
    await stage.call(runId, 0, 'running');
    expect((await startSession(stage.ctx, { accountId, sessionId })).status).toBe('running');
    expect((await batchStatus(stage.ctx, accountId)).start.reason).toBe('QUOTA_EXCEEDED');
    stage.kind = 'stubborn';
    const other = await stage.account({ planId: 'pro' });
    const second = await stage.started(other);
    await stage.pass(100);
    expect((await stopSession(stage.ctx, { accountId: other, sessionId: second.sessionId })).status).toBe(
      'stopping',
    );
    expect(await reasonOf(startSession(stage.ctx, { accountId: other, sessionId: second.sessionId }))).toBe(
      'SESSION_STOPPING',
    );
    await stage.pass(60_000, 500);
  });

  it('SESSION-5 gets its time back when a start certainly created nothing', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'unlucky' });
    const launch = stage.provider.launch.bind(stage.provider);
    stage.provider.launch = async () => ({ ok: false, failure: { kind: 'no_capacity', message: 'full' } });
    expect(await reasonOf(startSession(stage.ctx, { accountId, sessionId: id }))).toBe('NO_CAPACITY');
    stage.provider.launch = launch;
    expect(await stage.sums(accountId, '2026-11')).toMatchObject({ used_ms: 0, held_ms: 0 });
    expect((await batchStatus(stage.ctx, accountId)).limits.activeSessions).toBe(0);
    expect((await readSession(stage.ctx.sql, accountId, id)).status).toBe('failed');
  });

  it('SESSION-5 keeps slot and hold after a lost answer until the machine is found and adopted', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'lost' });
    const launch = stage.provider.launch.bind(stage.provider);
    stage.provider.launch = async (order) => {
      await launch(order);
      return { ok: false, failure: { kind: 'ambiguous', message: 'lost' } };
    };
    expect((await startSession(stage.ctx, { accountId, sessionId: id })).status).toBe('starting');
    stage.provider.launch = launch;
    expect((await batchStatus(stage.ctx, accountId)).limits.activeSessions).toBe(1);
    await stage.pass(35_000, 1_000);
    expect((await readSession(stage.ctx.sql, accountId, id)).status).toBe('running');
    await stopSession(stage.ctx, { accountId, sessionId: id });
    await stage.pass(3_000, 500);
  });

  it('SESSION-5 ends its run uncharged after a lost answer and two reads without a machine', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'never' });
    const launch = stage.provider.launch.bind(stage.provider);
    stage.provider.launch = async () => ({ ok: false, failure: { kind: 'ambiguous', message: 'lost' } });
    await startSession(stage.ctx, { accountId, sessionId: id });
    stage.provider.launch = launch;
    await stage.pass(40_000, 1_000);
    expect((await readSession(stage.ctx.sql, accountId, id)).status).toBe('failed');
    expect(await stage.sums(accountId, '2026-11')).toMatchObject({ used_ms: 0, held_ms: 0 });
  });

  it('SESSION-6 has a stubborn machine destroyed after its grace', async () => {
    stage.kind = 'stubborn';
    const accountId = await stage.account();
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(1_000, 500);
    const askedAt = stage.now;
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(9_000, 500);
    expect(machine.endedAt).toBeNull();
    await stage.pass(3_000, 500);
    expect((machine.endedAt ?? 0) - askedAt).toBeLessThanOrEqual(10_500);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'user' });
  });

  it('SESSION-6 SESSION-8 stop, delete and every read work over quota and blocked', async () => {
    const accountId = await stage.account({ leftMs: 100_000 });
    const { sessionId, runId } = await stage.started(accountId);
    await stage.pass(1_000, 500);
    await stage.ctx.sql`update account set status = 'blocked' where id = ${accountId}`;
    expect((await batchStatus(stage.ctx, accountId)).start.reason).toBe('ACCOUNT_BLOCKED');
    expect((await renameSession(stage.ctx, { accountId, sessionId, name: 'still mine' })).name).toBe(
      'still mine',
    );
    expect(await stage.call(runId, 0, 'renew')).toMatchObject({ action: 'stop', reason: 'blocked' });
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(3_000, 500);
    expect((await readSession(stage.ctx.sql, accountId, sessionId)).endReason).toBe('blocked');
    expect((await listRuns(stage.ctx, { accountId })).items).toHaveLength(1);
    expect(await deleteSession(stage.ctx, { accountId, sessionId })).toEqual({ deleted: true });
  });

  it('SESSION-9 stops after the idle time, counted from the last keystroke', async () => {
    const accountId = await stage.account();
    const { sessionId, runId } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    for (let seq = 1; seq <= 4; seq++) {
      await stage.pass(200_000);
      const typed = seq === 2 ? { lastInputAt: new Date(stage.now).toISOString() } : {};
      expect((await stage.call(runId, seq, 'renew', typed)).action).toBe('run');
    }
    await stage.pass(200_000);
    expect((await stage.call(runId, 5, 'renew')).action).toBe('run');
    await stage.pass(310_000);
    expect(await stage.call(runId, 6, 'renew')).toMatchObject({ action: 'stop', reason: 'idle' });
    await stage.pass(3_000, 500);
    expect((await readSession(stage.ctx.sql, accountId, sessionId)).endReason).toBe('idle');
  });

  it('SESSION-14 without an open run has its machine destroyed, and no other one', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(120_000);
    await stage.call(runId, 0, 'running');
    const orphan = { ...machine, id: 'orphan', runId: 'nobody', destroyed: false, endedAt: null };
    stage.provider.all.push(orphan);
    await reconcile(stage.ctx);
    expect(orphan.destroyed).toBe(true);
    expect(machine.destroyed).toBe(false);
    await stage.call(runId, 1, 'stopped');
    await stage.pass(3_000, 500);
  });

  it('SESSION-14 ends its run at the last proof of life when the machine vanished without an event', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    await stage.pass(90_000);
    await stage.call(runId, 1, 'renew');
    const lastSeen = stage.now;
    stage.provider.all.splice(stage.provider.all.indexOf(machine), 1);
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect((await stage.run(runId)).status).toBe('running');
    await stage.pass(30_000);
    await reconcile(stage.ctx);
    expect(await stage.run(runId)).toMatchObject({
      status: 'stopped',
      end_reason: 'provider',
      used_ms: lastSeen - (machine.startedAt ?? 0),
    });
  });

  it('SESSION-15 is unchanged by repeated, late and foreign calls; calls of an ended run are refused', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(100);
    await stage.call(runId, 0, 'running');
    await stage.pass(300_000);
    await stage.call(runId, 5, 'renew');
    const before = await stage.run(runId);
    await stage.pass(300_000);
    await stage.call(runId, 5, 'renew');
    await stage.call(runId, 2, 'stopped');
    expect(await stage.run(runId)).toEqual(before);
    stage.provider.end(machine);
    await stage.call(runId, 6, 'stopped');
    await stage.pass(2_000, 500);
    expect(await reasonOf(stage.call(runId, 7, 'renew'))).toBe('UNAUTHORIZED');
    expect(await reasonOf(stage.call('00000000-0000-7000-8000-000000000000', 0, 'renew'))).toBe(
      'UNAUTHORIZED',
    );
  });

  it('SESSION-16 has its machine stopped and then its volume removed when deleted', async () => {
    const accountId = await stage.account();
    await removeDeletedVolumes(stage.ctx);
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(1_000, 500);
    await deleteSession(stage.ctx, { accountId, sessionId });
    expect(await reasonOf(readSession(stage.ctx.sql, accountId, sessionId))).toBe('NOT_FOUND');
    await stage.pass(3_000, 500);
    expect(machine.destroyed).toBe(true);
    expect(await stage.run(runId)).toMatchObject({ end_reason: 'deleted' });
    expect(await removeDeletedVolumes(stage.ctx)).toBe(1);
    expect((await listRuns(stage.ctx, { accountId })).items[0]?.usedSeconds).toBeGreaterThan(0);
  });
});
