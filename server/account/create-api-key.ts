import type { Row } from '@/db/rows';
import type { authUser } from '@/db/schema/auth';
import { writeAudit } from '../audit';
import { type Instant, toIso, toIsoOrNull } from '../clock';
import { type Ctx, inTx, type TxCtx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { holdAccount } from '../quota/load-account';
import type { Scope } from '../shapes';
import { newApiKeyText } from './api-key-text';
import { needFreshSignIn } from './need-fresh-sign-in';

const MOST_LIVE_KEYS = 20;

export type CreateKeyInput = {
  accountId: string;
  userId: string;
  isAdmin: boolean;
  /** The caller's sign-in; absent for the operator. */
  signInId?: string;
  /** The creator in the audit entry; the user by default. */
  actor?: string;
  name: string;
  scopes: Scope[];
  /** ISO-8601; without it the key has no end. */
  expiresAt?: string;
};

export type CreatedKey = {
  id: string;
  key: string;
  name: string;
  scopes: Scope[];
  prefix: string;
  expiresAt: string | null;
};

/**
 * Creates an API key of an account and returns its text, which is stored nowhere. Audited. Throws FORBIDDEN,
 * EMAIL_UNCONFIRMED, FRESH_SIGN_IN_REQUIRED, INVALID_INPUT, NOT_FOUND.
 */
export async function createApiKey(ctx: Ctx, input: CreateKeyInput): Promise<CreatedKey> {
  if (input.scopes.includes('admin') && !input.isAdmin) {
    throw new DomainError('FORBIDDEN', 'Only administrators may make keys with the scope admin.');
  }
  const id = newId();
  const { key, prefix, hash } = newApiKeyText();
  const scopes = [...new Set(input.scopes)];
  const expiresAt = input.expiresAt === undefined ? null : Date.parse(input.expiresAt);
  // Counted under the account's lock, so that parallel calls cannot exceed the limit and no key survives a deletion.
  await inTx(ctx, async (tx) => {
    await holdAccount(tx, input.accountId);
    await needPerson(tx, input);
    if (expiresAt !== null) await needFuture(tx, expiresAt);
    const made = await tx.sql`
      insert into api_key (id, account_id, name, scopes, prefix, hash, created_by, expires_at)
      select ${id}, ${input.accountId}, ${input.name}, ${scopes}, ${prefix}, ${hash}, ${input.userId}, ${expiresAt}::timestamptz
      where (select count(*) from api_key where account_id = ${input.accountId} and revoked_at is null) < ${MOST_LIVE_KEYS}
      returning id`;
    if (made.length === 0) throw tooMany();
    await writeAudit(tx, {
      actor: input.actor ?? `user:${input.userId}`,
      action: 'apiKey.create',
      accountId: input.accountId,
      before: null,
      // Nothing the user typed is written, because audit entries outlive a deleted account.
      after: { id, scopes, ...(expiresAt === null ? {} : { expiresAt: toIso(expiresAt) }) },
      reason: 'asked for',
    });
  });
  return { id, key, name: input.name, scopes, prefix, expiresAt: toIsoOrNull(expiresAt) };
}

async function needFuture({ sql }: TxCtx, expiresAt: Instant): Promise<void> {
  const [clock] = await sql<
    { is_past: boolean }[]
  >`select hg_clock() >= ${expiresAt}::timestamptz as is_past`;
  if (clock?.is_past) throw new DomainError('INVALID_INPUT', 'The end of a key must lie in the future.');
}

const tooMany = () =>
  new DomainError('INVALID_INPUT', `An account has ${MOST_LIVE_KEYS} keys at most. Revoke one first.`);

/**
 * Requires a confirmed address, whatever the settings, and a fresh sign-in, because a key outlives its browser. Checked
 * under the account's lock, so that a sign-in ended by a new password creates no key.
 */
async function needPerson(tx: TxCtx, { userId, signInId }: CreateKeyInput): Promise<void> {
  await needFreshSignIn(tx, signInId);
  const [person] = await tx.sql<Pick<Row<typeof authUser>, 'email_verified'>[]>`
    select email_verified from auth_user where id = ${userId}`;
  if (!person?.email_verified)
    throw new DomainError('EMAIL_UNCONFIRMED', 'Confirm your email address first, then make a key.');
}
