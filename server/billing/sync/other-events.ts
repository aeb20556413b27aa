import type Stripe from 'stripe';
import type { Ctx } from '../../context';
import { refreshPrices } from '../catalogue/refresh-prices';
import { noteDispute, noteFraudWarning } from './note-hold';

type Handler = (ctx: Ctx, id: string) => Promise<unknown>;

/** Handlers of events that name no customer, by the beginning of their type. */
const HANDLERS: [start: string, handle: Handler][] = [
  ['price.', refreshPrices],
  ['charge.dispute.', noteDispute],
  ['radar.early_fraud_warning.', noteFraudWarning],
];

/** Handles an event that names no customer. Returns false for one that does. Throws BILLING_UNAVAILABLE. */
export async function handleOther(ctx: Ctx, event: Stripe.Event): Promise<boolean> {
  const handle = HANDLERS.find(([start]) => event.type.startsWith(start))?.[1];
  if (!handle) return false;
  await handle(ctx, (event.data.object as { id: string }).id);
  return true;
}
