'use client';

import { Button, Group } from '@mantine/core';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { ChangePreview } from '@/server/shapes';
import { useBillingAct } from '../_offers/use-billing';
import { type Refusal, useTRPCClient } from '../_query/trpc';
import { ChangeProblem } from './change-problem';

type Props = {
  planId: string;
  preview: ChangePreview;
  /** A newer preview is loading; the sum it replaces cannot be confirmed. */
  isLooking: boolean;
  onMade: () => void;
  onRefused: () => void;
};

/** Makes the change once, at the sum shown, and opens the next page. Shows a refusal and requests a new preview. */
export function ConfirmButton({ planId, preview, isLooking, onMade, onRefused }: Props) {
  const client = useTRPCClient();
  const router = useRouter();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { act, busy } = useBillingAct();
  const isNow = preview.effective === 'now';
  async function change() {
    await client.billing.changePlan.mutate({ planId, prorationDate: preview.prorationDate });
    onMade();
  }
  async function confirm() {
    setRefusal(null);
    const words = isNow ? 'Your plan has changed. It is in force now.' : 'Your plan will change as shown.';
    const isDone = await act(change, words, (refused) => {
      // The change is made on the bank's page, which returns here.
      if (refused.reason === 'PAYMENT_ACTION_REQUIRED' && refused.url) {
        window.location.assign(refused.url);
        return;
      }
      setRefusal(refused);
      onRefused();
    });
    if (isDone) router.push(isNow ? '/dashboard' : '/billing');
  }
  return (
    <>
      {refusal && <ChangeProblem refusal={refusal} />}
      <Group>
        <Button onClick={confirm} loading={busy || isLooking}>
          Confirm
        </Button>
        <Button component={Link} href="/plans" variant="default">
          Not now
        </Button>
      </Group>
    </>
  );
}
