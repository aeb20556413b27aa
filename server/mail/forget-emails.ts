import type { Ctx } from '../context';

/**
 * Longer than any cause of an email can recur: deleting an email's row earlier would let the same cause send it again.
 */
const KEPT_DAYS = 400;
const BATCH_SIZE = 5_000;

/** Deletes emails to users and to the operator that were sent or given up more than 400 days ago. Returns how many. */
export async function forgetEmails(ctx: Pick<Ctx, 'sql'>): Promise<number> {
  return (await forget(ctx, 'mail')) + (await forget(ctx, 'operator_note'));
}

async function forget({ sql }: Pick<Ctx, 'sql'>, table: 'mail' | 'operator_note'): Promise<number> {
  const gone = await sql`
    delete from ${sql(table)} where id in (
      select id from ${sql(table)} where due_at is null and created_at < hg_clock() - ${KEPT_DAYS} * interval '1 day'
      order by id limit ${BATCH_SIZE})
    returning 1`;
  return gone.length;
}
