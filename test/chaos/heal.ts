import { sleep } from '@/scripts/services/processes';
import type { Setting } from './setting';
import { type RunRow, readMachines, readRuns, type TruthMachine } from './truth';

export type Healing = { ms: number; healed: boolean; sick: string[] };

/** Waits until books and provider agree, `withinMs` at most; answers how long it took and what was still wrong. */
export async function untilHealed(setting: Setting, withinMs: number): Promise<Healing> {
  const from = Date.now();
  for (;;) {
    const sick = sickOf(await readRuns(setting), await readMachines(setting));
    const ms = Date.now() - from;
    if (sick.length === 0 || ms > withinMs) return { ms, healed: sick.length === 0, sick };
    await sleep(250);
  }
}

/** Runs and machines that do not belong together, in words. Pure. */
export function sickOf(runs: RunRow[], machines: TruthMachine[]): string[] {
  const open = runs.filter((run) => run.ended_at === null);
  const alive = machines.filter((machine) => machine.state !== 'destroyed');
  const started = new Set(alive.filter(({ state }) => state === 'started').map(({ id }) => id));
  const known = new Set(open.map((run) => run.machine_id));
  return [
    ...open.filter((run) => run.status !== 'running').map((run) => `run ${run.id} is ${run.status}`),
    ...open
      .filter((run) => run.status === 'running' && !started.has(run.machine_id ?? ''))
      .map((run) => `run ${run.id} has no machine that runs`),
    ...alive.filter(({ id }) => !known.has(id)).map((m) => `machine ${m.id} (${m.state}) has no open run`),
  ];
}
