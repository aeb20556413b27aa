'use client';

import { Button, Stack, Text } from '@mantine/core';
import type { Upgrade } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { useNow } from '../_status/use-now';
import { dueToday, formatMoney, formatPrice, nextFirst } from './money';

/** The plans that lift the refusal, each a link that leads to payment. */
export function UpgradeLinks({ upgrade }: { upgrade: Upgrade }) {
  return (
    <Stack gap="xs" role="group" aria-label="Upgrade">
      {upgrade.plans.map((plan, index) => (
        <Button
          key={plan.id}
          component="a"
          href={plan.url}
          variant={index === 0 ? 'filled' : 'default'}
          justify="space-between"
          rightSection={<Text size="sm">{formatPrice(plan.price)}</Text>}
        >
          Upgrade to {plan.name} · {formatAllowance(plan.monthlySeconds)}
          {plan.monthlySeconds === null ? '' : ' a month'}
        </Button>
      ))}
      <FirstPayment upgrade={upgrade} />
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
