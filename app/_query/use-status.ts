'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { refusalOf, useTRPC } from './trpc';

const POLL_MS = 5_000;

let isLeaving = false;

/** Marks that this tab is signing out, so that a poll refused meanwhile does not redirect. `stop` takes this back. */
export function startLeaving() {
  isLeaving = true;
  const stop = () => {
    isLeaving = false;
  };
  window.addEventListener('pagehide', stop, { once: true });
  return { stop };
}

/**
 * Returns the status, polled once for everything that shows quota, sessions or a start button, and why its last reading
 * failed. Pauses while the tab is hidden. After a sign-out, here or in another tab, redirects to sign-in with a way
 * back.
 */
export function useFreshStatus() {
  const trpc = useTRPC();
  const { data, error, fetchStatus } = useQuery(
    trpc.session.batchStatus.queryOptions(undefined, {
      refetchInterval: POLL_MS,
      refetchIntervalInBackground: false,
      refetchOnWindowFocus: 'always',
      staleTime: 0,
    }),
  );
  const refusal = error ? refusalOf(error) : null;
  const isSignedOut = refusal?.reason === 'UNAUTHORIZED';
  useEffect(() => {
    if (!isSignedOut || isLeaving) return;
    const { pathname, search } = window.location;
    window.location.replace(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
  }, [isSignedOut]);
  const lost =
    fetchStatus === 'paused' ? 'You are offline.' : isSignedOut ? null : (refusal?.message ?? null);
  return { data, lost };
}

/** Returns a function that reads the status again at once. */
export function useRefreshStatus() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useCallback(
    () => queryClient.invalidateQueries({ queryKey: trpc.session.batchStatus.queryKey() }),
    [queryClient, trpc],
  );
}
