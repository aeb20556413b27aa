import Stripe from 'stripe';
import { fromUnix } from '../../clock';
import type { Ctx } from '../../context';
import { isGone } from '../payments';
import { syncAccount } from './sync-account';

export type Receipt = { status: 200 | 400; message: string };

/** A signature older than this is refused, so that a recorded request cannot be replayed. Unit: seconds. */
const TOLERANCE_SECONDS = 300;

/**
 * Takes one event of the payment provider: checks that it comes from there, and reads the account it is about anew. The
 * event itself is believed in nothing but whom it names. Answers 400 for what is not the provider's; throws when the
 * account could not be read, so that the provider sends it again.
 */
export async function receiveEvent(ctx: Ctx, body: string, signature: string | null): Promise<Receipt> {
  const event = verifyEvent(ctx.env.STRIPE_WEBHOOK_SECRET, body, signature);
  if (!event) return { status: 400, message: 'The signature of this event is not valid.' };
  if (!ctx.payments || event.livemode === ctx.payments.test) {
    return { status: 400, message: 'This event belongs to another mode of the payment provider.' };
  }
  await processEvent(ctx, event);
  return { status: 200, message: 'Thank you.' };
}

/** The event when one of our secrets signed exactly this body within the tolerance, else null. */
function verifyEvent(
  secrets: string | undefined,
  body: string,
  signature: string | null,
): Stripe.Event | null {
  if (!signature) return null;
  for (const secret of (secrets ?? '').split(',').map((one) => one.trim())) {
    if (secret === '') continue;
    try {
      return Stripe.webhooks.constructEvent(body, signature, secret, TOLERANCE_SECONDS);
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    }
  }
  return null;
}

/** Reads the account of an event anew, once per event: what was processed before is not processed again. */
export async function processEvent(ctx: Ctx, event: Stripe.Event): Promise<void> {
  const [row] = await ctx.sql<{ processed_at: number | null }[]>`
    insert into stripe_event (id, type, created_at, attempts)
    values (${event.id}, ${event.type}, ${fromUnix(event.created)}, 1)
    on conflict (id) do update set attempts = stripe_event.attempts + 1 returning processed_at`;
  if (row?.processed_at) return;
  const accountId = await findAccount(ctx, await customerOf(ctx, event));
  if (!accountId) return markForeign(ctx, event.id);
  try {
    const outcome = await syncAccount(ctx, { accountId, eventId: event.id });
    if (outcome.kind === 'no_customer' || outcome.kind === 'unknown_customer')
      await markForeign(ctx, event.id);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // What the read led to may still be open although it was applied: the event is not done with.
    await ctx.sql`
      update stripe_event set error = ${text}, account_id = ${accountId}, processed_at = null where id = ${event.id}`;
    throw error;
  }
}

/** Whom an event is about. A dispute names its charge only, so that is read. */
async function customerOf(ctx: Ctx, event: Stripe.Event): Promise<string | null> {
  const disputed = event.type.startsWith('charge.dispute.')
    ? (event.data.object as Stripe.Dispute).charge
    : null;
  const charge = typeof disputed === 'string' ? disputed : disputed?.id;
  const object = (charge ? await findCharge(ctx, charge) : event.data.object) as {
    id?: string;
    object?: string;
    customer?: string | { id: string } | null;
  };
  if (object.object === 'customer') return object.id ?? null;
  return typeof object.customer === 'string' ? object.customer : (object.customer?.id ?? null);
}

const findCharge = async (ctx: Ctx, id: string): Promise<object> =>
  (await ctx.payments
    ?.ask((stripe) => stripe.charges.retrieve(id))
    .catch((error) => {
      if (isGone(error)) return null;
      throw error;
    })) ?? {};

/** Only our own rows bind a customer to an account: what an event says about itself is no authority. */
async function findAccount(ctx: Ctx, customer: string | null): Promise<string | null> {
  if (!customer) return null;
  const [row] = await ctx.sql<{ account_id: string }[]>`
    select account_id from billing_customer where stripe_customer_id = ${customer}`;
  return row?.account_id ?? null;
}

/** Nobody here is concerned: it is done with. */
async function markForeign(ctx: Ctx, eventId: string): Promise<void> {
  await ctx.sql`update stripe_event set processed_at = hg_clock() where id = ${eventId}`;
}
