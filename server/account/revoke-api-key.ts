import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';

/** Ends a key at once; revoking it again is no error. Throws NOT_FOUND. */
export async function revokeApiKey(
  ctx: Ctx,
  input: { accountId: string; apiKeyId: string },
): Promise<{ revoked: true }> {
  const rows = await failClosed(
    () => ctx.sql`
      update api_key set revoked_at = coalesce(revoked_at, hg_clock())
      where id = ${input.apiKeyId} and account_id = ${input.accountId} returning id`,
    ctx.log,
  );
  if (rows.length === 0) throw notFound('API key');
  return { revoked: true };
}
