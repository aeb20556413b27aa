import type Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { checkout } from '@/db/schema/billing';
import { fromUnix } from '../../clock';
import { type Ctx, inTx, type TxCtx } from '../../context';
import { newId } from '../../ids';
import { lockAccount } from '../../quota/load-account';
import type { Money } from '../../shapes';
import { isGone, type Payments } from '../payments';
import { expireOthers, expirePage } from '../sync/close-checkouts';
import { isLiving, readStored } from '../sync/stored-subscription';
import { syncAccount } from '../sync/sync-account';

/** What a page sells: a plan per month, or a pack once. */
export type Sale = { id: string; stripePriceId: string; price: Money } & (
  | { kind: 'plan' }
  | { kind: 'pack'; seconds: number }
);

type PageInput = { accountId: string; customer: string; sale: Sale; backTo: string };

type AllowedMethod = Stripe.Checkout.SessionCreateParams.AllowedPaymentMethodType;

type CheckoutRow = Pick<
  Row<typeof checkout>,
  'id' | 'price_id' | 'currency' | 'back_to' | 'stripe_session_id'
>;

/** The most times that a used page is replaced by a new one. */
const MOST_TRIES = 4;
/** A page with less time left, in ms, is replaced, so that none expires while its user pays. */
const LEAST_LEFT_MS = 10 * 60_000;

/**
 * Returns the one open payment page of an account. An account has one current checkout, decided under its lock: two
 * tabs get the same page, another plan or pack replaces it and expires the old page. Returns the way back when another
 * choice replaced this one meanwhile, and null for a plan when the account already pays for one. Throws
 * BILLING_UNAVAILABLE.
 */
export async function needCheckoutPage(
  ctx: Ctx,
  payments: Payments,
  input: PageInput,
): Promise<{ url: string } | null> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const row = await inTx(ctx, (tx) => chooseCheckout(tx, input));
    if (!row) return null;
    const page = await openPage(ctx, payments, input, row);
    const isCurrent = await recordPage(ctx, row.id, page.id);
    const lasts = fromUnix(page.expires_at) - ctx.clock.now() > LEAST_LEFT_MS;
    if (isCurrent && page.status === 'open' && page.url && lasts) {
      await expireOthers(payments, input, page.id);
      return { url: page.url };
    }
    // Replaced by another tab, or used: this page must not be paid any more.
    if (page.status === 'open') await expirePage(payments, page.id);
    // The later choice wins. To choose again here would replace it in turn, and two tabs would do that endlessly.
    if (!isCurrent && page.status === 'open' && lasts) return { url: `${ctx.env.APP_URL}${row.back_to}` };
    await ctx.sql`update checkout set is_current = false where id = ${row.id}`;
    // The result of a paid page decides: the confirmation, or a new page when its subscription has ended.
    if (page.status === 'complete') await syncAccount(ctx, { accountId: input.accountId });
  }
  throw new Error('Payment pages of this account are used up as soon as they are made.');
}

/**
 * Returns the current checkout if it sells the same, else a new one in its place; null for a plan when the account pays
 * for one.
 */
async function chooseCheckout(tx: TxCtx, input: PageInput): Promise<CheckoutRow | null> {
  const { accountId, sale, backTo } = input;
  await lockAccount(tx, accountId);
  if (sale.kind === 'plan' && isLiving(await readStored(tx.sql, accountId))) return null;
  const { stripePriceId, price } = sale;
  const [current] = await tx.sql<CheckoutRow[]>`
    update checkout set is_current = price_id = ${stripePriceId} and currency = ${price.currency}
    where account_id = ${accountId} and is_current
    returning id, price_id, currency, back_to, stripe_session_id`;
  if (current && current.price_id === stripePriceId && current.currency === price.currency) return current;
  const [made] = await tx.sql<CheckoutRow[]>`
    insert into checkout (id, account_id, plan_id, pack_id, price_id, currency, back_to)
    values (${newId()}, ${accountId}, ${sale.kind === 'plan' ? sale.id : null}, ${sale.kind === 'pack' ? sale.id : null}, ${stripePriceId}, ${price.currency}, ${backTo})
    returning id, price_id, currency, back_to, stripe_session_id`;
  return made ?? null;
}

