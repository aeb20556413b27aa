import type { Instant } from '../clock';
import type { Ctx } from '../context';
import { Fingerprints } from '../machine/fingerprints';
import { alarmListing, claimPass, endPass, type Pass, renewing, reportListings } from '../machine/listing';
import { accountIdOf, type Machine } from '../machine/machines';
import { isGone } from '../machine/read-events';
import { isShrunk, type ListEnd, readList } from '../machine/read-list';
import { noteRemovals } from '../machine/removals';
import { lookAtMissing } from './look-at-missing';
import { removeOrphans } from './remove-orphans';
import { reportParked } from './report-parked';

/** A machine younger than this may still be on its way into our books. */
const MACHINE_AGE_MS = 60_000;
/** By then a machine whose run is known to have ended is gone by itself, and what the list showed is no longer old. */
const ENDED_AGE_MS = 5_000;
/** The provider calls a removal stuck that takes longer than this. */
const STUCK_MS = 5 * 60_000;

export type Reconciled = { machines: number; orphans: number; missing: number };

/**
 * Compares the provider's machines with our open runs, page by page and both ways: a machine without an open run is
 * remembered, read a second time and destroyed until it is proven gone; an open run whose machine a whole list does not
 * show is looked at on its own. Touches only machines of this environment. One worker reads the list, all share what
 * has to go. Answers what this call did.
 */
export async function reconcile(ctx: Ctx): Promise<Reconciled> {
  const pass = await claimPass(ctx, 'machines', ctx.env.RECONCILE_INTERVAL_SECONDS * 1000);
  const compared = pass ? await compareMachines(ctx, pass) : { machines: 0, missing: 0 };
  const orphans = await removeOrphans(ctx);
  await reportParked(ctx);
  await reportListings(ctx);
  return { ...compared, orphans };
}

async function compareMachines(ctx: Ctx, pass: Pass): Promise<Omit<Reconciled, 'orphans'>> {
  const shown = new Fingerprints();
  let machines = 0;
  const end = await readList(
    (cursor) => ctx.machines.list(cursor),
    async (page) => {
      const ours = await comparePage(ctx, pass, page, shown);
      machines += ours ?? 0;
      return ours !== null;
    },
  );
  if (end.how === 'stopped') {
    ctx.log.warn({ list: pass.name }, 'another worker took over this pass: this one took too long');
    return { machines, missing: 0 };
  }
  const isWhole = isBelieved(ctx, pass, end, machines);
  const missing = isWhole ? await lookAtMissing(ctx, pass, shown) : 0;
  await endPass(ctx, pass, end, machines);
  return { machines, missing };
}

/** Only a list that shows everything may say that something is missing. Alarms when it does not. */
function isBelieved(ctx: Ctx, pass: Pass, end: ListEnd, count: number): boolean {
  if (end.how === 'failed') alarmListing(ctx, pass.name, 'failed', { failure: end.failure });
  if (end.how === 'partial' || end.how === 'broken') alarmListing(ctx, pass.name, end.how);
  if (end.how !== 'complete') return false;
  const shrunk = isShrunk(pass.previousCount, count);
  if (shrunk) alarmListing(ctx, pass.name, 'shrunk', { before: pass.previousCount, now: count });
  return !shrunk;
}

type KnownRun = { id: string | null; machine_id: string | null; ended_at: Instant | null; now: Instant };

/** One page against the runs it names: one statement, and one more if there is something to remember. Null: the pass is lost. */
async function comparePage(
  ctx: Ctx,
  pass: Pass,
  page: Machine[],
  shown: Fingerprints,
): Promise<number | null> {
  const ours = page.filter((machine) => machine.environmentId === ctx.env.ENVIRONMENT_ID);
  for (const machine of page) if (!isGone(machine)) shown.add(machine.id);
  for (const machine of ours) if (!isGone(machine) && machine.runId) shown.add(machine.runId);
  const runIds = ours.flatMap((machine) => machine.runId ?? []);
  const rows = await ctx.sql<KnownRun[]>`
    ${renewing(ctx, pass)} select r.id, r.machine_id, r.ended_at, hg_clock() as now
    from held left join run r on r.id = any(${runIds})`;
  const now = rows[0]?.now;
  if (now === undefined) return null;
  const runs = new Map(rows.map((row) => [row.id, row]));
  const left = ours.filter((machine) => {
    const run = runs.get(machine.runId);
    if (machine.state === 'destroyed' || isMachineOf(run, machine)) return false;
    return isOldEnough(ctx, machine, run?.ended_at ?? null, now);
  });
  await noteOrphans(ctx, left);
  return ours.length;
}

/** True when this is the machine of an open run, or may become it. */
const isMachineOf = (run: KnownRun | undefined, machine: Machine): boolean =>
  run?.id != null && run.ended_at === null && (run.machine_id ?? machine.id) === machine.id;

/** Never while booting: until a boot may be called failed, whoever ordered it may still be at work. Pure. */
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

/** Where the list alone cannot say how old something is, or whether it goes by itself, its second read comes later. */
function noteOrphans(ctx: Ctx, left: Machine[]): Promise<void> {
  const found = left.map(({ id, app, state, createdAt }) => ({
    id,
    app,
    accountId: accountIdOf(ctx.env.ENVIRONMENT_ID, app),
    tryInMs: state === 'destroying' ? STUCK_MS : createdAt === 0 ? ctx.env.BOOT_TIMEOUT_SECONDS * 1000 : 0,
  }));
  return noteRemovals(ctx, 'machine', found);
}
