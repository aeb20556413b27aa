import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { holdAccount } from '../quota/load-account';
import type { Scope } from '../shapes';
import { newApiKeyText } from './api-key-text';

const MOST_LIVE_KEYS = 20;

export type CreateKeyInput = {
  accountId: string;
  userId: string;
  isAdmin: boolean;
  name: string;
  scopes: Scope[];
};

/** Makes a key for an account; its text is in this answer and nowhere else. Throws FORBIDDEN, INVALID_INPUT, NOT_FOUND. */
export async function createApiKey(
  ctx: Ctx,
  input: CreateKeyInput,
): Promise<{ id: string; key: string; name: string; scopes: Scope[]; prefix: string }> {
  if (input.scopes.includes('admin') && !input.isAdmin) {
    throw new DomainError('FORBIDDEN', 'Only administrators may make keys with the scope admin.');
  }
  const id = newId();
  const { key, prefix, hash } = newApiKeyText();
  const scopes = [...new Set(input.scopes)];
  // Counted under the account's lock: no number of calls at once passes the limit, and none outlives a deletion.
  const made = await inTx(ctx, async (tx) => {
    await holdAccount(tx, input.accountId);
    return tx.sql`
      insert into api_key (id, account_id, name, scopes, prefix, hash, created_by)
      select ${id}, ${input.accountId}, ${input.name}, ${scopes}, ${prefix}, ${hash}, ${input.userId}
      where (select count(*) from api_key where account_id = ${input.accountId} and revoked_at is null) < ${MOST_LIVE_KEYS}
      returning id`;
  });
  if (made.length === 0) {
    throw new DomainError(
      'INVALID_INPUT',
      `An account has ${MOST_LIVE_KEYS} keys at most. Revoke one first.`,
    );
  }
  return { id, key, name: input.name, scopes, prefix };
}
