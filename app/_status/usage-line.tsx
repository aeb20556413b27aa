'use client';

import { Group, Paper, Progress, RingProgress, Skeleton, Text, Tooltip } from '@mantine/core';
import type { Quota, QuotaLevel } from '@/server/shapes';
import { formatAllowance, formatDuration } from '../_format/duration';
import { formatReset, formatTime, formatUtc } from '../_format/instant';
import { Mark } from '../_look/mark';
import { isRenewed } from './explain';
import { useStarts } from './start-context';

/** Colours mean a state and nothing else. */
export const LEVEL_COLOURS: Record<QuotaLevel, string> = {
  ok: 'sand',
  unlimited: 'sand',
  warn80: 'yellow',
  warn95: 'orange',
  exhausted: 'red',
};

/** One line over the sessions: used, left, reset, and until when at today's pace. */
export function UsageLine() {
  const { status, now } = useStarts();
  if (!status) return <Skeleton height={86} radius="md" />;
  const { quota } = status;
  const share = quota.quotaSeconds ? (quota.remainingSeconds ?? 0) / quota.quotaSeconds : null;
  return (
    <Paper withBorder p="md" component="section" aria-label="Compute quota">
      <Group wrap="nowrap" gap="md">
        <RingProgress
          size={56}
          thickness={5}
          roundCaps
          sections={[{ value: quota.percent ?? 0, color: LEVEL_COLOURS[quota.level] }]}
          label={
            <Group justify="center">
              <Mark share={share} size={24} />
            </Group>
          }
          aria-hidden
        />
        <div className="grow">
          <Group gap="xs" justify="space-between">
            <Text fw={600}>
              {formatDuration(quota.usedSeconds)} used
              <Text span c="dimmed" fw={400}>
                {' '}
                of {formatAllowance(quota.quotaSeconds)} · {quota.plan.name}
              </Text>
            </Text>
            <Text data-testid="quota-left">
              {quota.remainingSeconds === null
                ? 'No limit'
                : `${formatDuration(quota.remainingSeconds)} left`}
            </Text>
          </Group>
          {quota.percent !== null && (
            <Progress
              value={quota.percent}
              color={LEVEL_COLOURS[quota.level]}
              size="sm"
              my={6}
              aria-label={`${quota.percent} % of the quota used`}
            />
          )}
          <Text size="sm" c="dimmed">
            <QuotaEnd quota={quota} now={now} />
          </Text>
        </div>
      </Group>
    </Paper>
  );
}

function QuotaEnd({ quota, now }: { quota: Quota; now: number }) {
  return (
    <>
      {isRenewed(quota) ? (
        <Tooltip label={formatUtc(quota.periodEnd)}>
          <span>Resets {formatReset(quota.periodEnd, now)}</span>
        </Tooltip>
      ) : (
        <span>Given once, for your trial</span>
      )}
      {quota.exhaustsAt && (
        <Tooltip label={formatUtc(quota.exhaustsAt)}>
          <span> · at this pace until {formatTime(quota.exhaustsAt, now)}</span>
        </Tooltip>
      )}
    </>
  );
}
