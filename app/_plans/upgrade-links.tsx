'use client';

import { Button, Stack, Text } from '@mantine/core';
import type { Upgrade } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { ButtonLink } from '../_look/links';
import { useNow } from '../_status/use-now';
import { dueToday, formatMoney, formatPrice, nextFirst } from './money';

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
          <span className="wide-only">
            {' '}
            · {formatAllowance(plan.monthlySeconds)}
            {plan.monthlySeconds === null ? '' : ' a month'}
          </span>
        </Button>
      ))}
      <FirstPayment upgrade={upgrade} />
      <ButtonLink href="/plans" variant={sold.length === 0 ? 'filled' : 'subtle'}>
        {sold.length === 0 ? 'See the plans' : 'Compare all plans'}
      </ButtonLink>
    </Stack>
  );
}

/** What the first of these plans costs today and from the next first of the month on: said before anybody leaves. */
export function FirstPayment({ upgrade }: { upgrade: Upgrade }) {
  const now = useNow(undefined);
  const [first] = upgrade.plans;
  if (!first?.price || now === 0) return null;
  return (
    <Text size="xs" c="dimmed">
      {first.name}: {formatMoney(dueToday(first.price, now))} today for the rest of this month, then{' '}
      {formatMoney(first.price)} on {nextFirst(now)}.
    </Text>
  );
}
