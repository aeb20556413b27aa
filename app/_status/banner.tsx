'use client';

import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import Link from 'next/link';
import { formatDuration } from '../_format/duration';
import { formatReset } from '../_format/instant';
import { FirstPayment } from '../_plans/upgrade-links';
import { isRenewed } from './explain';
import { useStarts } from './start-context';

const PERCENT = { warn80: 80, warn95: 95 } as const;

/** 80 and 95 percent can be put away for the month, by each person for themselves; exhausted cannot. */
export function QuotaBanner() {
  const { personId, status, now, explanation } = useStarts();
  const month = status?.quota.periodStart.slice(0, 7) ?? '';
  const [putAway, putAwayNow] = useLocalStorage<string[]>({
    key: `quota-banners:${personId}`,
    defaultValue: [],
  });
  if (!status) return null;
  const { quota, upgrade } = status;
  if (quota.level === 'exhausted' && explanation) {
    return (
      <Alert color="red" title={explanation.title} mb="md" role="alert">
        <Group justify="space-between">
          <div>
            <Text size="sm">{explanation.text} Your files are kept.</Text>
            {upgrade && <FirstPayment upgrade={upgrade} />}
          </div>
          {upgrade && (
            <Button component="a" href={upgrade.url} size="xs">
              Upgrade{upgrade.plans[0] ? ` to ${upgrade.plans[0].name}` : ''}
            </Button>
          )}
        </Group>
      </Alert>
    );
  }
  if (quota.level !== 'warn80' && quota.level !== 'warn95') return null;
  const key = `${quota.plan.id}-${month}-${quota.level}`;
  if (putAway.includes(key)) return null;
  return (
    <Alert
      color={quota.level === 'warn95' ? 'orange' : 'yellow'}
      title={`${PERCENT[quota.level]} % of your compute quota is used`}
      mb="md"
      withCloseButton
      closeButtonLabel="Put away for this month"
      onClose={() => putAwayNow([...putAway.slice(-20), key])}
    >
      {formatDuration(quota.remainingSeconds ?? 0)} left
      {isRenewed(quota) ? ` until ${formatReset(quota.periodEnd, now)}` : ' of your trial'}.{' '}
      <Anchor component={Link} href="/plans" size="sm">
        See the plans
      </Anchor>
    </Alert>
  );
}
