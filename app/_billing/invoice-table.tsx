'use client';

import { Anchor, Badge, Button, Paper, Skeleton, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { BillingInvoice } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { formatMoney } from '../_offers/money';
import { refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';

const COLOURS: Record<string, string> = { paid: 'green', open: 'red', void: 'gray', uncollectible: 'gray' };

/** Lists every invoice with the link to its receipt. */
export function InvoiceTable() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const pages = useInfiniteQuery({
    queryKey: [...trpc.billing.invoices.queryKey(), 'all'],
    queryFn: ({ pageParam }) => client.billing.invoices.query(pageParam === '' ? {} : { cursor: pageParam }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const invoices = pages.data?.pages.flatMap((page) => page.items);
  return (
    <Paper withBorder p="md" component="section" aria-label="Invoices">
      <Title order={2} size="md" mb="xs">
        Invoices
      </Title>
      {pages.error ? (
        <Text size="sm" role="alert">
          {refusalOf(pages.error).message}
        </Text>
      ) : !invoices ? (
        <Skeleton height={80} />
      ) : invoices.length === 0 ? (
        <Text size="sm" c="dimmed">
          No invoices yet. The first one comes with your first payment.
        </Text>
      ) : (
        <Rows invoices={invoices} />
      )}
      {pages.hasNextPage && (
        <Button mt="sm" size="xs" variant="default" onClick={() => pages.fetchNextPage()}>
          Earlier invoices
        </Button>
      )}
    </Paper>
  );
}

/** An unpaid invoice has no receipt. */
function linkOf({ payable, status }: BillingInvoice): string {
  if (payable) return 'Pay';
  return status === 'paid' ? 'Receipt' : 'View';
}

const Rows = ({ invoices }: { invoices: BillingInvoice[] }) => (
  <Table>
    <Table.Tbody>
      {invoices.map((invoice) => (
        <Table.Tr key={invoice.id}>
          <Table.Td>{formatDay(invoice.createdAt, 'UTC')}</Table.Td>
          <Table.Td className="wide-only">{invoice.number}</Table.Td>
          <Table.Td ta="right">{formatMoney({ amount: invoice.total, currency: invoice.currency })}</Table.Td>
          <Table.Td>
            <Badge variant="light" tt="capitalize" color={COLOURS[invoice.status] ?? 'gray'}>
              {invoice.status}
            </Badge>
          </Table.Td>
          <Table.Td ta="right">
            <Anchor href={invoice.url} size="sm">
              {linkOf(invoice)}
            </Anchor>
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
);
