import type { Ctx } from '../../context';
import { DomainError } from '../../errors';
import { readCustomer } from '../list-invoices';
import { isGone } from '../payments';
import { syncAccount } from '../sync/sync-account';
import { intentOf } from './lead-to-bank';
import { type Arrival, LATER } from './return-from-checkout';

/**
 * Returns the result of an invoice's payment after the visit to the bank, read from the provider now. `refused` when
 * the bank did not confirm it: then nothing changed, and the payment can be tried again.
 */
export async function returnFromBank(
  ctx: Ctx,
  { accountId, invoiceId }: { accountId: string; invoiceId: string },
): Promise<Arrival> {
  const { payments } = ctx;
  const customer = await readCustomer(ctx, accountId);
  if (!payments || !customer) return 'failed';
  try {
    await ctx.rates.takeBilling(accountId);
    const invoice = await payments.ask((stripe) =>
      stripe.invoices.retrieve(invoiceId, { expand: ['payments'] }),
    );
    if (invoice.customer !== customer || invoice.status === 'void') return 'failed';
    await syncAccount(ctx, { accountId });
    if (invoice.status === 'paid') return 'paid';
    const id = intentOf(invoice);
    const intent = id && (await payments.ask((stripe) => stripe.paymentIntents.retrieve(id)));
    // Confirmed a moment ago: the invoice follows.
    return intent && (intent.status === 'succeeded' || intent.status === 'processing')
      ? 'waiting'
      : 'refused';
  } catch (error) {
    if (isGone(error)) return 'failed';
    if (error instanceof DomainError && LATER.has(error.reason)) return 'waiting';
    throw error;
  }
}
