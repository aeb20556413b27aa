'use client';

import { Alert, Button, Group, Text } from '@mantine/core';
import Link from 'next/link';
import type { BillingSummary } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { formatMoney } from '../_offers/money';
import { useBilling } from '../_offers/use-billing';

const TITLES: Partial<Record<BillingSummary['payment']['state'], string>> = {
  past_due: 'A payment failed',
  unpaid: 'An invoice is unpaid',
  incomplete: 'A payment is not finished',
  processing: 'A payment is under way',
  paused: 'Your subscription is paused',
};

/** States with an amount to pay now. */
const PAYABLE = new Set<BillingSummary['payment']['state']>(['past_due', 'unpaid', 'incomplete']);

/** Shown on every page while a payment needs action: the amount due, how long the plan is kept, and the way to pay. */
export function PaymentBanner() {
  const { data: summary } = useBilling();
  const title = summary && TITLES[summary.payment.state];
  if (!summary || !title) return null;
  return (
    <div className="page-banner">
      <Alert color="red" title={title} role="alert">
        <Group justify="space-between">
          <Text size="sm">{sentenceOf(summary)}</Text>
          {summary.mayChange && (
            <Group gap="xs">
              {PAYABLE.has(summary.payment.state) && (
                <Button component="a" href="/billing/pay" size="xs">
                  Pay now
                </Button>
              )}
              <Button component={Link} href="/billing" size="xs" variant="default">
                Billing
              </Button>
            </Group>
          )}
        </Group>
      </Alert>
    </div>
  );
}

function sentenceOf({ payment, plan, mayChange }: BillingSummary): string {
  if (payment.state === 'processing') {
    return 'Your bank has not confirmed it yet. Your plan begins when the money has arrived; an email tells you.';
  }
  const parts = [
    payment.due ? `${formatMoney(payment.due)} could not be charged.` : 'The last charge was not paid.',
    payment.keepsPlanUntil
      ? `Your ${plan.name} plan stays until ${formatDay(payment.keepsPlanUntil, 'UTC')}.`
      : '',
    payment.nextAttemptAt ? `The card is tried again on ${formatDay(payment.nextAttemptAt, 'UTC')}.` : '',
    mayChange ? '' : 'Ask an owner of this account to pay.',
  ];
  return parts.filter(Boolean).join(' ');
}
