import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimMachine } from '@/test/simulation/provider';
import { Stage } from '@/test/simulation/stage';
import { reconcile } from '../inventory/reconcile';
import type { Machines } from '../machine/machines';
import { createSession } from '../session/create';
import { startSession } from '../session/start';
import { sweepRuns } from './sweep';

let stage: Stage;
let real: Pick<Machines, 'launch' | 'findByRun'>;
beforeAll(async () => {
  const env = { LEASE_MAX_SECONDS: '60' };
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z'), env });
  const { launch, findByRun } = stage.provider;
  real = { launch: launch.bind(stage.provider), findByRun: findByRun.bind(stage.provider) };
});
afterEach(() => {
  Object.assign(stage.provider, real);
});
afterAll(() => stage.world.close());

const noted = async ({ runId }: Pick<SimMachine, 'runId'>) =>
  (await stage.ctx.sql`select status, machine_id from run where id = ${runId}`)[0];

/** Starts a session whose order succeeds while the answer is lost; `how` says what happens to its web process. */
async function lost(how: 'died' | 'was told'): Promise<SimMachine> {
  const accountId = await stage.account({ planId: 'pro' });
  const { id: sessionId } = await createSession(stage.ctx, { accountId, name: 'lost' });
  stage.provider.launch = async (order, stillWanted = async () => true) => {
    await real.launch(order, stillWanted);
    if (how === 'died') throw new Error('killed');
    return { ok: false, failure: { kind: 'ambiguous', message: 'no answer' } };
  };
  await startSession(stage.ctx, { accountId, sessionId }).catch(() => {});
  return stage.provider.all.at(-1) as SimMachine;
}
/** Hides a machine from lists until this instant. */
function hideUntil(at: number): void {
  stage.provider.findByRun = async (app, runId) =>
    stage.now < at ? { ok: true, value: null } : real.findByRun(app, runId);
}

describe('a machine whose create lost its answer', () => {
  it('MACHINE-98 is looked for at once when its web process was told so, by whichever timekeeper lives', async () => {
    const machine = await lost('was told');
    await sweepRuns(stage.ctx);
    expect(await noted(machine)).toMatchObject({ machine_id: machine.id });
  });

  it('MACHINE-98 is looked for within two seconds when its web process died, and again while lists lag', async () => {
    const machine = await lost('died');
    await stage.pass(2_500, 500);
    expect(await noted(machine)).toMatchObject({ machine_id: machine.id });
    const hidden = await lost('died');
    hideUntil(stage.now + 8_000);
    await stage.pass(8_000, 500);
    expect(await noted(hidden)).toMatchObject({ machine_id: null });
    await stage.pass(2_500, 500);
    expect(await noted(hidden)).toMatchObject({ machine_id: hidden.id });
  });

  it('MACHINE-98 is looked for also once its own call has proven that it runs, with no list of all and no further call', async () => {
    const machine = await lost('died');
    hideUntil(stage.now + 14_000);
    await stage.pass(1_000);
    await stage.call(machine.runId, 0, 'running');
    await stage.pass(12_000, 500);
    expect(await noted(machine)).toEqual({ status: 'running', machine_id: null });
    await stage.pass(6_000, 500);
    expect(await noted(machine)).toEqual({ status: 'running', machine_id: machine.id });
  });

  it('MACHINE-98 that runs is never concluded to be missing from lists that do not show it', async () => {
    const machine = await lost('died');
    hideUntil(Number.POSITIVE_INFINITY);
    await stage.pass(1_000);
    for (let seq = 0; seq < 4; seq++) {
      await stage.call(machine.runId, seq, seq === 0 ? 'running' : 'renew');
      await stage.pass(15_000, 500);
    }
    expect(await noted(machine)).toEqual({ status: 'running', machine_id: null });
    await reconcile(stage.ctx);
    expect(await noted(machine)).toEqual({ status: 'running', machine_id: machine.id });
  });

  it.each([0, 1])(
    'MACHINE-98 that never ends by itself is ended at its first lease’s end (calls: %i)',
    async (calls) => {
      stage.kind = 'stubborn';
      const machine = await lost('died');
      hideUntil(Number.POSITIVE_INFINITY);
      await stage.pass(1_000);
      if (calls > 0) await stage.call(machine.runId, 0, 'running');
      const until = stage.now + 60_000;
      while (machine.endedAt === null && stage.now < until + 30_000) {
        await stage.pass(5_000, 500);
        if (stage.now % 30_000 < 5_000) await reconcile(stage.ctx);
      }
      stage.kind = 'silent';
      expect(machine.endedAt).not.toBeNull();
      expect(machine.endedAt).toBeLessThanOrEqual(until);
    },
  );
});
