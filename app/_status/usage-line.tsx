'use client';

import { Group, Paper, Progress, Skeleton, Text, Tooltip } from '@mantine/core';
import { usePathname } from 'next/navigation';
import { shownFigures } from '@/server/quota/refusal-words';
import type { Quota, QuotaLevel } from '@/server/shapes';
import { formatAllowance, formatDuration } from '../_format/duration';
import { formatReset, formatTime, formatUtc } from '../_format/instant';
import { TextLink } from '../_look/links';
import { Mark } from '../_look/mark';
import { isRenewed } from './explain';
import { useStarts } from './start-context';

/** Colours signal a state and nothing else. */
const LEVEL_COLOURS: Record<QuotaLevel, string> = {
  ok: 'sand.6',
  unlimited: 'sand.6',
  warn80: 'yellow',
  warn95: 'orange',
  exhausted: 'red',
};

/** One line above the sessions: used, left, next reset, and how long the quota lasts at today's pace. */
export function UsageLine() {
  const { status, now } = useStarts();
  const path = usePathname();
  if (!status) return <Skeleton className="usage-line" radius="md" />;
  const { quota } = status;
  const { usedSeconds, leftSeconds, wholeSeconds, percent } = shownFigures(quota);
  const share = wholeSeconds ? (leftSeconds ?? 0) / wholeSeconds : null;
  return (
    <Paper withBorder className="usage-line" component="section" aria-label="Compute quota">
      <Mark share={share} size={48} />
      <div className="grow">
        <Group gap="xs" justify="space-between">
          <Text fw={600}>
            {formatDuration(usedSeconds)} used
            <Text span c="dimmed" fw={400}>
              {wholeSeconds === null ? '' : ` of ${formatAllowance(wholeSeconds)}`} · {quota.plan.name}
            </Text>
          </Text>
          <Text data-testid="quota-left">
            {leftSeconds === null ? 'No limit' : `${formatDuration(leftSeconds)} left`}
          </Text>
        </Group>
        {percent !== null && (
          <Progress
            value={percent}
            color={LEVEL_COLOURS[quota.level]}
            size="sm"
            my={6}
            aria-label={`${percent} % of the quota used`}
          />
        )}
        <Group gap="xs" justify="space-between">
          <Text size="sm" c="dimmed">
            <QuotaEnd quota={quota} now={now} />
          </Text>
          {path !== '/usage' && (
            <TextLink href="/usage" size="sm">
              Where it went
            </TextLink>
          )}
        </Group>
      </div>
    </Paper>
  );
}

/** The next reset, or a note that the plan gives its time once. */
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
      {quota.extraSeconds > 0 && <span> · {formatDuration(quota.extraSeconds)} of it in packs</span>}
      {quota.exhaustsAt && (
        <Tooltip label={formatUtc(quota.exhaustsAt)}>
          <span> · at this pace until {formatTime(quota.exhaustsAt, now)}</span>
        </Tooltip>
      )}
    </>
  );
}
