'use client';

import { Button, Stack, Text } from '@mantine/core';
import type { Upgrade } from '@/server/shapes';
import { formatAllowance } from '../_format/duration';
import { formatPrice } from './money';

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
          rightSection={<Text size="sm">{plan.price ? formatPrice(plan.price) : ''}</Text>}
        >
          Upgrade to {plan.name} · {formatAllowance(plan.monthlySeconds)}
          {plan.monthlySeconds === null ? '' : ' a month'}
        </Button>
      ))}
    </Stack>
  );
}
