'use client';

import { BarChart } from '@mantine/charts';
import { Anchor, Button, Paper, Skeleton, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { Run } from '@/server/shapes';
import { formatDuration } from '../_format/duration';
import { formatTime, formatUtc } from '../_format/instant';
import { OwnPacks } from '../_offers/own-packs';
import { refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';
import { StatusBadge } from '../_session/status-badge';
import { END_WORDS } from '../_session/words';
import { QuotaBanner } from '../_status/banner';
import { useStarts } from '../_status/start-context';
import { UsageLine } from '../_status/usage-line';

/** The usage: the month by days, and every run with its exact time. */
export function UsagePage() {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Usage
      </Title>
      <QuotaBanner />
      <UsageLine />
      <div style={{ height: 16 }} />
      <OwnPacks />
      <Title order={2} size="h5" mt="lg" mb="sm">
        This month by day (UTC)
      </Title>
      <Days />
      <Title order={2} size="h5" mt="lg" mb="sm">
        Runs
      </Title>
      <Runs />
      <LedgerLinks />
    </main>
  );
}

/** Short axis labels: whole hours, or whole minutes below one hour. */
const axisWords = (minutes: number): string =>
  minutes >= 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes)} min`;

const DAYS_PX = 200;

const NotShown = ({ error }: { error: unknown }) => (
  <Text size="sm" role="alert">
    {refusalOf(error).message}
  </Text>
);

function Days() {
  const { status } = useStarts();
  const trpc = useTRPC();
  const from = status?.quota.periodStart.slice(0, 10) ?? '';
  const last = status ? new Date(Date.parse(status.quota.periodEnd) - 1).toISOString().slice(0, 10) : '';
  const { data, error } = useQuery(
    trpc.usage.days.queryOptions({ from, to: last }, { enabled: from !== '', refetchInterval: 60_000 }),
  );
  if (!data) return error ? <NotShown error={error} /> : <Skeleton height={DAYS_PX + 34} radius="md" />;
  const rows = data.map(({ day, seconds }) => ({
    day: String(Number(day.slice(8))),
    minutes: Math.round(seconds / 6) / 10,
  }));
  return (
    <Paper withBorder p="md">
      <BarChart
        h={DAYS_PX}
        data={rows}
        dataKey="day"
        series={[{ name: 'minutes', label: 'Minutes', color: 'sand.6' }]}
        valueFormatter={(minutes) => formatDuration(minutes * 60)}
        yAxisProps={{ width: 56, tickFormatter: axisWords }}
        tickLine="none"
      />
    </Paper>
  );
}

function Runs() {
  const client = useTRPCClient();
  const { now, status } = useStarts();
  const runs = useInfiniteQuery({
    queryKey: ['usage.runs'],
    queryFn: ({ pageParam }) =>
      client.usage.runs.query({ limit: 20, ...(pageParam ? { cursor: pageParam } : {}) }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 30_000,
  });
  if (!runs.data) return runs.error ? <NotShown error={runs.error} /> : <Skeleton height={160} radius="md" />;
  const items = runs.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return <Text c="dimmed">Nothing has run yet. Time is counted from the moment a machine is up.</Text>;
  const names = new Map(status?.sessions.map((session) => [session.id, session.name]));
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={560}>
        <Table verticalSpacing="xs" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Session</Table.Th>
              <Table.Th>Started</Table.Th>
              <Table.Th>Time</Table.Th>
              <Table.Th>End</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((run) => (
              <RunRow key={run.id} run={run} name={names.get(run.sessionId) ?? 'deleted session'} now={now} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {runs.hasNextPage && (
        <Button
          variant="subtle"
          m="sm"
          onClick={() => runs.fetchNextPage()}
          loading={runs.isFetchingNextPage}
        >
          Show more
        </Button>
      )}
    </Paper>
  );
}

/** Links to the full ledger as a file, to keep and to verify. */
function LedgerLinks() {
  return (
    <Text size="sm" c="dimmed" mt="md">
      Download your whole ledger as{' '}
      <Anchor href="/api/usage/ledger?format=csv" underline="always" download>
        CSV
      </Anchor>{' '}
      or{' '}
      <Anchor href="/api/usage/ledger?format=jsonl" underline="always" download>
        JSON lines
      </Anchor>
      . Each entry carries the hash of the one before it, so a file you kept proves that nothing was changed
      since.
    </Text>
  );
}

function RunRow({ run, name, now }: { run: Run; name: string; now: number }) {
  const at = run.startedAt ?? run.admittedAt;
  return (
    <Table.Tr>
      <Table.Td maw={220} className="one-line" title={name}>
        {name}
      </Table.Td>
      <Table.Td title={formatUtc(at)}>{formatTime(at, now)}</Table.Td>
      <Table.Td title={`${run.usedSeconds} s`}>{formatDuration(run.usedSeconds)}</Table.Td>
      <Table.Td>
        {run.endedAt === null ? (
          <StatusBadge status={run.status} />
        ) : (
          <Text size="sm">{run.endReason ? END_WORDS[run.endReason] : ''}</Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
