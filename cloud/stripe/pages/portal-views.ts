import { formatDay, formatMoney } from '../invoices/money';
import { priceOf, productName } from '../invoices/proration';
import type { SubscriptionRecord } from '../store/billing-records';
import { behaviourOf } from '../store/cards';
import { amountDue } from '../store/invoice-sums';
import { priceAmount } from '../store/price-amount';
import type { World } from '../store/world';
import { changeSubscription } from '../subscriptions/subscription-change';
import { readMoneyChange } from '../subscriptions/subscription-update';
import { businessFields } from './business-form';
import { cardFields, cardHelp } from './card-form';
import { errorBox, type Html, html, page } from './layout';
import { type PortalCall, subscriptionOf, wantedItems } from './portal';

const action = (call: PortalCall, part: string) => `/p/session/${call.session.id}/${part}`;

function back(call: PortalCall): Html | null {
  const { return_url } = call.session;
  return return_url ? html`<p><a href="${return_url}">Return</a></p>` : null;
}

/** Returns the page with the plan, the card and the invoices. */
export function homeView(call: PortalCall): string {
  const { world, session, features } = call;
  const live = world.store
    .all('subscriptions')
    .filter((s) => s.customer === session.customer && s.ended_at === null);
  return page(
    'Billing',
    html`<h1>Billing</h1><section><h2>Plan</h2>${live.length ? live.map((s) => planRow(call, s)) : html`<p class="soft">No subscription.</p>`}</section>
<section><h2>Payment method</h2>${cardRow(world, session.customer)}${features.payment_method_update?.enabled === true && html`<p><a class="button quiet" href="${action(call, 'card')}">Add another card</a></p>`}</section>
${features.invoice_history?.enabled === true && invoiceRows(world, session.customer)}${back(call)}`,
  );
}

function planRow(call: PortalCall, subscription: Readonly<SubscriptionRecord>): Html {
  const { world, features } = call;
  const cost = subscription.items.map((item) => {
    const price = priceOf(world, item);
    const amount = formatMoney(
      priceAmount(price, subscription.currency) * item.quantity,
      subscription.currency,
    );
    return `${productName(world, item)}, ${amount} / ${price.recurring?.interval}`;
  });
  const ends = subscription.cancel_at;
  const canCancel = features.subscription_cancel?.enabled === true && !subscription.schedule;
  return html`<p><strong>${cost.join('; ')}</strong></p><p class="soft">${ends ? `Ends on ${formatDay(ends)}` : `Renews on ${formatDay(subscription.period_end)}`} · ${subscription.status.replace('_', ' ')}</p>
<div class="choices">${features.subscription_update?.enabled === true && html`<a class="button quiet" href="${action(call, 'plan')}">Change plan</a>`}${canCancel && !ends && html`<a class="button quiet" href="${action(call, 'cancel')}">Cancel plan</a>`}${canCancel && ends && html`<form method="post" action="${action(call, 'renew')}"><button>Renew plan</button></form>`}</div>`;
}

function cardRow(world: World, customerId: string): Html {
  const id = world.store.read('customers', customerId)?.default_payment_method;
  const methods = world.store.all('paymentMethods').filter((method) => method.customer === customerId);
  const method = methods.find((held) => held.id === id) ?? methods.at(-1);
  if (!method) return html`<p class="soft">No card yet.</p>`;
  const brand = behaviourOf(method.number)?.brand ?? 'card';
  return html`<p>${brand} •••• ${method.number.slice(-4)} <span class="soft">expires ${method.exp_month}/${method.exp_year}</span></p>`;
}

function invoiceRows(world: World, customer: string): Html {
  const invoices = world.store.all('invoices').filter((i) => i.customer === customer && i.status !== 'draft');
  const rows = invoices
    .reverse()
    .map(
      (invoice) =>
        html`<div class="row"><a href="/i/${invoice.id}">${formatDay(invoice.created)}</a><span>${formatMoney(amountDue(invoice), invoice.currency)}</span><span class="soft">${invoice.status}</span></div>`,
    );
  return html`<section><h2>Invoices</h2>${rows.length ? rows : html`<p class="soft">None yet.</p>`}</section>`;
}

