'use client';

import { Alert, Button, Group, Text, Title } from '@mantine/core';
import { useSearchParams } from 'next/navigation';
import { PaymentsNote } from '../_offers/notes';
import { useBilling } from '../_offers/use-billing';
import { PlanCards } from '../_plans/plan-cards';
import { UsageLine } from '../_status/usage-line';

type Props = { reason: string; message: string; planId: string };

/** Shows why an upgrade is not possible right now, and what to do instead. */
export function UpgradeProblem({ reason, message, planId }: Props) {
  const { data: summary, isPending } = useBilling();
  const query = useSearchParams();
  const again = reason === 'BILLING_UNAVAILABLE' || reason === 'RATE_LIMITED';
  // Only the summary tells whether this plan or all plans are not for sale, so exactly one of the two notes is shown.
  const isToldByNote = summary?.paymentsSetUp === false || (reason === 'NOT_FOR_SALE' && isPending);
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Upgrade
      </Title>
      <PaymentsNote />
      {!isToldByNote && (
        <Alert color={again ? 'yellow' : 'red'} mb="md" title="This upgrade is not possible now" role="alert">
          <Group justify="space-between">
            <Text size="sm">{message}</Text>
            {again && (
              <Button component="a" size="xs" href={`/billing/upgrade?${query.toString()}`}>
                Try again
              </Button>
            )}
          </Group>
        </Alert>
      )}
      <UsageLine />
      <div style={{ height: 20 }} />
      <PlanCards askedPlanId={planId} signedIn />
    </main>
  );
}
