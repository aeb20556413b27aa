'use client';

import { Button, type ButtonProps, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { TRIAL_PLAN } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { useTRPC, useTRPCClient } from '../_query/trpc';
import { useBilling, useBillingAct } from './use-billing';

/** Returns the length of the trial open to this user; null when it is used, not needed, or not theirs to start. */
export function useTrial(): { seconds: number } | null {
  const trpc = useTRPC();
  const { data: summary } = useBilling();
  const { data: plans } = useQuery(trpc.billing.plans.queryOptions());
  const seconds = plans?.find(({ id }) => id === TRIAL_PLAN)?.onceSeconds;
  return seconds && summary?.trial.available && summary.mayChange ? { seconds } : null;
}

/** Offers the trial, which is free, before any paid offer. */
export function TrialOffer({
  trial,
  onStarted,
  ...rest
}: ButtonProps & { trial: { seconds: number }; onStarted?: () => void }) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  async function begin() {
    if (await act(() => client.billing.startTrial.mutate(), 'Your trial has begun.')) onStarted?.();
  }
  return (
    <div>
      <Button {...rest} onClick={begin} loading={busy}>
        Start your free trial · {formatAllowance(trial.seconds)}
      </Button>
      <Text size="xs" c="dimmed" mt={4}>
        Free, once, no card needed.
      </Text>
    </div>
  );
}
