'use client';

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { KEPT } from '@/server/kept';
import type { BillingSummary } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { isFailing } from '../_offers/failing';
import { formatMoney } from '../_offers/money';
import { useBillingAct } from '../_offers/use-billing';
import { useTRPCClient } from '../_query/trpc';

type Props = { summary: BillingSummary; opened: boolean; onClose: () => void };

/** Explains a cancellation before it is made: at the end of the period, or at once while a payment fails. */
export function CancelDialog({ summary, opened, onClose }: Props) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const atOnce = isFailing(summary);
  async function cancel() {
    const isDone = await act(async () => {
      const message = outcomeOf(await client.billing.cancel.mutate());
      notifications.show({ message });
    });
    if (isDone) onClose();
  }
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={atOnce ? 'End your plan now?' : 'Cancel your plan?'}
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text>{atOnce ? endsNow(summary) : endsLater(summary)}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep my plan
          </Button>
          <Button color="red.9" onClick={cancel} loading={busy}>
            {atOnce ? 'End it now' : 'Cancel at period end'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const planName = (summary: BillingSummary) => summary.paidPlan?.name ?? summary.plan.name;

function endsLater(summary: BillingSummary): string {
  const until = summary.periodEnd ? formatDay(summary.periodEnd, 'UTC') : 'the end of the period';
  return `${planName(summary)} stays in force until ${until}. Then you are on ${summary.ownPlan.name}: sessions that it does not cover are stopped. ${KEPT} Nothing more is charged.`;
}

function endsNow({ payment, ...summary }: BillingSummary): string {
  const name = summary.paidPlan?.name ?? 'Your subscription';
  const invoice = payment.due
    ? `The open invoice of ${formatMoney(payment.due)} is voided, and nothing more is charged.`
    : 'Nothing more is charged.';
  return `${name} is not paid for, so it ends at once. ${invoice} You are on ${summary.ownPlan.name} then: sessions that it does not cover are stopped. ${KEPT} You can choose a plan again at any time.`;
}

/** Returns what was done, from the server's answer: a payment may have failed or succeeded since the dialog opened. */
function outcomeOf(summary: BillingSummary): string {
  return summary.scheduledChange
    ? `Your plan stays until ${formatDay(summary.scheduledChange.at, 'UTC')}.`
    : 'Your subscription has ended. Nothing more is charged.';
}
