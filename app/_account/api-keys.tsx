'use client';

import { Alert, Button, Code, CopyButton, Group, Paper, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formatDay } from '../_format/instant';
import { tellProblem } from '../_query/tell-problem';
import { type RouterOutputs, refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';
import { ApiKeyForm, type WantedKey } from './api-key-form';
import { useFresh } from './fresh-sign-in';
import { tellRefusal } from './tell-refusal';

/** The API keys of the account: created with the fewest scopes, shown once, revocable at any time. */
export function ApiKeys() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const withFresh = useFresh();
  const { data: keys, error } = useQuery(trpc.apiKey.list.queryOptions());
  const [fresh, setFresh] = useState<string | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() });

  async function make(wanted: WantedKey) {
    try {
      setFresh((await withFresh(() => client.apiKey.create.mutate(wanted))).key);
      await refresh();
      return true;
    } catch (error) {
      tellRefusal(refusalOf(error));
      return false;
    }
  }
  async function revoke(apiKeyId: string) {
    await client.apiKey.revoke.mutate({ apiKeyId }).catch((error) => tellProblem(refusalOf(error).message));
    await refresh();
  }
  return (
    <Stack>
      {fresh && <FreshKey text={fresh} />}
      <ApiKeyForm onMake={make} />
      {error ? (
        <Text size="sm" role="alert">
          {refusalOf(error).message}
        </Text>
      ) : !keys ? (
        <Skeleton height={48} radius="md" />
      ) : keys.length > 0 ? (
        <KeyTable keys={keys} onRevoke={revoke} />
      ) : (
        <NoKeys />
      )}
    </Stack>
  );
}

const FreshKey = ({ text }: { text: string }) => (
  <Alert color="green" title="Copy this key now: it is shown only this once">
    <Group gap="sm">
      <Code data-testid="fresh-key" style={{ overflowWrap: 'anywhere' }}>
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button size="xs" variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </Group>
  </Alert>
);

type Key = RouterOutputs['apiKey']['list'][number];

function KeyTable({ keys, onRevoke }: { keys: Key[]; onRevoke: (id: string) => void }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={480}>
        <Table horizontalSpacing="md">
          <Table.Tbody>
            {keys.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td maw={180} className="one-line" title={key.name}>
                  {key.name}
                </Table.Td>
                <Table.Td>
                  <Code>{key.prefix}…</Code>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{key.scopes.join(', ')}</Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{key.lastUsedAt ? `used ${formatDay(key.lastUsedAt)}` : 'never used'}</Text>
                </Table.Td>
                <Table.Td>
                  <EndOfKey expiresAt={key.expiresAt} />
                </Table.Td>
                <Table.Td>
                  <Button size="xs" variant="default" onClick={() => onRevoke(key.id)}>
                    Revoke
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function EndOfKey({ expiresAt }: { expiresAt: string | null }) {
  if (expiresAt === null) return null;
  const isOver = Date.parse(expiresAt) <= Date.now();
  return (
    <Text size="sm" c={isOver ? 'red' : undefined}>
      {isOver ? 'expired' : 'ends'} {formatDay(expiresAt)}
    </Text>
  );
}

const NoKeys = () => (
  <Text c="dimmed" size="sm">
    No keys yet. A key lets another app start and stop sessions of this account.
  </Text>
);
