import { afterAll, beforeAll, expect, it } from 'vitest';
import { SimAgent } from '@/test/simulation/agent';
import type { SimMachine } from '@/test/simulation/provider';
import { Stage } from '@/test/simulation/stage';
import { leaveQuota } from '@/test/world';
import { readSessions } from '../session/read-sessions';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ startAt: Date.parse('2026-11-10T12:00:00Z') });
});
afterAll(() => stage.world.close());

/** Gives machines agents that call as real ones do; a `mute` one boots and never calls. */
function withAgents(isMute: (machine: SimMachine) => boolean): void {
  stage.kind = 'honest';
  const { agenda, provider } = stage;
  const agents = new Map<string, SimAgent>();
  provider.world.onSignal = (machine) => agents.get(machine.id)?.signal();
  provider.world.onStart = (machine) => {
    if (isMute(machine)) machine.kind = 'silent';
    const answer: SimAgent['world']['answer'] = (runId, { event, seq, ...more }) =>
      stage.call(runId, seq, event, more);
    const { chance } = provider.world;
    const world = { now: () => stage.now, agenda, chance, provider, apiUp: () => true, loss: 0, answer };
    agents.set(machine.id, new SimAgent(world, machine));
  };
}

/** Starts three sessions of one account, and then leaves `ms` for all of them. */
async function shareTheLast(ms: number) {
  const accountId = await stage.account({ planId: 'max', leftMs: 600_000 });
  for (let i = 0; i < 3; i++) {
    await stage.started(accountId);
    await stage.pass(1_500, 500);
  }
  await leaveQuota(stage.world, accountId, (await stage.sums(accountId, '2026-11')).held_ms + ms);
  await stage.pass(260_000, 1_000);
  return { accountId, ...(await readSessions(stage.ctx.sql, accountId)) };
}

it('SESSION-90 three sessions that share the last 12 seconds all end by the quota, whoever takes them', async () => {
  withAgents(() => false);
  const { sessions } = await shareTheLast(12_000);
  expect(sessions.map(({ endReason }) => endReason)).toEqual(['quota', 'quota', 'quota']);
});

it('SESSION-90 so does one among them whose machine never asks', async () => {
  const muted = new Set<string>();
  withAgents((machine) => muted.size === 0 && Boolean(muted.add(machine.id)));
  const { sessions } = await shareTheLast(12_000);
  expect(sessions.map(({ endReason }) => endReason)).toEqual(['quota', 'quota', 'quota']);
});

it('SESSION-90 a session that does not ask while there is quota ends by its limit', async () => {
  withAgents(() => true);
  const accountId = await stage.account({ planId: 'max' });
  await stage.started(accountId);
  await stage.pass(16 * 60_000, 5_000);
  const { sessions } = await readSessions(stage.ctx.sql, accountId);
  expect(sessions.map(({ endReason }) => endReason)).toEqual(['limit']);
});
