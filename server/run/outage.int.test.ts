import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '@/test/simulation/stage';
import { answerAgent } from './answer-agent';
import { sweepRuns } from './sweep';

const NOON = Date.parse('2026-11-10T12:00:00Z');
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: NOON });
});
afterAll(() => stage.world.close());

describe('while others fail', () => {
  it('SESSION-19 a first call is answered although the provider hangs', async () => {
    const { runId } = await stage.started(await stage.account({ planId: 'max' }));
    await stage.pass(1_000);
    const never = () => new Promise<never>(() => {});
    const machines = Object.assign(Object.create(stage.ctx.machines), { get: never, findByRun: never });
    const from = performance.now();
    const answer = await answerAgent({ ...stage.ctx, machines }, runId, {
      bootId: 'boot',
      seq: 0,
      event: 'running',
    });
    expect(answer.action).toBe('run');
    expect(performance.now() - from).toBeLessThan(4_000);
  });

  it('SESSION-20 a machine that boots a second time ends its run where its first life was last proven', async () => {
    const { runId, machine } = await stage.started(await stage.account({ planId: 'max' }));
    await stage.pass(1_000);
    await stage.call(runId, 0, 'running');
    await stage.pass(60_000);
    await stage.call(runId, 1, 'renew');
    await stage.pass(30_000);
    const again = await stage.call(runId, 0, 'running', { bootId: 'another' });
    expect(again).toMatchObject({ action: 'stop', reason: 'provider' });
    await stage.pass(3_000, 500);
    await sweepRuns(stage.ctx);
    const run = await stage.run(runId);
    expect(run).toMatchObject({ status: 'stopped', end_reason: 'provider', overrun_ms: 0 });
    // The provider reports no end before the second boot, so the last renewal is the last proof.
    expect((run.ended_at ?? 0) - (run.started_at ?? 0)).toBe(run.used_ms);
    expect(run.used_ms).toBeGreaterThanOrEqual(60_000);
    expect(run.used_ms).toBeLessThan(62_000);
    expect(machine.endedAt).not.toBeNull();
  });
});
