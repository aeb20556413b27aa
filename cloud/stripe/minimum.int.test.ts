import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench, seconds } from './testing';

let bench: Bench;
let prices: Awaited<ReturnType<Bench['catalogue']>>;
async function open(at: string) {
  bench = await Bench.open(at);
  prices = await bench.catalogue();
}
beforeEach(() => open('2026-11-30T12:00:00Z'));
afterEach(() => bench.close());

const invoicesOf = async (customer: string) =>
  (await bench.stripe.invoices.list({ customer, limit: 100 })).data;
const balanceOf = async (id: string) =>
  ((await bench.stripe.customers.retrieve(id)) as Stripe.Customer).balance;

describe('less than the least charge', () => {
  it('is put on the balance and charged with the next invoice', async () => {
    const { customer, session } = await bench.subscriber(prices.pro.id);
    const owed = Math.round((1900 * 12) / (30 * 24));
    expect(owed).toBe(32);
    expect(session.amount_total).toBe(0);
    expect(await invoicesOf(customer.id)).toMatchObject([
      {
        status: 'paid',
        total: owed,
        amount_due: 0,
        amount_paid: 0,
        starting_balance: 0,
        ending_balance: owed,
      },
    ]);
    expect(await balanceOf(customer.id)).toBe(owed);
    await bench.advanceTo('2026-12-01T02:00:00Z');
    const [renewal] = await invoicesOf(customer.id);
    expect(renewal).toMatchObject({ total: 1900, amount_due: 1900 + owed, amount_paid: 1900 + owed });
    expect(await balanceOf(customer.id)).toBe(0);
  });

  it('is charged together with what else becomes due', async () => {
    const { customer, subscription } = await bench.subscriber(prices.pro.id);
    const change = {
      items: [{ id: subscription.items.data[0]?.id ?? '', price: prices.max.id }],
      proration_behavior: 'always_invoice' as const,
      proration_date: seconds('2026-11-30T12:00:00Z'),
    };
    const preview = await bench.stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: change,
    });
    expect(preview).toMatchObject({ total: 33, starting_balance: 32, amount_due: 65 });
    await bench.stripe.subscriptions.update(subscription.id, change);
    expect((await invoicesOf(customer.id))[0]).toMatchObject({ amount_paid: 65, ending_balance: 0 });
    expect(await balanceOf(customer.id)).toBe(0);
  });

  it('is given back when its invoice is voided', async () => {
    const { customer } = await bench.subscriber(prices.pro.id);
    await bench.control(`customers/${customer.id}/card`, { card: '4000000000000341' });
    await bench.advanceTo('2026-12-01T02:00:00Z');
    const [open] = await invoicesOf(customer.id);
    expect([open?.status, await balanceOf(customer.id)]).toEqual(['open', 0]);
    await bench.stripe.invoices.voidInvoice(open?.id ?? '');
    expect(await balanceOf(customer.id)).toBe(32);
  });
});
