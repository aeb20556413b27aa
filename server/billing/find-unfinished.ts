import type { Ctx } from '../context';
import { findInvoicePage } from './list-invoices';
import type { Payments } from './payments';

type Whose = { accountId: string; customer: string };

/**
 * Returns where an unfinished first payment continues: its payment page while that is open, else its invoice; null when
 * neither can be paid any more. Throws BILLING_UNAVAILABLE, RATE_LIMITED.
 */
export async function findUnfinished(
  ctx: Ctx,
  payments: Payments,
  { accountId, customer }: Whose,
): Promise<string | null> {
  const open = await payments.ask((stripe) =>
    stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }),
  );
  const ours = open.data.find((page) => page.url && page.metadata?.account === accountId);
  return ours?.url ?? findInvoicePage(ctx, accountId, null);
}
