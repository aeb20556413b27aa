import type { Sql, TxSql } from '@/db/client';
import type { Row } from '@/db/rows';
import type { removal } from '@/db/schema/machine';
import { forEachAtOnce } from '../at-once';
import type { Ctx } from '../context';

/**
 * Removals at the providers, stored in PostgreSQL until the object is proven gone. Any number of workers share them.
 */

export type RemovalKind = Row<typeof removal>['kind'];
export type Removal = Pick<
  Row<typeof removal>,
  'kind' | 'id' | 'app' | 'account_id' | 'attempts' | 'parked_at'
>;
/**
 * The result of one attempt. `gone`: proven. `kept`: it must not be removed after all. `waiting`: another removal comes
 * first. `asked`: the provider accepted, the proof is pending. `parked`: only an operator may decide; the reason is
 * recorded.
 */
export type Tried =
  | { outcome: 'gone' | 'kept' | 'waiting' | 'asked' }
  | { outcome: 'failed' | 'parked'; error: string };

/** After this many attempts (about eight minutes) a removal is parked for an operator, and tried once per hour. */
export const PARKED_AFTER = 20;
const PARKED_PAUSE_MS = 3_600_000;
const FIRST_PAUSE_MS = 5_000;
/** Short, so that leftovers of an outage are gone within a minute after it; in ms. */
const LONGEST_PAUSE_MS = 25_000;
const WAITING_PAUSE_MS = 10_000;
/**
 * A claim keeps other workers away for this long, in ms: nearly every attempt is over by then, and a second one is
 * harmless.
 */
const CLAIM_MS = 30_000;
const BATCH_SIZE = 100;
const CONCURRENCY = 16;
/** Attempts in one pass; the rest is for the next pass or another worker. */
const MOST_AT_A_TIME = 1_000;

/** Returns the pause after this many attempts, in ms. Pure. */
const pauseAfter = (attempts: number): number =>
  attempts >= PARKED_AFTER
    ? PARKED_PAUSE_MS
    : Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);

export type Found = { id: string; app: string; accountId: string | null; region?: string; tryInMs: number };

/** Records removals in one statement. A removal that is already recorded keeps its attempts and its due time. */
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

/** Attempts every due removal of a kind; an attempt that throws has failed. Returns how many objects are gone. */
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
