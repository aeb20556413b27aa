import type { Json } from '../schema/fill';
import { refuse } from '../store/failure';
import type { World } from '../store/world';
import { renderCurrencyOptions } from './catalogue';
import { renderSessionItems } from './checkout';
import { renderById } from './objects';
import { renderInvoicePayment } from './payment';
import { page, renderSubscription } from './subscription';

const MAX_DEPTH = 4;

/** Fields that are present only when expanded. */
const ON_REQUEST: Record<string, Record<string, (world: World, id: string) => unknown>> = {
  price: { currency_options: (world, id) => renderCurrencyOptions(world.need('prices', id, 'price')) },
  'checkout.session': {
    line_items: (world, id) =>
      page(
        `/v1/checkout/sessions/${id}/line_items`,
        renderSessionItems(world, world.need('checkoutSessions', id, 'session')),
      ),
  },
  invoice: {
    payments: (world, id) => {
      const invoice = world.store.read('invoices', id);
      return page(
        `/v1/invoice_payments?invoice=${id}`,
        invoice?.payment ? [renderInvoicePayment(invoice)] : [],
      );
    },
    confirmation_secret: (world, id) => {
      const payment = world.store.read('invoices', id)?.payment;
      return payment
        ? { type: 'payment_intent', client_secret: `${payment.payment_intent}_secret_local` }
        : null;
    },
  },
  customer: {
    subscriptions: (world, id) => {
      const live = world.store.all('subscriptions').filter((s) => s.customer === id && s.ended_at === null);
      return page(
        `/v1/customers/${id}/subscriptions`,
        live.map((s) => renderSubscription(world, s)),
      );
    },
  },
};

/** Replaces ids with their objects, in place. Throws a refusal for a path that does not exist or is too deep. */
export function expand(world: World, object: Json, paths: unknown): void {
  if (!Array.isArray(paths)) return;
  for (const path of paths as string[]) {
    const segments = path.split('.');
    if (segments.length > MAX_DEPTH) {
      throw refuse(
        `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`,
        'expand',
      );
    }
    walk(world, object, segments, path);
  }
}

function walk(world: World, at: Json, segments: string[], path: string): void {
  const [name, ...rest] = segments;
  // A deleted object has nothing to expand.
  if (name === undefined || at.deleted === true) return;
  if (Array.isArray(at[name])) {
    const parts = at[name] as unknown[];
    for (const [index, part] of parts.entries()) {
      if (typeof part === 'string') parts[index] = renderById(world, part) ?? part;
      if (isObject(parts[index])) walk(world, parts[index], rest, path);
    }
    return;
  }
  const extra = ON_REQUEST[String(at.object)]?.[name];
  if (extra && at[name] === undefined) at[name] = extra(world, String(at.id));
  if (at[name] === undefined) {
    throw refuse(`This property cannot be expanded (${name}).`, 'expand');
  }
  if (typeof at[name] === 'string') {
    const found = renderById(world, at[name]);
    if (!found) throw refuse(`This property cannot be expanded (${path}).`, 'expand');
    at[name] = found;
  }
  if (isObject(at[name])) walk(world, at[name], rest, path);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
