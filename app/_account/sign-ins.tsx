'use client';

import { Badge, Button, Group, Paper, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { formatDay, formatTime } from '../_format/instant';
import { tellProblem } from '../_query/tell-problem';
import { type RouterOutputs, refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';

/** Lists where the user is signed in, and ends one or all of these sign-ins. */
export function SignIns() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const { data: signIns, error } = useQuery(trpc.signIn.list.queryOptions());

  async function act(work: () => Promise<unknown>) {
    await work().catch((error) => tellProblem(refusalOf(error).message));
    await queryClient.invalidateQueries({ queryKey: trpc.signIn.list.queryKey() });
  }
  if (error)
    return (
      <Text size="sm" role="alert">
        {refusalOf(error).message}
      </Text>
    );
  if (!signIns) return <Skeleton height={48} radius="md" />;
  return (
    <Stack gap="sm">
      <Paper withBorder>
        <Table horizontalSpacing="md" aria-label="Sign-ins">
          <Table.Tbody>
            {signIns.map((signIn) => (
              <SignInRow
                key={signIn.id}
                signIn={signIn}
                onEnd={() => act(() => client.signIn.end.mutate({ signInId: signIn.id }))}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      {signIns.length > 1 && (
        <Group>
          <Button size="xs" variant="default" onClick={() => act(() => client.signIn.endOthers.mutate())}>
            Sign out everywhere else
          </Button>
        </Group>
      )}
    </Stack>
  );
}

type SignIn = RouterOutputs['signIn']['list'][number];

function SignInRow({ signIn, onEnd }: { signIn: SignIn; onEnd: () => void }) {
  const { device, address, createdAt, lastUsedAt, isCurrent } = signIn;
  return (
    <Table.Tr>
      <Table.Td>
        {device}
        <Text size="sm" c="dimmed">
          {address}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" title={`signed in ${formatDay(createdAt)}`}>
          used {formatTime(lastUsedAt, Date.now())}
        </Text>
      </Table.Td>
      <Table.Td ta="right">
        {isCurrent ? (
          <Badge variant="light" tt="none" miw="max-content">
            This browser
          </Badge>
        ) : (
          <Button size="xs" variant="default" onClick={onEnd} aria-label={`Sign out ${device}`}>
            Sign out
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
