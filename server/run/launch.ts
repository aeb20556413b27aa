import { type Ctx, failClosed, inTx } from '../context';
import type { Reason } from '../errors';
import { appNameOf, type Launched, type LaunchOrder, type MachineFailure } from '../machine/machines';
import { lockAccount } from '../quota/load-account';
import type { Admitted } from './admit';
import { closeRun } from './close';
import { LAUNCH_LIMIT_MS } from './times';
import { runTokenOf } from './tokens';

/**
 * Makes the machine of an admitted run. Returns null when it is or may be on its way (after a lost answer, slot and
 * hold stay until the machine is found or proven absent), or the reason why surely nothing was made: then the hold was
 * released and the run has failed.
 */
export async function launchRun(ctx: Ctx, admitted: Admitted): Promise<Reason | null> {
  const outcome = await ctx.machines.launch(orderOf(ctx, admitted), () => isStillWanted(ctx, admitted.runId));
  if (outcome.ok) {
    const [isNoted] = await Promise.all([
      noteMachine(ctx, admitted, outcome.value),
      askForRemoval(ctx, admitted.session.account_id),
    ]);
    if (isNoted) return null;
    await destroyUnwanted(ctx, admitted, outcome.value);
    return null;
  }
  const reason = await noteFailure(ctx, admitted, outcome.failure);
  await askForRemoval(ctx, admitted.session.account_id);
  return reason;
}

async function noteFailure(ctx: Ctx, admitted: Admitted, failure: MachineFailure): Promise<Reason | null> {
  ctx.log.warn({ runId: admitted.runId, failure }, 'launch did not succeed');
  if (failure.kind !== 'ambiguous') return giveUp(ctx, admitted, failure);
  // Stored in PostgreSQL, so that the machine is looked for at once even if this process dies now.
  await ctx.sql`
    update run set due_at = least(due_at, hg_clock()) where id = ${admitted.runId} and ended_at is null`;
  await ctx.jobs.wakeRun(admitted.runId, ctx.clock.now());
  return null;
}

function orderOf(ctx: Ctx, admitted: Admitted): LaunchOrder {
  const { env } = ctx;
  const { runId, session, leaseMs, idleStopSeconds, storageGb, installationId } = admitted;
  return {
    app: appNameOf(env.ENVIRONMENT_ID, session.account_id),
    installationId,
    runId,
    sessionId: session.id,
    region: session.region,
    size: session.size,
    volumeId: session.volume_id,
    ranBefore: session.last_run_id !== null,
    storageGb,
    graceSeconds: env.STOP_GRACE_SECONDS,
    env: {
      HOURGLASS_API_URL: env.APP_URL,
      HOURGLASS_RUN_ID: runId,
      HOURGLASS_RUN_TOKEN: runTokenOf(env.AUTH_SECRET, runId),
      HOURGLASS_LEASE_MS: String(leaseMs),
      HOURGLASS_GUARD_MS: String(env.LEASE_GUARD_SECONDS * 1000),
      HOURGLASS_IDLE_MS: String(idleStopSeconds * 1000),
      HOURGLASS_SESSION_ID: session.id,
      HOURGLASS_SESSION_NAME: session.name,
      HOURGLASS_AGENT: session.agent,
      ...(session.has_secrets ? { HOURGLASS_ASKS_ENVIRONMENT: '1' } : {}),
    },
  };
}

/**
 * Returns whether a run may still get a machine: not after a stop, nor when it is so old that others may conclude that
 * it has none. Called before each create.
 */
async function isStillWanted(ctx: Ctx, runId: string): Promise<boolean> {
  const rows = await failClosed(
    () => ctx.sql`
      select 1 from run where id = ${runId} and status in ('starting', 'running')
        and hg_clock() < admitted_at + ${LAUNCH_LIMIT_MS} * interval '1 ms'`,
    ctx.log,
  );
  return rows.length > 0;
}

/**
 * Records machine and disk of a run; returns false when the run ended while its machine was made. Two concurrent
 * statements that lock one row each, so that none waits while it holds the other.
 */
async function noteMachine(ctx: Ctx, admitted: Admitted, made: Launched): Promise<boolean> {
  const { runId } = admitted;
  const [rows] = await Promise.all([
    ctx.sql`
      update run set machine_id = ${made.machineId}, region = ${made.region}, due_at = least(due_at, hg_clock()),
        missing_since = null
      where id = ${runId} and ended_at is null returning id`,
    made.volumeId === admitted.session.volume_id ? null : noteDisk(ctx, admitted, made.volumeId),
  ]);
  if (rows.length === 0) return false;
  // Not awaited: a lost wake-up delays the check until the next sweep.
  void ctx.jobs.wakeRun(runId, ctx.clock.now());
  return true;
}

/**
 * Records the disk of the session, only by its newest run and while that is open: a later run may have another disk by
 * now.
 */
const noteDisk = (ctx: Ctx, { runId, session }: Admitted, volumeId: string) => ctx.sql`
  update session s set volume_id = ${volumeId} where s.id = ${session.id} and s.last_run_id = ${runId}
    and exists (select 1 from run r where r.id = ${runId} and r.ended_at is null)`;

/** Destroys a machine that no run pays for. */
async function destroyUnwanted(ctx: Ctx, { runId, session }: Admitted, made: Launched): Promise<void> {
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, session.account_id);
  const destroyed = await ctx.machines.destroy(app, made.machineId);
  if (!destroyed.ok)
    ctx.log.error({ runId, machineId: made.machineId }, 'an unwanted machine could not be destroyed yet');
}

/** Removes the apps of a deleted account once more, because something was made for it meanwhile. */
async function askForRemoval(ctx: Ctx, accountId: string): Promise<void> {
  await ctx.sql`
    update account set removed_at = null
    where id = ${accountId} and deleted_at is not null and removed_at is not null`;
}

async function giveUp(ctx: Ctx, { runId, session }: Admitted, failure: MachineFailure): Promise<Reason> {
  const reason: Reason = failure.kind === 'no_capacity' ? 'NO_CAPACITY' : 'PROVIDER_UNAVAILABLE';
  await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, session.account_id);
    const run = state.openRuns.find((open) => open.id === runId);
    if (!run) return;
    await closeRun(tx, state, run, { endAt: null, reason: run.endReason ?? 'provider', failure: reason });
  });
  return reason;
}
