import { failChallenge, payCheckout } from '../checkout/checkout-pay';
import { applyPromotion, reductionOf } from '../checkout/promotion';
import { formatDay, formatMoney } from '../invoices/money';
import { priceOf, productName } from '../invoices/proration';
import type { SessionRecord } from '../store/billing-records';
import { nextAnchor } from '../store/period';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { readSubscriptionData } from '../subscriptions/subscriptions';
import { businessFields, readBusiness } from './business-form';
import { cardFields, cardHelp, readCard } from './card-form';
import { challengePage } from './challenge';
import type { PageAnswer, PageCall } from './handle';
import { errorBox, type Html, html, messagePage, page } from './layout';
import { oneOffOrder } from './one-off-order';

/** `/c/pay/:id`: the order, the amount due today, and a card form. */
export function checkoutPage(call: PageCall): PageAnswer {
  const { world, id, part, form } = call;
  const session = world.need('checkoutSessions', id, 'checkout.session');
  if (session.status !== 'open')
    return { html: closedPage(session), status: session.status === 'expired' ? 410 : 200 };
  if (part === 'challenge') return answerChallenge(call, session);
  if (!form) return { html: formPage(world, session, new URLSearchParams(), null) };
  if (form.has('applyCode')) return applyCode(world, session, form);
  const email = emailOf(world, session) ?? form.get('email')?.trim() ?? null;
  const card = readCard(form, email || null);
  const business = asksBusiness(session) ? readBusiness(form, session.automatic_tax === true) : undefined;
  const fault = [card, business].find((part) => typeof part === 'string');
  if (typeof card === 'string' || typeof business === 'string')
    return { html: formPage(world, session, form, fault as string), status: 422 };
  return lead(world, session, form, payCheckout(world, id, { ...card, ...(business ? { business } : {}) }));
}

const asksBusiness = ({ collects_tax_id, automatic_tax, echoed }: Readonly<SessionRecord>): boolean =>
  Boolean(collects_tax_id || automatic_tax || echoed.billing_address_collection === 'required');

/** Applies the typed promotion code and returns the page with the new amount. */
function applyCode(world: World, session: Readonly<SessionRecord>, form: URLSearchParams): PageAnswer {
  const fault = applyPromotion(world, session.id, form.get('promotionCode') ?? '');
  const html = formPage(world, world.need('checkoutSessions', session.id, 'session'), form, fault);
  return { html, status: fault ? 422 : 200 };
}

function lead(
  world: World,
  session: Readonly<SessionRecord>,
  form: URLSearchParams,
  paid: ReturnType<typeof payCheckout>,
): PageAnswer {
  if (paid.state === 'complete') return { to: successUrl(session) };
  if (paid.state === 'challenge') return { to: `/c/pay/${session.id}/challenge` };
  form.delete('cardCvc');
  return { html: formPage(world, session, form, paid.message), status: 402 };
}

function answerChallenge({ world, id, form }: PageCall, session: Readonly<SessionRecord>): PageAnswer {
  const card = session.challenge;
  if (!card) return { to: `/c/pay/${id}` };
  if (!form) return { html: challengePage(`/c/pay/${id}/challenge`, session.amount_total, session.currency) };
  const passed = form.get('result') === 'complete';
  return lead(
    world,
    session,
    new URLSearchParams(),
    passed ? payCheckout(world, id, card, true) : failChallenge(world, id),
  );
}

/** Returns the success URL with its session id, whether or not the placeholder's braces are percent-encoded. */
function successUrl(session: Readonly<SessionRecord>): string {
  return session.success_url.replace(/\{CHECKOUT_SESSION_ID\}|%7BCHECKOUT_SESSION_ID%7D/gi, session.id);
}

function closedPage(session: Readonly<SessionRecord>): string {
  if (session.status === 'complete') {
    const back = { href: successUrl(session), label: 'Continue' };
    return messagePage('Already paid', 'This checkout is complete; nothing more is due here.', back);
  }
  const back = session.cancel_url ? { href: session.cancel_url, label: 'Go back' } : null;
  return messagePage('This checkout has expired', 'Go back and start again: nothing was charged.', back);
}

