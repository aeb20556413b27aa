import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startFly } from '@/cloud/fly/server';
import { openLocalMachines } from '@/test/local-machines';
import { startMachinesApi } from '@/test/pretend/machines-api';
import { Agenda, chanceOf } from '@/test/simulation/events';
import { SimProvider } from '@/test/simulation/provider';
import { newId } from '../ids';
import { appNameOf, type LaunchOrder, type Machine, type Machines, volumeNameOf } from './machines';
import { endedAt, firstStartAt, isGone } from './read-events';

/**
 * Every stand-in for the provider passes the same tests: the local Fly and the simulated API behind the adapter, and the
 * simulated provider in virtual time.
 */

type Keeper = {
  machines: Machines;
  settle: (done: () => Promise<boolean>) => Promise<void>;
  close: () => Promise<void>;
};

async function adapter(): Promise<Keeper> {
  const dir = mkdtempSync(join(tmpdir(), 'hourglass-port-'));
  const fly = await startFly({ port: 0, stateDir: dir, machineCommand: 'sleep 100000' });
  const machines = openLocalMachines(fly.port);
  const close = async () => {
    await machines.close();
    await fly.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { machines, settle: (done) => expect.poll(done).toBe(true), close };
}

async function twin(): Promise<Keeper> {
  const agenda = new Agenda();
  let now = 1_000_000;
  const machines: SimProvider = new SimProvider({
    now: () => now,
    agenda,
    chance: { ...chanceOf(1), next: () => 0.5, hit: () => false },
    faults: 0,
    pickKind: () => 'silent',
    onStart: () => {},
    onSignal: (machine) => agenda.add(now + 10, 'obey', () => machines.end(machine)),
  });
  const settle = async () => {
    const until = now + 20_000;
    for (let event = agenda.take(until); event; event = agenda.take(until)) {
      now = Math.max(now, event.at);
      await event.run();
    }
    now = until;
  };
  return { machines, settle, close: async () => {} };
}

/** The adapter on the API with simulated machines, which benchmarks and tests of thousands of machines use. */
async function pretender(): Promise<Keeper> {
  const api = await startMachinesApi({ answerMs: 5 });
  const machines = openLocalMachines(Number(new URL(api.url).port));
  const close = async () => {
    await machines.close();
    await api.close();
  };
  return { machines, settle: (done) => expect.poll(done, { timeout: 10_000 }).toBe(true), close };
}

const keepers = [
  ['the adapter', await adapter()],
  ['the adapter with pretended machines', await pretender()],
  ['its twin', await twin()],
] as const;
afterAll(() => Promise.all(keepers.map(([, keeper]) => keeper.close())));

const yes = async () => true;
const order = (): LaunchOrder => ({
  app: appNameOf('dev', newId()),
  installationId: 'here',
  runId: newId(),
  sessionId: newId(),
  region: 'iad',
  size: 'standard',
  env: {},
  volumeId: null,
  ranBefore: false,
  storageGb: 1,
  graceSeconds: 1,
});

describe.each(keepers)('%s', (_, { machines, settle }) => {
  const read = async (app: string, id: string): Promise<Machine> => {
    const got = await machines.get(app, id);
    if (!got.ok || got.value === null) throw new Error('there is no such machine');
    return got.value;
  };

  it('MACHINE-1 launches a run once, shows its start and its end, and finds it by its run', async () => {
    const o = order();
    const first = await machines.launch(o, yes);
    if (!first.ok) throw new Error(first.failure.message);
    const { machineId } = first.value;
    expect(await machines.launch(o, yes)).toEqual(first);
    await settle(async () => firstStartAt(await read(o.app, machineId)) !== null);
    const running = await read(o.app, machineId);
    expect(running).toMatchObject({ runId: o.runId, sessionId: o.sessionId, environmentId: 'dev' });
    expect([endedAt(running), isGone(running)]).toEqual([null, false]);
    expect(await machines.findByRun(o.app, o.runId)).toMatchObject({ ok: true, value: { id: machineId } });
    const listed = await machines.list(null);
    expect(listed.ok && listed.value.items.some((machine) => machine.runId === o.runId)).toBe(true);

    expect((await machines.stop(o.app, machineId, 1)).ok).toBe(true);
    await settle(async () => isGone(await read(o.app, machineId)));
    const ended = await read(o.app, machineId);
    expect(endedAt(ended)).toBeGreaterThanOrEqual(firstStartAt(ended) ?? Number.POSITIVE_INFINITY);
  });

  it('MACHINE-39 creates no machine for a run that is no longer wanted', async () => {
    const o = order();
    const answer = await machines.launch(o, async () => false);
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'refused' } });
    expect(await machines.findByRun(o.app, o.runId)).toEqual({ ok: true, value: null });
  });

  it('MACHINE-3 stops, destroys and reads repeatedly, and reports a machine that never existed', async () => {
    const o = order();
    const made = await machines.launch(o, yes);
    if (!made.ok) throw new Error(made.failure.message);
    for (let i = 0; i < 2; i++) expect((await machines.destroy(o.app, made.value.machineId)).ok).toBe(true);
    await settle(async () => isGone(await read(o.app, made.value.machineId)));
    expect((await machines.stop(o.app, made.value.machineId, 1)).ok).toBe(true);
    expect(await machines.get(o.app, '00000000000000')).toEqual({ ok: true, value: null });
    expect(await machines.findByRun(o.app, newId())).toEqual({ ok: true, value: null });
  });

  it('MACHINE-30 lists volumes with their owners, keeps a bound one, and shows one being removed as gone', async () => {
    const o = order();
    const made = await machines.launch(o, yes);
    if (!made.ok) throw new Error(made.failure.message);
    const { machineId, volumeId } = made.value;
    const shown = async () => {
      const listed = await machines.listVolumes(null);
      if (!listed.ok) throw new Error(listed.failure.message);
      return listed.value.items.find((volume) => volume.id === volumeId);
    };
    const bound = { id: volumeId, app: o.app, name: volumeNameOf(o.sessionId), attachedMachineId: machineId };
    expect(await shown()).toMatchObject({ ...bound, isGone: false });
    expect(await machines.getVolume(o.app, volumeId)).toMatchObject({ ok: true, value: bound });
    expect((await machines.deleteVolume(o.app, volumeId)).ok).toBe(false);
    await machines.destroy(o.app, machineId);
    await settle(async () => (await machines.deleteVolume(o.app, volumeId)).ok);
    expect((await machines.deleteVolume(o.app, volumeId)).ok).toBe(true);
    const left = await machines.getVolume(o.app, volumeId);
    expect(left.ok && (left.value === null || left.value.isGone)).toBe(true);
    expect((await shown())?.isGone ?? true).toBe(true);
    expect(await machines.getVolume(o.app, 'vol_never')).toEqual({ ok: true, value: null });
  });
});
