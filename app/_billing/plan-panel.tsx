'use client';

import { Button, Group, Modal, Paper, Stack, Text, Title } from '@mantine/core';
import Link from 'next/link';
import { useState } from 'react';
import { type BillingSummary, KEPT } from '@/server/shapes';
import { formatDay, formatReset } from '../_format/instant';
import { formatMoney } from '../_plans/money';
import { useTRPCClient } from '../_query/trpc';
import { useStarts } from '../_status/start-context';
import { useBillingAct } from './use-billing';

/** The plan in force, what comes next, and the ways to change it. */
export function PlanPanel({ summary }: { summary: BillingSummary }) {
  const { now } = useStarts();
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const [asks, setAsks] = useState(false);
  const { scheduledChange, paidPlan, mayChange } = summary;
  const cancels = scheduledChange?.kind === 'cancellation';
  const resume = () => act(() => client.billing.resume.mutate(), 'Your plan goes on as it is.');
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
          {scheduledChange && (
            <Text size="sm">
              {cancels
                ? `Ends on ${formatDay(scheduledChange.at, 'UTC')}; then you are on ${scheduledChange.name}.`
                : `Changes to ${scheduledChange.name} on ${formatDay(scheduledChange.at, 'UTC')}.`}
            </Text>
          )}
        </Stack>
        {mayChange && (
          <Group gap="sm">
            {scheduledChange && (
              <Button onClick={resume} loading={busy}>
                {cancels ? 'Resume' : `Keep ${paidPlan?.name ?? 'this plan'}`}
              </Button>
            )}
            <Button component={Link} href="/plans" variant={paidPlan ? 'default' : 'filled'}>
              {paidPlan ? 'Change plan' : 'See the plans'}
            </Button>
            {paidPlan && !cancels && (
              <Button variant="subtle" color="gray" onClick={() => setAsks(true)}>
                Cancel plan
              </Button>
            )}
          </Group>
        )}
      </Group>
      <CancelDialog summary={summary} opened={asks} onClose={() => setAsks(false)} />
    </Paper>
  );
}

function nextSentence(summary: BillingSummary, now: number): string {
  const { nextCharge } = summary;
  if (nextCharge) return `${formatMoney(nextCharge)} on ${formatReset(nextCharge.at, now)}`;
  return summary.paidPlan ? 'Nothing more is charged.' : 'Nothing is charged.';
}

type DialogProps = { summary: BillingSummary; opened: boolean; onClose: () => void };

/** Says what a cancellation means before it is made. */
function CancelDialog({ summary, opened, onClose }: DialogProps) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const until = summary.periodEnd ? formatDay(summary.periodEnd, 'UTC') : 'the end of the period';
  async function cancel() {
    if (await act(() => client.billing.cancel.mutate(), `Your plan stays until ${until}.`)) onClose();
  }
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Cancel your plan?"
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text>
          {summary.paidPlan?.name ?? summary.plan.name} stays in force until {until}. Then you are on{' '}
          {summary.ownPlan.name}: sessions that it does not cover are stopped. {KEPT} Nothing more is charged.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep my plan
          </Button>
          <Button color="red.9" onClick={cancel} loading={busy}>
            Cancel at period end
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
