import type Stripe from 'stripe';
import type { Row } from '@/db/rows';
import type { stripeEvent } from '@/db/schema/billing';
import { toUnix } from '../../clock';
import type { Ctx } from '../../context';
import { EVENT_TYPES } from '../catalogue/event-types';
import type { Payments } from '../payments';
import { processEvent } from './receive-event';

const LOOK_BACK_MS = 3 * 86_400_000;
const MOST_PAGES = 10;
/** The provider lists events of at most this many types per request. */
const MOST_TYPES = 20;

/**
 * Processes events that the provider could not deliver, so that a lost webhook is found within a minute. Idempotent.
 * Returns how many were new. Throws BILLING_UNAVAILABLE.
 */
export async function reconcileEvents(ctx: Ctx): Promise<number> {
  if (!ctx.payments) return 0;
  let news = 0;
  for (let at = 0; at < EVENT_TYPES.length; at += MOST_TYPES) {
    news += await reconcileTypes(ctx, ctx.payments, EVENT_TYPES.slice(at, at + MOST_TYPES));
  }
  return news;
}

async function reconcileTypes(ctx: Ctx, payments: Payments, types: string[]): Promise<number> {
  let news = 0;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await payments.ask((stripe) =>
      stripe.events.list({
        delivery_success: false,
        types,
        created: { gte: toUnix(ctx.clock.now() - LOOK_BACK_MS) },
        limit: 100,
        starting_after: cursor,
      }),
    );
    for (const event of await unprocessed(ctx, found.data)) {
      await processEvent(ctx, event).then(
        () => (news += 1),
        (error) => ctx.log.warn({ err: error, event: event.id }, 'an event could not be processed yet'),
      );
    }
    cursor = found.data.at(-1)?.id;
    if (!found.has_more) break;
  }
  return news;
}

async function unprocessed(ctx: Ctx, events: Stripe.Event[]): Promise<Stripe.Event[]> {
  const done = await ctx.sql<Pick<Row<typeof stripeEvent>, 'id'>[]>`
    select id from stripe_event where id = any(${events.map((event) => event.id)}) and processed_at is not null`;
  const known = new Set(done.map((row) => row.id));
  return events.filter((event) => !known.has(event.id)).reverse();
}
