import { endCustomer } from '../billing/end-customer';
import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';

/**
 * Takes deleted accounts out of the providers: the subscription at once; app, network and whatever is left in them as
 * soon as no machine runs. Repeated until both have confirmed; a provider that is away is asked again on the next pass.
 * Answers how many accounts are done.
 */
export async function removeDeletedAccounts(ctx: Ctx): Promise<number> {
  const rows = await ctx.sql<{ id: string; busy: boolean }[]>`
    select a.id, exists (select 1 from run r where r.account_id = a.id and r.ended_at is null)
      or exists (select 1 from session s where s.account_id = a.id and s.volume_id is not null) as busy
    from account a where a.deleted_at is not null and a.removed_at is null order by a.deleted_at limit 50`;
  let done = 0;
  for (const { id, busy } of rows) {
    try {
      await endCustomer(ctx, id);
      if (busy) continue;
      const gone = await ctx.machines.deleteApp(appNameOf(ctx.env.ENVIRONMENT_ID, id));
      if (!gone.ok && gone.failure.kind !== 'not_found') continue;
      await ctx.sql`update account set removed_at = hg_clock() where id = ${id}`;
      done += 1;
    } catch (error) {
      ctx.log.warn(
        { err: error, accountId: id },
        'a deleted account could not be removed from its providers yet',
      );
    }
  }
  return done;
}
