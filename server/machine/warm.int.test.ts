import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type StartedFly, startFly } from '@/cloud/fly/server';
import { openLocalMachines } from '@/test/local-machines';
import { newId } from '../ids';
import { appNameOf, type LaunchOrder, type Machines } from './machines';

const dir = mkdtempSync(join(tmpdir(), 'hourglass-warm-'));
let fly: StartedFly;
let machines: Machines;
const open = () => openLocalMachines(fly.port);
beforeAll(async () => {
  fly = await startFly({ port: 0, stateDir: dir, machineCommand: 'sleep 100000', rateLimits: false });
  machines = open();
});
afterEach(() => fly.faults.clear());
afterAll(async () => {
  await machines.close();
  await fly.close();
  rmSync(dir, { recursive: true, force: true });
});

const yes = async () => true;
const calls = () => fly.calls.since(0).map(({ action }) => action);
const livingOf = (order: LaunchOrder) =>
  [...fly.world.machines.values()].filter((m) => m.config.metadata?.hourglass_run === order.runId);

/** Returns the order of the second run of a session that ran once and is stopped. */
async function stopped(): Promise<LaunchOrder & { volumeId: string }> {
  const first: LaunchOrder = {
    ...{
      app: appNameOf('dev', newId()),
      installationId: 'here',
      runId: newId(),
      sessionId: newId(),
      region: 'iad',
      env: {},
    },
    ...{ size: 'standard', volumeId: null, ranBefore: false, storageGb: 1, graceSeconds: 1 },
  };
  const made = await machines.launch(first, yes);
  if (!made.ok) throw new Error(made.failure.message);
  const { machineId, volumeId } = made.value;
  await machines.destroy(first.app, machineId);
  await expect.poll(() => fly.world.volumes.get(volumeId)?.attachedMachineId).toBeNull();
  fly.calls.clear();
  return { ...first, runId: newId(), volumeId, ranBefore: true };
}

describe('the launch of a session that ran before', () => {
  it('MACHINE-80 is one call to the provider', async () => {
    const order = await stopped();
    expect(await machines.launch(order, yes)).toMatchObject({
      ok: true,
      value: { volumeId: order.volumeId },
    });
    expect(calls()).toEqual(['machine.create']);
  });

  it('MACHINE-80 is one call in a newly started process', async () => {
    const order = await stopped();
    const fresh = open();
    expect(await fresh.launch(order, yes)).toMatchObject({ ok: true });
    expect(calls()).toEqual(['machine.create']);
    await fresh.close();
  });

  it('MACHINE-80 checks once whether it is wanted, and otherwise sends nothing', async () => {
    const order = await stopped();
    expect(await machines.launch(order, async () => false)).toMatchObject({
      ok: false,
      failure: { kind: 'refused' },
    });
    expect(calls()).toEqual([]);
  });

  it('MACHINE-81 creates the app again when the provider has lost it, and then one machine', async () => {
    const order = await stopped();
    await machines.deleteApp(order.app);
    fly.world.removeVolume(order.volumeId);
    fly.calls.clear();
    const made = await machines.launch(order, yes);
    expect(made).toMatchObject({ ok: true });
    expect(livingOf(order)).toHaveLength(1);
    expect(calls()).toContain('app.create');
  });

  it('MACHINE-81 a refusal for another reason is final after one call', async () => {
    const order = await stopped();
    const body = { error: 'could not find a candidate host', status: 'insufficient_capacity' };
    fly.faults.add({ action: 'machine.create', kind: 'status', status: 422, body });
    expect(await machines.launch(order, yes)).toMatchObject({ ok: false, failure: { kind: 'no_capacity' } });
    expect(calls()).toEqual(['machine.create']);
  });

  it('MACHINE-81 does not replace a disk that is in use', async () => {
    const order = await stopped();
    await machines.launch({ ...order, runId: newId() }, yes);
    const made = await machines.launch(order, yes);
    expect(made).toMatchObject({ ok: false, failure: { kind: 'refused' } });
    const disks = [...fly.world.volumes.values()].filter(({ app }) => app === order.app);
    expect([disks.length, livingOf(order).length]).toEqual([1, 0]);
  });

  it('MACHINE-81 creates no disk when no longer wanted after a refusal for lack of one', async () => {
    const order = await stopped();
    fly.world.removeVolume(order.volumeId);
    let yeses = 1;
    expect(await machines.launch(order, async () => yeses-- > 0)).toMatchObject({
      ok: false,
      failure: { kind: 'refused' },
    });
    expect([...fly.world.volumes.values()].filter(({ app }) => app === order.app)).toEqual([]);
  });

  it('MACHINE-82 looks up a lost answer twice and never creates a second machine', async () => {
    const order = await stopped();
    fly.faults.add({ action: 'machine.create', kind: 'after_commit_reset', times: 1 });
    expect(await machines.launch(order, yes)).toMatchObject({ ok: true });
    expect(livingOf(order)).toHaveLength(1);
    expect(calls().filter((action) => action === 'machine.create')).toHaveLength(1);
  });

  it('MACHINE-82 after a lost answer checks everything again, and no failure claims that nothing was created', async () => {
    const order = await stopped();
    fly.faults.add({ action: 'machine.create', kind: 'status', status: 500, times: 1 });
    fly.faults.add({ action: 'volume.list', kind: 'status', status: 503 });
    expect(await machines.launch(order, yes)).toMatchObject({ ok: false, failure: { kind: 'ambiguous' } });
    expect(calls().filter((action) => action === 'machine.list').length).toBe(2);
    fly.faults.clear();
    fly.calls.clear();
    fly.faults.add({ action: 'machine.create', kind: 'status', status: 500, times: 1 });
    expect(await machines.launch({ ...order, runId: newId() }, yes)).toMatchObject({ ok: true });
    expect(calls().filter((action) => action === 'volume.list').length).toBe(1);
  });
});

describe('the first launch of a session', () => {
  it('MACHINE-80 does not check an app that this process has used', async () => {
    const order = await stopped();
    const first = { ...order, runId: newId(), sessionId: newId(), volumeId: null, ranBefore: false };
    expect(await machines.launch(first, yes)).toMatchObject({ ok: true });
    expect(calls()).toEqual(['volume.list', 'volume.create', 'machine.create']);
  });

  it('MACHINE-81 creates an app again that this process has used and that is gone', async () => {
    const order = await stopped();
    fly.world.removeApp(order.app);
    const first = { ...order, runId: newId(), sessionId: newId(), volumeId: null, ranBefore: false };
    expect(await machines.launch(first, yes)).toMatchObject({ ok: true });
    expect(livingOf(first)).toHaveLength(1);
  });
});
