import type { Ctx } from '../../context';
import { inTx } from '../../context';
import { DomainError, notFound } from '../../errors';
import { newId } from '../../ids';
import type { Port } from '../../port-shapes';
import { portUrlOf } from './list-ports';

/** Most shared ports per session. */
const MAX_SHARED = 50;

/**
 * Shares a port by a link, or takes the link back for good: sharing again makes another one. Throws NOT_FOUND,
 * INVALID_INPUT past the limit.
 */
export async function sharePort(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; port: number; access: Port['access'] },
): Promise<Port> {
  const { accountId, sessionId, port, access } = input;
  const shareId = await inTx(ctx, async ({ sql }) => {
    const [owned] = await sql`
      select 1 from session where id = ${sessionId} and account_id = ${accountId} and deleted_at is null for update`;
    if (!owned) throw notFound('session');
    if (access === 'private') {
      await sql`delete from port_share where session_id = ${sessionId} and port = ${port}`;
      return null;
    }
    const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
      select count(*)::int as count from port_share where session_id = ${sessionId} and port <> ${port}`;
    if (count >= MAX_SHARED)
      throw new DomainError(
        'INVALID_INPUT',
        `A session shares ${MAX_SHARED} ports at most. Unshare one first.`,
      );
    await sql`
      insert into port_share (id, account_id, session_id, port) values (${newId()}, ${accountId}, ${sessionId}, ${port})
      on conflict (session_id, port) do nothing`;
    const [row] = await sql<{ id: string }[]>`
      select id from port_share where session_id = ${sessionId} and port = ${port}`;
    return row?.id ?? null;
  });
  const url = portUrlOf(ctx.env, { sessionId, port, shareId });
  return { port, process: null, isListening: false, url, access };
}
