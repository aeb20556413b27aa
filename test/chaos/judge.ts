import type { Bounds } from './bounds';
import type { Touch } from './faults';
import type { Spans } from './spans';
import type { RunRow, TruthMachine } from './truth';

/** Compares the product's records with the provider's. Pure; uses none of the product's own rules. */

export type Facts = {
  runs: RunRow[];
  machines: TruthMachine[];
  /** Accounts whose machines ignore signals or never call; all others are honest. */
  rogues: Set<string>;
  /** Accounts whose machines end, or never start, by themselves. */
  frail: Set<string>;
  bounds: Bounds;
  spans: Spans;
  touched: Map<string, Touch>;
  rules: { minStartMs: number; leaseMaxMs: number; guardMs: number };
  /** When a month began while machines were running. */
  edgeAt: number;
};

export type Verdict = {
  runs: number;
  machines: number;
  truthMs: number;
  chargedMs: number;
  /** Over runs whose start and end the provider can prove. */
  largestDifferenceMs: number;
  /** Over all other runs: charged more than the truth, which nothing excuses. */
  largestExcessMs: number;
  /**
   * The part explained by a machine's last call that was accepted only after the machine had ended: without an event of
   * the provider this cannot be known.
   */
  longestWaitMs: number;
  unproven: number;
  /** Runs at the month's end, and the largest part of a proven run that was charged to the wrong month. */
  acrossMonths: number;
  largestMonthMs: number;
  honestOverrunMs: number;
  rogueOverrunMs: number;
  /** The part during which the machine could have been ended. */
  avoidableOverrunMs: number;
  overQuota: string[];
  overSlots: string[];
  /** Admitted while the account was certainly blocked or deleted. */
  whileBlocked: string[];
  twoMachines: string[];
  lost: string[];
  excused: number;
  /** The worst run of each kind as a sentence, for finding the cause. */
  worst: string[];
};

/** Permitted difference between a run and its records, in ms. */
const TOLERANCE_MS = 500;

export function judge(facts: Facts): Verdict {
  const byRun = groupByRun(facts.machines);
  const runs = facts.runs.map((run) => viewOf(run, byRun.get(run.id) ?? [], facts));
  const proven = runs.filter((run) => run.proven);
  const others = runs.filter((run) => !run.proven);
  const worst = proven.toSorted((a, b) => Math.abs(b.differenceMs) - Math.abs(a.differenceMs)).slice(0, 3);
  const greediest = others.toSorted((a, b) => b.differenceMs - a.differenceMs).slice(0, 2);
  const across = runs.filter(
    (run) => run.startMs !== null && run.startMs < facts.edgeAt && (run.endMs ?? 0) > facts.edgeAt,
  );
  const lost = runs.filter((run) => isLost(run, facts));
  return {
    runs: runs.length,
    machines: facts.machines.length,
    truthMs: sum(runs.map((run) => run.truthMs)),
    chargedMs: sum(runs.map((run) => run.row.charged_ms)),
    largestDifferenceMs: Math.max(0, ...proven.map((run) => Math.abs(run.differenceMs))),
    largestExcessMs: Math.max(0, ...others.map((run) => run.differenceMs - waitedMs(run))),
    longestWaitMs: Math.max(0, ...others.map((run) => Math.min(run.differenceMs, waitedMs(run)))),
    unproven: others.length,
    acrossMonths: across.length,
    largestMonthMs: Math.max(
      0,
      ...across.filter((run) => run.proven).map((run) => wrongMonthMs(run, facts.edgeAt)),
    ),
    honestOverrunMs: Math.max(0, ...runs.filter((run) => !run.rogue).map((run) => run.overrunMs)),
    rogueOverrunMs: Math.max(0, ...runs.filter((run) => run.rogue).map((run) => run.overrunMs)),
    avoidableOverrunMs: Math.max(0, ...runs.filter((run) => run.rogue).map((run) => avoidable(run, facts))),
    overQuota: runs.flatMap((run) => overQuota(run, runs, facts)),
    overSlots: runs.flatMap((run) => overSlots(run, runs, facts)),
    whileBlocked: runs
      .filter(({ row }) => facts.bounds.isBlocked(row.account_id, row.admitted_at))
      .map(({ row }) => `run ${row.id} was admitted while its account was blocked`),
    twoMachines: runs.filter((run) => hasTwo(run.machines, facts.touched)).map((run) => run.row.id),
    lost: lost.filter((run) => !isExcused(run, facts)).map(inWords),
    excused: lost.filter((run) => isExcused(run, facts)).length,
    worst: [...worst, ...greediest].map(inWords),
  };
}

