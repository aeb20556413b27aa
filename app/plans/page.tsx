import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { VisitorNote } from '../_billing/visitor-note';
import { PublicBar } from '../_look/public-bar';
import { PackCards } from '../_offers/packs';
import { PlanCards } from '../_plans/plan-cards';
import { PlansPage } from '../_plans/plans-page';
import { findPerson } from '../_server/person';
import { Shell } from '../_shell/shell';

export const metadata: Metadata = { title: 'Plans' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const person = await findPerson();
  if (person) {
    return (
      <Shell person={person}>
        <PlansPage />
      </Shell>
    );
  }
  return (
    <>
      <PublicBar />
      <main className="page" id="content">
        <Title order={1} size="h3" mb="md">
          Plans
        </Title>
        <PlanCards signedIn={false} />
        <PackCards />
        <div style={{ height: 16 }} />
        <VisitorNote />
      </main>
    </>
  );
}
