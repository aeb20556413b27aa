import { cardFault, saveBusiness } from '../checkout/checkout-pay';
import { attachCard } from '../customers/payment-methods';
import { cancelNow } from '../invoices/subscription-cancel';
import type { Json } from '../schema/fill';
import { behaviourOf } from '../store/cards';
import { refuse } from '../store/failure';
import type { PortalSessionRecord } from '../store/records';
import type { World } from '../store/world';
import { updateSubscription } from '../subscriptions/subscription-update';
import { change } from '../webhooks/events';
import { readBusiness } from './business-form';
import { readCard } from './card-form';
import type { PageAnswer, PageCall } from './handle';
import { messagePage } from './layout';
import { scheduleDowngrade } from './portal-downgrade';
import { cancelView, cardView, confirmView, detailsView, homeView, planView } from './portal-views';

export interface PortalCall extends PageCall {
  session: Readonly<PortalSessionRecord>;
  features: Record<string, Json>;
}

const LIFE_SECONDS = 3600;

/** `/p/session/:id`: plan, card, invoices and cancellation, or the one flow of the session. */
export function portalPage(call: PageCall): PageAnswer {
  const session = call.world.need('portalSessions', call.id, 'billing_portal.session');
  if (call.world.now(session.customer) > session.created + LIFE_SECONDS) {
    const back = session.return_url ? { href: session.return_url, label: 'Go back' } : null;
    return {
      html: messagePage('This link has expired', 'Go back and open the billing page again.', back),
      status: 410,
    };
  }
  const configuration = call.world.need('portalConfigurations', session.configuration, 'configuration');
  const portal = { ...call, session, features: configuration.features as Record<string, Json> };
  const part = call.part || partOfFlow(session);
  return call.form ? act(portal, part, call.form) : { html: view(portal, part, null) };
}

const PARTS: Record<string, string> = {
  customer_update: 'details',
  payment_method_update: 'card',
  subscription_cancel: 'cancel',
  subscription_update: 'plan',
  subscription_update_confirm: 'confirm',
};

const partOfFlow = (session: Readonly<PortalSessionRecord>) => PARTS[String(session.flow?.type)] ?? 'home';

function view(call: PortalCall, part: string, error: string | null): string {
  if (part === 'card') return cardView(call, error);
  if (part === 'details') return detailsView(call, error);
  if (part === 'cancel') return cancelView(call, error);
  if (part === 'plan') return planView(call, error);
  if (part === 'confirm') return confirmView(call, error);
  return homeView(call);
}

function act(call: PortalCall, part: string, form: URLSearchParams): PageAnswer {
  const { world, session } = call;
  if (part === 'card') {
    const fault = saveCard(call, form);
    if (fault) return { html: view(call, 'card', fault), status: 402 };
  } else if (part === 'details') {
    const fault = saveDetails(call, form);
    if (fault) return { html: view(call, 'details', fault), status: 422 };
  } else if (part === 'cancel') cancel(call, form);
  else if (part === 'renew') {
    need(call, 'subscription_cancel');
    updateSubscription(world, subscriptionOf(world, session).id, { cancel_at_period_end: false });
  } else if (part === 'plan') return { to: `/p/session/${session.id}/confirm?price=${form.get('price')}` };
  else if (part === 'confirm') changePlan(call, form);
  else throw refuse('There is nothing to do here.');
  return done(session);
}

/** Returns the page or redirect that follows a finished flow. */
function done(session: Readonly<PortalSessionRecord>): PageAnswer {
  const after = session.flow?.after_completion as Json | undefined;
  if (after?.type === 'redirect') return { to: String((after.redirect as Json).return_url) };
  if (after?.type === 'hosted_confirmation') {
    const text = (after.hosted_confirmation as { custom_message?: string } | null)?.custom_message;
    return { html: messagePage('Done', text ?? 'Your change is saved.') };
  }
  return { to: `/p/session/${session.id}/home` };
}

function need({ features }: PortalCall, name: string): Json {
  const feature = features[name];
  if (feature?.enabled !== true) throw refuse('This is switched off in the portal.');
  return feature;
}

/** Saves the name, address and tax id of later invoices. Returns an error sentence, or null. */
function saveDetails(call: PortalCall, form: URLSearchParams): string | null {
  const { world, session } = call;
  need(call, 'customer_update');
  const business = readBusiness(form, false);
  if (typeof business === 'string') return business;
  saveBusiness(world, session.customer, business);
  return null;
}

/** Makes the card the customer's default; a subscription's own card still comes first. Returns an error sentence, or null. */
function saveCard(call: PortalCall, form: URLSearchParams): string | null {
  const { world, session } = call;
  need(call, 'payment_method_update');
  const card = readCard(form, null);
  if (typeof card === 'string') return card;
  const fault = cardFault(card, world.now(session.customer)) ?? behaviourOf(card.number)?.declines?.message;
  if (fault) return fault;
  const method = attachCard(world, session.customer, card);
  change(world, 'customers', session.customer, 'customer.updated', (record) => {
    record.default_payment_method = method;
  });
  return null;
}

/** Returns the flow's subscription, otherwise the customer's newest live one. Throws a refusal without one. */
export function subscriptionOf(world: World, session: Readonly<PortalSessionRecord>) {
  const flow = session.flow?.[String(session.flow.type)] as { subscription?: string } | null | undefined;
  const live = world.store
    .all('subscriptions')
    .filter((s) => s.customer === session.customer && s.ended_at === null);
  const found = flow?.subscription ? live.find((s) => s.id === flow.subscription) : live.at(-1);
  if (!found) throw refuse('There is no subscription to change.');
  return found;
}

function cancel(call: PortalCall, form: URLSearchParams): void {
  const { world, session } = call;
  const feature = need(call, 'subscription_cancel');
  const { id } = subscriptionOf(world, session);
  const details = { feedback: form.get('feedback') || undefined, comment: form.get('comment') || undefined };
  if (feature.mode === 'immediately') {
    const prorate = feature.proration_behavior !== 'none';
    cancelNow(world, id, 'cancellation_requested', {
      details,
      prorate,
      invoiceNow: feature.proration_behavior === 'always_invoice',
    });
  } else updateSubscription(world, id, { cancel_at_period_end: true, cancellation_details: details });
}

/** Returns the items to confirm: the flow's, or the first item with the chosen price. Throws a refusal for another price. */
export function wantedItems(call: PortalCall, price: string | null): Json[] {
  const flow = call.session.flow?.subscription_update_confirm as { items: Json[] } | null | undefined;
  if (flow)
    return flow.items.map((item) =>
      Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null)),
    );
  const [item] = subscriptionOf(call.world, call.session).items;
  const products = (call.features.subscription_update?.products ?? []) as { prices: string[] }[];
  if (!item || !price || !products.some((product) => product.prices.includes(price))) {
    throw refuse('This plan cannot be chosen here.');
  }
  return [{ id: item.id, price }];
}

function changePlan(call: PortalCall, form: URLSearchParams): void {
  const { world, session } = call;
  const feature = need(call, 'subscription_update');
  const subscription = subscriptionOf(world, session);
  const items = wantedItems(call, form.get('price'));
  if (scheduleDowngrade(call, subscription, items)) return;
  const endsTrial = subscription.status === 'trialing' && feature.trial_update_behavior !== 'continue_trial';
  updateSubscription(world, subscription.id, {
    items,
    proration_behavior: feature.proration_behavior,
    payment_behavior: 'error_if_incomplete',
    ...(endsTrial ? { trial_end: 'now' } : {}),
  });
}
