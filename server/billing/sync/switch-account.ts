import type { Row } from '@/db/rows';
import type { archivedCustomer, billingCustomer } from '@/db/schema/billing';
import { writeAudit } from '../../audit';
import { type Ctx, inTx, type TxCtx } from '../../context';
import { queueMail } from '../../mail/queue-mail';
import { metrics } from '../../metrics';
import { alignQuota } from '../../quota/book';
import { lockAccount } from '../../quota/load-account';
import { wakeRuns } from '../../quota/wake-runs';
import { readStored } from './stored-subscription';

/** The unknown account of a restricted key, of which only the mode is known. */
const UNSAID = '?';

/** Returns whether two names such as `acct_1:live` may be the same account and mode of the provider. Pure. */
export function isSameAccount(one: string, other: string): boolean {
  const [[id, mode], [otherId, otherMode]] = [one.split(':'), other.split(':')];
  return mode === otherMode && (id === otherId || id === UNSAID || otherId === UNSAID);
}

/**
 * Puts aside a customer of another account of the provider, with its subscription, because it does not pay to this key.
 * A customer that was put aside before and belongs to this key's account is restored. Does nothing for a row of the
 * current account, unless its customer is lost. Requires the account lock.
 */
export async function switchAccount(
  ctx: Ctx,
  accountId: string,
  current: string,
  lost: string | null = null,
): Promise<void> {
  await inTx(ctx, async (tx) => {
    const before = await lockAccount(tx, accountId);
    const [row] = await tx.sql<Pick<Row<typeof billingCustomer>, 'stripe_customer_id' | 'stripe_account'>[]>`
      select stripe_customer_id, stripe_account from billing_customer where account_id = ${accountId}`;
    if (!row?.stripe_customer_id) return;
    const isForeign = row.stripe_account !== null && !isSameAccount(row.stripe_account, current);
    if (!isForeign && row.stripe_customer_id !== lost) return;
    const stored = await readStored(tx.sql, accountId);
    const back = await exchange(
      tx,
      accountId,
      row.stripe_customer_id,
      row.stripe_account ?? UNSAID,
      isForeign ? current : null,
    );
    const after = await lockAccount(tx, accountId);
    await alignQuota(tx, after);
    if (after.plan.maxSessions < before.plan.maxSessions) await wakeRuns(tx, accountId);
    if (!stored) return;
    tx.afterCommit(() =>
      metrics.billingAlarms.inc({ kind: isForeign ? 'other_stripe_account' : 'lost_customer' }),
    );
    tx.log.error(
      { accountId, customer: row.stripe_customer_id, current },
      'a customer of another Stripe account is put away',
    );
    const was = { customer: row.stripe_customer_id, stripeAccount: row.stripe_account, plan: before.plan };
    await record(tx, accountId, was, { customer: back, stripeAccount: current, plan: after.plan }, isForeign);
  });
}

type Standing = { customer: string | null; stripeAccount: string | null; plan: { id: string; name: string } };

/** Audits the switch, and queues an email when it changed the plan. */
async function record(
  tx: TxCtx,
  accountId: string,
  before: Standing,
  after: Standing,
  isForeign: boolean,
): Promise<void> {
  const line = ({ plan, ...standing }: Standing) => ({ ...standing, planId: plan.id });
  await writeAudit(tx, {
    actor: 'stripe',
    action: 'billing.switchAccount',
    accountId,
    before: line(before),
    after: line(after),
    reason: isForeign
      ? 'the key belongs to another account'
      : 'the payment provider does not know the customer',
  });
  if (before.plan.id === after.plan.id) return;
  await queueMail(tx, {
    accountId,
    kind: 'plan.changed',
    cause: `plan:${accountId}:${before.customer}:${after.stripeAccount}`,
    facts: { from: before.plan.name, to: after.plan.name },
  });
}

/** Puts one customer aside and restores the one of `current`. Returns that one, or null. */
async function exchange(
  { sql }: TxCtx,
  accountId: string,
  customer: string,
  stripeAccount: string,
  current: string | null,
): Promise<string | null> {
  await sql`
    insert into archived_customer (account_id, stripe_account, stripe_customer_id)
    values (${accountId}, ${stripeAccount}, ${customer})
    on conflict (account_id, stripe_account) do update
      set stripe_customer_id = excluded.stripe_customer_id, archived_at = hg_clock()`;
  const [found] = await sql<Pick<Row<typeof archivedCustomer>, 'stripe_customer_id'>[]>`
    delete from archived_customer where account_id = ${accountId} and stripe_account = ${current ?? ''}
    returning stripe_customer_id`;
  const back = found?.stripe_customer_id ?? null;
  await sql`
    update billing_customer set stripe_customer_id = ${back}, stripe_account = ${back && current},
      generation = generation + 1, ticket_applied = ticket_drawn, currency = null, card_brand = null, card_last4 = null,
      card_expires = null, synced_at = null
    where account_id = ${accountId}`;
  await sql`delete from subscription where account_id = ${accountId}`;
  await sql`update checkout set is_current = false where account_id = ${accountId} and is_current`;
  return back;
}
