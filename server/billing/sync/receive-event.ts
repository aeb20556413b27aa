import Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { billingCustomer, stripeEvent } from '@/db/schema/billing';
import { fromUnix } from '../../clock';
import type { Ctx } from '../../context';
import { handleOther } from './other-events';
import { syncAccount } from './sync-account';

export type Receipt = { status: 200 | 400; message: string };

/** An older signature, in seconds, is refused, so that a recorded request cannot be replayed. */
const TOLERANCE_SECONDS = 300;

/**
 * Receives one event of the payment provider: verifies its signature, and reads the account it names from the provider.
 * Nothing else in the event is trusted. Answers 400 for an invalid event; throws when the account could not be read, so
 * that the provider sends the event again.
 */
export async function receiveEvent(ctx: Ctx, body: string, signature: string | null): Promise<Receipt> {
  const event = await verifyEvent(ctx.env.STRIPE_WEBHOOK_SECRET, body, signature);
  if (!event) return { status: 400, message: 'The signature of this event is not valid.' };
  if (event === THIN) return { status: 200, message: 'Thank you; nothing is done on thin events.' };
  if (!ctx.payments || event.livemode === ctx.payments.test) {
    return { status: 400, message: 'This event belongs to another mode of the payment provider.' };
  }
  await processEvent(ctx, event);
  return { status: 200, message: 'Thank you.' };
}

/** A thin event, of the newer kind without an object: none is acted on. */
const THIN = 'thin';

const isSigned = async (body: string, header: string, secret: string): Promise<boolean> =>
  (await Stripe.webhooks.signature
    ?.verifyHeaderAsync(body, header, secret, TOLERANCE_SECONDS)
    .catch(() => false)) ?? false;

function isThin(body: string): boolean {
  try {
    return (JSON.parse(body) as { object?: unknown } | null)?.object === 'v2.core.event';
  } catch {
    return false;
  }
}

/** Returns the event when one of our secrets signed exactly this body within the tolerance, else null. */
async function verifyEvent(
  secrets: string | undefined,
  body: string,
  signature: string | null,
): Promise<Stripe.Event | typeof THIN | null> {
  if (!signature) return null;
  for (const secret of (secrets ?? '').split(',').map((one) => one.trim())) {
    if (secret === '') continue;
    try {
      return Stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS);
    } catch (error) {
      if (isThin(body)) {
        if (await isSigned(body, signature, secret)) return THIN;
      } else if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    }
  }
  return null;
}

/** Reads the account of an event from the provider, once per event. */
export async function processEvent(ctx: Ctx, event: Stripe.Event): Promise<void> {
  const [row] = await ctx.sql<Pick<Row<typeof stripeEvent>, 'processed_at'>[]>`
    insert into stripe_event (id, type, created_at, attempts)
    values (${event.id}, ${event.type}, ${fromUnix(event.created)}, 1)
    on conflict (id) do update set attempts = stripe_event.attempts + 1 returning processed_at`;
  if (row?.processed_at) return;
  const accountId = await findAccount(ctx, customerOf(event));
  try {
    if (await handleOther(ctx, event)) return await markForeign(ctx, event.id);
    if (!accountId) return await markForeign(ctx, event.id);
    const outcome = await syncAccount(ctx, { accountId, eventId: event.id });
    if (outcome.kind === 'no_customer' || outcome.kind === 'unknown_customer')
      await markForeign(ctx, event.id);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // A step after the applied read may still be open: the event then stays unprocessed.
    await ctx.sql`
      update stripe_event set error = ${text}, account_id = ${accountId}, processed_at = null where id = ${event.id}`;
    throw error;
  }
}

function customerOf(event: Stripe.Event): string | null {
  const object = event.data.object as {
    id?: string;
    object?: string;
    customer?: string | { id: string } | null;
  };
  if (object.object === 'customer') return object.id ?? null;
  return typeof object.customer === 'string' ? object.customer : (object.customer?.id ?? null);
}

/** Only our own rows bind a customer to an account; an event's own data is no authority. */
async function findAccount(ctx: Ctx, customer: string | null): Promise<string | null> {
  if (!customer) return null;
  const [row] = await ctx.sql<Pick<Row<typeof billingCustomer>, 'account_id'>[]>`
    select account_id from billing_customer where stripe_customer_id = ${customer}`;
  return row?.account_id ?? null;
}

/** Marks an event of an unknown customer as processed. */
async function markForeign(ctx: Ctx, eventId: string): Promise<void> {
  await ctx.sql`update stripe_event set processed_at = hg_clock() where id = ${eventId}`;
}
