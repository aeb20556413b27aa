import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFly } from '@/cloud/fly/server';
import { Stage } from '@/test/simulation/stage';
import { createAccount, createWorld } from '@/test/world';
import { deleteAccount } from '../account/delete-account';
import { removeDeletedAccounts } from '../account/remove-deleted';
import { makeLog } from '../log';
import { openFly } from '../machine/fly';
import type { Machines } from '../machine/machines';
import { batchStatus } from '../session/batch-status';
import { createSession } from '../session/create';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';
import { sweepRuns } from './sweep';

let stage: Stage;
let launch: Stage['provider']['launch'];
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  launch = stage.provider.launch.bind(stage.provider);
});
afterEach(() => {
  stage.provider.launch = launch;
});
afterAll(() => stage.world.close());

const diskOf = async (sessionId: string) =>
  (
    await stage.ctx.sql<{ volume_id: string | null }[]>`select volume_id from session where id = ${sessionId}`
  )[0]?.volume_id;
const newestRun = async (sessionId: string) => {
  const [row] = await stage.ctx.sql<{ last_run_id: string }[]>`
    select last_run_id from session where id = ${sessionId}`;
  return stage.run(row?.last_run_id ?? '');
};

describe('a launch that outlives its limit', () => {
  it('MACHINE-39 SESSION-5 makes no machine once others may conclude that there is none, and costs nothing', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'slow' });
    const machines = stage.provider.all.length;
    stage.provider.launch = async (order, stillWanted) => {
      await stage.pass(31_000);
      return launch(order, stillWanted);
    };
    await expect(startSession(stage.ctx, { accountId, sessionId: id })).rejects.toMatchObject({
      reason: 'PROVIDER_UNAVAILABLE',
    });
    expect(stage.provider.all).toHaveLength(machines);
    expect(await newestRun(id)).toMatchObject({ status: 'failed', used_ms: 0 });
    expect(await stage.sums(accountId, '2026-11')).toMatchObject({ held_ms: 0 });
  });

  it('MACHINE-39 makes no machine for a run that was stopped before it was asked for', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'regretted' });
    const machines = stage.provider.all.length;
    stage.provider.launch = async (order, stillWanted) => {
      await stopSession(stage.ctx, { accountId, sessionId: id });
      return launch(order, stillWanted);
    };
    await startSession(stage.ctx, { accountId, sessionId: id }).catch(() => {});
    expect(stage.provider.all).toHaveLength(machines);
    expect(await newestRun(id)).toMatchObject({ status: 'stopped', end_reason: 'user', used_ms: 0 });
  });

  it('MACHINE-38 does not write its disk over that of a later run', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'overtaken' });
    stage.provider.launch = async () => {
      await stage.pass(45_000, 1_000);
      stage.provider.launch = launch;
      await startSession(stage.ctx, { accountId, sessionId: id });
      return { ok: true, value: { machineId: 'late', region: 'iad', volumeId: 'vol-late' } };
    };
    await startSession(stage.ctx, { accountId, sessionId: id });
    expect(await diskOf(id)).toBe(`vol-${id}`);
    await stage.pass(2_000, 500);
    await stopSession(stage.ctx, { accountId, sessionId: id });
    await stage.pass(3_000, 500);
  });

  it('ACCOUNT-11 has its app removed again when the account was removed meanwhile', async () => {
    const accountId = await stage.account();
    const { id } = await createSession(stage.ctx, { accountId, name: 'last' });
    const removed: string[] = [];
    const machines: Machines = Object.assign(Object.create(stage.provider), {
      deleteApp: async (app: string) => {
        removed.push(app);
        return { ok: true, value: undefined };
      },
    });
    const ctx = { ...stage.ctx, machines };
    stage.provider.launch = async () => {
      await deleteAccount(ctx, { actor: 'user:admin', accountId, reason: 'asked for' });
      await stage.pass(40_000, 1_000);
      expect((await newestRun(id)).ended_at).not.toBeNull();
      // The requested launch may still succeed, so the app is not removed under it.
      expect(await removeDeletedAccounts(ctx)).toBe(0);
      await stage.pass(45_000, 1_000);
      expect(await removeDeletedAccounts(ctx)).toBe(1);
      return { ok: true, value: { machineId: 'late', region: 'iad', volumeId: 'vol-late' } };
    };
    await expect(startSession(stage.ctx, { accountId, sessionId: id })).rejects.toMatchObject({
      reason: 'NOT_FOUND',
    });
    await stage.pass(10_000);
    expect(await removeDeletedAccounts(ctx)).toBe(1);
    expect(await removeDeletedAccounts(ctx)).toBe(0);
    expect(removed).toEqual([`hg-dev-${accountId}`, `hg-dev-${accountId}`]);
  });
});

describe('a lost answer to a create', () => {
  it('MACHINE-2 SESSION-5 keeps a run that was stopped meanwhile open until its machine is found and dead', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hourglass-lost-'));
    const fly = await startFly({ port: 0, stateDir: dir, machineCommand: 'sleep 100000' });
    const machines = openFly({
      ...{ apiUrl: `http://127.0.0.1:${fly.port}`, token: 'local', org: 'local' },
      ...{ environmentId: 'dev', image: 'machine', log: makeLog('test', 'silent') },
    });
    const world = await createWorld({ startAt: Date.now() });
    const accountId = await createAccount(world);
    const { id } = await createSession(world.ctx, { accountId, name: 'lost' });
    const lost: Machines = Object.assign(Object.create(machines), {
      // The user stops the session while the answer is awaited.
      launch: (order, stillWanted) =>
        machines.launch(order, async () => {
          if (made().length > 0) await stopSession(ctx, { accountId, sessionId: id });
          return stillWanted();
        }),
    } satisfies Partial<Machines>);
    const ctx = { ...world.ctx, machines: lost };
    const made = () => [...fly.world.machines.values()];
    fly.faults.add({ action: 'machine.create', kind: 'after_commit_reset', times: 1 });
    fly.faults.add({ action: 'machine.list', kind: 'empty_list' });
    expect((await startSession(ctx, { accountId, sessionId: id })).status).toBe('stopping');
    expect(made()).toHaveLength(1);
    expect((await batchStatus(ctx, accountId)).limits.activeSessions).toBe(1);
    fly.faults.clear();
    const status = async () => {
      await world.advance(10_000);
      await sweepRuns(ctx);
      const [run] = await ctx.sql`select status, end_reason from run where session_id = ${id}`;
      return run;
    };
    await expect.poll(status, { timeout: 20_000 }).toEqual({ status: 'stopped', end_reason: 'user' });
    expect(made()[0]?.state).toMatch(/^destroy/);
    await world.close();
    await machines.close();
    await fly.close();
    rmSync(dir, { recursive: true, force: true });
  });
});
