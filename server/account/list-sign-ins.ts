import { type Ctx, failClosed } from '../context';
import { nameDevice } from './name-device';
import { nameNetwork } from './name-network';

export type SignInView = {
  id: string;
  /** For example `Firefox on Linux`. */
  device: string;
  /** The network address of the sign-in; null when it is unknown. */
  address: string | null;
  createdAt: string;
  /** Accurate to the hour. */
  lastUsedAt: string;
  /** Whether this is the caller's sign-in. */
  isCurrent: boolean;
};

type Row = {
  id: string;
  user_agent: string | null;
  ip_address: string | null;
  created_at: Date;
  updated_at: Date;
};

/** Returns the live sign-ins of a user, the caller's first, then by last use, without their tokens. */
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
