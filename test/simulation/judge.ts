import type { Ctx } from '@/server/context';
import type { SimProvider } from './provider';

type RunFacts = {
  id: string;
  ended_at: number | null;
  lease_until: number;
  proof_at: number;
  used_ms: number;
  overrun_ms: number;
  end_reason: string | null;
};

/**
 * With faults, only a call of the agent may prove a start; it arrives at most this long after the machine ran, in ms.
 */
const LATEST_PROOF_MS = 12_000;

/** The inaccuracies that a history's faults and clocks permit. */
export type Blur = { faulty: boolean; clocksApartMs: number };

/** Longest delay of a machine's call: a later end recorded by the provider takes precedence beyond it. */
const LATE_WORD_MS = 20_000;

/**
 * The most by which a machine ends before its lease does, in ms: its guard, the disconnect, an extension of a few
 * seconds whose answer was lost, and the clock difference.
 */
const OWN_END_MS = 9_000;

/**
 * Compares every run of an account with the provider's records: charged time, overrun, ends. Returns the differences.
 */
export async function judgeRuns(
  ctx: Ctx,
  accountId: string,
  provider: SimProvider,
  blur: Blur,
): Promise<string[]> {
  const rows = await ctx.sql<RunFacts[]>`
    select id, ended_at, lease_until, proof_at, used_ms, overrun_ms, end_reason from run where account_id = ${accountId}`;
  return rows.flatMap((row) => judgeRun(row, provider, blur));
}

function judgeRun(row: RunFacts, provider: SimProvider, { faulty, clocksApartMs }: Blur): string[] {
  const machine = provider.all.find((made) => made.runId === row.id);
  if (row.ended_at === null) return [`run ${row.id} never ended`];
  if (!machine || machine.startedAt === null || machine.endedAt === null) {
    return row.used_ms === 0 ? [] : [`run ${row.id} was charged ${row.used_ms} ms and never ran`];
  }
  const problems: string[] = [];
  const truth = machine.endedAt - machine.startedAt;
  const overrun = Math.max(0, machine.endedAt - row.lease_until);
  const difference = row.used_ms + overrun - truth;
  // A call that arrived this long after the machine had died is the later proof of life.
  const provenLater = difference > 0 && row.proof_at > machine.endedAt + LATE_WORD_MS - clocksApartMs;
  // Both start and end may be read from the provider's clock, or only one of them.
  const most = (faulty ? LATEST_PROOF_MS : 0) + 2 * clocksApartMs;
  if (Math.abs(difference) > most && !provenLater) {
    problems.push(`run ${row.id}: charged ${row.used_ms}, alive ${truth}, overrun ${overrun}`);
  }
  if (Math.abs(overrun - row.overrun_ms) > clocksApartMs)
    problems.push(`run ${row.id}: overrun ${overrun}, recorded ${row.overrun_ms}`);
  const ranOut = row.end_reason === 'quota' || row.end_reason === 'limit';
  if (ranOut && machine.endedAt < row.lease_until - OWN_END_MS - clocksApartMs)
    problems.push(`run ${row.id} says ${row.end_reason}, and its machine ended long before its lease`);
  if (machine.kind === 'honest' && overrun > 0)
    problems.push(`honest ${machine.id} overran by ${overrun} ms`);
  return problems;
}
