import type { Ctx } from '../context';

/**
 * Longer than any cause of an email can recur: deleting an email's row earlier would let the same cause send it again.
 */
const KEPT_DAYS = 400;
const BATCH_SIZE = 5_000;

/** Deletes up to one batch of emails that were sent or given up more than 400 days ago. Returns how many. */
export async function forgetEmails(ctx: Pick<Ctx, 'sql'>): Promise<number> {
  const gone = await ctx.sql`
    delete from mail where id in (
      select id from mail where due_at is null and created_at < hg_clock() - ${KEPT_DAYS} * interval '1 day'
      order by id limit ${BATCH_SIZE})
    returning 1`;
  return gone.length;
}
