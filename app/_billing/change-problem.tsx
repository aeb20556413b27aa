'use client';

import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import { isFailing } from '../_offers/failing';
import { useBilling, useBillingAct } from '../_offers/use-billing';
import { type Refusal, useTRPCClient } from '../_query/trpc';

type Props = { refusal: Refusal; onAgain?: () => void };

/** Refusals that may pass by waiting; a lost connection has no reason. */
const PASSING: (string | null)[] = ['BILLING_UNAVAILABLE', null];

/** Shows why a change was refused and the remedies: another card, another attempt, another plan. */
export function ChangeProblem({ refusal, onAgain }: Props) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const { data: summary } = useBilling();
  // An earlier payment is open, and another card alone does not pay it.
  const isOpen = summary !== undefined && isFailing(summary) && summary.payment.state !== 'paused';
  const toPortal = () =>
    act(async () => {
      // Returns the user to this change, to confirm it with the other card.
      const from = `${window.location.pathname}${window.location.search}`;
      window.location.assign((await client.billing.portalLink.mutate({ from })).url);
    });
  return (
    <Alert color="red" title="This change was not made" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{refusal.message}</Text>
        <Group gap="xs">
          <ToBank refusal={refusal} />
          {refusal.reason === 'PAYMENT_FAILED' &&
            (isOpen ? (
              <Button component="a" size="xs" href="/billing/pay">
                Pay now
              </Button>
            ) : (
              <Button size="xs" onClick={toPortal} loading={busy}>
                Use another card
              </Button>
            ))}
          {refusal.reason === 'PAYMENT_FAILED' && (
            <Button component={Link} href="/billing" size="xs" variant="default">
              Billing
            </Button>
          )}
          {onAgain && PASSING.includes(refusal.reason) && (
            <Button size="xs" onClick={onAgain}>
              Try again
            </Button>
          )}
          {onAgain && (
            <Button component={Link} href="/plans" size="xs" variant="default">
              Back to the plans
            </Button>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

const ToBank = ({ refusal }: { refusal: Refusal }) =>
  refusal.reason === 'PAYMENT_ACTION_REQUIRED' && (
    <Button component="a" size="xs" href={refusal.url ?? '/billing/pay'}>
      Go to your bank
    </Button>
  );
