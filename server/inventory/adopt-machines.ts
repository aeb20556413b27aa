import type { Ctx } from '../context';
import { appNameOf, type Machine } from '../machine/machines';
import { isGone } from '../machine/read-events';
import type { KnownRun } from './compare-page';

/**
 * Records the machines of open runs without one: the process that ordered a machine may have died before it recorded
 * it. Of several machines of one run none is chosen; a read of the run decides.
 */
export async function adoptMachines(
  ctx: Ctx,
  ours: Machine[],
  runs: ReadonlyMap<string | null, KnownRun>,
): Promise<void> {
  const found = ours.filter((machine) => {
    const run = runs.get(machine.runId);
    return (
      run?.id != null &&
      run.ended_at === null &&
      run.machine_id === null &&
      !isGone(machine) &&
      machine.app === appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id ?? '') &&
      ours.filter((other) => other.runId === machine.runId).length === 1
    );
  });
  if (found.length === 0) return;
  await ctx.sql`
    update run r set machine_id = f.machine_id, missing_since = null
    from unnest(${found.map(({ runId }) => runId)}::text[], ${found.map(({ id }) => id)}::text[]) as f (run_id, machine_id)
    where r.id = f.run_id and r.machine_id is null and r.ended_at is null`;
}
