'use client';

import { Alert, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { PaymentsNote } from '../_offers/notes';
import { OwnPacks } from '../_offers/own-packs';
import { useBilling, useRefreshBilling } from '../_offers/use-billing';
import { refusalOf, useTRPCClient } from '../_query/trpc';
import { UsageLine } from '../_status/usage-line';
import { InvoiceTable } from './invoice-table';
import { PaymentMethod } from './payment-method';
import { PlanPanel } from './plan-panel';

type Props = {
  /** The user returned from the payment provider's page, so its changes are read at once. */
  isBack: boolean;
  /** An invoice link led here: there is nothing to pay, or the invoice cannot be looked up now. */
  missingInvoice: 'none' | 'later' | null;
};

/** Shows the plan, the payments and the card of the account, and the ways to change them. */
export function BillingPage({ isBack, missingInvoice }: Props) {
  const { data: summary, error } = useBilling();
  useReadOnReturn(isBack);
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Billing
      </Title>
      <PaymentsNote />
      {missingInvoice && (
        <Alert color="yellow" mb="md" role="status">
          {missingInvoice === 'none'
            ? 'There is nothing to pay here. An invoice of a subscription that has ended is void.'
            : 'The invoice cannot be shown right now. Try again in a moment.'}
        </Alert>
      )}
      {error && (
        <Alert color="red" mb="md" title="Billing cannot be shown" role="alert">
          {refusalOf(error).message}
        </Alert>
      )}
      {summary ? (
        <Stack>
          {!summary.mayChange && (
            <Text size="sm" c="dimmed">
              Only an owner of this account can change billing.
            </Text>
          )}
          <PlanPanel summary={summary} />
          <UsageLine />
          <OwnPacks />
          <PaymentMethod summary={summary} />
          <InvoiceTable />
        </Stack>
      ) : (
        !error && <Skeleton height={320} />
      )}
    </main>
  );
}

function useReadOnReturn(isBack: boolean): void {
  const client = useTRPCClient();
  const refresh = useRefreshBilling();
  useEffect(() => {
    if (!isBack) return;
    // When the provider is unreachable the page shows the stored state; the nightly sync corrects it.
    void client.billing.refresh
      .mutate()
      .catch(() => null)
      .then(() => refresh());
  }, [isBack, client, refresh]);
}
