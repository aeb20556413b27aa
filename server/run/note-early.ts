import { type Ctx, failClosed } from '../context';
import type { AccountState, OpenRun } from '../quota/account-state';
import { isExcess } from '../quota/excess';
import { readAccount } from '../quota/load-account';
import type { AgentCall } from './answer-agent';
import { activityOf, idleEndsAt } from './idle';
import type { RunRow } from './run-row';

/** A lease is renewed after a third; a call before this part of it has passed only reports activity. */
const EARLY_PART = 0.3;

/**
 * Records what an agent reports between two renewals, so that the displayed times follow keystrokes and work soon: one
 * read and one write, no lock, nothing granted or charged. Null when the call needs a decision; then nothing has
 * changed.
 */
export async function noteEarly(
  ctx: Ctx,
  row: RunRow,
  call: AgentCall,
): Promise<{ state: AccountState; run: OpenRun } | null> {
  if (call.event !== 'renew' || row.status !== 'running') return null;
  const goneMs = row.now - row.metered_to;
  if (goneMs < 0 || goneMs >= EARLY_PART * (row.lease_until - row.metered_to)) return null;
  const state = await failClosed(() => readAccount(ctx.sql, row.account_id), ctx.log);
  const run = state.openRuns.find((open) => open.id === row.id);
  if (!run || !mayGoOn(state, run) || !isNext(run, call)) return null;
  Object.assign(run, activityOf(state, run, call));
  const idleAt = idleEndsAt(state, run);
  if (idleAt !== null && state.now >= idleAt) return null;
  const noted = await failClosed(
    () => ctx.sql`
      update run set agent_seq = ${call.seq}, missing_since = null,
        proof_at = greatest(proof_at, least(${state.now}, lease_until)),
        last_input_at = greatest(last_input_at, ${run.lastInputAt}),
        last_work_at = greatest(last_work_at, ${run.lastWorkAt}),
        metrics = coalesce(${call.metrics ? ctx.sql.json(call.metrics) : null}, metrics)
      where id = ${run.id} and status = 'running' and agent_boot_id = ${call.bootId} and agent_seq < ${call.seq}
      returning id`,
    ctx.log,
  );
  return noted.length > 0 ? { state, run } : null;
}

/** Returns whether this is the next call of the known boot. Pure. */
const isNext = (run: OpenRun, call: AgentCall): boolean =>
  run.agentBootId === call.bootId && run.agentSeq !== null && call.seq > run.agentSeq;

/** Returns whether nothing ends the run and the agent has no message for its user. Pure. */
const mayGoOn = (state: AccountState, run: OpenRun): boolean =>
  run.status === 'running' && state.status === 'active' && !run.final && !isExcess(state, run);
