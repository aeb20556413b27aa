import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';
import type { Session } from '../shapes';
import { readSession } from './read-sessions';

/** Gives a session another name; answers it. Throws NOT_FOUND. */
export async function renameSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; name: string },
): Promise<Session> {
  const renamed = await failClosed(
    () => ctx.sql`
      update session set name = ${input.name}
      where id = ${input.sessionId} and account_id = ${input.accountId} and deleted_at is null returning id`,
    ctx.log,
  );
  if (renamed.length === 0) throw notFound('session');
  return readSession(ctx.sql, input.accountId, input.sessionId);
}