function emailOf(world: World, session: Readonly<SessionRecord>): string | null {
  const customer = session.customer ? world.store.read('customers', session.customer) : undefined;
  return customer?.email ?? session.customer_email;
}

function formPage(
  world: World,
  session: Readonly<SessionRecord>,
  values: URLSearchParams,
  error: string | null,
): string {
  const email = emailOf(world, session);
  const customer = session.customer ? world.store.read('customers', session.customer) : undefined;
  const { title, button } = WORDS[session.mode];
  const emailField = email
    ? html`<label>Email<input name="email" type="email" value="${email}" readonly></label>`
    : html`<label>Email<input name="email" type="email" autocomplete="email" required value="${values.get('email') ?? ''}"></label>`;
  return page(
    title,
    html`<section>${orderOf(world, session)}</section>
<section><h2>Pay with a card</h2><form method="post" action="/c/pay/${session.id}">${errorBox(error)}${emailField}${asksBusiness(session) && businessFields(world, customer, values)}${cardFields(values)}<button type="submit">${button}</button>${codeField(session, values)}${cardHelp()}</form></section>
${session.cancel_url && html`<p><a href="${session.cancel_url}">Back without paying</a></p>`}`,
  );
}

/** Returns the promotion code field. It stands below the pay button, because Enter presses the first button. */
function codeField({ echoed }: Readonly<SessionRecord>, values: URLSearchParams): Html | false {
  if (echoed.allow_promotion_codes !== true) return false;
  return html`<label>Promotion code<input name="promotionCode" value="${values.get('promotionCode') ?? ''}"></label><p><button class="quiet" name="applyCode" value="1" formnovalidate>Apply</button></p>`;
}

const WORDS = {
  payment: { title: 'Pay', button: 'Pay' },
  setup: { title: 'Save a card', button: 'Save card' },
  subscription: { title: 'Subscribe', button: 'Subscribe' },
};

function orderOf(world: World, session: Readonly<SessionRecord>): Html {
  if (session.mode === 'payment') return oneOffOrder(world, session);
  if (session.mode === 'subscription') return order(world, session);
  return html`<h1>Save a card</h1><p class="soft">It is kept for later and not charged now.</p>`;
}

function order(world: World, session: Readonly<SessionRecord>): Html {
  const currency = session.currency ?? 'usd';
  const lines = session.line_items.map((item) => {
    const price = priceOf(world, item);
    const amount = priceAmount(price, currency) * item.quantity;
    return { name: productName(world, item), amount, every: price.recurring?.interval ?? 'month' };
  });
  const due = formatMoney(session.amount_total ?? 0, currency);
  const reduction = session.promotion_code ? reductionOf(world, session) : 0;
  return html`<h1>Subscribe to ${lines.map((line) => line.name).join(', ')}</h1>
<p class="amount" data-amount-due="${session.amount_total ?? 0}">${due}</p><p class="soft">due today</p>
<dl>${lines.map((line) => html`<dt>${line.name}</dt><dd>${formatMoney(line.amount, currency)} / ${line.every}</dd>`)}${reduction > 0 && html`<dt>Promotion code</dt><dd>−${formatMoney(reduction, currency)}</dd>`}<dt class="total">Due today</dt><dd class="total">${due}</dd></dl>
<p class="soft">${terms(world, session)}</p>`;
}

function terms(world: World, session: Readonly<SessionRecord>): string {
  const now = world.now(session.customer);
  const dates = readSubscriptionData(session.subscription_data, now);
  if (dates.trial_end !== null) return `Free until ${formatDay(dates.trial_end)}, then the price above.`;
  const anchor = dates.billing_cycle_anchor_config
    ? nextAnchor(dates.billing_cycle_anchor_config, now)
    : dates.billing_cycle_anchor;
  if (anchor === null || anchor <= now)
    return 'Billed at once, then at the start of each period. Cancel any time.';
  return `Today you pay for the time until ${formatDay(anchor)}; from then on the full price. Cancel any time.`;
}
