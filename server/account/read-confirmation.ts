import { verifyJWT } from 'better-auth/crypto';
import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import type { Ctx } from '../context';

export type Confirmation =
  | { kind: 'open'; userId: string; email: string; sessions: number }
  /** The address was confirmed before. */
  | { kind: 'confirmed_before' }
  /** Expired, truncated, forged, or for an address that has changed since. */
  | { kind: 'invalid' };

/** Returns what a confirmation link stands for; reading it changes nothing. */
export async function readConfirmation(
  ctx: Pick<Ctx, 'sql'>,
  secret: string,
  token: string,
): Promise<Confirmation> {
  const claim = await verifyJWT<{ userId?: unknown; email?: unknown; updateTo?: unknown }>(token, secret);
  if (typeof claim?.userId !== 'string' || typeof claim.email !== 'string' || claim.updateTo !== undefined)
    return { kind: 'invalid' };
  const [person] = await ctx.sql<
    (Pick<Row<typeof authUser>, 'email' | 'email_verified'> & { sessions: number })[]
  >`
    select u.email, u.email_verified,
      (select count(*)::int from session s join member m on m.account_id = s.account_id
        where m.user_id = u.id and s.deleted_at is null) as sessions
    from auth_user u where u.id = ${claim.userId}`;
  if (person?.email !== claim.email) return { kind: 'invalid' };
  if (person.email_verified) return { kind: 'confirmed_before' };
  return { kind: 'open', userId: claim.userId, email: person.email, sessions: person.sessions };
}
