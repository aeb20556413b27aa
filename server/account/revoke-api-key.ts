import type { Row } from '@/db/rows';
import type { apiKey } from '@/db/schema/account';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';

/** Revoked keys kept per account, so that creating and revoking keys in a loop leaves a bounded number of rows. */
const REVOKED_KEPT = 20;

/** Revokes a key at once; revoking it again is not an error while its row is kept. Audited. Throws NOT_FOUND. */
export async function revokeApiKey(
  ctx: Ctx,
  input: { accountId: string; apiKeyId: string; actor: string },
): Promise<{ revoked: true }> {
  const { accountId, apiKeyId } = input;
  await inTx(ctx, async (tx) => {
    const [key] = await tx.sql<Pick<Row<typeof apiKey>, 'scopes' | 'revoked_at'>[]>`
      select scopes, revoked_at from api_key
      where id = ${apiKeyId} and account_id = ${accountId} for update`;
    if (!key) throw notFound('API key');
    if (key.revoked_at !== null) return;
    await tx.sql`update api_key set revoked_at = hg_clock() where id = ${apiKeyId}`;
    await writeAudit(tx, {
      actor: input.actor,
      action: 'apiKey.revoke',
      accountId,
      before: { id: apiKeyId, scopes: key.scopes },
      after: null,
      reason: 'asked for',
    });
    await tx.sql`
      delete from api_key where id in (
        select id from api_key where account_id = ${accountId} and revoked_at is not null
        order by revoked_at desc, id desc offset ${REVOKED_KEPT} for update skip locked)`;
  });
  return { revoked: true };
}
