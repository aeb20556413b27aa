import type { Ctx } from '../context';

/** Long after every cause of a letter is over: a cause that is forgotten could make its letter again. */
const KEPT_DAYS = 400;
const BATCH = 5_000;

/** Forgets letters that were sent or given up more than 400 days ago. Answers how many. */
export async function forgetLetters(ctx: Pick<Ctx, 'sql'>): Promise<number> {
  const gone = await ctx.sql`
    delete from mail where id in (
      select id from mail where due_at is null and created_at < hg_clock() - ${KEPT_DAYS} * interval '1 day'
      order by id limit ${BATCH})
    returning 1`;
  return gone.length;
}
