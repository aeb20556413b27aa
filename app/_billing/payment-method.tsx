'use client';

import { Button, Group, Paper, Text, Title } from '@mantine/core';
import type { BillingSummary } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { useBillingAct } from '../_offers/use-billing';
import { useTRPCClient } from '../_query/trpc';
import { brandText } from './brand';

/** The card that is charged, and the links to the payment provider's pages for the card and the invoice details. */
export function PaymentMethod({ summary }: { summary: BillingSummary }) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const { card, chargeAfterExpiry } = summary.payment;
  if (!summary.paymentsSetUp) return null;
  const open = (about: 'card' | 'details') => () =>
    act(async () => window.location.assign((await client.billing.portalLink.mutate({ about })).url));
  return (
    <Paper withBorder p="md" component="section" aria-label="Payment method">
      <Group justify="space-between">
        <div>
          <Title order={2} size="md">
            Payment method
          </Title>
          <Text size="sm" c="dimmed">
            {card ? `${brandText(card.brand)} •••• ${card.last4}, expires ${card.expires}` : 'No card yet'}
          </Text>
          {chargeAfterExpiry && (
            <Text size="sm" c="red" role="status">
              The next payment is on {formatDay(chargeAfterExpiry, 'UTC')}, and this card expires before it.
              Change it in time.
            </Text>
          )}
        </div>
        {summary.mayChange && card && (
          <Group gap="xs">
            <Button variant="default" onClick={open('details')} loading={busy}>
              Billing details
            </Button>
            <Button variant="default" onClick={open('card')} loading={busy}>
              Change card
            </Button>
          </Group>
        )}
      </Group>
    </Paper>
  );
}
