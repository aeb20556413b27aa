import type { Ctx } from '../context';

/** Long enough to explain why a run ended. The ledger keeps what was charged for good. */
const KEPT_DAYS = 180;
const BATCH_SIZE = 5_000;

/**
 * Deletes up to one batch of the provider's events that were received more than 180 days ago and belong to ended runs.
 * Returns how many.
 */
export async function forgetSightings(ctx: Pick<Ctx, 'sql'>): Promise<number> {
  const gone = await ctx.sql`
    delete from provider_event where id in (
      select e.id from provider_event e join run r on r.id = e.run_id
      where e.received_at < hg_clock() - ${KEPT_DAYS} * interval '1 day' and r.ended_at is not null limit ${BATCH_SIZE})
    returning 1`;
  return gone.length;
}
