import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { newId } from '../../ids';
import { listPlans } from '../../quota/plans';
import type { Plan } from '../../shapes';
import { isGone, needPayments, type Payments } from '../payments';
import { ensureWebhook, type Webhook } from './ensure-webhook';
import { ensurePackPrices } from './pack-prices';
import { lookupKeyOf, refreshPrices, type SoldPlan } from './refresh-prices';
import { settleTax } from './settle-tax';

/** The prices of a new installation, in minor units per month. Existing prices at the provider are never changed. */
const AMOUNTS: Record<string, { usd: number; gbp: number }> = {
  starter: { usd: 900, gbp: 800 },
  pro: { usd: 1900, gbp: 1600 },
  max: { usd: 3900, gbp: 3300 },
};

export type Catalogue = {
  plans: SoldPlan[];
  portal: { id: string };
  webhook: Webhook;
};

/**
 * Creates what is missing at the payment provider to sell plans and packs: products, prices, the portal's configuration
 * and the webhook endpoint; then stores the prices. Can be repeated at any time: existing objects are looked up first,
 * and each run has its own keys, so that deleted ones are created again. Returns what exists now. Throws NOT_FOR_SALE,
 * BILLING_UNAVAILABLE.
 */
export async function syncCatalogue(ctx: Ctx): Promise<Catalogue> {
  const payments = needPayments(ctx.payments);
  for (const plan of await listPlans(ctx.sql)) {
    const amounts = AMOUNTS[plan.id];
    if (amounts) await ensurePrice(payments, plan, amounts);
  }
  await ensurePackPrices(payments);
  if (ctx.env.STRIPE_TAX === 'on')
    await settleTax(
      payments,
      (await listPlans(ctx.sql)).map(({ id }) => id),
    );
  const plans = await refreshPrices(ctx);
  return { plans, portal: await ensurePortal(ctx, payments), webhook: await ensureWebhook(ctx, payments) };
}

async function ensurePrice(
  payments: Payments,
  plan: Plan,
  { usd, gbp }: { usd: number; gbp: number },
): Promise<void> {
  const key = lookupKeyOf(plan.id);
  const found = await payments.ask((stripe) => stripe.prices.list({ lookup_keys: [key], limit: 1 }));
  if (found.data.length > 0) return;
  const product = await ensureProduct(payments, plan);
  await payments.make(`price:${key}:${newId()}`, (stripe, once) =>
    stripe.prices.create(
      {
        product,
        currency: 'usd',
        unit_amount: usd,
        currency_options: {
          eur: { unit_amount: usd },
          chf: { unit_amount: usd },
          gbp: { unit_amount: gbp },
        },
        recurring: { interval: 'month' },
        // The displayed price is what is paid, also once tax is computed. It cannot be changed later.
        tax_behavior: 'inclusive',
        lookup_key: key,
        metadata: { plan: plan.id },
      },
      once,
    ),
  );
}

async function ensureProduct(payments: Payments, plan: Plan): Promise<string> {
  const id = `hourglass_${plan.id}`;
  const found = await payments
    .ask((stripe) => stripe.products.retrieve(id))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });
  if (found) return found.id;
  const { name, description } = plan;
  const made = await payments.make(`product:${id}:${newId()}`, (stripe, once) =>
    stripe.products.create(
      {
        id,
        name: `Hourglass ${name}`,
        ...(description ? { description } : {}),
        metadata: { plan: plan.id },
      },
      once,
    ),
  );
  return made.id;
}

/** One portal configuration per environment: cards and receipts are handled there, changes of plan here. */
async function ensurePortal(ctx: Ctx, payments: Payments): Promise<{ id: string }> {
  const environment = ctx.env.ENVIRONMENT_ID;
  const found = await payments.ask((stripe) =>
    stripe.billingPortal.configurations.list({ active: true, limit: 100 }),
  );
  const ours = found.data.find((one) => one.metadata?.hourglass === environment);
  const { id } = ours
    ? await mendPortal(ctx, payments, ours.id)
    : await makePortal(ctx, payments, environment);
  await ctx.sql`
    insert into stripe_setup (name, value) values ('portal', ${ctx.sql.json({ id })})
    on conflict (name) do update set value = excluded.value`;
  return { id };
}

const makePortal = (ctx: Ctx, payments: Payments, environment: string) =>
  payments.make(`portal-configuration:${environment}:${newId()}`, (stripe, once) =>
    stripe.billingPortal.configurations.create(
      { ...portalSettings(ctx), metadata: { hourglass: environment } },
      once,
    ),
  );

/** Restores the settings of the configuration: plans must not be changed or cancelled on that page. */
const mendPortal = (ctx: Ctx, payments: Payments, id: string) =>
  payments.make(`portal-configuration:${id}:${newId()}`, (stripe, once) =>
    stripe.billingPortal.configurations.update(id, portalSettings(ctx), once),
  );

/** What stands on invoices and may be changed on the portal's page. */
const DETAILS: Stripe.BillingPortal.ConfigurationCreateParams.Features.CustomerUpdate.AllowedUpdate[] = [
  'name',
  'address',
  'tax_id',
];

const portalSettings = (ctx: Ctx) => ({
  features: {
    customer_update: { enabled: true, allowed_updates: DETAILS },
    invoice_history: { enabled: true },
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: false },
    subscription_update: { enabled: false },
  },
  default_return_url: `${ctx.env.APP_URL}/billing`,
});
