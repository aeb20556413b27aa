import { sleep } from '@/scripts/services/processes';
import type { Setting } from './setting';
import { type Books, readBooks } from './truth';

export type Healing = { ms: number; healed: boolean; sick: string[] };

/**
 * Waits until the database and the providers agree, at most `withinMs`; returns the time it took and the remaining
 * differences.
 */
export async function untilHealed(
  setting: Setting,
  withinMs: number,
  also: () => Promise<string[]> = async () => [],
): Promise<Healing> {
  const from = Date.now();
  for (;;) {
    const sick = [...sickOf(await readBooks(setting)), ...(await also())];
    const ms = Date.now() - from;
    if (sick.length === 0 || ms > withinMs) return { ms, healed: sick.length === 0, sick };
    await sleep(250);
  }
}

/** Returns the differences between the database and the providers, one sentence each. Pure. */
export function sickOf(books: Books): string[] {
  return [...sickRuns(books), ...leakedMachines(books), ...sickVolumes(books), ...sickAccounts(books)];
}

function sickRuns({ runs, machines }: Books): string[] {
  const open = runs.filter((run) => run.ended_at === null);
  const started = new Set(machines.filter(({ state }) => state === 'started').map(({ id }) => id));
  return [
    ...open.filter((run) => run.status !== 'running').map((run) => `run ${run.id} is ${run.status}`),
    ...open
      .filter((run) => run.status === 'running' && !started.has(run.machine_id ?? ''))
      .map((run) => `run ${run.id} has no machine that runs`),
  ];
}

/** Returns machines without an open run. Pure. */
export function leakedMachines({ runs, machines }: Pick<Books, 'runs' | 'machines'>): string[] {
  const known = new Set(runs.filter((run) => run.ended_at === null).map((run) => run.machine_id));
  return machines
    .filter(({ id, state }) => state !== 'destroyed' && !known.has(id))
    .map(({ id, state }) => `machine ${id} (${state}) has no open run`);
}

/** Volumes of deleted sessions must be removed. */
function sickVolumes({ volumes, sessions }: Books): string[] {
  const there = new Set(volumes.map(({ id }) => id));
  return sessions
    .filter((session) => session.deleted && there.has(session.volume_id ?? ''))
    .map((session) => `volume ${session.volume_id} outlives its session`);
}

/** Nothing of a deleted account may remain: no app, no paying customer; and its removal must be recorded. */
function sickAccounts({ deletedAccounts, apps, payingAccounts }: Books): string[] {
  return deletedAccounts.flatMap(({ id, removed }) => [
    ...(removed ? [] : [`account ${id} is deleted and not yet removed`]),
    ...(apps.some((app) => app.endsWith(`-${id}`)) && removed
      ? [`app of removed account ${id} is there`]
      : []),
    ...(payingAccounts.includes(id) && removed ? [`removed account ${id} is still a customer`] : []),
  ]);
}

/**
 * Tracks the disk of each session between looks: its files are lost when the disk is gone or was replaced by another.
 */
export class Disks {
  private readonly known = new Map<string, string>();
  readonly lost: string[] = [];

  /** `touched`: machines whose host was affected by a fault, which may cost files. */
  look({ runs, sessions, volumes }: Books, touched: ReadonlyMap<string, unknown>): void {
    const there = new Set(volumes.map(({ id }) => id));
    const struck = new Set(
      runs.filter((run) => touched.has(run.machine_id ?? '')).map((run) => run.session_id),
    );
    for (const { id, volume_id: disk, deleted } of sessions) {
      if (deleted || disk === null) continue;
      const before = this.known.get(id) ?? disk;
      this.known.set(id, disk);
      if (struck.has(id)) continue;
      if (!there.has(disk)) this.lost.push(`session ${id} has lost its files`);
      else if (before !== disk) this.lost.push(`session ${id} was given another disk than ${before}`);
    }
  }
}
