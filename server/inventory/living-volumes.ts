import type { Row } from '@/db/rows';
import type { account } from '@/db/schema/account';
import type { restoreGap } from '@/db/schema/quota';
import type { session } from '@/db/schema/session';
import type { Ctx } from '../context';
import { accountIdOf, type Volume, volumeNameOf } from '../machine/machines';

/**
 * `living`: of a session that is not deleted, or whose last machine is not proven dead. `second`: named like the volume of
 * such a session, which uses another one. `forgotten`: of no known session, and made in a time that a restore left out of
 * the books.
 */
export type Ownership = 'living' | 'second' | 'left over' | 'forgotten' | 'not ours';
export type Owner = { is: Ownership; sessionId?: string };

/** The name that only a session's volume has. */
const SESSION_VOLUME = /^s_[a-z0-9]{1,26}$/;

/** An account with one of its living sessions; without one the session's columns are null. */
type LivingVolume = {
  account_id: Row<typeof account>['id'];
  session_id: Row<typeof session>['id'] | null;
  volume_id: Row<typeof session>['volume_id'];
};

/**
 * Classifies volumes in one statement. `left over`: in the app of one of our accounts, named like a session's volume,
 * and matching no living session by id or name.
 */
export async function ownersOf(ctx: Ctx, volumes: Volume[]): Promise<Map<string, Owner>> {
  const accountOf = (volume: Volume) => accountIdOf(ctx.env.ENVIRONMENT_ID, volume.app) ?? '';
  const accountIds = [...new Set(volumes.map(accountOf))];
  const rows = await ctx.sql<LivingVolume[]>`
    select a.id as account_id, living.id as session_id, living.volume_id
    from account a left join lateral (
      select s.id, s.volume_id from session s where s.account_id = a.id and s.deleted_at is null
      union all select s.id, s.volume_id from run r join session s on s.id = r.session_id
        where r.account_id = a.id and r.ended_at is null) living on true
    where a.id = any(${accountIds})`;
  const known = new Set(rows.map((row) => row.account_id));
  const ids = new Set(rows.map((row) => row.volume_id));
  const sessions = new Map(
    rows.map((row) => [`${row.account_id} ${volumeNameOf(row.session_id ?? '')}`, row] as const),
  );
  const isForgotten = await forgottenOf(ctx, volumes, accountIds);
  function ownerOf(volume: Volume): Owner {
    if (ids.has(volume.id)) return { is: 'living' };
    const session = sessions.get(`${accountOf(volume)} ${volume.name}`);
    if (session?.session_id)
      return { is: session.volume_id === null ? 'living' : 'second', sessionId: session.session_id };
    if (!known.has(accountOf(volume)) || !SESSION_VOLUME.test(volume.name)) return { is: 'not ours' };
    return { is: isForgotten(volume) ? 'forgotten' : 'left over' };
  }
  return new Map(volumes.map((volume) => [volume.id, ownerOf(volume)]));
}

/** Clocks of the provider and PostgreSQL differ, and a volume is made shortly after its run was admitted; in ms. */
const MARGIN_MS = 10 * 60_000;

/**
 * Returns the volumes that restores may have left out of the books: made, possibly, after the restored books end, and
 * matching no session's row, deleted or not, by id or name. That time has no end, because the installation that was
 * copied may still make volumes.
 */
async function forgottenOf(
  ctx: Ctx,
  volumes: Volume[],
  accountIds: string[],
): Promise<(volume: Volume) => boolean> {
  const ids = volumes.map(({ id }) => id);
  const [gap] = await ctx.sql<{ known_until: Row<typeof restoreGap>['known_until'] | null }[]>`
    select min(known_until) as known_until from restore_gap`;
  const knownUntil = gap?.known_until ?? null;
  if (knownUntil === null) return () => false;
  const rows = await ctx.sql<Pick<Row<typeof session>, 'id' | 'account_id' | 'volume_id'>[]>`
    select id, account_id, volume_id from session where volume_id = any(${ids}) or account_id = any(${accountIds})`;
  const named = new Set(rows.flatMap((row) => [row.volume_id, `${row.account_id} ${volumeNameOf(row.id)}`]));
  return ({ id, app, name, createdAt }) =>
    !named.has(id) &&
    !named.has(`${accountIdOf(ctx.env.ENVIRONMENT_ID, app)} ${name}`) &&
    (createdAt === 0 || createdAt >= knownUntil - MARGIN_MS);
}
