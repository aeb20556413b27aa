import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { DomainError, notFound } from '../errors';
import type { Grant } from '../run/grants';
import type { RunRow } from '../run/run-row';
import { CONNECT_LIFE_MS, connectTokenOf, type Door } from '../run/tokens';

export type Connection = { url: string; token: string; expiresAt: string };

/**
 * Returns short-lived access to one door of a running session: its terminal unless another is named. Throws NOT_FOUND;
 * for the terminal SESSION_STOPPING unless the session runs or starts, for the others NOT_RUNNING unless it runs.
 */
export async function connectSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; grant: Grant; door?: Door },
): Promise<Connection> {
  const { door = 'terminal' } = input;
  const [row] = await failClosed(
    () => ctx.sql<{ run_id: RunRow['id'] | null; status: RunRow['status'] | null }[]>`
      select r.id as run_id, r.status from session s left join run r on r.id = s.last_run_id and r.ended_at is null
      where s.id = ${input.sessionId} and s.account_id = ${input.accountId} and s.deleted_at is null`,
    ctx.log,
  );
  if (!row) throw notFound('session');
  if (door !== 'terminal' && row.status !== 'running') throw notRunning();
  if (row.run_id === null || row.status === 'stopping') {
    throw new DomainError('SESSION_STOPPING', 'This session is not running. Start it to open its terminal.');
  }
  const expiresAt = ctx.clock.now() + CONNECT_LIFE_MS;
  const { sessionId, accountId, grant } = input;
  const claim = { sessionId, accountId, runId: row.run_id, grant, expiresAt };
  const token = connectTokenOf(ctx.env.AUTH_SECRET, claim, door);
  const gateway = door === 'terminal' ? ctx.env.GATEWAY_URL.replace(/^http/, 'ws') : ctx.env.GATEWAY_URL;
  return { url: `${gateway}/${door}/${sessionId}`, token, expiresAt: toIso(expiresAt) };
}

const notRunning = () =>
  new DomainError('NOT_RUNNING', 'This session is not running. Start it to reach its files and commands.');
