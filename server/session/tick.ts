import { type Ctx, failClosed } from '../context';
import { appNameOf } from '../machine/machines';
import { applyClock } from './expire';
import { observeRun } from './observe';
import { stopDueAt } from './prove-start';
import type { RunRow } from './run-row';

/** While one process works on a run the others leave it alone for this long; then they may try themselves. */
const CLAIM_MS = 5_000;
/** How often a booting machine is looked at. */
const BOOT_LOOK_MS = 1_000;
/** Pauses between two looks at a machine that will not die: short in its first minute, longer after. */
const FRESH_MS = 60_000;
const FRESH_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** A machine that is not proven dead after so many tries (some eight minutes) is parked: a person has to look at it. */
export const PARKED_AFTER = 100;
const PARKED_PAUSE_MS = 5 * 60_000;

/**
 * Looks at one run that is due: lets the clock decide, presses a stopping machine, books what the provider proves, and
 * says when to look again. Safe to call at any time, by anybody, any number of times: PostgreSQL decides whether
 * anything is due.
 */
export async function tickRun(ctx: Ctx, runId: string): Promise<void> {
  const claimed = await claim(ctx, runId);
  if (!claimed) return;
  await applyClock(ctx, claimed.account_id, runId);
  const run = await readRun(ctx, runId);
  if (!run || run.ended_at !== null) return;
  if (run.status === 'stopping' && run.machine_id) await press(ctx, run, run.machine_id);
  const ended = run.status === 'running' ? false : await observeRun(ctx, run);
  if (!ended) await lookAgain(ctx, runId);
}

const columns = (ctx: Ctx) => ctx.sql`
  id, account_id, session_id, status, machine_id, admitted_at, started_at, lease_until, stop_requested_at, end_reason,
  missing_since, attempts, ended_at, hg_clock() as now`;

async function claim(ctx: Ctx, runId: string): Promise<RunRow | undefined> {
  const [row] = await failClosed(
    () => ctx.sql<RunRow[]>`
      update run set due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms', attempts = attempts + 1
      where id = ${runId} and due_at <= hg_clock()
      returning ${columns(ctx)}`,
    ctx.log,
  );
  return row;
}

/** One run outside any lock, or undefined. */
export async function readRun(ctx: Ctx, runId: string): Promise<RunRow | undefined> {
  const [row] = await ctx.sql<RunRow[]>`select ${columns(ctx)} from run where id = ${runId}`;
  return row;
}

/** When the polite time of a stopping run is over: its grace, or its lease if that ends first. Pure. */
function killAt(ctx: Pick<Ctx, 'env'>, run: RunRow): number {
  const graceEndsAt = (run.stop_requested_at ?? run.now) + ctx.env.STOP_GRACE_SECONDS * 1000;
  return run.started_at === null ? graceEndsAt : Math.min(graceEndsAt, run.lease_until);
}

/** Tells a stopping machine to end; once its polite time is over, removes it by force. Repeated until it is proven dead. */
async function press(ctx: Ctx, run: RunRow, machineId: string): Promise<void> {
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id);
  const leftMs = killAt(ctx, run) - run.now;
  const byForce = leftMs <= 0 || run.end_reason === 'boot_timeout';
  const pressed = byForce
    ? await ctx.machines.destroy(app, machineId)
    : await ctx.machines.stop(app, machineId, Math.max(0.1, leftMs / 1000));
  if (!pressed.ok)
    ctx.log.warn(
      { runId: run.id, machineId, byForce, failure: pressed.failure },
      'a machine could not be stopped yet',
    );
}

/** Sets the next look, in PostgreSQL first and then as a wake-up. */
async function lookAgain(ctx: Ctx, runId: string): Promise<void> {
  const run = await readRun(ctx, runId);
  if (!run || run.ended_at !== null) return;
  const at = nextLookAt(ctx, run);
  if (isParked(run)) await park(ctx, run);
  // Somebody who changed the run meanwhile has set its next look himself.
  await ctx.sql`
    update run set due_at = ${at}
    where id = ${runId} and ended_at is null and status = ${run.status} and lease_until = ${run.lease_until}`;
  await ctx.jobs.wakeRun(runId, at);
}

const isParked = (run: RunRow): boolean => run.status === 'stopping' && run.attempts >= PARKED_AFTER;

/** Says, at every try, what a person should do. The run keeps its slot: only a proof of death frees it. */
async function park(ctx: Ctx, run: RunRow): Promise<void> {
  await ctx.sql`update run set parked_at = hg_clock() where id = ${run.id} and parked_at is null and ended_at is null`;
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id);
  ctx.log.error(
    { runId: run.id, machineId: run.machine_id, app, attempts: run.attempts },
    'a run is parked: its machine is not proven dead and holds a slot of its account. Look at the machine at the provider, and destroy it there; the run then ends by itself',
  );
}

/** When this run has to be looked at next. Pure. */
export function nextLookAt(ctx: Pick<Ctx, 'env'>, run: RunRow): number {
  if (run.status === 'running') return stopDueAt(ctx, run.lease_until);
  if (run.status === 'starting') return run.now + BOOT_LOOK_MS;
  if (isParked(run)) return run.now + PARKED_PAUSE_MS;
  // A machine that will not die is pressed again after 0.25 s, 0.5 s, 1 s …, and at once when its polite time is over.
  const fresh = run.now - (run.stop_requested_at ?? run.now) < FRESH_MS;
  const pause = Math.min(250 * 2 ** Math.min(run.attempts, 8), fresh ? FRESH_PAUSE_MS : LONGEST_PAUSE_MS);
  const politeEnd = killAt(ctx, run);
  return politeEnd > run.now ? Math.min(run.now + pause, politeEnd) : run.now + pause;
}
