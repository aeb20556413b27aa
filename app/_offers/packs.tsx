'use client';

import { Button, Card, Group, SimpleGrid, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { PricedPack, Upgrade, UpgradePack } from '@/server/shapes';
import { useTRPC } from '../_query/trpc';
import { formatMoney } from './money';

/** Returns the packs of an upgrade that are for sale. */
export const packsIn = (upgrade: Upgrade | null): UpgradePack[] =>
  upgrade?.packs.filter((pack) => pack.price !== null) ?? [];

/** Returns `$4 once`; empty for a pack without a price. */
const priceText = ({ price }: PricedPack): string => (price ? `${formatMoney(price)} once` : '');

type LinksProps = { packs: UpgradePack[]; isFirst: boolean };

/** Each pack as a link to its payment; `isFirst` where no other offer comes before the packs. */
export const PackLinks = ({ packs, isFirst }: LinksProps) =>
  packs.map((pack, index) => (
    <Button
      key={pack.id}
      component="a"
      href={pack.url}
      variant={isFirst && index === 0 ? 'filled' : 'default'}
      justify="space-between"
      className="wrapping"
      rightSection={
        <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
          {priceText(pack)}
        </Text>
      }
    >
      {`Add ${pack.name}`}
    </Button>
  ));

/** The packs beside the plans: time that is paid once. Renders nothing where none is for sale. */
export function PackCards({ heading = 2, mayBuy = true }: { heading?: 2 | 3; mayBuy?: boolean }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.billing.packs.queryOptions());
  const sold = data?.filter((pack) => pack.price !== null) ?? [];
  if (sold.length === 0) return null;
  return (
    <section aria-label="Packs">
      <Title order={heading} size="h4" mt="xl" mb={4}>
        Packs
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        More time without a bigger plan: paid once, used after the quota of the month, good for 12 months.
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {sold.map((pack) => (
          <Card withBorder key={pack.id} component="article" aria-label={pack.name}>
            <Group justify="space-between" wrap="nowrap">
              <div>
                <Text fw={600}>{pack.name}</Text>
                <Text size="sm" c="dimmed">
                  {priceText(pack)}
                </Text>
              </div>
              {mayBuy && (
                <Button component="a" href={`/billing/upgrade?pack=${pack.id}`} variant="default">
                  {`Buy ${pack.name}`}
                </Button>
              )}
            </Group>
          </Card>
        ))}
      </SimpleGrid>
    </section>
  );
}
