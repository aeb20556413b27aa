import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import type { authUser } from '@/db/schema/auth';
import { writeAudit } from '../audit';
import { type Ctx, inTx, type TxCtx } from '../context';
import { notFound } from '../errors';
import { lockAccount } from '../quota/load-account';
import { stopAccount } from '../run/stop-account';
import { rememberUsage } from './carry-usage';
import type { ByWhom } from './set-plan';

/**
 * Deletes an account: it is blocked from now on, its sessions end, and its owners are deleted with their sign-ins and
 * keys. Its ledger, trial mark and this month's usage stay under ids and hashes that identify no one. Machines, files
 * and the subscription are removed at the providers afterwards, until they confirm. Throws NOT_FOUND.
 */
export async function deleteAccount(ctx: Ctx, input: ByWhom): Promise<{ deleted: true }> {
  const stopped = await inTx(ctx, async (tx) => {
    const state = await lockAccount(tx, input.accountId);
    const [marked] = await tx.sql`
      update account set deleted_at = ${state.now}, status = 'blocked', name = 'deleted', own_plan_id = 'free'
      where id = ${input.accountId} and deleted_at is null returning 1`;
    if (!marked) throw notFound('account');
    await tx.sql`
      update session set deleted_at = coalesce(deleted_at, ${state.now}), name = 'deleted'
      where account_id = ${input.accountId}`;
    await rememberUsage(tx, state);
    await forgetPeople(tx, input.accountId);
    await writeAudit(tx, {
      ...input,
      action: 'account.delete',
      before: { status: state.status, planId: state.plan.id },
      after: null,
    });
    return stopAccount(tx, state, 'deleted');
  });
  for (const runId of stopped) await ctx.jobs.wakeRun(runId, ctx.clock.now());
  return { deleted: true };
}

/** Deletes keys, memberships, unsent emails, and every user who belonged to this account alone. */
async function forgetPeople(tx: TxCtx, accountId: string): Promise<void> {
  const { sql } = tx;
  await sql`delete from secret where account_id = ${accountId}`;
  await sql`delete from api_key where account_id = ${accountId}`;
  await sql`delete from mail where account_id = ${accountId}`;
  await sql`delete from operator_note where account_id = ${accountId} and kind = 'contact'`;
  const people = await sql<Pick<Row<typeof member>, 'user_id'>[]>`
    delete from member where account_id = ${accountId} returning user_id`;
  const ids = people.map((person) => person.user_id);
  const alone = await sql<Pick<Row<typeof authUser>, 'id' | 'email'>[]>`
    delete from auth_user u where u.id = any(${ids}) and not exists (select 1 from member m where m.user_id = u.id)
    returning id, email`;
  const gone = alone.map((person) => person.id);
  const addresses = alone.map((person) => person.email);
  await sql`delete from mail_refusal where user_id = any(${gone})`;
  await sql`
    delete from auth_verification
    where value = any(${gone}) or identifier = any(${addresses}) or value = any(${addresses})`;
}
