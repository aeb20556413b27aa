import { type Ctx, inTx } from '../context';
import { notFound } from '../errors';

/** Revoked keys that are remembered, so that making and revoking them in a loop leaves no rows without end. */
const REVOKED_KEPT = 20;

/** Ends a key at once; revoking it again is no error while it is remembered. Throws NOT_FOUND. */
export async function revokeApiKey(
  ctx: Ctx,
  input: { accountId: string; apiKeyId: string },
): Promise<{ revoked: true }> {
  const { accountId, apiKeyId } = input;
  await inTx(ctx, async (tx) => {
    const rows = await tx.sql`
      update api_key set revoked_at = coalesce(revoked_at, hg_clock())
      where id = ${apiKeyId} and account_id = ${accountId} returning id`;
    if (rows.length === 0) throw notFound('API key');
    await tx.sql`
      delete from api_key where id in (
        select id from api_key where account_id = ${accountId} and revoked_at is not null
        order by revoked_at desc, id desc offset ${REVOKED_KEPT} for update skip locked)`;
  });
  return { revoked: true };
}
