import { type Ctx, failClosed } from '../context';
import { nameDevice } from './name-device';
import { nameNetwork } from './name-network';

export type SignInView = {
  id: string;
  /** `Firefox on Linux` */
  device: string;
  /** The network address it was made from; null when none was seen. */
  address: string | null;
  createdAt: string;
  /** To the hour. */
  lastUsedAt: string;
  /** The sign-in that asks. */
  isCurrent: boolean;
};

type Row = {
  id: string;
  user_agent: string | null;
  ip_address: string | null;
  created_at: Date;
  updated_at: Date;
};

/** The live sign-ins of a person, the one that asks first, then by their last use; nothing of what makes them valid. */
export async function listSignIns(
  ctx: Ctx,
  { userId, signInId }: { userId: string; signInId?: string },
): Promise<SignInView[]> {
  const rows = await failClosed(
    () => ctx.sql<Row[]>`
      select id, user_agent, ip_address, created_at, updated_at from auth_sign_in
      where user_id = ${userId} and expires_at > now()
      order by id = ${signInId ?? ''} desc, updated_at desc, id desc`,
    ctx.log,
  );
  return rows.map((row) => ({
    id: row.id,
    device: nameDevice(row.user_agent),
    address: nameNetwork(row.ip_address),
    createdAt: new Date(row.created_at).toISOString(),
    lastUsedAt: new Date(row.updated_at).toISOString(),
    isCurrent: row.id === signInId,
  }));
}
