import { type Instant, toIso } from '../clock';
import type { Ctx } from '../context';

/**
 * Grants nothing until every lease that a restored database may not know has ended: the longest slice after the longest
 * boot. A database restored from a dump is noticed without help. One restored in another way (to a point in time, from
 * a lagging replica) looks like the old one, so the operator must report it with `told`. Records the newest start in
 * the books, because nothing was started since. Returns from when on time is granted again, null when nothing is new.
 */
export async function noteRestore(
  ctx: Pick<Ctx, 'sql' | 'env' | 'log'>,
  told: boolean = false,
): Promise<Instant | null> {
  const waitSeconds = ctx.env.LEASE_MAX_SECONDS + ctx.env.BOOT_TIMEOUT_SECONDS;
  const [row] = await ctx.sql<{ granting_from: Instant }[]>`
    with noticed as (
      update granting set ledger_oid = 'usage_entry'::regclass::oid::bigint,
        granting_from = hg_clock() + ${waitSeconds} * interval '1 second'
      where ${told} or ledger_oid <> 'usage_entry'::regclass::oid::bigint
      returning granting_from),
    gap as (
      insert into restore_gap (noticed_at, known_until)
      select hg_clock(), coalesce((select max(admitted_at) from run), '1970-01-01') from noticed
      on conflict do nothing)
    select granting_from from noticed`;
  if (!row) return null;
  ctx.log.error(
    { grantingFrom: toIso(row.granting_from) },
    'the database was restored: nothing is granted until every lease it may not know has ended',
  );
  return row.granting_from;
}
