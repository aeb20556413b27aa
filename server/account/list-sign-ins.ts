import { and, desc, eq, gt, sql } from 'drizzle-orm';
import { authSignIn } from '@/db/schema/auth';
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

/** The live sign-ins of a person, the one that asks first, then by their last use; nothing of what makes them valid. */
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
