import { printTable } from '@/bench/table';
import type { Healing } from './heal';
import type { Verdict } from './judge';
import type { Tally } from './tally';

export type Result = {
  seed: number;
  seconds: number;
  verdict: Verdict;
  healings: Healing[];
  leaked: string[];
  filesLost: string[];
  drift: string[];
  /** Breaks of the ledger's chains. */
  chain: string[];
  tally: Tally;
  starvedMs: number;
};

type Line = { figure: string; value: string; bar: string; ok: boolean };

const HEAL_MS = 60_000;
const s = (ms: number): string => (ms / 1000).toFixed(3);

type Value = string | number;

const bar = (figure: string, value: Value, limit: string, ok: boolean): Line => ({
  figure,
  value: String(value),
  bar: limit,
  ok,
});
const says = (figure: string, value: Value): Line => bar(figure, value, '', true);

/** Every figure beside its bar. Pure. */
function linesOf({
  verdict: v,
  healings,
  leaked,
  filesLost,
  drift,
  chain,
  tally,
  starvedMs,
}: Result): Line[] {
  const slowest = Math.max(0, ...healings.map(({ ms }) => ms));
  return [
    bar('runs', v.runs, '> 0', v.runs > 0),
    says('machines made', v.machines),
    bar('faults', tally.total('faults'), '> 0', tally.total('faults') > 0),
    says('seconds of truth', s(v.truthMs)),
    says('seconds charged', s(v.chargedMs)),
    bar('largest difference of a run, s', s(v.largestDifferenceMs), '<= 0.5', v.largestDifferenceMs <= 500),
    says('runs without proof of start or end', v.unproven),
    bar('charged too much without proof, s', s(v.largestExcessMs), '<= 0.5', v.largestExcessMs <= 500),
    bar('overrun of an honest machine, s', s(v.honestOverrunMs), '0', v.honestOverrunMs === 0),
    says('overrun of a rogue machine, s', s(v.rogueOverrunMs)),
    bar('of it while it could be ended, s', s(v.avoidableOverrunMs), '<= 3', v.avoidableOverrunMs <= 3_000),
    bar('starts admitted over quota', v.overQuota.length, '0', v.overQuota.length === 0),
    bar('starts admitted over the session limit', v.overSlots.length, '0', v.overSlots.length === 0),
    bar('starts admitted while blocked', v.whileBlocked.length, '0', v.whileBlocked.length === 0),
    bar('runs with two machines', v.twoMachines.length, '0', v.twoMachines.length === 0),
    bar('machines leaked after healing', leaked.length, '0', leaked.length === 0),
    bar('sessions whose files are gone', filesLost.length, '0', filesLost.length === 0),
    bar('sessions lost with quota left', v.lost.length, '0', v.lost.length === 0),
    says('sessions lost in longer outages', v.excused),
    bar(
      'longest time to heal, s',
      s(slowest),
      '<= 60',
      healings.every(({ healed }) => healed) && slowest <= HEAL_MS,
    ),
    bar('sums that drift', drift.length, '0', drift.length === 0),
    bar('entries that break the ledger', chain.length, '0', chain.length === 0),
    bar('steps that never ended', tally.total('stuck'), '0', tally.total('stuck') === 0),
    says('this computer stood still, s', s(starvedMs)),
  ];
}

/** Prints the table; returns true when every bar is met. */
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
  return lines.every(({ ok }) => ok);
}
