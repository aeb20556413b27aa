'use client';

import { Title } from '@mantine/core';
import { PaymentsNote } from '../_offers/notes';
import { PackCards } from '../_offers/packs';
import { QuotaBanner } from '../_status/banner';
import { UsageLine } from '../_status/usage-line';
import { PlanCards } from './plan-cards';

/** The plans for signed-in users. */
export function PlansPage() {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Plans
      </Title>
      <QuotaBanner />
      <UsageLine />
      <div style={{ height: 20 }} />
      <PlanCards signedIn />
      <PackCards />
      <div style={{ height: 16 }} />
      <PaymentsNote />
    </main>
  );
}
