import type { Ctx } from '../context';
import type { Machine } from '../machine/machines';
import { isGone } from '../machine/read-events';
import { PARKED_AFTER } from '../run/times';
import type { KnownRun } from './compare-page';

/**
 * Makes parked runs due now whose machines a list shows alive: the list proves that the provider answers again, and
 * parked runs are otherwise checked every few minutes.
 */
export async function pressParked(
  { sql }: Ctx,
  ours: Machine[],
  runs: ReadonlyMap<string | null, KnownRun>,
): Promise<void> {
  const ids = ours.flatMap((machine) => {
    const run = runs.get(machine.runId);
    return run?.id != null && run.ended_at === null && run.parked_at !== null && !isGone(machine)
      ? [run.id]
      : [];
  });
  if (ids.length === 0) return;
  await sql`
    update run set due_at = least(due_at, hg_clock())
    where id = any(${ids}) and status = 'stopping' and attempts >= ${PARKED_AFTER} and ended_at is null`;
}
