import type { Actor, Ctx } from '../context';
import { DomainError } from '../errors';

/**
 * The access that opened a terminal, transfer or port: an API key, a sign-in or a shared port, by its id. Opens nothing by
 * itself.
 */
export type Grant = `key_${string}` | `sign-in_${string}` | `link_${string}`;

export const isGrant = (text: unknown): text is Grant =>
  typeof text === 'string' && /^(key|sign-in|link)_[\w-]{1,80}$/.test(text);

/** What a terminal of this actor stands on. Throws FORBIDDEN for an actor without a key or a sign-in. */
export function grantOf(actor: Actor | null): Grant {
  if (actor?.kind === 'apiKey') return `key_${actor.keyId}`;
  if (actor?.kind === 'user' && actor.signInId) return `sign-in_${actor.signInId}`;
  throw new DomainError('FORBIDDEN', 'Sign in, or send an API key, to open a terminal.');
}

/**
 * Returns those of the grants that have ended: a key that was revoked or expired, a sign-in that ended, a person who is no
 * member any more, a port that is not shared any more, an account that is not active. One query.
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
