import type { Row } from '@/db/rows';
import type { apiKey } from '@/db/schema/account';
import { toIso } from '../clock';
import { type Ctx, inTx } from '../context';
import { queueMail } from '../mail/queue-mail';

/** How long before its expiry the owners are told of a key. */
const AHEAD_DAYS = 7;
const BATCH_SIZE = 500;

type Expiring = Pick<Row<typeof apiKey>, 'id' | 'account_id' | 'name' | 'prefix'> & { expires_at: number };

/**
 * Queues an email, once per key, for keys that expire within seven days and were created longer before. Returns how
 * many.
 */
export async function tellExpiringKeys(ctx: Ctx): Promise<number> {
  const keys = await ctx.sql<Expiring[]>`
    select id, account_id, name, prefix, expires_at from api_key k
    where revoked_at is null and expires_at > hg_clock()
      and expires_at < hg_clock() + ${AHEAD_DAYS} * interval '1 day'
      and expires_at > created_at + ${AHEAD_DAYS} * interval '1 day'
      and not exists (select 1 from mail where account_id = k.account_id and kind = 'key.expires' and cause like ${'key:'} || k.id || ':%')
    order by expires_at limit ${BATCH_SIZE}`;
  for (const key of keys) await inTx(ctx, (tx) => queueMail(tx, noticeOf(key)));
  return keys.length;
}

const noticeOf = ({ id, account_id: accountId, name, prefix, expires_at }: Expiring) => ({
  accountId,
  kind: 'key.expires' as const,
  cause: `key:${id}`,
  facts: { keyName: name, prefix, expiresAt: toIso(expires_at) },
});
