import type { Row } from '@/db/rows';
import type { listing } from '@/db/schema/machine';
import type { Instant } from '../clock';
import type { Ctx } from '../context';
import { newId } from '../ids';
import { metrics } from '../metrics';
import type { ListEnd } from './read-list';

/**
 * The lists of the provider that one worker at a time reads whole. The claim is in PostgreSQL; a worker that dies loses
 * it after `HOLD_MS`.
 */

export type ListName = 'machines' | 'volumes';
export type Pass = { name: ListName; holder: string; startedAt: Instant; previousCount: number | null };

/** A claim ends this long after its last renewal, in ms: longer than all attempts at one page. */
const HOLD_MS = 60_000;

/**
 * Claims the next pass over a list. Returns null when another worker has it, or the last one began less than `pauseMs`
 * ago.
 */
export async function claimPass(ctx: Ctx, name: ListName, pauseMs: number): Promise<Pass | null> {
  const holder = newId();
  const [row] = await ctx.sql<Pick<Row<typeof listing>, 'started_at' | 'count'>[]>`
    insert into listing (name, holder, held_until, started_at)
    values (${name}, ${holder}, hg_clock() + ${HOLD_MS} * interval '1 ms', hg_clock())
    on conflict (name) do update
      set holder = excluded.holder, held_until = excluded.held_until, started_at = excluded.started_at
      where (listing.held_until is null or listing.held_until < hg_clock())
        and listing.started_at <= hg_clock() - ${pauseMs} * interval '1 ms'
    returning started_at, count`;
  return row ? { name, holder, startedAt: row.started_at, previousCount: row.count } : null;
}

/** A prefix for a query that renews the claim in the same statement: `held` has one row while the claim is valid. */
export const renewing = (ctx: Ctx, pass: Pass) => ctx.sql`
  with held as (update listing set held_until = hg_clock() + ${HOLD_MS} * interval '1 ms'
    where name = ${pass.name} and holder = ${pass.holder} returning 1)`;

/** Renews a claim. Returns false when another worker has taken over. */
export async function renewPass(ctx: Ctx, pass: Pass): Promise<boolean> {
  const rows = await ctx.sql`${renewing(ctx, pass)} select 1 from held`;
  return rows.length > 0;
}

/** Ends a pass. What a complete list showed is compared with the next one. */
export async function endPass(ctx: Ctx, pass: Pass, end: ListEnd, count: number): Promise<void> {
  const complete = end.how === 'complete';
  await ctx.sql`
    update listing set holder = null, held_until = null,
      complete_at = case when ${complete} then hg_clock() else complete_at end,
      count = case when ${complete} then ${count}::int else count end
    where name = ${pass.name} and holder = ${pass.holder}`;
}

const ADVICE = {
  partial: 'the provider left out regions or entries; nothing is taken for gone until a list is whole',
  broken: 'the cursors of the provider lead nowhere; nothing is taken for gone until a list is whole',
  failed: 'the provider could not be read; it is asked again on the next pass',
  missing:
    'very many runs have no listed machine: the rest is looked at on the next pass. See whether a region of the provider is down',
  shrunk:
    'a list is suddenly much smaller than the last one and is not believed unless the next one agrees. Compare it with the provider’s own pages, and check FLY_ORG, the token and ENVIRONMENT_ID',
  crowded:
    'much of what is left over is unknown here, so nothing of it is removed. Check that DATABASE_URL and ENVIRONMENT_ID belong together, and whether a backup was restored',
  foreign:
    'machines of this environment lie in apps of accounts that this database does not know; they are left alone and end with their leases. Check that DATABASE_URL and ENVIRONMENT_ID belong together, and whether a backup was restored',
  unmarked:
    'machines of this environment bear no installation, and their runs are unknown here: they are left alone and end with their leases. Where no older build runs any more, see whose they are',
  other_installation:
    'another installation uses this ENVIRONMENT_ID at the same provider: its machines are left alone. Give one of the two another ENVIRONMENT_ID; `operator installation show` says which one this is',
} as const;

/** Counts and logs that a list is not believed, with what an operator should look at. */
export function alarmListing(
  ctx: Ctx,
  list: ListName,
  kind: keyof typeof ADVICE,
  facts: Record<string, unknown> = {},
): void {
  metrics.listingAlarms.inc({ list, kind });
  const level = kind === 'failed' || kind === 'partial' ? 'warn' : 'error';
  ctx.log[level]({ list, kind, ...facts }, ADVICE[kind]);
}

/** Reports how long ago any worker last read each list completely, as a metric. */
export async function reportListings(ctx: Ctx): Promise<void> {
  const rows = await ctx.sql<(Pick<Row<typeof listing>, 'name'> & { age: number })[]>`
    select name, hg_ms(hg_clock()) - hg_ms(coalesce(complete_at, started_at)) as age from listing`;
  for (const row of rows) metrics.listingAge.set({ list: row.name }, row.age / 1000);
}
