'use client';

import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { formatDuration } from '../_format/duration';
import { formatDay, formatUtc } from '../_format/instant';
import { TextLink } from '../_look/links';
import { useBilling } from './use-billing';

/** Lists what is left of the bought packs, in the order of their use. Renders nothing without packs. */
export function OwnPacks() {
  const { data: summary } = useBilling();
  if (!summary || summary.packs.length === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-label="Your packs">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          Your packs
        </Title>
        {summary.mayChange && (
          <TextLink href="/plans" size="sm">
            Buy another
          </TextLink>
        )}
      </Group>
      <Stack gap={4}>
        {summary.packs.map((pack) => (
          <Group key={pack.id} justify="space-between" gap="xs">
            <Text size="sm">
              {formatDuration(pack.leftSeconds)} left of {pack.name}
            </Text>
            <Text size="sm" c="dimmed" title={formatUtc(pack.endsAt)}>
              until {formatDay(pack.endsAt, 'UTC')} {pack.endsAt.slice(0, 4)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
