import { Title } from '@mantine/core';
import type { Metadata } from 'next';
import { VisitorNote } from '../_billing/visitor-note';
import { PublicBar } from '../_look/public-bar';
import { Room } from '../_look/room';
import { PlanCards } from '../_plans/plan-cards';
import { PlansRoom } from '../_plans/plans-room';
import { findPerson } from '../_server/person';

export const metadata: Metadata = { title: 'Plans' };
export const dynamic = 'force-dynamic';

export default async function Page() {
  const person = await findPerson();
  if (person) {
    return (
      <Room person={person}>
        <PlansRoom />
      </Room>
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
        <div style={{ height: 16 }} />
        <VisitorNote />
      </main>
    </>
  );
}