/**
 * Reports a second machine of a run. One that was made after a fault had taken the first, whose create had no answer, is the
 * run's only machine: nobody could know of the first.
 */
function hasTwo(machines: TruthMachine[], touched: Facts['touched']): boolean {
  const inOrder = machines.toSorted((a, b) => a.createdAt - b.createdAt);
  return inOrder.slice(1).some(({ createdAt }, n) => {
    const before = inOrder[n];
    return before !== undefined && !(touched.has(before.id) && goneBy(before, createdAt));
  });
}

const goneBy = ({ intervals }: TruthMachine, at: number): boolean =>
  intervals.every(({ stoppedAt }) => stoppedAt !== null && stoppedAt <= at);

type View = {
  row: RunRow;
  machines: TruthMachine[];
  startMs: number | null;
  endMs: number | null;
  truthMs: number;
  /** Charged and overrun time minus the truth. */
  differenceMs: number;
  /** Machine time past the lease end, by the provider's clock. */
  overrunMs: number;
  proven: boolean;
  rogue: boolean;
};

function viewOf(row: RunRow, machines: TruthMachine[], facts: Facts): View {
  const intervals = machines.flatMap((machine) => machine.intervals);
  const truthMs = sum(intervals.map(({ startedAt, stoppedAt }) => (stoppedAt ?? Date.now()) - startedAt));
  const startMs = intervals.length > 0 ? Math.min(...intervals.map(({ startedAt }) => startedAt)) : null;
  const ends = intervals.map(({ stoppedAt }) => stoppedAt ?? Date.now());
  const endMs = ends.length > 0 ? Math.max(...ends) : null;
  const overrunMs = endMs === null || row.started_at === null ? 0 : Math.max(0, endMs - row.lease_until);
  const view = { row, machines, startMs, endMs, truthMs, overrunMs, rogue: facts.rogues.has(row.account_id) };
  return { ...view, differenceMs: row.charged_ms + overrunMs - truthMs, proven: isProven(view, facts) };
}

/**
 * Whether start and end are proven: a start by the provider's event, unless the provider was unreachable when the
 * machine first called; an end unless the machine vanished together with its events.
 */
function isProven(
  { row, machines, startMs, endMs }: Pick<View, 'row' | 'machines' | 'startMs' | 'endMs'>,
  facts: Facts,
): boolean {
  if (machines.some(({ id }) => facts.touched.has(id) && facts.touched.get(id) !== 'killed')) return false;
  // Events in the provider's future are ignored, and no clock tells when they are due.
  if (endMs !== null && facts.spans.totalMs(['clock'], endMs - 1_000, endMs + 10_000) > 0) return false;
  if (row.started_at === null || startMs === null) return true;
  const late = row.started_at - startMs > 50;
  return !(late && facts.spans.totalMs(['provider', 'cloud'], startMs - 1_000, row.started_at + 1_000) > 0);
}

/** How long after a machine's end its last call was accepted, in ms. */
const waitedMs = ({ row, endMs }: View): number => (endMs === null ? 0 : Math.max(0, row.proof_at - endMs));

/**
 * The difference between what was charged to the new month and what the machine ran in it before its lease ended, in
 * ms.
 */
const wrongMonthMs = ({ row, machines }: View, edgeAt: number): number =>
  Math.abs(
    row.next_month_ms -
      sum(machines.map((machine) => ranMs(machine, edgeAt, Math.max(edgeAt, row.lease_until)))),
  );

/**
 * Returns the overrun without the time in which no one could end the machine: provider, database or every timekeeper
 * unavailable.
 */
function avoidable({ row, endMs, overrunMs }: View, { spans, rules }: Facts): number {
  if (overrunMs === 0 || endMs === null) return 0;
  const kinds = ['provider', 'cloud', 'postgres', 'silent', 'clock', 'all workers', 'frozen', 'starved'];
  return Math.max(0, overrunMs - spans.totalMs(kinds, row.lease_until - rules.guardMs, endMs));
}

const OWN_REASONS = new Set(['user', 'deleted', 'quota', 'idle', 'plan', 'blocked']);

