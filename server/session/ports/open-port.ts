import { type Ctx, failClosed } from '../../context';
import { notFound } from '../../errors';
import { portOriginOf } from '../../ports-url';
import type { Grant } from '../../run/grants';
import { portTicketOf } from './pass';

/** The path on each port's address where the gateway exchanges a ticket for a pass. */
export const ENTER_PATH = '/.hourglass/enter';

/**
 * Returns the address that opens a path on a port of the account's session in this browser. The ticket is in the fragment,
 * which no proxy sees. Throws NOT_FOUND.
 */
export async function openPort(
  ctx: Ctx,
  input: { accountId: string; sessionId: string; port: number; path: string; grant: Grant },
): Promise<string> {
  const { accountId, sessionId, port, grant } = input;
  const [row] = await failClosed(
    () => ctx.sql`
      select 1 from session where id = ${sessionId} and account_id = ${accountId} and deleted_at is null`,
    ctx.log,
  );
  if (!row) throw notFound('session');
  const { env, clock } = ctx;
  const ticket = portTicketOf(env.AUTH_SECRET, { sessionId, port, grant }, clock.now());
  const fragment = new URLSearchParams({ ticket, to: input.path });
  return `${portOriginOf(env.PORTS_URL, sessionId, port)}${ENTER_PATH}#${fragment}`;
}
