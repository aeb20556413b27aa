import type { Json } from '../schema/fill';
import type { Records } from '../store/records';
import type { World } from '../store/world';
import { renderPrice, renderProduct } from './catalogue';
import { renderSession } from './checkout';
import { renderCustomer, renderPaymentMethod } from './customer';
import { renderDispute, renderFraudWarning } from './dispute';
import { renderInvoice } from './invoice';
import { renderEvent, renderTestClock, renderWebhookEndpoint } from './notice';
import { renderCharge, renderPaymentIntent, renderRefund, renderSetupIntent } from './payment';
import { renderPortalConfiguration, renderPortalSession } from './portal';
import { renderCoupon, renderDiscount, renderPromotionCode } from './promotion';
import { renderSchedule, renderSubscription } from './subscription';
import { renderTaxId } from './tax';

interface Kind<N extends keyof Records> {
  prefix: string;
  /** The noun in refusals. */
  word: string;
  render: (world: World, record: Readonly<Records[N]>) => Json;
}

/** Each noun with ids of its own that the API can return. */
const KINDS: { [N in keyof Records]?: Kind<N> } = {
  charges: { prefix: 'ch', word: 'charge', render: renderCharge },
  checkoutSessions: { prefix: 'cs', word: 'checkout.session', render: renderSession },
  coupons: { prefix: 'coupon', word: 'coupon', render: (_, record) => renderCoupon(record) },
  customers: { prefix: 'cus', word: 'customer', render: renderCustomer },
  discounts: { prefix: 'di', word: 'discount', render: (_, record) => renderDiscount(record) },
  disputes: { prefix: 'dp', word: 'dispute', render: (_, record) => renderDispute(record) },
  events: { prefix: 'evt', word: 'event', render: renderEvent },
  fraudWarnings: {
    prefix: 'issfr',
    word: 'early fraud warning',
    render: (_, record) => renderFraudWarning(record),
  },
  invoices: { prefix: 'in', word: 'invoice', render: renderInvoice },
  paymentIntents: { prefix: 'pi', word: 'payment_intent', render: renderPaymentIntent },
  paymentMethods: { prefix: 'pm', word: 'PaymentMethod', render: (_, record) => renderPaymentMethod(record) },
  portalConfigurations: {
    prefix: 'bpc',
    word: 'billing_portal.configuration',
    render: (_, record) => renderPortalConfiguration(record),
  },
  portalSessions: { prefix: 'bps', word: 'billing_portal.session', render: renderPortalSession },
  prices: { prefix: 'price', word: 'price', render: (_, record) => renderPrice(record) },
  products: { prefix: 'prod', word: 'product', render: (_, record) => renderProduct(record) },
  promotionCodes: {
    prefix: 'promo',
    word: 'promotion code',
    render: (_, record) => renderPromotionCode(record),
  },
  refunds: { prefix: 're', word: 'refund', render: (_, record) => renderRefund(record) },
  schedules: { prefix: 'sub_sched', word: 'subscription schedule', render: renderSchedule },
  setupIntents: { prefix: 'seti', word: 'setup_intent', render: (_, record) => renderSetupIntent(record) },
  subscriptions: { prefix: 'sub', word: 'subscription', render: renderSubscription },
  taxIds: { prefix: 'txi', word: 'tax id', render: (_, record) => renderTaxId(record) },
  testClocks: { prefix: 'clock', word: 'test clock', render: (_, record) => renderTestClock(record) },
  webhookEndpoints: {
    prefix: 'we',
    word: 'webhook endpoint',
    render: (_, record) => renderWebhookEndpoint(record),
  },
};

export type RenderedName = keyof typeof KINDS;

/** Returns the wire object of a record. Throws 404 resource_missing for an unknown id. */
export function renderOne<N extends RenderedName>(world: World, name: N, id: string): Json {
  const kind = kindOf(name);
  return kind.render(world, world.need(name, id, kind.word));
}

export function renderRecord<N extends RenderedName>(
  world: World,
  name: N,
  record: Readonly<Records[N]>,
): Json {
  return kindOf(name).render(world, record);
}

export function kindOf<N extends RenderedName>(name: N): Kind<N> {
  const kind = KINDS[name] as Kind<N> | undefined;
  if (!kind) throw new Error(`${name} are never answered with.`);
  return kind;
}

/** Returns the wire object with this id, or undefined for an unknown id. */
export function renderById(world: World, id: string): Json | undefined {
  for (const name of Object.keys(KINDS) as RenderedName[]) {
    if (id.startsWith(`${kindOf(name).prefix}_`) && world.store.read(name, id))
      return renderOne(world, name, id);
  }
  return undefined;
}
