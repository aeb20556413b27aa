import { and, desc, eq, lt } from 'drizzle-orm';
import { audit } from '@/db/schema/account';
import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import type { Page } from '../shapes';

export type AuditView = {
  id: string;
  at: string;
  actor: string;
  action: string;
  accountId: string | null;
  before: unknown;
  after: unknown;
  reason: string;
};

const PAGE_SIZE = 50;

/** Returns a page of the changes by administrators and operators, newest first. */
export async function listAudit(
  ctx: Ctx,
  input: { accountId?: string; cursor?: string },
): Promise<Page<AuditView>> {
  const { accountId, cursor } = input;
  const rows = await failClosed(
    () =>
      ctx.db
        .select()
        .from(audit)
        .where(
          and(
            accountId ? eq(audit.accountId, accountId) : undefined,
            cursor ? lt(audit.id, cursor) : undefined,
          ),
        )
        .orderBy(desc(audit.id))
        .limit(PAGE_SIZE + 1),
    ctx.log,
  );
  const page = rows.slice(0, PAGE_SIZE);
  const items = page.map((row) => ({ ...row, at: toIso(row.at) }));
  return { items, nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null };
}
