import { toIso } from '../clock';
import { type Ctx, inTx } from '../context';
import { DomainError, notFound } from '../errors';
import { newId } from '../ids';
import { lockAccount } from '../quota/load-account';
import type { SecretView } from './list-secrets';
import { sealValue } from './seal';

/** Most variables per account, those of single sessions included. */
const SECRETS_KEPT = 100;

type Input = { accountId: string; name: string; value: string; sessionId?: string };

/**
 * Sets a variable of the account's sessions, or of one session; the value replaces an earlier one and is not returned.
 * In effect from the next start. Throws NOT_FOUND, and INVALID_INPUT when there are too many.
 */
export async function setSecret(ctx: Ctx, input: Input): Promise<SecretView> {
  const { accountId, name, sessionId = null } = input;
  const sealed = await sealValue(ctx.env.AUTH_SECRET, { accountId, sessionId, name }, input.value);
  return inTx(ctx, async (tx) => {
    const { now } = await lockAccount(tx, accountId);
    const [found] = await tx.sql`
      select 1 from session where id = ${sessionId} and account_id = ${accountId} and deleted_at is null`;
    if (sessionId !== null && !found) throw notFound('session');
    const made = await tx.sql`
      insert into secret (id, account_id, session_id, name, sealed, set_at)
      select ${newId()}, ${accountId}, ${sessionId}, ${name}, ${sealed}, ${now}
      where (select count(*) from secret where account_id = ${accountId}
        and not (name = ${name} and session_id is not distinct from ${sessionId})) < ${SECRETS_KEPT}
      on conflict (account_id, coalesce(session_id, ''), name)
        do update set sealed = excluded.sealed, set_at = excluded.set_at
      returning id`;
    if (made.length === 0) {
      const message = `An account has ${SECRETS_KEPT} variables at most. Delete one to make room.`;
      throw new DomainError('INVALID_INPUT', message, { fields: { name: [message] } });
    }
    return { name, sessionId, setAt: toIso(now) };
  });
}
