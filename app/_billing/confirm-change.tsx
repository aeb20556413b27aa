'use client';

import { Button, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import type { BillingSummary, ChangePreview, Plan } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { isFailing } from '../_offers/failing';
import { formatMoney } from '../_offers/money';
import { PaymentsNote } from '../_offers/notes';
import { planDifference } from '../_offers/plan-difference';
import { thisMonthText } from '../_offers/this-month';
import { useBilling } from '../_offers/use-billing';
import { refusalOf, useTRPC } from '../_query/trpc';
import { ChangeProblem } from './change-problem';
import { ConfirmButton } from './confirm-button';

/** A preview is refreshed after half the time for which it can be confirmed. */
const PREVIEW_MS = 5 * 60_000;

/** The change of a paying account, with its exact cost before it is made. */
export function ConfirmChange({ planId }: { planId: string }) {
  const trpc = useTRPC();
  const plans = useQuery(trpc.billing.plans.queryOptions());
  const billing = useBilling();
  const [isMade, setMade] = useState(false);
  // The preview is not fetched again after the change was made, while the next page opens.
  const preview = useQuery(
    trpc.billing.previewChange.queryOptions(
      { planId },
      { staleTime: 0, refetchInterval: PREVIEW_MS, retry: false, enabled: !isMade },
    ),
  );
  const { data: summary } = billing;
  const plan = plans.data?.find((one) => one.id === planId);
  const current = plans.data?.find((one) => one.id === summary?.paidPlan?.id) ?? null;
  const isSame = summary?.paidPlan?.id === planId && summary.scheduledChange === null && !isFailing(summary);
  const error = preview.error ?? (plans.data ? null : plans.error) ?? (billing.data ? null : billing.error);
  const again = () => void Promise.all([plans.refetch(), billing.refetch(), preview.refetch()]);
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        {plan ? `Change to ${plan.name}` : 'Change of plan'}
      </Title>
      <PaymentsNote />
      <Paper withBorder p="lg" maw={560}>
        {isMade ? (
          <Text role="status">Done. One moment…</Text>
        ) : isSame ? (
          <AlreadyThere name={summary?.paidPlan?.name ?? planId} />
        ) : error ? (
          <ChangeProblem refusal={refusalOf(error)} onAgain={again} />
        ) : preview.data && plans.data && summary ? (
          <Stack>
            <Difference summary={summary} name={plan?.name ?? planId} plan={plan} current={current} />
            <Costs preview={preview.data} plan={plan} />
            <ConfirmButton
              planId={planId}
              preview={preview.data}
              isLooking={preview.isFetching}
              onMade={() => setMade(true)}
              onRefused={() => void preview.refetch()}
            />
          </Stack>
        ) : (
          <Skeleton height={160} />
        )}
      </Paper>
    </main>
  );
}

type DifferenceProps = { summary: BillingSummary; name: string; plan?: Plan; current: Plan | null };

/** Shows what will change and the card that pays. The current plan may no longer be on offer. */
function Difference({ summary, name, plan, current }: DifferenceProps) {
  const difference = plan && current ? planDifference(plan, current) || 'the same time and sessions' : '';
  const { card } = summary.payment;
  return (
    <>
      <Text>
        From {summary.paidPlan?.name ?? summary.plan.name} to {name}
        {difference && `: ${difference}`}.
      </Text>
      {card && (
        <Text size="sm" c="dimmed">
          Card {card.brand} •••• {card.last4}
        </Text>
      )}
    </>
  );
}

function Costs({ preview, plan }: { preview: ChangePreview; plan?: Plan }) {
  const { currency, next, thisMonthSeconds } = preview;
  const from = formatDay(next.at, 'UTC');
  const time = plan ? thisMonthText({ ...plan, thisMonthSeconds }, from) : '';
  const later =
    next.amount === 0 ? 'nothing more' : `${formatMoney({ amount: next.amount, currency })} each month`;
  return (
    <div>
      <Text fw={600} size="lg" data-testid="due-now">
        {preview.effective === 'now'
          ? `${formatMoney({ amount: preview.dueNow, currency })} now`
          : `Nothing now; changes on ${from}`}
      </Text>
      <Text c="dimmed">
        then {later} from {from}
      </Text>
      {time && <Text c="dimmed">{time}</Text>}
    </div>
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
