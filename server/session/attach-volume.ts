import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { DomainError, notFound } from '../errors';
import { newId } from '../ids';
import { holdAccount } from '../quota/load-account';
import type { Session } from '../shapes';
import { readSession } from './read-sessions';

export type AttachInput = { volumeId: string; name: string; actor: string; reason: string };

/**
 * Returns a parked volume to the account whose app contains it, as the disk of a new, stopped session with its files.
 * Audited. Throws NOT_FOUND for a volume that is not parked, INVALID_INPUT when its account or region is unknown.
 */
export async function attachVolume(ctx: Ctx, input: AttachInput): Promise<Session> {
  const { volumeId } = input;
  const [parked] = await ctx.sql<{ account_id: string | null; region: string | null }[]>`
    select account_id, region from removal where kind = 'volume' and id = ${volumeId} and parked_at is not null`;
  if (!parked) throw notFound('parked volume');
  const { account_id: accountId, region } = parked;
  if (accountId === null || !region)
    throw new DomainError('INVALID_INPUT', 'The account or the region of this volume is not known.');
  const id = newId();
  await inTx(ctx, async (tx) => {
    await holdAccount(tx, accountId);
    // A worker removing the volume checks its owner once more, and finds this session.
    await tx.sql`
      insert into session (id, account_id, name, agent, region, size, volume_id, created_at)
      values (${id}, ${accountId}, ${input.name}, 'bash', ${region}, 'standard', ${volumeId}, hg_clock())`;
    await tx.sql`delete from removal where kind = 'volume' and id = ${volumeId}`;
    await writeAudit(tx, {
      actor: input.actor,
      action: 'volume.attach',
      accountId,
      before: { volumeId },
      after: { volumeId, sessionId: id, name: input.name },
      reason: input.reason,
    });
  });
  return readSession(ctx.sql, accountId, id);
}