/** Returns the form for a new card. */
export function cardView(call: PortalCall, error: string | null): string {
  const values = call.form ?? new URLSearchParams();
  return page(
    'Update the card',
    html`<section><h1>Add a card</h1><p class="soft">It is used for the next payments.</p></section><section><form method="post" action="${action(call, 'card')}">${errorBox(error)}${cardFields(values)}<button type="submit">Save card</button>${cardHelp()}</form></section>${back(call)}`,
  );
}

/** Returns the form for the details on invoices. */
export function detailsView(call: PortalCall, error: string | null): string {
  const customer = call.world.store.read('customers', call.session.customer);
  const values = call.form ?? new URLSearchParams({ businessName: customer?.name ?? '' });
  return page(
    'Update the billing details',
    html`<section><h1>Billing details</h1><p class="soft">They stand on the next invoices.</p></section><section><form method="post" action="${action(call, 'details')}">${errorBox(error)}${businessFields(call.world, customer, values)}<button type="submit">Save</button></form></section>${back(call)}`,
  );
}

const REASONS: Record<string, string> = {
  too_expensive: 'It is too expensive',
  missing_features: 'Something is missing',
  switched_service: 'I found something else',
  unused: 'I do not use it enough',
  customer_service: 'The support was not good enough',
  too_complex: 'It is too complicated',
  low_quality: 'It does not work well enough',
  other: 'Another reason',
};

/** Returns the form that cancels a plan, with a reason if the configuration asks for one. */
export function cancelView(call: PortalCall, error: string | null): string {
  const { world, session, features } = call;
  const subscription = subscriptionOf(world, session);
  const feature = features.subscription_cancel ?? {};
  const reason = feature.cancellation_reason as { enabled: boolean; options: string[] } | undefined;
  const when =
    feature.mode === 'immediately'
      ? 'It ends at once.'
      : `It stays yours until ${formatDay(subscription.period_end)}.`;
  const reasons = reason?.enabled
    ? html`<label>Why?<select name="feedback"><option value="">Rather not say</option>${reason.options.map((name) => html`<option value="${name}">${REASONS[name] ?? name}</option>`)}</select></label>`
    : null;
  return page(
    'Cancel the plan',
    html`<section><h1>Cancel ${subscription.items.map((item) => productName(world, item)).join(', ')}</h1><p>${when}</p></section><section><form method="post" action="${action(call, 'cancel')}">${errorBox(error)}${reasons}<button type="submit">Cancel plan</button></form></section>${back(call)}`,
  );
}

/** Returns the plans that the configuration offers. */
export function planView(call: PortalCall, error: string | null): string {
  const { world, session, features } = call;
  const subscription = subscriptionOf(world, session);
  const products = (features.subscription_update?.products ?? []) as { prices: string[] }[];
  const prices = products
    .flatMap((product) => product.prices)
    .filter((id) => id !== subscription.items[0]?.price);
  const choice = (id: string) => {
    const price = world.need('prices', id, 'price');
    const amount = formatMoney(priceAmount(price, subscription.currency), subscription.currency);
    return html`<button class="quiet" name="price" value="${id}">${productName(world, { price: id })}, ${amount} / ${price.recurring?.interval}</button>`;
  };
  return page(
    'Change the plan',
    html`<section><h1>Change the plan</h1></section><section>${errorBox(error)}<form method="post" action="${action(call, 'plan')}"><div class="choices">${prices.map(choice)}</div></form></section>${back(call)}`,
  );
}

/** Returns the price of the change today. The figure comes from a rehearsal of the change itself. */
export function confirmView(call: PortalCall, error: string | null): string {
  const { world, session, features } = call;
  const subscription = subscriptionOf(world, session);
  const price = call.query.get('price');
  const items = wantedItems(call, price);
  const due = world.rehearse(() => {
    const behaviour = features.subscription_update?.proration_behavior;
    const change = readMoneyChange(world, subscription, { items, proration_behavior: behaviour });
    const invoice = changeSubscription(world, subscription.id, change);
    return invoice ? amountDue(world.need('invoices', invoice, 'invoice')) : 0;
  });
  return page(
    'Confirm the change',
    html`<section><h1>Confirm the change</h1><p class="amount">${formatMoney(due, subscription.currency)}</p><p class="soft">due today, unless the change waits for the end of the period</p></section><section><form method="post" action="${action(call, 'confirm')}">${errorBox(error)}${price && html`<input type="hidden" name="price" value="${price}">`}<button type="submit">Confirm</button></form></section>${back(call)}`,
  );
}
