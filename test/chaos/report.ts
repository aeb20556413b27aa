import { printTable } from '@/bench/table';
import type { Edges } from './edges/edges';
import type { Healing } from './heal';
import type { Verdict } from './judge';
import type { Tally } from './tally';

export type Result = {
  seed: number;
  seconds: number;
  verdict: Verdict;
  /** False when the start took so long that the month ended before the faults began. */
  edgeInTime: boolean;
  healings: Healing[];
  leaked: string[];
  filesLost: string[];
  drift: string[];
  /** Broken links of the ledger's chains. */
  chain: string[];
  edges: Edges;
  tally: Tally;
  starvedMs: number;
};

type Line = { figure: string; value: string; bar: string; ok: boolean };

const HEAL_MS = 60_000;
/** How long a call may wait for a frozen process and then for PostgreSQL, in ms. */
const LONGEST_WAIT_MS = 8_000;
/** In this time every edge strikes, and at least once with no other fault, in ms. */
const ALL_SEEN_SECONDS = 150;
const s = (ms: number): string => (ms / 1000).toFixed(3);

type Value = string | number;

const bar = (figure: string, value: Value, limit: string, ok: boolean): Line => ({
  figure,
  value: String(value),
  bar: limit,
  ok,
});
const none = (figure: string, count: number): Line => bar(figure, count, '0', count === 0);
const within = (figure: string, ms: number, mostMs: number): Line =>
  bar(`${figure}, s`, s(ms), `<= ${mostMs / 1000}`, ms <= mostMs);
const says = (figure: string, value: Value): Line => bar(figure, value, '', true);

/** Returns the figures of time: true and charged. Pure. */
function timeLines({ verdict: v, edgeInTime, seconds }: Result): Line[] {
  const mustCross = edgeInTime && seconds >= ALL_SEEN_SECONDS;
  const across = `${v.acrossMonths}${edgeInTime ? '' : ', before the faults'}`;
  return [
    says('seconds of truth', s(v.truthMs)),
    says('seconds charged', s(v.chargedMs)),
    within('largest difference of a run', v.largestDifferenceMs, 500),
    bar('month edge: runs across it', across, mustCross ? '> 0' : '', v.acrossMonths > 0 || !mustCross),
    within('month edge: largest part in the wrong month', v.largestMonthMs, 500),
    says('runs without proof of start or end', v.unproven),
    within('charged too much without proof', v.largestExcessMs, 500),
    within('last word that waited for us, after the end', v.longestWaitMs, LONGEST_WAIT_MS),
    bar('overrun of an honest machine, s', s(v.honestOverrunMs), '0', v.honestOverrunMs === 0),
    says('overrun of a rogue machine, s', s(v.rogueOverrunMs)),
    within('of it while it could be ended', v.avoidableOverrunMs, 3_000),
  ];
}

/** Returns the figures of what must not have happened, and of what must have. Pure. */
function linesOf(result: Result): Line[] {
  const { verdict: v, healings, leaked, filesLost, drift, chain, tally, starvedMs, edges } = result;
  const slowest = Math.max(0, ...healings.map(({ ms }) => ms));
  const isHealed = healings.every(({ healed }) => healed) && slowest <= HEAL_MS;
  return [
    bar('runs', v.runs, '> 0', v.runs > 0),
    says('machines made', v.machines),
    bar('faults', tally.total('faults'), '> 0', tally.total('faults') > 0),
    ...timeLines(result),
    none('starts admitted over quota', v.overQuota.length),
    none('starts admitted over the session limit', v.overSlots.length),
    none('starts admitted while blocked', v.whileBlocked.length),
    none('runs with two machines', v.twoMachines.length),
    none('machines leaked after healing', leaked.length),
    none('sessions whose files are gone', filesLost.length),
    none('sessions lost with quota left', v.lost.length),
    says('sessions lost in longer outages', v.excused),
    bar('longest time to heal, s', s(slowest), '<= 60', isHealed),
    none('sums that drift', drift.length),
    none('entries that break the ledger', chain.length),
    none('steps that never ended', tally.total('stuck')),
    ...edges
      .lines(result.seconds >= ALL_SEEN_SECONDS)
      .map((line) => bar(line.figure, line.value, line.bar, line.ok)),
    says('this computer stood still, s', s(starvedMs)),
  ];
}

/** Prints the table; returns true when every target is met. */
export function report(result: Result): boolean {
  const lines = linesOf(result);
  const { tally, verdict, healings } = result;
  for (const group of ['faults', 'starts', 'calls', 'deeds', 'ends', 'stuck']) {
    const counts = tally.of(group).map(([name, count]) => ({ name, count }));
    if (counts.length > 0) printTable(group, counts);
  }
  const details = [
    ...verdict.overQuota,
    ...verdict.overSlots,
    ...verdict.whileBlocked,
    ...verdict.twoMachines.map((id) => `run ${id} had two machines`),
    ...verdict.lost.map((text) => `lost: ${text}`),
    ...result.leaked.map((text) => `leaked: ${text}`),
    ...result.filesLost,
    ...result.drift,
    ...result.chain,
    ...result.edges.details,
    ...healings.flatMap(({ healed, sick }) => (healed ? [] : sick)),
    ...verdict.worst.map((text) => `largest differences: ${text}`),
  ];
  if (details.length > 0) process.stdout.write(`\n${details.join('\n')}\n`);
  const title = `${result.seconds.toFixed(0)} s of faults, seed ${result.seed}`;
  printTable(
    title,
    lines.map(({ figure, value, bar, ok }) => ({
      figure,
      value,
      bar,
      '': bar === '' ? '' : ok ? 'ok' : 'MISSED',
    })),
  );
  const missed = lines.filter(({ ok }) => !ok);
  const words = missed.map(({ figure, value, bar: limit }) => `${figure} ${value} (bar ${limit})`);
  process.stdout.write(
    `\nchaos: seed ${result.seed}, ${tally.total('faults')} faults, ${lines.length - missed.length} bars met, ${missed.length} missed${words.length > 0 ? `: ${words.join('; ')}` : ''}\n`,
  );
  return missed.length === 0;
}
