import type { Row } from '@/db/rows';
import type { session } from '@/db/schema/session';
import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';
import { metrics } from '../metrics';
import { findLeakedVolumes } from './find-leaked-volumes';
import { ownersOf } from './living-volumes';
import { noteRemovals, type Removal, type Tried, workOffRemovals } from './removals';

/** Sessions per pass. */
const BATCH_SIZE = 1_000;

/**
 * Removes the volumes of deleted sessions whose machines are proven dead, and those that no living session has. One
 * that is still attached is tried again, later and later. Returns how many were removed.
 */
export async function removeDeletedVolumes(ctx: Ctx): Promise<number> {
  await findDeleted(ctx);
  await findLeakedVolumes(ctx);
  return workOffRemovals(ctx, 'volume', (removal) => removeVolume(ctx, removal));
}

async function findDeleted(ctx: Ctx): Promise<void> {
  const rows = await ctx.sql<
    (Pick<Row<typeof session>, 'account_id'> & { volume_id: NonNullable<Row<typeof session>['volume_id']> })[]
  >`
    select s.account_id, s.volume_id from session s
    where s.deleted_at is not null and s.volume_id is not null
      and not exists (select 1 from run r where r.session_id = s.id and r.ended_at is null)
      and not exists (select 1 from removal where kind = 'volume' and id = s.volume_id)
    limit ${BATCH_SIZE}`;
  const found = rows.map((row) => ({
    id: row.volume_id,
    app: appNameOf(ctx.env.ENVIRONMENT_ID, row.account_id),
    accountId: row.account_id,
    tryInMs: 0,
  }));
  await noteRemovals(ctx, 'volume', found);
}

const FORGOTTEN =
  'it was made after the dump that this database was restored from, and belongs to no session here: it may hold the files of one that is missing, or of the installation that the dump came from';

/** Reads the volume and its ownership a second time, independently, before files are removed. */
async function removeVolume(ctx: Ctx, { app, id }: Removal): Promise<Tried> {
  const read = await ctx.machines.getVolume(app, id);
  if (!read.ok) return { outcome: 'failed', error: `could not be read: ${read.failure.message}` };
  const volume = read.value;
  if (volume !== null && !volume.isGone) {
    const owner = (await ownersOf(ctx, [{ ...volume, app }])).get(id);
    if (owner?.is === 'living') return { outcome: 'kept' };
    if (owner?.is === 'forgotten') return { outcome: 'parked', error: FORGOTTEN };
    if (owner?.is === 'second')
      return {
        outcome: 'parked',
        error: `session ${owner.sessionId} uses another volume and this one has its name: it may hold files of a time before`,
      };
    const removed = await ctx.machines.deleteVolume(app, id);
    if (!removed.ok) return { outcome: 'failed', error: removed.failure.message };
    metrics.volumesRemoved.inc();
  }
  await ctx.sql`update session set volume_id = null where volume_id = ${id} and deleted_at is not null`;
  return { outcome: 'gone' };
}
