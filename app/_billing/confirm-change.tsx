'use client';

import { Alert, Button, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { ChangePreview } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { formatMoney } from '../_plans/money';
import { planDifference } from '../_plans/plan-difference';
import { type Refusal, refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';
import { PaymentsNote } from './notes';
import { useBilling, useBillingAct, useRefreshBilling } from './use-billing';

/** A preview is shown for half as long as it may be confirmed. */
const PREVIEW_MS = 5 * 60_000;

/** The change of a paying account, with what it costs to the cent before it is made. */
export function ConfirmChange({ planId }: { planId: string }) {
  const trpc = useTRPC();
  const { data: plans } = useQuery(trpc.billing.plans.queryOptions());
  const { data: summary } = useBilling();
  const preview = useQuery(
    trpc.billing.previewChange.queryOptions(
      { planId },
      { staleTime: 0, refetchInterval: PREVIEW_MS, retry: false },
    ),
  );
  const plan = plans?.find((one) => one.id === planId);
  const current = plans?.find((one) => one.id === summary?.paidPlan?.id);
  const isSame = summary?.paidPlan?.id === planId && summary.scheduledChange === null;
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        {plan ? `Change to ${plan.name}` : 'Change of plan'}
      </Title>
      <PaymentsNote />
      <Paper withBorder p="lg" maw={560}>
        {isSame ? (
          <AlreadyThere name={plan?.name ?? planId} />
        ) : preview.error ? (
          <Problem refusal={refusalOf(preview.error)} />
        ) : preview.data && plan && summary ? (
          <Stack>
            <Text>
              From {summary.paidPlan?.name ?? summary.plan.name} to {plan.name}:{' '}
              {planDifference(plan, current ?? null) || 'the same time and sessions'}.
            </Text>
            <Costs preview={preview.data} />
            {summary.payment.card && (
              <Text size="sm" c="dimmed">
                Card {summary.payment.card.brand} •••• {summary.payment.card.last4}
              </Text>
            )}
            <Confirm planId={planId} preview={preview.data} />
          </Stack>
        ) : (
          <Skeleton height={160} />
        )}
      </Paper>
    </main>
  );
}

function Costs({ preview }: { preview: ChangePreview }) {
  const { currency, next } = preview;
  const later =
    next.amount === 0 ? 'nothing more' : `${formatMoney({ amount: next.amount, currency })} each month`;
  return (
    <div>
      <Text fw={600} size="lg" data-testid="due-now">
        {preview.effective === 'now'
          ? `${formatMoney({ amount: preview.dueNow, currency })} now`
          : `Nothing now; changes on ${formatDay(next.at, 'UTC')}`}
      </Text>
      <Text c="dimmed">
        then {later} from {formatDay(next.at, 'UTC')}
      </Text>
    </div>
  );
}

function Confirm({ planId, preview }: { planId: string; preview: ChangePreview }) {
  const client = useTRPCClient();
  const router = useRouter();
  const refresh = useRefreshBilling();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { act, busy } = useBillingAct();
  async function confirm() {
    setRefusal(null);
    const done = await act(
      async () => {
        try {
          await client.billing.changePlan.mutate({ planId, prorationDate: preview.prorationDate });
        } catch (error) {
          setRefusal(refusalOf(error));
          throw error;
        }
      },
      preview.effective === 'now'
        ? 'Your plan has changed. It is in force now.'
        : 'Your plan will change as shown.',
    );
    if (!done) return;
    await refresh();
    router.push(preview.effective === 'now' ? '/dashboard' : '/billing');
  }
  return (
    <>
      {refusal && <Problem refusal={refusal} />}
      <Group>
        <Button onClick={confirm} loading={busy}>
          Confirm
        </Button>
        <Button component={Link} href="/plans" variant="default">
          Not now
        </Button>
      </Group>
    </>
  );
}

/** Why it cannot be done, and what can. */
function Problem({ refusal }: { refusal: Refusal }) {
  const client = useTRPCClient();
  const { act, busy } = useBillingAct();
  const toPortal = () =>
    act(async () => window.location.assign((await client.billing.portalLink.mutate()).url));
  return (
    <Alert color="red" title="This change was not made" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{refusal.message}</Text>
        {refusal.reason === 'PAYMENT_FAILED' ? (
          <Button size="xs" onClick={toPortal} loading={busy}>
            Use another card
          </Button>
        ) : (
          <Button component={Link} href="/plans" size="xs" variant="default">
            Back to the plans
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

const AlreadyThere = ({ name }: { name: string }) => (
  <Stack align="flex-start">
    <Text>You are on {name} already. Nothing was charged again.</Text>
    <Button component={Link} href="/dashboard">
      To your sessions
    </Button>
  </Stack>
);
