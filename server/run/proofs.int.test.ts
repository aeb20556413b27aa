import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import type { Machine, Machines, Outcome } from '../machine/machines';
import { stopSession } from '../session/stop';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
});
afterAll(() => stage.world.close());

async function running() {
  const accountId = await stage.account();
  const made = await stage.started(accountId);
  await stage.pass(2_000, 500);
  await stage.call(made.runId, 0, 'running');
  await stage.pass(40_000);
  return { accountId, ...made };
}

/** Runs `play` with a provider of which some calls are replaced. */
async function withCalls(changed: Partial<Machines>, play: () => Promise<void>): Promise<void> {
  const real = stage.ctx;
  stage.ctx = { ...real, machines: Object.assign(Object.create(stage.provider), changed) };
  await play();
  stage.ctx = real;
}

describe('what the provider says', () => {
  it.each([
    ['in microseconds', (at: number) => at * 1000],
    ['in seconds', (at: number) => Math.floor(at / 1000)],
    ['hours ahead', (at: number) => at + 7_200_000],
  ])('MACHINE-44 is not believed when its times are %s: the last word is the end', async (_, wrong) => {
    const { runId, machine } = await running();
    const provenAt = stage.now;
    await stage.call(runId, 1, 'renew');
    await stage.pass(5_000);
    stage.provider.end(machine);
    for (const event of machine.events) if (event.type !== 'start') event.at = wrong(event.at);
    await stage.call(runId, 2, 'stopped');
    await stage.pass(5_000, 500);
    const run = await stage.run(runId);
    expect(run).toMatchObject({ status: 'stopped', ended_at: provenAt });
    expect(run.used_ms).toBe(provenAt - (machine.startedAt ?? 0));
    const stored = await stage.ctx.sql`select type from provider_event where run_id = ${runId} order by at`;
    expect(stored).toEqual([{ type: 'start' }]);
  });

  it('MACHINE-45 that it has no machine does not end a stopping run while a list shows that machine', async () => {
    stage.kind = 'stubborn';
    const { accountId, sessionId, runId, machine } = await running();
    const { provider } = stage;
    const nothing = async (): Promise<Outcome<Machine | null>> => ({ ok: true, value: null });
    const deaf = async () => ({ ok: false, failure: { kind: 'unavailable', message: 'away' } }) as const;
    await withCalls({ get: nothing, stop: deaf, destroy: deaf }, async () => {
      await stopSession(stage.ctx, { accountId, sessionId });
      await stage.pass(60_000, 500);
      expect(await stage.run(runId)).toMatchObject({ status: 'stopping' });
    });
    // Nor while no list can be read. The run ends once a list agrees.
    await withCalls({ get: nothing, stop: deaf, destroy: deaf, findByRun: deaf }, async () => {
      await stage.pass(60_000, 500);
      expect(await stage.run(runId)).toMatchObject({ status: 'stopping' });
    });
    provider.all.splice(provider.all.indexOf(machine), 1);
    await stage.pass(30_000, 500);
    expect(await stage.run(runId)).toMatchObject({ status: 'stopped', end_reason: 'user' });
  });

  it('SESSION-91 of a machine that vanished long before its lease ran out is why its run ended', async () => {
    const { runId, machine } = await running();
    const spokeAt = stage.now;
    await stage.call(runId, 1, 'renew');
    stage.provider.all.splice(stage.provider.all.indexOf(machine), 1);
    await stage.pass(20 * 60_000, 5_000);
    expect(await stage.run(runId)).toMatchObject({
      status: 'stopped',
      end_reason: 'provider',
      ended_at: spokeAt,
    });
  });
});
