'use client';

import { Badge, Button, Card, Group, List, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { formatAllowance } from '../_format/duration';
import { useTRPC } from '../_query/trpc';
import { formatPrice } from './money';

type Props = { currentPlanId: string | null; askedPlanId?: string | null; signedIn: boolean };

/** Every visible plan side by side, as the plan table has them. */
export function PlanCards({ currentPlanId, askedPlanId, signedIn }: Props) {
  const trpc = useTRPC();
  const { data: plans } = useQuery(trpc.billing.plans.queryOptions());
  if (!plans) return <Skeleton height={320} />;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
      {plans.map((plan) => {
        const current = plan.id === currentPlanId;
        const asked = plan.id === askedPlanId;
        const free = plan.id === 'free';
        return (
          <Card
            key={plan.id}
            withBorder
            component="article"
            aria-label={plan.name}
            style={asked ? { borderColor: 'var(--mantine-primary-color-filled)' } : undefined}
          >
            <Stack h="100%" gap="sm">
              <Group justify="space-between">
                <Text fw={600}>{plan.name}</Text>
                {current && <Badge variant="light">Your plan</Badge>}
                {asked && !current && <Badge variant="outline">Asked for</Badge>}
              </Group>
              <Text size="xl" fw={600}>
                {plan.price
                  ? formatPrice(plan.price)
                  : free || plan.onceSeconds !== null
                    ? 'Free'
                    : plan.monthlySeconds === null
                      ? 'On request'
                      : 'Not for sale yet'}
              </Text>
              <Text size="sm" c="dimmed">
                {plan.description}
              </Text>
              <List size="sm" className="grow">
                <List.Item>
                  {plan.onceSeconds !== null
                    ? `${formatAllowance(plan.onceSeconds)} once`
                    : plan.monthlySeconds === null
                      ? 'No time limit'
                      : `${formatAllowance(plan.monthlySeconds)} a month`}
                </List.Item>
                <List.Item>
                  {plan.maxSessions} {plan.maxSessions === 1 ? 'session' : 'sessions'} at once
                </List.Item>
                <List.Item>{plan.storageGb} GB of files for each session</List.Item>
                <List.Item>
                  Stops after {formatAllowance(plan.idleStop.defaultSeconds)} without a keystroke
                </List.Item>
              </List>
              {!signedIn && free && (
                <Button component="a" href="/sign-up">
                  Sign up
                </Button>
              )}
            </Stack>
          </Card>
        );
      })}
    </SimpleGrid>
  );
}
