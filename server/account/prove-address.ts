import type { Row } from '@/db/rows';
import type { member } from '@/db/schema/account';
import { writeAudit } from '../audit';
import { type Ctx, inTx, type TxCtx } from '../context';
import type { AccountState } from '../quota/account-state';
import { lockAccount } from '../quota/load-account';
import { stopAccount } from '../run/stop-account';
import { endAccess } from './end-access';

export type AccessCtx = Pick<Ctx, 'sql' | 'env' | 'clock' | 'log' | 'jobs'>;

export type Proof = {
  userId: string;
  /** A link in an email, a password replaced by email, or a confirmation by the sign-in provider. */
  by: 'link' | 'password' | 'identity';
  /** The sign-in of the same user behind the proof: this user made the account, so its sessions are kept. */
  signInId?: string;
  /** The proof came from the browser that signed up, or with the password chosen there; equivalent to a sign-in. */
  isMaker?: boolean;
};

/**
 * Records the first proof that an unconfirmed address belongs to this user; API keys and other sign-ins made before
 * end. Unless the proof comes from the account's maker (a sign-in, the browser that signed up, or the sign-in
 * provider), another person may have signed up, so other ways to sign in and all sessions are removed too. Audited.
 * Returns false and changes nothing when the address was confirmed before.
 */
export async function proveAddress(ctx: AccessCtx, proof: Proof): Promise<boolean> {
  const { userId, by, signInId, isMaker } = proof;
  const isOwnDoing = signInId !== undefined || isMaker || by === 'identity';
  const done = await inTx(ctx as Ctx, async (tx) => {
    const states = await lockOwnAccounts(tx, userId);
    const [confirmed] = await tx.sql`
      update auth_user set email_verified = true, updated_at = now()
      where id = ${userId} and (not email_verified or ${by === 'identity'}) returning 1`;
    if (!confirmed) return null;
    const ended = await endAccess(tx, { userId, keptSignInId: signInId });
    if (!isOwnDoing) await endWaysIn(tx, proof);
    const emptied = isOwnDoing ? [] : await Promise.all(states.map((state) => emptyAccount(tx, state)));
    const sessions = emptied.reduce((sum, one) => sum + one.sessions, 0);
    await writeAudit(tx, {
      actor: `user:${userId}`,
      action: 'account.confirmAddress',
      accountId: states[0]?.accountId ?? null,
      before: null,
      after: { by, ...ended, sessions },
      reason: 'the address was proven for the first time',
    });
    return emptied.flatMap((one) => one.stopped);
  });
  for (const runId of done ?? []) await ctx.jobs.wakeRun(runId, ctx.clock.now());
  return done !== null;
}

/** Locks and returns the accounts that belong to this user alone, in a fixed order. */
async function lockOwnAccounts(tx: TxCtx, userId: string): Promise<AccountState[]> {
  const rows = await tx.sql<Pick<Row<typeof member>, 'account_id'>[]>`
    select account_id from member m where user_id = ${userId}
      and not exists (select 1 from member o where o.account_id = m.account_id and o.user_id <> m.user_id)
    order by account_id`;
  const states: AccountState[] = [];
  for (const row of rows) states.push(await lockAccount(tx, row.account_id));
  return states;
}

/**
 * Removes what would give the account's maker access or lock the owner out: the old password, identities elsewhere, the
 * second factor.
 */
async function endWaysIn({ sql }: TxCtx, { userId, by }: Proof): Promise<void> {
  await sql`
    delete from auth_identity where user_id = ${userId} and not (${by === 'password'} and provider_id = 'credential')`;
  // The account's maker chose the second factor, which would lock the owner of the address out.
  await sql`delete from auth_second_factor where user_id = ${userId}`;
  await sql`update auth_user set two_factor_enabled = false where id = ${userId}`;
}

/** Deletes all sessions of an account; their machines and files are removed as for any deleted session. */
async function emptyAccount(
  tx: TxCtx,
  state: AccountState,
): Promise<{ sessions: number; stopped: string[] }> {
  const { accountId, now } = state;
  const removed = await tx.sql`
    update session set deleted_at = ${now} where account_id = ${accountId} and deleted_at is null returning 1`;
  await tx.sql`
    delete from session s where account_id = ${accountId} and volume_id is null
      and not exists (select 1 from run where session_id = s.id)`;
  return { sessions: removed.length, stopped: await stopAccount(tx, state, 'deleted') };
}
