'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTRPC } from '../_query/trpc';

const POLL_MS = 5_000;

/** The one poll behind everything that shows quota, sessions or a start button. Rests while the tab is hidden. */
export function useStatus() {
  const trpc = useTRPC();
  return useQuery(
    trpc.session.batchStatus.queryOptions(undefined, {
      refetchInterval: POLL_MS,
      refetchIntervalInBackground: false,
      refetchOnWindowFocus: 'always',
      staleTime: 0,
    }),
  );
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
