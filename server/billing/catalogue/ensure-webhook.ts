import Stripe from 'stripe';
import type { Ctx } from '../../context';
import { newId } from '../../ids';
import type { Payments } from '../payments';
import { EVENT_TYPES } from './event-types';

/** The provider returns the secret only when the endpoint is created. It belongs in STRIPE_WEBHOOK_SECRET. */
export type Webhook = { id: string; url: string; secret?: string } | { url: string; skipped: string };

/** Creates or corrects the endpoint that receives our events, and returns it. Throws BILLING_UNAVAILABLE. */
export async function ensureWebhook(ctx: Ctx, payments: Payments): Promise<Webhook> {
  const url = `${ctx.env.APP_URL}/api/stripe/webhook`;
  const found = await payments.ask((stripe) => stripe.webhookEndpoints.list({ limit: 100 }));
  const ours = found.data.find((endpoint) => endpoint.url === url);
  if (ours) return { id: (await mendWebhook(payments, ours)).id, url };
  const isRemote = ctx.env.STRIPE_API_URL === 'https://api.stripe.com';
  if (isRemote && !url.startsWith('https://')) {
    return {
      url,
      skipped: 'The payment provider calls only https addresses; set APP_URL to the public one.',
    };
  }
  const made = await payments.make(`webhook:${ctx.env.ENVIRONMENT_ID}:${newId()}`, (stripe, once) =>
    stripe.webhookEndpoints.create(
      {
        url,
        enabled_events: [...EVENT_TYPES],
        api_version: Stripe.API_VERSION,
        description: `Hourglass ${ctx.env.ENVIRONMENT_ID}`,
      },
      once,
    ),
  );
  return { id: made.id, url, ...(made.secret ? { secret: made.secret } : {}) };
}

/** Corrects an endpoint that is disabled or misses event types; its secret stays. */
async function mendWebhook(
  payments: Payments,
  endpoint: Stripe.WebhookEndpoint,
): Promise<Stripe.WebhookEndpoint> {
  const known = new Set<string>(endpoint.enabled_events);
  const isWhole = known.has('*') || EVENT_TYPES.every((type) => known.has(type));
  if (isWhole && endpoint.status === 'enabled') return endpoint;
  return payments.make(`webhook:${endpoint.id}:${newId()}`, (stripe, once) =>
    stripe.webhookEndpoints.update(endpoint.id, { enabled_events: [...EVENT_TYPES], disabled: false }, once),
  );
}
