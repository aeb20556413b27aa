import { createTRPCClient, httpBatchLink, type TRPCClient, TRPCClientError } from '@trpc/client';
import type { AppRouter } from '@/server/router';
import type { Limits, Quota, Upgrade } from '@/server/shapes';

export type { AppRouter } from '@/server/router';
export type * from '@/server/shapes';

export type ClientOptions = {
  /** Where Hourglass runs, e.g. `https://hourglass.example`. */
  url: string;
  /** `hg_…`, made by an owner under Settings. Keep it on a server. */
  apiKey: string;
  /** Another fetch, for tests or proxies. */
  fetch?: typeof globalThis.fetch;
};

export type HourglassClient = TRPCClient<AppRouter>;

/** A typed client: `client.session.start.mutate({ sessionId })`. One API key speaks for one account. */
export function createClient({ url, apiKey, fetch }: ClientOptions): HourglassClient {
  return createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${url.replace(/\/+$/, '')}/api/trpc`,
        // What one request may carry; more goes in several.
        maxItems: 50,
        headers: { authorization: `Bearer ${apiKey}` },
        ...(fetch ? { fetch } : {}),
      }),
    ],
  });
}

/** What a refusal carries: a stable reason, and the figures that belong to it. */
export type Refusal = {
  code: string;
  httpStatus: number;
  reason: string | null;
  quota?: Quota;
  limits?: Limits;
  upgrade?: Upgrade | null;
  retryAfterSeconds?: number;
  fields?: Record<string, string[]>;
};

/** The refusal inside an error of this client, or null when it is something else, such as a lost connection. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof TRPCClientError)) return null;
  return (error.data as Refusal | null | undefined) ?? null;
}
