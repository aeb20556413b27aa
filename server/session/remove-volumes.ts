import type { Ctx } from '../context';
import { appNameOf } from '../machine/machines';

/**
 * Removes the volumes of deleted sessions whose machines are proven dead; a refusal (still bound) is tried again on
 * the next pass. Answers how many went.
 */
export async function removeDeletedVolumes(ctx: Ctx): Promise<number> {
  const rows = await ctx.sql<{ id: string; account_id: string; volume_id: string }[]>`
    select s.id, s.account_id, s.volume_id from session s
    where s.deleted_at is not null and s.volume_id is not null
      and not exists (select 1 from run r where r.session_id = s.id and r.ended_at is null)
    limit 100`;
  let removed = 0;
  for (const row of rows) {
    const gone = await ctx.machines.deleteVolume(
      appNameOf(ctx.env.ENVIRONMENT_ID, row.account_id),
      row.volume_id,
    );
    if (!gone.ok) continue;
    await ctx.sql`update session set volume_id = null where id = ${row.id} and volume_id = ${row.volume_id}`;
    removed += 1;
  }
  return removed;
}
