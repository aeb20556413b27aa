'use client';

import { Alert, Badge, Card, Group, List, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { directionOf } from '@/server/quota/direction';
import type { BillingSummary, Plan, PricedPlan } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { formatDay } from '../_format/instant';
import { firstCharge, formatMoney, formatPrice, nextFirst } from '../_offers/money';
import { planDifference } from '../_offers/plan-difference';
import { thisMonthText } from '../_offers/this-month';
import { refusalOf, useTRPC } from '../_query/trpc';
import { useNow } from '../_query/use-now';
import { type PlanAction, planAction } from './plan-action';
import { PlanButton } from './plan-button';

const COLUMNS = { base: 1, xs: 2, md: 3 };

type Props = {
  askedPlanId?: string | null;
  signedIn: boolean;
  /** Heading level of the plans' names, one below the heading above them. */
  headings?: 2 | 3;
};

/** All visible plans side by side, each with the one button that its state allows. */
export function PlanCards({ askedPlanId, signedIn, headings = 2 }: Props) {
  const trpc = useTRPC();
  const priced = useQuery(trpc.billing.plans.queryOptions());
  const own = useQuery(trpc.billing.summary.queryOptions(undefined, { enabled: signedIn }));
  const now = useNow(undefined);
  const { data: plans } = priced;
  const { data: summary } = own;
  if (!plans || (signedIn && !summary)) return <NoCards error={priced.error ?? own.error} />;
  const current = plans.find((plan) => plan.id === summary?.plan.id) ?? null;
  const periodEnd = summary?.periodEnd ? formatDay(summary.periodEnd, 'UTC') : nextFirst(now);
  return (
    <SimpleGrid cols={COLUMNS}>
      {plans.map((plan) => {
        const action = planAction(plan, plans, summary ?? null, periodEnd);
        return (
          <PlanCard
            key={plan.id}
            plan={plan}
            price={priceText(plan, plans)}
            heading={headings}
            isCurrent={plan.id === current?.id}
            isAsked={plan.id === askedPlanId}
            difference={planDifference(plan, current)}
            firstCharge={firstChargeText(plan, current, summary ?? null, now)}
            thisMonth={isComing(action, summary ?? null) ? thisMonthText(plan, periodEnd) : ''}
            action={action}
          />
        );
      })}
    </SimpleGrid>
  );
}

/** Placeholders, or the error. A plan is never offered while the user's own plan is unknown. */
const NoCards = ({ error }: { error: unknown }) =>
  error ? (
    <Alert color="red" title="The plans cannot be shown" role="alert">
      {refusalOf(error).message}
    </Alert>
  ) : (
    <SimpleGrid cols={COLUMNS} aria-busy>
      {[1, 2, 3, 4, 5, 6].map((n) => (
        <Skeleton key={n} height={330} radius="md" />
      ))}
    </SimpleGrid>
  );

/** Returns `$5.07 today, then $19 on 1 Dec` for a plan that would be the first paid one, else an empty text. */
function firstChargeText(
  plan: PricedPlan,
  current: Plan | null,
  summary: BillingSummary | null,
  now: number,
): string {
  if (now === 0 || !plan.price || summary?.paidPlan || directionOf(current, plan) === 'down') return '';
  const { today, next } = firstCharge(plan.price, now);
  return `${formatMoney(today)} today, then ${formatMoney(next)} on ${nextFirst(now)}`;
}

/** Whether a plan can be changed to, or is the current one with no change scheduled after this month. */
const isComing = (action: PlanAction, summary: BillingSummary | null): boolean =>
  action.kind === 'link' || (action.kind === 'current' && summary?.scheduledChange === null);

type CardProps = {
  plan: PricedPlan;
  price: string;
  heading: 2 | 3;
  isCurrent: boolean;
  isAsked: boolean;
  difference: string;
  firstCharge: string;
  thisMonth: string;
  action: PlanAction;
};

function PlanCard(props: CardProps) {
  const { plan, price, heading, isCurrent, isAsked, difference, firstCharge, thisMonth, action } = props;
  const marked = isAsked || isCurrent;
  return (
    <Card
      withBorder
      component="article"
      aria-label={plan.name}
      style={marked ? { borderColor: 'var(--mantine-primary-color-filled)' } : undefined}
    >
      <Stack h="100%" gap="sm">
        <Group justify="space-between">
          <Title order={heading} size="h5">
            {plan.name}
          </Title>
          {isCurrent && <Badge variant="light">Your plan</Badge>}
          {isAsked && !isCurrent && <Badge variant="outline">Requested</Badge>}
        </Group>
        <div>
          <Text size="xl" fw={600}>
            {price}
          </Text>
          {firstCharge && (
            <Text size="sm" c="dimmed">
              {firstCharge}
            </Text>
          )}
          {thisMonth && (
            <Text size="sm" c="dimmed">
              {thisMonth}
            </Text>
          )}
        </div>
        <Text size="sm" c="dimmed">
          {plan.description}
        </Text>
        <WhatItBrings plan={plan} />
        {difference && (
          <Text size="sm" c="dimmed">
            Compared with yours: {difference}
          </Text>
        )}
        <PlanButton action={action} />
      </Stack>
    </Card>
  );
}

const WhatItBrings = ({ plan }: { plan: PricedPlan }) => (
  <List size="sm" className="grow">
    <List.Item>{timeText(plan)}</List.Item>
    <List.Item>
      {plan.maxSessions} {plan.maxSessions === 1 ? 'session' : 'sessions'} at once
    </List.Item>
    <List.Item>{plan.storageGb} GB of files for each session</List.Item>
    <List.Item>{idleText(plan)}</List.Item>
  </List>
);

/** Returns the price of a plan. A free plan is shown as 0 in the currency of the others, where there are others. */
function priceText(plan: PricedPlan, plans: PricedPlan[]): string {
  if (plan.price) return formatPrice(plan.price);
  if (plan.id === 'free' || plan.onceSeconds !== null) {
    const currency = plans.find((other) => other.price)?.price?.currency;
    return currency ? formatMoney({ amount: 0, currency }) : 'Free';
  }
  return plan.monthlySeconds === null ? 'On request' : 'Not for sale yet';
}

function idleText({ idleStop: { minSeconds, maxSeconds } }: PricedPlan): string {
  if (minSeconds === maxSeconds)
    return `Stops after ${formatAllowance(minSeconds)} without keystrokes or work`;
  return `Stops when idle, after ${formatAllowance(minSeconds)} to ${formatAllowance(maxSeconds)} as you choose`;
}

function timeText(plan: PricedPlan): string {
  if (plan.onceSeconds !== null) return `${formatAllowance(plan.onceSeconds)} once`;
  return plan.monthlySeconds === null ? 'No time limit' : `${formatAllowance(plan.monthlySeconds)} a month`;
}
