import type { Metadata } from 'next';
import { BillingPage } from '../../_billing/billing-page';

export const metadata: Metadata = { title: 'Billing' };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ searchParams }: Props) {
  const { back, invoice } = await searchParams;
  return (
    <BillingPage
      isBack={back === '1'}
      missingInvoice={invoice === 'none' || invoice === 'later' ? invoice : null}
    />
  );
}
