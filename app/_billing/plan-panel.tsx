'use client';

import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import { useState } from 'react';
import type { BillingSummary } from '@/server/shapes';
import { formatDay, formatReset } from '../_format/instant';
import { isFailing } from '../_offers/failing';
import { formatMoney } from '../_offers/money';
import { useBillingAct } from '../_offers/use-billing';
import { useTRPCClient } from '../_query/trpc';
import { useStarts } from '../_status/start-context';
import { CancelDialog } from './cancel-dialog';

/** The plan in force, the next charge or change, and the ways to change the plan. */
export function PlanPanel({ summary }: { summary: BillingSummary }) {
  const { now } = useStarts();
  const [asks, setAsks] = useState(false);
  const { scheduledChange, pendingChange, mayChange } = summary;
  const cancels = scheduledChange?.kind === 'cancellation';
  return (
    <Paper withBorder p="md" component="section" aria-label="Plan">
      <Group justify="space-between" align="flex-start">
        <Stack gap={4}>
          <Title order={2} size="h4">
            {summary.plan.name}
          </Title>
          <Text size="sm" c="dimmed" data-testid="next-charge">
            {nextSentence(summary, now)}
          </Text>
          {pendingChange && (
            <Text size="sm">
              Your bank has to confirm the change to {pendingChange.name}, until{' '}
              {formatDay(pendingChange.expiresAt, 'UTC')}. Nothing is changed or charged before.
            </Text>
          )}
          {scheduledChange && (
            <Text size="sm">
              {cancels
                ? `Ends on ${formatDay(scheduledChange.at, 'UTC')}; then you are on ${scheduledChange.name}.`
                : `Changes to ${scheduledChange.name} on ${formatDay(scheduledChange.at, 'UTC')}.`}
            </Text>
          )}
        </Stack>
        {mayChange && <PlanButtons summary={summary} onCancel={() => setAsks(true)} />}
      </Group>
      <CancelDialog summary={summary} opened={asks} onClose={() => setAsks(false)} />
    </Paper>
  );
}

/** The ways to change the plan: those that fit its state. */
function PlanButtons({ summary, onCancel }: { summary: BillingSummary; onCancel: () => void }) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const { scheduledChange, pendingChange, paidPlan } = summary;
  const cancels = scheduledChange?.kind === 'cancellation';
  // A plan that is charged again before it ends can still be ended with this period.
  const endsNext = cancels && summary.nextCharge === null;
  const failing = isFailing(summary);
  const resume = () => act(() => client.billing.resume.mutate(), 'Your plan goes on as it is.');
  return (
    <Group gap="sm">
      {pendingChange && (
        <>
          <Button component="a" href={pendingChange.url}>
            Go to your bank
          </Button>
          <Button variant="default" onClick={resume} loading={busy}>
            Take it back
          </Button>
        </>
      )}
      {scheduledChange && !pendingChange && !failing && (
        <Button onClick={resume} loading={busy}>
          {cancels ? 'Resume' : `Keep ${paidPlan?.name ?? 'this plan'}`}
        </Button>
      )}
      {!failing && (
        <Button component={Link} href="/plans" variant={paidPlan ? 'default' : 'filled'}>
          {paidPlan ? 'Change plan' : 'See the plans'}
        </Button>
      )}
      {(failing || (paidPlan && !endsNext)) && (
        <Button variant="subtle" color="gray" onClick={onCancel}>
          Cancel plan
        </Button>
      )}
    </Group>
  );
}

function nextSentence(summary: BillingSummary, now: number): string {
  const { nextCharge, payment } = summary;
  if (nextCharge) return `${formatMoney(nextCharge)} on ${formatReset(nextCharge.at, now)}`;
  if (payment.state === 'paused')
    return 'Your subscription is paused: it gives nothing, and nothing is charged.';
  if (payment.state === 'processing')
    return 'Your first payment is under way. Your plan begins when the money has arrived.';
  if (isFailing(summary)) {
    const sum = payment.due ? `${formatMoney(payment.due)} for` : 'A payment for';
    return `${sum} ${summary.paidPlan?.name ?? 'your subscription'} is open.`;
  }
  if (summary.paidPlan) return 'Nothing more is charged.';
  return summary.status === null
    ? 'Nothing is charged.'
    : 'Your last subscription has ended. Nothing is owed, and nothing more is charged.';
}
