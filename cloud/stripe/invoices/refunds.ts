import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { mergeMetadata } from '../store/assign';
import type { ChargeRecord } from '../store/billing-records';
import { missingParam, refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { type Call, listRoute, matches, retrieveRoute, route } from '../wire/route';

function chargeOf(world: World, params: Json): Readonly<ChargeRecord> {
  const { charge: chargeId, payment_intent: intentId } = params;
  if (typeof chargeId === 'string') {
    const charge = world.store.read('charges', chargeId);
    if (!charge) throw missingParam('charge', chargeId, 'charge');
    return charge;
  }
  if (typeof intentId !== 'string') {
    throw refuse(
      'One of the following params should be provided: payment_intent or charge.',
      undefined,
      'parameter_missing',
    );
  }
  const intent = world.store.read('paymentIntents', intentId);
  if (!intent) throw missingParam('payment_intent', intentId, 'payment_intent');
  const charge = intent.charge ? world.store.read('charges', intent.charge) : undefined;
  if (!charge) throw refuse(`The payment ${intentId} has no successful charge to refund.`, 'payment_intent');
  return charge;
}

/** Refunds a charge: the whole remainder, or the sent amount. */
function create({ world, params }: Call): Json {
  const charge = chargeOf(world, params);
  if (charge.status !== 'succeeded') throw refuse('A failed charge cannot be refunded.', 'charge');
  const left = charge.amount - charge.amount_refunded;
  if (left === 0) {
    throw refuse(`Charge ${charge.id} has already been refunded.`, undefined, 'charge_already_refunded');
  }
  const amount = (params.amount as number | undefined) ?? left;
  if (!Number.isInteger(amount) || amount <= 0 || amount > left) {
    throw refuse(`Refund amount (${amount}) must be between 1 and the ${left} left on the charge.`, 'amount');
  }
  const refund = world.store.put('refunds', {
    id: newStripeId('re'),
    amount,
    currency: charge.currency,
    charge: charge.id,
    customer: charge.customer,
    payment_intent: charge.payment_intent,
    reason: (params.reason as string) || null,
    metadata: mergeMetadata({}, params.metadata),
    created: world.now(charge.customer),
  });
  emitFor(world, 'refund.created', 'refunds', refund.id);
  change(world, 'charges', charge.id, 'charge.refunded', (record) => {
    record.amount_refunded += amount;
  });
  return renderOne(world, 'refunds', refund.id);
}

export const refundRoutes = [
  route('POST', '/v1/refunds', 'RefundCreateParams', create),
  listRoute(
    '/v1/refunds',
    'RefundListParams',
    'refunds',
    (refund, params) =>
      matches(params.charge, refund.charge) && matches(params.payment_intent, refund.payment_intent),
  ),
  retrieveRoute('/v1/refunds/:id', 'refunds'),
];
