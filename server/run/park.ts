import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';
import type { RunRow } from './run-row';

/** Logs, at every attempt, what an operator should do. The run keeps its slot: only a proof of death frees it. */
export async function parkRun(ctx: Ctx, run: RunRow): Promise<void> {
  await ctx.sql`update run set parked_at = hg_clock() where id = ${run.id} and parked_at is null and ended_at is null`;
  const app = appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id);
  ctx.log.error(
    { runId: run.id, machineId: run.machine_id, app, attempts: run.attempts },
    'a run is parked: its machine is not proven dead and holds a slot of its account. Look at the machine at the provider, and destroy it there; the run then ends by itself',
  );
}
