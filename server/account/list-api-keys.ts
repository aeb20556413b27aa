import { and, desc, eq, isNull } from 'drizzle-orm';
import { apiKey } from '@/db/schema/account';
import { toIso, toIsoOrNull } from '../clock';
import { type Ctx, failClosed } from '../context';
import type { Scope } from '../shapes';

export type ApiKeyView = {
  id: string;
  name: string;
  scopes: Scope[];
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
  /** Null for a key without an expiry; a key whose expiry is in the past is refused. */
  expiresAt: string | null;
};

/** Returns the keys of an account that are not revoked, newest first, without their secrets. */
export async function listApiKeys(ctx: Ctx, accountId: string): Promise<ApiKeyView[]> {
  const rows = await failClosed(
    () =>
      ctx.db
        .select({
          id: apiKey.id,
          name: apiKey.name,
          scopes: apiKey.scopes,
          prefix: apiKey.prefix,
          createdAt: apiKey.createdAt,
          lastUsedAt: apiKey.lastUsedAt,
          expiresAt: apiKey.expiresAt,
        })
        .from(apiKey)
        .where(and(eq(apiKey.accountId, accountId), isNull(apiKey.revokedAt)))
        .orderBy(desc(apiKey.id)),
    ctx.log,
  );
  return rows.map((row) => ({
    ...row,
    scopes: row.scopes as Scope[],
    createdAt: toIso(row.createdAt),
    lastUsedAt: toIsoOrNull(row.lastUsedAt),
    expiresAt: toIsoOrNull(row.expiresAt),
  }));
}
