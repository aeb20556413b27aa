import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type StartedFly, startFly } from '@/cloud/fly/server';
import { openLocalMachines } from '@/test/local-machines';
import { newId } from '../ids';
import { appNameOf, type LaunchOrder, type Machine, type Machines } from './machines';
import { endedAt, firstStartAt, isGone } from './read-events';

const dir = mkdtempSync(join(tmpdir(), 'hourglass-fly-'));
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

function order(): LaunchOrder {
  return {
    app: appNameOf('dev', newId()),
    installationId: 'here',
    runId: newId(),
    sessionId: newId(),
    region: 'iad',
    size: 'standard',
    env: { HOURGLASS_RUN_ID: 'x' },
    volumeId: null,
    ranBefore: false,
    storageGb: 1,
    graceSeconds: 1,
  };
}
const yes = async () => true;
const made = (runId: string) =>
  [...fly.world.machines.values()].filter((m) => m.config.metadata?.hourglass_run === runId);
const read = async (o: LaunchOrder, id: string): Promise<Machine> => {
  const got = await machines.get(o.app, id);
  if (!got.ok || !got.value) throw new Error('no machine');
  return got.value;
};

describe('the Fly adapter', () => {
  it('MACHINE-34 puts the machines of each account into an app and a network of its own', async () => {
    const orders = [order(), order()];
    await Promise.all(orders.map((o) => machines.launch(o, yes)));
    const networks = orders.map(({ app }) => fly.world.apps.get(app)?.network);
    expect(new Set([...networks, 'default', undefined]).size).toBe(4);
    for (const o of orders) expect(made(o.runId)[0]?.app).toBe(o.app);
  });

  it('MACHINE-1 makes app, volume and machine once, and proves start and end', async () => {
    const o = order();
    const first = await machines.launch(o, yes);
    expect(first).toMatchObject({ ok: true, value: { region: 'iad' } });
    expect(await machines.launch(o, yes)).toEqual(first);
    const id = first.ok ? first.value.machineId : '';
    await expect.poll(async () => (await read(o, id)).state).toBe('started');
    const running = await read(o, id);
    expect(running).toMatchObject({ runId: o.runId, sessionId: o.sessionId, environmentId: 'dev' });
    expect(firstStartAt(running)).toBe(made(o.runId)[0]?.intervals[0]?.startedAt);
    expect(endedAt(running)).toBeNull();
    expect(await machines.stop(o.app, id, 1)).toMatchObject({ ok: true });
    await expect.poll(async () => isGone(await read(o, id))).toBe(true);
    expect(endedAt(await read(o, id))).toBe(made(o.runId)[0]?.intervals[0]?.stoppedAt);
  });

  it('MACHINE-1 repeated orders at the same time find the one machine', async () => {
    const o = order();
    await machines.launch(o, yes);
    const answers = await Promise.all(Array.from({ length: 5 }, () => machines.launch(o, yes)));
    expect(new Set(answers.flatMap((a) => (a.ok ? [a.value.machineId] : []))).size).toBe(1);
    expect(made(o.runId)).toHaveLength(1);
  });

  it('MACHINE-1 MACHINE-2 a lost answer after the create adopts the created machine', async () => {
    const o = order();
    fly.faults.add({ action: 'machine.create', kind: 'after_commit_reset', times: 1 });
    const answer = await machines.launch(o, yes);
    expect(answer).toMatchObject({ ok: true });
    expect(made(o.runId)).toHaveLength(1);
  });

  it('MACHINE-2 a refusal for capacity created nothing', async () => {
    const o = order();
    fly.faults.add({
      action: 'machine.create',
      kind: 'status',
      status: 422,
      body: { error: 'could not find a candidate host', status: 'insufficient_capacity' },
      times: 1,
    } as never);
    expect(await machines.launch(o, yes)).toMatchObject({ ok: false, failure: { kind: 'no_capacity' } });
    expect(made(o.runId)).toHaveLength(0);
  });

  it('MACHINE-90 an app that was just created and is not known everywhere yet fails no first start', async () => {
    const o = order();
    const unknown = { kind: 'status', path: o.app, body: { error: 'Authenticate: token validation error' } };
    fly.faults.add({ ...unknown, action: 'volume.list', status: 401, times: 2 } as never);
    fly.faults.add({ ...unknown, action: 'volume.create', status: 404, times: 1 } as never);
    fly.faults.add({ ...unknown, action: 'machine.create', status: 401, times: 1 } as never);
    expect(await machines.launch(o, yes)).toMatchObject({ ok: true });
    expect(made(o.runId)).toHaveLength(1);
    // For an app created long ago a refusal is final.
    fly.faults.add({ ...unknown, action: 'machine.create', status: 401 } as never);
    const other = openLocalMachines(fly.port);
    const again = await other.launch({ ...order(), app: o.app }, yes);
    expect(again).toMatchObject({ ok: false, failure: { kind: 'refused' } });
    await other.close();
  });

  it('MACHINE-91 a session that is started right after it stopped waits for its disk', async () => {
    const o = order();
    const first = await machines.launch(o, yes);
    if (!first.ok) throw new Error(first.failure.message);
    const volume = fly.world.volumes.get(first.value.volumeId);
    if (!volume) throw new Error('no volume');
    const again = { ...order(), app: o.app, sessionId: o.sessionId, volumeId: volume.id, ranBefore: true };
    const free = setTimeout(() => machines.destroy(o.app, first.value.machineId), 700);
    expect(await machines.launch(again, yes)).toMatchObject({ ok: true, value: { volumeId: volume.id } });
    clearTimeout(free);
    // A run that is no longer wanted does not wait.
    const third = { ...again, runId: newId() };
    expect(await machines.launch(third, async () => false)).toMatchObject({ ok: false });
    expect(made(third.runId)).toHaveLength(0);
  });

  it('MACHINE-2 no second create is sent for a run that is no longer wanted', async () => {
    const o = order();
    fly.faults.add({ action: 'machine.create', kind: 'status', status: 503, times: 1 } as never);
    // Wanted until the first create was sent. Its machine may still appear, so the failure is ambiguous.
    const answer = await machines.launch(o, async () => fly.faults.list().length > 0);
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'ambiguous' } });
    expect(made(o.runId)).toHaveLength(0);
  });

  it('MACHINE-39 checks before app, disk and machine whether the run is still wanted, and creates nothing more once it is not', async () => {
    for (const yeses of [0, 1, 2]) {
      const o = order();
      let left = yeses;
      const answer = await machines.launch(o, async () => left-- > 0);
      expect(answer).toMatchObject({ ok: false, failure: { kind: 'refused' } });
      const disks = [...fly.world.volumes.values()].filter(({ app }) => app === o.app);
      expect([fly.world.apps.has(o.app), disks.length, made(o.runId).length]).toEqual([
        yeses > 0,
        yeses > 1 ? 1 : 0,
        0,
      ]);
    }
  });

  it('MACHINE-39 an app that could not be created is retried only while the run is wanted', async () => {
    const o = order();
    fly.faults.add({ action: 'app.create', kind: 'status', status: 503 });
    let asked = 0;
    expect(await machines.launch(o, async () => ++asked < 3)).toMatchObject({ ok: false });
    expect(asked).toBe(3);
    fly.faults.clear();
    fly.faults.add({ action: 'app.create', kind: 'status', status: 503, times: 1 });
    expect(await machines.launch(o, yes)).toMatchObject({ ok: true });
  });

  it('MACHINE-3 stop, destroy and get succeed for a machine that does not exist', async () => {
    const o = order();
    await machines.launch(o, yes);
    expect(await machines.get(o.app, '00000000000000')).toEqual({ ok: true, value: null });
    expect(await machines.stop(o.app, '00000000000000', 1)).toMatchObject({ ok: true });
    expect(await machines.destroy(o.app, '00000000000000')).toMatchObject({ ok: true });
    expect(await machines.findByRun(o.app, newId())).toEqual({ ok: true, value: null });
  });

  it('MACHINE-4 lists machines with their owners', async () => {
    const o = order();
    await machines.launch(o, yes);
    const page = await machines.list(null);
    expect(page).toMatchObject({ ok: true, value: { complete: true } });
    const listed = page.ok ? page.value.items : [];
    expect(listed.find((machine) => machine.runId === o.runId)).toMatchObject({
      app: o.app,
      environmentId: 'dev',
    });
  });

  it('MACHINE-29 reports a list as partial when a region is missing, and as failed when the answer is not a list', async () => {
    fly.faults.add({ action: 'org.machines', kind: 'error_regions', times: 1 });
    expect(await machines.list(null)).toMatchObject({ ok: true, value: { complete: false } });
    const answers: [unknown, object][] = [
      [
        { machines: null, next_cursor: '' },
        { ok: true, value: { items: [], nextCursor: null, complete: true } },
      ],
      [{ machines: [{ id: 'a' }, { name: 'without an id' }] }, { ok: true, value: { complete: false } }],
      [{}, { ok: false, failure: { kind: 'unavailable' } }],
      [[], { ok: false }],
      ['<html>', { ok: false }],
      [{ machines: 'many' }, { ok: false }],
    ];
    for (const [body, expected] of answers) {
      fly.faults.add({ action: 'org.machines', kind: 'status', status: 200, body, times: 1 } as never);
      expect(await machines.list(null)).toMatchObject(expected);
    }
  });
});
