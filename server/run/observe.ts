import type { Instant } from '../clock';
import { type Ctx, inTx, type TxCtx } from '../context';
import { appNameOf, type Machine, type MachineEvent, type Outcome } from '../machine/machines';
import { endedAt, firstStartAt, isGone, withoutImpossible } from '../machine/read-events';
import type { AccountState, OpenRun } from '../quota/account-state';
import { lockAccount } from '../quota/load-account';
import { closeRun } from './close';
import { whyEnded, whyVanished } from './end-reason';
import { inTurn, NO_MOVE, type Step } from './moves/move';
import { proveStart } from './moves/prove-start';
import { showMachine } from './moves/show-machine';
import type { RunRow } from './run-row';
import { saveRun } from './save-run';
import { launchEndsAt, missingProvenAt } from './times';

/**
 * Reads the provider about a run and books what the read proves: a start, an end, or (twice, apart) that there is no
 * machine. A failed read proves nothing. Returns true when the run has ended.
 */
export const observeRun = async (ctx: Ctx, run: RunRow): Promise<boolean> =>
  bookRead(ctx, run, await readMachineOf(ctx, run));

export type MachineRead = Outcome<Machine | null>;

/** Returns whether a read shows that the machine cannot run any more. */
export const showsDead = (read: MachineRead): boolean =>
  read.ok && read.value !== null && (isGone(read.value) || endedAt(read.value) !== null);

/** Books what a read of the provider proves about a run. Returns true when the run has ended. */
export async function bookRead(ctx: Ctx, run: RunRow, read: MachineRead): Promise<boolean> {
  if (!read.ok) {
    ctx.log.warn({ runId: run.id, failure: read.failure }, 'the provider could not be read about a run');
    return false;
  }
  if (read.value === null) return noteMissing(ctx, run);
  const ended = await applyMachine(ctx, run.account_id, run.id, read.value);
  if (ended) await removeRest(ctx, read.value);
  return ended;
}

/**
 * Queues the removal of a machine whose run has ended, even a stopped one: the provider may be moving it to another
 * host and start it there.
 */
async function removeRest(ctx: Ctx, machine: Machine): Promise<void> {
  if (machine.state === 'destroyed' || machine.state === 'destroying') return;
  const removed = await ctx.machines.destroy(machine.app, machine.id);
  if (!removed.ok)
    ctx.log.error({ machineId: machine.id, failure: removed.failure }, 'a rest is not removed yet');
}

/** Reads a run's machine from the provider. */
export function readMachineOf(ctx: Ctx, run: RunRow): Promise<MachineRead> {
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id);
  return run.machine_id ? ctx.machines.get(app, run.machine_id) : ctx.machines.findByRun(app, run.id);
}

/** Reads a run whose machine surely runs: only a machine that is shown counts, and never that none is. */
export async function observeCaller(ctx: Ctx, run: RunRow): Promise<void> {
  const read = await readMachineOf(ctx, run);
  if (read.ok && read.value !== null) await bookRead(ctx, run, read);
}

/** Books what the provider's view of a run's machine proves. Returns true when the run has ended. */
async function applyMachine(ctx: Ctx, accountId: string, runId: string, read: Machine): Promise<boolean> {
  return inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, accountId);
    const run = state.openRuns.find((open) => open.id === runId);
    if (!run) return true;
    const machine = withoutImpossible(read, state.now);
    if (machine !== read)
      ctx.log.error(
        { runId, machineId: read.id },
        'the provider tells of times that cannot be; they are left out',
      );
    await storeEvents(tx, state, run, machine);
    const endAt = endedAt(machine, restartedAt(run, machine));
    const ended = endAt !== null || isGone(machine);
    const startAt = startToBook(machine, state.now, ended);
    const proven: Step = (s, r) => (startAt === null ? NO_MOVE : proveStart(tx.env, s, r, startAt));
    await saveRun(
      tx,
      state,
      run,
      inTurn({ state, run }, (_, r) => showMachine(r, machine.id), proven),
    );
    if (!ended) return false;
    await closeRun(tx, state, run, { endAt, reason: whyEnded(ctx.env, state, run, endAt) });
    return true;
  });
}

/** A provider's clock that is ahead by up to this, in ms, must not look like a second life. */
const CLOCKS_APART_MS = 1_000;

/**
 * Returns the start that a read of a machine proves now, or null. One that is ahead of our clock waits until the clock
 * has reached it: booked as of now, the time by which the clock was set back would be charged. An ended machine does
 * not wait. Pure.
 */
function startToBook(machine: Machine, now: Instant, ended: boolean): Instant | null {
  const startAt = firstStartAt(machine);
  return startAt !== null && startAt > now + CLOCKS_APART_MS && !ended ? null : startAt;
}

/**
 * Returns when a run's machine began another life, or null: its agent booted a second time (then the run is stopped
 * with the reason `provider`), or the first start that the provider still reports is later than the recorded one. Pure.
 */
function restartedAt(run: OpenRun, machine: Machine): Instant | null {
  if (run.endReason === 'provider') return run.stopRequestedAt;
  const told = firstStartAt(machine);
  const isLater = told !== null && run.startedAt !== null && told > run.startedAt + CLOCKS_APART_MS;
  return isLater ? told : null;
}

/**
 * Stores events by the provider's own ids. They are the record of the meter, independent of what is concluded from
 * them.
 */
async function storeEvents(tx: TxCtx, state: AccountState, run: OpenRun, machine: Machine): Promise<void> {
  if (machine.events.length === 0) return;
  const rows = machine.events.map((event: MachineEvent) => ({
    id: event.id,
    run_id: run.id,
    machine_id: machine.id,
    type: event.type,
    at: event.at,
    detail: tx.sql.json({ exitCode: event.exitCode ?? null, outOfMemory: event.outOfMemory ?? null }),
    received_at: state.now,
  }));
  await tx.sql`insert into provider_event ${tx.sql(rows as never)} on conflict (id) do nothing`;
}

/**
 * Records that a read showed no machine. One such read proves nothing; a second one, apart from the first, ends the run
 * at its last proof of life. When the machine was read by id, a list has to agree: two reads with one common fault are
 * one proof.
 */
async function noteMissing(ctx: Ctx, run: RunRow): Promise<boolean> {
  // A new machine may be missing, both by its id and in a list.
  const isFresh = run.machine_id === null || run.started_at === null;
  if (isFresh && run.now < launchEndsAt(run)) return false;
  if (run.missing_since === null) {
    await ctx.sql`update run set missing_since = hg_clock() where id = ${run.id} and missing_since is null`;
    return false;
  }
  if (run.now < missingProvenAt(run, run.missing_since)) return false;
  if (run.machine_id === null) return closeMissing(ctx, run);
  const listed = await ctx.machines.findByRun(appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id), run.id);
  if (listed.ok && listed.value === null) return closeMissing(ctx, run);
  return bookRead(ctx, run, listed);
}

async function closeMissing(ctx: Ctx, run: RunRow): Promise<boolean> {
  return inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, run.account_id);
    const open = state.openRuns.find((other) => other.id === run.id);
    if (!open) return true;
    // A later sign of life has cleared the first read: then this read is the first one again.
    const still =
      await tx.sql`select 1 from run where id = ${run.id} and missing_since = ${run.missing_since}`;
    if (still.length === 0) return false;
    const failure = open.startedAt === null ? ('PROVIDER_UNAVAILABLE' as const) : undefined;
    await closeRun(tx, state, open, { endAt: null, reason: whyVanished(open), failure });
    return true;
  });
}
