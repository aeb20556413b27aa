import { afterAll, beforeAll, expect, it } from 'vitest';
import { BillingWorld } from '@/test/billing';
import { DomainError } from '../errors';
import { cancelSubscription } from './cancel';
import { changePlan } from './change-plan';
import { openPortal } from './checkout/open-portal';
import { openUpgrade } from './checkout/open-upgrade';
import { returnFromCheckout } from './checkout/return-from-checkout';
import { findInvoicePage, listInvoices } from './list-invoices';
import type { Payments } from './payments';
import { previewChange } from './preview-change';
import { resumeSubscription } from './resume';
import { refreshBilling } from './sync/refresh';

let b: BillingWorld;
beforeAll(async () => {
  b = await BillingWorld.open('2026-11-24T12:00:00Z');
});
afterAll(() => b.close());

it('BILLING-30 whatever asks the payment provider is counted for the account, and past its rate nothing is asked', async () => {
  const person = await b.subscriber('starter');
  const page = await b.openPage(await b.person(), 'pro');
  let asked = 0;
  const refuse = async (accountId: string) => {
    expect(accountId).toBe(person.accountId);
    asked++;
    throw new DomainError('RATE_LIMITED', 'Too often.', { retryAfterSeconds: 7 });
  };
  const payments = new Proxy({} as Payments, {
    get: () => {
      throw new Error('the payment provider was asked');
    },
  });
  const ctx = { ...b.ctx, payments, rates: { ...b.ctx.rates, takeBilling: refuse } };
  const calls: Record<string, () => Promise<unknown>> = {
    upgrade: () => openUpgrade(ctx, { ...person, planId: 'pro' }),
    refresh: () => refreshBilling(ctx, person),
    preview: () => previewChange(ctx, { ...person, planId: 'pro' }),
    change: () => changePlan(ctx, { ...person, planId: 'pro' }),
    cancel: () => cancelSubscription(ctx, person),
    resume: () => resumeSubscription(ctx, person),
    portal: () => openPortal(ctx, person),
    invoices: () => listInvoices(ctx, person),
    invoice: () => findInvoicePage(ctx, person.accountId, 'in_1'),
  };
  for (const [name, call] of Object.entries(calls))
    await expect(call(), name).rejects.toMatchObject({
      reason: 'RATE_LIMITED',
      details: { retryAfterSeconds: 7 },
    });
  // A return from a payment is not refused: the page reloads by itself.
  expect(await returnFromCheckout(ctx, { ...person, sessionId: page })).toBe('waiting');
  expect(asked).toBe(10);
});
