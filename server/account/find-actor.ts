import type { Row } from '@/db/rows';
import type { apiKey, member } from '@/db/schema/account';
import { limitDatabaseTime } from '@/db/time-limit';
import { toIso } from '../clock';
import { type Actor, type Ctx, failClosed, REQUEST_TIMEOUT_MS } from '../context';
import { DomainError } from '../errors';
import { clientAddress } from '../http/address';
import { bearerOf } from '../http/bearer';
import type { Scope } from '../shapes';
import { hashApiKey, looksLikeApiKey } from './api-key-text';
import type { Auth } from './auth';
import { openAccount } from './open-account';
import { findQuickSignIn } from './quick-sign-in';
import { resignCookies } from './resign-cookies';
import { type SignedInActor, signedInActor } from './signed-in-actor';

/**
 * Returns the actor of a request: an API key's account, a signed-in user's account, or null. Throws UNAUTHORIZED for a
 * key that is malformed, unknown or revoked, RATE_LIMITED for an address with too many invalid keys, QUOTA_UNAVAILABLE
 * while PostgreSQL is unreachable.
 */
export async function findActor(ctx: Ctx, auth: Auth, headers: Headers): Promise<Actor | null> {
  const key = bearerOf(headers);
  if (key !== null) return findKey(ctx, key, clientAddress(headers, ctx.env.TRUSTED_PROXIES));
  if (!headers.get('cookie')) return null;
  const quick = await findQuickSignIn(ctx, headers);
  if (quick) return quick;
  const signIn = await findSignIn(ctx, auth, headers);
  if (!signIn) return null;
  return findMember(ctx, signIn.user, signIn.session.id);
}

/**
 * Returns the sign-in of these headers, or null. Throws QUOTA_UNAVAILABLE while PostgreSQL is unreachable: the library
 * may report no sign-in then, which must not look like a sign-out.
 */
export const findSignIn = (ctx: Pick<Ctx, 'log' | 'env'>, auth: Auth, headers: Headers) =>
  failClosed(
    () =>
      limitDatabaseTime(REQUEST_TIMEOUT_MS, async (time) => {
        const signIn = await auth.api.getSession({ headers: resignCookies(ctx.env.AUTH_SECRET, headers) });
        if (!signIn && time.failure) throw time.failure;
        return signIn;
      }),
    ctx.log,
  );

type SignedIn = { id: string; name: string; role?: string | null; twoFactorEnabled?: boolean | null };

async function findMember(ctx: Ctx, user: SignedIn, signInId: string): Promise<SignedInActor> {
  const person = {
    userId: user.id,
    role: user.role,
    hasSecondFactor: user.twoFactorEnabled === true,
    signInId,
  };
  const member = await readMember(ctx, user.id);
  if (member) return signedInActor(ctx, { ...person, accountId: member.account_id, memberRole: member.role });
  // Repairs a crash between a sign-up and the creation of its account.
  const accountId = await openAccount(ctx, { userId: user.id, name: user.name });
  return signedInActor(ctx, { ...person, accountId, memberRole: 'owner' });
}

async function readMember(ctx: Ctx, userId: string) {
  const [row] = await failClosed(
    () => ctx.sql<Pick<Row<typeof member>, 'account_id' | 'role'>[]>`
      select account_id, role from member where user_id = ${userId} order by created_at limit 1`,
    ctx.log,
  );
  return row;
}

type KeyRow = Pick<Row<typeof apiKey>, 'id' | 'account_id' | 'expires_at'> & {
  scopes: Scope[];
  is_admin: boolean;
  has_expired: boolean;
};

/** Invalid keys are counted, and past the limit no key is looked up, which bounds the load of guesses on PostgreSQL. */
async function findKey(ctx: Ctx, key: string, address: string): Promise<Actor> {
  await ctx.rates.takeRefusedKeys(address, 0);
  const row = looksLikeApiKey(key) ? await readKey(ctx, hashApiKey(key)) : undefined;
  if (!row || row.has_expired) {
    await ctx.rates.takeRefusedKeys(address, 1);
    throw new DomainError(
      'UNAUTHORIZED',
      row
        ? `This API key expired on ${toIso(row.expires_at ?? 0).slice(0, 10)}. Create a new one under Settings.`
        : 'This API key is not valid. Create a new one under Settings.',
    );
  }
  return {
    kind: 'apiKey',
    keyId: row.id,
    accountId: row.account_id,
    scopes: row.scopes,
    isAdmin: row.is_admin,
  };
}

/** Returns a live key and records its use, at most once per minute. */
async function readKey(ctx: Ctx, hash: string): Promise<KeyRow | undefined> {
  const [row] = await failClosed(
    () => ctx.sql<(KeyRow & { stale: boolean })[]>`
      select k.id, k.account_id, k.scopes, k.expires_at, coalesce(u.role = 'admin', false) as is_admin,
        coalesce(k.expires_at <= hg_clock(), false) as has_expired,
        coalesce(k.last_used_at < hg_clock() - interval '1 minute', true) as stale
      from api_key k left join auth_user u on u.id = k.created_by
      where k.hash = ${hash} and k.revoked_at is null`,
    ctx.log,
  );
  if (row?.stale && !row.has_expired) {
    await ctx.sql`update api_key set last_used_at = hg_clock() where id = ${row.id}`.catch(() => {});
  }
  return row;
}
