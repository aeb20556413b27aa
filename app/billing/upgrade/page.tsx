import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { openUpgrade } from '@/server/billing/checkout/open-upgrade';
import { openPack } from '@/server/billing/packs/open-pack';
import { DomainError } from '@/server/errors';
import { ConfirmChange } from '../../_billing/confirm-change';
import { UpgradeProblem } from '../../_billing/upgrade-problem';
import { PlansPage } from '../../_plans/plans-page';
import { webContext } from '../../_server/context';
import { visitorCurrency } from '../../_server/currency';
import { needMember, type SignedInMember } from '../../_server/person';
import { queryText } from '../../_server/query-text';
import { Shell } from '../../_shell/shell';

export const metadata: Metadata = { title: 'Upgrade' };
export const dynamic = 'force-dynamic';

type Query = Record<string, string | string[] | undefined>;
type Props = { searchParams: Promise<Query> };
type Way = { url: string } | { reason: string; message: string };

/**
 * The target of every upgrade link: redirects to the payment, or asks a paying account to confirm the change. Needs a
 * sign-in.
 */
export default async function Page({ searchParams }: Props) {
  const query = await searchParams;
  const planId = queryText(query.plan, 64);
  const packId = queryText(query.pack, 64);
  const from = queryText(query.from, 300);
  const what = packId ? `pack=${encodeURIComponent(packId)}` : `plan=${encodeURIComponent(planId)}`;
  const path = `/billing/upgrade?${what}${from ? `&from=${encodeURIComponent(from)}` : ''}`;
  const { person, member } = await needMember(path);
  if (planId === '' && packId === '') {
    return (
      <Shell person={person}>
        <PlansPage />
      </Shell>
    );
  }
  const way = await findWay(member, { planId, packId, from });
  if ('url' in way && !way.url.startsWith(webContext().env.APP_URL)) redirect(way.url);
  return (
    <Shell person={person}>
      {'url' in way ? <ConfirmChange planId={planId} /> : <UpgradeProblem {...way} planId={planId} />}
    </Shell>
  );
}

type Wanted = { planId: string; packId: string; from: string };

/** Returns where to buy the plan or the pack, or why it cannot be bought. */
async function findWay(member: SignedInMember, { planId, packId, from }: Wanted): Promise<Way> {
  if (member.role !== 'owner') {
    return {
      reason: 'FORBIDDEN',
      message: 'Only an owner of this account can buy for it. Ask an owner.',
    };
  }
  const { accountId } = member;
  const currency = visitorCurrency(await headers());
  try {
    const { ctx } = webContext();
    if (packId) return await openPack(ctx, { accountId, packId, from, currency });
    return await openUpgrade(ctx, { accountId, member, planId, from, currency });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { reason: error.reason, message: error.message };
  }
}
