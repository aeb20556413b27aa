import { withoutWaiting } from '@/db/client';
import type { Instant } from '../clock';
import type { Ctx } from '../context';
import { LATE, withTimeout } from '../with-timeout';
import { enforceStop } from './enforce-stop';
import { applyClock } from './expire';
import { bookRead, type MachineRead, observeCaller, readMachineOf, showsDead } from './observe';
import { parkRun } from './park';
import { type RunRow, readRun } from './run-row';
import { isParked, nextCheckAt } from './times';

/** A longer read, in ms, does not delay the stop of a machine. */
const READ_TIMEOUT_MS = 1_000;

/**
 * Checks a claimed run: applies the clock, stops a stopping machine, books what the provider proves. Returns when the
 * next check is due; null when none is, or another process has set it.
 */
export async function checkRun(ctx: Ctx, claimed: RunRow): Promise<Instant | null> {
  const run = await applyClock(ctx, claimed);
  if (run === null) return null;
  if (run.status === 'running')
    return run.machine_id === null ? lookForMachine(ctx, run) : lookAgain(ctx, run);
  const machineId = run.status === 'stopping' ? run.machine_id : null;
  const isFirst = run.attempts === 1;
  // The machine is told before any read: it cannot have ended yet, and other runs wait for their first stop.
  if (machineId && isFirst) {
    await enforceStop(ctx, run, machineId);
    return lookAgain(ctx, run);
  }
  const read = readMachineOf(ctx, run);
  if (machineId && !(await isSoonDead(read))) await enforceStop(ctx, run, machineId);
  if (await bookRead(ctx, run, await read)) return null;
  const fresh = await readRun(ctx, run.id);
  return fresh && fresh.ended_at === null ? lookAgain(ctx, { ...fresh, attempts: run.attempts }) : null;
}

/**
 * Looks for the machine of a run that surely has one: only a list that shows it counts, and never that a list does not.
 */
async function lookForMachine(ctx: Ctx, run: RunRow): Promise<Instant | null> {
  await observeCaller(ctx, run);
  const fresh = await readRun(ctx, run.id);
  return fresh && fresh.ended_at === null ? lookAgain(ctx, { ...fresh, attempts: run.attempts }) : null;
}

/** Returns whether a read shows within `READ_TIMEOUT_MS` that the machine is dead. */
async function isSoonDead(read: Promise<MachineRead>): Promise<boolean> {
  const soon = await withTimeout(read, READ_TIMEOUT_MS);
  return soon !== LATE && showsDead(soon);
}

/** Sets the next check in PostgreSQL. A process that changed or claimed the run meanwhile has set its own. */
async function lookAgain(ctx: Ctx, run: RunRow): Promise<Instant | null> {
  const at = nextCheckAt(ctx.env, run);
  if (isParked(run)) await parkRun(ctx, run);
  const set = await ctx.sql`
    update run set due_at = ${at}, failed_looks = 0, parked_at = case when ${isParked(run)} then parked_at end
    from ${withoutWaiting(ctx.sql)}
    where id = ${run.id} and ended_at is null and status = ${run.status} and lease_until = ${run.lease_until}
      and attempts = ${run.attempts} returning id`;
  return set.length > 0 ? at : null;
}
