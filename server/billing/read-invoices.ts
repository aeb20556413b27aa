import type Stripe from 'stripe';
import { fromUnix, type Instant } from '../clock';
import type { Payments } from './payments';

/** Time at a price that a paid invoice bought. `share` is the charged part, negative for refunded time. */
export type BoughtLine = {
  priceId: string;
  from: Instant;
  to: Instant;
  share: number;
  /** When the invoice was created. */
  madeAt: Instant;
};

/** The statuses in which a subscription gives its plan. */
const GIVING = new Set(['active', 'trialing', 'past_due']);

/** Returns the newest paid invoices of a customer. Throws BILLING_UNAVAILABLE. */
export async function readPaidInvoices(payments: Payments, customer: string): Promise<Stripe.Invoice[]> {
  const { data } = await payments.ask((stripe) =>
    stripe.invoices.list({ customer, status: 'paid', limit: 100, expand: ['data.payments'] }),
  );
  return data;
}

/** Returns what the paid invoices of a subscription bought less refunds, and until when it is paid. Pure. */
export function paidOf(
  found: Stripe.Subscription,
  item: Stripe.SubscriptionItem,
  all: Stripe.Invoice[],
  refunds: Map<string, number>,
): { bought: BoughtLine[]; paidUntil: Instant | null } {
  if (!GIVING.has(found.status)) return { bought: [], paidUntil: null };
  const paid = all.filter((invoice) => subscriptionOf(invoice) === found.id);
  const bought = paid.flatMap((invoice) => boughtLines(invoice, keptPart(invoice, refunds)));
  if (found.status !== 'past_due') return { bought, paidUntil: fromUnix(item.current_period_end) };
  if (paid.length === 0)
    return { bought, paidUntil: isFirst(found) ? null : fromUnix(item.current_period_start) };
  // While a payment fails, the provider has already advanced the period: only the charges tell until when it is paid.
  const ends = bought.flatMap(({ to, share }) => (share > 0 ? [to] : []));
  return { bought, paidUntil: ends.length > 0 ? Math.max(...ends) : null };
}

/** Returns whether the first invoice is the latest, so that nothing was ever paid. */
const isFirst = ({ latest_invoice: latest }: Stripe.Subscription): boolean =>
  latest !== null && typeof latest !== 'string' && latest.billing_reason === 'subscription_create';

function subscriptionOf({ parent }: Stripe.Invoice): string | null {
  const subscription = parent?.subscription_details?.subscription ?? null;
  return typeof subscription === 'string' ? subscription : (subscription?.id ?? null);
}

/** Returns the part of an invoice's charge that was not refunded. */
function keptPart({ payments, amount_paid }: Stripe.Invoice, refunds: Map<string, number>): number {
  if (amount_paid <= 0) return 1;
  const back = (payments?.data ?? []).reduce((sum, { payment }) => {
    const intent = payment.payment_intent;
    return sum + (refunds.get(typeof intent === 'string' ? intent : (intent?.id ?? '')) ?? 0);
  }, 0);
  return Math.max(0, 1 - back / amount_paid);
}

/** Returns what an invoice buys once it is paid, with `kept` of it not refunded; also of a preview. Pure. */
export function boughtLines(invoice: Stripe.Invoice, kept = 1): BoughtLine[] {
  const share = chargedShare(invoice, kept);
  return invoice.lines.data.flatMap((line) => {
    const price = line.pricing?.price_details?.price;
    // A part of the month that costs less than the smallest coin gives nothing.
    if (!price || (line.amount === 0 && line.parent?.subscription_item_details?.proration)) return [];
    return [
      {
        priceId: typeof price === 'string' ? price : price.id,
        from: fromUnix(line.period.start),
        to: fromUnix(line.period.end),
        share: line.amount < 0 ? -share : share,
        madeAt: fromUnix(invoice.created),
      },
    ];
  });
}

/**
 * Returns the part of an invoice that is charged, the customer's credit included. The rest is put on the balance as too
 * small to be charged; what the balance owed before is no part of it. Pure.
 */
function chargedShare(
  { total, amount_due, starting_balance }: Pick<Stripe.Invoice, 'total' | 'amount_due' | 'starting_balance'>,
  kept: number,
): number {
  if (total <= 0) return 1;
  const fromCredit = Math.min(total, Math.max(0, -starting_balance));
  const charged = Math.max(0, amount_due - Math.max(0, starting_balance));
  return Math.min(1, (fromCredit + charged * kept) / total);
}
