'use client';

import { useCallback } from 'react';
import { type Refusal, refusalOf, useTRPCClient } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';

/** Covers the grace period of a stop and the proof that the machine is gone, which frees its place. */
const TIMEOUT_MS = 60_000;
const LOOK_MS = 700;

const STILL_STOPPING: Refusal = {
  reason: null,
  message: 'The other session is still stopping. Start this one again when it has stopped.',
};

/** Returns a function that stops one session and starts another once the place is proven free. */
export function useSwap(
  start: (sessionId: string) => Promise<boolean>,
  showRefusal: (refusal: Refusal) => void,
) {
  const client = useTRPCClient();
  const refresh = useRefreshStatus();
  return useCallback(
    async (stopId: string, startId: string): Promise<boolean> => {
      try {
        let { status } = await client.session.stop.mutate({ sessionId: stopId });
        await refresh();
        const until = Date.now() + TIMEOUT_MS;
        while (status !== 'stopped' && status !== 'failed') {
          if (Date.now() > until) {
            showRefusal(STILL_STOPPING);
            return false;
          }
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
          status = (await client.session.get.query({ sessionId: stopId })).status;
        }
      } catch (error) {
        showRefusal(refusalOf(error));
        return false;
      }
      return start(startId);
    },
    [client, refresh, start, showRefusal],
  );
}
