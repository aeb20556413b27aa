'use client';

import { TRPCClientError } from '@trpc/client';
import type { inferRouterOutputs } from '@trpc/server';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '@/server/router';
import type { Limits, Quota, Upgrade } from '@/server/shapes';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export type RouterOutputs = inferRouterOutputs<AppRouter>;

export type Refusal = {
  reason: string | null;
  message: string;
  quota?: Quota;
  limits?: Limits;
  upgrade?: Upgrade | null;
  retryAfterSeconds?: number;
  /** The page where the refusal can be resolved. */
  url?: string;
};

/** Returns the refusal of a failed call; a lost connection gets a sentence too. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof TRPCClientError && error.data) {
    return { ...(error.data as Omit<Refusal, 'message'>), message: error.message };
  }
  return {
    reason: null,
    message: 'The service cannot be reached right now. Check your connection and try again.',
  };
}
