import type { Ctx } from '../context';
import { accountIdOf, type Volume, volumeNameOf } from '../machine/machines';

/** Which volumes belong to a session that lives: it is not deleted, or its last machine is not proven dead. */
export type Ownership = 'living' | 'left over' | 'not ours';

/** A name that only a session's volume has. */
const SESSION_VOLUME = /^s_[a-z0-9]{1,26}$/;

/**
 * Asks PostgreSQL, in one statement, whose each volume is. Left over is only what lies in the app of an account of ours,
 * has a session's name, and belongs to no living session, neither by its id nor by its name.
 */
export async function ownersOf(ctx: Ctx, volumes: Volume[]): Promise<Map<string, Ownership>> {
  const accountOf = (volume: Volume) => accountIdOf(ctx.env.ENVIRONMENT_ID, volume.app) ?? '';
  const accountIds = [...new Set(volumes.map(accountOf))];
  const rows = await ctx.sql<{ account_id: string; session_id: string | null; volume_id: string | null }[]>`
    select a.id as account_id, living.id as session_id, living.volume_id
    from account a left join lateral (
      select s.id, s.volume_id from session s where s.account_id = a.id and s.deleted_at is null
      union all select s.id, s.volume_id from run r join session s on s.id = r.session_id
        where r.account_id = a.id and r.ended_at is null) living on true
    where a.id = any(${accountIds})`;
  const known = new Set(rows.map((row) => row.account_id));
  const ids = new Set(rows.map((row) => row.volume_id));
  const names = new Set(rows.map((row) => `${row.account_id} ${volumeNameOf(row.session_id ?? '')}`));
  return new Map(
    volumes.map((volume) => {
      const isOurs = known.has(accountOf(volume)) && SESSION_VOLUME.test(volume.name);
      const isLiving = ids.has(volume.id) || names.has(`${accountOf(volume)} ${volume.name}`);
      return [volume.id, isLiving ? 'living' : isOurs ? 'left over' : 'not ours'];
    }),
  );
}
