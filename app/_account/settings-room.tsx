'use client';

import {
  Alert,
  Button,
  Checkbox,
  Code,
  Group,
  Paper,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { SCOPES, type Scope } from '@/server/shapes';
import { formatDay } from '../_format/instant';
import { type RouterOutputs, refusalOf, useTRPC, useTRPCClient } from '../_query/trpc';
import { tellProblem } from '../_status/start-context';
import { DeleteAccount } from './delete-account';
import { signInClient } from './sign-in-client';

type Person = { name: string; email: string; emailVerified: boolean };

/** Who somebody is, the keys by which other apps act for the account, and the end of it. */
export function SettingsRoom({ person, isOwner }: { person: Person; isOwner: boolean }) {
  return (
    <main className="page" id="content">
      <Title order={1} size="h3" mb="md">
        Settings
      </Title>
      <Profile person={person} />
      <Title order={2} size="h5" mt="lg" mb="sm">
        API keys
      </Title>
      <Keys />
      <Title order={2} size="h5" mt="xl" mb="sm">
        Delete account
      </Title>
      <DeleteAccount email={person.email} isOwner={isOwner} />
    </main>
  );
}

function Profile({ person }: { person: Person }) {
  const [sent, setSent] = useState(false);
  async function resend() {
    const { error } = await signInClient.sendVerificationEmail({
      email: person.email,
      callbackURL: '/settings',
    });
    if (error) tellProblem(error.message ?? 'The letter could not be sent. Try again in a minute.');
    else setSent(true);
  }
  return (
    <Paper withBorder p="md">
      <Text fw={600} className="one-line">
        {person.name}
      </Text>
      <Text c="dimmed" className="one-line">
        {person.email}
      </Text>
      <Group mt="sm" gap="sm">
        {person.emailVerified ? (
          <Text size="sm">Your address is confirmed.</Text>
        ) : (
          <>
            <Text size="sm">Your address is not confirmed yet: a lost password could not be replaced.</Text>
            <Button size="xs" variant="default" onClick={resend} disabled={sent}>
              {sent ? 'The letter is on its way' : 'Send the letter again'}
            </Button>
          </>
        )}
      </Group>
    </Paper>
  );
}

/** Keys of the account: made with the fewest scopes, shown once, revoked at any time. */
function Keys() {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const { data: keys } = useQuery(trpc.apiKey.list.queryOptions());
  const [fresh, setFresh] = useState<string | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() });

  async function make(name: string, scopes: Scope[]) {
    try {
      setFresh((await client.apiKey.create.mutate({ name, scopes })).key);
      await refresh();
      return true;
    } catch (error) {
      tellProblem(refusalOf(error).message);
      return false;
    }
  }
  async function revoke(apiKeyId: string) {
    await client.apiKey.revoke.mutate({ apiKeyId }).catch((error) => tellProblem(refusalOf(error).message));
    await refresh();
  }
  return (
    <Stack>
      {fresh && (
        <Alert color="green" title="Copy this key now: it is shown only this once">
          <Code data-testid="fresh-key" style={{ overflowWrap: 'anywhere' }}>
            {fresh}
          </Code>
        </Alert>
      )}
      <KeyForm onMake={make} />
      {keys && keys.length > 0 ? <KeyTable keys={keys} onRevoke={revoke} /> : <NoKeys />}
    </Stack>
  );
}

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

const NoKeys = () => (
  <Text c="dimmed" size="sm">
    No keys yet. A key lets another app start and stop sessions of this account.
  </Text>
);

const OFFERED = SCOPES.filter((scope) => scope !== 'admin');

function KeyForm({ onMake }: { onMake: (name: string, scopes: Scope[]) => Promise<boolean> }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!(await onMake(name.trim(), scopes as Scope[]))) return;
    setName('');
    setScopes([]);
  }
  return (
    <Paper withBorder p="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name of the key"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={80}
            required
          />
          <Checkbox.Group label="What it may do" value={scopes} onChange={setScopes}>
            <Group mt={4}>
              {OFFERED.map((scope) => (
                <Checkbox key={scope} value={scope} label={scope} />
              ))}
            </Group>
          </Checkbox.Group>
          <Group>
            <Button type="submit" disabled={scopes.length === 0 || name.trim() === ''}>
              Make key
            </Button>
            {scopes.length === 0 && (
              <Text size="sm" c="dimmed">
                Choose at least one thing it may do.
              </Text>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
