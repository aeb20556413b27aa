import type { Actor, Ctx } from '../context';
import { DomainError } from '../errors';

/** What an open terminal stands on: one API key or one sign-in, by its id. It opens nothing by itself. */
export type Grant = `key_${string}` | `sign-in_${string}`;

export const isGrant = (text: unknown): text is Grant =>
  typeof text === 'string' && /^(key|sign-in)_[\w-]{1,80}$/.test(text);

/** What a terminal of this actor stands on. Throws FORBIDDEN for an actor without a key or a sign-in. */
export function grantOf(actor: Actor | null): Grant {
  if (actor?.kind === 'apiKey') return `key_${actor.keyId}`;
  if (actor?.kind === 'user' && actor.signInId) return `sign-in_${actor.signInId}`;
  throw new DomainError('FORBIDDEN', 'Sign in, or send an API key, to open a terminal.');
}

/**
 * Those of the grants that no longer open a terminal of this account: a key that was revoked or expired, a sign-in that ended, a
 * person who is no member any more, an account that is not active. One query, reads PostgreSQL only.
 */
export async function endedGrants(
  ctx: Pick<Ctx, 'sql'>,
  accountId: string,
  grants: Grant[],
): Promise<Grant[]> {
  const living = await ctx.sql<{ text: string }[]>`
    select g.text from unnest(${grants}::text[]) as g(text), account a
    where a.id = ${accountId} and a.status = 'active' and a.deleted_at is null and (
      exists (
        select 1 from api_key k
        where 'key_' || k.id = g.text and k.account_id = a.id and k.revoked_at is null
          and coalesce(k.expires_at > hg_clock(), true))
      or exists (
        select 1 from auth_sign_in s join member m on m.user_id = s.user_id
        where 'sign-in_' || s.id = g.text and s.expires_at > now() and m.account_id = a.id))`;
  const good = new Set(living.map((row) => row.text));
  return grants.filter((grant) => !good.has(grant));
}
