import { renderOne } from '../render/objects';
import type { Json } from '../schema/fill';
import { refuse } from '../store/failure';
import { newStripeId } from '../store/ids';
import type { DisputeRecord } from '../store/records';
import type { World } from '../store/world';
import { change, emitFor } from '../webhooks/events';
import { listRoute, matches, retrieveRoute } from '../wire/route';

/** Opens a dispute of a charge and returns the dispute's id. Throws a refusal for a charge that did not succeed. */
export function disputeCharge(world: World, charge: string, input: Partial<DisputeRecord> = {}): string {
  const { amount, currency, customer, payment_intent, status } = world.need('charges', charge, 'charge');
  if (status !== 'succeeded') throw refuse('Only a charge that succeeded can be disputed.', 'charge');
  const record = world.store.put('disputes', {
    id: newStripeId('dp'),
    amount,
    currency,
    charge,
    payment_intent,
    reason: 'fraudulent',
    status: 'needs_response',
    created: world.now(customer),
    ...input,
  });
  tellCharge(world, record);
  emitFor(world, 'charge.dispute.created', 'disputes', record.id);
  return record.id;
}

/** Moves a dispute to a status: an inquiry becomes a dispute, or the bank decides. */
export function moveDispute(world: World, id: string, status: DisputeRecord['status']): void {
  const isOver = status === 'won' || status === 'lost' || status === 'warning_closed';
  change(world, 'disputes', id, isOver ? 'charge.dispute.closed' : 'charge.dispute.updated', (record) => {
    record.status = status;
  });
  tellCharge(world, world.need('disputes', id, 'dispute'));
}

/** Marks the charge as disputed for good. An inquiry is not yet a dispute. */
function tellCharge(world: World, { charge, status }: Readonly<DisputeRecord>): void {
  if (!status.startsWith('warning_')) world.store.edit('charges', charge).disputed = true;
}

/** Records an early fraud warning of the card network, which arrives before any dispute. Returns the warning's id. */
export function warnOfFraud(world: World, charge: string): string {
  const { customer, payment_intent } = world.need('charges', charge, 'charge');
  const record = world.store.put('fraudWarnings', {
    id: newStripeId('issfr'),
    charge,
    payment_intent,
    actionable: true,
    fraud_type: 'made_with_stolen_card',
    created: world.now(customer),
  });
  emitFor(world, 'radar.early_fraud_warning.created', 'fraudWarnings', record.id);
  return record.id;
}

export const disputeRoutes = [
  listRoute(
    '/v1/disputes',
    'DisputeListParams',
    'disputes',
    (dispute, params) =>
      matches(params.charge, dispute.charge) && matches(params.payment_intent, dispute.payment_intent),
  ),
  retrieveRoute('/v1/disputes/:id', 'disputes'),
  listRoute(
    '/v1/radar/early_fraud_warnings',
    'Radar.EarlyFraudWarningListParams',
    'fraudWarnings',
    (warning, params) =>
      matches(params.charge, warning.charge) && matches(params.payment_intent, warning.payment_intent),
  ),
  retrieveRoute('/v1/radar/early_fraud_warnings/:id', 'fraudWarnings'),
];

export const showDispute = (world: World, id: string): Json => renderOne(world, 'disputes', id);
