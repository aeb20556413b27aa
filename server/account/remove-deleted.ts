import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import { endCustomer } from '../billing/end-customer';
import type { Ctx } from '../context';
import { noteRemovals, type Removal, type Tried, workOffRemovals } from '../inventory/removals';
import { appNameOf } from '../machine/machines';
import { LAUNCH_LIMIT_MS } from '../run/times';

/** Accounts per pass. */
const BATCH_SIZE = 1_000;

/**
 * Removes deleted accounts from the providers: the subscription at once; machines, then volumes, then the app with its
 * network. Retried with growing pauses until both have confirmed. Returns how many accounts are done.
 */
export async function removeDeletedAccounts(ctx: Ctx): Promise<number> {
  const rows = await ctx.sql<Pick<Row<typeof account>, 'id'>[]>`
    select a.id from account a where a.deleted_at is not null and a.removed_at is null
      and not exists (select 1 from removal where kind = 'account' and id = a.id)
    order by a.deleted_at limit ${BATCH_SIZE}`;
  const found = rows.map(({ id }) => ({
    id,
    app: appNameOf(ctx.env.ENVIRONMENT_ID, id),
    accountId: id,
    tryInMs: 0,
  }));
  await noteRemovals(ctx, 'account', found);
  return workOffRemovals(ctx, 'account', (removal) => removeAccount(ctx, removal));
}

async function removeAccount(ctx: Ctx, { id, app }: Removal): Promise<Tried> {
  await endCustomer(ctx, id);
  if (await isInUse(ctx, id)) return { outcome: 'waiting' };
  const gone = await ctx.machines.deleteApp(app);
  if (!gone.ok && gone.failure.kind !== 'not_found')
    return { outcome: 'failed', error: gone.failure.message };
  await ctx.sql`update account set removed_at = hg_clock() where id = ${id}`;
  return { outcome: 'gone' };
}

/**
 * After this time nothing that a launch requested is still pending, even if its process died: its last call had 15 s.
 */
const LAUNCH_OVER_MS = LAUNCH_LIMIT_MS + 15_000;

/**
 * Whether a machine may exist or be created, or a volume is being removed. A volume that could not be removed does not
 * keep its app, because removing the app removes it too.
 */
async function isInUse(ctx: Ctx, accountId: string): Promise<boolean> {
  const [row] = await ctx.sql<{ busy: boolean }[]>`
    select exists (select 1 from run where account_id = ${accountId} and ended_at is null)
      or exists (select 1 from run where account_id = ${accountId} and machine_id is null
        and admitted_at > hg_clock() - ${LAUNCH_OVER_MS} * interval '1 ms')
      or exists (select 1 from removal where account_id = ${accountId} and
        (kind = 'machine' or (kind = 'volume' and parked_at is null)))
      or exists (select 1 from session s
        where s.account_id = ${accountId} and s.deleted_at is not null and s.volume_id is not null
        and not exists (select 1 from removal r where r.kind = 'volume' and r.id = s.volume_id and r.parked_at is not null))
      as busy`;
  return row?.busy ?? true;
}