/** Whether an honest machine's session ended without its user, its plan or a fault having ended it. */
function isLost({ row, machines, rogue }: View, facts: Facts): boolean {
  if (row.ended_at === null || row.started_at === null || rogue || facts.frail.has(row.account_id))
    return false;
  return !OWN_REASONS.has(row.end_reason ?? '') && !machines.some(({ id }) => facts.touched.has(id));
}

const lastSliceMs = (row: RunRow): number => row.lease_until - row.proof_at;

/**
 * Returns the outage that a run's last slice survives, in ms: the machine calls after a third of the slice, and needs
 * its guard, a tenth for its shutdown and an eighth between two attempts. An account with little left has short slices.
 */
const survivesMs = ({ row }: View, rules: Facts['rules']): number =>
  lastSliceMs(row) * (2 / 3 - 1 / 10 - 1 / 8) - rules.guardMs;

/** Whether an outage longer than the slice survives, or a pause of this computer, excuses the end. */
function isExcused(run: View, { spans, rules }: Facts): boolean {
  const to = Math.min(run.row.lease_until, run.endMs ?? run.row.lease_until);
  const kinds = ['postgres', 'silent', 'clock', 'all webs', 'frozen', 'starved'];
  const outageMs = spans.totalMs(kinds, to - rules.leaseMaxMs, to);
  return outageMs > 0 && outageMs >= survivesMs(run, rules);
}

/**
 * Reports a run admitted when, by the provider's clock, less than the smallest start was left of the largest possible
 * quota.
 */
function overQuota(run: View, all: View[], { bounds, rules }: Facts): string[] {
  const at = run.row.admitted_at;
  const month = new Date(at).toISOString().slice(0, 7);
  const from = Date.parse(`${month}-01T00:00:00Z`);
  const before = all.filter(
    (other) => other.row.account_id === run.row.account_id && other.row.admitted_at < at && other !== run,
  );
  const usedMs = sum(before.flatMap((other) => other.machines.map((machine) => ranMs(machine, from, at))));
  const { quotaMs } = bounds.most(run.row.account_id, at - 1_000, at + 1_000);
  // The permitted difference of each run; overrun of machines is never charged.
  const slackMs = before.length * TOLERANCE_MS + sum(before.map((other) => unchargedMs(other)));
  const overMs = usedMs + rules.minStartMs - quotaMs - slackMs;
  return overMs > 0 ? [`run ${run.row.id} was admitted ${Math.round(overMs)} ms over quota`] : [];
}

const unchargedMs = (run: View): number => run.overrunMs + (run.proven ? 0 : Math.max(0, -run.differenceMs));

/** Reports a run admitted while as many machines of the account were running as the largest possible plan allows. */
function overSlots(run: View, all: View[], { bounds }: Facts): string[] {
  const at = run.row.admitted_at;
  const alive = all.filter(
    (other) =>
      other !== run &&
      other.row.account_id === run.row.account_id &&
      other.startMs !== null &&
      other.startMs < at &&
      (other.endMs ?? 0) > at,
  );
  const { slots } = bounds.most(run.row.account_id, at - 1_000, at + 1_000);
  return alive.length >= slots ? [`run ${run.row.id} was admitted beside ${alive.length} of ${slots}`] : [];
}

function ranMs(machine: TruthMachine, from: number, to: number): number {
  return sum(
    machine.intervals.map(({ startedAt, stoppedAt }) =>
      Math.max(0, Math.min(stoppedAt ?? to, to) - Math.max(startedAt, from)),
    ),
  );
}

function inWords({ row, differenceMs, truthMs, overrunMs, proven, startMs, endMs, machines }: View): string {
  const late = startMs === null || row.started_at === null ? '–' : row.started_at - startMs;
  const left = endMs === null ? '–' : row.lease_until - endMs;
  return `run ${row.id} ${row.end_reason}: charged ${row.charged_ms}, truth ${truthMs}, overrun ${overrunMs}, difference ${differenceMs} ms; start seen ${late} ms late, ended ${left} ms before its lease, last slice ${lastSliceMs(row)} ms, ${machines.length} machine(s)${proven ? '' : ', unproven'}`;
}

function groupByRun(machines: TruthMachine[]): Map<string, TruthMachine[]> {
  const byRun = new Map<string, TruthMachine[]>();
  for (const machine of machines) {
    const runId = machine.metadata.hourglass_run ?? '';
    byRun.set(runId, [...(byRun.get(runId) ?? []), machine]);
  }
  return byRun;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
