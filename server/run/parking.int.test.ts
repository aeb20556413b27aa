import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { reconcile } from '../inventory/reconcile';
import { reportParked } from '../inventory/report-parked';
import { readSession } from '../session/read-sessions';
import { startSession } from '../session/start';
import { stopSession } from '../session/stop';
import { PARKED_AFTER } from './times';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
});
afterAll(() => stage.world.close());

describe('a run whose machine will not die', () => {
  it('SESSION-23 keeps its slot, is pressed less and less, then parked, and ends by itself when the machine is dead', async () => {
    const { provider } = stage;
    const refused = async () =>
      ({ ok: false, failure: { kind: 'refused', message: 'host is away' } }) as const;
    const { stop, destroy } = provider;
    let presses = 0;
    provider.stop = refused;
    provider.destroy = async () => {
      presses += 1;
      return refused();
    };
    const accountId = await stage.account();
    const { sessionId, runId, machine } = await stage.started(accountId);
    await stage.pass(5_000, 1_000);
    await stopSession(stage.ctx, { accountId, sessionId });
    await stage.pass(7 * 60_000, 1_000);
    expect((await reportParked(stage.ctx)).run).toBe(0);
    await stage.pass(2 * 60_000, 1_000);
    expect((await reportParked(stage.ctx)).run).toBe(1);
    const [{ attempts, parked_at: parkedAt } = { attempts: 0, parked_at: 0 }] = await stage.ctx.sql<
      { attempts: number; parked_at: number }[]
    >`select attempts, parked_at from run where id = ${runId}`;
    expect(attempts).toBeLessThanOrEqual(PARKED_AFTER + 1);

    presses = 0;
    await stage.pass(30 * 60_000, 10_000);
    expect(presses).toBeGreaterThanOrEqual(5);
    expect(presses).toBeLessThanOrEqual(7);
    // Without a proof of death the slot stays taken, and only PostgreSQL remembers that the run is parked.
    expect((await readSession(stage.ctx.sql, accountId, sessionId)).status).toBe('stopping');
    await expect(startSession(stage.ctx, { accountId, sessionId })).rejects.toMatchObject({
      reason: 'SESSION_LIMIT_REACHED',
    });
    expect(
      await stage.ctx.sql`select 1 from run where id = ${runId} and parked_at = ${parkedAt}`,
    ).toHaveLength(1);

    // A list that shows the machine alive proves that the provider answers: the run is checked now, and not minutes
    // later.
    await stage.pass(30_000, 10_000);
    await reconcile(stage.ctx);
    Object.assign(provider, { stop, destroy });
    provider.end(machine);
    await stage.pass(15_000, 5_000);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'user' });
    expect((await reportParked(stage.ctx)).run).toBe(0);
    expect((await startSession(stage.ctx, { accountId, sessionId })).status).toBe('starting');
  });
});
