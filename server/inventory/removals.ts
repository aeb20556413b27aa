import type { Sql, TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { removal } from '@/db/schema/machine';
import { forEachAtOnce } from '../at-once';
import type { Ctx } from '../context';

/** What has to go at the providers, remembered in PostgreSQL until it is proven gone. Any number of workers share it. */

export type RemovalKind = Row<typeof removal>['kind'];
export type Removal = Pick<
  Row<typeof removal>,
  'kind' | 'id' | 'app' | 'account_id' | 'attempts' | 'parked_at'
>;
/**
 * What one try came to. `gone`: proven. `kept`: it must not go after all. `waiting`: something else has to go first.
 * `asked`: the provider said yes, the proof is still to come. `parked`: only a person may decide, and is told why.
 */
export type Tried =
  | { outcome: 'gone' | 'kept' | 'waiting' | 'asked' }
  | { outcome: 'failed' | 'parked'; error: string };

/** After so many tries, some eight minutes, a person has to look; from then on it is tried once an hour. */
export const PARKED_AFTER = 20;
const PARKED_PAUSE_MS = 3_600_000;
const FIRST_PAUSE_MS = 5_000;
/** Short, so that what a fault left behind is gone within a minute after it. */
const LONGEST_PAUSE_MS = 25_000;
const WAITING_PAUSE_MS = 10_000;
/** While one worker tries, the others leave it alone for this long: nearly every try is over by then, and a second one does no harm. */
const CLAIM_MS = 30_000;
const BATCH_SIZE = 100;
const CONCURRENCY = 16;
/** Tries in one pass; the rest is for the next pass, or for another worker. */
const MOST_AT_A_TIME = 1_000;

/** How long to wait after this many tries. Pure. */
const pauseAfter = (attempts: number): number =>
  attempts >= PARKED_AFTER
    ? PARKED_PAUSE_MS
    : Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);

export type Found = { id: string; app: string; accountId: string | null; region?: string; tryInMs: number };

/** Remembers what has to go. What is known already keeps its tries and its turn. One statement. */
export async function noteRemovals(
  ctx: { sql: Sql | TxSql },
  kind: RemovalKind,
  found: Found[],
): Promise<void> {
  if (found.length === 0) return;
  await ctx.sql`
    insert into removal (kind, id, app, account_id, region, due_at)
    select ${kind}, f.id, f.app, f.account, f.region, hg_clock() + f.ms * interval '1 ms'
    from unnest(${found.map((one) => one.id)}::text[], ${found.map((one) => one.app)}::text[],
      ${found.map((one) => one.accountId)}::text[], ${found.map((one) => one.region ?? null)}::text[],
      ${found.map((one) => one.tryInMs)}::int[]) as f(id, app, account, region, ms)
    on conflict do nothing`;
}

/** Tries everything of a kind that is due; a try that throws has failed. Returns how much is gone. */
export async function workOffRemovals(
  ctx: Ctx,
  kind: RemovalKind,
  tryOnce: (removal: Removal) => Promise<Tried>,
): Promise<number> {
  let gone = 0;
  for (let taken = 0; taken < MOST_AT_A_TIME; ) {
    const due = await takeDue(ctx, kind);
    await forEachAtOnce(due, CONCURRENCY, async (removal) => {
      const tried = await tryOnce(removal).catch(
        (error): Tried => ({ outcome: 'failed', error: String((error as Error)?.message ?? error) }),
      );
      if (tried.outcome === 'gone') gone += 1;
      await noteTried(ctx, removal, tried);
    });
    taken += due.length;
    if (due.length < BATCH_SIZE) break;
  }
  return gone;
}

const takeDue = (ctx: Ctx, kind: RemovalKind): Promise<Removal[]> => ctx.sql<Removal[]>`
  update removal r set due_at = hg_clock() + ${CLAIM_MS} * interval '1 ms'
  from (select kind, id from removal where kind = ${kind} and due_at <= hg_clock()
    order by due_at limit ${BATCH_SIZE} for update skip locked) due
  where r.kind = due.kind and r.id = due.id
  returning r.kind, r.id, r.app, r.account_id, r.attempts, r.parked_at`;

async function noteTried(ctx: Ctx, removal: Removal, tried: Tried): Promise<void> {
  const { kind, id } = removal;
  if (tried.outcome === 'gone' || tried.outcome === 'kept') {
    await ctx.sql`delete from removal where kind = ${kind} and id = ${id}`;
    if (removal.parked_at !== null)
      ctx.log.info({ kind, id }, 'parked no more: it is gone, or has its place again');
    return;
  }
  const counts = tried.outcome === 'failed' || tried.outcome === 'asked';
  const attempts = removal.attempts + (counts ? 1 : 0);
  const isParked = attempts >= PARKED_AFTER || tried.outcome === 'parked';
  const pause =
    tried.outcome === 'waiting' ? WAITING_PAUSE_MS : isParked ? PARKED_PAUSE_MS : pauseAfter(attempts);
  const error = 'error' in tried ? tried.error.slice(0, 300) : null;
  await ctx.sql`
    update removal set attempts = ${attempts}, error = ${error}, due_at = hg_clock() + ${pause} * interval '1 ms',
      parked_at = case when ${isParked} then coalesce(parked_at, hg_clock()) end
    where kind = ${kind} and id = ${id}`;
  if (tried.outcome === 'waiting') return;
  const facts = { kind, id, app: removal.app, accountId: removal.account_id, attempts, error };
  if (tried.outcome === 'parked')
    ctx.log.error(facts, 'parked: a person has to decide. See `operator parked list`');
  else if (isParked) ctx.log.error(facts, ADVICE[kind]);
  else if (error !== null) ctx.log.warn(facts, 'could not be removed yet; it is tried again');
}

const ADVICE: Record<RemovalKind, string> = {
  machine:
    'parked: a machine without an open run is still there. Destroy it at the provider; it is asked again every hour',
  volume:
    'parked: a volume of no living session is still there. See which machine has it, remove that and the volume at the provider',
  account:
    'parked: a deleted account is still known to a provider. See the error: remove its customer at the payment provider or its app at the machines provider',
};
