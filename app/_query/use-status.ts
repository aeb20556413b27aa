'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { refusalOf, useTRPC } from './trpc';

const POLL_MS = 5_000;

let isLeaving = false;

/** From now on this tab signs out by itself: a poll that is refused meanwhile leads nowhere else. */
export function startLeaving() {
  isLeaving = true;
  const stop = () => {
    isLeaving = false;
  };
  window.addEventListener('pagehide', stop, { once: true });
  return { stop };
}

/**
 * The one poll behind everything that shows quota, sessions or a start button, and why its last reading failed. Rests
 * while the tab is hidden. Who is not signed in any more, here or in another tab, is led to sign in and back.
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

/** Reads the status again at once, after something changed it. */
export function useRefreshStatus() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useCallback(
    () => queryClient.invalidateQueries({ queryKey: trpc.session.batchStatus.queryKey() }),
    [queryClient, trpc],
  );
}
