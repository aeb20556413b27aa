import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BillingWorld, type Person } from '@/test/billing';
import { syncCatalogue } from './catalogue/sync-catalogue';
import { changePlan } from './change-plan';
import { openPortal } from './checkout/open-portal';
import { listInvoices } from './list-invoices';
import { openPack } from './packs/open-pack';
import { previewChange } from './preview-change';

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-16T00:00:00Z', { STRIPE_TAX: 'on' });
});
afterAll(() => b.close());

const CARD = { cardNumber: '4242 4242 4242 4242', cardExpiry: '12 / 34', cardCvc: '123', billingName: 'Ada' };
const COMPANY = {
  businessName: 'Analytical Engines GmbH',
  addressLine1: 'Hauptstr. 1',
  addressPostalCode: '10115',
  addressCity: 'Berlin',
  addressCountry: 'DE',
};

/** Fills the payment page in like its owner; returns its status. */
async function fillIn(page: string, fields: Record<string, string>): Promise<number> {
  const answer = await b.bench.page(`/c/pay/${page}`, { ...CARD, ...fields });
  if (answer.status === 500) throw new Error(answer.text);
  return answer.status;
}
/** An account of a business that pays for Pro. */
async function business(): Promise<Person> {
  const person = await b.person();
  await fillIn(await b.openPage(person, 'pro'), COMPANY);
  await b.sync(person);
  return person;
}

const codeOff = async (coupon: Parameters<typeof b.bench.stripe.coupons.create>[0], code: string) => {
  const made = await b.bench.stripe.coupons.create(coupon);
  await b.bench.stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: made.id }, code });
};
const invoiceOf = async (person: Person) => (await b.invoicesOf(person))[0];

describe('BILLING-94 invoices of a business', () => {
  it('have its name, address and tax id, and the tax that the price includes', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    expect(await fillIn(page, {})).toBe(422);
    expect(await fillIn(page, { ...COMPANY, taxId: 'DE999' })).toBe(422);
    expect(await fillIn(page, { ...COMPANY, taxId: 'DE123456789' })).toBe(303);
    await b.sync(person);
    const invoice = await invoiceOf(person);
    expect(invoice).toMatchObject({
      amount_paid: 950,
      total: 950,
      customer_name: 'Analytical Engines GmbH',
      customer_address: { city: 'Berlin', country: 'DE' },
      customer_tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }],
      automatic_tax: { enabled: true },
      total_taxes: [{ amount: 152, tax_behavior: 'inclusive', taxability_reason: 'standard_rated' }],
    });
    expect((await b.summary(person)).nextCharge?.amount).toBe(1900);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('of another country of the EU, with a tax id, have none', async () => {
    const person = await b.person();
    const page = await b.openPage(person, 'starter');
    expect(await fillIn(page, { ...COMPANY, addressCountry: 'NL', taxId: 'NL123456789B01' })).toBe(303);
    expect(await invoiceOf(person)).toMatchObject({
      total: 450,
      total_taxes: [{ amount: 0, taxability_reason: 'reverse_charge' }],
    });
  });

  it('are for packs as well, in the list and as a page', async () => {
    const person = await b.person({ leftMs: 0 });
    const { url } = await openPack(b.ctx, { ...person, packId: 'pack10' });
    expect(await fillIn(url.split('/c/pay/')[1] ?? '', COMPANY)).toBe(303);
    await b.sync(person);
    expect((await b.summary(person)).packs).toHaveLength(1);
    const { items } = await listInvoices(b.ctx, person);
    expect(items).toEqual([expect.objectContaining({ total: 400, status: 'paid', payable: false })]);
  });
});

it('BILLING-95 prices made before Stripe Tax say with the next catalogue that they include it', async () => {
  const { stripe } = b.bench;
  const product = await stripe.products.create({ name: 'old' });
  const old = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 1500,
    lookup_key: 'hourglass_pack50',
    transfer_lookup_key: true,
  });
  expect(old.tax_behavior).toBe('unspecified');
  await syncCatalogue(b.ctx);
  expect((await stripe.prices.retrieve(old.id)).tax_behavior).toBe('inclusive');
});

describe('BILLING-96 a promotion code', () => {
  it('is typed on the payment page, and reduces what is due, the next charges and the shown figures', async () => {
    await codeOff({ percent_off: 50, duration: 'forever' }, 'HALF');
    const person = await b.person();
    const page = await b.openPage(person, 'starter');
    expect((await b.bench.page(`/c/pay/${page}`, { promotionCode: 'NONE', applyCode: '1' })).status).toBe(
      422,
    );
    const applied = await b.bench.page(`/c/pay/${page}`, { promotionCode: 'half', applyCode: '1' });
    expect([applied.status, /data-amount-due="(\d+)"/.exec(applied.text)?.[1]]).toEqual([200, '225']);
    expect(await fillIn(page, COMPANY)).toBe(303);
    await b.sync(person);
    expect((await b.chargesOf(person)).map(({ amount }) => amount)).toEqual([225]);
    expect((await b.summary(person)).nextCharge?.amount).toBe(450);
    const preview = await previewChange(b.ctx, { ...person, planId: 'pro' });
    expect([preview.dueNow, preview.next.amount]).toEqual([250, 950]);
    await changePlan(b.ctx, { ...person, planId: 'pro', prorationDate: preview.prorationDate });
    expect((await b.chargesOf(person))[0]?.amount).toBe(250);
    expect(await b.planOf(person)).toBe('pro');
  });

  it('that pays for all of it still gives the time, and one that counts once counts once', async () => {
    await codeOff({ percent_off: 100, duration: 'once' }, 'GIFT');
    const person = await b.person();
    const page = await b.openPage(person, 'pro');
    await b.bench.page(`/c/pay/${page}`, { promotionCode: 'GIFT', applyCode: '1' });
    expect(await fillIn(page, COMPANY)).toBe(303);
    await b.sync(person);
    expect(await b.chargesOf(person)).toEqual([]);
    expect(await b.planOf(person)).toBe('pro');
    expect((await b.summary(person)).nextCharge?.amount).toBe(1900);
  });
});

it('BILLING-94 what stands on invoices changes with the billing details, on a page that leads back', async () => {
  const person = await business();
  const { url } = await openPortal(b.ctx, { ...person, about: 'details' });
  const saved = await b.bench.page(url, { ...COMPANY, businessName: 'New Name AG', taxId: 'DE987654321' });
  expect([saved.status, saved.location]).toEqual([303, 'http://localhost:3000/billing?back=1']);
  await b.bench.advanceTo('2026-12-01T02:00:00Z');
  expect(await invoiceOf(person)).toMatchObject({
    customer_name: 'New Name AG',
    customer_tax_ids: [{ value: 'DE987654321' }],
  });
});
