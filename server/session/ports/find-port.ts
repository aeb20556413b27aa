import type { Ctx } from '../../context';
import { appNameOf } from '../../machine/machines';
import { endedGrants } from '../../run/grants';
import type { RunRow } from '../../run/run-row';
import type { PortPass } from './pass';

export type FoundPort =
  | { app: string; machineId: string; runId: string; accountId: string }
  | { stopped: string }
  | 'ended';

/** Returns the machine for a pass, a sentence on why none runs, or `ended` when the session or the grant has ended. */
export async function findPort(ctx: Pick<Ctx, 'sql' | 'env'>, pass: PortPass): Promise<FoundPort> {
  const [row] = await ctx.sql<
    {
      account_id: string;
      run_id: string | null;
      status: RunRow['status'] | null;
      machine_id: string | null;
    }[]
  >`
    select s.account_id, r.id as run_id, r.status, r.machine_id
    from session s left join run r on r.id = s.last_run_id and r.ended_at is null
    where s.id = ${pass.sessionId} and s.deleted_at is null`;
  if (!row || (await endedGrants(ctx, row.account_id, [pass.grant])).length > 0) return 'ended';
  const { account_id: accountId, run_id: runId, status, machine_id: machineId } = row;
  if (status === 'starting') return { stopped: 'This session is starting. Its ports open when it runs.' };
  if (status !== 'running' || runId === null || machineId === null)
    return {
      stopped: 'This session is not running. A visit does not start it: its owner starts it in Hourglass.',
    };
  return { app: appNameOf(ctx.env.ENVIRONMENT_ID, accountId), machineId, runId, accountId };
}
