import type Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { archivedCustomer, billingCustomer } from '@/db/schema/billing';
import { writeAudit } from '../../audit';
import { fromUnix, toIso } from '../../clock';
import { type Ctx, inTx } from '../../context';
import { queueNote } from '../../mail/queue-note';
import { metrics } from '../../metrics';
import { lockAccount } from '../../quota/load-account';
import { isGone, needPayments, type Payments } from '../payments';
import { subscriptionOf } from '../settle-ended';
import { syncAccount } from './sync-account';

type Trouble = {
  id: string;
  kind: 'dispute' | 'fraud_warning';
  charge: Stripe.Charge;
  amount: number;
  currency: string;
  createdAt: string;
  /** The money is taken back, or most likely will be: the purchase ends. */
  isReal: boolean;
};

/** Reads a dispute as it is now and acts on it. A bank's inquiry only refuses purchases. Throws BILLING_UNAVAILABLE. */
export async function noteDispute(ctx: Ctx, id: string): Promise<void> {
  const payments = needPayments(ctx.payments);
  const found = await payments.ask((stripe) => stripe.disputes.retrieve(id, { expand: ['charge'] }));
  await noteTrouble(ctx, payments, {
    id,
    kind: 'dispute',
    charge: found.charge as Stripe.Charge,
    amount: found.amount,
    currency: found.currency,
    createdAt: toIso(fromUnix(found.created)),
    isReal: found.status !== 'won' && !found.status.startsWith('warning_'),
  });
}

/** Reads an early fraud warning and acts on it as on a dispute. Throws BILLING_UNAVAILABLE. */
export async function noteFraudWarning(ctx: Ctx, id: string): Promise<void> {
  const payments = needPayments(ctx.payments);
  const found = await payments.ask((stripe) =>
    stripe.radar.earlyFraudWarnings.retrieve(id, { expand: ['charge'] }),
  );
  const charge = found.charge as Stripe.Charge;
  await noteTrouble(ctx, payments, {
    id,
    kind: 'fraud_warning',
    charge,
    amount: charge.amount,
    currency: charge.currency,
    createdAt: toIso(fromUnix(found.created)),
    isReal: true,
  });
}

/** Refuses further purchases of the customer, alarms the operator once, and ends what the payment bought. */
async function noteTrouble(ctx: Ctx, payments: Payments, trouble: Trouble): Promise<void> {
  const { customer } = trouble.charge;
  const accountId = await findAccount(ctx, typeof customer === 'string' ? customer : (customer?.id ?? null));
  if (!accountId) return;
  await holdPurchases(ctx, accountId, trouble);
  const subscription = trouble.isReal ? await findPaidFor(payments, trouble.charge) : null;
  if (subscription) await endNow(payments, subscription);
  await syncAccount(ctx, { accountId });
}

/** A dispute does not name its customer; only our own rows link a customer to an account. */
async function findAccount(ctx: Ctx, customer: string | null): Promise<string | null> {
  if (!customer) return null;
  const [row] = await ctx.sql<Pick<Row<typeof billingCustomer | typeof archivedCustomer>, 'account_id'>[]>`
    select account_id from billing_customer where stripe_customer_id = ${customer}
    union select account_id from archived_customer where stripe_customer_id = ${customer}`;
  return row?.account_id ?? null;
}

async function holdPurchases(ctx: Ctx, accountId: string, trouble: Trouble): Promise<void> {
  const { id, kind, amount, currency, createdAt } = trouble;
  await inTx(ctx, async (tx) => {
    await lockAccount(tx, accountId);
    const made = await tx.sql`
      insert into payment_hold (id, account_id, kind, charge_id, payment_intent_id, amount, currency)
      values (${id}, ${accountId}, ${kind}, ${trouble.charge.id}, ${intentOf(trouble.charge)}, ${amount}, ${currency})
      on conflict (id) do nothing returning 1`;
    if (made.length === 0) return;
    tx.afterCommit(() => metrics.billingAlarms.inc({ kind }));
    tx.log.error({ accountId, kind, id }, 'a payment is disputed or was reported as fraud');
    await writeAudit(tx, {
      actor: 'stripe',
      action: 'billing.hold',
      accountId,
      before: null,
      after: { id, kind, charge: trouble.charge.id, amount, currency },
      reason: kind === 'dispute' ? 'a payment is disputed' : 'a payment was reported as fraud',
    });
    const what = kind === 'dispute' ? 'is disputed' : 'was reported as fraud';
    await queueNote(tx, {
      kind,
      accountId,
      cause: `hold:${id}`,
      subject: `A payment of account ${accountId} ${what}`,
      body: [
        `A payment of ${(amount / 100).toFixed(2)} ${currency.toUpperCase()} of account ${accountId} ${what} (${id}, ${createdAt}).`,
        'What it paid for ends, unless it is only an inquiry of the bank, and nothing is sold to the account until you lift this:',
        `operator billing lift-holds --account ${accountId} --reason "…"`,
        'Answer the bank in the Stripe Dashboard. Nothing was refunded.',
      ].join('\n\n'),
    });
  });
}

const intentOf = ({ payment_intent: intent }: Stripe.Charge): string | null =>
  typeof intent === 'string' ? intent : (intent?.id ?? null);

/** Returns the subscription whose invoice a charge paid, or null. */
async function findPaidFor(payments: Payments, charge: Stripe.Charge): Promise<string | null> {
  const payment_intent = intentOf(charge);
  if (!payment_intent) return null;
  const { data } = await payments.ask((stripe) =>
    stripe.invoicePayments.list({
      payment: { type: 'payment_intent', payment_intent },
      expand: ['data.invoice'],
    }),
  );
  const invoice = data[0]?.invoice;
  return invoice && typeof invoice !== 'string' && !invoice.deleted
    ? subscriptionOf(invoice as Stripe.Invoice)
    : null;
}

async function endNow(payments: Payments, id: string): Promise<void> {
  await payments
    .make(`end:${id}`, (stripe, once) =>
      stripe.subscriptions.cancel(id, { invoice_now: false, prorate: false }, once),
    )
    .catch((error) => {
      if (!isGone(error)) throw error;
    });
}
