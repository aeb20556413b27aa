'use client';

import { Button, Checkbox, Group, NativeSelect, Paper, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { SCOPES, type Scope } from '@/server/shapes';

const SCOPE_WORDS: Record<Scope, string> = {
  'session:read': 'See sessions and what is left',
  'session:write': 'Start, stop and delete them too',
  'usage:read': 'See the quota and where the time went',
  'billing:read': 'See plan and invoices',
  'billing:write': 'Change the plan',
  admin: 'Everything an administrator may do',
};

const OFFERED = SCOPES.filter((scope) => scope !== 'admin');

/** Returns a sentence about what the key still needs; empty when it can be created. */
function missing(name: string, scopes: string[]): string {
  const parts = [
    name.trim() === '' ? 'give it a name' : '',
    scopes.length === 0 ? 'choose at least one permission' : '',
  ].filter(Boolean);
  const words = parts.join(' and ');
  return words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

export type WantedKey = { name: string; scopes: Scope[]; expiresAt?: string };

const ENDS = [
  { value: '', label: 'Never' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
];
const DAY_MS = 86_400_000;

const endIn = (days: number): { expiresAt?: string } =>
  days > 0 ? { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() } : {};

const EndSelect = ({ days, onChange }: { days: string; onChange: (days: string) => void }) => (
  <NativeSelect
    label="Expires"
    data={ENDS}
    value={days}
    onChange={(event) => onChange(event.currentTarget.value)}
    w={200}
  />
);

/** Asks for a name, the smallest set of scopes and an expiry; the button says what is still missing. */
export function ApiKeyForm({ onMake }: { onMake: (wanted: WantedKey) => Promise<boolean> }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState('');
  async function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = { name: name.trim(), scopes: scopes as Scope[], ...endIn(Number(days)) };
    if (!(await onMake(wanted))) return;
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
                <Checkbox key={scope} value={scope} label={scope} description={SCOPE_WORDS[scope]} />
              ))}
            </Group>
          </Checkbox.Group>
          <EndSelect days={days} onChange={setDays} />
          <Group>
            <Button type="submit" disabled={missing(name, scopes) !== ''}>
              Create key
            </Button>
            {missing(name, scopes) !== '' && (
              <Text size="sm" c="dimmed">
                {missing(name, scopes)}
              </Text>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
