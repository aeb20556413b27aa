'use client';

import { Alert, Title } from '@mantine/core';
import { QuotaBanner } from '../_status/banner';
import { useStarts } from '../_status/start-context';
import { UsageLine } from '../_status/usage-line';
import { PlanCards } from './plan-cards';

/** The plans for somebody who is signed in; with a plan in mind it says how that one can be had. */
export function PlansRoom({ askedPlanId }: { askedPlanId: string | null }) {
  const { status } = useStarts();
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        {askedPlanId === null ? 'Plans' : 'Upgrade'}
      </Title>
      {askedPlanId === null ? (
        <QuotaBanner />
      ) : (
        <Alert color="yellow" mb="md" title="Payments are not set up" role="status">
          This installation sells no plans yet. Ask its operator for more time, or wait for the reset of your
          quota. Nothing was changed.
        </Alert>
      )}
      <UsageLine />
      <div style={{ height: 20 }} />
      <PlanCards currentPlanId={status?.quota.plan.id ?? null} askedPlanId={askedPlanId} signedIn />
    </main>
  );
}
