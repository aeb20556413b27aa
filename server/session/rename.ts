import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';
import type { Session } from '../shapes';
import { readSession } from './read-sessions';

/** Gives a session another name and returns it. Throws NOT_FOUND, QUOTA_UNAVAILABLE. */
export async function renameSession(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; name: string },
): Promise<Session> {
  // A transaction although it is one statement: what was refused must not be done later.
  const renamed = await inTx(
    ctx,
    ({ sql }) => sql`
      update session set name = ${input.name}
      where id = ${input.sessionId} and account_id = ${input.accountId} and deleted_at is null returning id`,
  );
  if (renamed.length === 0) throw notFound('session');
  return readSession(ctx.sql, input.accountId, input.sessionId);
}
