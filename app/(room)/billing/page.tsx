import type { Metadata } from 'next';
import { BillingRoom } from '../../_billing/billing-room';

export const metadata: Metadata = { title: 'Billing' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ searchParams }: Props) {
  const { back, invoice } = await searchParams;
  return (
    <BillingRoom
      isBack={back === '1'}
      missingInvoice={invoice === 'none' || invoice === 'later' ? invoice : null}
    />
  );
}
