import type { Metadata } from 'next';
import { returnFromBank } from '@/server/billing/checkout/return-from-bank';
import { ReturnPage } from '../../_billing/return-page';
import { webContext } from '../../_server/context';
import { needMember } from '../../_server/person';
import { queryText } from '../../_server/query-text';
import { Shell } from '../../_shell/shell';

export const metadata: Metadata = { title: 'Payment' };
export const dynamic = 'force-dynamic';

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

/** The page a bank returns to after the confirmation of a payment. */
export default async function Page({ searchParams }: Props) {
  const { invoice } = await searchParams;
  const invoiceId = queryText(invoice, 100);
  const { person, member } = await needMember(`/billing/confirmed?invoice=${encodeURIComponent(invoiceId)}`);
  const { ctx } = webContext();
  const initial = invoiceId
    ? await returnFromBank(ctx, { accountId: member.accountId, invoiceId })
    : 'failed';
  return (
    <Shell person={person}>
      <ReturnPage initial={initial} invoiceId={invoiceId} />
    </Shell>
  );
}
