import { type Instant, toIso } from '../clock';
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
  const rows = await failClosed(
    () => ctx.sql<(Omit<AuditView, 'at' | 'accountId'> & { at: Instant; account_id: string | null })[]>`
      select id, at, actor, action, account_id, before, after, reason from audit
      where (${input.accountId ?? null}::text is null or account_id = ${input.accountId ?? null})
        and (${input.cursor ?? null}::text is null or id < ${input.cursor ?? null})
      order by id desc limit ${PAGE_SIZE + 1}`,
    ctx.log,
  );
  const page = rows.slice(0, PAGE_SIZE);
  const items = page.map(({ at, account_id, ...row }) => ({ ...row, at: toIso(at), accountId: account_id }));
  return { items, nextCursor: rows.length > PAGE_SIZE ? (page.at(-1)?.id ?? null) : null };
}
