'use client';

import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { tellRefusal } from '../_account/tell-refusal';
import { type Refusal, refusalOf, useTRPC } from '../_query/trpc';
import { useRefreshStatus } from '../_query/use-status';

const POLL_MS = 60_000;

/** Returns the account's billing, polled because another member may change it. */
export function useBilling() {
  const trpc = useTRPC();
  return useQuery(trpc.billing.summary.queryOptions(undefined, { refetchInterval: POLL_MS }));
}

/** Returns a function that refetches everything a change of billing affects. */
export function useRefreshBilling() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refreshStatus = useRefreshStatus();
  return useCallback(
    () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: trpc.billing.summary.queryKey() }),
        queryClient.invalidateQueries({ queryKey: trpc.billing.plans.queryKey() }),
        queryClient.invalidateQueries({ queryKey: trpc.billing.invoices.queryKey() }),
        refreshStatus(),
      ]),
    [queryClient, trpc, refreshStatus],
  );
}

/**
 * Returns `act`, which makes one change of billing at a time, so that a double click sends once, and `busy`. `act`
 * resolves to whether the change was made; a refusal is shown as a notification, or passed to `onRefused`.
 */
export function useBillingAct() {
  const refresh = useRefreshBilling();
  const underWay = useRef(false);
  const [busy, setBusy] = useState(false);
  const act = useCallback(
    async (
      work: () => Promise<unknown>,
      done?: string,
      onRefused: (refusal: Refusal) => void = tellRefusal,
    ): Promise<boolean> => {
      if (underWay.current) return false;
      underWay.current = true;
      setBusy(true);
      try {
        await work();
        if (done) notifications.show({ message: done });
        return true;
      } catch (error) {
        onRefused(refusalOf(error));
        return false;
      } finally {
        await refresh();
        underWay.current = false;
        setBusy(false);
      }
    },
    [refresh],
  );
  return { act, busy };
}
