import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { DomainError, notFound } from '../errors';
import type { Grant } from '../run/grants';
import type { RunRow } from '../run/run-row';
import { CONNECT_LIFE_MS, connectTokenOf } from '../run/tokens';

export type Connection = { url: string; token: string; expiresAt: string };

/** A short-lived way to the terminal of a running session. Throws NOT_FOUND; SESSION_STOPPING unless it runs. */
export async function connectSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; grant: Grant },
): Promise<Connection> {
  const [row] = await failClosed(
    () => ctx.sql<{ run_id: RunRow['id'] | null; status: RunRow['status'] | null }[]>`
      select r.id as run_id, r.status from session s left join run r on r.id = s.last_run_id and r.ended_at is null
      where s.id = ${input.sessionId} and s.account_id = ${input.accountId} and s.deleted_at is null`,
    ctx.log,
  );
  if (!row) throw notFound('session');
  if (row.run_id === null || row.status === 'stopping') {
    throw new DomainError('SESSION_STOPPING', 'This session is not running. Start it to open its terminal.');
  }
  const expiresAt = ctx.clock.now() + CONNECT_LIFE_MS;
  const token = connectTokenOf(ctx.env.AUTH_SECRET, {
    sessionId: input.sessionId,
    accountId: input.accountId,
    runId: row.run_id,
    grant: input.grant,
    expiresAt,
  });
  const url = `${ctx.env.GATEWAY_URL.replace(/^http/, 'ws')}/terminal/${input.sessionId}`;
  return { url, token, expiresAt: toIso(expiresAt) };
}
