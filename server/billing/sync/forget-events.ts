import type { Ctx } from '../../context';

/** The provider sends an event again for three days by itself, and for thirty on request. */
const KEPT_DAYS = 100;
const BATCH_SIZE = 5_000;

/** Deletes the records of events that were processed more than 100 days ago. Returns how many. */
export async function forgetEvents(ctx: Pick<Ctx, 'sql'>): Promise<number> {
  const gone = await ctx.sql`
    delete from stripe_event where id in (
      select id from stripe_event where processed_at < hg_clock() - ${KEPT_DAYS} * interval '1 day'
      order by id limit ${BATCH_SIZE})
    returning 1`;
  return gone.length;
}
