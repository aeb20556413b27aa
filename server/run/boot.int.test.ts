import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { setClock } from '@/test/world';
import type { Machines } from '../machine/machines';
import { stopSession } from '../session/stop';
import { bookRead, observeRun } from './observe';
import { type RunRow, readRun } from './run-row';

let stage: Stage;
let real: Pick<Machines, 'get' | 'destroy' | 'findByRun'>;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
  const { get, destroy, findByRun } = stage.provider;
  real = {
    get: get.bind(stage.provider),
    destroy: destroy.bind(stage.provider),
    findByRun: findByRun.bind(stage.provider),
  };
});
afterEach(() => {
  Object.assign(stage.provider, real);
});
afterAll(() => stage.world.close());

const away = async () => ({ ok: false, failure: { kind: 'unavailable', message: 'away' } }) as const;
/** Takes the boot of the newest machine off the agenda. Returns a function that plays it. */
function holdBoot(): () => Promise<void> {
  const boot = stage.agenda.take(stage.now + 60_000);
  if (!boot) throw new Error('no machine is about to boot');
  return async () => boot.run();
}

describe('a start that the provider tells of', () => {
  it('SESSION-100 ahead of our clock, which was set back, is booked as it was once the clock has reached it', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    await stage.pass(9_000);
    const look = async () => observeRun(stage.ctx, (await readRun(stage.ctx, runId)) as RunRow);
    await setClock(stage.world.database, stage.now - 30_000);
    expect(await look()).toBe(false);
    expect(await stage.run(runId)).toMatchObject({ status: 'starting', started_at: null });
    await setClock(stage.world.database, stage.now);
    await look();
    expect(await stage.run(runId)).toMatchObject({ status: 'running', started_at: machine.startedAt });
    stage.provider.end(machine);
    await look();
    expect((await stage.run(runId)).used_ms).toBe((machine.endedAt ?? 0) - (machine.startedAt ?? 0));
  });
});

describe('a machine that was just made', () => {
  it('SESSION-14 and is not shown yet is not missing', async () => {
    const accountId = await stage.account();
    const shownFrom = stage.now + 20_000;
    stage.provider.get = async (app, id) =>
      stage.now < shownFrom ? { ok: true, value: null } : real.get(app, id);
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(25_000, 500);
    expect(await stage.run(runId)).toMatchObject({ status: 'running', started_at: machine.startedAt });
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(3_000, 500);
  });

  it.each(['nobody', 'its user'])(
    'SESSION-14 and is lost while it boots ends its run once its start took too long, when %s stops it',
    async (who) => {
      const accountId = await stage.account();
      const { sessionId, runId, machine } = await stage.started(accountId);
      stage.provider.all.splice(stage.provider.all.indexOf(machine), 1);
      if (who === 'its user') await stopSession(stage.ctx, { accountId, sessionId });
      await stage.pass(29_000, 500);
      expect((await stage.run(runId)).ended_at).toBeNull();
      await stage.pass(5_000, 500);
      expect(await stage.run(runId)).toMatchObject(
        who === 'nobody'
          ? { status: 'failed', end_reason: 'provider', failure: 'PROVIDER_UNAVAILABLE', used_ms: 0 }
          : { status: 'stopped', end_reason: 'user', used_ms: 0 },
      );
      expect(await stage.sums(accountId, '2026-11')).toMatchObject({ held_ms: 0 });
    },
  );

  it('SESSION-14 and was missed while it was being made is missed anew', async () => {
    const accountId = await stage.account();
    const { launch } = stage.provider;
    stage.provider.findByRun = async () => ({ ok: true, value: null });
    stage.provider.launch = async (order, stillWanted) => {
      const made = await launch.call(stage.provider, order, stillWanted);
      await stage.pass(33_000, 1_000);
      return made;
    };
    // The first read by id does not show the machine either.
    let reads = 0;
    stage.provider.get = async (app, id) => (++reads === 1 ? { ok: true, value: null } : real.get(app, id));
    const { sessionId, runId } = await stage.started(accountId);
    stage.provider.launch = launch;
    await stage.pass(3_000, 500);
    expect((await stage.run(runId)).status).toBe('running');
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(3_000, 500);
  });

  it('SESSION-14 a sign of life between two reads keeps the run', async () => {
    const { runId } = await stage.started(await stage.account());
    await stage.pass(1_000, 500);
    await stage.call(runId, 0, 'running');
    await stage.pass(60_000);
    const gone = { ok: true, value: null } as const;
    const first = await readRun(stage.ctx, runId);
    if (!first) throw new Error('there is no run');
    expect(await bookRead(stage.ctx, first, gone)).toBe(false);
    await stage.pass(10_000);
    const second = await readRun(stage.ctx, runId);
    if (!second) throw new Error('there is no run');
    expect(second.missing_since).not.toBeNull();
    // While the second read is under way the machine renews.
    await stage.call(runId, 1, 'renew');
    expect(await bookRead(stage.ctx, second, gone)).toBe(false);
    expect((await stage.run(runId)).status).toBe('running');
    await stage.call(runId, 2, 'stopped');
    await stage.pass(3_000, 500);
  });
});

describe('a boot that took too long', () => {
  it('SESSION-10 is never charged, also when its machine comes up after all', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    const boot = holdBoot();
    stage.provider.destroy = away;
    await stage.pass(185_000, 1_000);
    await boot();
    await stage.pass(5_000, 1_000);
    expect(await stage.call(runId, 0, 'running')).toMatchObject({ action: 'stop', reason: 'boot_timeout' });
    await stage.pass(60_000, 1_000);
    Object.assign(stage.provider, real);
    // The first look destroys the machine, and the next one, ten seconds later, proves that it is gone.
    await stage.pass(25_000, 1_000);
    expect((machine.endedAt ?? 0) - (machine.startedAt ?? 0)).toBeGreaterThan(60_000);
    expect(await stage.run(runId)).toMatchObject({
      ...{ status: 'failed', end_reason: 'boot_timeout', started_at: null, used_ms: 0, overrun_ms: 0 },
    });
    expect(await stage.sums(accountId, '2026-11')).toEqual({ used_ms: 0, held_ms: 0 });
  });

  it('SESSION-10 is charged when its machine had started in time and only the word of it came late', async () => {
    const accountId = await stage.account();
    const { runId, machine } = await stage.started(accountId);
    const boot = holdBoot();
    Object.assign(stage.provider, { get: away, destroy: away });
    await stage.pass(170_000, 1_000);
    await boot();
    await stage.pass(15_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopping', started_at: null });
    Object.assign(stage.provider, real);
    await stage.pass(15_000, 1_000);
    expect(await stage.run(runId)).toMatchObject({
      started_at: machine.startedAt,
      used_ms: (machine.endedAt ?? 0) - (machine.startedAt ?? 0),
    });
  });
});