/** Returns the page of a checkout: the known one, or a new one under the checkout's own key. */
async function openPage(
  ctx: Ctx,
  payments: Payments,
  { accountId, customer, sale }: PageInput,
  row: CheckoutRow,
): Promise<Stripe.Checkout.Session> {
  const known = row.stripe_session_id;
  if (known) {
    const found = await payments
      .ask((stripe) => stripe.checkout.sessions.retrieve(known))
      .catch((error) => {
        if (isGone(error)) return null;
        throw error;
      });
    if (found) return found;
  }
  return payments.make(`checkout:${row.id}`, (stripe, once) =>
    stripe.checkout.sessions.create(
      {
        customer,
        client_reference_id: accountId,
        line_items: [{ price: row.price_id, quantity: 1 }],
        currency: row.currency,
        adaptive_pricing: { enabled: false },
        allowed_payment_method_types: ctx.env.STRIPE_PAYMENT_METHODS as AllowedMethod[],
        success_url: `${ctx.env.APP_URL}/billing/return?checkout={CHECKOUT_SESSION_ID}`,
        cancel_url: `${ctx.env.APP_URL}${row.back_to}`,
        ...paymentOf(sale, accountId, row.id),
        ...businessOf(ctx.env),
        ...termsOf(ctx.env),
      },
      once,
    ),
  );
}

/** Returns how a sale is paid. The metadata of a payment later tells what it bought. Pure. */
function paymentOf(
  sale: Sale,
  account: string,
  checkout: string,
): Partial<Stripe.Checkout.SessionCreateParams> {
  if (sale.kind === 'pack') {
    const metadata = { account, pack: sale.id, seconds: String(sale.seconds), checkout };
    return {
      mode: 'payment',
      metadata,
      payment_intent_data: { metadata },
      // The receipt: without it a payment made once has no invoice.
      invoice_creation: { enabled: true },
    };
  }
  const metadata = { account, plan: sale.id, checkout };
  return {
    mode: 'subscription',
    metadata,
    allow_promotion_codes: true,
    subscription_data: {
      metadata,
      // Billed on the first of the UTC month, like the quota; the rest of this month is prorated.
      billing_cycle_anchor_config: { day_of_month: 1, hour: 0, minute: 0, second: 0 },
      proration_behavior: 'create_prorations',
    },
  };
}

/** Returns what a business needs on its invoice: name, address, tax id, and the tax where it is computed. Pure. */
function businessOf({
  STRIPE_TAX,
}: Pick<Ctx['env'], 'STRIPE_TAX'>): Partial<Stripe.Checkout.SessionCreateParams> {
  const isTaxed = STRIPE_TAX === 'on';
  return {
    tax_id_collection: { enabled: true },
    billing_address_collection: isTaxed ? 'required' : 'auto',
    // What is typed there is the customer's, so that later invoices have it too.
    customer_update: { name: 'auto', address: 'auto' },
    ...(isTaxed ? { automatic_tax: { enabled: true } } : {}),
  };
}

/** Returns a line with the operator's terms above the Pay button; nothing when none are set. Pure. */
function termsOf({
  TERMS_URL,
  PRIVACY_URL,
}: Pick<Ctx['env'], 'TERMS_URL' | 'PRIVACY_URL'>): Pick<Stripe.Checkout.SessionCreateParams, 'custom_text'> {
  const links = [
    ...(TERMS_URL ? [`[terms of service](${TERMS_URL})`] : []),
    ...(PRIVACY_URL ? [`[privacy policy](${PRIVACY_URL})`] : []),
  ];
  if (links.length === 0) return {};
  return { custom_text: { submit: { message: `Our ${links.join(' and ')} apply.` } } };
}

/** Records the page. Returns whether its checkout is still the current one. */
async function recordPage(ctx: Ctx, checkoutId: string, sessionId: string): Promise<boolean> {
  const [row] = await ctx.sql<Pick<Row<typeof checkout>, 'is_current'>[]>`
    update checkout set stripe_session_id = ${sessionId} where id = ${checkoutId} returning is_current`;
  return row?.is_current ?? false;
}
