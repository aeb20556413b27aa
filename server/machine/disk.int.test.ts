import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type StartedFly, startFly } from '@/cloud/fly/server';
import { openLocalMachines } from '@/test/local-machines';
import { newId } from '../ids';
import { appNameOf, type LaunchOrder, type Machines } from './machines';

const dir = mkdtempSync(join(tmpdir(), 'hourglass-disk-'));
let fly: StartedFly;
let machines: Machines;
beforeAll(async () => {
  fly = await startFly({ port: 0, stateDir: dir, machineCommand: 'sleep 100000' });
  machines = openLocalMachines(fly.port);
});
afterEach(() => fly.faults.clear());
afterAll(async () => {
  await machines.close();
  await fly.close();
  rmSync(dir, { recursive: true, force: true });
});

const launch = (order: LaunchOrder) => machines.launch(order, async () => true);
const disksOf = (app: string) => [...fly.world.volumes.values()].filter((volume) => volume.app === app);
const recordOf = (id: string) => {
  const record = fly.world.volumes.get(id);
  if (!record) throw new Error('there is no such disk');
  return record;
};

/** Refuses the next create as if the disk were gone, because the disk is read only after such a refusal. */
const denyOnce = () => {
  const body = { error: 'volume not found' };
  fly.faults.add({ action: 'machine.create', kind: 'status', status: 400, body, times: 1 });
};

/** Returns the order of a session's second run, after the first run made its disk. */
async function second(): Promise<{ order: LaunchOrder; diskId: string }> {
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
  const made = await launch(first);
  if (!made.ok) throw new Error(made.failure.message);
  const { machineId, volumeId } = made.value;
  await machines.destroy(first.app, machineId);
  await expect.poll(() => recordOf(volumeId).attachedMachineId).toBeNull();
  return { order: { ...first, runId: newId(), volumeId, ranBefore: true }, diskId: volumeId };
}

describe('the disk of a session that ran before', () => {
  it('MACHINE-38 is used although a list omits it, and no other disk is made', async () => {
    const { order, diskId } = await second();
    denyOnce();
    fly.faults.add({ action: 'volume.list', kind: 'empty_list' });
    expect(await launch(order)).toMatchObject({ ok: true, value: { volumeId: diskId } });
    expect(disksOf(order.app)).toHaveLength(1);
  });

  it('MACHINE-38 is used although one read and the list before it do not show it', async () => {
    const { order, diskId } = await second();
    denyOnce();
    fly.faults.add({ action: 'volume.list', kind: 'empty_list', times: 1 });
    fly.faults.add({ action: 'volume.get', kind: 'status', status: 404, times: 1 });
    expect(await launch(order)).toMatchObject({ ok: true, value: { volumeId: diskId } });
    expect(disksOf(order.app)).toHaveLength(1);
  });

  it('MACHINE-38 stops the start from creating anything while it cannot be read', async () => {
    const { order } = await second();
    denyOnce();
    fly.faults.add({ action: 'volume.list', kind: 'empty_list' });
    fly.faults.add({ action: 'volume.get', kind: 'status', status: 503 });
    expect(await launch(order)).toMatchObject({ ok: false, failure: { kind: 'unavailable' } });
    expect(disksOf(order.app)).toHaveLength(1);
    expect((await machines.findByRun(order.app, order.runId)).ok).toBe(true);
    expect([...fly.world.machines.values()].filter(({ app }) => app === order.app)).toHaveLength(1);
  });

  it('MACHINE-38 is not judged by a malformed list', async () => {
    const { order } = await second();
    fly.faults.add({ action: 'volume.list', kind: 'status', status: 200, body: { volumes: [] } });
    expect(await launch({ ...order, volumeId: null })).toMatchObject({ ok: false });
    expect(disksOf(order.app)).toHaveLength(1);
  });

  it('MACHINE-38 is found by its name when its id was lost, also after one empty list', async () => {
    const { order, diskId } = await second();
    fly.faults.add({ action: 'volume.list', kind: 'empty_list', times: 1 });
    expect(await launch({ ...order, volumeId: null })).toMatchObject({
      ok: true,
      value: { volumeId: diskId },
    });
    expect(disksOf(order.app)).toHaveLength(1);
  });

  it.each(['lost with its host', 'on its way out'])(
    'MACHINE-38 that is %s is replaced, after two reads apart',
    async (how) => {
      const { order, diskId } = await second();
      if (how === 'on its way out')
        fly.world.saveVolume({ ...recordOf(diskId), state: 'pending_destroy', deletedAt: Date.now() });
      else fly.world.removeVolume(diskId);
      fly.calls.clear();
      const made = await launch(order);
      expect(made).toMatchObject({ ok: true });
      expect(made.ok && made.value.volumeId).not.toBe(diskId);
      const reads = fly.calls.since(0).filter(({ action }) => action === 'volume.get');
      expect(reads).toHaveLength(2);
      expect((reads[1]?.at ?? 0) - (reads[0]?.at ?? 0)).toBeGreaterThan(900);
    },
  );

  it('MACHINE-38 that was moved to another host is followed by its name', async () => {
    const { order, diskId } = await second();
    const old = recordOf(diskId);
    fly.world.saveVolume({ ...old, id: 'vol_fork00000000000' });
    fly.world.saveVolume({ ...old, state: 'pending_destroy', deletedAt: Date.now() });
    expect(await launch(order)).toMatchObject({ ok: true, value: { volumeId: 'vol_fork00000000000' } });
  });

  it('MACHINE-38 of a first start is looked for once, without waiting', async () => {
    const { order } = await second();
    fly.calls.clear();
    await launch({ ...order, sessionId: newId(), runId: newId(), volumeId: null, ranBefore: false });
    const asked = fly.calls.since(0).filter(({ action }) => /^volume\.(list|get)$/.test(action));
    expect(asked).toHaveLength(1);
  });
});
