import { hashPassword } from 'better-auth/crypto';
import { writeAudit } from '../audit';
import { type Ctx, inTx } from '../context';
import { DomainError } from '../errors';
import { newId } from '../ids';
import { type AccountStatus, SCOPES } from '../shapes';
import { createApiKey } from './create-api-key';
import { openAccount } from './open-account';
import { MIN_PASSWORD_LENGTH, refuseKnownPassword } from './refuse-known-password';

export type CreateAccountInput = {
  email: string;
  name?: string;
  planId?: string;
  status?: AccountStatus;
  isAdmin?: boolean;
  password?: string;
};

export type CreatedAccount = { userId: string; accountId: string; email: string; apiKey: string };

/**
 * Creates a user with an account and an API key with every scope the account may have; for first setup and scripts.
 * Audited. Throws INVALID_INPUT when the address is taken or the plan is unknown.
 */
export async function createAccount(ctx: Ctx, input: CreateAccountInput): Promise<CreatedAccount> {
  const email = input.email.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(email))
    throw new DomainError('INVALID_INPUT', `${input.email} is not an email address.`);
  if (input.password !== undefined && input.password.length < MIN_PASSWORD_LENGTH) {
    throw new DomainError('INVALID_INPUT', 'A password has at least 8 characters.');
  }
  if (input.password !== undefined) await refuseKnownPassword(input.password);
  await checkPlan(ctx, input.planId);
  const userId = newId();
  const name = input.name?.trim() || (email.split('@')[0] ?? email);
  await writePerson(ctx, { userId, email, name, password: input.password });
  const accountId = await openAccount(ctx, { userId, name });
  await giveRights(ctx, { userId, accountId }, input);
  const scopes = SCOPES.filter((scope) => scope !== 'admin' || input.isAdmin);
  const { key } = await createApiKey(ctx, {
    accountId,
    userId,
    isAdmin: input.isAdmin ?? false,
    actor: 'operator',
    name: 'operator',
    scopes: [...scopes],
  });
  return { userId, accountId, email, apiKey: key };
}

/** Sets role, plan and status, and writes the audit entry, in one transaction. */
async function giveRights(
  ctx: Ctx,
  { userId, accountId }: { userId: string; accountId: string },
  input: CreateAccountInput,
): Promise<void> {
  const role = input.isAdmin ? 'admin' : 'user';
  const { planId = 'free', status = 'active' } = input;
  await inTx(ctx, async (tx) => {
    await tx.sql`update auth_user set role = ${role} where id = ${userId}`;
    await tx.sql`update account set own_plan_id = ${planId}, status = ${status} where id = ${accountId}`;
    await writeAudit(tx, {
      actor: 'operator',
      action: 'account.create',
      accountId,
      before: null,
      after: { planId, status, role },
      reason: 'asked for',
    });
  });
}

async function checkPlan(ctx: Ctx, planId: string | undefined): Promise<void> {
  if (planId === undefined) return;
  const known = await ctx.sql`select 1 from plan where id = ${planId}`;
  if (known.length === 0) throw new DomainError('INVALID_INPUT', `There is no plan named ${planId}.`);
}

type Person = { userId: string; email: string; name: string; password?: string };

async function writePerson(ctx: Ctx, { userId, email, name, password }: Person): Promise<void> {
  const made = await ctx.sql`
    insert into auth_user (id, name, email, email_verified)
    values (${userId}, ${name}, ${email}, true) on conflict (email) do nothing returning id`;
  if (made.length === 0) throw new DomainError('INVALID_INPUT', `There is an account for ${email} already.`);
  if (password === undefined) return;
  const hash = await hashPassword(password);
  await ctx.sql`
    insert into auth_identity (id, account_id, provider_id, user_id, password)
    values (${newId()}, ${userId}, 'credential', ${userId}, ${hash})`;
}
