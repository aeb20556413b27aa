import type { Metadata } from 'next';
import { Room } from '../../_look/room';
import { PlansRoom } from '../../_plans/plans-room';
import { needPerson } from '../../_server/person';

export const metadata: Metadata = { title: 'Upgrade' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** Where every upgrade link leads. Who is signed out signs in first and comes back here. */
export default async function Page({ searchParams }: Props) {
  const { plan } = await searchParams;
  const planId = typeof plan === 'string' ? plan.slice(0, 64) : '';
  const person = await needPerson(`/billing/upgrade?plan=${encodeURIComponent(planId)}`);
  return (
    <Room person={person}>
      <PlansRoom askedPlanId={planId} />
    </Room>
  );
}
