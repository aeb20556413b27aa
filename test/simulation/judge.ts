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

/** With faults, a start may be proven only by a call of the agent: never later than this after the machine ran. */
const LATEST_PROOF_MS = 12_000;

/** What a history's faults and clocks may blur. */
export type Blur = { faulty: boolean; clocksApartMs: number };

/** The longest a machine's word may wait for us: an end that the provider saw so little before counts. */
const LATE_WORD_MS = 20_000;

/**
 * A machine that its lease ends has ended this much before at most: its guard, hanging up, an answer of a few more seconds
 * that it never got, and clocks that differ.
 */
const OWN_END_MS = 9_000;

/** Holds every run of an account against what the provider knows: charged time, overrun, ends. Returns what is wrong. */
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
  // A call that came that late, long after the machine had died, is the later proof of life.
  const provenLater = difference > 0 && row.proof_at > machine.endedAt + LATE_WORD_MS - clocksApartMs;
  // Start and end are both read from the provider's clock, or only one of them.
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
