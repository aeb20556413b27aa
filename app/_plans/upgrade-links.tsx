'use client';

import { Button, Stack, Text } from '@mantine/core';
import type { Upgrade, UpgradePlan } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { ButtonLink } from '../_look/links';
import { useNow } from '../_status/use-now';
import { firstCharge, formatMoney, formatPrice, nextFirst } from './money';
import { thisMonth, thisMonthText } from './this-month';

/** The plans that lift the refusal and can be bought, each a link that leads to payment; the rest is on the plans page. */
export function UpgradeLinks({ upgrade }: { upgrade: Upgrade }) {
  const sold = upgrade.plans.filter((plan) => plan.price !== null);
  return (
    <Stack gap="xs" role="group" aria-label="Upgrade">
      {sold.map((plan, index) => (
        <Button
          key={plan.id}
          component="a"
          href={plan.url}
          variant={index === 0 ? 'filled' : 'default'}
          justify="space-between"
          rightSection={
            <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
              {formatPrice(plan.price)}
            </Text>
          }
        >
          Upgrade to {plan.name}
          <span className="wide-only"> · {timeText(plan)}</span>
        </Button>
      ))}
      <FirstPayment upgrade={upgrade} />
      <ButtonLink href="/plans" variant={sold.length === 0 ? 'filled' : 'subtle'}>
        {sold.length === 0 ? 'See the plans' : 'Compare all plans'}
      </ButtonLink>
    </Stack>
  );
}

/** `27 h this month`, or `160 h a month` when this month is a whole one. */
function timeText({ monthlySeconds, thisMonthSeconds }: UpgradePlan): string {
  if (monthlySeconds === null) return formatAllowance(null);
  return thisMonthSeconds === null || thisMonthSeconds === monthlySeconds
    ? `${formatAllowance(monthlySeconds)} a month`
    : thisMonth(thisMonthSeconds);
}

/** What the first of these plans costs today and from the next first of the month on: said before anybody leaves. */
export function FirstPayment({ upgrade }: { upgrade: Upgrade }) {
  const now = useNow(undefined);
  const [first] = upgrade.plans;
  if (!first?.price || now === 0) return null;
  const { today, next } = firstCharge(first.price, now);
  const time = thisMonthText(first, nextFirst(now));
  return (
    <Text size="xs" c="dimmed">
      {first.name}: {formatMoney(today)} today for the rest of this month, then {formatMoney(next)} on{' '}
      {nextFirst(now)}.{time && ` ${time}.`}
    </Text>
  );
}
