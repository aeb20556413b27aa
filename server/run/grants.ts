import type { Actor, Ctx } from '../context';
import { DomainError } from '../errors';

/**
 * The access behind an open terminal, transfer or port: an API key, a sign-in or a shared port, by its id. It is not a secret.
 */
export type Grant = `key_${string}` | `sign-in_${string}` | `link_${string}`;

export const isGrant = (text: unknown): text is Grant =>
  typeof text === 'string' && /^(key|sign-in|link)_[\w-]{1,80}$/.test(text);

/** Returns the access of this actor. Throws FORBIDDEN for an actor without a key or a sign-in. */
export function grantOf(actor: Actor | null): Grant {
  if (actor?.kind === 'apiKey') return `key_${actor.keyId}`;
  if (actor?.kind === 'user' && actor.signInId) return `sign-in_${actor.signInId}`;
  throw new DomainError('FORBIDDEN', 'Sign in, or send an API key, to open a terminal.');
}

/**
 * Returns the grants that no longer open anything of this account: a revoked or expired key, an ended sign-in, a user who is no
 * longer a member, a port that is no longer shared, any of an account that is not active. One query of PostgreSQL.
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
        where 'sign-in_' || s.id = g.text and s.expires_at > now() and m.account_id = a.id)
      or exists (
        select 1 from port_share p where 'link_' || p.id = g.text and p.account_id = a.id))`;
  const good = new Set(living.map((row) => row.text));
  return grants.filter((grant) => !good.has(grant));
}
