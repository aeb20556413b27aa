import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';
import { endedGrants } from '../run/grants';
import type { RunRow } from '../run/run-row';
import type { ConnectClaim } from '../run/tokens';

export type Terminal = { app: string; machineId: string } | { stopped: string } | { refused: string };

/** Returns the machine of a claimed run, or a sentence why there is none. Reads PostgreSQL only. */
export async function findTerminal(ctx: Pick<Ctx, 'sql' | 'env'>, claim: ConnectClaim): Promise<Terminal> {
  const [run] = await ctx.sql<
    (Pick<RunRow, 'account_id' | 'status' | 'machine_id'> & { started: boolean })[]
  >`
    select account_id, status, machine_id, started_at is not null as started from run
    where id = ${claim.runId} and session_id = ${claim.sessionId} and account_id = ${claim.accountId}`;
  if (!run) return { stopped: 'There is no such session.' };
  if (run.status === 'starting' && !run.started) return { stopped: 'This session is still starting.' };
  if (run.status !== 'running' || run.machine_id === null)
    return { stopped: 'This session is not running any more.' };
  const ended = await endedGrants(ctx, run.account_id, [claim.grant]);
  if (ended.length > 0) return { refused: 'Your access to this session has ended.' };
  return { app: appNameOf(ctx.env.ENVIRONMENT_ID, run.account_id), machineId: run.machine_id };
}
