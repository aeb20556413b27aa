import type { Row } from '@/db/rows';
import type { session } from '@/db/schema/session';
import type { Instant } from '../clock';
import type { Ctx } from '../context';
import { accountIdOf, type Volume } from '../machine/machines';
import { alarmListing, claimPass, endPass, type Pass, renewing } from './listing';
import { type Ownership, ownersOf } from './living-volumes';
import { readList } from './read-list';
import { noteRemovals } from './removals';

/** A volume is made before its session records it. After this time, in ms, none will. */
const VOLUME_AGE_MS = 3_600_000;
/** The second read of a volume comes at least this long after the list, in ms. */
const READS_APART_MS = 60_000;
/** Leaks are rare and cost little: the list is read once in this many intervals of the reconciler. */
const INTERVALS_APART = 20;
/**
 * More leftovers on one page than this number and this share are a mistake of ours rather than leaks: nothing is
 * removed.
 */
const MOST_ON_A_PAGE = 20;
const LARGEST_SHARE = 0.1;

/**
 * Reads all volumes of the organisation and records for removal those of our accounts that no living session has. They
 * contain users' files: when many are unknown at once, it alarms and removes nothing. Returns how many were recorded.
 */
export async function findLeakedVolumes(ctx: Ctx): Promise<number> {
  const pauseMs = INTERVALS_APART * ctx.env.RECONCILE_INTERVAL_SECONDS * 1000;
  const pass = await claimPass(ctx, 'volumes', pauseMs);
  if (!pass) return 0;
  let count = 0;
  let noted = 0;
  const end = await readList(
    (cursor) => ctx.machines.listVolumes(cursor),
    async (page) => {
      const leaked = await findOnPage(ctx, pass, page);
      count += page.length;
      noted += leaked ?? 0;
      return leaked !== null;
    },
  );
  // A volume that is shown exists, whatever else was left out: an incomplete list only finds less.
  if (end.how === 'failed') alarmListing(ctx, pass.name, 'failed', { failure: end.failure });
  if (end.how === 'partial' || end.how === 'broken') alarmListing(ctx, pass.name, end.how);
  await endPass(ctx, pass, end, count);
  return noted;
}

/**
 * Handles one page in one statement, with two more when no session's row names a volume on it. Null: the pass is lost.
 */
async function findOnPage(ctx: Ctx, pass: Pass, page: Volume[]): Promise<number | null> {
  const inOurApps = page.filter(
    ({ app, isGone }) => !isGone && accountIdOf(ctx.env.ENVIRONMENT_ID, app) !== null,
  );
  const rows = await ctx.sql<(Pick<Row<typeof session>, 'volume_id'> & { now: Instant })[]>`
    ${renewing(ctx, pass)} select s.volume_id, hg_clock() as now
    from held left join session s on s.volume_id = any(${inOurApps.map(({ id }) => id)}) and s.deleted_at is null`;
  const now = rows[0]?.now;
  if (now === undefined) return null;
  const living = new Set(rows.map((row) => row.volume_id));
  const old = inOurApps.filter(({ id, createdAt }) => !living.has(id) && now - createdAt >= VOLUME_AGE_MS);
  if (old.length === 0) return 0;
  const owners = await ownersOf(ctx, old);
  const ofKind = (...kinds: Ownership[]) =>
    old.filter(({ id }) => kinds.includes(owners.get(id)?.is ?? 'not ours'));
  // Volumes that only an operator may decide on are recorded for one, however many they are.
  const doubtful = ofKind('forgotten', 'second');
  await noteLeaked(ctx, doubtful);
  const leaked = ofKind('left over');
  if (leaked.length > Math.max(MOST_ON_A_PAGE, inOurApps.length * LARGEST_SHARE)) {
    alarmListing(ctx, pass.name, 'crowded', { leftOver: leaked.length, shown: inOurApps.length });
    return doubtful.length;
  }
  await noteLeaked(ctx, leaked);
  return leaked.length + doubtful.length;
}

/** When the list does not contain a volume's age, its second read is put off until it is surely old enough. */
function noteLeaked(ctx: Ctx, leaked: Volume[]): Promise<void> {
  const found = leaked.map(({ id, app, region, createdAt }) => ({
    id,
    app,
    region,
    accountId: accountIdOf(ctx.env.ENVIRONMENT_ID, app),
    tryInMs: createdAt === 0 ? VOLUME_AGE_MS : READS_APART_MS,
  }));
  return noteRemovals(ctx, 'volume', found);
}
