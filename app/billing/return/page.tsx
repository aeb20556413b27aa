import type { Metadata } from 'next';
import { returnFromCheckout } from '@/server/billing/checkout/return-from-checkout';
import { ReturnPage } from '../../_billing/return-page';
import { webContext } from '../../_server/context';
import { needMember } from '../../_server/person';
import { queryText } from '../../_server/query-text';
import { Shell } from '../../_shell/shell';

export const metadata: Metadata = { title: 'Payment' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** The page the provider returns to after a payment. It asks the provider itself, so no webhook has to arrive first. */
export default async function Page({ searchParams }: Props) {
  const { checkout } = await searchParams;
  const sessionId = queryText(checkout, 200);
  const { person, member } = await needMember(`/billing/return?checkout=${encodeURIComponent(sessionId)}`);
  const { ctx } = webContext();
  const initial = sessionId
    ? await returnFromCheckout(ctx, { accountId: member.accountId, sessionId })
    : 'failed';
  return (
    <Shell person={person}>
      <ReturnPage initial={initial} />
    </Shell>
  );
}
