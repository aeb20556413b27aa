'use client';

import { Alert, Badge, Button, Code, Group, Menu, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Port } from '@/server/port-shapes';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';
import './ports.css';

const POLL_MS = 3_000;

/** The open ports of a running session: open one, share it by a link, or withdraw the link. */
export function PortsPanel({ sessionId }: { sessionId: string }) {
  const trpc = useTRPC();
  const { data: ports, error } = useQuery({
    ...trpc.port.list.queryOptions({ sessionId }),
    refetchInterval: POLL_MS,
  });
  return (
    <section className="ports" aria-label="Ports">
      {error && !ports ? (
        <Alert color="red" title="The ports cannot be shown" m="md">
          {refusalOf(error).message}
        </Alert>
      ) : !ports ? (
        <Skeleton height={48} m="md" />
      ) : ports.length === 0 ? (
        <NoPorts />
      ) : (
        <PortTable sessionId={sessionId} ports={ports} />
      )}
    </section>
  );
}

const NoPorts = () => (
  <Stack gap="xs" p="md" maw={560}>
    <Text>Nothing listens in this session yet.</Text>
    <Text size="sm" c="dimmed">
      Start a server in the terminal, such as <Code>python3 -m http.server 8000</Code>. It appears here and
      opens in your browser. Only members of this account can open it, until you share it.
    </Text>
  </Stack>
);

function PortTable({ sessionId, ports }: { sessionId: string; ports: Port[] }) {
  return (
    <Table.ScrollContainer minWidth={340}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Port</Table.Th>
            <Table.Th className="wide-only">Program</Table.Th>
            <Table.Th>Who can open it</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ports.map((port) => (
            <PortRow key={port.port} sessionId={sessionId} port={port} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Returns the path that opens a port with a ticket of this sign-in, whatever the browser kept from an earlier one. */
const openPath = (sessionId: string, port: number): string =>
  `/open-port?${new URLSearchParams({ session: sessionId, port: String(port), path: '/' })}`;

function PortRow({ sessionId, port }: { sessionId: string; port: Port }) {
  const isShared = port.access === 'link';
  return (
    <Table.Tr>
      <Table.Td>
        <Code>{port.port}</Code>
      </Table.Td>
      <Table.Td className="one-line wide-only" maw={200}>
        {port.isListening ? (port.process ?? 'unknown') : <Text c="dimmed">nothing listens now</Text>}
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={isShared ? 'yellow' : 'gray'} className="whole">
          {isShared ? 'Anyone with the link' : 'Only this account'}
        </Badge>
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button
            component="a"
            href={openPath(sessionId, port.port)}
            target="_blank"
            rel="noopener noreferrer"
            size="xs"
            variant="default"
            aria-label={`Open port ${port.port}`}
          >
            Open
          </Button>
          <ShareMenu sessionId={sessionId} port={port} />
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function ShareMenu({ sessionId, port }: { sessionId: string; port: Port }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const isShared = port.access === 'link';

  async function share(access: Port['access']) {
    try {
      const { url } = await client.port.share.mutate({ sessionId, port: port.port, access });
      // A browser may refuse the clipboard; the link stays in this menu.
      if (access === 'link') await navigator.clipboard?.writeText(url).catch(() => {});
    } catch (error) {
      tellProblem(refusalOf(error).message);
    }
    await queryClient.invalidateQueries({ queryKey: trpc.port.list.queryKey({ sessionId }) });
  }
  if (!isShared)
    return (
      <Button
        size="xs"
        variant="default"
        onClick={() => share('link')}
        aria-label={`Share port ${port.port}`}
      >
        Share
      </Button>
    );
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="xs" variant="light" aria-label={`Link of port ${port.port}`}>
          Link
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={port.url} target="_blank" rel="noopener noreferrer">
          Open the link
        </Menu.Item>
        <Menu.Item onClick={() => void navigator.clipboard?.writeText(port.url)}>Copy the link</Menu.Item>
        <Menu.Item color="red" onClick={() => share('private')}>
          Stop sharing
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
