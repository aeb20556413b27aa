'use client';

import { Button, Code, Group, Paper, PasswordInput, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { formatDay } from '../_format/instant';
import { tellProblem } from '../_query/tell-problem';
import { refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';

/** The variables of the account's sessions: set, replaced and deleted, never shown. */
export function Variables() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const { data } = useQuery(trpc.secret.list.queryOptions());
  const variables = data?.filter(({ sessionId }) => sessionId === null) ?? [];

  async function change(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      await queryClient.invalidateQueries({ queryKey: trpc.secret.list.queryKey() });
      return true;
    } catch (error) {
      tellProblem(refusalOf(error).message);
      return false;
    }
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        In every shell and command of your sessions, from their next start. A value is encrypted and cannot be
        read here again.
      </Text>
      <VariableForm onSave={(name, value) => change(() => client.secret.set.mutate({ name, value }))} />
      {variables.length > 0 && (
        <VariableTable
          variables={variables}
          onDelete={(name) => change(() => client.secret.delete.mutate({ name }))}
        />
      )}
    </Stack>
  );
}

type TableProps = { variables: { name: string; setAt: string }[]; onDelete: (name: string) => void };

const VariableTable = ({ variables, onDelete }: TableProps) => (
  <Paper withBorder>
    <Table horizontalSpacing="md">
      <Table.Tbody>
        {variables.map(({ name, setAt }) => (
          <Table.Tr key={name}>
            <Table.Td>
              <Code style={{ overflowWrap: 'anywhere' }}>{name}</Code>
            </Table.Td>
            <Table.Td>
              <Text size="sm">set {formatDay(setAt)}</Text>
            </Table.Td>
            <Table.Td align="right">
              <Button
                size="xs"
                variant="default"
                aria-label={`Delete ${name}`}
                onClick={() => onDelete(name)}
              >
                Delete
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Paper>
);

type FormProps = { onSave: (name: string, value: string) => Promise<boolean> };

function VariableForm({ onSave }: FormProps) {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    if (await onSave(name.trim(), value)) {
      setName('');
      setValue('');
    }
    setBusy(false);
  }
  return (
    <form onSubmit={submit} autoComplete="off">
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Variable"
          placeholder="MY_TOKEN"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={64}
          required
        />
        <PasswordInput
          label="Value"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          maxLength={8192}
          miw={220}
          autoComplete="new-password"
          required
        />
        <Button type="submit" loading={busy}>
          Save variable
        </Button>
      </Group>
    </form>
  );
}
