import { setTimeout as pause } from 'node:timers/promises';
import type { Ctx } from '@/server/context';
import { newId } from '@/server/ids';
import { answerAgent } from '@/server/run/answer-agent';
import { createSession } from '@/server/session/create';
import { startSession } from '@/server/session/start';
import { stopSession } from '@/server/session/stop';

export type Traffic = { renewals: number[]; starts: number; failures: unknown[]; stop(): Promise<void> };

/** Starts the web's traffic beside the timekeeper: renewals in turn, and sessions that start, call, run and stop. */
export function startTraffic(
  ctx: Ctx,
  runIds: string[],
  rates: { renewalsPerSecond: number; startsPerSecond: number },
): Traffic {
  const traffic: Traffic = { renewals: [], starts: 0, failures: [], stop };
  const seqs = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const done: Promise<void> = work
      .catch((error) => void traffic.failures.push(error))
      .finally(() => underWay.delete(done));
    underWay.add(done);
  };
  let turn = 0;
  const renew = async () => {
    const runId = runIds[turn++ % runIds.length] ?? '';
    const seq = (seqs.get(runId) ?? 0) + 1;
    seqs.set(runId, seq);
    const from = performance.now();
    const { action } = await answerAgent(ctx, runId, { bootId: 'bench', seq, event: 'renew' });
    traffic.renewals.push(performance.now() - from);
    if (action !== 'run') throw new Error(`a renewal was answered with ${action}`);
  };
  const timers = [
    every(1000 / rates.renewalsPerSecond, () => track(renew())),
    every(1000 / rates.startsPerSecond, () => track(visit(ctx).then(() => void traffic.starts++))),
  ];
  async function stop() {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(underWay);
  }
  return traffic;
}

/** Calls `work` every `ms` on average, even below the resolution of the timer. */
function every(ms: number, work: () => void): NodeJS.Timeout {
  let next = performance.now() + ms;
  return setInterval(() => {
    for (; next <= performance.now(); next += ms) work();
  }, 5);
}

/** One visit of a user: starts a session, lets its machine call, and stops it a few seconds later. */
async function visit(ctx: Ctx): Promise<void> {
  const accountId = newId();
  await ctx.sql`insert into account (id, name, status, own_plan_id) values (${accountId}, 'Visit', 'active', 'pro')`;
  const { id: sessionId } = await createSession(ctx, { accountId, name: 'visit' });
  await startSession(ctx, { accountId, sessionId });
  await pause(400);
  const [run] = await ctx.sql<{ id: string }[]>`select id from run where session_id = ${sessionId}`;
  await answerAgent(ctx, run?.id ?? '', { bootId: 'bench', seq: 0, event: 'running' });
  await pause(5_000);
  await stopSession(ctx, { accountId, sessionId });
}
