import { and, desc, eq, ilike, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import { account, member } from '@/db/schema/account';
import { authUser } from '@/db/schema/auth';
import { toIso } from '../clock';
import { type Ctx, failClosed } from '../context';
import { notFound } from '../errors';
import { quotaRules } from '../quota/account-state';
import { describeQuota } from '../quota/describe-quota';
import { readAccount } from '../quota/load-account';
import type { AccountStatus, Page } from '../shapes';

export type AccountView = {
  id: string;
  name: string;
  status: AccountStatus;
  planId: string;
  ownPlanId: string;
  owner: { email: string; name: string } | null;
  createdAt: string;
  usedSeconds: number;
  quotaSeconds: number | null;
  activeSessions: number;
};

const PAGE_SIZE = 50;

/** Returns a page of accounts for administrators, newest first; `search` matches names, ids and owners' addresses. */
export async function listAccounts(
  ctx: Ctx,
  input: { cursor?: string; limit?: number; search?: string },
): Promise<Page<AccountView>> {
  const { cursor, search, limit = PAGE_SIZE } = input;
  const like = search ? `%${search.replace(/[%_\\]/g, '\\$&')}%` : undefined;
  const rows = await readRows(
    ctx,
    and(
      cursor ? lt(account.id, cursor) : undefined,
      like ? or(ilike(account.name, like), ilike(account.id, like), ilike(authUser.email, like)) : undefined,
    ),
    limit + 1,
  );
  const page = rows.slice(0, limit);
  const items = await Promise.all(page.map((row) => view(ctx, row)));
  return { items, nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** Returns one account for administrators. Throws NOT_FOUND. */
export async function getAccount(ctx: Ctx, accountId: string): Promise<AccountView> {
  const [row] = await readRows(ctx, eq(account.id, accountId), 1);
  if (!row) throw notFound('account');
  return view(ctx, row);
}

/** Accounts that are not deleted, with their earliest owner, newest first. */
function readRows(ctx: Ctx, where: SQL | undefined, most: number) {
  const owner = ctx.db
    .select({ userId: member.userId })
    .from(member)
    .where(and(eq(member.accountId, account.id), eq(member.role, 'owner')))
    .orderBy(member.createdAt)
    .limit(1)
    .as('owner');
  const { id, name, status, ownPlanId, createdAt } = account;
  return failClosed(
    () =>
      ctx.db
        .select({ id, name, status, ownPlanId, createdAt, email: authUser.email, ownerName: authUser.name })
        .from(account)
        .leftJoinLateral(owner, sql`true`)
        .leftJoin(authUser, eq(authUser.id, owner.userId))
        .where(and(isNull(account.deletedAt), where))
        .orderBy(desc(id))
        .limit(most),
    ctx.log,
  );
}

type AccountRow = Awaited<ReturnType<typeof readRows>>[number];

async function view(ctx: Ctx, row: AccountRow): Promise<AccountView> {
  const state = await readAccount(ctx.sql, row.id);
  const quota = describeQuota(state, quotaRules(ctx.env));
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    planId: state.plan.id,
    ownPlanId: row.ownPlanId,
    owner: row.email === null ? null : { email: row.email, name: row.ownerName ?? '' },
    createdAt: toIso(row.createdAt),
    usedSeconds: quota.usedSeconds,
    quotaSeconds: quota.quotaSeconds,
    activeSessions: state.openRuns.length,
  };
}
