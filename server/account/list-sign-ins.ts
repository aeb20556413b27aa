import { and, desc, eq, gt, sql } from 'drizzle-orm';
import { authSignIn } from '@/db/schema/auth';
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

/** Returns the live sign-ins of a user, the caller's first, then by last use, without their tokens. */
export async function listSignIns(
  ctx: Ctx,
  { userId, signInId }: { userId: string; signInId?: string },
): Promise<SignInView[]> {
  const { id, userAgent, ipAddress, createdAt, updatedAt, expiresAt } = authSignIn;
  const rows = await failClosed(
    () =>
      ctx.db
        .select({ id, userAgent, ipAddress, createdAt, updatedAt })
        .from(authSignIn)
        .where(and(eq(authSignIn.userId, userId), gt(expiresAt, sql`now()`)))
        .orderBy(desc(eq(id, signInId ?? '')), desc(updatedAt), desc(id)),
    ctx.log,
  );
  return rows.map((row) => ({
    id: row.id,
    device: nameDevice(row.userAgent),
    address: nameNetwork(row.ipAddress),
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.updatedAt.toISOString(),
    isCurrent: row.id === signInId,
  }));
}
