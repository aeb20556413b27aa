import { type Instant, toIso, toIsoOrNull } from '../clock';
import { type Ctx, failClosed } from '../context';
import type { Scope } from '../shapes';

export type ApiKeyView = {
  id: string;
  name: string;
  scopes: Scope[];
  prefix: string;
  createdAt: string;
  lastUsedAt: string | null;
};

type Row = {
  id: string;
  name: string;
  scopes: Scope[];
  prefix: string;
  created_at: Instant;
  last_used_at: Instant | null;
};

/** The live keys of an account, newest first, without their secrets. */
export async function listApiKeys(ctx: Ctx, accountId: string): Promise<ApiKeyView[]> {
  const rows = await failClosed(
    () => ctx.sql<Row[]>`
      select id, name, scopes, prefix, created_at, last_used_at from api_key
      where account_id = ${accountId} and revoked_at is null order by id desc`,
    ctx.log,
  );
  return rows.map(({ created_at, last_used_at, ...row }) => ({
    ...row,
    createdAt: toIso(created_at),
    lastUsedAt: toIsoOrNull(last_used_at),
  }));
}
