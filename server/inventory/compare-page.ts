import type { Row } from '@/db/rows';
import type { run } from '@/db/schema/session';
import type { Instant } from '../clock';
import type { Ctx } from '../context';
import type { Machine } from '../machine/machines';
import { isGone } from '../machine/read-events';
import { adoptMachines } from './adopt-machines';
import type { Fingerprints } from './fingerprints';
import { type Pass, renewing } from './listing';
import { pressParked } from './press-parked';

/** A younger machine, in ms, may not be recorded in the books yet. */
const MACHINE_AGE_MS = 60_000;
/** After this time, in ms, a machine whose run has ended is gone by itself, and the list is no longer outdated. */
const ENDED_AGE_MS = 5_000;

type RunColumns = Pick<Row<typeof run>, 'id' | 'account_id' | 'machine_id' | 'ended_at' | 'parked_at'>;
/** The run that a listed machine names; all columns null when there is none. */
export type KnownRun = { [Name in keyof RunColumns]: RunColumns[Name] | null } & { now: Instant };

/**
 * `ours`: machines of this environment without those of `others`, installations that use its name too. `leftBehind` and
 * `unknown`: ours without an open run, of a known and of an unknown run.
 */
export type Compared = { ours: number; leftBehind: Machine[]; unknown: Machine[]; others: Machine[] };

/**
 * Compares one page with the runs it names, in one statement: returns what has no open run, and records the machine of
 * an open run that had none. Null: the pass is lost.
 */
export async function comparePage(
  ctx: Ctx,
  pass: Pass,
  page: Machine[],
  shown: Fingerprints,
): Promise<Compared | null> {
  const inEnvironment = page.filter((machine) => machine.environmentId === ctx.env.ENVIRONMENT_ID);
  for (const machine of page) if (!isGone(machine)) shown.add(machine.id);
  for (const machine of inEnvironment) if (!isGone(machine) && machine.runId) shown.add(machine.runId);
  const runIds = inEnvironment.flatMap((machine) => machine.runId ?? []);
  const rows = await ctx.sql<(KnownRun & { installation_id: string })[]>`
    ${renewing(ctx, pass)} select r.id, r.account_id, r.machine_id, r.ended_at, r.parked_at, hg_clock() as now,
      (select id from installation) as installation_id
    from held left join run r on r.id = any(${runIds})`;
  const [first] = rows;
  if (first === undefined) return null;
  const { now, installation_id } = first;
  const isOther = ({ installationId: id }: Machine) => id !== null && id !== installation_id;
  const ours = inEnvironment.filter((machine) => !isOther(machine));
  const runs = new Map(rows.map((row) => [row.id, row]));
  await adoptMachines(ctx, ours, runs);
  await pressParked(ctx, ours, runs);
  const left = ours.filter((machine) => {
    const run = runs.get(machine.runId);
    if (machine.state === 'destroyed' || isMachineOf(run, machine)) return false;
    return isOldEnough(ctx, machine, run?.ended_at ?? null, now);
  });
  const isKnown = ({ runId }: Machine) => runId !== null && runs.has(runId);
  return {
    ours: ours.length,
    leftBehind: left.filter(isKnown),
    unknown: left.filter((machine) => !isKnown(machine)),
    others: inEnvironment.filter((machine) => isOther(machine) && !isGone(machine)),
  };
}

/** Returns whether this is the machine of an open run, or may become it. */
const isMachineOf = (run: KnownRun | undefined, machine: Machine): boolean =>
  run?.id != null && run.ended_at === null && (run.machine_id ?? machine.id) === machine.id;

/**
 * Returns whether a machine may be judged: not while it boots, because its process may still be at work until the boot
 * times out. Pure.
 */
function isOldEnough(
  ctx: Pick<Ctx, 'env'>,
  { state, createdAt }: Machine,
  runEndedAt: Instant | null,
  now: Instant,
): boolean {
  if (state === 'created' || state === 'starting' || state === 'unknown')
    return now - createdAt >= Math.max(ctx.env.BOOT_TIMEOUT_SECONDS * 1000, MACHINE_AGE_MS);
  if (runEndedAt !== null && now - runEndedAt >= ENDED_AGE_MS) return true;
  return now - createdAt >= MACHINE_AGE_MS;
}
